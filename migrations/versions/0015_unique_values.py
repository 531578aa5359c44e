"""Values that rules keep apart."""

import sqlalchemy as sa
from alembic import op

from migrations.security import grant, protect

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "unique_values",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("record_id", sa.UUID(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("unique_values_tenant_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "rule", "value", name=op.f("unique_values_pkey")),
    )
    op.create_index("unique_values_record_id_idx", "unique_values", ["tenant_id", "record_id", "rule"])
    op.execute("ALTER TABLE unique_values ALTER COLUMN tenant_id SET (n_distinct = 20)")
    protect("unique_values")
    grant("unique_values")
