"""Members who are people at a customer."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("members", "invitations"):
        op.add_column(table, sa.Column("customer_id", sa.UUID(), nullable=True))
        op.create_foreign_key(
            op.f(f"{table}_tenant_id_customer_id_fkey"),
            table,
            "customers",
            ["tenant_id", "customer_id"],
            ["tenant_id", "id"],
        )
