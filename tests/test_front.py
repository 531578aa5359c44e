"""What the front tells of costs, over HTTP and on sockets, and which web pages may come (X-51, X-52)."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from graphql import parse
from starlette.applications import Starlette
from websockets.exceptions import InvalidStatus

from schema.costs import Prices
from schema.execution import SCHEMA
from server.limits import Limits, Quota
from server.origins import Origins
from server.settings import Settings, SettingsError
from tenants import usage
from tenants.database import Database
from tenants.quotas import Quotas
from tests.conftest import NewCompany
from tests.harness import Client, Company, Statements
from tests.requests import NEW, OLD, QUERY
from tests.test_websocket import opened, signed_in

pytestmark = pytest.mark.anyio

ORIGIN = "https://app.example.com"
ORDERS = "{ orders(first: 10) { nodes { id } } }"
# 300 of the statement, 100 of the page, 10 records of 10 with a field each: 510 microseconds.
ORDERS_COST = 6


@pytest.fixture
async def meagre(app: Starlette, settings: Settings) -> AsyncIterator[Limits]:
    """The application under limits that a few requests exhaust: time stands still."""
    quota = Quota(rate=2, capacity=40, member_share=0.5)
    limits = Limits(
        settings.redis_address(), lambda _tenant: quota, 15, keys=f"orderloom:test:{uuid4()}:", clock=lambda: 0.0
    )
    limits.processes = 1
    before = app.state.house
    app.state.house = replace(before, meter=limits)
    yield limits
    app.state.house = before
    await limits.close()


COSTS: list[tuple[str, dict[str, Any], int]] = [
    (ORDERS, {}, ORDERS_COST),
    ("{ orders { nodes { id } } }", {}, 7),
    ("{ orders(first: 0) { nodes { id } } }", {}, 4),
    ("query ($n: Int = 200) { orders(last: $n) { nodes { id } } }", {}, 26),
    ("query ($n: Int = 200) { orders(last: $n) { nodes { id } } }", {"n": 10}, 6),
    ("query ($n: Int) { orders(first: $n) { nodes { id } } }", {"n": 10_000}, 26),
    ("query ($n: Int) { orders(first: $n) { nodes { id } } }", {"n": "many"}, 7),
    ("{ orders(first: 10) { nodes { lines(first: 10) { nodes { id } } } } }", {}, 21),
    ("{ orders(first: 10) { nodes { id } nodes { id } ...A } } fragment A on OrderConnection { nodes { id } }", {}, 6),
    ("query ($all: Boolean!) { orders(first: 10) { nodes { id lines @include(if: $all) { nodes { id } } } } }", {"all": False}, 6),
    ("query ($all: Boolean!) { orders(first: 10) { nodes { id lines @include(if: $all) { nodes { id } } } } }", {"all": True}, 33),
    ("{ orders(first: 0) { totalCount } }", {}, 204),
    ("{ orders(first: 0, search: \"x\") { nodes { id } } }", {}, 504),
    ("{ orders(first: 0, orderBy: [{total: ASC}]) { nodes { id } } }", {}, 404),
    ('{ orders(first: 0, where: {number: {eq: "1"}}) { nodes { id } } }', {}, 84),
    ('{ orders(first: 0, where: {number: {contains: "1"}}) { nodes { id } } }', {}, 244),
    ('{ orders(first: 0, where: {number: {contains: "1"}}) { totalCount nodes { id } } }', {}, 644),
    ('{ orders(first: 0, where: {number: {contains: "1"}}) { totalCount } }', {}, 444),
    ("query ($w: OrderFilter) { orders(first: 0, where: $w) { nodes { id } } }", {"w": {"or": [{"number": {"eq": "1"}}, {"notes": {"contains": "1"}}]}}, 284),
    ('{ orders(first: 0, where: {customer: {name: {eq: "1"}}}) { nodes { id } } }', {}, 684),
    ("query ($n: Int) { orders(first: 0, where: {lines: {count: {gte: $n}}}) { nodes { id } } }", {"n": 3}, 3484),
    ('{ orders(first: 0, where: {lines: {none: {}}}) { nodes { id } } }', {}, 1844),
    ("{ orders(first: 0, orderBy: [{customer: {name: ASC}}, {number: ASC}]) { nodes { id } } }", {}, 2004),
    ('{ orderGroups(groupBy: "status") { key count } }', {}, 204),
    ("query ($by: String) { orderGroups(groupBy: $by) { key count } }", {"by": "customer.kind"}, 1804),
    ('{ orders(first: 0, where: {customer: {orders: {some: {notes: {contains: "1"}}}}}) { nodes { id } } }', {}, 2644),
    ('{ orders(first: 0, where: {customer: {orders: {some: {lines: {some: {name: {contains: "1"}}}}}}}) { nodes { id } } }', {}, 12444),
    ('{ node(id: "1") { id } }', {}, 9),
    ("{ __schema { types { name } } }", {}, 200),
    ("{ __typename }", {}, 1),
    ('mutation { createProduct(input: {name: "A", sku: "1", price: "1"}) { __typename } }', {}, 51),
    ("mutation ($i: CreateOrderInput!) { createOrder(input: $i) { __typename } }", {"i": {"lines": [{}] * 100}}, 551),
]  # fmt: skip


@pytest.mark.parametrize(("document", "variables", "cost"), COSTS)
def test_what_operations_cost(document: str, variables: dict[str, Any], cost: int) -> None:
    """The formula of `schema/costs.py`, worked out by hand."""
    node = parse(document)
    operation: Any = node.definitions[0]
    assert Prices(SCHEMA, node).of(operation, variables) == cost


async def test_the_cost_is_told(company: Company, client: Client, meagre: Limits) -> None:
    """In the answer and in its headers; by both, a client can keep within the limit."""
    response = await client.post(ORDERS, token=company.owner.token)
    assert response.json()["extensions"] == {
        "cost": {"requested": ORDERS_COST, "limit": 15, "available": 14, "restoreRate": 1}
    }
    assert (response.headers["ratelimit-policy"], response.headers["ratelimit"]) == (
        '"member";q=20;w=20', '"member";r=14;t=6',
    )  # fmt: skip
    assert meagre.spent_since_last_look() == {company.id: (1, ORDERS_COST)}


@pytest.mark.parametrize(("accept", "language", "sentence"), [(NEW, "en", "Try again in"), (OLD, "zh", "秒后再试")])
async def test_what_comes_too_soon_is_a_429(
    company: Company,
    client: Client,
    meagre: Limits,
    statements: Statements,
    accept: str,
    language: str,
    sentence: str,
) -> None:
    """With the seconds to wait, in the language of the member; the others of the company still have theirs."""
    person = await company.add_person("member", language=language)
    headers = {"content-type": OLD, "accept": accept, "authorization": f"Bearer {person.token}"}
    for _ in range(3):
        assert (await client.http.post("/graphql", json={"query": ORDERS}, headers=headers)).status_code == 200
    statements.clear()
    response = await client.http.post("/graphql", json={"query": ORDERS}, headers=headers)
    (error,) = response.json()["errors"]
    assert (response.status_code, response.headers["retry-after"]) == (429, "4")
    assert error["extensions"] == {"code": "RATE_LIMITED", "reason": "LIMIT_RATE", "retryAfter": 4}
    assert sentence in error["message"]
    assert statements.texts == []
    assert (await client.post(ORDERS, token=company.owner.token)).status_code == 200


async def test_what_costs_too_much_never_runs(company: Company, client: Client, meagre: Limits) -> None:
    answer = await company.graphql("{ orders(first: 200) { nodes { id } } }")
    (error,) = answer["errors"]
    assert error["extensions"] == {"code": "LIMIT_EXCEEDED", "reason": "LIMIT_COST", "requested": 26, "limit": 15}
    assert "data" not in answer


async def test_a_question_of_the_latest_order_is_affordable(company: Company, client: Client) -> None:
    """What a modest filter costs, listed and counted, is within the usual limit."""
    document = (
        "{ orders(where: {customer: {orders: {max: {orderedAt: {during: TODAY}}}}}) { totalCount nodes { id } } }"
    )
    assert await company.data(document) == {"orders": {"totalCount": 0, "nodes": []}}


async def test_what_is_prepared_anew_is_paid_once(
    company: Company, client: Client, meagre: Limits, database: Database, statements: Statements
) -> None:
    """A caller who turns out to be outdated sees the answer at the second attempt, and pays for one."""
    await company.data(ORDERS)
    assert meagre.spent_since_last_look() == {company.id: (1, ORDERS_COST)}
    await usage.set_quotas(database, company.id, Quotas(records=100))
    statements.clear()
    response = await client.post(ORDERS, token=company.owner.token)
    assert len([text for text in statements.texts if "FROM orders" in text]) == 2
    assert response.json()["extensions"]["cost"]["available"] == 20 - 2 * ORDERS_COST
    assert meagre.spent_since_last_look() == {company.id: (1, ORDERS_COST)}


async def test_a_company_has_the_rate_that_the_operator_set(
    company: Company, new_company: NewCompany, client: Client, database: Database
) -> None:
    """In place of the instance's, from the next request on, and for that company alone."""
    other = await new_company()

    async def cost(asker: Company) -> Any:
        return (await client.post(ORDERS, token=asker.owner.token)).json()["extensions"]["cost"]

    assert (await cost(company))["limit"] == 10_000
    await usage.set_quotas(database, company.id, Quotas(points_per_second=40, points=800))
    # A quarter of both is what one member may have; the call that finds the quota out has paid before it did.
    assert await cost(company) == {"requested": ORDERS_COST, "limit": 200, "available": 200, "restoreRate": 10}
    assert (await cost(company))["available"] < 200
    refused = (await client.post("{ orders { totalCount } }", token=company.owner.token)).json()["errors"][0]
    assert refused["extensions"] == {"code": "LIMIT_EXCEEDED", "reason": "LIMIT_COST", "requested": 206, "limit": 200}
    assert {name: (await cost(other))[name] for name in ("limit", "restoreRate")} == {
        "limit": 10_000,
        "restoreRate": 25 * 10**7,
    }
    await usage.set_quotas(database, company.id, Quotas(points=4_000))
    assert {name: (await cost(company))[name] for name in ("limit", "restoreRate")} == {
        "limit": 1_000,
        "restoreRate": 25 * 10**7,
    }


async def test_too_many_statements_never_run(company: Company, client: Client) -> None:
    viewers = " ".join(f"v{place}: viewer {{ member {{ id }} }}" for place in range(13))
    answer = await company.graphql(f"{{ {viewers} }}")
    (error,) = answer["errors"]
    assert error["extensions"] == {
        "code": "LIMIT_EXCEEDED", "reason": "LIMIT_STATEMENTS", "statements": 52, "most": 50,
    }  # fmt: skip


async def test_sockets_have_the_same_limit(address: str, company: Company, meagre: Limits) -> None:
    """What comes too soon is that operation's error; the socket and its other operations go on."""
    async with signed_in(address, company.member) as socket:
        for name in ("1", "2", "3"):
            await socket.subscribe(ORDERS, name)
            answer = await socket.receive()
            assert answer["payload"]["extensions"]["cost"]["requested"] == ORDERS_COST
            assert (await socket.receive())["type"] == "complete"
        await socket.subscribe(ORDERS, "4")
        answer = await socket.receive()
        assert (answer["id"], answer["type"]) == ("4", "error")
        assert answer["payload"][0]["extensions"]["code"] == "RATE_LIMITED"
        await socket.subscribe("{ __typename }", "5")
        assert (await socket.receive())["payload"]["data"] == {"__typename": "Query"}


@pytest.fixture
def elsewhere(app: Starlette) -> Any:
    """The application as it is with ``ALLOWED_ORIGINS``."""
    before = app.state.origins
    app.state.origins = Origins([ORIGIN])
    yield
    app.state.origins = before


@pytest.mark.usefixtures("elsewhere")
async def test_pages_of_an_origin_that_is_set_may_use_the_api(client: Client, address: str) -> None:
    """Preflight, answer and refusal carry what the browser asks for; other origins get nothing of it."""
    asked = {"origin": ORIGIN, "access-control-request-method": "POST"}
    preflight = await client.http.options("/graphql", headers=asked)
    assert (preflight.status_code, preflight.headers["access-control-allow-origin"]) == (204, ORIGIN)
    assert "authorization" in preflight.headers["access-control-allow-headers"]
    for content, status in ((QUERY, 200), (b"null", 400)):
        headers = {"origin": ORIGIN.upper(), "content-type": OLD}
        response = await client.http.post("/graphql", content=content, headers=headers)
        assert (response.status_code, response.headers["access-control-allow-origin"]) == (status, ORIGIN.upper())
        assert "ratelimit" in response.headers["access-control-expose-headers"]
        assert "access-control-allow-credentials" not in response.headers
    async with opened(address, origin=ORIGIN):
        pass
    for other in ("https://evil.example.com", "https://app.example.com.evil.com", "null", ""):
        assert (await client.http.options("/graphql", headers={"origin": other})).status_code == 405
        response = await client.http.post("/graphql", content=QUERY, headers={"origin": other, "content-type": OLD})
        assert not [name for name in response.headers if name.startswith("access-control")]
    with pytest.raises(InvalidStatus):
        async with opened(address, origin="https://evil.example.com"):
            pass


async def test_no_other_origin_is_allowed_unless_it_is_set(client: Client) -> None:
    response = await client.http.options("/graphql", headers={"origin": ORIGIN})
    assert response.status_code == 405
    assert not [name for name in response.headers if name.startswith("access-control")]


def test_origins_are_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALLOWED_ORIGINS", f"{ORIGIN}, http://localhost:5173")
    assert Settings.load().allowed_origins == (ORIGIN, "http://localhost:5173")
    for wrong in ("*", "app.example.com", f"{ORIGIN}/", "file:///x"):
        monkeypatch.setenv("ALLOWED_ORIGINS", wrong)
        with pytest.raises(SettingsError, match="ALLOWED_ORIGINS is"):
            Settings.load()
