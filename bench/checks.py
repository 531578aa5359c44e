"""Before anything is timed: all servers answer the same to the same request, and leave the same rows behind."""

from collections.abc import Iterable, Mapping
from typing import Any

import psycopg
from psycopg.rows import dict_row

from bench.data import Tenant
from bench.rival import renamed
from bench.rounds import body_of
from bench.servers import PRODUCT, RIVAL, Server, ServerError
from bench.works import Ask, Asks, Work
from tenants.models.tables import ALL_TABLES

CHECKED_ASKS = 3
# What must differ from one write to the next: ids, times, what is counted, and what is made of these.
_OWN = frozenset(
    {
        *("id", "number", "search_text", "hash", "order_id"),
        *("at", "ordered_at", "created_at", "updated_at", "status_since"),
    }
)
_LEFT = {
    "orders": "SELECT * FROM orders WHERE tenant_id = %(tenant)s AND id = %(id)s",
    "order_lines": "SELECT * FROM order_lines WHERE tenant_id = %(tenant)s AND order_id = %(id)s ORDER BY position",
    "events": "SELECT * FROM events WHERE tenant_id = %(tenant)s AND record_id = %(id)s ORDER BY record_version DESC LIMIT 1",
    "jobs": "SELECT * FROM jobs WHERE tenant_id = %(tenant)s AND subject_id = %(id)s",
    "counters": "SELECT key FROM counters WHERE tenant_id = %(tenant)s",
}
# How many rows the company has in each table that the above does not show whole.
_COUNTS = " UNION ALL ".join(
    f"SELECT '{table.name}', count(*) FROM {table.name} WHERE tenant_id = %(tenant)s"
    for table in ALL_TABLES.sorted_tables
    # What was served is told in the background, now and then.
    if table.name != "usage_days" and "tenant_id" in table.columns
)


class Differs(Exception):
    """Two servers do not do the same; the text says where."""


def check(
    servers: Iterable[Server], works: Iterable[Work], asks: Asks, tenant: Tenant, connection: psycopg.Connection[Any]
) -> None:
    """Compare the answers of all servers to the first requests of each work. Raises Differs and ServerError."""
    servers = list(servers)
    for work in works:
        if work.writes:
            # What the product writes down once, such as a word that it had not seen, is no part of the work.
            _done(servers[0], work, asks.of(work)[0], tenant, connection)
        for ask in asks.of(work)[:CHECKED_ASKS]:
            first, *others = servers
            expected = _done(first, work, ask, tenant, connection)
            for other in others:
                found = _done(other, work, ask, tenant, connection)
                if found != expected:
                    raise Differs(f"{work.key}: {first.name} and {other.name} differ: {difference(expected, found)}")


def _done(server: Server, work: Work, ask: Ask, tenant: Tenant, connection: psycopg.Connection[Any]) -> Any:
    """The answer to a read; of a write, its answer and the rows that it left, without what no two writes share."""
    before = _counts(connection, tenant) if work.writes else {}
    answer = server.ask(work.key, body_of(server, work, ask), tenant.token if server.name == PRODUCT else "")
    data = answer.get("data")
    if "errors" in answer or not data or not data.get(work.field):
        raise ServerError(f"{server.name} cannot do {work.key}: {str(answer)[:1000]}")
    found = data[work.field]
    if server.name == RIVAL:
        found = renamed(found, work.own_fields)
    if not work.writes:
        return found
    order = found["order"]
    left = _rows_left(connection, tenant, order["id"])
    added = {table: count - before[table] for table, count in _counts(connection, tenant).items()}
    if work.key == "W6":
        _put_back(connection, tenant, order["id"])
    return {"answer": _shared(order), "rows added": added, **left}


def _counts(connection: psycopg.Connection[Any], tenant: Tenant) -> dict[str, int]:
    return dict(connection.execute(_COUNTS.encode(), {"tenant": tenant.id}).fetchall())


def _rows_left(connection: psycopg.Connection[Any], tenant: Tenant, order_id: str) -> dict[str, Any]:
    scope = {"tenant": tenant.id, "id": order_id}
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = {table: cursor.execute(sql, scope).fetchall() for table, sql in _LEFT.items()}
    return {table: [_shared(row) for row in found] for table, found in rows.items()}


def _put_back(connection: psycopg.Connection[Any], tenant: Tenant, order_id: str) -> None:
    """Undo one step of the life cycle, so that the next server can take the same one."""
    scope = {"tenant": tenant.id, "id": order_id}
    connection.execute(
        "DELETE FROM events WHERE tenant_id = %(tenant)s AND record_id = %(id)s AND record_version > 1", scope
    )
    connection.execute(
        "UPDATE orders SET version = 1, status = CASE status WHEN 'draft' THEN 'confirmed' ELSE 'draft' END"
        " WHERE tenant_id = %(tenant)s AND id = %(id)s",
        scope,
    )


def _shared(row: Mapping[str, Any]) -> dict[str, Any]:
    """What two writes of the same values have in common; history entries are compared by the fields that they tell of."""
    kept = {name: value for name, value in row.items() if name not in _OWN}
    if "record_id" in kept:
        kept["record_id"] = None
        kept["changes"] = sorted(_told(change) for change in kept["changes"])
    return kept


def _told(change: Mapping[str, Any]) -> str:
    new = change["new"]
    if change["field"] in ("number", "orderedAt"):
        return f"{change['field']}: something"
    if isinstance(new, Mapping):
        new = sorted((name, str(value)) for name, value in new.items() if name != "id")
    return f"{change['field']}: {change['old']} -> {new}"


def difference(one: Any, two: Any, path: str = "") -> str:
    """The first place where two answers differ."""
    if isinstance(one, dict) and isinstance(two, dict):
        for key in one.keys() | two.keys():
            if one.get(key) != two.get(key):
                return difference(one.get(key), two.get(key), f"{path}.{key}")
    if isinstance(one, list) and isinstance(two, list) and len(one) == len(two):
        for place, pair in enumerate(zip(one, two, strict=True)):
            if pair[0] != pair[1]:
                return difference(*pair, f"{path}[{place}]")
    return f"at '{path}': {str(one)[:400]} and {str(two)[:400]}"
