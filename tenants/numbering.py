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
INSERT INTO counters (tenant_id, key, value) VALUES (%(tenant)s, %(key)s, 1)
ON CONFLICT (tenant_id, key) DO UPDATE SET value = counters.value + 1
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
    numbering = tx.config.numbering
    text = _dated(numbering.pattern, tx.now.astimezone(ZoneInfo(tx.config.time_zone)))
    key = f"order:{SEQUENCE.sub('#', text)}"
    value = await (_counted_inside(tx, key) if numbering.gapless else _counted_apart(tx.database, tx.tenant_id, key))
    return SEQUENCE.sub(lambda match: str(value).zfill(int(match.group(1) or 1)), text)


def _dated(pattern: str, day: datetime) -> str:
    for part, code in _DATE_PARTS.items():
        pattern = pattern.replace(part, day.strftime(code))
    return pattern


async def _counted_inside(tx: Transaction, key: str) -> int:
    row = await tx.fetch_one(_NEXT, key=key)
    assert row is not None
    return int(row["value"])


async def _counted_apart(database: Database, tenant_id: UUID, key: str) -> int:
    scope = {"tenant": tenant_id, "key": key}
    async with database.connection() as connection, connection.pipeline():
        await connection.execute(ENTER, scope)
        row = await (await connection.execute(_NEXT, scope)).fetchone()
    assert row is not None
    return int(row["value"])
