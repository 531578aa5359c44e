"""The only begin and the only commit.

A :class:`Transaction` is the tenant, the actor, the configuration in force and the open database transaction at once. Its
statements travel in one pipeline: those whose answer nobody awaits cost no round trip of their own.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from psycopg import errors
from uuid_utils.compat import uuid7

from tenants.actors import Actor
from tenants.config.snapshot import TenantConfig
from tenants.database import ENTER_AS_CALLER, Announcement, Caller, Connection, Cursor, Database
from tenants.inserts import TABLE_ORDER, as_rows, insert_statement
from tenants.permissions import Access
from tenants.problems import Conflict, InvalidInput, Problem

# Unique keys that a user's input can hit: the table, the column that holds the value, and the input field it came in.
UNIQUE_KEYS = {
    "customers_tenant_id_external_id_key": ("customers", "external_id", "externalId"),
    "products_tenant_id_sku_key": ("products", "sku", "sku"),
    "products_tenant_id_external_id_key": ("products", "external_id", "externalId"),
    "orders_tenant_id_number_key": ("orders", "number", "number"),
    "orders_tenant_id_external_id_key": ("orders", "external_id", "externalId"),
    "order_lines_tenant_id_order_id_external_id_key": ("order_lines", "external_id", "lines"),
    "members_tenant_id_user_id_key": ("members", "email", "email"),
    "tenants_slug_key": ("tenants", "slug", "slug"),
    "users_email_key": ("users", "email", "email"),
}


def new_id() -> UUID:
    """A new id: UUIDv7, so that ids grow with time."""
    return uuid7()


@dataclass
class Transaction:
    """One unit of work in one tenant. ``now`` is its single moment in time.

    ``written`` is the row last written to each table: under row security PostgreSQL does not tell which value broke a
    unique key. In a ``rehearsal`` everything is done and nothing is kept; without ``automations`` its events set off none.
    ``numbers`` are order numbers taken in advance, by counter, and ``loaded`` records loaded in advance, by id. One that
    ``gathers`` lets inserted rows wait until a statement might see them, so that those of many records travel together.
    """

    database: Database
    connection: Connection
    caller: Caller
    state: Cursor
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    events: list[Mapping[str, Any]] = field(default_factory=list)
    jobs: list[UUID] = field(default_factory=list)
    written: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    rehearsal: bool = False
    automations: bool = True
    gathers: bool = False
    numbers: dict[str, list[int]] = field(default_factory=dict)
    loaded: dict[UUID, Any] = field(default_factory=dict)
    _waiting: dict[tuple[str, tuple[str, ...]], list[Mapping[str, Any]]] = field(default_factory=dict)
    _confirmed: bool = False

    @property
    def tenant_id(self) -> UUID:
        return self.caller.tenant_id

    @property
    def actor(self) -> Actor:
        return self.caller.actor

    @property
    def config(self) -> TenantConfig:
        return self.caller.config

    @property
    def access(self) -> Access:
        return self.caller.access

    @property
    def language(self) -> str:
        return self.caller.language

    async def execute(self, sql: str, **parameters: Any) -> None:
        """Send a statement whose answer does not matter; ``%(tenant)s`` is always given."""
        await self.flush()
        await self.connection.execute(sql, {"tenant": self.tenant_id, **parameters})

    async def fetch_all(self, sql: str, **parameters: Any) -> list[dict[str, Any]]:
        (rows,) = await self.fetch_each((sql, parameters))
        return rows

    async def fetch_each(self, *statements: tuple[str, Mapping[str, Any]]) -> list[list[dict[str, Any]]]:
        """The rows of several statements, in one round trip."""
        cursors = []
        for sql, parameters in statements:
            if any(table in sql for table, _ in self._waiting):
                await self.flush()
            cursors.append(await self.connection.execute(sql, {"tenant": self.tenant_id, **parameters}))
        found = [await cursor.fetchall() for cursor in cursors]
        await self.confirm()
        return found

    async def fetch_one(self, sql: str, **parameters: Any) -> dict[str, Any] | None:
        rows = await self.fetch_all(sql, **parameters)
        return rows[0] if rows else None

    async def insert(self, table: str, *rows: Mapping[str, Any]) -> None:
        """Insert rows of this tenant; column names come from our tables, never from input."""
        for row in rows:
            self.written[table] = row
            self._waiting.setdefault((table, tuple(row)), []).append(row)
        if not self.gathers:
            await self.flush()

    async def flush(self) -> None:
        """Send the rows that wait to be inserted."""
        waiting, self._waiting = self._waiting, {}
        for table, columns in sorted(waiting, key=lambda key: TABLE_ORDER[key[0]]):
            rows = as_rows(waiting[table, columns])
            await self.connection.execute(insert_statement(table, columns), {"tenant": self.tenant_id, "rows": rows})

    async def confirm(self) -> None:
        """Raise :class:`tenants.database.Outdated` when the caller is no longer what it was."""
        if not self._confirmed:
            self.caller.confirm(await self.state.fetchone())
            self._confirmed = True


@asynccontextmanager
async def begin(
    database: Database, caller: Caller, *, rehearsal: bool = False, automations: bool = True, gathers: bool = False
) -> AsyncIterator[Transaction]:
    """Open a transaction for the caller; it commits when the block ends and leaves nothing when the block raises, or when it is
    but a ``rehearsal``.

    Raises :class:`tenants.database.Outdated` when the caller changed meanwhile, and turns broken unique keys and lock
    time-outs into the problems they mean.
    """
    scope = {"tenant": caller.tenant_id, "token": caller.token_hash}
    written: dict[str, Mapping[str, Any]] = {}
    async with database.connection() as connection:
        try:
            async with connection.pipeline():
                await connection.execute("BEGIN")
                state = await connection.execute(ENTER_AS_CALLER, scope)
                tx = Transaction(
                    database,
                    connection,
                    caller,
                    state,
                    written=written,
                    rehearsal=rehearsal,
                    automations=automations,
                    gathers=gathers,
                )
                try:
                    yield tx
                except Problem:
                    # A refusal of an outdated caller may be no refusal any more.
                    await tx.confirm()
                    raise
                await tx.flush()
                await tx.confirm()
                await connection.execute("ROLLBACK" if rehearsal else "COMMIT")
        except BaseException as error:
            await connection.rollback()
            if (problem := translated(error, written)) is error:
                raise
            raise problem from error
    if not rehearsal:
        await database.announce(Announcement(caller.tenant_id, tuple(tx.events), tuple(tx.jobs)))


def translated(error: BaseException, written: Mapping[str, Mapping[str, Any]]) -> BaseException:
    """The problem that a broken unique key or a lock time-out means to the user; any other error as it is.

    ``written`` is the row last written to each table.
    """
    if isinstance(error, errors.UniqueViolation) and error.diag.constraint_name in UNIQUE_KEYS:
        table, column, name = UNIQUE_KEYS[error.diag.constraint_name]
        return InvalidInput.at((name,), "value.taken", value=written.get(table, {}).get(column, ""))
    if isinstance(error, errors.LockNotAvailable | errors.DeadlockDetected | errors.SerializationFailure):
        return Conflict("busy")
    return error
