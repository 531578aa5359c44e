"""Where the values of a field are kept in a record's ``custom`` object: under its key, or under its second name.

While a field is converted to another type, the new values are made under the name that is not in use; then the names change places.
Rows in memory have the values in force under the field's key: they are turned as they are loaded and as they are written.
"""

from collections.abc import Collection, Mapping
from typing import Any

Row = dict[str, Any]
# No key of a field has this sign.
_SECOND = "~"


def stored_name(key: str, *, is_swapped: bool) -> str:
    """The name under which the values in force are stored."""
    return f"{key}{_SECOND}" if is_swapped else key


def spare_name(key: str, *, is_swapped: bool) -> str:
    """The other name, under which the values from before a conversion are kept, or the new ones made."""
    return stored_name(key, is_swapped=not is_swapped)


def turned(swapped: Mapping[str, Collection[str]], record_type: str, row: Row) -> Row:
    """A row as it is in memory made as it is stored, or the other way round; ``swapped`` are the fields by record type whose names
    have changed places."""
    keys = swapped.get(record_type)
    if not keys or not row.get("custom"):
        return row
    custom = dict(row["custom"])
    for key in keys:
        second = f"{key}{_SECOND}"
        pair = custom.pop(key, None), custom.pop(second, None)
        custom.update({name: value for name, value in zip((second, key), pair, strict=True) if value is not None})
    return {**row, "custom": custom}
