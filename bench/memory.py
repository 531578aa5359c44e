"""What companies take of a process's memory, and what it costs to serve one that is not in it: ``make bench-memory``.

Asks one process, without HTTP: very many companies of one template, and companies that each have 50 own fields like nobody else. Prints
how resident memory grows, what the configurations weigh as the process estimates it and as Python counts it, the time of a company's
first request and of its next, and the first request after a change of a configuration with 50 and with 500 own fields.
"""

import argparse
import asyncio
import gc
import statistics
import tempfile
import time
import tracemalloc
from collections.abc import Sequence
from pathlib import Path

import psutil

from bench import companies
from bench.companies import Founded
from bench.configured import NEWEST
from bench.data import Tenant
from schema.execution import House, Operation, execute
from server.embedded import Embedded, Services
from server.settings import app_database_url
from tenants.callers import ROOM, Callers
from tenants.config import change_sets
from tenants.database import Database
from tenants.transaction import begin

SHARING, OWN, FIELDS = 10_000, 500, 50
CHANGES = 7
CHANGE_GOAL = 50.0
OWN_FIELDS = "query Own {{ orders(first: 20) {{ nodes {{ id number custom {{ {fields} }} }} }} }}"


async def _ask(house: House, tenant: Tenant, document: str) -> float:
    """The milliseconds that the answer took. Raises AssertionError for one with errors."""
    begun = time.perf_counter()
    answer = await execute(house, Operation(document), token=tenant.token, language="en", request_id="bench")
    taken = (time.perf_counter() - begun) * 1000
    assert b'"errors"' not in answer.body, answer.body[:500]
    return taken


def _document(tenant: Tenant, own: Sequence[str]) -> str:
    """What a company is asked: its newest orders, with three of its own fields where it has any."""
    fields = own[:3]
    return OWN_FIELDS.format(fields=" ".join(fields)) if fields else NEWEST


async def _round(house: House, asked: Sequence[tuple[Tenant, str]]) -> float:
    """The median time of asking each once."""
    return statistics.median([await _ask(house, tenant, document) for tenant, document in asked])


def _resident() -> float:
    gc.collect()
    return float(psutil.Process().memory_info().rss / 2**20)


async def _grow(title: str, founded: Founded, asked: Sequence[tuple[Tenant, str]]) -> None:
    """Ask every company twice, and print what it took."""
    database = await Database.open(app_database_url(founded.services.database_url))
    try:
        house = House(database, Callers(database))
        for tenant, document in asked[:2]:
            await _ask(house, tenant, document)
        before = _resident()
        first, again = await _round(house, asked), await _round(house, asked)
        known = house.callers.entries
        print(
            f"{title}: resident memory {before:.0f} to {_resident():.0f} MiB; in memory: {known}; configurations weigh"
            f" {house.callers.weight.bytes / 2**20:.1f} of {ROOM / 2**20:.0f} MiB; first request {first:.1f} ms, next {again:.1f} ms"
        )
        await _weigh(database, asked[len(asked) // 2 :][:50])
    finally:
        await database.close()


async def _weigh(database: Database, asked: Sequence[tuple[Tenant, str]]) -> None:
    """What some companies weigh as estimated, and as Python counts it."""
    house = House(database, Callers(database))
    await _ask(house, *asked[0])
    gc.collect()
    tracemalloc.start()
    estimated = -house.callers.weight.bytes
    for one in asked[1:]:
        await _ask(house, *one)
    gc.collect()
    estimated += house.callers.weight.bytes
    counted, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    each = len(asked) - 1
    print(
        f"  one more company: {counted / each / 1000:.1f} kB as counted, of it configuration as estimated {estimated / each / 1000:.1f} kB"
    )


async def _after_change(services: Services, count: int) -> None:
    """The first request after a field was added, beside the usual one."""
    tenant = await companies.first_company(
        services, f"changing-{count}", companies.own_fields(min(count, FIELDS), count)
    )
    database = await Database.open(app_database_url(services.database_url))
    try:
        house = House(database, Callers(database))
        document = _document(tenant, tenant.fields)
        usual, first = list[float](), list[float]()
        for number in range(CHANGES):
            usual += [await _ask(house, tenant, document) for _ in range(10)][3:]
            async with begin(database, await Callers(database).by_token(tenant.token)) as tx:
                body = {"label": {"en": f"One more {number}"}, "type": "text"}
                await change_sets.apply(tx, [change_sets.define(tx.config, "field", f"order.more{number}", body)])
            first.append(await _ask(house, tenant, document))
        more = statistics.median(first) - statistics.median(usual)
        print(
            f"{count} own fields: usual request {statistics.median(usual):.1f} ms, first after a change {statistics.median(first):.1f} ms"
            f" (at most {max(first):.1f}): {'within' if more <= CHANGE_GOAL else 'NOT within'} {CHANGE_GOAL:.0f} ms of it"
        )
    finally:
        await database.close()


async def _main(sharing: int, own: int) -> None:
    with tempfile.TemporaryDirectory(prefix="orderloom-memory-") as folder, Embedded(Path(folder) / "data") as embedded:
        services = embedded.services
        alike = await companies.many(services, "alike", sharing, orders=2)
        await _grow(f"{sharing} companies of one template", alike, [(tenant, NEWEST) for tenant in alike.tenants])
        others = await companies.many(services, "own", own, orders=2, own=FIELDS)
        asked = [
            (tenant, _document(tenant, list(companies.own_fields(0, FIELDS, f"own_{place}_"))))
            for place, tenant in enumerate(others.tenants)
        ][1:]
        await _grow(f"{own} companies with {FIELDS} own fields each", others, asked)
        for count in (FIELDS, 500):
            await _after_change(alike.services, count)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sharing", type=int, default=SHARING, help="companies of one template")
    parser.add_argument("--own", type=int, default=OWN, help="companies with fields of their own")
    given = parser.parse_args()
    asyncio.run(_main(given.sharing, given.own))
