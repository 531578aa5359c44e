"""Exports that members ask for: each is a file in the making, and how far it has come."""

from sqlalchemy import CheckConstraint

from tenants.columns import belongs_to, count_column, json_column, tenant_table, text_column, time_column

# The id is that of the file. ``columns`` are those that its rows have, ``after`` is where the next page begins.
exports = tenant_table(
    "exports",
    text_column("record_type"),
    text_column("format"),
    text_column("state", default="running"),
    json_column("columns", "[]"),
    text_column("after", nullable=True),
    count_column("total"),
    count_column("done"),
    count_column("size"),
    json_column("problem", None, nullable=True),
    time_column("ended_at", nullable=True),
    belongs_to("stored_files", "id", ondelete="CASCADE"),
    CheckConstraint("format IN ('csv', 'json')", name="format"),
    CheckConstraint("state IN ('running', 'done', 'stopped')", name="state"),
)
