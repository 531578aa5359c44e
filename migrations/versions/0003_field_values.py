"""Index tables for the values of custom fields, and an index for orders by the promised time."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from migrations.security import grant, protect

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

RECORDS = {"order": "orders", "customer": "customers", "product": "products"}
VALUES = {
    "texts": sa.Text(),
    "numbers": sa.Text(collation="C"),
    "dates": sa.Date(),
    "times": sa.DateTime(timezone=True),
    "flags": sa.Boolean(),
}


def upgrade() -> None:
    for record_type, records in RECORDS.items():
        for kind, value in VALUES.items():
            _values(f"{record_type}_{kind}", records, value)
        _options(f"{record_type}_options", records)
    _field_indexes()
    op.create_index("orders_promised_at_idx", "orders", ["tenant_id", "promised_at", "id"])


def _values(name: str, records: str, value: Any) -> None:
    op.create_table(
        name,
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("record_id", sa.UUID(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("value", value, nullable=True),
        sa.Column("is_unique", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        *_keys(name, records),
        sa.PrimaryKeyConstraint("tenant_id", "record_id", "field", name=op.f(f"{name}_pkey")),
    )
    op.create_index(f"{name}_value_idx", name, ["tenant_id", "field", "value", "record_id"])
    op.create_index(
        f"{name}_unique_idx", name, ["tenant_id", "field", "value"], unique=True, postgresql_where=sa.text("is_unique")
    )
    _guard(name)


def _options(name: str, records: str) -> None:
    op.create_table(
        name,
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("record_id", sa.UUID(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        *_keys(name, records),
        sa.PrimaryKeyConstraint("tenant_id", "field", "value", "record_id", name=op.f(f"{name}_pkey")),
    )
    op.create_index(f"{name}_record_id_idx", name, ["tenant_id", "record_id", "field"])
    _guard(name)


def _field_indexes() -> None:
    op.create_table(
        "field_indexes",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("through", sa.UUID(), nullable=True),
        sa.CheckConstraint("state IN ('building', 'ready', 'removing')", name=op.f("field_indexes_state_check")),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("field_indexes_tenant_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("field_indexes_pkey")),
        sa.UniqueConstraint("tenant_id", "field", name=op.f("field_indexes_tenant_id_field_key")),
    )
    _guard("field_indexes")


def _keys(name: str, records: str) -> tuple[sa.ForeignKeyConstraint, ...]:
    """The row ends with its record, and with its tenant."""
    return (
        sa.ForeignKeyConstraint(
            ["tenant_id", "record_id"],
            [f"{records}.tenant_id", f"{records}.id"],
            name=op.f(f"{name}_tenant_id_record_id_fkey"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f(f"{name}_tenant_id_fkey"), ondelete="CASCADE"),
    )


def _guard(name: str) -> None:
    protect(name)
    grant(name)
