"""Proofs of isolation, of the instance as a whole."""

from sqlalchemy import Index, PrimaryKeyConstraint, Table, text

from tenants.columns import json_column, metadata, text_column, time_column, uuid_column

isolation_proofs = Table(
    "isolation_proofs",
    metadata,
    uuid_column("id"),
    time_column("started_at"),
    # None while it is made.
    time_column("ended_at", nullable=True),
    # Of the product, and of the schema that it was made with.
    text_column("version"),
    text_column("schema_hash"),
    json_column("counts"),
    # Each a code of a sentence, and its data.
    json_column("findings", "[]"),
    PrimaryKeyConstraint("id"),
    # One at a time.
    Index(
        "isolation_proofs_under_way_idx",
        text("(ended_at IS NULL)"),
        unique=True,
        postgresql_where=text("ended_at IS NULL"),
    ),
)
