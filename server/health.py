"""Whether this process can serve: what an orchestrator asks, and what requests ask before they wait in vain."""

import asyncio
import logging
from typing import Any

import psycopg
from psycopg.errors import UndefinedTable
from psycopg_pool import PoolTimeout
from starlette.requests import Request
from starlette.responses import JSONResponse

import migrations
from tenants.database import Database

# How long a check may take; an answer that comes later is none.
LONGEST_CHECK = 1.0
BETWEEN_PROBES = 0.2
HEAD, KNOWN = migrations.head(), migrations.known()

log = logging.getLogger(__name__)


class DatabaseWatch:
    """Knows whether PostgreSQL is away.

    A request that fails on the database, or waits long for it, raises the suspicion; then a connection of its own is tried
    until one succeeds. While none does, requests are refused at once instead of waiting in line. Afterwards the pool is
    rid of connections that died meanwhile.
    """

    def __init__(self, url: str, database: Database) -> None:
        self._url = url
        self._database = database
        self._probe: asyncio.Task[None] | None = None
        self._away = asyncio.Event()

    @property
    def is_away(self) -> bool:
        return self._away.is_set()

    async def until_away(self) -> None:
        """Return when PostgreSQL is known to be away."""
        await self._away.wait()

    def suspect(self) -> None:
        """Have a look, unless somebody is looking."""
        if self._probe is None or self._probe.done():
            self._probe = asyncio.create_task(self._look())

    async def close(self) -> None:
        if self._probe is not None:
            self._probe.cancel()
            await asyncio.gather(self._probe, return_exceptions=True)

    async def _look(self) -> None:
        while (trouble := await self._trouble()) is not None:
            if not self.is_away:
                log.error("PostgreSQL is away: %s", trouble)
            self._away.set()
            await asyncio.sleep(BETWEEN_PROBES)
        if self.is_away:
            log.warning("PostgreSQL is back.")
        self._away.clear()
        await self._database.mend()

    async def _trouble(self) -> str | None:
        try:
            async with asyncio.timeout(LONGEST_CHECK):
                connection = await psycopg.AsyncConnection.connect(self._url, autocommit=True)
                async with connection:
                    await connection.execute("SELECT 1")
        except (psycopg.Error, OSError, TimeoutError) as error:
            return str(error).strip().partition("\n")[0] or f"no answer within {LONGEST_CHECK} s"
        return None


async def healthz(_request: Request) -> JSONResponse:
    """The process lives and its event loop turns."""
    return JSONResponse({"alive": True})


async def readyz(request: Request) -> JSONResponse:
    """Whether requests can be served: 200 or 503. Redis is told of, but not needed."""
    state = request.app.state
    (database, migrated), redis = await asyncio.gather(
        _database_state(state.house.database, state.watch), _redis_state(state.house.live)
    )
    ready = database == "up" and migrated == "up to date"
    headers = {"Cache-Control": "no-store"} if ready else {"Cache-Control": "no-store", "Retry-After": "1"}
    return JSONResponse(
        {"ready": ready, "database": database, "migrations": migrated, "redis": redis},
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
        return "away", "unknown"
    found = row["version_num"] if row else ""
    if not found:
        return "up", f"none; run 'orderloom migrate' up to {HEAD}"
    # While a newer version is rolled out, this one serves on: migrations keep the version before them working.
    if found == HEAD or found not in KNOWN:
        return "up", "up to date"
    return "up", f"at {found}; run 'orderloom migrate' up to {HEAD}"


async def _redis_state(live: Any) -> str:
    if live is None:
        return "not used"
    try:
        async with asyncio.timeout(LONGEST_CHECK):
            return "up" if await live.is_up() else "away"
    except TimeoutError:
        return "away"
