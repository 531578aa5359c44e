"""The only begin and the only commit.

A :class:`Transaction` is the tenant, the actor, the configuration in force and the open database transaction at once. Nothing is
sent before an answer is wanted: what a call must know first is one round trip, and what it writes, what its answer reads and the
commit are another.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import psycopg
from psycopg import errors
from psycopg.pq import TransactionStatus
from psycopg.pq.abc import PGresult
from uuid_utils.compat import uuid7

from tenants.actors import Actor
from tenants.config.snapshot import TenantConfig
from tenants.database import OUTDATED, Announcement, Caller, Connection, Database, Outdated
from tenants.field_values.kinds import INDEX_TABLES
from tenants.field_values.rows import Value
from tenants.field_values.taken import UNIQUE_INDEXES, taken
from tenants.held_numbers import Drawn, pass_over
from tenants.permissions import Access
from tenants.problems import Conflict, InvalidInput, Problem
from tenants.rules.claims import CONSTRAINT, Claim, taken_claims
from tenants.rules.field_state import FieldState
from tenants.spellings import learn
from tenants.wire import Bound, bind, rows, statement
from tenants.writes import DELETE, INSERT, UPDATE, Change, Writes

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


_UNIQUE_COLUMNS = {
    table: frozenset(column for other, column, _ in UNIQUE_KEYS.values() if other == table)
    for table, _, _ in UNIQUE_KEYS.values()
}
# Nobody gives an order its number: one that is held was counted in vain, and the call is done again with the next.
_NUMBERS = "orders_tenant_id_number_key"
_BEGIN: Bound = bind(statement("BEGIN"), {})
_COMMIT: Bound = bind(statement("COMMIT"), {})
_ROLLBACK: Bound = bind(statement("ROLLBACK"), {})
SHARE = statement("SELECT pg_advisory_xact_lock_shared(%(lock)s::bigint)")


# News that are of no record.
RIGHTS = "rights"
RIGHTS_CHANGED: Mapping[str, Any] = {"record_type": RIGHTS, "kind": "changed", "record_version": 0}


def _lock(tenant_id: UUID) -> int:
    """The number of the advisory lock that all transactions of the tenant share."""
    return int.from_bytes(tenant_id.bytes[8:], signed=True)


def new_id() -> UUID:
    """A new id: UUIDv7, so that ids grow with time."""
    return uuid7()


@dataclass
class Transaction:
    """One unit of work in one tenant. ``now`` is its single moment in time.

    Rows given to :meth:`insert`, :meth:`update` and :meth:`delete` wait and are written by one statement, before a statement
    that might see them and at the end. ``written`` is the row last written to each table: under row security PostgreSQL does
    not tell which value broke a unique key. In a ``rehearsal`` everything is done and nothing is kept; without ``automations``
    its events set off none. ``numbers`` are numbers taken in advance, by counter, ``drawn`` the counters that gave any, and ``loaded`` records loaded in
    advance, by id; ``holders`` are the records that have a built-in key, by its table, column and value, where that
    is known in advance: None is nobody; ``unique_values`` are those written of unique custom fields, ``claims`` those that rules keep apart; ``states``,
    unless it is None, is told how the fields of each settled record stand; ``words`` are those of the records written, for search to
    know; ``spared`` are automations that their own changes would have set off again. What is done ``late`` is done once for all records, by its name: before the end, or a statement that reads an index table.
    ``last_words`` are sent right before the commit and see all that was written; the first value of each is in
    ``answers`` after it.
    """

    database: Database
    caller: Caller
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    events: list[Mapping[str, Any]] = field(default_factory=list)
    jobs: list[UUID] = field(default_factory=list)
    written: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    rehearsal: bool = False
    automations: bool = True
    numbers: dict[str, list[int]] = field(default_factory=dict)
    drawn: dict[str, Drawn] = field(default_factory=dict)
    loaded: dict[UUID, Any] = field(default_factory=dict)
    holders: dict[tuple[str, str, str], UUID | None] = field(default_factory=dict)
    unique_values: list[Value] = field(default_factory=list)
    claims: list[Claim] = field(default_factory=list)
    states: list[FieldState] | None = None
    words: set[str] = field(default_factory=set)
    spared: set[str] = field(default_factory=set)
    late: dict[str, Callable[[], Awaitable[None]]] = field(default_factory=dict)
    last_words: list[Bound] = field(default_factory=list)
    answers: list[bytes | None] = field(default_factory=list)
    _connection: Connection = field(init=False)
    _begun: bool = False
    _unsent: list[Bound] = field(default_factory=list)
    _writes: Writes = field(default_factory=lambda: Writes(_UNIQUE_COLUMNS))

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
    def config_version(self) -> int:
        return self.caller.tenant.version

    @property
    def access(self) -> Access:
        return self.caller.access

    @property
    def language(self) -> str:
        return self.caller.language

    async def execute(self, sql: str, **parameters: Any) -> None:
        """Send a statement whose answer does not matter; ``%(tenant)s`` is always given."""
        self._flush()
        self._unsent.append(self._bound(sql, parameters))

    async def fetch_all(self, sql: str, **parameters: Any) -> list[dict[str, Any]]:
        (found,) = await self.fetch_each((sql, parameters))
        return found

    async def fetch_each(self, *statements: tuple[str, Mapping[str, Any]]) -> list[list[dict[str, Any]]]:
        """The rows of several statements, in one round trip."""
        if self.late and any(table in sql for sql, _ in statements for table in INDEX_TABLES):
            await self._do_late()
        if any(self._writes.touches(sql) for sql, _ in statements):
            self._flush()
        results = await self._exchange(*(self._bound(sql, parameters) for sql, parameters in statements))
        return [rows(self._connection, result) for result in results]

    async def fetch_one(self, sql: str, **parameters: Any) -> dict[str, Any] | None:
        found = await self.fetch_all(sql, **parameters)
        return found[0] if found else None

    async def insert(self, table: str, *given: Mapping[str, Any], computed: Mapping[str, str] | None = None) -> None:
        """Insert rows of this tenant. Columns that are ``computed`` come from an SQL expression over the row ``r``."""
        expressions = tuple((computed or {}).items())
        for row in given:
            self.written[table] = row
            self._write(Change(INSERT, table, tuple(row), expressions), [row])

    async def update(self, table: str, columns: Sequence[str], *given: Mapping[str, Any]) -> None:
        """Set the columns in the rows of this tenant that have the ids of the given ones."""
        if given:
            self.written[table] = given[-1]
            names = ("id", *columns)
            self._write(Change(UPDATE, table, names), [{name: row[name] for name in names} for row in given])

    async def delete(self, table: str, *keys: Mapping[str, Any]) -> None:
        """Delete the rows of this tenant that have the values of one of the keys, which all name the same columns."""
        if keys:
            self._write(Change(DELETE, table, tuple(keys[0])), keys)

    async def confirm(self) -> None:
        """Raise :class:`tenants.database.Outdated` when the caller is no longer what it was."""
        if not self._begun:
            await self._connection.exchange(self.caller.entering)

    def tell_of_rights(self) -> None:
        """Let everybody who follows news know, with the commit, that somebody's rights may have become others."""
        self.events.append({**RIGHTS_CHANGED, "record_id": self.tenant_id})

    async def end_others(self) -> None:
        """Wait until every other transaction of the tenant has ended, and let none begin before this one has ended.

        For changes of the configuration that all later writes must know of: a transaction that was begun under the one before is
        over, and the next is outdated. Raises :class:`Conflict` when the others take too long.
        """
        await self.fetch_one("SELECT pg_advisory_xact_lock(%(lock)s::bigint)", lock=_lock(self.tenant_id))

    async def connection(self) -> Connection:
        """The connection inside the transaction, for what is also done where there is none."""
        await self._do_late()
        self._flush()
        await self._exchange()
        return self._connection

    @property
    def _sharing(self) -> Bound:
        # Taken before the configuration's version is read, so that the version holds for as long as the transaction.
        return bind(SHARE, {"lock": _lock(self.tenant_id)})

    def _bound(self, sql: str, parameters: Mapping[str, Any]) -> Bound:
        return bind(statement(sql), {"tenant": self.tenant_id, **parameters})

    def _write(self, change: Change, given: Sequence[Mapping[str, Any]]) -> None:
        if not self._writes.fits(change, given):
            self._flush()
        self._writes.add(change, given)

    def _flush(self) -> None:
        """Put the rows that wait in line with the other statements."""
        if self._writes:
            self._unsent.append(self._bound(*self._writes.take()))

    async def _exchange(self, *statements: Bound) -> list[PGresult]:
        """Send what waits and these statements, amid the transaction; the results of these."""
        unsent, self._unsent = self._unsent, []
        first = () if self._begun else (_BEGIN, self._sharing, self.caller.entering)
        self._begun = True
        results = await self._connection.exchange(*first, *unsent, *statements)
        return results[len(results) - len(statements) :]

    async def _do_late(self) -> None:
        while self.late:
            _, do = self.late.popitem()
            await do()

    async def _end(self) -> None:
        await self._do_late()
        self._flush()
        if self.rehearsal:
            await self._exchange(_ROLLBACK)
            return
        words = self.last_words
        if self._begun:
            results = (await self._exchange(*words, _COMMIT))[:-1]
        else:
            # All of it in one go is an implicit transaction: it commits as a whole or not at all.
            sent = (self._sharing, self.caller.entering, *self._unsent, *words)
            results = (await self._connection.exchange(*sent))[len(sent) - len(words) :]
        self.answers = [result.get_value(0, 0) if result.ntuples else None for result in results]

    async def _roll_back(self) -> None:
        if not self._connection.closed and self._connection.pgconn.transaction_status != TransactionStatus.IDLE:
            # Where this fails the connection is gone, and the transaction with it.
            with suppress(psycopg.Error):
                await self._connection.exchange(_ROLLBACK)


@asynccontextmanager
async def begin(
    database: Database, caller: Caller, *, rehearsal: bool = False, automations: bool = True
) -> AsyncIterator[Transaction]:
    """Open a transaction for the caller; it commits when the block ends and leaves nothing when the block raises, or when it is
    but a ``rehearsal``.

    Raises :class:`tenants.database.Outdated` when the caller changed meanwhile, and turns broken unique keys and lock
    time-outs into the problems they mean.
    """
    tx = Transaction(database, caller, rehearsal=rehearsal, automations=automations)
    async with database.connection() as tx._connection:  # noqa: SLF001  (nobody else may begin or end)
        try:
            try:
                yield tx
            except Problem:
                # A refusal of an outdated caller may be no refusal any more.
                await tx.confirm()
                raise
            await tx._end()  # noqa: SLF001
        except BaseException as error:
            await tx._roll_back()  # noqa: SLF001
            if (problem := await _translated(tx, error)) is error:
                raise
            raise problem from error
    if not rehearsal:
        await database.announce(Announcement(caller.tenant_id, tuple(tx.events), tuple(tx.jobs)))
        learn(database, caller.tenant_id, tx.words)


async def _translated(tx: Transaction, error: BaseException) -> BaseException:
    if isinstance(error, errors.UniqueViolation) and error.diag.constraint_name == _NUMBERS:
        orders = [drawn for drawn in tx.drawn.values() if drawn.owner == "order"]
        if await pass_over(tx._connection, tx.tenant_id, orders):  # noqa: SLF001
            return Outdated()
    if isinstance(error, errors.UniqueViolation) and error.diag.constraint_name in UNIQUE_INDEXES:
        problem = await taken(tx._connection, tx.tenant_id, tx.unique_values)  # noqa: SLF001
        fields = {error.path[-1] for error in problem.errors} if problem else ()
        numbers = [drawn for drawn in tx.drawn.values() if drawn.owner.partition(".")[2] in fields]
        if await pass_over(tx._connection, tx.tenant_id, numbers):  # noqa: SLF001
            return Outdated()
        # Whoever held the value a moment ago may have let it go.
        return problem or Conflict("busy")
    if isinstance(error, errors.UniqueViolation) and error.diag.constraint_name == CONSTRAINT:
        return await taken_claims(tx._connection, tx.tenant_id, tx.claims) or Conflict("busy")  # noqa: SLF001
    return translated(error, tx.written)


def translated(error: BaseException, written: Mapping[str, Mapping[str, Any]]) -> BaseException:
    """What an error of the database means: an outdated caller, the problem of a broken unique key or a lock time-out; any other
    error as it is.

    ``written`` is the row last written to each table.
    """
    if isinstance(error, errors.InvalidTextRepresentation) and OUTDATED in (error.diag.message_primary or ""):
        return Outdated()
    if isinstance(error, errors.UniqueViolation) and error.diag.constraint_name in UNIQUE_KEYS:
        table, column, name = UNIQUE_KEYS[error.diag.constraint_name]
        return InvalidInput.at((name,), "value.taken", value=written.get(table, {}).get(column, ""))
    if isinstance(error, errors.LockNotAvailable | errors.DeadlockDetected | errors.SerializationFailure):
        return Conflict("busy")
    return error
