"""Keys of programs, and the audit of what is no record's change."""

import sqlalchemy as sa
from alembic import op

from migrations.security import grant, protect

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

_TIME = sa.DateTime(timezone=True)
_TEXTS = sa.dialects.postgresql.ARRAY(sa.Text())
EXPECTED_TENANTS = 20


def _texts(name: str) -> sa.Column[list[str]]:
    return sa.Column(name, _TEXTS, server_default=sa.text("'{}'::text[]"), nullable=False)


def _of_tenant(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["tenant_id"], ["tenants.id"], name=op.f(f"{table}_tenant_id_fkey"), ondelete="CASCADE"
    )


def upgrade() -> None:
    op.create_table(
        "api_keys",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("hint", sa.Text(), nullable=False),
        _texts("roles"),
        _texts("rights"),
        _texts("record_types"),
        _texts("networks"),
        sa.Column("read_only", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("created_by_id", sa.UUID(), nullable=True),
        sa.Column("created_by_name", sa.Text(), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("expires_at", _TIME, nullable=False),
        sa.Column("revoked_at", _TIME, nullable=True),
        _of_tenant("api_keys"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "created_by_id"],
            ["members.tenant_id", "members.id"],
            name=op.f("api_keys_tenant_id_created_by_id_fkey"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("api_keys_pkey")),
    )
    op.create_index("api_keys_created_at_idx", "api_keys", ["tenant_id", "created_at", "id"])
    op.create_table(
        "audit_chains",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("record_type", sa.Text(), nullable=False),
        sa.Column("record_id", sa.UUID(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="0", nullable=False),
        _of_tenant("audit_chains"),
        sa.PrimaryKeyConstraint("tenant_id", "record_type", "record_id", name=op.f("audit_chains_pkey")),
    )
    for table in ("api_keys", "audit_chains"):
        protect(table)
        op.execute(f"ALTER TABLE {table} ALTER COLUMN tenant_id SET (n_distinct = {EXPECTED_TENANTS})")
    # Who is gone stays: neither is ever deleted.
    for table in ("api_keys", "audit_chains"):
        grant(table, "SELECT", "INSERT", "UPDATE")
    op.alter_column("sessions", "member_id", nullable=True)
    op.add_column("sessions", sa.Column("key_id", sa.UUID(), nullable=True))
    op.create_foreign_key(
        op.f("sessions_tenant_id_key_id_fkey"),
        "sessions",
        "api_keys",
        ["tenant_id", "key_id"],
        ["tenant_id", "id"],
        ondelete="CASCADE",
    )
    op.create_check_constraint(op.f("sessions_principal_check"), "sessions", "num_nonnulls(member_id, key_id) = 1")
    op.create_index("sessions_key_id_idx", "sessions", ["tenant_id", "key_id"])
    # Programs bring files too.
    op.drop_constraint("stored_files_tenant_id_created_by_id_fkey", "stored_files", type_="foreignkey")
    # The history of records is read by record; what else is in the log is read by time.
    op.create_index(
        "events_audit_idx",
        "events",
        ["tenant_id", "at", "id"],
        postgresql_where=sa.text("record_type <> ALL (ARRAY['order'::text, 'customer'::text, 'product'::text])"),
    )
