"""Signing in at a company's identity providers: which there are, who is who there, and sign-ins that are under way."""

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, LargeBinary, PrimaryKeyConstraint, Table

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

identity_providers = tenant_table(
    "identity_providers",
    text_column("key"),
    text_column("name"),
    text_column("issuer"),
    text_column("client_id"),
    # Encrypted; null for a client that the provider gave none.
    Column("client_secret", LargeBinary, nullable=True),
    texts_column("scopes"),
    texts_column("domains"),
    texts_column("default_roles"),
    text_column("role_claim", default=""),
    json_column("role_mapping"),
    flag_column("creates_members", False),
    flag_column("links_by_email", False),
    flag_column("owners", False),
    flag_column("counts_as_second_factor", False),
    flag_column("enforced", False),
    flag_column("active", True),
    count_column("version", 1),
    time_column("created_at"),
    time_column("updated_at"),
    text_column("kind", default="openid_connect"),
    # Of SAML: where browsers are sent and the certificates that sign, as base64; or the address of the metadata that says both.
    text_column("sign_in_url", default=""),
    texts_column("certificates"),
    text_column("metadata_url", default=""),
    text_column("email_claim", default=""),
    text_column("name_claim", default=""),
    unique("key"),
    CheckConstraint("kind IN ('openid_connect', 'saml')", name="kind"),
)

# Messages of providers that count once, and were taken.
taken_messages = tenant_table(
    "taken_messages",
    Column("message_hash", LargeBinary, nullable=False),
    time_column("expires_at"),
    key=("message_hash",),
)

# Of an issuer, not of a provider's row: a provider that is pointed elsewhere knows nobody.
member_identities = tenant_table(
    "member_identities",
    text_column("issuer"),
    text_column("subject"),
    uuid_column("member_id"),
    time_column("created_at"),
    belongs_to("members", "member_id", ondelete="CASCADE"),
    Index("member_identities_member_id_idx", "tenant_id", "member_id"),
    key=("issuer", "subject"),
)

# Somebody is at the provider. What the provider is told of it follows from the state and the browser's cookie, neither of which is kept.
single_sign_on_starts = Table(
    "single_sign_on_starts",
    metadata,
    Column("state_hash", LargeBinary, nullable=False),
    uuid_column("tenant_id", ForeignKey("tenants.id", ondelete="CASCADE")),
    uuid_column("provider_id"),
    Column("browser_hash", LargeBinary, nullable=False),
    text_column("return_to"),
    text_column("challenge"),
    time_column("expires_at"),
    PrimaryKeyConstraint("state_hash"),
    belongs_to("identity_providers", "provider_id", ondelete="CASCADE"),
    Index("single_sign_on_starts_provider_id_idx", "tenant_id", "provider_id"),
    Index("single_sign_on_starts_expires_at_idx", "expires_at"),
)

# Somebody has come back from the provider, and their page is to fetch the session.
single_sign_on_ends = Table(
    "single_sign_on_ends",
    metadata,
    Column("code_hash", LargeBinary, nullable=False),
    uuid_column("tenant_id", ForeignKey("tenants.id", ondelete="CASCADE")),
    uuid_column("provider_id"),
    uuid_column("member_id"),
    text_column("challenge"),
    flag_column("second_factor", False),
    time_column("expires_at"),
    text_column("provider_session", nullable=True),
    PrimaryKeyConstraint("code_hash"),
    belongs_to("identity_providers", "provider_id", ondelete="CASCADE"),
    belongs_to("members", "member_id", ondelete="CASCADE"),
    Index("single_sign_on_ends_provider_id_idx", "tenant_id", "provider_id"),
    Index("single_sign_on_ends_member_id_idx", "tenant_id", "member_id"),
    Index("single_sign_on_ends_expires_at_idx", "expires_at"),
)
