"""News of commits in any process, for the subscriptions of this one: one connection to Redis, and a queue per listener.

News are told at best. What this module promises is that nobody misses any without being told: a listener that was too slow,
or was there while Redis was away, gets :class:`LostTouch` and is to begin again.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import orjson
from redis import RedisError

from workers.announcements import NEWS, client
from workers.ending import end

MOST_WAITING = 1_000
PAUSE = 0.5
# How often a silent connection is asked whether it still lives.
PATIENCE = 5.0

News = Mapping[str, Any]
log = logging.getLogger(__name__)


class LostTouch(Exception):
    """News were missed: subscribe again, and read what may have changed meanwhile."""


class _Listener:
    def __init__(self) -> None:
        self._waiting: asyncio.Queue[News | None] = asyncio.Queue(MOST_WAITING)

    def tell(self, news: list[News]) -> None:
        for item in news:
            if self._waiting.full():
                self.lose_touch()
                return
            self._waiting.put_nowait(item)

    def lose_touch(self) -> None:
        while not self._waiting.empty():
            self._waiting.get_nowait()
        self._waiting.put_nowait(None)

    async def news(self) -> AsyncIterator[News]:
        while (item := await self._waiting.get()) is not None:
            yield item
        raise LostTouch


class RedisLive:
    """The news of all tenants; each listener is told those of its own tenant alone."""

    def __init__(self, redis_url: str) -> None:
        self._client = client(redis_url, timeout=PATIENCE)
        self._listeners: dict[bytes, set[_Listener]] = {}
        self._task: asyncio.Task[None] | None = None
        self.connected = False

    def start(self) -> None:
        self._task = asyncio.create_task(self._run())

    async def close(self) -> None:
        if self._task is not None:
            await end(self._task)
        await self._client.aclose()

    @asynccontextmanager
    async def listen(self, tenant_id: UUID) -> AsyncIterator[AsyncIterator[News]]:
        """The tenant's news from now on. The iterator raises :class:`LostTouch` when some were missed."""
        key = str(tenant_id).encode()
        listener = _Listener()
        self._listeners.setdefault(key, set()).add(listener)
        try:
            yield listener.news()
        finally:
            self._listeners[key].discard(listener)
            if not self._listeners[key]:
                del self._listeners[key]

    async def is_up(self) -> bool:
        """Whether Redis answers now."""
        try:
            return bool(await self._client.ping())
        except (RedisError, OSError):
            return False

    async def _run(self) -> None:
        while True:
            try:
                await self._follow()
            except (RedisError, OSError) as error:
                if self.connected:
                    log.warning("Redis is away (%s); subscriptions wait.", error)
                self.connected = False
                await asyncio.sleep(PAUSE)

    async def _follow(self) -> None:
        async with self._client.pubsub() as subscription:
            await subscription.psubscribe(f"{NEWS}*")
            while True:
                message = await subscription.get_message(timeout=PATIENCE)
                if message is None:
                    # Silence; a connection that died without a word does not answer this.
                    await subscription.ping()
                elif message["type"] == "psubscribe":
                    # What was said before this moment, nobody here has heard.
                    self._lose_touch()
                    self.connected = True
                elif message["type"] == "pmessage":
                    self._tell(message["channel"].removeprefix(NEWS.encode()), message["data"])

    def _lose_touch(self) -> None:
        for listeners in self._listeners.values():
            for listener in listeners:
                listener.lose_touch()

    def _tell(self, tenant: bytes, data: bytes) -> None:
        listeners = self._listeners.get(tenant)
        if listeners:
            news = orjson.loads(data)
            for listener in tuple(listeners):
                listener.tell(news)
