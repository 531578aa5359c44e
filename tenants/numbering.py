"""Order numbers from the tenant's pattern, unique under concurrency.

A gapless sequence is counted inside the order's own transaction: it has no holes, and orders of one tenant are numbered one
after another. Otherwise the counter moves in a transaction of its own: nobody waits, and a refused order leaves a hole.
"""

import re
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from tenants.database import ENTER, Database
from tenants.transaction import Transaction

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
    text = _dated(tx.config.numbering.pattern, tx.now.astimezone(ZoneInfo(tx.config.time_zone)))
    return text, f"order:{SEQUENCE.sub('#', text)}"


def _is_counted_inside(tx: Transaction) -> bool:
    # What a rehearsal counts is rolled back with it, and so leaves no hole either.
    return tx.config.numbering.gapless or tx.rehearsal


def _dated(pattern: str, day: datetime) -> str:
    for part, code in _DATE_PARTS.items():
        pattern = pattern.replace(part, day.strftime(code))
    return pattern


async def _counted_inside(tx: Transaction, key: str, count: int) -> int:
    row = await tx.fetch_one(_NEXT, key=key, count=count)
    assert row is not None
    return int(row["value"])


async def _counted_apart(database: Database, tenant_id: UUID, key: str, count: int) -> int:
    """The last of as many numbers as are taken."""
    scope = {"tenant": tenant_id, "key": key, "count": count}
    async with database.aside.connection() as connection, connection.pipeline():
        await connection.execute(ENTER, scope)
        row = await (await connection.execute(_NEXT, scope)).fetchone()
    assert row is not None
    return int(row["value"])
