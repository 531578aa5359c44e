"""Conversions of fields to other types: how far each has come, what could not be converted, and where each field's values are."""

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, text

from tenants.columns import (
    belongs_to,
    count_column,
    json_column,
    tenant_table,
    text_column,
    time_column,
    uuid_column,
)

field_conversions = tenant_table(
    "field_conversions",
    text_column("field"),
    text_column("state"),
    # The definitions of the field before and after, and what else decides how a value is converted.
    json_column("source"),
    json_column("target"),
    json_column("how"),
    text_column("otherwise"),
    text_column("comment", default=""),
    text_column("author_name"),
    # The conversion that this one takes back.
    uuid_column("reverts", nullable=True),
    # The last record that a batch has looked at.
    uuid_column("through", nullable=True),
    count_column("total"),
    count_column("done"),
    # Why it was given up.
    json_column("problem", None, nullable=True),
    # The configuration's version that it made.
    Column("version", BigInteger, nullable=True),
    time_column("created_at"),
    time_column("finished_at", nullable=True),
    CheckConstraint(
        "state IN ('checking', 'filling', 'switching', 'searching', 'done', 'reverted', 'clearing', 'cleared', 'refused')",
        name="state",
    ),
    Index(
        "field_conversions_under_way_idx",
        "tenant_id",
        "field",
        unique=True,
        postgresql_where=text("state IN ('checking', 'filling', 'switching', 'clearing')"),
    ),
)

# The values that could not be converted, as they were, and why.
conversion_failures = tenant_table(
    "conversion_failures",
    uuid_column("conversion_id"),
    uuid_column("record_id"),
    json_column("value", None),
    text_column("code"),
    json_column("data"),
    belongs_to("field_conversions", "conversion_id", ondelete="CASCADE"),
    key=("conversion_id", "record_id"),
)

# Records that were saved with another value while their field was under conversion.
conversion_changes = tenant_table(
    "conversion_changes",
    text_column("field"),
    uuid_column("record_id"),
    Index("conversion_changes_field_idx", "tenant_id", "field", "id"),
)

# Fields whose values in force are under their second name.
swapped_fields = tenant_table("swapped_fields", text_column("field"), key=("field",))
