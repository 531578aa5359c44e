"""What change sets keep: which other one each takes back; and drafts of them."""

import sqlalchemy as sa
from alembic import op

from migrations.security import grant, protect

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

EXPECTED_TENANTS = 20


def upgrade() -> None:
    op.add_column("change_sets", sa.Column("reverts", sa.BigInteger, nullable=True))
    op.create_table(
        "configuration_drafts",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("merge", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("base_version", sa.BigInteger(), nullable=False),
        sa.Column("author_name", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("configuration_drafts_tenant_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("configuration_drafts_pkey")),
    )
    op.execute(f"ALTER TABLE configuration_drafts ALTER COLUMN tenant_id SET (n_distinct = {EXPECTED_TENANTS})")
    protect("configuration_drafts")
    grant("configuration_drafts")
