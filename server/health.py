"""Whether this process can serve: what an orchestrator asks, and what requests ask before they wait in vain."""

import asyncio
import logging
from collections.abc import Mapping
from time import perf_counter
from typing import Any, Protocol

import orjson
import psycopg
from psycopg.errors import UndefinedTable
from psycopg_pool import PoolTimeout
from starlette.requests import Request
from starlette.responses import JSONResponse

import migrations
from tenants.database import Database
from workers.ending import end

# How long a check may take; an answer that comes later is none.
LONGEST_CHECK = 1.0
BETWEEN_PROBES = 0.2
PROBES = 2
ANSWERED = 200
# A request that takes longer than this may be waiting for a database that does not answer.
SUSPICIOUS_AFTER = 0.75
BETWEEN_LOOKS = 0.1
AWAY = "The database is away. Try again in a moment."
HEAD, KNOWN = migrations.head(), migrations.known()

LAST_WORDS = orjson.dumps({"errors": [{"message": AWAY, "extensions": {"code": "UNAVAILABLE"}}]})

log = logging.getLogger(__name__)


class WaitingRequest(Protocol):
    """A request that may be waiting for PostgreSQL; ``started`` is of ``time.perf_counter``, ``status`` 0 until it is answered."""

    started: float
    status: int

    def end(self, last_words: bytes) -> None: ...


class DatabaseWatch:
    """Knows whether PostgreSQL is away.

    A request that fails on the database, or waits long for it, raises the suspicion; then a connection of its own is tried
    until one succeeds. While none does, ``requests``, oldest first, are refused at once instead of waiting in line, and so
    is every new one. Afterwards the pool is rid of connections that died meanwhile.
    """

    def __init__(self, url: str, database: Database, requests: Mapping[WaitingRequest, None]) -> None:
        self.requests = requests
        self._url = url
        self._database = database
        self._task: asyncio.Task[None] | None = None
        self._probe: asyncio.Task[None] | None = None
        self.is_away = False

    def start(self) -> None:
        self._task = asyncio.create_task(self._run())

    def suspect(self) -> None:
        """Have a look, unless somebody is looking."""
        if self._probe is None or self._probe.done():
            self._probe = asyncio.create_task(self._look())

    async def close(self) -> None:
        await end(*(task for task in (self._task, self._probe) if task is not None))

    async def _run(self) -> None:
        """Suspect PostgreSQL while the oldest request takes long. Most likely it is just a slow query; a look costs little,
        and waiting for nothing costs the client much."""
        while True:
            await asyncio.sleep(BETWEEN_LOOKS)
            oldest = next(iter(self.requests), None)
            if oldest is not None and perf_counter() - oldest.started > SUSPICIOUS_AFTER:
                self.suspect()
                await asyncio.sleep(SUSPICIOUS_AFTER)

    async def _look(self) -> None:
        while (trouble := await self._trouble()) is not None:
            if not self.is_away:
                log.error("PostgreSQL is away: %s", trouble)
            self.is_away = True
            for request in tuple(self.requests):
                request.end(LAST_WORDS)
            await asyncio.sleep(BETWEEN_PROBES)
        if self.is_away:
            log.warning("PostgreSQL is back.")
        self.is_away = False
        await self._database.mend()

    async def _trouble(self) -> str | None:
        waiting = tuple(self.requests)
        for _ in range(PROBES):
            try:
                return await self._refused()
            except TimeoutError:
                # Silence may be this machine's own, when it has too much to do; then others are answered meanwhile.
                if any(request.status == ANSWERED for request in waiting):
                    return None
        return f"no answer within {LONGEST_CHECK} s"

    async def _refused(self) -> str | None:
        """What speaks against PostgreSQL, if anything. Raises ``TimeoutError`` when it says nothing."""
        try:
            async with asyncio.timeout(LONGEST_CHECK):
                connection = await psycopg.AsyncConnection.connect(self._url, autocommit=True)
                async with connection:
                    await connection.execute("SELECT 1")
        except TimeoutError:
            raise
        except (psycopg.Error, OSError) as error:
            return str(error).strip().partition("\n")[0]
        return None


async def healthz(_request: Request) -> JSONResponse:
    """The process lives and its event loop turns."""
    return JSONResponse({"alive": True})


async def readyz(request: Request) -> JSONResponse:
    """Whether requests can be served: 200 or 503. Redis is told of, but not needed; a process that stops says so before it goes."""
    state = request.app.state
    (database, migrated), redis = await asyncio.gather(
        _database_state(state.house.database, state.watch), _redis_state(state.house.live)
    )
    stopping = request.app.draining
    ready = database == "up" and migrated == "up to date" and not stopping
    headers = {"Cache-Control": "no-store"} if ready else {"Cache-Control": "no-store", "Retry-After": "1"}
    return JSONResponse(
        {"ready": ready, "stopping": stopping, "database": database, "migrations": migrated, "redis": redis},
        200 if ready else 503,
        headers=headers,
    )


async def _database_state(database: Database, watch: DatabaseWatch) -> tuple[str, str]:
    if watch.is_away:
        return "away", "unknown"
    try:
        async with asyncio.timeout(LONGEST_CHECK), database.connection() as connection:
            row = await (await connection.execute("SELECT version_num FROM alembic_version")).fetchone()
    except UndefinedTable:
        row = None
    except (psycopg.Error, PoolTimeout, OSError, TimeoutError):
        watch.suspect()
        # Others hold all connections of the pool: more requests would only wait with those that wait.
        return "busy" if await _answers(database) else "away", "unknown"
    found = row["version_num"] if row else ""
    if not found:
        return "up", f"none; run 'orderloom migrate' up to {HEAD}"
    # While a newer version is rolled out, this one serves on: migrations keep the version before them working.
    if found == HEAD or found not in KNOWN:
        return "up", "up to date"
    return "up", f"at {found}; run 'orderloom migrate' up to {HEAD}"


async def _answers(database: Database) -> bool:
    try:
        async with asyncio.timeout(LONGEST_CHECK), database.aside.connection() as connection:
            await connection.execute("SELECT 1")
    except (psycopg.Error, PoolTimeout, OSError, TimeoutError):
        return False
    return True


async def _redis_state(live: Any) -> str:
    if live is None:
        return "not used"
    try:
        async with asyncio.timeout(LONGEST_CHECK):
            return "up" if await live.is_up() else "away"
    except TimeoutError:
        return "away"
