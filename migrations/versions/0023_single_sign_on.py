"""Identity providers of companies, and who is who there."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from migrations.security import grant, protect

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

_TIME = sa.DateTime(timezone=True)
_NO_TEXTS = sa.text("'{}'::text[]")


def _flag(name: str, default: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean(), server_default=sa.text(default), nullable=False)


def _of_tenant(table: str) -> tuple[sa.Column[Any], sa.ForeignKeyConstraint]:
    return (
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f(f"{table}_tenant_id_fkey"), ondelete="CASCADE"
        ),
    )


def _of(table: str, other: str, column: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["tenant_id", column],
        [f"{other}.tenant_id", f"{other}.id"],
        name=op.f(f"{table}_tenant_id_{column}_fkey"),
        ondelete="CASCADE",
    )


def upgrade() -> None:
    op.add_column("tenants", _flag("passwords_off", "false"))
    op.add_column("sessions", sa.Column("provider_id", sa.UUID(), nullable=True))
    op.add_column("sign_in_challenges", sa.Column("provider_id", sa.UUID(), nullable=True))
    op.create_table(
        "identity_providers",
        *_of_tenant("identity_providers"),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("client_secret", sa.LargeBinary(), nullable=True),
        sa.Column("scopes", ARRAY(sa.Text()), server_default=_NO_TEXTS, nullable=False),
        sa.Column("domains", ARRAY(sa.Text()), server_default=_NO_TEXTS, nullable=False),
        sa.Column("default_roles", ARRAY(sa.Text()), server_default=_NO_TEXTS, nullable=False),
        sa.Column("role_claim", sa.Text(), server_default="", nullable=False),
        sa.Column("role_mapping", JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False),
        _flag("creates_members", "false"),
        _flag("links_by_email", "false"),
        _flag("owners", "false"),
        _flag("counts_as_second_factor", "false"),
        _flag("enforced", "false"),
        _flag("active", "true"),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("updated_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("identity_providers_pkey")),
        sa.UniqueConstraint("tenant_id", "key", name=op.f("identity_providers_tenant_id_key_key")),
    )
    op.create_table(
        "member_identities",
        *_of_tenant("member_identities"),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("member_id", sa.UUID(), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        _of("member_identities", "members", "member_id"),
        sa.PrimaryKeyConstraint("tenant_id", "issuer", "subject", name=op.f("member_identities_pkey")),
    )
    op.create_index("member_identities_member_id_idx", "member_identities", ["tenant_id", "member_id"])
    for table in ("identity_providers", "member_identities"):
        protect(table)
        op.execute(f"ALTER TABLE {table} ALTER COLUMN tenant_id SET (n_distinct = 20)")
    op.create_table(
        "single_sign_on_starts",
        sa.Column("state_hash", sa.LargeBinary(), nullable=False),
        *_of_tenant("single_sign_on_starts"),
        sa.Column("provider_id", sa.UUID(), nullable=False),
        sa.Column("browser_hash", sa.LargeBinary(), nullable=False),
        sa.Column("return_to", sa.Text(), nullable=False),
        sa.Column("challenge", sa.Text(), nullable=False),
        sa.Column("expires_at", _TIME, nullable=False),
        _of("single_sign_on_starts", "identity_providers", "provider_id"),
        sa.PrimaryKeyConstraint("state_hash", name=op.f("single_sign_on_starts_pkey")),
    )
    op.create_table(
        "single_sign_on_ends",
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        *_of_tenant("single_sign_on_ends"),
        sa.Column("provider_id", sa.UUID(), nullable=False),
        sa.Column("member_id", sa.UUID(), nullable=False),
        sa.Column("challenge", sa.Text(), nullable=False),
        _flag("second_factor", "false"),
        sa.Column("expires_at", _TIME, nullable=False),
        _of("single_sign_on_ends", "identity_providers", "provider_id"),
        _of("single_sign_on_ends", "members", "member_id"),
        sa.PrimaryKeyConstraint("code_hash", name=op.f("single_sign_on_ends_pkey")),
    )
    for table in ("single_sign_on_starts", "single_sign_on_ends"):
        op.create_index(f"{table}_provider_id_idx", table, ["tenant_id", "provider_id"])
        op.create_index(f"{table}_expires_at_idx", table, ["expires_at"])
    op.create_index("single_sign_on_ends_member_id_idx", "single_sign_on_ends", ["tenant_id", "member_id"])
    for table in ("identity_providers", "member_identities", "single_sign_on_starts", "single_sign_on_ends"):
        grant(table)
