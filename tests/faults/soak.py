"""Half of what the product can do, for twenty minutes: nothing may grow (R17). `make soak`, or with MINUTES=2 for a try.

Several companies read, order, change and listen on the full product, each process for itself. The figures at a quarter of the time
and at its end are compared; the exit code is 1 when something has grown, hung or been refused.
"""

import argparse
import asyncio
import random
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx2
import orjson
import psycopg
import redis.asyncio
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from tenants.database import Database
from tests.documents import CREATE_ORDER
from tests.faults.instance import LINES, Instance, MailServer, Shop, eventually

COMPANIES, SUBSCRIBERS, AT_ONCE = 8, 16, 8
CALIBRATION_SECONDS = 10.0
BETWEEN_LOOKS = 5.0
PROCESSES = ("serve", "worker", "clock")
MOST_GROWTH = 0.05
# Pools and the allocator breathe; what grows with the load grows by far more.
MOST_MORE = {"files": 8, "threads": 2, "connections": 6, "Redis keys": 20}
LONGEST_IDLE = "5 seconds"

LIST = """query Newest { orders(first: 20) { totalCount nodes { id number status { key label } orderedAt total { amount }
  customer { name } lines(first: 3) { nodes { name quantity total { amount } } } } } }"""
SEARCH = """query Found($text: String!) { orders(first: 5, search: $text) { nodes { number } } }"""
UPDATE = """mutation Change($input: UpdateOrderInput!) { updateOrder(input: $input) {
  __typename ... on OrderPayload { order { id version } } ... on Problem { message } } }"""
IDLE = f"""SELECT count(*) FROM pg_stat_activity WHERE usename = 'orderloom_app' AND state LIKE 'idle in transaction%'
  AND state_change < now() - interval '{LONGEST_IDLE}'"""


@dataclass
class Load:
    """What was asked for, and what came of it."""

    seconds: list[float] = field(default_factory=list)
    failed: Counter[str] = field(default_factory=Counter)
    news: int = 0


@dataclass(frozen=True)
class Figures:
    """What may not grow."""

    memory: dict[str, float]
    counts: dict[str, int]


class Soak:
    """One run."""

    def __init__(self, instance: Instance, shops: list[Shop]) -> None:
        self.instance = instance
        self.shops = shops
        self.load = Load()
        self.pause = 0.0
        self.idle_seen = 0
        self._http = httpx2.AsyncClient(base_url=instance.url, timeout=30)
        self._latest: dict[str, list[str]] = {}

    async def calibrate(self) -> float:
        """Operations a second at most; from then on half of them are asked for."""
        load, self.load = self.load, Load()
        workers = [asyncio.create_task(self._work()) for _ in range(AT_ONCE)]
        await asyncio.sleep(CALIBRATION_SECONDS)
        await _cancelled(*workers)
        rate = len(self.load.seconds) / CALIBRATION_SECONDS
        self.pause = AT_ONCE / (rate / 2)
        self.load = load
        return rate

    async def run(self, seconds: float) -> tuple[Figures, Figures]:
        """Half load for so long; the figures at a quarter of it, and at its end."""
        tasks = [asyncio.create_task(self._work()) for _ in range(AT_ONCE)]
        tasks += [asyncio.create_task(self._listen(self.shops[place % COMPANIES])) for place in range(SUBSCRIBERS)]
        tasks.append(asyncio.create_task(self._watch_transactions()))
        await asyncio.sleep(seconds / 4)
        early = await self._figures()
        await asyncio.sleep(seconds * 3 / 4)
        late = await self._figures()
        await _cancelled(*tasks)
        return early, late

    async def _work(self) -> None:
        while True:
            due = time.monotonic() + self.pause * random.uniform(0.5, 1.5)
            await self._once(random.choice(self.shops), random.random())
            await asyncio.sleep(max(0.0, due - time.monotonic()))

    async def _once(self, shop: Shop, dice: float) -> None:
        known = self._latest.setdefault(shop.company.slug, [])
        if dice < 0.5:
            await self._ask(shop, LIST, {})
        elif dice < 0.7:
            await self._ask(shop, SEARCH, {"text": random.choice(["work", "000", "ann"])})
        elif dice < 0.85 or not known:
            answer = await self._ask(shop, CREATE_ORDER, {"input": {"lines": LINES}})
            if answer is not None:
                known.append(answer["data"]["result"]["order"]["id"])
                del known[:-50]
        else:
            note = "".join(random.choices("abcdefgh ", k=random.randrange(10, 200)))
            await self._ask(shop, UPDATE, {"input": {"id": random.choice(known), "notes": note}})

    async def _ask(
        self, shop: Shop, query: str, variables: dict[str, object]
    ) -> dict[str, dict[str, dict[str, dict[str, str]]]] | None:
        headers = {"content-type": "application/json", "authorization": f"Bearer {shop.company.owner.token}"}
        began = time.monotonic()
        try:
            response = await self._http.post(
                "/graphql", content=orjson.dumps({"query": query, "variables": variables}), headers=headers
            )
        except httpx2.TransportError as error:
            self.load.failed[repr(error)] += 1
            return None
        self.load.seconds.append(time.monotonic() - began)
        answer = orjson.loads(response.content)
        if response.status_code != 200 or "errors" in answer:
            self.load.failed[f"{response.status_code} {answer['errors'][0]['message'][:80]}"] += 1
            return None
        found: dict[str, dict[str, dict[str, dict[str, str]]]] = answer
        return found

    async def _listen(self, shop: Shop) -> None:
        protocol = Subprotocol("graphql-transport-ws")
        while True:
            with suppress(ConnectionClosed, OSError, TimeoutError):
                async with connect(f"ws://127.0.0.1:{self.instance.port}/graphql", subprotocols=[protocol]) as socket:
                    token = {"Authorization": f"Bearer {shop.company.owner.token}"}
                    await socket.send(orjson.dumps({"type": "connection_init", "payload": token}).decode())
                    await socket.recv()
                    query = {"query": "subscription { orderChanged { kind order { number } } }"}
                    await socket.send(orjson.dumps({"id": "1", "type": "subscribe", "payload": query}).decode())
                    # Sockets come and go.
                    async with asyncio.timeout(random.uniform(5, 60)):
                        async for _ in socket:
                            self.load.news += 1

    async def _watch_transactions(self) -> None:
        async with await psycopg.AsyncConnection.connect(self.instance.superuser_url, autocommit=True) as watching:
            while True:
                row = await (await watching.execute(IDLE)).fetchone()
                self.idle_seen += row[0] if row else 0
                await asyncio.sleep(BETWEEN_LOOKS)

    async def _figures(self) -> Figures:
        async with await psycopg.AsyncConnection.connect(self.instance.superuser_url, autocommit=True) as watching:
            row = await (
                await watching.execute("SELECT count(*) FROM pg_stat_activity WHERE usename = 'orderloom_app'")
            ).fetchone()
        async with redis.asyncio.Redis.from_url(self.instance.redis_url) as client:
            keys = await client.dbsize()
        handles = [self.instance.handles(name) for name in PROCESSES]
        counts = {
            "files": sum(files for files, _ in handles),
            "threads": sum(threads for _, threads in handles),
            "connections": row[0] if row else 0,
            "Redis keys": keys,
        }
        return Figures({name: self.instance.memory(name) for name in PROCESSES}, counts)

    async def close(self) -> None:
        await self._http.aclose()


async def _cancelled(*tasks: asyncio.Task[None]) -> None:
    for task in tasks:
        task.cancel()
    for found in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(found, Exception):
            raise found


def verdicts(early: Figures, late: Figures) -> list[tuple[str, float, float, bool]]:
    """Each figure early and late, and whether it is as it should be."""
    memory = [
        (f"{name}, MiB", early.memory[name], now, now <= early.memory[name] * (1 + MOST_GROWTH))
        for name, now in late.memory.items()
    ]
    counts = [
        (name, float(early.counts[name]), float(now), now <= early.counts[name] + MOST_MORE[name])
        for name, now in late.counts.items()
    ]
    return memory + counts


def report(soak: Soak, rate: float, seconds: float, figures: tuple[Figures, Figures]) -> bool:
    """Print the table; whether all is well."""
    taken = sorted(soak.load.seconds)
    print(
        f"\n{rate:.0f} operations a second at most, {len(taken) / seconds:.0f} asked for, over {seconds / 60:.1f} minutes"
    )
    print(
        f"p50 {taken[len(taken) // 2] * 1000:.1f} ms, p99 {taken[int(len(taken) * 0.99)] * 1000:.1f} ms, {soak.load.news} news"
    )
    rows = verdicts(*figures)
    print(f"\n{'':16}{'early':>10}{'late':>10}")
    for name, before, after, fine in rows:
        print(f"{name:16}{before:10.1f}{after:10.1f}  {'' if fine else 'GREW'}")
    print(f"\nidle in transaction over {LONGEST_IDLE}: {soak.idle_seen}; failed: {dict(soak.load.failed)}")
    return all(fine for *_, fine in rows) and not soak.idle_seen and not soak.load.failed


async def soak(minutes: float) -> bool:
    """One run from nothing; whether all was well."""
    mail = MailServer()
    with tempfile.TemporaryDirectory() as folder:
        instance = Instance(Path(folder), mail)
        try:
            for name in PROCESSES:
                instance.start(name)
            try:
                await instance.until_ready()
            except TimeoutError:
                print(instance.log_path.read_text()[-5_000:])
                raise
            database = await Database.open(instance.app_url, size=2)
            shops = [await Shop.found(instance, database) for _ in range(COMPANIES)]
            await database.close()
            run = Soak(instance, shops)
            rate = await run.calibrate()
            figures = await run.run(minutes * 60)
            await eventually(instance._is_ready, 10)
            await run.close()
            return report(run, rate, minutes * 60, figures)
        finally:
            instance.stop()
            mail.stop()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=20.0)
    sys.exit(0 if asyncio.run(soak(parser.parse_args().minutes)) else 1)
