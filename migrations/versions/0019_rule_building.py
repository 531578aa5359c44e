"""Work on the records that were there before a rule, a number or an index, in batches that tell how far they have come."""

import sqlalchemy as sa
from alembic import op

from migrations.security import grant, protect

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "backfills",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("through", sa.UUID(), nullable=True),
        sa.Column("total", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("done", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.CheckConstraint("kind IN ('unique_rule', 'auto_number')", name=op.f("backfills_kind_check")),
        sa.CheckConstraint("state IN ('running', 'done')", name=op.f("backfills_state_check")),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("backfills_tenant_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("backfills_pkey")),
        sa.UniqueConstraint("tenant_id", "kind", "key", name=op.f("backfills_tenant_id_kind_key_key")),
    )
    op.execute("ALTER TABLE backfills ALTER COLUMN tenant_id SET (n_distinct = 20)")
    protect("backfills")
    grant("backfills")
    for name in ("total", "done"):
        column = sa.Column(name, sa.Integer(), server_default=sa.text("0"), nullable=False)
        op.add_column("field_indexes", column)
