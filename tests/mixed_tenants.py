"""Requests of many companies, interleaved over few connections, a tenth of them going wrong (RELIABILITY T4)."""

import asyncio
import random
import re
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from schema.execution import House, Operation, execute
from tenants.database import ENTER, Database
from tests.documents import UPDATE_ORDER, mutation
from tests.examples import create_orders
from tests.harness import Company, Row, found_company

MARK = re.compile(rb"zq[0-9a-f]{12}qz")
AT_ONCE = 40
# In seconds: calls that are cancelled go on for so long at most, half of them for too short a time to be answered.
LONGEST_PATIENCE, TOO_SHORT = 0.1, 0.0005
READ = "query ($id: ID!) { order(id: $id) { notes customer { name } lines(first: 5) { nodes { name } } } viewer { tenant { name } } }"
LIST = """
query ($text: String!) {
  orders(search: $text) { totalCount nodes { notes } } customers { nodes { name } } orderGroups(groupBy: "status") { count }
}
"""
CREATE = mutation("createCustomer", "Customer", "customer { name }")
BUSY = b'"code":"BUSY"'
RIGHT, WRONG = ("read", "list", "update", "create"), ("foreign", "refused", "busy", "cancelled")


@dataclass(frozen=True)
class Marked:
    """A company with a mark in its texts, an order, and one that somebody holds the lock of."""

    company: Company
    mark: str
    order: str
    locked: str


@dataclass
class Mixed:
    """What was answered: how many of each kind, and each answer in which a mark of somebody else was."""

    asked: Counter[str] = field(default_factory=Counter)
    answered: Counter[str] = field(default_factory=Counter)
    foreign: list[bytes] = field(default_factory=list)


async def marked(house: House, number: int) -> list[Marked]:
    """So many companies."""
    found = []
    for _ in range(number):
        mark = f"zq{random.getrandbits(48):012x}qz"
        company = await found_company(house.database, house.callers, name=mark)
        given: Row = {"notes": mark, "customer": {"name": mark}, "lines": [{"name": mark, "unitPrice": "1"}]}
        order, locked = await create_orders(company, [given, given])
        found.append(Marked(company, mark, order, locked))
    return found


@asynccontextmanager
async def locks_held(database: Database, companies: Sequence[Marked]) -> AsyncIterator[None]:
    """Somebody changes one order of each company, and takes long over it."""
    async with database.connection() as connection, connection.transaction():
        for each in companies:
            await connection.execute(ENTER, {"tenant": each.company.id})
            await connection.execute("SELECT 1 FROM orders WHERE id = %(id)s FOR UPDATE", {"id": each.locked})
        yield


async def mixed(house: House, companies: Sequence[Marked], count: int, chance: random.Random) -> Mixed:
    """Send so many requests, a tenth of them wrong, and look whose marks are in the answers."""
    found, places = Mixed(), asyncio.Semaphore(AT_ONCE)

    async def one(mine: Marked, other: Marked, kind: str, patience: float | None) -> None:
        document, variables = request(mine, other, kind)
        async with places:
            with suppress(TimeoutError):
                async with asyncio.timeout(patience):
                    answer = await execute(
                        house,
                        Operation(document, None, variables),
                        token=mine.company.owner.token,
                        language="en",
                        request_id="mixed",
                    )
                    note(found, mine, kind, answer.body)

    async with asyncio.TaskGroup() as tasks:
        for _ in range(count):
            kind = chance.choice(WRONG if chance.random() < 0.1 else RIGHT)
            mine, other = chance.sample(companies, 2)
            impatient = chance.choice((TOO_SHORT, chance.uniform(0, LONGEST_PATIENCE)))
            patience = impatient if kind == "cancelled" else None
            found.asked[kind] += 1
            tasks.create_task(one(mine, other, kind, patience))
    return found


def note(found: Mixed, mine: Marked, kind: str, body: bytes) -> None:
    marks = set(MARK.findall(body))
    if marks - {mine.mark.encode()}:
        found.foreign.append(body)
    mark = mine.mark.encode()
    # Several may change the same order at once, and one of them may have waited too long.
    special = {"update": (mark, BUSY), "busy": (BUSY,), "refused": (b"NOT_FOUND",), "foreign": (b'"order":null',)}
    if any(expected in body for expected in special.get(kind, (mark,))):
        found.answered[kind] += 1


def request(mine: Marked, other: Marked, kind: str) -> tuple[str, Row]:
    match kind:
        case "read":
            return READ, {"id": mine.order}
        case "foreign":
            return READ, {"id": other.order}
        case "list":
            return LIST, {"text": mine.mark}
        case "create":
            return CREATE, {"input": {"name": mine.mark}}
        case "refused":
            return UPDATE_ORDER, {"input": {"id": other.order, "notes": mine.mark}}
        case "busy":
            return UPDATE_ORDER, {"input": {"id": mine.locked, "notes": mine.mark}}
        case _:
            return UPDATE_ORDER, {"input": {"id": mine.order, "notes": f"{mine.mark} {random.random()}"}}
