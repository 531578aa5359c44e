"""Which table holds the values of which field type, and the form in which an index compares them."""

import decimal
from decimal import Decimal

from tenants.field_types import FieldType

RECORDS = {"order": "orders", "customer": "customers", "product": "products"}
OPTIONS = "options"
# The bytes of one entry of a B-tree are few: longer texts cannot be indexed.
LONGEST_TEXT = 500
_KINDS = {
    "text": "texts",
    "integer": "numbers",
    "numeric": "numbers",
    "date": "dates",
    "timestamptz": "times",
    "boolean": "flags",
    "text[]": OPTIONS,
}
INDEX_TABLES = frozenset(f"{record_type}_{suffix}" for record_type in RECORDS for suffix in _KINDS.values())
# Decimals have at most 20 digits before the point and 10 behind it; above zero, all written alike, they sort as text.
_SHIFT = Decimal(10) ** 20
_FORM = "FM000000000000000000000.0000000000"


def index_table(record_type: str, kind: FieldType) -> str | None:
    """The table for values of that type; None where there is none."""
    suffix = _KINDS.get(kind.sql)
    return f"{record_type}_{suffix}" if suffix and record_type in RECORDS else None


def record_table(table: str) -> str:
    """The table of the records whose values an index table holds."""
    return RECORDS[table.rpartition("_")[0]]


def number_key(value: Decimal | int) -> str:
    """The text that an index keeps for a number."""
    with decimal.localcontext(prec=40):
        return format(value + _SHIFT, "032.10f")


def key_sql(kind: FieldType, expression: str) -> str:
    """The form in which an index table holds the value of ``expression``, which is of the type's own SQL type."""
    if _KINDS[kind.sql] != "numbers":
        return expression
    return f"to_char({expression}::numeric + {_SHIFT:f}, '{_FORM}')"


def keys_sql(kind: FieldType, array: str) -> str:
    """The same for each value of an array."""
    if _KINDS[kind.sql] != "numbers":
        return array
    return f"ARRAY(SELECT {key_sql(kind, 'n.value')} FROM unnest({array}) AS n(value))"
