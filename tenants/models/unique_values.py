"""The values that a company's rules keep apart: one row for each value that a record claims under a rule, as its digest."""

from sqlalchemy import Index

from tenants.columns import tenant_table, text_column, uuid_column

unique_values = tenant_table(
    "unique_values",
    text_column("rule"),
    text_column("value"),
    uuid_column("record_id"),
    Index("unique_values_record_id_idx", "tenant_id", "record_id", "rule"),
    key=("rule", "value"),
)
