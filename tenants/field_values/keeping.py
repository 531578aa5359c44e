"""The part of the one save path that keeps the index tables."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from tenants.field_values.rows import index_values
from tenants.transaction import Transaction


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
