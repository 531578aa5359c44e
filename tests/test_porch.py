"""What stands around the API: faults that are masked, connections that are cut, and what an operator asks (R13, S5, S7)."""

import asyncio
import time
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx2
import psycopg
import pytest
from starlette.applications import Starlette

import server.graphql_http
import server.protocol
from schema.execution import Unavailable
from server.embedded import Services
from server.health import DatabaseWatch
from server.mail import MailboxSender, mailbox_folder
from server.settings import Settings
from tests.harness import Client, Company
from tests.requests import OLD, QUERY, code, post


async def test_without_its_database_the_api_says_so(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    async def away(*_: Any, **__: Any) -> None:
        raise Unavailable

    monkeypatch.setattr(server.graphql_http, "execute", away)
    response = await post(client)
    assert (response.status_code, code(response), response.headers["retry-after"]) == (503, "UNAVAILABLE", "1")


async def test_while_the_database_is_away_requests_do_not_wait_for_it(
    app: Starlette, client: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A request that waits raises the suspicion; once it is confirmed, it and all others are refused."""

    async def waiting(*_: Any, **__: Any) -> None:
        await asyncio.sleep(30)

    good = settings.application_database_url()
    watch = DatabaseWatch("postgresql://nobody@127.0.0.1:9/nothing", app.state.house.database)
    monkeypatch.setitem(app.state._state, "watch", watch)
    monkeypatch.setattr(server.graphql_http, "execute", waiting)
    monkeypatch.setattr(server.graphql_http, "SUSPICIOUS_AFTER", 0.05)
    began = time.perf_counter()
    first = await post(client)
    assert (first.status_code, first.headers["retry-after"]) == (503, "1")
    second = await post(client)
    assert second.status_code == 503
    ready = await client.http.get("/readyz")
    assert (ready.status_code, ready.json()["database"]) == (503, "away")
    assert time.perf_counter() - began < 2
    watch._url = good
    monkeypatch.undo()

    async def still_away() -> bool:
        return watch.is_away

    await eventually(still_away, False)
    await watch.close()


async def test_a_bug_is_masked_and_can_be_quoted(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError("secret path /etc/app.conf")

    monkeypatch.setattr(server.graphql_http, "execute", broken)
    response = await post(client, x_request_id="quote-me")
    assert (response.status_code, code(response)) == (500, "INTERNAL_ERROR")
    assert "quote-me" in response.text
    assert "secret" not in response.text


async def test_who_leaves_stops_the_query_in_postgresql(
    address: str, app: Starlette, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    mark = f"left-{uuid4().hex}"

    async def slow(*_: Any, **__: Any) -> None:
        async with app.state.house.database.connection() as connection, connection.pipeline():
            await (await connection.execute(f"SELECT '{mark}', pg_sleep(20)")).fetchall()

    monkeypatch.setattr(server.graphql_http, "execute", slow)
    async with await psycopg.AsyncConnection.connect(services.superuser_url, autocommit=True) as watching:

        async def running() -> bool:
            asked = f"SELECT 1 FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'SELECT ''{mark}%'"
            return await (await watching.execute(asked)).fetchone() is not None

        async with httpx2.AsyncClient(base_url=f"http://{address}") as http:
            asking = asyncio.create_task(http.post("/graphql", content=QUERY, headers={"content-type": OLD}))
            await eventually(running, True)
            asking.cancel()
        await eventually(running, False)


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


async def test_the_server_does_not_say_what_it_is(address: str) -> None:
    answer, _ = await talk(address, b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200")
    assert b"uvicorn" not in answer


async def test_it_is_ready_and_measured(client: Client, company: Company) -> None:
    assert (await client.http.get("/healthz")).json() == {"alive": True}
    ready = await client.http.get("/readyz")
    assert (ready.status_code, ready.json()) == (
        200,
        {"ready": True, "database": "up", "migrations": "up to date", "redis": "up"},
    )
    await client.post("{ orders { totalCount } }", token=company.owner.token)
    text = (await client.http.get("/metrics")).text
    assert 'orderloom_graphql_operations_total{code="OK",kind="query"}' in text
    assert 'orderloom_http_requests_total{method="POST",route="/graphql",status="200"}' in text
    assert 'orderloom_jobs{state="parked"}' in text
    assert "orderloom_database_up 1.0" in text


async def test_a_database_that_is_not_migrated_is_not_ready(
    client: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.health.HEAD", "9999")
    ready = await client.http.get("/readyz")
    assert ready.status_code == 503
    assert "orderloom migrate" in ready.json()["migrations"]
    # One that a newer version has migrated serves on while it is rolled out.
    monkeypatch.setattr("server.health.KNOWN", frozenset({"9999"}))
    assert (await client.http.get("/readyz")).status_code == 200


async def test_mails_that_were_not_sent_can_be_read(client: Client, settings: Settings, company: Company) -> None:
    delivery = {
        "id": company.id,
        "recipient": "ann@example.com",
        "subject": "订单 <b>1</b>",
        "body": "Hello <script>alert(1)</script>",
        "created_at": datetime.now(UTC),
    }
    await MailboxSender(mailbox_folder(settings), "Shop <shop@example.com>")(delivery)
    overview = await client.http.get("http://127.0.0.1:8000/mailbox")
    assert f'href="/mailbox/{company.id}"' in overview.text
    assert "订单 &lt;b&gt;1&lt;/b&gt;" in overview.text
    one = await client.http.get(f"http://127.0.0.1:8000/mailbox/{company.id}")
    assert "&lt;script&gt;" in one.text
    assert "<script" not in one.text
    assert "default-src 'none'" in one.headers["content-security-policy"]
    assert (await client.http.get(f"http://127.0.0.1:8000/mailbox/{uuid4()}")).status_code == 404
    assert (await client.http.get("/mailbox", headers={"host": "evil.example.com"})).status_code == 403
