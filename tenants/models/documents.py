"""GraphQL documents known by their hash, so that a client need not send their text."""

from sqlalchemy import Column, Index, LargeBinary, PrimaryKeyConstraint, Table

from tenants.columns import flag_column, metadata, tenant_table, text_column, time_column

documents = tenant_table(
    "documents",
    Column("hash", LargeBinary, nullable=False),
    text_column("text"),
    # Laid down by the operator; the others were learned from a client, and the oldest of them are forgotten.
    flag_column("registered", False),
    time_column("created_at"),
    # The oldest that were learned are found in their order.
    Index("documents_created_at_idx", "tenant_id", "registered", "created_at"),
    key=("hash",),
)

shared_documents = Table(
    "shared_documents",
    metadata,
    Column("hash", LargeBinary, nullable=False),
    text_column("text"),
    time_column("created_at"),
    PrimaryKeyConstraint("hash"),
)
