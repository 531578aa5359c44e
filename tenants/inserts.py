"""Inserting rows: one statement with one parameter, JSON, for any number of rows of a table.

PostgreSQL reads each value as the column's own type, so exact decimals, times and arrays arrive as they were sent.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any

import orjson
from psycopg.types.json import Json, Jsonb

from tenants.models import ALL_TABLES

# Rows that wait to be inserted go table by table, and nothing may come before what its foreign keys point to.
TABLE_ORDER = {table.name: number for number, table in enumerate(ALL_TABLES.sorted_tables)}


@lru_cache(maxsize=500)
def insert_statement(table: str, columns: tuple[str, ...]) -> str:
    """The statement for rows with these columns, whose parameters are ``tenant`` and ``rows``."""
    names = ", ".join(columns)
    return (
        f"INSERT INTO {table} (tenant_id, {names})"  # noqa: S608
        f" SELECT %(tenant)s, {names} FROM json_populate_recordset(NULL::{table}, %(rows)s)"
    )


def as_rows(rows: Sequence[Mapping[str, Any]]) -> Json:
    """The parameter ``rows``."""
    return Json(rows, dumps=_dumps)


def _dumps(rows: Any) -> bytes:
    return orjson.dumps(rows, default=_as_text)


def _as_text(value: Any) -> Any:
    match value:
        case Decimal():
            return str(value)
        case Jsonb():
            return value.obj
        case bytes():
            return f"\\x{value.hex()}"
    raise TypeError(type(value).__name__)
