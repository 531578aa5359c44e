"""What stands around the API: faults that are masked, connections that are cut, and what an operator asks (R13, S5, S7)."""

import asyncio
import contextlib
import socket
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx2
import pytest

import server.graphql_http
import server.health
import server.protocol
from schema.execution import Unavailable
from server.app import Application
from server.health import DatabaseWatch
from server.mail import MailboxSender, mailbox_folder
from server.settings import Settings
from tests.harness import Client, Company
from tests.requests import code, post


async def test_without_its_database_the_api_says_so(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    async def away(*_: Any, **__: Any) -> None:
        raise Unavailable

    monkeypatch.setattr(server.graphql_http, "execute", away)
    response = await post(client)
    assert (response.status_code, code(response), response.headers["retry-after"]) == (503, "UNAVAILABLE", "1")


async def test_while_the_database_is_away_requests_do_not_wait_for_it(
    app: Application, client: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A request that waits raises the suspicion; once it is confirmed, it and all others are refused."""

    async def waiting(*_: Any, **__: Any) -> None:
        await asyncio.sleep(30)

    good = settings.application_database_url()
    watch = DatabaseWatch("postgresql://nobody@127.0.0.1:9/nothing", app.state.house.database, app.requests)
    monkeypatch.setitem(app.state._state, "watch", watch)
    monkeypatch.setattr(server.graphql_http, "execute", waiting)
    monkeypatch.setattr(server.health, "SUSPICIOUS_AFTER", 0.05)
    began = time.perf_counter()
    watch.start()
    first = await post(client)
    assert (first.status_code, first.headers["retry-after"], code(first)) == (503, "1", "UNAVAILABLE")
    second = await post(client)
    assert second.status_code == 503
    ready = await client.http.get("/readyz")
    assert (ready.status_code, ready.json()["database"]) == (503, "away")
    assert time.perf_counter() - began < 2
    watch._url = good
    monkeypatch.undo()

    async with asyncio.timeout(3):
        while watch.is_away:  # noqa: ASYNC110  (it looks by itself)
            await asyncio.sleep(0.02)
    await watch.close()


@dataclass
class Asked:
    """A request as the watch sees it."""

    status: int
    started: float = 0.0
    ended: list[bytes] = field(default_factory=list)

    def end(self, last_words: bytes) -> None:
        self.ended.append(last_words)

    __hash__ = object.__hash__


@pytest.mark.parametrize(("status", "away"), [(0, True), (200, False)])
async def test_silence_counts_only_where_nobody_is_answered(
    app: Application, monkeypatch: pytest.MonkeyPatch, status: int, away: bool
) -> None:
    """A machine with too much to do is slow to connect, and yet serves."""
    monkeypatch.setattr(server.health, "LONGEST_CHECK", 0.1)
    asked = Asked(status)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"postgresql://nobody@127.0.0.1:{silent.getsockname()[1]}/nothing"
        watch = DatabaseWatch(url, app.state.house.database, {asked: None})
        assert (await watch._trouble() is not None) is away
        watch.suspect()
        await asyncio.sleep(0.5)
        assert (watch.is_away, bool(asked.ended)) == (away, away)
        await watch.close()


async def test_a_bug_is_masked_and_can_be_quoted(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError("secret path /etc/app.conf")

    monkeypatch.setattr(server.graphql_http, "execute", broken)
    response = await post(client, x_request_id="quote-me")
    assert (response.status_code, code(response)) == (500, "INTERNAL_ERROR")
    assert "quote-me" in response.text
    assert "secret" not in response.text


async def test_the_server_does_not_say_what_it_is(address: str) -> None:
    async with httpx2.AsyncClient(base_url=f"http://{address}") as http:
        answer = await http.get("/healthz")
    assert answer.status_code == 200
    assert "server" not in answer.headers


async def test_it_is_ready(client: Client) -> None:
    assert (await client.http.get("/healthz")).json() == {"alive": True}
    ready = await client.http.get("/readyz")
    assert (ready.status_code, ready.json()) == (
        200,
        {"ready": True, "stopping": False, "database": "up", "migrations": "up to date", "redis": "up"},
    )


async def test_a_process_that_stops_is_not_ready_and_ends_its_connections(
    app: Application, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "connection" not in (await client.http.get("/healthz")).headers
    monkeypatch.setattr(app, "draining", True)
    ready = await client.http.get("/readyz")
    assert (ready.status_code, ready.json()["ready"], ready.json()["stopping"]) == (503, False, True)
    # What still comes is answered, for the last time on its connection.
    answer = await post(client)
    assert (answer.status_code, answer.headers["connection"]) == (200, "close")


async def test_a_pool_without_a_free_connection_is_not_ready(
    app: Application, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.health.LONGEST_CHECK", 0.3)
    database = app.state.house.database
    async with contextlib.AsyncExitStack() as taken:
        for _ in range(database.pool.max_size):
            await taken.enter_async_context(database.connection())
        ready = await client.http.get("/readyz")
        assert (ready.status_code, ready.json()["database"]) == (503, "busy")
    assert (await client.http.get("/readyz")).status_code == 200


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
