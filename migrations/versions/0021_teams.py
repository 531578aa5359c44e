"""Teams of members, and records shared with somebody."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.security import grant, protect

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

EXPECTED_TENANTS = 20


def upgrade() -> None:
    _teams()
    _team_members()
    _record_shares()


def _teams() -> None:
    op.create_table(
        "teams",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("names", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.Column("parent_id", sa.UUID(), nullable=True),
        sa.Column("path", postgresql.ARRAY(sa.UUID()), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("teams_pkey")),
        _of_tenant("teams"),
        _belongs("teams", "teams", "parent_id"),
    )
    op.create_index("teams_parent_id_idx", "teams", ["tenant_id", "parent_id"])
    _guard("teams")


def _team_members() -> None:
    op.create_table(
        "team_members",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("team_id", sa.UUID(), nullable=False),
        sa.Column("member_id", sa.UUID(), nullable=False),
        sa.Column("is_lead", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("team_members_pkey")),
        sa.UniqueConstraint(
            "tenant_id", "team_id", "member_id", name=op.f("team_members_tenant_id_team_id_member_id_key")
        ),
        _of_tenant("team_members"),
        _belongs("team_members", "teams", "team_id", ondelete="CASCADE"),
        _belongs("team_members", "members", "member_id", ondelete="CASCADE"),
    )
    op.create_index("team_members_member_id_idx", "team_members", ["tenant_id", "member_id", "team_id"])
    _guard("team_members")


def _record_shares() -> None:
    op.create_table(
        "record_shares",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("record_type", sa.Text(), nullable=False),
        sa.Column("record_id", sa.UUID(), nullable=False),
        sa.Column("member_id", sa.UUID(), nullable=True),
        sa.Column("team_id", sa.UUID(), nullable=True),
        sa.Column("may_change", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_by_id", sa.UUID(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(member_id IS NULL) <> (team_id IS NULL)", name=op.f("record_shares_with_one_check")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("record_shares_pkey")),
        _of_tenant("record_shares"),
        _belongs("record_shares", "members", "member_id", ondelete="CASCADE"),
        _belongs("record_shares", "teams", "team_id", ondelete="CASCADE"),
        _belongs("record_shares", "members", "created_by_id"),
    )
    op.create_index("record_shares_record_id_idx", "record_shares", ["tenant_id", "record_type", "record_id"])
    op.create_index("record_shares_member_id_idx", "record_shares", ["tenant_id", "member_id"])
    op.create_index("record_shares_team_id_idx", "record_shares", ["tenant_id", "team_id"])
    _guard("record_shares")


def _of_tenant(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["tenant_id"], ["tenants.id"], name=op.f(f"{table}_tenant_id_fkey"), ondelete="CASCADE"
    )


def _belongs(table: str, target: str, column: str, *, ondelete: str | None = None) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["tenant_id", column],
        [f"{target}.tenant_id", f"{target}.id"],
        name=op.f(f"{table}_tenant_id_{column}_fkey"),
        ondelete=ondelete,
    )


def _guard(table: str) -> None:
    protect(table)
    grant(table)
    op.execute(f"ALTER TABLE {table} ALTER COLUMN tenant_id SET (n_distinct = {EXPECTED_TENANTS})")
