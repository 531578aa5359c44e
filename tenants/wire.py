"""Statements to PostgreSQL and their results back, in one round trip.

psycopg's cursors and pipelines serve any use; each statement of theirs wakes the event loop several times. The house sends short
lists of statements that it has sent before, so here a whole list is written at once, answered at once and waited for once, through
the same libpq (https://www.postgresql.org/docs/current/libpq-pipeline-mode.html). A read costs a third of the time.
"""

import asyncio
import re
from collections import OrderedDict
from collections.abc import Generator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast

import psycopg
from psycopg import AsyncConnection
from psycopg.abc import Buffer
from psycopg.adapt import AdaptersMap, PyFormat, Transformer
from psycopg.errors import error_from_result
from psycopg.generators import fetch_many
from psycopg.pq import DiagnosticField, ExecStatus, PipelineStatus, TransactionStatus
from psycopg.pq.abc import PGresult
from psycopg.rows import DictRow
from psycopg.types.json import JsonbDumper
from psycopg.waiting import Ready, Wait

from tenants.calls import current

# Statements that a connection keeps parsed and planned; those beyond are given up, the longest unused first.
MOST_PREPARED = 300
CANCEL_SECONDS = 5.0
# Others change nothing that planning could help.
_PLANNED = ("SELECT", "INSERT", "UPDATE", "DELETE", "WITH")
# Whoever pools connections may have cleared them, and a migration may have changed what a plan rests on. Nothing was done then.
_PLAN_IS_GONE = (b"26000", b"0A000")
SQLSTATE = DiagnosticField.SQLSTATE
_PLACEHOLDER = re.compile(r"%\((\w+)\)s|%%")


@dataclass(frozen=True, slots=True)
class Statement:
    """SQL with numbered parameters, the names of their values in that order, and whether keeping its plan pays."""

    text: bytes
    names: tuple[str, ...]
    is_planned: bool


@lru_cache(maxsize=2_000)
def statement(sql: str) -> Statement:
    """The statement that psycopg would be given as ``sql``, with ``%(name)s`` for each value.

    PostgreSQL infers each parameter's type from its first use, so one that is used as several types is cast wherever it stands.
    """
    names: dict[str, int] = {}

    def number(match: re.Match[str]) -> str:
        name = match.group(1)
        return f"${names.setdefault(name, len(names) + 1)}" if name else "%"

    text = _PLACEHOLDER.sub(number, sql)
    return Statement(text.encode(), tuple(names), text.lstrip().startswith(_PLANNED))


# A statement with the values of its parameters: by name, or as PostgreSQL reads them.
Bound = tuple[Statement, Mapping[str, Any] | list[Buffer | None]]


class _Context:
    """How values are written, whatever connection they travel on: as the house's connections would."""

    def __init__(self) -> None:
        self.adapters = AdaptersMap(psycopg.adapters)
        self.adapters.register_dumper(dict, JsonbDumper)
        self.connection = None


_WRITER = Transformer.from_context(_Context())


def bind(sent: Statement, values: Mapping[str, Any]) -> Bound:
    """The statement with these values, written once and for all; for one that is sent again and again.

    Raises ``KeyError`` for a missing one and ``psycopg.DataError`` for one that PostgreSQL cannot be sent.
    """
    return sent, _written(sent, values)


def _written(sent: Statement, values: Mapping[str, Any]) -> list[Buffer | None]:
    # Without a connection to ask, libpq writes bytes in a form that depends on a setting.
    given = [
        f"\\x{value.hex()}" if isinstance(value, bytes) else value for value in map(values.__getitem__, sent.names)
    ]
    return list(_WRITER.dump_sequence(given, [PyFormat.TEXT] * len(given)))


_ROLLBACK = bind(statement("ROLLBACK"), {})

# The result of each statement, and that of the first that failed.
Exchanged = tuple[list[PGresult], PGresult | None]
Exchanging = Generator[Wait, Ready | int, Exchanged]


def _wake(waiting: "asyncio.Future[Ready]", state: Ready) -> None:
    if not waiting.done():
        waiting.set_result(state)


class WireConnection(AsyncConnection[DictRow]):
    """A connection that can also :meth:`exchange` lists of statements."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        # The name under which a statement is prepared; empty while it has been sent but once.
        self._plans: OrderedDict[bytes, bytes] = OrderedDict()
        self._named = 0
        # Remembers how the values of each type are read.
        self.reader = Transformer.from_context(self)

    async def exchange(self, *statements: Bound) -> list[PGresult]:
        """The result of each statement, in one round trip and, outside a transaction, in one implicit transaction.

        Raises the ``psycopg.Error`` of the first statement that failed; those after it have not been run.
        """
        current().statements += len(statements)
        async with self.lock:
            is_begun = self.pgconn.transaction_status != TransactionStatus.IDLE
            try:
                results, failed = await self._driven(self._exchanging(statements))
                if failed is not None and not is_begun and failed.error_field(SQLSTATE) in _PLAN_IS_GONE:
                    self._plans.clear()
                    if self.pgconn.transaction_status != TransactionStatus.IDLE:
                        await self._driven(self._exchanging([_ROLLBACK]))
                    results, failed = await self._driven(self._exchanging(statements))
            except BaseException:
                # Cut off between question and answer, the connection is of no use to anybody.
                if self.pgconn.pipeline_status != PipelineStatus.OFF:
                    self.pgconn.finish()
                raise
        if failed is not None:
            raise error_from_result(failed)
        return results

    async def _driven(self, exchanging: Exchanging) -> Exchanged:
        """What an exchange comes to. psycopg's own way of waiting also sets a timer, ten times a second.

        Whoever is cancelled here cancels what PostgreSQL does for it.
        """
        loop, file = asyncio.get_running_loop(), self.pgconn.socket
        wanted = next(exchanging)
        while True:
            ready: asyncio.Future[Ready] = loop.create_future()
            loop.add_reader(file, _wake, ready, Ready.R)
            if wanted & Wait.W:
                loop.add_writer(file, _wake, ready, Ready.W)
            try:
                came = await ready
            except asyncio.CancelledError:
                with suppress(psycopg.Error):
                    await self.cancel_safe(timeout=CANCEL_SECONDS)
                    # What it still says is taken, so that the connection stays of use.
                    await self.wait(exchanging, timeout=CANCEL_SECONDS)
                raise
            finally:
                loop.remove_reader(file)
                if wanted & Wait.W:
                    loop.remove_writer(file)
            try:
                wanted = exchanging.send(came)
            except StopIteration as end:
                return cast(Exchanged, end.value)

    def _exchanging(self, statements: Sequence[Bound]) -> Exchanging:
        pgconn = self.pgconn
        # Whatever cannot be written is refused before anything is under way.
        written = [
            (sent, values if isinstance(values, list) else _written(sent, values)) for sent, values in statements
        ]
        pgconn.enter_pipeline_mode()
        # For each command that is sent: the text it prepares, nothing for one whose result is of no use, or True.
        expected: list[bytes | bool] = []
        for sent, parameters in written:
            name = self._plan(sent, expected) if sent.is_planned else b""
            if name:
                pgconn.send_query_prepared(name, parameters)
            else:
                pgconn.send_query_params(sent.text, parameters)
            expected.append(True)
        pgconn.pipeline_sync()
        while pgconn.flush():
            if (yield Wait.RW) & Ready.R:
                pgconn.consume_input()
        results, failed = [], None
        for use in expected:
            (result,) = yield from fetch_many(pgconn)
            if result.status in (ExecStatus.FATAL_ERROR, ExecStatus.PIPELINE_ABORTED):
                failed = failed or result
                if isinstance(use, bytes):
                    self._plans.pop(use, None)
            elif use is True:
                results.append(result)
        yield from fetch_many(pgconn)
        pgconn.exit_pipeline_mode()
        return results, failed

    def _plan(self, sent: Statement, expected: list[bytes | bool]) -> bytes:
        """The name to run the statement under, prepared on its second use; empty on its first."""
        plans, text = self._plans, sent.text
        name = plans.get(text)
        if name is None:
            plans[text] = b""
            if len(plans) > MOST_PREPARED:
                _, forgotten = plans.popitem(last=False)
                if forgotten:
                    self.pgconn.send_query_params(b"DEALLOCATE " + forgotten, None)
                    expected.append(False)
            return b""
        plans.move_to_end(text)
        if not name:
            self._named += 1
            name = plans[text] = b"wire_%d" % self._named
            self.pgconn.send_prepare(name, text)
            expected.append(text)
        return name


def rows(connection: WireConnection, result: PGresult) -> list[dict[str, Any]]:
    """The rows of a result as Python values by column."""
    count = result.ntuples
    if not count:
        return []
    names = [(result.fname(place) or b"").decode() for place in range(result.nfields)]
    connection.reader.set_pgresult(result)
    return connection.reader.load_rows(0, count, lambda values: dict(zip(names, values, strict=True)))
