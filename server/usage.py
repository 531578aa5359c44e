"""Tells the database what this process has served, now and then."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from uuid import UUID

import psycopg
from psycopg_pool import PoolTimeout

from tenants.database import Database
from tenants.usage import add
from workers.ending import end

BETWEEN_TELLS = 10.0
# Companies of one round trip: for no longer than their statements take to write, requests wait for the event loop.
AT_ONCE = 50
Spent = Mapping[UUID, tuple[int, int]]

log = logging.getLogger(__name__)


class UsageTeller:
    """``look`` gives operations and points by company since it was last asked."""

    def __init__(self, database: Database, look: Callable[[], Spent]) -> None:
        self._database = database
        self._look = look
        self._untold: dict[UUID, tuple[int, int]] = {}
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run())

    async def close(self) -> None:
        """Tell the rest, and stop."""
        if self._task is not None:
            await end(self._task)
        with suppress(psycopg.Error, PoolTimeout, OSError):
            await self.tell()

    async def tell(self) -> None:
        """Tell what was served since the last time. Raises psycopg's errors; what could not be told is told the next time."""
        for tenant_id, (requests, cost) in self._look().items():
            known = self._untold.get(tenant_id, (0, 0))
            self._untold[tenant_id] = (known[0] + requests, known[1] + cost)
        waiting = list(self._untold)
        for start in range(0, len(waiting), AT_ONCE):
            part = {tenant_id: self._untold[tenant_id] for tenant_id in waiting[start : start + AT_ONCE]}
            await add(self._database, part)
            for tenant_id in part:
                del self._untold[tenant_id]

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(BETWEEN_TELLS)
            try:
                await self.tell()
            except (psycopg.Error, PoolTimeout, OSError) as error:
                log.warning("What companies used is told later: %s", error)
