"""The parts of the one save path that keep the index tables, and tell conversions what they have to look at again."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from tenants.field_values.rows import index_values
from tenants.transaction import Transaction, new_id


async def keep_indexed(
    tx: Transaction, record_type: str, record_id: UUID, before: Mapping[str, Any] | None, after: Mapping[str, Any]
) -> None:
    """Write the index rows of a record whose ``custom`` values go from ``before`` (None: a new record) to ``after``: only those
    that change."""
    for value in index_values(tx.config, record_type, record_id, after, before):
        if before is not None:
            await tx.delete(value.table, {"record_id": record_id, "field": value.field})
        await tx.insert(value.table, *value.rows)
        if value.is_unique:
            tx.unique_values.append(value)


async def note_converting(
    tx: Transaction, record_type: str, record_id: UUID, before: Mapping[str, Any] | None, after: Mapping[str, Any]
) -> None:
    """Note a record whose value of a field under conversion is not the one of ``before``: the conversion has to look at it again."""
    for key in tx.config.converting.get(record_type, ()):
        if (before or {}).get(key) != after.get(key):
            row = {"id": new_id(), "field": f"{record_type}.{key}", "record_id": record_id}
            await tx.insert("conversion_changes", row)
