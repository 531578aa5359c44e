"""What an admin defines, and the changes of it."""

from sqlalchemy import Column
from sqlalchemy.types import BigInteger

from tenants.columns import json_column, tenant_table, text_column, time_column, unique, uuid_column

definitions = tenant_table(
    "definitions",
    text_column("kind"),
    text_column("key"),
    json_column("body"),
    key=("kind", "key"),
)

change_sets = tenant_table(
    "change_sets",
    Column("version", BigInteger, nullable=False),
    text_column("author_kind"),
    uuid_column("author_id", nullable=True),
    text_column("author_name"),
    text_column("comment", default=""),
    json_column("changes", "[]"),
    time_column("created_at"),
    unique("version"),
)
