"""Which table holds the values of which field type."""

from tenants.field_types import FieldType
from tenants.field_types.base import DATES, FLAGS, LINKS, NUMBERS, OPTIONS, TEXTS, TIMES

RECORDS = {"order": "orders", "customer": "customers", "product": "products"}
# The bytes of one entry of a B-tree are few: longer texts cannot be indexed.
LONGEST_TEXT = 500
INDEX_TABLES = frozenset(
    f"{record_type}_{suffix}"
    for record_type in RECORDS
    for suffix in (TEXTS, NUMBERS, DATES, TIMES, FLAGS, OPTIONS, LINKS)
)


def index_table(record_type: str, kind: FieldType) -> str | None:
    """The table for values of that type; None where there is none."""
    return f"{record_type}_{kind.index}" if kind.index and record_type in RECORDS else None


def all_tables(record_type: str) -> tuple[str, ...]:
    """All tables that hold values of such records."""
    return tuple(f"{record_type}_{suffix}" for suffix in (TEXTS, NUMBERS, DATES, TIMES, FLAGS, OPTIONS, LINKS))


def record_table(table: str) -> str:
    """The table of the records whose values an index table holds."""
    return RECORDS[table.rpartition("_")[0]]
