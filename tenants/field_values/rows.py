"""The rows that the index tables hold for one record."""

from collections.abc import Mapping
from typing import Any, NamedTuple
from uuid import UUID

from tenants.config.snapshot import TenantConfig
from tenants.field_types import field_type
from tenants.field_types.base import SETS
from tenants.field_values.kinds import index_table

Row = dict[str, Any]


class Value(NamedTuple):
    """One indexed field of a record: the table its rows are in, the rows, and the value as the record holds it."""

    table: str
    field: str
    rows: tuple[Row, ...]
    stored: Any

    @property
    def is_unique(self) -> bool:
        """Whether no other record may have the value."""
        return self.stored is not None and any(row.get("is_unique") for row in self.rows)


def index_values(
    config: TenantConfig, record_type: str, record_id: UUID, custom: Mapping[str, Any], before: Mapping[str, Any] | None
) -> list[Value]:
    """What the index tables are to hold for a record with these ``custom`` values: all of its indexed fields, or those whose value
    is not the one of ``before``."""
    return [
        _value(record_type, record_id, key, custom.get(key), definition.type, is_unique=definition.unique)
        for key, definition in config.indexed_fields.get(record_type, {}).items()
        if before is None or before.get(key) != custom.get(key)
    ]


def _value(record_type: str, record_id: UUID, key: str, stored: Any, type_key: str, *, is_unique: bool) -> Value:
    kind = field_type(type_key)
    table = index_table(record_type, kind)
    assert table is not None, "checked when the field was defined"
    head = {"record_id": record_id, "field": key}
    if kind.index in SETS:
        values = [] if stored is None else stored if kind.many else [stored]
        return Value(table, key, tuple({**head, "value": item} for item in values), stored)
    return Value(table, key, ({**head, "value": kind.indexed(stored), "is_unique": is_unique},), stored)
