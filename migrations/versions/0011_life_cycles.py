"""Several life cycles: orders have a type and a life cycle, whose versions are kept, and running orders can be migrated.

An order of a life cycle's version 0 follows whatever version is in force; every order that is there begins so, in the life cycle
without a key, which has all statuses. ``status_since`` stays empty for orders that were there: their history knows.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.security import grant, protect

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

EXPECTED_TENANTS = 20


def upgrade() -> None:
    op.add_column("orders", sa.Column("type", sa.Text(), nullable=True))
    op.add_column("orders", sa.Column("life_cycle", sa.Text(), server_default="", nullable=False))
    op.add_column("orders", sa.Column("life_cycle_version", sa.Integer(), server_default=sa.text("0"), nullable=False))
    op.add_column("orders", sa.Column("status_since", sa.DateTime(timezone=True), nullable=True))
    op.add_column("orders", sa.Column("status_due_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("orders", sa.Column("status_reason", sa.Text(), nullable=True))
    op.create_index(
        "orders_type_idx",
        "orders",
        ["tenant_id", "type", "ordered_at", "id"],
        postgresql_where=sa.text("type IS NOT NULL"),
    )
    op.create_index(
        "orders_status_due_at_idx",
        "orders",
        ["tenant_id", "status_due_at"],
        postgresql_where=sa.text("status_due_at IS NOT NULL"),
    )
    _versions()
    _migrations()
    _moves()
    for table in ("life_cycle_versions", "life_cycle_migrations", "life_cycle_moves"):
        op.execute(f"ALTER TABLE {table} ALTER COLUMN tenant_id SET (n_distinct = {EXPECTED_TENANTS})")
        protect(table)
        grant(table)


def _versions() -> None:
    op.create_table(
        "life_cycle_versions",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("life_cycle", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column(
            "body", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.Column("in_use", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("life_cycle_versions_tenant_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "life_cycle", "version", name=op.f("life_cycle_versions_pkey")),
    )


def _migrations() -> None:
    op.create_table(
        "life_cycle_migrations",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("source_version", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column(
            "statuses", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.Column("comment", sa.Text(), server_default="", nullable=False),
        sa.Column("author_name", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("through", sa.UUID(), nullable=True),
        sa.Column("total", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("done", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("kept", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('running', 'done', 'reverting', 'reverted')", name=op.f("life_cycle_migrations_state_check")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("life_cycle_migrations_tenant_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("life_cycle_migrations_pkey")),
    )


def _moves() -> None:
    op.create_table(
        "life_cycle_moves",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("migration_id", sa.UUID(), nullable=False),
        sa.Column("order_id", sa.UUID(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("status_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("status_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("moved_to", sa.Text(), nullable=False),
        sa.Column("moved_since", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("life_cycle_moves_tenant_id_fkey"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "migration_id"],
            ["life_cycle_migrations.tenant_id", "life_cycle_migrations.id"],
            name=op.f("life_cycle_moves_tenant_id_migration_id_fkey"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "order_id"],
            ["orders.tenant_id", "orders.id"],
            name=op.f("life_cycle_moves_tenant_id_order_id_fkey"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "migration_id", "order_id", name=op.f("life_cycle_moves_pkey")),
    )
    op.create_index("life_cycle_moves_order_id_idx", "life_cycle_moves", ["tenant_id", "order_id"])
