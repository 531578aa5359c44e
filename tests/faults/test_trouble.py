"""Under trouble the product goes on, or says so: restarts, services that are away (R9, R13)."""

import asyncio
import random
import time
from collections.abc import AsyncIterator
from contextlib import suppress

import httpx2
import orjson
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from tenants.database import Database
from tests.faults.instance import Instance, MailServer, Shop, eventually

pytestmark = pytest.mark.timeout(300)

READ = orjson.dumps({"query": "{ orders(first: 5) { nodes { number } } }"})
PER_SECOND = 100


def headers(shop: Shop) -> dict[str, str]:
    return {"content-type": "application/json", "authorization": f"Bearer {shop.company.owner.token}"}


class Reading:
    """Reads at a steady rate, each answer counted, until stopped."""

    def __init__(self, shop: Shop, per_second: int = PER_SECOND) -> None:
        self.shop = shop
        self.pause = 1 / per_second
        self.seconds: list[float] = []
        self.failed: list[str] = []
        self._stopping = False

    async def run(self) -> None:
        limits = httpx2.Limits(max_connections=50)
        async with (
            httpx2.AsyncClient(base_url=self.shop.instance.url, timeout=20, limits=limits) as http,
            asyncio.TaskGroup() as tasks,
        ):
            while not self._stopping:
                tasks.create_task(self._read(http))
                await asyncio.sleep(self.pause)

    async def _read(self, http: httpx2.AsyncClient) -> None:
        began = time.monotonic()
        try:
            answer = await http.post("/graphql", content=READ, headers=headers(self.shop))
        except httpx2.TransportError as error:
            self.failed.append(repr(error))
            return
        self.seconds.append(time.monotonic() - began)
        if answer.status_code != 200 or b'"errors"' in answer.content:
            self.failed.append(f"{answer.status_code} {answer.text[:200]}")

    def stop(self) -> None:
        self._stopping = True

    def p99(self) -> float:
        return sorted(self.seconds)[int(len(self.seconds) * 0.99)]


async def following(shop: Shop, codes: list[int]) -> None:
    """A subscriber that comes back whenever it is sent away."""
    protocol = Subprotocol("graphql-transport-ws")
    while True:
        with suppress(ConnectionClosed, OSError):
            async with connect(f"ws://127.0.0.1:{shop.instance.port}/graphql", subprotocols=[protocol]) as connected:
                token = f"Bearer {shop.company.owner.token}"
                await connected.send(
                    orjson.dumps({"type": "connection_init", "payload": {"Authorization": token}}).decode()
                )
                await connected.recv()
                query = {"query": "subscription { orderChanged { kind } }"}
                await connected.send(orjson.dumps({"id": "1", "type": "subscribe", "payload": query}).decode())
                try:
                    async for _ in connected:
                        pass
                finally:
                    codes.append(connected.close_code or 0)
        await asyncio.sleep(0.2)


async def test_a_rolling_restart_fails_no_request(
    instance: Instance, database: Database, mail: MailServer, chance: random.Random
) -> None:
    shop = await Shop.found(instance, database)
    reading, codes = Reading(shop), list[int]()
    read = asyncio.create_task(reading.run())
    follow = asyncio.create_task(following(shop, codes))
    ordering = asyncio.create_task(shop.order(300, at_once=4, pause=0.2))
    for _ in range(5):
        await asyncio.sleep(chance.uniform(0.3, 1.0))
        await asyncio.gather(*(instance.replace(name) for name in ("serve", "worker", "clock")))
    numbers = await ordering
    reading.stop()
    await read
    follow.cancel()
    print(f"{len(reading.seconds)} reads, {len(numbers)} orders, 5 restarts, sockets closed with {codes}")
    assert reading.failed == []
    assert shop.refused == {}
    assert shop.broken == 0
    assert codes[:5] == [1012] * 5
    await shop.all_done(len(numbers), 45)
    await shop.check_effects(numbers, mail)


@pytest.fixture
async def http(instance: Instance) -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(base_url=instance.url, timeout=10) as client:
        yield client


async def test_redis_is_away_for_half_a_minute(
    instance: Instance, database: Database, mail: MailServer, chance: random.Random, http: httpx2.AsyncClient
) -> None:
    shop = await Shop.found(instance, database)
    reading, codes = Reading(shop, 20), list[int]()
    read = asyncio.create_task(reading.run())
    follow = asyncio.create_task(following(shop, codes))
    await asyncio.sleep(chance.uniform(0.5, 1.5))
    instance.kill_redis()
    try:
        numbers = await shop.order(60, at_once=2, pause=0.8)
        ready = await http.get("/readyz")
        assert (ready.status_code, ready.json()["redis"]) == (200, "away")
        assert "orderloom_redis_up 0.0" in (await http.get("/metrics")).text
    finally:
        await asyncio.to_thread(instance.revive)
    reading.stop()
    await read
    assert (reading.failed, shop.refused) == ([], {})
    await shop.all_done(60, 30)
    await shop.check_effects(numbers, mail)

    async def resumed() -> bool:
        return 1012 in codes

    await eventually(resumed, 15)
    follow.cancel()


async def test_without_postgresql_everything_says_so_at_once(
    instance: Instance, database: Database, chance: random.Random, http: httpx2.AsyncClient
) -> None:
    shop = await Shop.found(instance, database)
    # Known to the server before the database goes.
    assert (await http.post("/graphql", content=READ, headers=headers(shop))).status_code == 200
    postgres = instance.embedded._postgres
    assert postgres is not None
    protocol = Subprotocol("graphql-transport-ws")
    async with connect(f"ws://127.0.0.1:{instance.port}/graphql", subprotocols=[protocol]) as connected:
        token = f"Bearer {shop.company.owner.token}"
        await connected.send(orjson.dumps({"type": "connection_init", "payload": {"Authorization": token}}).decode())
        await connected.recv()
        await asyncio.to_thread(postgres.stop)
        try:
            slowest = 0.0
            for _ in range(20):
                began = time.monotonic()
                refused = await http.post("/graphql", content=READ, headers=headers(shop))
                slowest = max(slowest, time.monotonic() - began)
                assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
                assert refused.json()["errors"][0]["extensions"]["code"] == "UNAVAILABLE"
            print(f"slowest refusal {slowest * 1000:.0f} ms")
            assert slowest < 1.5
            ready = await http.get("/readyz")
            assert (ready.status_code, ready.json()["database"]) == (503, "away")
            assert "orderloom_database_up 0.0" in (await http.get("/metrics")).text
            await connected.send(orjson.dumps({"id": "1", "type": "subscribe", "payload": orjson.loads(READ)}).decode())
            said = orjson.loads(await asyncio.wait_for(connected.recv(), 3))
            assert (said["type"], said["payload"][0]["extensions"]["code"]) == ("error", "UNAVAILABLE")
        finally:
            await asyncio.to_thread(instance.revive)
        began = time.monotonic()
        await instance.until_ready()
        print(f"ready {time.monotonic() - began:.1f} s after PostgreSQL")
        assert (await http.post("/graphql", content=READ, headers=headers(shop))).status_code == 200
    await database.mend()
