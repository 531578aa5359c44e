"""Order numbers from the tenant's pattern, unique under concurrency.

A gapless sequence is counted inside the order's own transaction: it has no holes, and orders of one tenant are numbered one
after another. Otherwise the counter moves in a transaction of its own: nobody waits, and a refused order leaves a hole.
"""

import asyncio
import re
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from uuid import UUID
from weakref import WeakKeyDictionary
from zoneinfo import ZoneInfo

from psycopg_pool import AsyncConnectionPool

from tenants.database import ENTER_UNFLUSHED, Connection, Database
from tenants.transaction import Transaction
from tenants.wire import bind, statement

SEQUENCE = re.compile(r"\{seq(?::([1-9]))?\}")
_DATE_PARTS = {"{year}": "%Y", "{month}": "%m", "{day}": "%d"}
_ANY_PART = re.compile(r"\{[^{}]*\}")

_NEXT = """
INSERT INTO counters (tenant_id, key, value) VALUES (%(tenant)s, %(key)s, %(count)s)
ON CONFLICT (tenant_id, key) DO UPDATE SET value = counters.value + %(count)s
RETURNING value
"""


def is_pattern(pattern: str) -> bool:
    """Whether the pattern has exactly one sequence and no unknown part."""
    if len(SEQUENCE.findall(pattern)) != 1:
        return False
    rest = SEQUENCE.sub("", pattern)
    for part in _DATE_PARTS:
        rest = rest.replace(part, "")
    return not _ANY_PART.search(rest) and "{" not in rest and "}" not in rest


async def next_number(tx: Transaction) -> str:
    """The number for a new order of this moment, in the tenant's time zone."""
    text, key = _counter(tx)
    if reserved := tx.numbers.get(key):
        value = reserved.pop(0)
    elif _is_counted_inside(tx):
        value = await _counted_inside(tx, key, 1)
    else:
        value = await _counted_apart(tx.database, tx.tenant_id, key, 1)
    return SEQUENCE.sub(lambda match: str(value).zfill(int(match.group(1) or 1)), text)


async def reserve(tx: Transaction, count: int) -> None:
    """Take the numbers of this transaction's next orders at once, where it does not matter if some are left over."""
    if count < 1 or (tx.config.numbering.gapless and not tx.rehearsal):
        return
    _, key = _counter(tx)
    counted = _counted_inside(tx, key, count) if tx.rehearsal else _counted_apart(tx.database, tx.tenant_id, key, count)
    last = await counted
    tx.numbers[key] = list(range(last - count + 1, last + 1))


def _counter(tx: Transaction) -> tuple[str, str]:
    """The pattern with this moment's date, and the name of the counter that goes with it."""
    return _on_day(tx.config.numbering.pattern, tx.now.astimezone(ZoneInfo(tx.config.time_zone)).date())


@lru_cache(maxsize=5_000)
def _on_day(pattern: str, day: date) -> tuple[str, str]:
    for part, code in _DATE_PARTS.items():
        pattern = pattern.replace(part, day.strftime(code))
    return pattern, f"order:{SEQUENCE.sub('#', pattern)}"


def _is_counted_inside(tx: Transaction) -> bool:
    # What a rehearsal counts is rolled back with it, and so leaves no hole either.
    return tx.config.numbering.gapless or tx.rehearsal


async def _counted_inside(tx: Transaction, key: str, count: int) -> int:
    row = await tx.fetch_one(_NEXT, key=key, count=count)
    assert row is not None
    return int(row["value"])


# What a commit of the counter alone does not wait for, the disk, the commit of an order that uses the number does: it is later in
# the same log. So no number that somebody was told can be counted again, whatever crashes.
_COUNT = statement(_NEXT)


@dataclass(slots=True)
class _Counter:
    """A counter as this process uses it: who waits for how many numbers, and the statement under way that serves others."""

    waiting: list[tuple[int, asyncio.Future[int]]] = field(default_factory=list)
    serving: asyncio.Task[None] | None = None


_Pool = AsyncConnectionPool[Connection]
_COUNTERS: WeakKeyDictionary[_Pool, dict[tuple[UUID, str], _Counter]] = WeakKeyDictionary()


async def _counted_apart(database: Database, tenant_id: UUID, key: str, count: int) -> int:
    """The last of as many numbers as are taken, in a commit of their own.

    Whoever asks while a statement for the same counter is under way waits for the next one, which serves all of them.
    """
    counters = _COUNTERS.setdefault(database.aside, {})
    counter = counters.setdefault((tenant_id, key), _Counter())
    mine: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    counter.waiting.append((count, mine))
    if counter.serving is None:
        counter.serving = asyncio.create_task(_serve(database, counters, tenant_id, key))
    return await mine


async def _serve(database: Database, counters: dict[tuple[UUID, str], _Counter], tenant_id: UUID, key: str) -> None:
    """Take numbers until nobody waits for any."""
    counter = counters[tenant_id, key]
    while counter.waiting:
        served, counter.waiting = counter.waiting, []
        try:
            last = await _take(database, tenant_id, key, sum(count for count, _ in served))
        except Exception as error:  # noqa: BLE001  (it is raised where the number was asked for)
            for _, future in served:
                if not future.done():
                    future.set_exception(error)
            continue
        except asyncio.CancelledError:
            for _, future in (*served, *counter.waiting):
                future.cancel()
            raise
        for count, future in reversed(served):
            # Nobody waits any more where the call was cancelled; its numbers are holes.
            if not future.done():
                future.set_result(last)
            last -= count
    del counters[tenant_id, key]


async def _take(database: Database, tenant_id: UUID, key: str, count: int) -> int:
    scope = {"tenant": tenant_id, "key": key, "count": count}
    async with database.aside.connection() as connection:
        _, result = await connection.exchange(bind(ENTER_UNFLUSHED, scope), bind(_COUNT, scope))
    return int(result.get_value(0, 0) or 0)
