"""What this process says to the others after its commits: news for subscribers, and a nudge for the relay.

It is said in the background and at best: a commit never waits for Redis, and nothing that must happen depends on it.
"""

import asyncio
import logging
from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from uuid import UUID

import orjson
import redis.asyncio
from redis import RedisError
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from tenants.database import Announcement
from workers.ending import end

NEWS = "orderloom:news:"
NUDGE = "orderloom:nudge"

MOST_WAITING = 10_000
PAUSE = 0.5
# What is said within this time is said at once: a message of its own for each commit would cost more than it is worth.
GATHERING = 0.025
LAST_WORDS = 0.5

log = logging.getLogger(__name__)


def channel(tenant_id: UUID) -> str:
    """Where the news of one tenant, and of no other, are told."""
    return f"{NEWS}{tenant_id}"


def client(redis_url: str, *, timeout: float | None) -> "redis.asyncio.Redis":
    """A connection that fails at once instead of repeating; ``timeout`` None is for one that waits for messages."""
    return redis.asyncio.Redis.from_url(
        redis_url,
        socket_timeout=timeout,
        socket_connect_timeout=2,
        socket_keepalive=True,
        retry=Retry(NoBackoff(), 0),
    )


class Announcer:
    """Listens to ``Database.on_commit`` and tells Redis, in the order of the commits."""

    def __init__(self, redis_url: str) -> None:
        self._client = client(redis_url, timeout=2)
        self._waiting: asyncio.Queue[Announcement] = asyncio.Queue(MOST_WAITING)
        self._task: asyncio.Task[None] | None = None
        self.connected = True

    def start(self) -> None:
        self._task = asyncio.create_task(self._run())

    async def close(self) -> None:
        """Say what is left, if Redis still listens, and stop."""
        if self._task is not None:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._waiting.join(), LAST_WORDS)
            await end(self._task)
        await self._client.aclose()

    async def __call__(self, announcement: Announcement) -> None:
        if announcement.events or announcement.jobs:
            # When Redis is away for long, the oldest news are the least worth.
            if self._waiting.full():
                self._waiting.get_nowait()
                self._waiting.task_done()
            self._waiting.put_nowait(announcement)

    async def _run(self) -> None:
        while True:
            said = [await self._waiting.get()]
            await asyncio.sleep(GATHERING)
            while not self._waiting.empty():
                said.append(self._waiting.get_nowait())
            try:
                await self._say(said)
            except (RedisError, OSError) as error:
                if self.connected:
                    log.warning(
                        "Redis does not take announcements (%s); automations start up to a second later.", error
                    )
                self.connected = False
                await asyncio.sleep(PAUSE)
            else:
                self.connected = True
            finally:
                for _ in said:
                    self._waiting.task_done()

    async def _say(self, announcements: list[Announcement]) -> None:
        news: dict[UUID, list[dict[str, Any]]] = {}
        for announcement in announcements:
            if announcement.events:
                news.setdefault(announcement.tenant_id, []).extend(map(_news, announcement.events))
        pipeline = self._client.pipeline(transaction=False)
        for tenant_id, events in news.items():
            pipeline.publish(channel(tenant_id), orjson.dumps(events))
        if any(announcement.jobs for announcement in announcements):
            pipeline.publish(NUDGE, b"")
        await pipeline.execute()


def _news(event: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "record_type": event["record_type"],
        "record_id": str(event["record_id"]),
        "record_version": event["record_version"],
        "kind": event["kind"],
    }
