"""Which templates change sets brought and took away; the language of each customer."""

import sqlalchemy as sa
from alembic import op

from migrations.security import grant, protect

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

EXPECTED_TENANTS = 20


def upgrade() -> None:
    op.add_column("customers", sa.Column("language", sa.Text(), nullable=True))
    op.create_table(
        "template_steps",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("template", sa.Text(), nullable=False),
        sa.Column("removes", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("template_steps_tenant_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "version", name=op.f("template_steps_pkey")),
    )
    op.execute(f"ALTER TABLE template_steps ALTER COLUMN tenant_id SET (n_distinct = {EXPECTED_TENANTS})")
    protect("template_steps")
    grant("template_steps")
