"""Changes of rows that wait to be sent, and the one statement that makes them.

However many tables a save touches, its rows travel as JSON, one parameter a table, into one statement of data-modifying
CTEs. PostgreSQL reads each value as the column's own type, so exact decimals, times and arrays arrive as they were sent; it
checks foreign keys when the statement ends, so that the parts need no order among themselves.
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple

import orjson
from psycopg.types.json import Json, Jsonb

INSERT, UPDATE, DELETE = "insert", "update", "delete"
Row = Mapping[str, Any]


class Change(NamedTuple):
    """What is done to the rows of a table: the columns that each row brings, and those that SQL ``computed`` from the row ``r``
    instead."""

    kind: str
    table: str
    columns: tuple[str, ...]
    computed: tuple[tuple[str, str], ...] = ()


class Writes:
    """The changes that wait. ``unique`` are the columns of unique keys, by table: their values may pass from row to row."""

    def __init__(self, unique: Mapping[str, frozenset[str]]) -> None:
        self._unique = unique
        self._waiting: dict[Change, list[Row]] = {}
        self._kinds: dict[str, str] = {}
        self._touched: set[tuple[str, Any]] = set()

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def touches(self, sql: str) -> bool:
        """Whether a statement might see rows that wait."""
        return any(table in sql for table in self._kinds)

    def fits(self, change: Change, rows: Iterable[Row]) -> bool:
        """Whether the change may be part of the waiting statement.

        The parts of a statement run in no certain order and do not see each other. So a table is changed in one way only,
        no row twice, and no unique value moves on to another row.
        """
        known = self._kinds.get(change.table)
        if known is None:
            return True
        if known != change.kind:
            return False
        if change.kind == INSERT:
            return True
        moves = not self._unique.get(change.table, frozenset()).isdisjoint(change.columns)
        return not moves and all((change.table, row.get("id")) not in self._touched for row in rows)

    def add(self, change: Change, rows: Sequence[Row]) -> None:
        self._waiting.setdefault(change, []).extend(rows)
        self._kinds[change.table] = change.kind
        if change.kind != INSERT:
            self._touched.update((change.table, row.get("id")) for row in rows)

    def take(self) -> tuple[str, dict[str, Any]]:
        """The statement with its parameters, but for ``tenant``; nothing waits any more."""
        sql = write_statement(tuple((change, len(rows) == 1) for change, rows in self._waiting.items()))
        parameters: dict[str, Any] = {f"r{n}": as_rows(rows) for n, rows in enumerate(self._waiting.values())}
        self._waiting, self._kinds, self._touched = {}, {}, set()
        return sql, parameters


@lru_cache(maxsize=1_000)
def write_statement(changes: tuple[tuple[Change, bool], ...]) -> str:
    """The statement for changes of this shape, each with whether it is of one row only.

    Its parameters are ``tenant`` and, for each change, ``r0``, ``r1``, ...: its rows as a list, or its only row.
    """
    *before, last = (_part(number, change, is_one) for number, (change, is_one) in enumerate(changes))
    if not before:
        return last
    parts = ", ".join(f"w{number} AS ({part})" for number, part in enumerate(before))
    return f"WITH {parts} {last}"


def _part(number: int, change: Change, is_one: bool) -> str:
    """Names of tables and columns come from our own tables, never from input."""
    kind, table, columns, computed = change
    # Of a set the planner expects a hundred rows, and may then read a whole table to find the one.
    function = "json_populate_record" if is_one else "json_populate_recordset"
    rows = f"{function}(NULL::{table}, %(r{number})s::json) r"
    if kind == UPDATE:
        values = ", ".join(f"{name} = r.{name}" for name in columns if name != "id")
        return (
            f"UPDATE {table} SET {values} FROM {rows} WHERE {table}.tenant_id = %(tenant)s::uuid AND {table}.id = r.id"  # noqa: S608  (SQL of ours; values are parameters)
        )
    if kind == DELETE:
        tests = " AND ".join(f"{table}.{name} = r.{name}" for name in columns)
        return f"DELETE FROM {table} USING {rows} WHERE {table}.tenant_id = %(tenant)s::uuid AND {tests}"  # noqa: S608  (SQL of ours; values are parameters)
    expressions = dict(computed)
    names = ", ".join(columns)
    values = ", ".join(expressions.get(name, f"r.{name}") for name in columns)
    return f"INSERT INTO {table} (tenant_id, {names}) SELECT %(tenant)s::uuid, {values} FROM {rows}"  # noqa: S608  (SQL of ours; values are parameters)


def as_rows(rows: Sequence[Row]) -> Json:
    """Rows as a parameter: a list, or the only one."""
    return Json(rows[0] if len(rows) == 1 else rows, dumps=_dumps)


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
