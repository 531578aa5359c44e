"""Sessions of those who are being served: sockets whose session has ended are closed, and last uses are written down."""

import asyncio
import logging
from collections.abc import Callable
from uuid import UUID

import psycopg
from psycopg_pool import PoolTimeout

from tenants.callers import Callers
from tenants.database import Database
from tenants.keys.using import note_networks
from tenants.remembering import Remembered
from tenants.sign_in.sessions import keep_used, valid_sessions
from workers.ending import end

BETWEEN_LOOKS = 2.0
BETWEEN_NOTES = 60.0
# Of how many keys and addresses a process remembers that the audit log was told.
MOST_TOLD = 10_000

Close = Callable[[int, str], None]
log = logging.getLogger(__name__)


class SessionWatch:
    """Looks at the sessions of all open sockets every few seconds, with one statement for each tenant."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._open: dict[UUID, dict[bytes, set[Close]]] = {}
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run())

    async def close(self) -> None:
        if self._task is not None:
            await end(self._task)

    def join(self, tenant_id: UUID, token: bytes, close: Close) -> None:
        """From now on, call ``close`` once the session of that token hash has ended."""
        self._open.setdefault(tenant_id, {}).setdefault(token, set()).add(close)

    def leave(self, tenant_id: UUID, token: bytes, close: Close) -> None:
        tenant = self._open.get(tenant_id, {})
        tenant.get(token, set()).discard(close)
        if not tenant.get(token):
            tenant.pop(token, None)
        if not tenant:
            self._open.pop(tenant_id, None)

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(BETWEEN_LOOKS)
            for tenant_id in tuple(self._open):
                try:
                    await self._look(tenant_id)
                except (psycopg.Error, PoolTimeout) as error:
                    log.warning("Sessions of open sockets could not be looked at: %s", error)

    async def _look(self, tenant_id: UUID) -> None:
        held = self._open.get(tenant_id, {})
        valid = await valid_sessions(self._database, tenant_id, tuple(held))
        for token, sockets in tuple(held.items()):
            if token not in valid:
                for close in tuple(sockets):
                    close(4403, "Forbidden")


class UsedSessions:
    """Writes down every minute which sessions were used, so that those of people at work do not run out, and from where keys were."""

    def __init__(self, database: Database, callers: Callers) -> None:
        self._database = database
        self._callers = callers
        self._told: Remembered[tuple[bytes, str], bool] = Remembered(MOST_TOLD)
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run())

    async def close(self) -> None:
        if self._task is not None:
            await end(self._task)

    async def note(self) -> None:
        """Write down those used since the last time. Raises the errors of the database."""
        used = frozenset(self._callers.used)
        if used:
            self._callers.used.clear()
            await keep_used(self._database, used)
        new = {pair for pair in self._callers.key_addresses if self._told.get(pair) is None}
        self._callers.key_addresses.clear()
        if new:
            await note_networks(self._database, new)
            for pair in new:
                self._told.put(pair, True)

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(BETWEEN_NOTES)
            try:
                await self.note()
            except (psycopg.Error, PoolTimeout) as error:
                log.warning("The use of sessions could not be written down: %s", error)
