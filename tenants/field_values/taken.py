"""Which value was not the only one of its kind: under row security PostgreSQL tells only that there was one."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from psycopg.types.json import Json

from tenants.database import ENTER, Connection
from tenants.field_values.kinds import INDEX_TABLES
from tenants.field_values.rows import Value
from tenants.problems import FieldError, InvalidInput

UNIQUE_INDEXES = frozenset(f"{name}_unique_idx" for name in INDEX_TABLES)


async def taken(connection: Connection, tenant_id: UUID, written: Iterable[Value]) -> InvalidInput | None:
    """The refusal of values that another record holds, or that were ``written`` for two records at once, by a transaction that was
    rolled back for it. None when nobody holds one any more."""
    by_table: dict[str, dict[UUID, dict[str, Value]]] = {}
    for value in written:
        # The last one that was written for a record is the one that counts.
        by_table.setdefault(value.table, {}).setdefault(value.rows[0]["record_id"], {})[value.field] = value
    errors: dict[tuple[str, Any], FieldError] = {}
    for table, records in by_table.items():
        values = [value for fields in records.values() for value in fields.values()]
        held = await _held(connection, tenant_id, table, values)
        seen = set[tuple[str, Any]]()
        for value in values:
            place = (value.field, value.rows[0]["value"])
            if place in seen or place in held:
                errors[place] = FieldError(("custom", value.field), "value.taken", {"value": value.stored})
            seen.add(place)
    return InvalidInput(list(errors.values())) if errors else None


def held_statement(table: str, values: Sequence[Value]) -> tuple[str, dict[str, Any]]:
    """The statement for those of the values that another record holds, each by its ``place`` among the rows of all of them."""
    sql = (
        f"SELECT r.place FROM {table} v JOIN (SELECT r.*, row_number() OVER () - 1 AS place"
        f" FROM json_populate_recordset(NULL::{table}, %(rows)s) r) r"
        " ON v.field = r.field AND v.value = r.value AND v.record_id <> r.record_id"
        " WHERE v.tenant_id = %(tenant)s AND v.is_unique"
    )
    return sql, {"rows": Json([row for value in values for row in value.rows])}


async def _held(connection: Connection, tenant_id: UUID, table: str, values: list[Value]) -> set[tuple[str, Any]]:
    rows = [row for value in values for row in value.rows]
    sql, parameters = held_statement(table, values)
    async with connection.transaction():
        await connection.execute(ENTER, {"tenant": tenant_id})
        cursor = await connection.execute(sql, {"tenant": tenant_id, **parameters})
        found = [rows[entry["place"]] for entry in await cursor.fetchall()]
    return {(row["field"], row["value"]) for row in found}
