"""Clients that hold connections for nothing are cut, and the others hardly notice (S5)."""

import asyncio
import random
import sys
from collections.abc import AsyncIterator, Sequence
from statistics import median
from typing import Any

import orjson
import pytest

from tenants.database import Database
from tests.examples import create_orders
from tests.faults.instance import Instance, Shop
from tests.faults.test_trouble import Reading

pytestmark = pytest.mark.timeout(600)

ROUNDS = 5
# Of a round without the slow clients, and as long with them: they come within four seconds, and are cut after up to fifteen.
SECONDS = 17.0
PER_SECOND = 20
HALF_SENT, IN_HEADERS, IDLE, READERS = 400, 100, 500, 5
LONG_NOTE = 4_000
LONGEST_HOLD = 15.0
# Timers fire late on a machine that is busy with both sides.
LATE = 1.0
MOST_GROWTH = 2.0
RESAMPLES = 2_000


@pytest.fixture
async def slow_clients(instance: Instance) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.faults.slow_clients",
        str(instance.port),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=2**20,
    )
    yield process
    process.kill()
    await process.wait()


async def attacked(clients: asyncio.subprocess.Process, wanted: dict[str, Any]) -> dict[str, list[float]]:
    """Let the slow clients come; for how long each was held."""
    assert clients.stdin is not None
    assert clients.stdout is not None
    clients.stdin.write(orjson.dumps(wanted) + b"\n")
    found: dict[str, list[float]] = orjson.loads(await clients.stdout.readline())
    return found


async def measured(shop: Shop, seconds: float) -> list[float]:
    """How long each read took that one client asked for in this time, at a steady rate."""
    reading = Reading(shop, PER_SECOND)
    task = asyncio.create_task(reading.run())
    await asyncio.sleep(seconds)
    reading.stop()
    await task
    assert reading.failed == []
    return reading.seconds


def p99(seconds: Sequence[float]) -> float:
    return sorted(seconds)[int(len(seconds) * 0.99)]


def growth(before: Sequence[Sequence[float]], during: Sequence[Sequence[float]]) -> float:
    """By what factor the 99th percentile grew in the median round: one that the machine itself disturbed does not count."""
    return median(p99(troubled) / p99(quiet) for quiet, troubled in zip(before, during, strict=True))


def interval(chance: random.Random, before: list[list[float]], during: list[list[float]]) -> tuple[float, float]:
    """Between what the growth lies with a probability of 90 %, by bootstrap within each round."""
    found = sorted(
        growth(*([chance.choices(seconds, k=len(seconds)) for seconds in rounds] for rounds in (before, during)))
        for _ in range(RESAMPLES)
    )
    return found[int(RESAMPLES * 0.05)], found[int(RESAMPLES * 0.95)]


async def test_slow_clients_are_cut_and_the_others_do_not_notice(
    instance: Instance, database: Database, chance: random.Random, slow_clients: asyncio.subprocess.Process
) -> None:
    """Quiet and troubled times alternate, so that whatever else the machine does falls on both."""
    shop = await Shop.found(instance, database)
    for _ in range(5):
        await create_orders(shop.company, [{"notes": "x" * LONG_NOTE}] * 20)
    wanted: dict[str, Any] = {"half_sent": HALF_SENT, "headers": IN_HEADERS, "idle": IDLE, "readers": READERS}
    wanted["token"] = shop.company.owner.token
    await measured(shop, 3)
    before, during = list[list[float]](), list[list[float]]()
    held: dict[str, list[float]] = {}
    for _ in range(ROUNDS):
        before.append(await measured(shop, SECONDS))
        found, seconds = await asyncio.gather(attacked(slow_clients, wanted), measured(shop, SECONDS))
        during.append(seconds)
        for name, times in found.items():
            held.setdefault(name, []).extend(times)
    low, high = interval(chance, before, during)
    for name, rounds in (("alone", before), ("among", during)):
        print(name, "p99 of the rounds:", ", ".join(f"{p99(seconds) * 1000:.1f}" for seconds in rounds), "ms")
    print(f"growth of p99 {growth(before, during):.2f}, with 90 % between {low:.2f} and {high:.2f}")
    print({name: f"{min(found):.1f} to {max(found):.1f} s" for name, found in held.items()})
    assert {name: len(found) for name, found in held.items()} == {
        name: count * ROUNDS for name, count in wanted.items() if name != "token"
    }
    assert max(max(found) for found in held.values()) < LONGEST_HOLD + LATE
    assert growth(before, during) < MOST_GROWTH
    await instance.until_ready()
