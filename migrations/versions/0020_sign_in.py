"""Second factors, known devices, counted tries, proofs by mail, and what is known of sessions."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from migrations.security import grant

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_TIME = sa.DateTime(timezone=True)


def _of_user(table: str) -> tuple[sa.Column[Any], sa.ForeignKeyConstraint]:
    return (
        sa.Column("user_id", sa.UUID(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f(f"{table}_user_id_fkey"), ondelete="CASCADE"),
    )


def upgrade() -> None:
    op.add_column("users", sa.Column("totp_secret", sa.LargeBinary(), nullable=True))
    op.add_column("users", sa.Column("totp_since", _TIME, nullable=True))
    op.add_column("users", sa.Column("totp_step", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("sessions", sa.Column("id", sa.UUID(), server_default=sa.text("gen_random_uuid()"), nullable=False))
    op.add_column("sessions", sa.Column("last_used_at", _TIME, server_default=sa.text("now()"), nullable=False))
    op.add_column("sessions", sa.Column("user_agent", sa.Text(), server_default="", nullable=False))
    op.add_column("sessions", sa.Column("address", sa.Text(), server_default="", nullable=False))
    op.add_column("sessions", sa.Column("second_factor", sa.Boolean(), server_default="false", nullable=False))
    op.create_table(
        "recovery_codes",
        *_of_user("recovery_codes"),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "code_hash", name=op.f("recovery_codes_pkey")),
    )
    op.create_table(
        "devices",
        *_of_user("devices"),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("devices_pkey")),
    )
    op.create_index("devices_user_id_idx", "devices", ["user_id"])
    op.create_table(
        "sign_in_challenges",
        *_of_user("sign_in_challenges"),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("member_id", sa.UUID(), nullable=False),
        sa.Column("bucket", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", _TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "member_id"],
            ["members.tenant_id", "members.id"],
            name=op.f("sign_in_challenges_tenant_id_member_id_fkey"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("sign_in_challenges_tenant_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("sign_in_challenges_pkey")),
    )
    op.create_index("sign_in_challenges_user_id_idx", "sign_in_challenges", ["user_id"])
    op.create_index("sign_in_challenges_member_id_idx", "sign_in_challenges", ["tenant_id", "member_id"])
    op.create_table(
        "sign_in_tries",
        sa.Column("id", sa.UUID(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("bucket", sa.LargeBinary(), nullable=False),
        sa.Column("tried_at", _TIME, server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("sign_in_tries_pkey")),
    )
    op.create_index("sign_in_tries_bucket_idx", "sign_in_tries", ["bucket", "tried_at"])
    op.create_table(
        "proofs",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("data", sa.dialects.postgresql.JSONB(), server_default="{}", nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", _TIME, server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", _TIME, nullable=False),
        sa.Column("due_at", _TIME, server_default=sa.text("now()"), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("proofs_pkey")),
        sa.UniqueConstraint("token_hash", name=op.f("proofs_token_hash_key")),
    )
    op.create_index("proofs_due_at_idx", "proofs", ["due_at"], postgresql_where=sa.text("due_at IS NOT NULL"))
    op.create_index("proofs_address_idx", "proofs", ["address"])
    for table in ("recovery_codes", "devices", "sign_in_challenges", "sign_in_tries", "proofs"):
        grant(table)
