"""Invitations, and hand-overs from one member to another."""

import sqlalchemy as sa
from alembic import op

from migrations.security import grant, protect

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

EXPECTED_TENANTS = 20
_TIME = sa.DateTime(timezone=True)


def _member(table: str, column: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["tenant_id", column], ["members.tenant_id", "members.id"], name=op.f(f"{table}_tenant_id_{column}_fkey")
    )


def _tenant(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["tenant_id"], ["tenants.id"], name=op.f(f"{table}_tenant_id_fkey"), ondelete="CASCADE"
    )


def upgrade() -> None:
    op.create_table(
        "invitations",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("roles", sa.ARRAY(sa.Text()), server_default=sa.text("'{}'::text[]"), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("invited_by_id", sa.UUID(), nullable=False),
        sa.Column("proof_id", sa.UUID(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("messages", sa.Integer(), server_default="0", nullable=False),
        sa.Column("member_id", sa.UUID(), nullable=True),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("sent_at", _TIME, nullable=False),
        sa.Column("expires_at", _TIME, nullable=False),
        sa.CheckConstraint(
            "state IN ('open', 'accepted', 'withdrawn', 'expired')", name=op.f("invitations_state_check")
        ),
        _member("invitations", "invited_by_id"),
        _member("invitations", "member_id"),
        _tenant("invitations"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("invitations_pkey")),
    )
    op.create_index(
        "invitations_email_idx",
        "invitations",
        ["tenant_id", "email"],
        unique=True,
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_table(
        "hand_overs",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("from_id", sa.UUID(), nullable=False),
        sa.Column("to_id", sa.UUID(), nullable=False),
        sa.Column("things", sa.ARRAY(sa.Text()), server_default=sa.text("'{}'::text[]"), nullable=False),
        sa.Column("through", sa.UUID(), nullable=True),
        sa.Column("author_name", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("total", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("done", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("kept", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("finished_at", _TIME, nullable=True),
        sa.CheckConstraint("state IN ('running', 'done', 'stopped')", name=op.f("hand_overs_state_check")),
        _member("hand_overs", "from_id"),
        _member("hand_overs", "to_id"),
        _tenant("hand_overs"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("hand_overs_pkey")),
    )
    for table in ("invitations", "hand_overs"):
        protect(table)
        grant(table)
        op.execute(f"ALTER TABLE {table} ALTER COLUMN tenant_id SET (n_distinct = {EXPECTED_TENANTS})")
