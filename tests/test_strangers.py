"""Who sends no token, or a wrong one, is limited too, by address, and cannot hold a socket for nothing (S4)."""

import asyncio
from collections.abc import Iterator

import pytest
from starlette.applications import Starlette

import server.graphql_ws
import server.strangers
from schema.costs import RateLimited
from server.strangers import HOLDS_SECONDS, Guesses, Strangers, price
from tenants.database import Database
from tenants.sign_in.sessions import sign_out
from tests.harness import Client, Company, Statements
from tests.test_websocket import opened, signed_in

pytestmark = pytest.mark.anyio

EMPTY = "{ __typename }"
SIGN_INS = 'mutation { signIn(input: {email: "a@example.com", password: "b"}) { __typename } }'


@pytest.fixture
def few(app: Starlette) -> Iterator[None]:
    """The application with room for three sign-ins of strangers, in a time that stands still."""
    before = app.state.strangers
    app.state.strangers = Strangers(rate=60, clock=lambda: 0.0)
    yield
    app.state.strangers = before


def test_each_address_has_a_bucket_that_runs_in_again() -> None:
    now = [100.0]
    strangers = Strangers(rate=20, clock=lambda: now[0])

    def admitted(host: str) -> int:
        """How many empty requests are let through at once, each of ten points."""
        for count in range(1_000):
            try:
                strangers.admit((host, 1), EMPTY)
            except RateLimited:
                return count
        raise AssertionError

    # What the bucket holds, and one that overdraws it.
    full = 20 * HOLDS_SECONDS // 11 + 1
    assert admitted("10.0.0.1") == full
    assert admitted("10.0.0.1") == 0
    assert admitted("10.0.0.2") == full
    now[0] += 5.5
    assert admitted("10.0.0.1") == 10
    assert admitted("2001:db8:1:2::1") == full
    assert admitted("2001:db8:1:2:ffff::9") == 0
    assert admitted("2001:db8:1:3::1") == full


def test_dear_documents_take_more() -> None:
    for document, most in ((EMPTY, 99), (SIGN_INS, 3), ("#" * 12_000, 2), (None, 3)):
        strangers = Strangers(rate=54, clock=lambda: 0.0)
        for _ in range(most):
            strangers.admit(("10.0.0.1", 1), document)
        with pytest.raises(RateLimited):
            strangers.admit(("10.0.0.1", 1), document)


@pytest.mark.usefixtures("few")
async def test_strangers_wait_and_members_do_not(company: Company, client: Client, statements: Statements) -> None:
    """Nothing is looked up for a request that comes too soon; whoever has a token is served."""
    for _ in range(3):
        assert (await client.post(SIGN_INS)).status_code == 200
    statements.clear()
    response = await client.post(SIGN_INS, language="zh")
    assert (response.status_code, response.headers["retry-after"]) == (429, "6")
    (error,) = response.json()["errors"]
    assert error["extensions"] == {"code": "RATE_LIMITED", "reason": "LIMIT_RATE", "retryAfter": 6}
    assert "秒后再试" in error["message"]
    assert statements.texts == []
    assert (await client.post(EMPTY)).status_code == 429
    assert (await client.post(EMPTY, token=company.owner.token)).status_code == 200


@pytest.mark.usefixtures("few")
async def test_strangers_on_sockets_wait_as_well(address: str, company: Company) -> None:
    async with opened(address) as socket, signed_in(address, company.owner) as member:
        await socket.send(type="connection_init")
        await socket.receive()
        for place in range(3):
            await socket.subscribe(SIGN_INS, str(place))
            assert (await socket.receive())["type"] == "next"
            assert (await socket.receive())["type"] == "complete"
        await socket.subscribe(EMPTY, "last")
        answer = await socket.receive()
        assert (answer["id"], answer["type"]) == ("last", "error")
        assert answer["payload"][0]["extensions"]["code"] == "RATE_LIMITED"
        await member.subscribe(EMPTY)
        assert (await member.receive())["type"] == "next"


async def test_a_stranger_cannot_hold_a_socket_for_nothing(
    address: str, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is closed after its time; one that somebody signed in on stays."""
    monkeypatch.setattr(server.graphql_ws, "STRANGER_SECONDS", 0.2)
    async with signed_in(address, company.owner) as member, opened(address) as socket:
        await socket.send(type="connection_init")
        await socket.subscribe(EMPTY)
        assert await socket.closed() == (4408, "Nobody signed in")
        await asyncio.sleep(0.3)
        await member.subscribe(EMPTY)
        assert (await member.receive())["type"] == "next"


@pytest.fixture
def few_guesses(app: Starlette, database: Database) -> Iterator[Guesses]:
    """The application with room for three wrong tokens and one that overdraws it, in a time that stands still."""
    before = app.state.guesses
    app.state.guesses = Guesses(15, database, app.state.house.callers, clock=lambda: 0.0)
    yield app.state.guesses
    app.state.guesses = before


async def guess(client: Client, token: str) -> int:
    return (await client.post(EMPTY, token=token)).status_code


async def test_wrong_tokens_wait_and_good_ones_do_not(
    company: Company, client: Client, statements: Statements, few_guesses: Guesses
) -> None:
    """Once too many came, those that are asked with at the same time are looked up with one statement, and members are served,
    whether this process knows them or not; who has no token yet may sign in."""
    assert [await guess(client, f"ol_{place}") for place in range(4)] == [401] * 4
    statements.clear()
    response = await client.post(EMPTY, token="ol_more", language="zh")
    assert (response.status_code, response.headers["retry-after"]) == (429, "7")
    (error,) = response.json()["errors"]
    assert error["extensions"] == {"code": "RATE_LIMITED", "reason": "LIMIT_RATE", "retryAfter": 7}
    assert len(statements.texts) == 1
    statements.clear()
    asked = [*(f"ol_{place}" for place in range(50)), company.owner.token, "ol_0"]
    assert await asyncio.gather(*(guess(client, token) for token in asked)) == [429] * 50 + [200, 429]
    assert len([text for text in statements.texts if "token_hash = ANY" in text]) == 1
    statements.clear()
    assert await guess(client, company.owner.token) == 200
    assert [text for text in statements.texts if "token_hash = ANY" in text] == []
    assert await guess(client, company.member.token) == 200
    assert (await client.post(SIGN_INS)).status_code == 200


async def test_a_session_that_ended_is_a_wrong_token(company: Company, client: Client, few_guesses: Guesses) -> None:
    token = company.member.token
    assert await guess(client, token) == 200
    await sign_out(company.database, await company.caller(company.member))
    assert [await guess(client, token) for _ in range(5)] == [401] * 4 + [429]


async def test_no_more_doubtful_tokens_wait_than_can_be_looked_up(
    client: Client, statements: Statements, few_guesses: Guesses, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server.strangers, "MOST_DOUBTFUL", 10)
    for place in range(4):
        assert await guess(client, f"ol_{place}") == 401
    statements.clear()
    assert set(await asyncio.gather(*(guess(client, f"ol_{place}") for place in range(30)))) == {429}
    assert len(statements.texts) == 1
    assert few_guesses._doubtful == {}


async def test_a_member_is_not_held_up_by_who_guesses_elsewhere(company: Company, few_guesses: Guesses) -> None:
    for _ in range(10):
        few_guesses.count(("10.0.0.1", 1))
    await few_guesses.admit(("10.0.0.2", 1), "ol_unknown")
    with pytest.raises(RateLimited):
        await few_guesses.admit(("10.0.0.1", 2), "ol_unknown")
    await few_guesses.admit(("10.0.0.1", 2), company.owner.token)


async def test_wrong_tokens_on_sockets_wait_as_well(address: str, company: Company, few_guesses: Guesses) -> None:
    codes = []
    for place in range(5):
        async with opened(address) as socket:
            await socket.send(type="connection_init", payload={"authorization": f"Bearer ol_{place}"})
            codes.append((await socket.closed())[0])
    assert codes == [4403] * 4 + [1013]
    async with signed_in(address, company.owner) as member:
        await member.subscribe(EMPTY)
        assert (await member.receive())["type"] == "next"


def test_founding_costs_what_it_takes() -> None:
    """A template is written down beside the hash of a password; other sign-ins cost that hash alone."""
    words = {
        name: price(f"mutation {{ {name} }}") - 10 for name in ("confirmSignUp", "signUp", "resetPassword", "none")
    }
    assert words == {"confirmSignUp": 5_002, "signUp": 501, "resetPassword": 502, "none": 1}
