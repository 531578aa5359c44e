"""Conversions of fields to other types."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.security import grant, protect

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

EXPECTED_TENANTS = 20
UNDER_WAY = "state IN ('checking', 'filling', 'switching', 'clearing')"


def upgrade() -> None:
    _conversions()
    _failures()
    op.create_table(
        "conversion_changes",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("record_id", sa.UUID(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("conversion_changes_tenant_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("conversion_changes_pkey")),
    )
    op.create_index("conversion_changes_field_idx", "conversion_changes", ["tenant_id", "field", "id"])
    op.create_table(
        "swapped_fields",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("swapped_fields_tenant_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "field", name=op.f("swapped_fields_pkey")),
    )
    for table in ("field_conversions", "conversion_failures", "conversion_changes", "swapped_fields"):
        op.execute(f"ALTER TABLE {table} ALTER COLUMN tenant_id SET (n_distinct = {EXPECTED_TENANTS})")
        protect(table)
        grant(table)


def _conversions() -> None:
    json = postgresql.JSONB(astext_type=sa.Text())
    op.create_table(
        "field_conversions",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("source", json, server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.Column("target", json, server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.Column("how", json, server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.Column("otherwise", sa.Text(), nullable=False),
        sa.Column("comment", sa.Text(), server_default="", nullable=False),
        sa.Column("author_name", sa.Text(), nullable=False),
        sa.Column("reverts", sa.UUID(), nullable=True),
        sa.Column("through", sa.UUID(), nullable=True),
        sa.Column("total", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("done", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("problem", json, nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('checking', 'filling', 'switching', 'searching', 'done', 'reverted', 'clearing', 'cleared', 'refused')",
            name=op.f("field_conversions_state_check"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("field_conversions_tenant_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("field_conversions_pkey")),
    )
    op.create_index(
        "field_conversions_under_way_idx",
        "field_conversions",
        ["tenant_id", "field"],
        unique=True,
        postgresql_where=sa.text(UNDER_WAY),
    )


def _failures() -> None:
    json = postgresql.JSONB(astext_type=sa.Text())
    op.create_table(
        "conversion_failures",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("conversion_id", sa.UUID(), nullable=False),
        sa.Column("record_id", sa.UUID(), nullable=False),
        sa.Column("value", json, nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("data", json, server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("conversion_failures_tenant_id_fkey"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "conversion_id"],
            ["field_conversions.tenant_id", "field_conversions.id"],
            name=op.f("conversion_failures_tenant_id_conversion_id_fkey"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "conversion_id", "record_id", name=op.f("conversion_failures_pkey")),
    )
