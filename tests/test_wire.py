"""Statements that travel together: values, failures, plans that are gone, and connections that stay of use (tenants/wire.py)."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg.pq import PipelineStatus
from psycopg.rows import dict_row

import tenants.wire
from tenants.database import Database
from tenants.wire import WireConnection, bind, rows, statement

ID = UUID("01a20041-a0ad-74be-8488-8e97f1a0f59f")
MOMENT = datetime(2026, 3, 31, 14, 30, 0, 123456, tzinfo=UTC)


@pytest.fixture
async def connection(database: Database) -> AsyncIterator[WireConnection]:
    """A connection of its own, so that its plans are the test's."""
    async with await WireConnection.connect(
        str(database.pool.conninfo), autocommit=True, row_factory=dict_row, prepare_threshold=None
    ) as made:
        yield made


async def value(connection: WireConnection, sql: str, **values: Any) -> Any:
    (result,) = await connection.exchange((statement(sql), values))
    ((found,),) = (row.values() for row in rows(connection, result))
    return found


def test_a_statement_numbers_its_parameters() -> None:
    """In the order of their first use, each once; a doubled percent sign is one."""
    made = statement("SELECT %(b)s, %(a)s, %(b)s WHERE x LIKE '5%%'")
    assert (made.text, made.names, made.is_planned) == (b"SELECT $1, $2, $1 WHERE x LIKE '5%'", ("b", "a"), True)
    assert not statement("COMMIT").is_planned


@pytest.mark.parametrize(
    ("sql_type", "given"),
    [
        ("uuid", ID),
        ("text", "quote ' backslash \\ 李雷 😀"),
        ("text", ""),
        ("bytea", b"\x00\xff\\'"),
        ("integer", -7),
        ("numeric", Decimal("12345678901234567890.0123456789")),
        ("boolean", True),
        ("date", date(2026, 3, 31)),
        ("timestamptz", MOMENT),
        ("text[]", ["a,b", 'c"d', "", "{}", "\\", "李"]),
        ("text[]", []),
        ("uuid[]", [ID]),
        ("jsonb", {"a": [1, None, "x"], "b": {"c": True}}),
        ("text", None),
    ],
)
async def test_values_arrive_as_they_were_sent(connection: WireConnection, sql_type: str, given: Any) -> None:
    """By name and written ahead, on the first use and with a plan."""
    sql = f"SELECT %(x)s::{sql_type} AS x"
    for _ in range(3):
        assert await value(connection, sql, x=given) == given
    ready = bind(statement(sql), {"x": given})
    for result in await connection.exchange(ready, ready):
        assert rows(connection, result) == [{"x": given}]


async def test_a_list_is_one_transaction(connection: WireConnection) -> None:
    """A setting for the transaction holds for the statements after it, and is gone with the next list."""
    enter = statement("SELECT set_config('app.tenant_id', %(x)s, true)")
    ask = statement("SELECT current_setting('app.tenant_id', true) AS x")
    _, found = await connection.exchange((enter, {"x": "here"}), (ask, {}))
    assert rows(connection, found) == [{"x": "here"}]
    assert await value(connection, "SELECT current_setting('app.tenant_id', true) AS x") == ""


async def test_a_failure_names_itself_and_stops_what_follows(connection: WireConnection) -> None:
    """Nothing of the list is done, not even what came before; the connection serves on."""
    await connection.exchange((statement("CREATE TEMP TABLE seen (x integer)"), {}))
    add, fail = statement("INSERT INTO seen VALUES (%(x)s::integer)"), statement("SELECT 1 / %(x)s::integer AS x")
    for _ in range(3):
        with pytest.raises(psycopg.errors.DivisionByZero):
            await connection.exchange((add, {"x": 1}), (fail, {"x": 0}), (add, {"x": 2}))
        assert connection.pgconn.pipeline_status == PipelineStatus.OFF
        assert await value(connection, "SELECT count(*) FROM seen") == 0
    await connection.exchange((add, {"x": 1}), (fail, {"x": 1}), (add, {"x": 2}))
    assert await value(connection, "SELECT count(*) FROM seen") == 2


async def test_a_value_that_cannot_be_written_is_refused_before_anything_is_sent(connection: WireConnection) -> None:
    with pytest.raises(psycopg.ProgrammingError):
        await connection.exchange((statement("SELECT 1"), {}), (statement("SELECT %(x)s"), {"x": object()}))
    assert not connection.closed
    assert await value(connection, "SELECT 1") == 1


async def test_plans_that_are_gone_are_made_anew(connection: WireConnection) -> None:
    """A pooler may clear them, and a migration may change what they return."""
    sql = "SELECT * FROM changing"
    await connection.exchange((statement("CREATE TEMP TABLE changing AS SELECT 1 AS x"), {}))
    for _ in range(3):
        assert await value(connection, sql) == 1
    await connection.exchange((statement("DEALLOCATE ALL"), {}))
    assert await value(connection, sql) == 1
    await connection.exchange((statement("ALTER TABLE changing ALTER x TYPE text"), {}))
    assert await value(connection, sql) == "1"


async def test_a_list_that_begins_a_transaction_is_sent_again_as_a_whole(connection: WireConnection) -> None:
    """What had begun is rolled back first, and nothing is done twice."""
    await connection.exchange((statement("CREATE TEMP TABLE seen (x integer)"), {}))
    begin, add, commit = statement("BEGIN"), statement("INSERT INTO seen VALUES (1)"), statement("COMMIT")
    for _ in range(3):
        await connection.exchange((begin, {}), (add, {}), (commit, {}))
    await connection.exchange((statement("DEALLOCATE ALL"), {}))
    await connection.exchange((begin, {}), (add, {}), (commit, {}))
    assert await value(connection, "SELECT count(*) FROM seen") == 4


async def test_a_connection_keeps_so_many_plans(connection: WireConnection, monkeypatch: pytest.MonkeyPatch) -> None:
    """The longest unused are given up, here and in PostgreSQL."""
    monkeypatch.setattr(tenants.wire, "MOST_PREPARED", 3)
    for number in range(10):
        for _ in range(3):
            assert await value(connection, f"SELECT {number} AS x") == number
    (found,) = await connection.exchange((statement("SHOW max_connections"), {}))
    assert len(rows(connection, found)) == 1
    kept = await value(connection, "SELECT count(*) FROM pg_prepared_statements")
    assert kept <= 3


async def test_who_is_cancelled_stops_the_statement(connection: WireConnection) -> None:
    """And leaves the connection of use."""
    asking = asyncio.ensure_future(connection.exchange((statement("SELECT pg_sleep(60)"), {})))
    await asyncio.sleep(0.2)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert await value(connection, "SELECT 1") == 1


async def test_a_connection_that_broke_says_so(connection: WireConnection, database: Database) -> None:
    process = connection.info.backend_pid
    async with database.connection() as other:
        await other.execute("SELECT pg_terminate_backend(%s)", [process])
    with pytest.raises(psycopg.OperationalError):
        await value(connection, "SELECT 1")
    assert connection.closed
