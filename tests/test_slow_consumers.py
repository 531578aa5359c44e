"""What waits for a client on a socket is bounded: one that does not take it is sent away before it costs memory (S5)."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest
from starlette.applications import Starlette

import server.graphql_ws
import server.live
from schema.execution import Answer, Operation
from server.graphql_ws import MOST_BYTES_WAITING, MOST_OPERATIONS, MOST_WAITING, TOO_SLOW, _Conversation
from server.metrics import REGISTRY
from server.protocol import MOST_PONGS_UNTAKEN
from tenants.transaction import new_id
from tests.harness import Company
from tests.test_patience import eventually
from tests.test_websocket import CHANGES, Socket, listening, signed_in

MIB = 1024 * 1024
# More than the system holds between two sockets.
HUGE = 32 * MIB
QUERY = "query ($size: Int) { __typename }"


def sent_away() -> float:
    """How many clients on sockets were too slow."""
    return REGISTRY.get_sample_value("orderloom_slow_clients_total", {"protocol": "websocket"}) or 0.0


@pytest.fixture
def conversations(monkeypatch: pytest.MonkeyPatch) -> list[_Conversation]:
    """Those that begin. Their operations are answered with as many bytes as they ask for."""
    found: list[_Conversation] = []

    class Kept(_Conversation):
        def __init__(self, socket: Any) -> None:
            super().__init__(socket)
            found.append(self)

    async def answered(_house: Any, operation: Operation, **_: Any) -> Answer:
        assert operation.variables is not None
        return Answer(orjson.dumps({"data": "x" * operation.variables["size"]}), True, kind="query")

    monkeypatch.setattr(server.graphql_ws, "_Conversation", Kept)
    monkeypatch.setattr(server.graphql_ws, "subscribe", answered)
    return found


@pytest.fixture
async def stuck(address: str, company: Company, conversations: list[_Conversation]) -> AsyncIterator[Socket]:
    """A socket whose client takes nothing; the end of its first answer waits for that."""
    async with signed_in(address, company.owner) as socket:
        socket.connection.transport.pause_reading()
        await socket.subscribe(QUERY, "huge", variables={"size": HUGE})
        await waits(conversations[0], 1)
        yield socket


async def waits(conversation: _Conversation, count: int) -> None:
    async def are_waiting() -> bool:
        return conversation.outgoing._waiting == count

    await eventually(are_waiting, True)


async def test_who_takes_it_late_gets_all_of_it(stuck: Socket, conversations: list[_Conversation]) -> None:
    before = sent_away()
    for place in range(7):
        await stuck.subscribe(QUERY, str(place), variables={"size": MIB})
    await waits(conversations[0], 8)
    assert 7 * MIB < conversations[0].outgoing._bytes < MOST_BYTES_WAITING
    stuck.connection.transport.resume_reading()
    answers = [await stuck.receive() for _ in range(16)]
    assert [answer["type"] for answer in answers].count("complete") == 8
    sizes = [len(answer["payload"]["data"]) for answer in answers if answer["type"] == "next"]
    assert sizes == [HUGE, *[MIB] * 7]
    assert (conversations[0].outgoing._waiting, conversations[0].outgoing._bytes) == (0, 0)
    assert sent_away() == before


async def test_too_many_bytes(stuck: Socket, conversations: list[_Conversation]) -> None:
    """Nothing of what waited is sent any more; what was under way arrives, and then the reason."""
    before = sent_away()
    for place in range(8):
        await stuck.subscribe(QUERY, str(place), variables={"size": MIB})
    await waits(conversations[0], 0)
    assert (conversations[0].outgoing._bytes, sent_away()) == (0, before + 1)
    stuck.connection.transport.resume_reading()
    assert len((await stuck.receive())["payload"]["data"]) == HUGE
    assert await stuck.closed() == (TOO_SLOW, "Too much waits to be taken; subscribe again")
    assert stuck.connection.transport.get_write_buffer_size() == 0


async def test_too_many_messages(stuck: Socket, conversations: list[_Conversation]) -> None:
    """Refusals wait as well as answers do."""
    before = sent_away()
    for place in range(MOST_WAITING - 1):
        await stuck.subscribe(QUERY, str(place), variables={"size": 1})
    await waits(conversations[0], MOST_WAITING)
    assert MOST_WAITING > MOST_OPERATIONS
    assert sent_away() == before
    await stuck.subscribe(QUERY, "more", variables={"size": 1})
    await waits(conversations[0], 0)
    assert sent_away() == before + 1
    stuck.connection.transport.resume_reading()
    assert (await stuck.closed())[0] == TOO_SLOW


async def test_pings_of_one_who_takes_nothing(stuck: Socket) -> None:
    """Their answers would wait without end; a client that takes them may ping as often as it likes."""
    before = sent_away()
    for _ in range(MOST_PONGS_UNTAKEN):
        await stuck.connection.ping()
    await asyncio.sleep(0.1)
    assert sent_away() == before
    await stuck.connection.ping()

    async def is_cut() -> bool:
        return sent_away() == before + 1

    await eventually(is_cut, True)


async def test_pings_that_are_answered_may_come_for_ever(address: str, company: Company) -> None:
    async with signed_in(address, company.owner) as socket:
        for _ in range(MOST_PONGS_UNTAKEN + 100):
            await (await socket.connection.ping())
        await socket.send(type="ping")
        assert await socket.receive() == {"type": "pong"}


async def test_more_news_than_may_wait(
    address: str, app: Starlette, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever cannot follow is told to begin again, and nothing is kept for it."""
    monkeypatch.setattr(server.live, "MOST_WAITING", 3)
    async with signed_in(address, company.owner) as socket:
        await socket.subscribe(CHANGES)
        await listening(socket, app, company)
        live = app.state.house.live
        (listener,) = live._listeners[str(company.id).encode()]
        news = {"record_type": "order", "record_id": str(new_id()), "record_version": 1, "kind": "created"}
        live._tell(str(company.id).encode(), orjson.dumps([news] * 5))
        assert listener._waiting.qsize() == 1
        assert await socket.closed() == (1012, "News were missed; subscribe again")
        assert str(company.id).encode() not in live._listeners
