"""What a company uses and may use: counted as it is served, measured by the clock, and kept to at the save path (X-72)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest
from starlette.applications import Starlette

from server.app import create_app
from server.settings import Settings
from server.usage import UsageTeller
from tenants import usage
from tenants.database import Database
from tenants.quotas import Quotas
from tests.documents import CREATE_ORDER, an_order
from tests.harness import Client, Company, Row

USAGE = """query ($since: Date, $until: Date) { usage(since: $since, until: $until) {
  size { orders customers products storageBytes } days { day requests cost runs deliveries }
  quotas { name allowed exceeded } } }"""


async def used(company: Company, **variables: Any) -> Row:
    found: Row = (await company.data(USAGE, variables))["usage"]
    return found


def today() -> str:
    return datetime.now(UTC).date().isoformat()


async def test_what_is_served_is_added_to_the_day(company: Company, database: Database, client: Client) -> None:
    """What processes tell is summed up; a day without use is there with zeros."""
    served = [{company.id: (3, 30)}, {}, {company.id: (2, 12)}]
    teller = UsageTeller(database, lambda: served.pop(0))
    for _ in range(3):
        await teller.tell()
    yesterday = (datetime.now(UTC).date() - timedelta(days=1)).isoformat()
    nothing = {"requests": 0, "cost": "0", "runs": 0, "deliveries": 0}
    assert (await used(company, since=yesterday))["days"] == [
        {"day": yesterday, **nothing},
        {"day": today(), "requests": 5, "cost": "42", "runs": 0, "deliveries": 0},
    ]
    assert len((await used(company))["days"]) == 30


async def test_what_is_served_over_http_is_told(company: Company, client: Client, app: Starlette) -> None:
    """Each operation with what it cost, refused ones not."""
    await app.state.usage.tell()
    for document in ("{ orders(first: 10) { nodes { id } } }", "{ orders { totalCount } }", "{ nothing }"):
        await company.graphql(document)
    await app.state.usage.tell()
    (day,) = (await used(company, since=today()))["days"]
    assert (day["requests"], day["cost"]) == (2, "212")


async def test_another_company_sees_nothing_of_it(company: Company, new_company: Any, database: Database) -> None:
    other = await new_company()
    await usage.add(database, {company.id: (1, 1)})
    assert await other.rows("SELECT * FROM usage_days") == []
    assert [row["requests"] for row in await company.rows("SELECT requests FROM usage_days")] == [1]


async def test_what_there_is_is_measured(company: Company, database: Database, client: Client) -> None:
    """Before the first measurement nothing is claimed; a new record shows with the next one."""
    assert (await used(company))["size"] is None
    await an_order(company)
    await usage.set_quotas(database, company.id, Quotas())
    size = (await used(company))["size"]
    assert {name: size[name] for name in ("orders", "customers", "products")} == {
        "orders": 1,
        "customers": 0,
        "products": 0,
    }
    assert int(size["storageBytes"]) > 0


async def test_each_company_is_measured_in_its_turn(company: Company, database: Database) -> None:
    """Once a day; with a quota, as soon as its minutes have passed."""
    # Of all companies that the tests before have founded.
    assert await usage.measure_due(database, most=100_000) >= 1
    assert await usage.measure_due(database) == 0
    await company.rows(
        "UPDATE tenants SET measured_at = now() - interval '6 minutes' WHERE id = %(tenant)s RETURNING id"
    )
    assert await usage.measure_due(database) == 0
    await company.rows("UPDATE tenants SET quotas = '{\"records\": 5}' WHERE id = %(tenant)s RETURNING id")
    assert await usage.measure_due(database) == 1


@pytest.mark.parametrize(
    ("quotas", "name", "message"),
    [
        (
            Quotas(records=1),
            "RECORDS",
            "The company has all the records that it may have (1). Ask the operator for more.",
        ),
        (
            Quotas(storage_bytes=2**10),
            "STORAGE_BYTES",
            "The company has used all the room that it may use (0 MiB). Ask the operator for more.",
        ),
    ],
)
async def test_a_full_company_takes_no_more(
    company: Company, database: Database, client: Client, quotas: Quotas, name: str, message: str
) -> None:
    """The refusal names the quota, holds for the next request, changes nothing, and ends when the quota grows."""
    await an_order(company)
    await usage.set_quotas(database, company.id, quotas)
    (shown,) = (await used(company))["quotas"]
    assert (shown["name"], shown["exceeded"]) == (name, True)
    variables = {"input": {"lines": [{"name": "Line", "unitPrice": "1"}]}}
    before = await company.rows("SELECT count(*) FROM orders UNION ALL SELECT count(*) FROM events")
    refused = (await company.data(CREATE_ORDER, variables))["result"]
    assert (refused["__typename"], refused["message"]) == ("LimitExceeded", message)
    assert await company.rows("SELECT count(*) FROM orders UNION ALL SELECT count(*) FROM events") == before
    await usage.set_quotas(database, company.id, Quotas(records=100, storage_bytes=2**40))
    assert (await company.data(CREATE_ORDER, variables))["result"]["__typename"] == "OrderPayload"


async def test_what_exists_can_be_changed_in_a_full_company(
    company: Company, database: Database, client: Client
) -> None:
    order = await an_order(company)
    await usage.set_quotas(database, company.id, Quotas(records=0))
    data = await company.data(
        'mutation ($id: ID!) { result: updateOrder(input: {id: $id, notes: "Full"}) { __typename } }',
        {"id": order["id"]},
    )
    assert data["result"]["__typename"] == "OrderPayload"


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"since": "2026-13-01"}, "2026-13-01 is not a date. Write it like 2026-03-31."),
        ({"since": "2020-01-01", "until": "2026-01-01"}, "2193 entries; at most 366 are allowed."),
    ],
)
async def test_days_that_cannot_be_shown(company: Company, client: Client, variables: Row, message: str) -> None:
    answer = await company.graphql(USAGE, variables)
    assert [error["message"] for error in answer["errors"][0]["extensions"]["errors"]] == [message]


async def test_the_days_run_forward(company: Company, client: Client) -> None:
    """A last day before the first is refused as what it is."""
    answer = await company.graphql(USAGE, {"since": "2026-01-02", "until": "2026-01-01"})
    assert answer["errors"][0]["extensions"]["code"] == "INVALID_INPUT"


async def test_what_was_served_last_is_told_when_the_process_stops(company: Company, settings: Settings) -> None:
    application = create_app(settings)
    async with application.router.lifespan_context(application):
        transport = httpx2.ASGITransport(application)
        async with httpx2.AsyncClient(transport=transport, base_url="http://orderloom.test") as http:
            await Client(http).post("{ orders(first: 10) { nodes { id } } }", token=company.owner.token)
    assert await company.rows("SELECT requests, cost FROM usage_days") == [{"requests": 1, "cost": 6}]
