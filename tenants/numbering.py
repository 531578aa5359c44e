"""Numbers from a company's pattern, unique under concurrency: those of orders, and fields that number records by themselves.

A gapless sequence is counted inside the record's own transaction: it has no holes, and records of one tenant are numbered one
after another. Otherwise the counter moves in a transaction of its own: nobody waits, and a refused record leaves a hole. Each
text around the sequence has a counter of its own, and so has each branch whose key is part of the pattern.

Two patterns can come to the same text, as ``A{seq}`` and ``A1{seq}`` do. A number that is held already is left out: a gapless counter
looks before it counts, any other when it has come upon one (:mod:`tenants.held_numbers`).
"""

import asyncio
import re
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID
from weakref import WeakKeyDictionary
from zoneinfo import ZoneInfo

from psycopg_pool import AsyncConnectionPool

from tenants.config.snapshot import TenantConfig
from tenants.database import ENTER_UNFLUSHED, Caller, Connection, Database
from tenants.held_numbers import ORDER_NUMBERS, Drawn, first_free
from tenants.names import snake
from tenants.transaction import Transaction
from tenants.wire import bind, statement

SEQUENCE = re.compile(r"\{seq(?::([1-9]))?\}")
_DATE_PARTS = {"{year}": "%Y", "{month}": "%m", "{day}": "%d"}
_PART = re.compile(r"\{([^{}]*)\}")
# What of an order can be part of its number, beside fields of the company's own.
ORDER_PARTS = ("type", "channel", "priority", "currency")
OWN = "custom."
# Of one part of a number.
LONGEST_PART = 40
# Types whose values are short and stand for themselves.
NAMING_TYPES = frozenset({"text", "select", "integer"})

_NEXT = """
INSERT INTO counters (tenant_id, key, value) VALUES (%(tenant)s, %(key)s, %(count)s)
ON CONFLICT (tenant_id, key) DO UPDATE SET value = counters.value + %(count)s
RETURNING value
"""
_LAST = "(SELECT value FROM counters WHERE tenant_id = %(tenant)s AND key = %(key)s)"

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Series:
    """A sequence of numbers: whose it is, such as ``order`` or ``customer.card``, its pattern, and whether it has no holes. ``held`` is the
    condition that a number ``{x}`` is held already; empty where nothing tells."""

    owner: str
    pattern: str
    gapless: bool = False
    held: str = ""


def order_series(config: TenantConfig) -> Series:
    return Series("order", config.numbering.pattern, config.numbering.gapless, ORDER_NUMBERS)


def naming_fields(config: TenantConfig, record_type: str) -> list[str]:
    """The fields of a record that can be part of its numbers, by the names that a pattern has for them."""
    own = config.fields.get(record_type, {})
    built_in = ORDER_PARTS if record_type == "order" else ()
    return [*built_in, *(f"{OWN}{key}" for key, definition in own.items() if definition.type in NAMING_TYPES)]


def is_pattern(pattern: str, fields: Collection[str] | None = None) -> bool:
    """Whether the pattern has exactly one sequence and no unknown part; ``fields`` are those that can be part of it, None is any."""
    if len(SEQUENCE.findall(pattern)) != 1:
        return False
    rest = SEQUENCE.sub("", pattern)
    for part in _DATE_PARTS:
        rest = rest.replace(part, "")
    for name in fields_of(pattern):
        if fields is None or name in fields:
            rest = rest.replace(f"{{{name}}}", "")
    return "{" not in rest and "}" not in rest and _tells_apart(pattern)


def _tells_apart(pattern: str) -> bool:
    """Whether no two numbers of different fields can be the same: fields stand on one side of the sequence, and a sign that is no
    digit stands between."""
    before, *_, after = SEQUENCE.split(pattern)
    if fields_of(before) and fields_of(after):
        return False
    beside = (before[-1:] if fields_of(before) else "") + (after[:1] if fields_of(after) else "")
    return not fields_of(pattern) or (bool(beside) and beside not in "{}" and not beside.isdigit())


@lru_cache(maxsize=5_000)
def fields_of(pattern: str) -> tuple[str, ...]:
    """The fields that a pattern names."""
    names = (match.group(1) for match in _PART.finditer(pattern))
    return tuple(name for name in names if name in ORDER_PARTS or name.startswith(OWN))


async def next_number(tx: Transaction, series: Series, row: Row, moment: datetime | None = None) -> str:
    """The number for a record of that moment (this one, unless told), in the tenant's time zone."""
    text, key = _counter(tx, series, row, moment)
    if reserved := tx.numbers.get(key):
        value = reserved.pop(0)
    elif _is_counted_inside(tx, series):
        return _filled(text, await _free_inside(tx, series, text, key))
    else:
        value = await _counted_apart(tx.database, tx.tenant_id, key, 1)
    tx.drawn[key] = Drawn(key, *_parts(text), series.held)
    return _filled(text, value)


async def preview(database: Database, caller: Caller, series: Series, row: Row, today: date) -> str:
    """The number that :func:`next_number` would give to a record like ``row``, if nobody came before. Nothing is counted.

    Raises :class:`tenants.database.Outdated`.
    """
    text, key = _on_day(series.owner, series.pattern, today, _values(series.pattern, row))
    sql = first_free(f"coalesce({_LAST}, 0) + 1", series.held)
    scope = Drawn(key, *_parts(text), series.held).parameters
    found = await database.read(caller, f"SELECT ({sql})::text", {"tenant": caller.tenant_id, **scope})
    return _filled(text, int(found or 1))


def sample(pattern: str, today: date, empty: Collection[str]) -> str:
    """The first number of that day of a record that has nothing in the fields that are ``empty``; the others are shown as …."""
    values = tuple("" if name in empty else "…" for name in fields_of(pattern))
    return _filled(_on_day("", pattern, today, values)[0], 1)


async def reserve(tx: Transaction, count: int) -> None:
    """Take the numbers of this transaction's next orders at once, where it does not matter if some are left over, and where
    their pattern does not tell one order from another."""
    series = order_series(tx.config)
    if count < 1 or fields_of(series.pattern) or (series.gapless and not tx.rehearsal):
        return
    _, key = _counter(tx, series, {})
    await _reserve(tx, key, count)


async def reserve_for(tx: Transaction, series: Series, rows: Collection[Row]) -> None:
    """Take the numbers of records that are there at once, each of the day of its creation, where it does not matter if some are left
    over."""
    if series.gapless and not tx.rehearsal:
        return
    for key, count in Counter(_counter(tx, series, row, row["created_at"])[1] for row in rows).items():
        await _reserve(tx, key, count)


async def _reserve(tx: Transaction, key: str, count: int) -> None:
    counted = _counted_inside(tx, key, count) if tx.rehearsal else _counted_apart(tx.database, tx.tenant_id, key, count)
    last = await counted
    tx.numbers[key] = list(range(last - count + 1, last + 1))


def _parts(text: str) -> tuple[str, int, str]:
    """What stands before the sequence, its least width, and what stands behind it."""
    before, width, after = SEQUENCE.split(text)
    return before, int(width or 1), after


def _filled(text: str, value: int) -> str:
    return SEQUENCE.sub(lambda match: str(value).zfill(int(match.group(1) or 1)), text)


def _counter(tx: Transaction, series: Series, row: Row, moment: datetime | None = None) -> tuple[str, str]:
    """The pattern with the moment's date and the record's fields, and the name of the counter that goes with it."""
    today = (moment or tx.now).astimezone(ZoneInfo(tx.config.time_zone)).date()
    return _on_day(series.owner, series.pattern, today, _values(series.pattern, row))


def _values(pattern: str, row: Row) -> tuple[str, ...]:
    """The values of the fields that the pattern names, in their order; nothing for an absent one."""
    own = row.get("custom") or {}
    found = (
        own.get(name.removeprefix(OWN)) if name.startswith(OWN) else row.get(snake(name)) for name in fields_of(pattern)
    )
    # A brace would be taken for a part of the pattern.
    return tuple("" if value is None else _BRACES.sub("", str(value))[:LONGEST_PART] for value in found)


_BRACES = re.compile(r"[{}]")


@lru_cache(maxsize=5_000)
def _on_day(owner: str, pattern: str, day: date, values: tuple[str, ...]) -> tuple[str, str]:
    for part, code in _DATE_PARTS.items():
        pattern = pattern.replace(part, day.strftime(code))
    for name, value in zip(fields_of(pattern), values, strict=True):
        pattern = pattern.replace(f"{{{name}}}", value, 1)
    return pattern, f"{owner}:{SEQUENCE.sub('#', pattern)}"


def _is_counted_inside(tx: Transaction, series: Series) -> bool:
    # What a rehearsal counts is rolled back with it, and so leaves no hole either.
    return series.gapless or tx.rehearsal


async def _free_inside(tx: Transaction, series: Series, text: str, key: str) -> int:
    """The next number that no record has."""
    scope = Drawn(key, *_parts(text), series.held).parameters
    (counted,), free = await tx.fetch_each(
        (_NEXT, {"key": key, "count": 1}), (f"SELECT ({first_free(_LAST, series.held)}) AS value", scope)
    )
    value, found = int(counted["value"]), free[0]["value"]
    if found is None or found == value:
        return value
    await tx.execute(_MOVE, key=key, value=found)
    return int(found)


_MOVE = "UPDATE counters SET value = %(value)s WHERE tenant_id = %(tenant)s AND key = %(key)s"


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
