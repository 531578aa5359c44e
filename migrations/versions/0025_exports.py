"""Exports by a job; and search texts made anew are work on records that were there before, too."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.security import grant, protect

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

KIND = "backfills_kind_check"


def upgrade() -> None:
    op.drop_constraint(op.f(KIND), "backfills")
    op.create_check_constraint(op.f(KIND), "backfills", "kind IN ('unique_rule', 'auto_number', 'search_text')")
    op.create_table(
        "exports",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("record_type", sa.Text(), nullable=False),
        sa.Column("format", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="running", nullable=False),
        sa.Column("columns", postgresql.JSONB(), server_default=sa.text("'[]'::jsonb"), nullable=False),
        sa.Column("after", sa.Text(), nullable=True),
        sa.Column("total", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("done", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("size", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("problem", postgresql.JSONB(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("format IN ('csv', 'json')", name=op.f("exports_format_check")),
        sa.CheckConstraint("state IN ('running', 'done', 'stopped')", name=op.f("exports_state_check")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("exports_tenant_id_fkey"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "id"],
            ["stored_files.tenant_id", "stored_files.id"],
            name=op.f("exports_tenant_id_id_fkey"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("exports_pkey")),
    )
    op.execute("ALTER TABLE exports ALTER COLUMN tenant_id SET (n_distinct = 20)")
    protect("exports")
    grant("exports")
