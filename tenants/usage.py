"""What each company uses: requests and their cost as they are served, records and room as they are measured now and then.

Processes count in memory and add up here every few seconds (:func:`add`); a process that dies loses what it had not told.
Counting records and their room takes time that grows with them, so the clock does it (:func:`measure_due`): once a day for
every company, and every few minutes for those that have a quota to keep.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson

from tenants.actors import system
from tenants.audit_log import record_within
from tenants.database import ENTER, ENTER_UNFLUSHED, Caller, Database
from tenants.problems import InvalidInput
from tenants.quotas import Quotas
from tenants.wire import Bound, WireConnection, rows, statement

Row = dict[str, Any]
LONGEST_DAYS = 366
BETWEEN_MEASURES = timedelta(days=1)
BETWEEN_MEASURES_WITH_QUOTA = timedelta(minutes=5)
# Tables whose rows a company's records are made of.
MEASURED = ("orders", "order_lines", "customers", "contact_points", "addresses", "products", "events")

_ENTER = statement(ENTER)
# Nobody waits for a measurement, and that of the largest company takes longer than a call may.
_ENTER_AT_LEISURE = statement("""
SELECT set_config('app.tenant_id', %(tenant)s::text, true), set_config('statement_timeout', '10min', true),
       CASE WHEN current_setting('transaction_timeout', true) IS NOT NULL
            THEN set_config('transaction_timeout', '10min', true) END
""")
_ADD = statement("""
INSERT INTO usage_days (tenant_id, day, requests, cost)
VALUES (%(tenant)s::uuid, %(day)s, %(requests)s, %(cost)s)
ON CONFLICT (tenant_id, day)
DO UPDATE SET requests = usage_days.requests + excluded.requests, cost = usage_days.cost + excluded.cost
""")
# Tenants take turns: who was measured longest ago comes first.
_DUE = statement("""
SELECT id, quotas FROM tenants
WHERE NOT canary AND (measured_at IS NULL
  OR measured_at < now() - CASE WHEN quotas = '{}' THEN %(usual)s ELSE %(with_quota)s END::interval)
ORDER BY measured_at NULLS FIRST LIMIT %(most)s
""")
# The room of a table is shared out by rows: exact sizes would have to be read row by row. Files know theirs.
_COUNTED = " UNION ALL ".join(
    f"SELECT '{table}' AS name, (SELECT count(*) FROM {table} WHERE tenant_id = %(tenant)s::uuid) AS found"  # noqa: S608  (SQL of ours; values are parameters)
    for table in MEASURED
)
_COUNT = statement(f"""
SELECT name, found, (found * pg_total_relation_size(c.oid) / greatest(c.reltuples, found, 1))::bigint AS room
FROM ({_COUNTED}) counted JOIN pg_class c ON c.oid = counted.name::regclass
UNION ALL
SELECT 'stored_files', count(*), coalesce(sum(size), 0)::bigint FROM stored_files WHERE tenant_id = %(tenant)s::uuid
""")  # noqa: S608  (SQL of ours; values are parameters)
_KEEP = statement("""
INSERT INTO usage_days (tenant_id, day, orders, customers, products, storage_bytes, measured_at)
VALUES (%(tenant)s::uuid, %(day)s, %(orders)s, %(customers)s, %(products)s, %(storage)s, now())
ON CONFLICT (tenant_id, day) DO UPDATE
SET orders = excluded.orders, customers = excluded.customers, products = excluded.products,
    storage_bytes = excluded.storage_bytes, measured_at = excluded.measured_at
""")
# The version grows only where something changes for the company, so that its callers are prepared anew.
_JUDGE = statement("""
UPDATE tenants SET measured_at = now(), exceeded = %(exceeded)s::text[],
                   config_version = config_version + (exceeded IS DISTINCT FROM %(exceeded)s::text[])::integer
WHERE id = %(tenant)s::uuid AND quotas = %(quotas)s::jsonb
""")
_SET = statement("""
UPDATE tenants SET quotas = %(quotas)s::jsonb, measured_at = NULL, config_version = config_version + 1
WHERE id = %(tenant)s::uuid
""")
_DAYS = statement("""
SELECT coalesce(json_agg(found ORDER BY found.day), '[]') FROM (
  SELECT d.day::date AS day, coalesce(u.requests, 0) AS requests, coalesce(u.cost, 0) AS cost,
         (SELECT count(*) FROM automation_runs r WHERE r.tenant_id = %(tenant)s::uuid
            AND r.created_at >= d.day AND r.created_at < d.day + interval '1 day') AS runs,
         (SELECT count(*) FROM deliveries s WHERE s.tenant_id = %(tenant)s::uuid
            AND s.created_at >= d.day AND s.created_at < d.day + interval '1 day') AS deliveries
  FROM generate_series(%(first)s::date::timestamptz, %(last)s::date::timestamptz, interval '1 day') d (day)
  LEFT JOIN usage_days u ON u.tenant_id = %(tenant)s::uuid AND u.day = d.day::date) found
""")
_SIZE = statement("""
SELECT json_build_object('orders', orders, 'customers', customers, 'products', products, 'storageBytes', storage_bytes,
                         'measuredAt', measured_at)
FROM usage_days WHERE tenant_id = %(tenant)s::uuid AND measured_at IS NOT NULL ORDER BY day DESC LIMIT 1
""")


async def add(database: Database, spent: Mapping[UUID, tuple[int, int]]) -> None:
    """Add operations and points of companies to those of today (UTC): of all or of none, in one round trip."""
    day = datetime.now(UTC).date()
    sent: list[Bound] = []
    # In one order everywhere, so that no two processes wait for each other.
    for tenant_id in sorted(spent):
        requests, cost = spent[tenant_id]
        scope = {"tenant": tenant_id, "day": day, "requests": requests, "cost": cost}
        sent += (ENTER_UNFLUSHED, scope), (_ADD, scope)
    async with database.aside.connection() as connection:
        await connection.exchange(*sent)


async def measure_due(database: Database, most: int = 1_000) -> int:
    """Measure the companies whose time has come, at most so many, and say how many."""
    scope = {"usual": BETWEEN_MEASURES, "with_quota": BETWEEN_MEASURES_WITH_QUOTA, "most": most}
    async with database.connection() as connection:
        (found,) = await connection.exchange((_DUE, scope))
        due = rows(connection, found)
        for tenant in due:
            await _measure(connection, tenant["id"], tenant["quotas"])
    return len(due)


async def _measure(connection: WireConnection, tenant_id: UUID, quotas: Mapping[str, int]) -> None:
    scope: Row = {"tenant": tenant_id}
    _, found = await connection.exchange((_ENTER_AT_LEISURE, scope), (_COUNT, scope))
    tables = {row["name"]: row for row in rows(connection, found)}
    counts = {name: tables[name]["found"] for name in ("orders", "customers", "products")}
    storage = sum(row["room"] for row in tables.values())
    used = {"records": sum(counts.values()), "storage_bytes": storage}
    exceeded = Quotas.model_validate(quotas).exceeded(used)
    scope |= {"day": datetime.now(UTC).date(), "storage": storage, **counts, "exceeded": exceeded, "quotas": quotas}
    await connection.exchange((_ENTER, scope), (_KEEP, scope), (_JUDGE, scope))


async def set_quotas(database: Database, tenant_id: UUID, quotas: Quotas) -> None:
    """The operator lets the company use so much from now on, and the audit log tells of it. Whether it uses more already is judged at
    once."""
    given = quotas.model_dump(exclude_none=True)
    scope: Row = {"tenant": tenant_id, "quotas": given}
    async with database.connection() as connection:
        async with connection.transaction():
            await connection.execute(ENTER, scope)
            found = await connection.execute("SELECT quotas FROM tenants WHERE id = %(tenant)s FOR UPDATE", scope)
            (known,) = [row["quotas"] for row in await found.fetchall()]
            told = {name: (known.get(name), given.get(name)) for name in (*known, *given)}
            changed = {name: values for name, values in told.items() if values[0] != values[1]}
            await connection.exchange((_SET, scope))
            if changed:
                await record_within(connection, tenant_id, system("orderloom"), "quotas_set", changed)
        await _measure(connection, tenant_id, given)


async def report(database: Database, caller: Caller, first: date, last: date) -> tuple[Row | None, list[Row]]:
    """What the caller's company had when it was last measured (None before it was), and what it used on each of these days
    (UTC), oldest first.

    Raises :class:`NotAllowed` (configuration.read), :class:`InvalidInput` for too many days or none, and
    :class:`tenants.database.Outdated`.
    """
    caller.access.require("configuration.read")
    if not 0 <= (last - first).days < LONGEST_DAYS:
        raise InvalidInput.at(("from",), "value.too_many", count=(last - first).days + 1, most=LONGEST_DAYS)
    scope = {"tenant": caller.tenant_id, "first": first, "last": last}
    size, days = await database.read_all(caller, [(_SIZE, scope), (_DAYS, scope)])
    return orjson.loads(size) if size else None, orjson.loads(days or b"[]")
