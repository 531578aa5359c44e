"""The WebSocket side of the API: the protocol `graphql-transport-ws`, and news of orders over it (T5, R12, S1).

https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import orjson
import pytest
from starlette.applications import Starlette
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Subprotocol

import server.graphql_ws
import server.sessions
from server.graphql_ws import LARGEST_MESSAGE, MOST_OPERATIONS
from tenants import people
from tenants.sign_in.sessions import sign_out
from tests.conftest import NewCompany
from tests.examples import create_orders
from tests.harness import Company, Person, Row

CHANGES = "subscription { orderChanged { kind version order { number } } }"
PROTOCOL = "graphql-transport-ws"


class Socket:
    """One connection, talked to in messages of the protocol."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    async def send(self, **message: Any) -> None:
        await self.connection.send(orjson.dumps(message).decode())

    async def receive(self) -> Row:
        answer: Row = orjson.loads(await asyncio.wait_for(self.connection.recv(), 5))
        return answer

    async def subscribe(self, document: str, name: str = "1", **more: Any) -> None:
        await self.send(id=name, type="subscribe", payload={"query": document, **more})

    async def closed(self) -> tuple[int, str]:
        """Code and reason with which the server hangs up; what it says before is passed over."""
        with suppress(ConnectionClosed):
            async with asyncio.timeout(5):
                while True:
                    await self.connection.recv()
        assert self.connection.close_code is not None
        return self.connection.close_code, self.connection.close_reason or ""


@asynccontextmanager
async def opened(address: str, *protocols: str, **more: Any) -> AsyncIterator[Socket]:
    wanted = [Subprotocol(name) for name in protocols or (PROTOCOL,)]
    async with connect(f"ws://{address}/graphql", subprotocols=wanted, max_size=None, **more) as connection:
        yield Socket(connection)


@asynccontextmanager
async def signed_in(address: str, person: Person) -> AsyncIterator[Socket]:
    async with opened(address) as socket:
        await socket.send(type="connection_init", payload={"authorization": f"Bearer {person.token}"})
        assert await socket.receive() == {"type": "connection_ack"}
        yield socket


async def listening(socket: Socket, app: Starlette, company: Company) -> None:
    """Wait until the subscription just sent has taken its place."""
    live = app.state.house.live
    async with asyncio.timeout(5):
        while str(company.id).encode() not in live._listeners or not live.connected:  # noqa: ASYNC110  (nobody is told of a listener)
            await asyncio.sleep(0.01)


async def test_a_query_and_a_mutation_run_on_a_socket(address: str, company: Company) -> None:
    async with signed_in(address, company.owner) as socket:
        await socket.subscribe("query ($n: Int) { orders(first: $n) { totalCount } }", variables={"n": 1})
        answer = await socket.receive()
        assert (answer["id"], answer["type"]) == ("1", "next")
        assert answer["payload"]["data"] == {"orders": {"totalCount": 0}}
        assert answer["payload"]["extensions"]["cost"]["requested"] == 205
        assert await socket.receive() == {"id": "1", "type": "complete"}
        # The id is free again.
        await socket.subscribe("mutation { signOut { __typename } }")
        assert (await socket.receive())["type"] == "next"
        assert await socket.receive() == {"id": "1", "type": "complete"}


async def test_a_committed_change_is_told_to_its_company_alone(
    address: str, app: Starlette, company: Company, new_company: NewCompany
) -> None:
    other = await new_company()
    async with signed_in(address, company.member) as socket, signed_in(address, other.owner) as stranger:
        await socket.subscribe(CHANGES)
        await stranger.subscribe(CHANGES)
        await listening(socket, app, company)
        await listening(stranger, app, other)
        await create_orders(company, [{"externalId": str(place)} for place in range(5)])
        for _ in range(5):
            message = await socket.receive()
            assert message["payload"]["data"]["orderChanged"]["kind"] == "CREATED"
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(stranger.connection.recv(), 0.3)
        await socket.send(id="1", type="complete")
        await create_orders(company, [{}])
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(socket.connection.recv(), 0.3)


async def test_an_operation_that_is_wrong_leaves_the_others_alone(
    address: str, app: Starlette, company: Company
) -> None:
    async with signed_in(address, company.owner) as socket:
        await socket.subscribe(CHANGES, "good")
        await listening(socket, app, company)
        for document in ("{", "{ nothing }", "subscription { nothing }", "subscription { a: orderChanged { x } }"):
            await socket.subscribe(document, "bad")
            answer = await socket.receive()
            assert (answer["id"], answer["type"]) == ("bad", "error")
            assert answer["payload"][0]["extensions"]["code"].startswith("GRAPHQL_")
        await create_orders(company, [{}])
        assert (await socket.receive())["id"] == "good"


async def test_without_a_token_nothing_of_a_company_is_heard(address: str) -> None:
    async with opened(address) as socket:
        await socket.send(type="connection_init")
        assert await socket.receive() == {"type": "connection_ack"}
        for document in (CHANGES, "{ orders { totalCount } }"):
            await socket.subscribe(document)
            answer = await socket.receive()
            assert (answer["type"], answer["payload"][0]["extensions"]["code"]) == ("error", "NOT_SIGNED_IN")


@pytest.mark.parametrize(
    "payload",
    [{"authorization": "Bearer ol_nobody"}, {"authorization": "Basic x"}, {"authorization": 1}, {"Authorization": ""}],
)
async def test_a_bad_token_closes_the_socket(address: str, payload: Row) -> None:
    async with opened(address) as socket:
        await socket.send(type="connection_init", payload=payload)
        assert await socket.closed() == (4403, "Forbidden")


@pytest.mark.parametrize("how", ["sign_out", "deactivate"])
async def test_the_socket_of_a_session_that_ends_is_closed(
    address: str, app: Starlette, company: Company, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    async with signed_in(address, company.member) as socket, signed_in(address, company.owner) as other:
        await socket.subscribe(CHANGES)
        await listening(socket, app, company)
        if how == "sign_out":
            await sign_out(company.database, await company.caller(company.member))
        else:
            async with company.begin() as tx:
                await people.update_member(tx, company.member.id, {"active": False})
        assert await socket.closed() == (4403, "Forbidden")
        await other.send(type="ping")
        assert await other.receive() == {"type": "pong"}


@pytest.mark.parametrize("protocols", [("graphql-ws",), ("something",), ()])
async def test_other_protocols_are_refused(address: str, protocols: tuple[str, ...]) -> None:
    wanted = [Subprotocol(name) for name in protocols] or None
    async with connect(f"ws://{address}/graphql", subprotocols=wanted) as connection:
        assert (await Socket(connection).closed())[0] == 4406


async def test_of_several_protocols_ours_is_taken(address: str) -> None:
    async with opened(address, "graphql-ws", PROTOCOL) as socket:
        assert socket.connection.subprotocol == PROTOCOL


async def test_pages_of_others_may_not_connect(address: str) -> None:
    for origin in ("https://evil.example.com", "null", f"http://{address}.evil.example.com", "http://127.0.0.1:1"):
        with pytest.raises(InvalidStatus) as refused:
            async with opened(address, additional_headers={"Origin": origin}):
                pass
        assert refused.value.response.status_code == 403
    async with opened(address, additional_headers={"Origin": f"http://{address}"}) as socket:
        await socket.send(type="ping")
        assert await socket.receive() == {"type": "pong"}


async def test_whoever_does_not_begin_in_time_is_closed(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server.graphql_ws, "INIT_SECONDS", 0.1)
    async with opened(address) as socket:
        assert await socket.closed() == (4408, "Connection initialisation timeout")


async def test_nothing_may_be_asked_before_the_beginning(address: str) -> None:
    async with opened(address) as socket:
        await socket.subscribe("{ __typename }")
        assert await socket.closed() == (4401, "Unauthorized")


async def test_there_is_one_beginning(address: str) -> None:
    async with opened(address) as socket:
        await socket.send(type="connection_init")
        await socket.send(type="connection_init")
        assert await socket.closed() == (4429, "Too many initialisation requests")


async def test_an_id_that_is_in_use_closes_the_socket(address: str, app: Starlette, company: Company) -> None:
    async with signed_in(address, company.owner) as socket:
        await socket.subscribe(CHANGES, "twice")
        await listening(socket, app, company)
        await socket.subscribe(CHANGES, "twice")
        assert await socket.closed() == (4409, "Subscriber for twice already exists")


async def test_pings_are_answered(address: str) -> None:
    async with opened(address) as socket:
        await socket.send(type="ping", payload={"a": 1})
        assert await socket.receive() == {"type": "pong", "payload": {"a": 1}}
        await socket.send(type="pong")
        await socket.send(type="ping")
        assert await socket.receive() == {"type": "pong"}


@pytest.mark.parametrize(
    "message",
    [
        "",
        "x",
        "42",
        "null",
        "[]",
        "{}",
        '{"type":1}',
        '{"type":"start"}',
        '{"type":"subscribe","payload":{"query":"{__typename}"}}',
        '{"type":"subscribe","id":"","payload":{"query":"{__typename}"}}',
        '{"type":"subscribe","id":1,"payload":{"query":"{__typename}"}}',
        '{"type":"subscribe","id":"1"}',
        '{"type":"subscribe","id":"1","payload":{}}',
        '{"type":"subscribe","id":"1","payload":{"query":1}}',
        '{"type":"subscribe","id":"1","payload":[{"query":"{__typename}"}]}',
        '{"type":"complete"}',
        "[" * 100_000,
        b"\x00\x01",
    ],
    ids=lambda message: repr(message[:40]),
)
async def test_what_breaks_the_protocol_closes_the_socket(address: str, message: str | bytes) -> None:
    async with opened(address) as socket:
        await socket.send(type="connection_init", payload={})
        await socket.receive()
        await socket.connection.send(message)
        assert (await socket.closed())[0] == 4400


@pytest.mark.parametrize("text", ["x" * (LARGEST_MESSAGE + 1), "中" * (LARGEST_MESSAGE // 2), "x" * 3_000_000])
async def test_a_message_that_is_too_big_closes_the_socket(address: str, text: str) -> None:
    async with opened(address) as socket:
        with suppress(ConnectionClosed):
            await socket.connection.send(text)
        assert (await socket.closed())[0] == 1009


async def test_a_socket_runs_so_many_operations_and_no_more(address: str, app: Starlette, company: Company) -> None:
    async with signed_in(address, company.owner) as socket:
        for place in range(MOST_OPERATIONS):
            await socket.subscribe(CHANGES, str(place))
        await listening(socket, app, company)
        await socket.subscribe(CHANGES, "more")
        answer = await socket.receive()
        assert (answer["id"], answer["type"]) == ("more", "error")
        assert answer["payload"][0]["extensions"]["code"] == "LIMIT_EXCEEDED"
        await socket.send(id="0", type="complete")
        await socket.subscribe("{ __typename }", "more")
        assert (await socket.receive())["type"] == "next"


async def test_who_missed_news_is_told_to_come_again(address: str, app: Starlette, company: Company) -> None:
    async with signed_in(address, company.owner) as socket:
        await socket.subscribe(CHANGES)
        await listening(socket, app, company)
        app.state.house.live._lose_touch()
        assert (await socket.closed())[0] == 1012


async def test_a_bug_ends_its_operation_alone(address: str, company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError("secret")

    async with signed_in(address, company.owner) as socket:
        monkeypatch.setattr(server.graphql_ws, "subscribe", broken)
        await socket.subscribe("{ __typename }")
        answer = await socket.receive()
        assert (answer["type"], answer["payload"][0]["extensions"]["code"]) == ("error", "INTERNAL_ERROR")
        assert "secret" not in str(answer)
        await socket.send(type="ping")
        assert await socket.receive() == {"type": "pong"}
