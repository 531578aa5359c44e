"""Nothing is lost and nothing doubled, whichever process dies (R1, R2, R3, R4, R6, R7, R13)."""

import asyncio
import random
import signal
import sys
import time

import psycopg
import pytest
import redis.asyncio

from tenants.database import Database
from tests.faults.instance import Instance, MailServer, Shop, eventually

pytestmark = pytest.mark.timeout(300)

ORDERS = 200
# From the last fault to the last effect.
LONGEST_RECOVERY = 30.0


async def test_the_worker_is_killed_while_it_works(
    instance: Instance, database: Database, mail: MailServer, chance: random.Random
) -> None:
    shop = await Shop.found(instance, database)
    ordering = asyncio.create_task(shop.order(ORDERS, pause=0.1))
    for _ in range(8):
        await asyncio.sleep(chance.uniform(0.2, 1.5))
        instance.kill("worker")
        instance.start("worker")
    numbers = await ordering
    await shop.all_done(ORDERS, LONGEST_RECOVERY + 10)
    await shop.check_effects(numbers, mail)


async def test_redis_is_killed_and_wiped_while_the_others_work(
    instance: Instance, database: Database, mail: MailServer, chance: random.Random
) -> None:
    shop = await Shop.found(instance, database)
    ordering = asyncio.create_task(shop.order(ORDERS, pause=0.1))
    for place in range(6):
        await asyncio.sleep(chance.uniform(0.2, 1.0))
        if place % 2:
            instance.kill_redis()
            await asyncio.sleep(chance.uniform(0.1, 1.5))
            await asyncio.to_thread(instance.revive)
        else:
            async with redis.asyncio.Redis.from_url(instance.redis_url) as client:
                await client.flushall()
    numbers = await ordering
    assert shop.refused == {}
    await shop.all_done(ORDERS, LONGEST_RECOVERY)
    await shop.check_effects(numbers, mail)


async def test_without_redis_orders_are_taken_and_automations_wait(
    instance: Instance, database: Database, mail: MailServer, chance: random.Random
) -> None:
    shop = await Shop.found(instance, database)
    instance.kill_redis()
    try:
        numbers = await shop.order(50)
        assert shop.refused == {}
        assert shop.slowest < 2.0
        assert await shop.runs() == {"pending": 50}
    finally:
        await asyncio.to_thread(instance.revive)
    await shop.all_done(50, LONGEST_RECOVERY)
    await shop.check_effects(numbers, mail)


async def test_redis_is_full_while_the_others_work(
    instance: Instance, database: Database, mail: MailServer, chance: random.Random
) -> None:
    shop = await Shop.found(instance, database)
    async with redis.asyncio.Redis.from_url(instance.redis_url) as client:
        await client.config_set("maxmemory", "1")
        try:
            numbers = await shop.order(50)
            assert shop.refused == {}
            await asyncio.sleep(3)
        finally:
            await client.config_set("maxmemory", "0")
    await shop.all_done(50, LONGEST_RECOVERY)
    await shop.check_effects(numbers, mail)


async def test_the_api_is_killed_while_orders_come_in(
    instance: Instance, database: Database, mail: MailServer, chance: random.Random
) -> None:
    shop = await Shop.found(instance, database)
    ordering = asyncio.create_task(shop.order(ORDERS, pause=0.05))
    for _ in range(3):
        await asyncio.sleep(chance.uniform(0.2, 1.5))
        instance.kill("serve")
        instance.start("serve")
        await instance.until_ready()
    numbers = await ordering
    await shop.all_done(ORDERS, LONGEST_RECOVERY)
    await shop.check_effects(numbers, mail)


async def test_the_relay_is_killed_while_jobs_wait(
    instance: Instance, database: Database, mail: MailServer, chance: random.Random
) -> None:
    shop = await Shop.found(instance, database)
    ordering = asyncio.create_task(shop.order(ORDERS, pause=0.05))
    for _ in range(4):
        await asyncio.sleep(chance.uniform(0.2, 1.0))
        instance.kill("clock")
        instance.start("clock")
    numbers = await ordering
    await shop.all_done(ORDERS, LONGEST_RECOVERY)
    await shop.check_effects(numbers, mail)


async def test_all_connections_to_postgresql_are_cut_while_the_others_work(
    instance: Instance, database: Database, mail: MailServer, chance: random.Random
) -> None:
    shop = await Shop.found(instance, database)
    ordering = asyncio.create_task(shop.order(ORDERS, pause=0.1))
    async with await psycopg.AsyncConnection.connect(instance.superuser_url, autocommit=True) as knife:
        for _ in range(5):
            await asyncio.sleep(chance.uniform(0.2, 1.0))
            await knife.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'orderloom_app'"
            )
            began = time.monotonic()
            await instance.until_ready()
            assert time.monotonic() - began < 2.0
    # Our own connections were cut as well.
    await database.mend()
    numbers = await ordering
    await shop.all_done(ORDERS, LONGEST_RECOVERY)
    await shop.check_effects(numbers, mail)


async def test_a_worker_sleeps_past_its_lease_and_wakes_up(
    instance: Instance, database: Database, mail: MailServer, chance: random.Random
) -> None:
    shop = await Shop.found(instance, database)
    ordering = asyncio.create_task(shop.order(ORDERS, pause=0.02))
    await asyncio.sleep(chance.uniform(0.3, 1.0))
    instance.kill("worker", signal.SIGSTOP)
    instance.start("second", sys.executable, "-m", "server.cli", "worker")
    numbers = await ordering
    # What the sleeper holds is locked until PostgreSQL ends its idle transactions, after 30 s.
    await shop.all_done(ORDERS, 75)
    instance.kill("worker", signal.SIGCONT)
    await asyncio.sleep(3)
    await shop.check_effects(numbers, mail)
    instance.kill("second")


async def test_what_kills_its_worker_is_parked_and_the_rest_goes_on(
    instance: Instance, database: Database, mail: MailServer, chance: random.Random
) -> None:
    sound = await Shop.found(instance, database)
    poisoned = await Shop.found(instance, database)
    await poisoned.company.rows(
        """UPDATE definitions SET body = jsonb_set(body, '{actions}', '[{"type": "kill_the_worker"}]')
           WHERE tenant_id = %(tenant)s AND kind = 'automation' RETURNING key"""
    )
    await poisoned.company.rows(
        "UPDATE tenants SET config_version = config_version + 1 WHERE id = %(tenant)s RETURNING id"
    )
    instance.kill("worker")
    instance.start("worker", sys.executable, "-m", "tests.faults.poisoned_worker")
    try:
        await poisoned.order(1)
        numbers = await sound.order(50, pause=0.1)

        async def parked() -> bool:
            return await poisoned.runs() == {"parked": 1}

        await eventually(parked, 120)
        (run,) = await poisoned.company.rows(
            "SELECT attempts, message FROM automation_runs WHERE tenant_id = %(tenant)s"
        )
        assert run["attempts"] == 3
        assert "worker died" in run["message"]
        await sound.all_done(50, LONGEST_RECOVERY)
        await sound.check_effects(numbers, mail)
    finally:
        instance.kill("worker")
        instance.start("worker")


async def test_postgresql_is_away_for_a_while(
    instance: Instance, database: Database, mail: MailServer, chance: random.Random
) -> None:
    shop = await Shop.found(instance, database)
    ordering = asyncio.create_task(shop.order(ORDERS, pause=0.05))
    await asyncio.sleep(chance.uniform(0.3, 1.0))
    postgres = instance.embedded._postgres
    assert postgres is not None
    await asyncio.to_thread(postgres.stop)
    await asyncio.sleep(4)
    await asyncio.to_thread(instance.revive)
    began = time.monotonic()
    await instance.until_ready()
    assert time.monotonic() - began < 3.0
    await database.mend()
    numbers = await ordering
    # Nobody waited in vain: each refusal came within a second or so.
    assert shop.slowest < 3.0
    assert set(shop.refused) <= {503, 200}
    await shop.all_done(ORDERS, LONGEST_RECOVERY)
    await shop.check_effects(numbers, mail)
