"""Files: what is known of each, and its content in parts."""

from sqlalchemy import Column, ForeignKeyConstraint, Index, Integer, LargeBinary, text

from tenants.columns import count_column, tenant_table, text_column, time_column, uuid_column

stored_files = tenant_table(
    "stored_files",
    text_column("name"),
    text_column("content_type"),
    count_column("size"),
    # None until all of it has arrived.
    Column("sha256", LargeBinary, nullable=True),
    # A member, or a key.
    uuid_column("created_by_id"),
    time_column("created_at"),
    # The record that it hangs on, and where: `custom.<field>`, or the kind of step that it came with.
    text_column("record_type", nullable=True),
    uuid_column("record_id", nullable=True),
    text_column("place", default=""),
    # Since when nothing points at it.
    time_column("loose_since", nullable=True),
    Index("stored_files_record_id_idx", "tenant_id", "record_type", "record_id", "created_at", "id"),
    Index("stored_files_created_at_idx", "tenant_id", "created_at"),
    Index(
        "stored_files_loose_since_idx",
        "tenant_id",
        "loose_since",
        postgresql_where=text("loose_since IS NOT NULL"),
    ),
)

file_chunks = tenant_table(
    "file_chunks",
    uuid_column("file_id"),
    Column("position", Integer, nullable=False),
    Column("content", LargeBinary, nullable=False),
    ForeignKeyConstraint(["tenant_id", "file_id"], ["stored_files.tenant_id", "stored_files.id"], ondelete="CASCADE"),
    key=("file_id", "position"),
)
