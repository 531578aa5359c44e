"""Connections to PostgreSQL as the application role, and the one way to read.

The pool holds autocommit connections. A read is one round trip: the tenant is entered for this implicit transaction only, which
fails when the caller is no longer what it was, and row security does the rest.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import orjson
from psycopg import AsyncConnection, errors
from psycopg.abc import Buffer
from psycopg.adapt import Loader
from psycopg.rows import dict_row
from psycopg.types.json import JsonbDumper, set_json_dumps, set_json_loads
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from tenants.actors import Actor
from tenants.config.snapshot import Tenant, TenantConfig
from tenants.permissions import Access
from tenants.wire import Bound, WireConnection, bind, statement

Connection = WireConnection

# What a session of the pool may never exceed; transactions of the house are short. The keepalives end the sessions of a
# machine that is gone, with the locks they hold.
SESSION_OPTIONS = (
    "-c timezone=UTC -c statement_timeout=15s -c lock_timeout=5s -c idle_in_transaction_session_timeout=30s"
    " -c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3"
    " -c jit=off -c search_path=public"
)
# A session amid a pipeline never counts as idle, so the limit above does not see that its client has stopped.
TRANSACTION_LIMIT = "SET transaction_timeout = '30s'"
KNOWS_TRANSACTION_LIMIT = 170_000
# How long a call waits for a connection, in seconds.
PATIENCE = 5.0
# Connections for single short statements beside an open transaction.
ASIDE = 2
ENTER = "SELECT set_config('app.tenant_id', %(tenant)s::text, true)"
# For commits that need not have reached the disk when they are told: what is lost with the server is no loss, or is made good by
# a later commit that has.
ENTER_UNFLUSHED = statement(f"{ENTER}, set_config('synchronous_commit', 'off', true)")
# What cannot be cast to an id, so that nothing that follows in the same round trip is run.
OUTDATED = "the caller is outdated"
ENTERING = statement("""
SELECT set_config('app.tenant_id', coalesce((
  SELECT CASE WHEN t.config_version = %(version)s::bigint AND s.stamp IS NOT DISTINCT FROM %(stamp)s::integer
              THEN t.id::text ELSE 'the caller is outdated' END
  FROM tenants t
  LEFT JOIN sessions s
    ON s.token_hash = %(token)s AND s.tenant_id = t.id AND s.revoked_at IS NULL AND s.expires_at > now()
  WHERE t.id = %(tenant)s), 'the caller is outdated')::uuid::text, true)
""")
UNSAFE_ROLE = """
SELECT r.rolsuper OR r.rolbypassrls
       OR EXISTS (SELECT 1 FROM pg_class c WHERE c.relowner = r.oid AND c.relkind IN ('r', 'p'))
       OR EXISTS (SELECT 1 FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.roleid
                  WHERE m.member = r.oid AND (g.rolsuper OR g.rolbypassrls)) AS unsafe
FROM pg_roles r WHERE r.rolname = current_user
"""


class Outdated(Exception):
    """The caller's session, roles or configuration changed since the call was prepared: prepare it again."""


class UnsafeRole(Exception):
    """The database role could see past row security."""


@dataclass(frozen=True, slots=True)
class Caller:
    """For whom a call is made, as last seen; every statement checks that it still holds.

    ``stamp`` is the session's: it grows whenever what its member is or may do changes. With ``second_factor_due`` it may do nothing but
    get a second factor. A key may be bound to ``networks``.
    """

    tenant: Tenant
    actor: Actor
    access: Access
    token_hash: bytes | None = None
    stamp: int | None = None
    second_factor_due: bool = False
    networks: tuple[str, ...] = ()
    language: str = field(init=False)
    entering: Bound = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        scope = {
            "tenant": self.tenant_id,
            "token": self.token_hash,
            "version": self.tenant.version,
            "stamp": self.stamp,
        }
        object.__setattr__(self, "entering", bind(ENTERING, scope))
        object.__setattr__(self, "language", self.config.reading(self.actor.language))

    @property
    def tenant_id(self) -> UUID:
        return self.tenant.id

    @property
    def config(self) -> TenantConfig:
        return self.tenant.config

    @property
    def member_id(self) -> UUID | None:
        return self.actor.id if self.actor.kind == "member" else None


@dataclass(frozen=True, slots=True)
class Announcement:
    """What the rest of the world may want to know after a commit: ids only."""

    tenant_id: UUID
    events: tuple[Mapping[str, Any], ...] = ()
    jobs: tuple[UUID, ...] = ()


class _RawJson(Loader):
    """Columns of the type ``json`` are answers in the making: handed on as the bytes they came in."""

    def load(self, data: Buffer) -> bytes:
        return bytes(data)


set_json_loads(orjson.loads)
set_json_dumps(orjson.dumps)


async def _configure(connection: AsyncConnection[Any]) -> None:
    connection.adapters.register_loader("json", _RawJson)
    connection.adapters.register_dumper(dict, JsonbDumper)
    if connection.info.server_version >= KNOWS_TRANSACTION_LIMIT:
        await connection.execute(TRANSACTION_LIMIT)


_OPTIONS: dict[str, Any] = {
    "autocommit": True,
    "row_factory": dict_row,
    "options": SESSION_OPTIONS,
    "prepare_threshold": None,
}


def _pool(url: str, least: int, most: int) -> AsyncConnectionPool[Connection]:
    return AsyncConnectionPool(
        url,
        connection_class=WireConnection,
        kwargs=_OPTIONS,
        min_size=least,
        max_size=most,
        timeout=PATIENCE,
        # The pool's own patience doubles its pauses; given up, a connection is tried anew for whoever next asks for one.
        reconnect_timeout=1,
        configure=_configure,
        open=False,
    )


@asynccontextmanager
async def owner_connection(url: str) -> AsyncIterator[Connection]:
    """A connection as the owner of the tables, who may do what no process that serves can; in no transaction, and with a session's limits."""
    async with await WireConnection.connect(url, **_OPTIONS) as connection:
        await _configure(connection)
        yield connection


@dataclass
class Database:
    """The pools, and what to call after each commit (the porch connects it to Redis; it may fail without harm).

    Calls that hold a connection take a second one from ``aside``: if they waited for each other's, none would ever go on.
    """

    pool: AsyncConnectionPool[Connection]
    aside: AsyncConnectionPool[Connection]
    on_commit: list[Callable[[Announcement], Awaitable[None]]] = field(default_factory=list)
    # How many wait for a connection of the pool. Its own queue costs each of them a task and a timer.
    waiting: int = 0
    _places: asyncio.Semaphore = field(init=False)

    def __post_init__(self) -> None:
        self._places = asyncio.Semaphore(self.pool.max_size)

    @classmethod
    async def open(cls, url: str, *, size: int = 8) -> "Database":
        """Connect. Raises ``psycopg_pool.PoolTimeout`` when the server cannot be reached, :class:`UnsafeRole` for a role
        that row security would not bind."""
        pool, aside = _pool(url, 1, size), _pool(url, 0, ASIDE)
        await pool.open(wait=True, timeout=10)
        await aside.open()
        database = cls(pool, aside)
        async with database.connection() as connection:
            row = await (await connection.execute(UNSAFE_ROLE)).fetchone()
        if row is None or row["unsafe"]:
            await database.close()
            raise UnsafeRole(
                "DATABASE role can bypass row security (superuser, BYPASSRLS or owner of tables); serve under the application role"
            )
        return database

    async def close(self) -> None:
        await self.pool.close()
        await self.aside.close()

    async def mend(self) -> None:
        """Replace the connections that have died: all of them at once, when the server was restarted."""
        await self.pool.check()
        await self.aside.check()

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """A connection, in no transaction; what is left open on it is rolled back when it goes back.

        Raises ``psycopg_pool.PoolTimeout`` when none is free in time.
        """
        await self._take_place()
        try:
            # The pool's own context manager would also commit, which costs something and does nothing here.
            connection = await self.pool.getconn()
            try:
                yield connection
            finally:
                await self.pool.putconn(connection)
        finally:
            self._places.release()

    async def _take_place(self) -> None:
        """Wait for one of the pool's connections to be free."""
        if not self._places.locked():
            await self._places.acquire()
            return
        self.waiting += 1
        try:
            async with asyncio.timeout(PATIENCE):
                await self._places.acquire()
        except TimeoutError:
            raise PoolTimeout(f"no connection was free for {PATIENCE:.0f} s") from None
        finally:
            self.waiting -= 1

    async def read(self, caller: Caller, sql: str, parameters: Mapping[str, Any]) -> bytes | None:
        """The first column of the first row, or None. Raises :class:`Outdated` when the caller is no longer what it was."""
        (answer,) = await self.read_all(caller, [bind(statement(sql), parameters)])
        return answer

    async def read_all(self, caller: Caller, statements: Sequence[Bound]) -> list[bytes | None]:
        """What :meth:`read` gives, for each of several statements, in one round trip; they stand or fall together."""
        try:
            async with self.connection() as connection:
                _, *results = await connection.exchange(caller.entering, *statements)
        except errors.InvalidTextRepresentation as error:
            if OUTDATED in (error.diag.message_primary or ""):
                raise Outdated from None
            raise
        return [result.get_value(0, 0) if result.ntuples else None for result in results]

    async def announce(self, announcement: Announcement) -> None:
        for listener in self.on_commit:
            await listener(announcement)
