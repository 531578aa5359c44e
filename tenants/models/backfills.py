"""Work on the records that were there before a definition, and how far it has come."""

from sqlalchemy import CheckConstraint

from tenants.columns import count_column, tenant_table, text_column, unique, uuid_column

# ``through`` is the last record that a batch has looked at.
backfills = tenant_table(
    "backfills",
    text_column("kind"),
    text_column("key"),
    text_column("state"),
    uuid_column("through", nullable=True),
    count_column("total"),
    count_column("done"),
    CheckConstraint("kind IN ('unique_rule', 'auto_number', 'search_text')", name="kind"),
    CheckConstraint("state IN ('running', 'done')", name="state"),
    unique("kind", "key"),
)
