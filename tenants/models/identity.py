"""Who there is: companies, people, their memberships and sessions."""

from sqlalchemy import (
    CheckConstraint,
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
from sqlalchemy.dialects.postgresql import UUID
from sqlalchemy.types import BigInteger, DateTime

from tenants.columns import (
    belongs_to,
    count_column,
    flag_column,
    json_column,
    metadata,
    tenant_table,
    text_column,
    texts_column,
    time_column,
    unique,
    uuid_column,
)

tenants = Table(
    "tenants",
    metadata,
    uuid_column("id"),
    text_column("slug"),
    text_column("name"),
    text_column("language", default="en"),
    text_column("time_zone", default="UTC"),
    text_column("currency", default="EUR"),
    Column("config_version", BigInteger, nullable=False, server_default=text("0")),
    time_column("created_at"),
    # What the operator lets it use, which of that was exceeded when it was last measured, and when that was.
    json_column("quotas"),
    texts_column("exceeded"),
    time_column("measured_at", nullable=True),
    # Whether an identity provider is enforced: only owners sign in with a password.
    flag_column("passwords_off", False),
    # Whether it is one of the two companies of nobody, in which the proof of isolation is made.
    flag_column("canary", False),
    PrimaryKeyConstraint("id"),
    UniqueConstraint("slug"),
)

users = Table(
    "users",
    metadata,
    uuid_column("id"),
    text_column("email"),
    text_column("password_hash"),
    text_column("name"),
    time_column("created_at"),
    # The secret of the authenticator application, encrypted; it counts once it is proved (``totp_since``). ``totp_step`` is the
    # last time step whose code was taken: no code is taken twice.
    Column("totp_secret", LargeBinary, nullable=True),
    time_column("totp_since", nullable=True),
    Column("totp_step", BigInteger, nullable=False, server_default=text("0")),
    PrimaryKeyConstraint("id"),
    UniqueConstraint("email"),
)

sessions = Table(
    "sessions",
    metadata,
    Column("token_hash", LargeBinary, nullable=False),
    uuid_column("tenant_id", ForeignKey("tenants.id", ondelete="CASCADE")),
    # Whose it is: a member's, or that of a program's key.
    uuid_column("member_id", nullable=True),
    uuid_column("key_id", nullable=True),
    count_column("stamp", 1),
    time_column("created_at"),
    time_column("expires_at"),
    time_column("revoked_at", nullable=True),
    # The name of a session for whoever lists them: its token is known to its owner alone.
    Column("id", UUID(as_uuid=True), nullable=False, server_default=text("gen_random_uuid()")),
    Column("last_used_at", DateTime(timezone=True), nullable=False, server_default=text("now()")),
    text_column("user_agent", default=""),
    text_column("address", default=""),
    flag_column("second_factor", False),
    # By which identity provider it was opened: such a session is good for its company alone.
    uuid_column("provider_id", nullable=True),
    # What the provider calls the session of its own in which it was opened.
    text_column("provider_session", nullable=True),
    PrimaryKeyConstraint("token_hash"),
    ForeignKeyConstraint(["tenant_id", "member_id"], ["members.tenant_id", "members.id"], ondelete="CASCADE"),
    ForeignKeyConstraint(["tenant_id", "key_id"], ["api_keys.tenant_id", "api_keys.id"], ondelete="CASCADE"),
    CheckConstraint("num_nonnulls(member_id, key_id) = 1", name="principal"),
    Index("sessions_member_id_idx", "tenant_id", "member_id"),
    Index("sessions_key_id_idx", "tenant_id", "key_id"),
)

members = tenant_table(
    "members",
    uuid_column("user_id", ForeignKey("users.id")),
    count_column("version", 1),
    text_column("name"),
    text_column("email"),
    texts_column("roles"),
    text_column("language", default="en"),
    flag_column("active", True),
    uuid_column("customer_id", nullable=True),
    time_column("created_at"),
    time_column("updated_at"),
    # Customers have owners, who are members: neither of the two tables can be made whole before the other.
    belongs_to("customers", "customer_id", later=True),
    unique("user_id"),
    # Sign-in asks for all memberships of one user before a tenant is chosen.
    Index("members_user_id_idx", "user_id"),
)
