"""Writes down, every few seconds, what was counted for the audit log."""

import asyncio
import logging
from contextlib import suppress

import psycopg
from psycopg_pool import PoolTimeout

from tenants.audit_tallies import Tallies
from tenants.database import Database
from workers.ending import end

BETWEEN_WRITES = 5.0

log = logging.getLogger(__name__)


class AuditWriter:
    """Empties the tallies of one process."""

    def __init__(self, database: Database, tallies: Tallies) -> None:
        self._database = database
        self._tallies = tallies
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run())

    async def close(self) -> None:
        """Write the rest, and stop."""
        if self._task is not None:
            await end(self._task)
        with suppress(psycopg.Error, PoolTimeout):
            await self._tallies.write(self._database)

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(BETWEEN_WRITES)
            if self._tallies.lost:
                log.warning("%s refusals were not written to the audit log: too many differed.", self._tallies.lost)
                self._tallies.lost = 0
            try:
                await self._tallies.write(self._database)
            except (psycopg.Error, PoolTimeout) as error:
                log.warning("Refusals could not be written to the audit log: %s", error)
