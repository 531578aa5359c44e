"""The values of custom fields that are marked indexed or unique, beside the records that hold them, and the state of each index.

Each customisable record type has seven tables, by how values compare. A record has one row for each indexed field, NULL where it
has no value, so that an order by the field can be walked along one index to its very end; of a field with many values, and of links,
it has a row for each of them.
"""

from typing import Any

from sqlalchemy import CheckConstraint, Column, Computed, Index, Table, Text, text
from sqlalchemy.types import Boolean, Date, DateTime

from tenants.columns import belongs_to, count_column, flag_column, tenant_table, text_column, unique, uuid_column
from tenants.field_types.base import DATES, FLAGS, LINKS, NUMBERS, OPTIONS, TEXTS, TIMES
from tenants.field_values.kinds import RECORDS

# Under row security PostgreSQL looks values up in an index only by operators that it knows to be leakproof, which those of
# numeric are not: numbers are kept as text that sorts as they do.
SORTABLE = Text(collation="C")
VALUE_TYPES: dict[str, Any] = {
    TEXTS: Text(),
    NUMBERS: SORTABLE,
    DATES: Date(),
    TIMES: DateTime(timezone=True),
    FLAGS: Boolean(),
}


def _values(record_type: str, kind: str) -> Table:
    name = f"{record_type}_{kind}"
    folded = (
        # Without regard to case, and sorted so that texts that start alike lie together.
        Column("folded", SORTABLE, Computed("lower(value)", persisted=True)),
        Index(f"{name}_folded_idx", "tenant_id", "field", "folded", "record_id"),
    )
    return tenant_table(
        name,
        uuid_column("record_id"),
        text_column("field"),
        Column("value", VALUE_TYPES[kind], nullable=True),
        *(folded if kind == TEXTS else ()),
        flag_column("is_unique", False),
        belongs_to(RECORDS[record_type], "record_id", ondelete="CASCADE"),
        Index(f"{name}_value_idx", "tenant_id", "field", "value", "record_id"),
        Index(f"{name}_unique_idx", "tenant_id", "field", "value", unique=True, postgresql_where=text("is_unique")),
        key=("record_id", "field"),
    )


def _sets(record_type: str, kind: str, value: Column[Any]) -> Table:
    name = f"{record_type}_{kind}"
    return tenant_table(
        name,
        uuid_column("record_id"),
        text_column("field"),
        value,
        belongs_to(RECORDS[record_type], "record_id", ondelete="CASCADE"),
        Index(f"{name}_record_id_idx", "tenant_id", "record_id", "field"),
        key=("field", "value", "record_id"),
    )


value_tables = {
    table.name: table
    for record_type in RECORDS
    for table in (
        *(_values(record_type, kind) for kind in VALUE_TYPES),
        _sets(record_type, OPTIONS, text_column("value")),
        _sets(record_type, LINKS, uuid_column("value")),
    )
}

field_indexes = tenant_table(
    "field_indexes",
    text_column("field"),
    text_column("state"),
    uuid_column("through", nullable=True),
    count_column("total"),
    count_column("done"),
    CheckConstraint("state IN ('building', 'ready', 'removing')", name="state"),
    unique("field"),
)
