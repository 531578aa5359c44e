"""From the queue of record to the workers: due jobs are claimed in PostgreSQL, and one message for each goes to Redis.

Any number of relays may run. Claimed jobs are leased; a message that is lost on its way, or with Redis, is sent again when the
lease ends. While Redis is away nothing is claimed, and while the workers are behind no more than they can soon do.
"""

import asyncio
import logging
from contextlib import suppress

import psycopg
from dramatiq.brokers.redis import RedisBroker
from psycopg_pool import PoolTimeout
from redis import RedisError

from tenants import jobs
from tenants.database import Database
from tenants.jobs import Job
from workers import broker as queue
from workers.announcements import NUDGE, client

# With more messages waiting than this, the workers have enough to do for some seconds, well within a lease.
MOST_WAITING = 500
AT_ONCE = 200
# How long a job waits when its nudge is lost.
LONGEST_SLEEP = 1.0

log = logging.getLogger(__name__)


class Relay:
    """Hands out due jobs until told to stop."""

    def __init__(self, database: Database, broker: RedisBroker, redis_url: str) -> None:
        self.database = database
        self.broker = broker
        self.most_waiting = MOST_WAITING
        self._redis_url = redis_url
        self._nudged = asyncio.Event()
        self._troubled = False

    async def run(self) -> None:
        """Never returns; cancel it."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._listen())
            tasks.create_task(self._hand_out_for_ever())

    async def hand_out(self) -> int:
        """Hand out what is due and say how many jobs that were.

        Raises ``RedisError`` when Redis takes no messages, and psycopg's errors; jobs claimed in vain are due again at once.
        """
        room = self.most_waiting - await asyncio.to_thread(queue.waiting, self.broker)
        if room <= 0:
            return 0
        found = await jobs.claim(self.database, min(room, AT_ONCE))
        if found:
            sent: list[Job] = []
            try:
                await asyncio.to_thread(self._send, found, sent)
            finally:
                if len(sent) < len(found):
                    await jobs.release(self.database, [job.id for job in found[len(sent) :]])
        return len(found)

    def _send(self, found: list[Job], sent: list[Job]) -> None:
        for job in found:
            self.broker.enqueue(queue.wake_up(job))
            sent.append(job)

    async def _hand_out_for_ever(self) -> None:
        while True:
            self._nudged.clear()
            try:
                handed_out = await self.hand_out()
            except (RedisError, psycopg.OperationalError, PoolTimeout, OSError) as error:
                self._say_trouble(error)
                handed_out = 0
                if isinstance(error, psycopg.OperationalError):
                    await self.database.mend()
            else:
                self._troubled = False
            if handed_out < AT_ONCE:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._nudged.wait(), LONGEST_SLEEP)

    def _say_trouble(self, error: Exception) -> None:
        if not self._troubled:
            log.warning("Jobs wait, and will go on by themselves: %s", error)
        self._troubled = True

    async def _listen(self) -> None:
        """Wake up at each nudge. Without Redis there is none, and the sleep above ends by itself."""
        while True:
            try:
                async with client(self._redis_url, timeout=None) as connection, connection.pubsub() as subscription:
                    await subscription.subscribe(NUDGE)
                    async for _ in subscription.listen():
                        self._nudged.set()
            except (RedisError, OSError):
                await asyncio.sleep(LONGEST_SLEEP)
