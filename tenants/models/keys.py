"""Keys of programs, and where each chain of the audit log ends."""

from sqlalchemy import Index

from tenants.columns import (
    belongs_to,
    count_column,
    flag_column,
    tenant_table,
    text_column,
    texts_column,
    time_column,
    uuid_column,
)

# A key's secrets are sessions: those have its token hashes, when each ends, and when it was last used.
api_keys = tenant_table(
    "api_keys",
    text_column("name"),
    # The beginning of the newest secret, by which its owner recognises it.
    text_column("hint"),
    texts_column("roles"),
    # What it is narrowed to; where there is nothing, it is not.
    texts_column("rights"),
    texts_column("record_types"),
    texts_column("networks"),
    flag_column("read_only", False),
    uuid_column("created_by_id", nullable=True),
    text_column("created_by_name"),
    time_column("created_at"),
    time_column("expires_at"),
    time_column("revoked_at", nullable=True),
    belongs_to("members", "created_by_id"),
    Index("api_keys_created_at_idx", "tenant_id", "created_at", "id"),
)

# The entries of the audit log about one record are numbered one by one; the row is locked while one is added.
audit_chains = tenant_table(
    "audit_chains",
    text_column("record_type"),
    uuid_column("record_id"),
    count_column("version"),
    key=("record_type", "record_id"),
)
