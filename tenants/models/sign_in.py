"""Signing in: second factors, known devices, counted tries, and proofs that somebody reads an address."""

from typing import Any

from sqlalchemy import (
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, UUID
from sqlalchemy.types import DateTime

from tenants.columns import count_column, metadata, text_column, time_column, uuid_column


def _now(name: str, *, nullable: bool = False) -> Column[Any]:
    return Column(name, DateTime(timezone=True), nullable=nullable, server_default=text("now()"))


recovery_codes = Table(
    "recovery_codes",
    metadata,
    uuid_column("user_id", ForeignKey("users.id", ondelete="CASCADE")),
    Column("code_hash", LargeBinary, nullable=False),
    PrimaryKeyConstraint("user_id", "code_hash"),
)

devices = Table(
    "devices",
    metadata,
    uuid_column("user_id", ForeignKey("users.id", ondelete="CASCADE")),
    Column("token_hash", LargeBinary, nullable=False),
    time_column("expires_at"),
    PrimaryKeyConstraint("token_hash"),
    Index("devices_user_id_idx", "user_id"),
)

# The password was right, or the identity provider was, and a code is waited for. ``bucket`` is where its tries are counted.
sign_in_challenges = Table(
    "sign_in_challenges",
    metadata,
    uuid_column("user_id", ForeignKey("users.id", ondelete="CASCADE")),
    Column("token_hash", LargeBinary, nullable=False),
    uuid_column("tenant_id", ForeignKey("tenants.id", ondelete="CASCADE")),
    uuid_column("member_id"),
    Column("bucket", LargeBinary, nullable=False),
    time_column("expires_at"),
    uuid_column("provider_id", nullable=True),
    text_column("provider_session", nullable=True),
    PrimaryKeyConstraint("token_hash"),
    ForeignKeyConstraint(["tenant_id", "member_id"], ["members.tenant_id", "members.id"], ondelete="CASCADE"),
    Index("sign_in_challenges_user_id_idx", "user_id"),
    Index("sign_in_challenges_member_id_idx", "tenant_id", "member_id"),
)

sign_in_tries = Table(
    "sign_in_tries",
    metadata,
    Column("id", UUID(as_uuid=True), nullable=False, server_default=text("gen_random_uuid()")),
    Column("bucket", LargeBinary, nullable=False),
    _now("tried_at"),
    PrimaryKeyConstraint("id"),
    Index("sign_in_tries_bucket_idx", "bucket", "tried_at"),
)

# A message with a secret is made when it is sent, so that the secret is kept nowhere: ``due_at`` is when, and null once it has been.
proofs = Table(
    "proofs",
    metadata,
    uuid_column("id"),
    text_column("purpose"),
    text_column("address"),
    text_column("language"),
    Column("data", JSONB, nullable=False, server_default=text("'{}'::jsonb")),
    Column("token_hash", LargeBinary, nullable=True),
    _now("created_at"),
    time_column("expires_at"),
    _now("due_at", nullable=True),
    count_column("attempts"),
    PrimaryKeyConstraint("id"),
    UniqueConstraint("token_hash"),
    Index("proofs_due_at_idx", "due_at", postgresql_where=text("due_at IS NOT NULL")),
    Index("proofs_address_idx", "address"),
)
