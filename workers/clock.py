"""The relay and the chores: what runs by the clock, in one process. More than one may run."""

import asyncio
import logging
import signal
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import psycopg
from psycopg_pool import PoolTimeout

from tenants import chores, proofs, usage
from tenants.database import Database
from tenants.sign_in import entering
from tenants.single_sign_on import visits
from workers import broker as queue
from workers.ending import end
from workers.relay import Relay

# What each chore's number counts, for the log.
CHORES: dict[str, Callable[[Database], Awaitable[int]]] = {
    "idempotency keys forgotten": chores.forget_idempotency_keys,
    "files forgotten": chores.forget_files,
    "sessions forgotten": chores.forget_sessions,
    "tries to sign in forgotten": chores.forget_tries,
    "sign-ins given up": entering.forget_challenges,
    "visits to identity providers given up": visits.forget_old,
    "proofs forgotten": proofs.forget_old,
    "companies measured": usage.measure_due,
}
BETWEEN_CHORES = 300.0

log = logging.getLogger(__name__)


# What goes on beside relay and chores until it is cancelled.
Beside = Callable[[Database], Coroutine[Any, Any, None]]


async def run(database_url: str, redis_url: str, *beside: Beside) -> None:
    """Relay jobs and do the chores, and what goes on ``beside`` them, until SIGINT or SIGTERM. Raises ``PoolTimeout`` and the like when
    there is no database."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    database = await Database.open(database_url, size=3)
    try:
        broker = queue.connect(redis_url)
        relay = asyncio.create_task(Relay(database, broker, redis_url).run())
        timer = asyncio.create_task(_do_chores(database))
        stopping = asyncio.create_task(stopped.wait())
        tasks = (relay, timer, stopping, *(asyncio.create_task(each(database)) for each in beside))
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        await end(*tasks)
    finally:
        await database.close()


async def _do_chores(database: Database) -> None:
    while True:
        for name, chore in CHORES.items():
            try:
                if count := await chore(database):
                    log.info("Chores: %d %s.", count, name)
            except (psycopg.OperationalError, PoolTimeout) as error:
                log.warning("Chores: no %s in this round: %s", name, error)
        await asyncio.sleep(BETWEEN_CHORES)
