"""Nobody holds the others up: time-outs in PostgreSQL, clients that leave, and clients that are slow (S5, S7)."""

import asyncio
import gc
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from uuid import uuid4

import httpx2
import orjson
import psycopg
import pytest
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

import server.graphql_http
import server.graphql_ws
import server.protocol
from schema.execution import Answer
from server.app import Application, Request
from server.embedded import Services
from server.metrics import REGISTRY
from server.settings import Settings
from tenants.calls import current
from tenants.database import Database
from tenants.wire import statement
from tests.requests import OLD, QUERY
from workers.run import WorkerSettings, _House

LIMITS = {
    "statement_timeout": "15s",
    "lock_timeout": "5s",
    "idle_in_transaction_session_timeout": "30s",
    "transaction_timeout": "30s",
    "tcp_keepalives_idle": "10",
    "search_path": "public",
    "TimeZone": "UTC",
}


async def limits(connection: psycopg.AsyncConnection[Any]) -> dict[str, str]:
    cursor = connection.cursor(row_factory=psycopg.rows.tuple_row)
    await cursor.execute("SELECT name, current_setting(name) FROM pg_settings WHERE name = ANY(%s)", [list(LIMITS)])
    return dict(await cursor.fetchall())


async def test_every_connection_has_its_time_outs(settings: Settings, database: Database) -> None:
    async def nowhere(_delivery: Any) -> None:
        """Takes no message."""

    worker = _House(WorkerSettings(settings.application_database_url(), settings.redis_address(), nowhere))
    work = await worker._open()
    for opened in (database, work.database):
        for pool in (opened.pool, opened.aside):
            async with pool.connection() as connection:
                found = await limits(connection)
            # What goes over a Unix socket has no keepalives.
            assert found | {"tcp_keepalives_idle": "10"} == LIMITS
    await worker._close(work)


async def test_a_statement_that_takes_too_long_is_stopped(database: Database) -> None:
    async with database.connection() as connection:
        with pytest.raises(psycopg.errors.QueryCanceled):
            await connection.exchange(
                (statement("SELECT set_config('statement_timeout', '50', true)"), {}),
                (statement("SELECT pg_sleep(5)"), {}),
            )
        (result,) = await connection.exchange((statement("SELECT current_setting('statement_timeout')"), {}))
        assert result.get_value(0, 0) == b"15s"


@pytest.fixture
async def slow_query(
    app: Application, services: Services, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Callable[[], Awaitable[bool]]]:
    """Every operation becomes a query that takes long; whether it runs in PostgreSQL now."""
    mark = f"left-{uuid4().hex}"

    async def slow(*_: Any, **__: Any) -> None:
        async with app.state.house.database.connection() as connection:
            await connection.exchange((statement(f"SELECT '{mark}', pg_sleep(14)"), {}))

    monkeypatch.setattr(server.graphql_http, "execute", slow)
    monkeypatch.setattr(server.graphql_ws, "subscribe", slow)
    async with await psycopg.AsyncConnection.connect(services.superuser_url, autocommit=True) as watching:

        async def running() -> bool:
            asked = f"SELECT 1 FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'SELECT ''{mark}%'"
            return await (await watching.execute(asked)).fetchone() is not None

        yield running


async def test_who_leaves_stops_the_query_in_postgresql(
    address: str, app: Application, slow_query: Callable[[], Awaitable[bool]]
) -> None:
    host, port = address.split(":")
    _, writer = await asyncio.open_connection(host, int(port))
    writer.write(request(QUERY))
    await eventually(slow_query, True)
    writer.close()
    await eventually(slow_query, False, 1.0)
    assert list(app.requests) == []


async def test_a_mutation_whose_client_left_is_finished(
    address: str, app: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, finished = asyncio.Event(), asyncio.Event()

    async def mutation(*_: Any, **__: Any) -> Answer:
        current().kind = "mutation"
        begun.set()
        while app.requests and not finished.is_set():
            await asyncio.sleep(0.3)
            finished.set()
        return Answer(b"{}", True, kind="mutation")

    monkeypatch.setattr(server.graphql_http, "execute", mutation)
    host, port = address.split(":")
    _, writer = await asyncio.open_connection(host, int(port))
    writer.write(request(QUERY))
    await begun.wait()
    writer.close()
    await asyncio.wait_for(finished.wait(), 3)


async def test_an_answered_request_leaves_no_garbage(address: str) -> None:
    """What refers to itself is freed by the garbage collector alone, which then has to run for every few requests."""
    async with httpx2.AsyncClient(base_url=f"http://{address}") as http:
        await http.get("/graphql", params={"query": "{ __typename }"})
        gc.collect()
        gc.disable()
        try:
            before = sum(isinstance(found, Request) for found in gc.get_objects())
            for _ in range(20):
                await http.get("/graphql", params={"query": "{ __typename }"})
            assert sum(isinstance(found, Request) for found in gc.get_objects()) <= before + 1
        finally:
            gc.enable()


async def test_who_leaves_a_socket_stops_its_queries(address: str, slow_query: Callable[[], Awaitable[bool]]) -> None:
    protocol = Subprotocol("graphql-transport-ws")
    async with connect(f"ws://{address}/graphql", subprotocols=[protocol]) as socket:
        await socket.send('{"type": "connection_init"}')
        await socket.recv()
        await socket.send('{"id": "1", "type": "subscribe", "payload": {"query": "{ viewer { id } }"}}')
        await eventually(slow_query, True)
        await socket.send('{"id": "1", "type": "complete"}')
        await eventually(slow_query, False, 1.0)
        await socket.send('{"id": "2", "type": "subscribe", "payload": {"query": "{ viewer { id } }"}}')
        await eventually(slow_query, True)
    await eventually(slow_query, False, 1.0)


def request(body: bytes) -> bytes:
    head = f"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: {OLD}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


async def eventually(condition: Any, wanted: bool, seconds: float = 3.0) -> None:
    end = time.monotonic() + seconds
    while await condition() is not wanted:
        assert time.monotonic() < end
        await asyncio.sleep(0.02)


async def talk(address: str, *parts: bytes, pause: float = 0.0, wait: float = 3.0) -> tuple[bytes, float]:
    """What the server answers to bytes sent in parts until it hangs up, and after how many seconds that was."""
    host, port = address.split(":")
    began = time.perf_counter()
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(pause)
        answer = await asyncio.wait_for(reader.read(), wait)
    except ConnectionError:
        answer = b""
    finally:
        writer.close()
    return answer, time.perf_counter() - began


async def test_half_sent_requests_are_cut(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server.protocol, "LONGEST_HEADERS_SECONDS", 0.2)
    for parts in ((), (b"POST /graphql HTTP/1.1\r\n",), (b"POST /gr", b"aphql HTTP/1.1\r\nHost: x\r\n")):
        answer, seconds = await talk(address, *parts)
        assert answer == b""
        assert 0.15 < seconds < 2


async def test_head_and_body_have_one_time_together(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A head that came slowly leaves its body what is left, and a body that is whole is never late."""
    monkeypatch.setattr(server.graphql_http, "LONGEST_REQUEST_SECONDS", 1.0)
    whole = request(QUERY)
    place = whole.index(b"\r\n\r\n") + 4
    answer, seconds = await talk(address, whole[:20], whole[20 : place + 5], pause=0.8)
    assert answer.startswith(b"HTTP/1.1 408")
    assert seconds < 1.75
    answer, _ = await talk(
        address, whole[:20], whole[20:].replace(b"Host: x", b"Host: x\r\nConnection: close"), pause=1.2
    )
    assert answer.startswith(b"HTTP/1.1 200")


async def test_what_is_left_of_a_refused_request_is_not_read_for_ever(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server.protocol, "LONGEST_HEADERS_SECONDS", 0.3)
    head = b"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9999999\r\n\r\n"
    answer, seconds = await talk(address, head, *[b" "] * 100, pause=0.02)
    assert seconds < 2.5
    assert answer.startswith(b"HTTP/1.1 413") or answer == b""


async def test_endless_headers_are_cut(address: str) -> None:
    answer, seconds = await talk(address, b"GET / HTTP/1.1\r\n", *[b"X: " + b"a" * 16_000 + b"\r\n"] * 30)
    assert answer == b"" or answer.startswith(b"HTTP/1.1 400")
    assert seconds < 2


async def answers_of(size: int, address: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection on which an answer of so many bytes is on its way."""
    host, port = address.split(":")
    reader, writer = await asyncio.open_connection(host, int(port), limit=2**16)
    writer.write(request(QUERY))
    return reader, writer


@pytest.fixture
def large_answers(monkeypatch: pytest.MonkeyPatch) -> int:
    """How large all answers are: more than the system buffers between two sockets."""
    size = 32 * 1024 * 1024

    async def large(*_: Any, **__: Any) -> Answer:
        return Answer(orjson.dumps({"data": "x" * size}), True, kind="query")

    monkeypatch.setattr(server.graphql_http, "execute", large)
    return size


async def test_who_does_not_take_the_answer_is_cut(
    address: str, large_answers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server.protocol, "LONGEST_WRITE_SECONDS", 0.3)
    before = REGISTRY.get_sample_value("orderloom_slow_clients_total", {"protocol": "http"}) or 0.0
    reader, writer = await answers_of(large_answers, address)
    await asyncio.sleep(1.0)
    # Not even what the system held for it arrives.
    with pytest.raises(ConnectionResetError):
        await reader.readexactly(large_answers)
    writer.close()
    assert REGISTRY.get_sample_value("orderloom_slow_clients_total", {"protocol": "http"}) == before + 1


async def test_who_takes_it_slowly_gets_all_of_it(
    address: str, large_answers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server.protocol, "LONGEST_WRITE_SECONDS", 0.3)
    reader, writer = await answers_of(large_answers, address)
    taken = 0
    while taken < large_answers:
        taken += len(await reader.readexactly(min(2**22, large_answers - taken)))
        await asyncio.sleep(0.2)
    writer.close()
