"""The records that links in custom fields lead to, so that they are found from the other side."""

import sqlalchemy as sa
from alembic import op

from migrations.security import grant, protect

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

RECORDS = {"order": "orders", "customer": "customers", "product": "products"}
EXPECTED_TENANTS = 20


def upgrade() -> None:
    for record_type, records in RECORDS.items():
        name = f"{record_type}_links"
        op.create_table(
            name,
            sa.Column("tenant_id", sa.UUID(), nullable=False),
            sa.Column("record_id", sa.UUID(), nullable=False),
            sa.Column("field", sa.Text(), nullable=False),
            sa.Column("value", sa.UUID(), nullable=False),
            sa.ForeignKeyConstraint(
                ["tenant_id", "record_id"],
                [f"{records}.tenant_id", f"{records}.id"],
                name=op.f(f"{name}_tenant_id_record_id_fkey"),
                ondelete="CASCADE",
            ),
            sa.ForeignKeyConstraint(
                ["tenant_id"], ["tenants.id"], name=op.f(f"{name}_tenant_id_fkey"), ondelete="CASCADE"
            ),
            sa.PrimaryKeyConstraint("tenant_id", "field", "value", "record_id", name=op.f(f"{name}_pkey")),
        )
        op.create_index(f"{name}_record_id_idx", name, ["tenant_id", "record_id", "field"])
        protect(name)
        grant(name)
        op.execute(f"ALTER TABLE {name} ALTER COLUMN tenant_id SET (n_distinct = {EXPECTED_TENANTS})")
