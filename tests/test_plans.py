"""Plans: a statement is compiled once for all calls of one shape, and no call of another shape ever gets it."""

from typing import Any

import pytest
from starlette.applications import Starlette

from schema.execution import DOCUMENTS, OVERLAYS
from schema.plans import plans_of
from tenants.config.snapshot import TenantConfig
from tests.documents import an_order
from tests.harness import Client, Company, Row

pytestmark = pytest.mark.anyio


def plans(document: str, config: TenantConfig) -> list[Any]:
    """What this process keeps the plans of a document under."""
    known = DOCUMENTS.validated(document, OVERLAYS.lens(config))
    return [rest for one, rest in plans_of(config) if one is known]


PLANNED = """
query Planned($where: OrderFilter, $first: Int, $by: [OrderOrderBy!], $search: String, $voided: VoidedOrders) {
  orders(where: $where, first: $first, orderBy: $by, search: $search, voided: $voided) { nodes { number } }
}
"""


async def test_a_plan_serves_all_variables_of_one_shape(company: Company, client: Client, app: Starlette) -> None:
    """The same document with other values of the same shape is planned once, and each call gets its own rows."""
    first, second = await an_order(company, channel="web"), await an_order(company, channel="shop")
    config = (await app.state.house.callers.by_token(company.owner.token)).config
    # Companies of one template share its plans, so the document is one that no other test asks.
    document = PLANNED.replace("Planned", "Once")
    for channel, number in (("web", first["number"]), ("shop", second["number"]), ("web", first["number"])):
        where = {"channel": {"in": [channel, "x" * len(number)]}, "total": {"gte": "1"}}
        data = await company.data(document, {"where": where, "first": len(channel)})
        assert data["orders"]["nodes"] == [{"number": number}]
    assert len(plans(document, config)) == 1


async def test_another_shape_gets_a_plan_of_its_own(company: Company, client: Client) -> None:
    """Presence, structure, flags, null and enum values shape the statement; each answer is right in any sequence."""
    web = await an_order(company, channel="web", promisedAt="2026-01-05T00:00:00Z")
    shop = await an_order(company, channel="shop")
    calls: list[tuple[Row, list[Row]]] = [
        ({}, [shop, web]),
        ({"where": None}, [shop, web]),
        ({"where": {}}, [shop, web]),
        ({"where": {"channel": {"eq": "web"}}}, [web]),
        ({"where": {"channel": {"ne": "web"}}}, [shop]),
        ({"where": {"promisedAt": {"isNull": True}}}, [shop]),
        ({"where": {"promisedAt": {"isNull": False}}}, [web]),
        ({"where": {"not": {"channel": {"eq": "web"}}}}, [shop]),
        ({"where": {"or": []}}, []),
        ({"where": {"or": [{"channel": {"eq": "web"}}]}}, [web]),
        ({"where": {"or": [{"channel": {"eq": "web"}}, {"channel": {"eq": "shop"}}]}}, [shop, web]),
        ({"where": {"and": []}}, [shop, web]),
        ({"by": [{"channel": "ASC"}]}, [shop, web]),
        ({"by": [{"channel": "DESC"}]}, [web, shop]),
        ({"by": []}, [shop, web]),
        ({"by": {"number": "ASC"}}, [web, shop]),
        ({"first": None}, [shop, web]),
        ({"first": 1}, [shop]),
        ({"search": None}, [shop, web]),
        ({"search": web["number"]}, [web]),
        ({"voided": "ONLY"}, []),
        ({"voided": "INCLUDE"}, [shop, web]),
        ({"voided": None}, [shop, web]),
    ]
    for _ in range(2):
        for variables, expected in calls:
            data = await company.data(PLANNED, variables)
            assert [node["number"] for node in data["orders"]["nodes"]] == [order["number"] for order in expected], (
                variables
            )


async def test_operations_that_share_a_fragment_do_not_share_its_plan(company: Company, client: Client) -> None:
    """Two operations of one document merge other fields into the root field that both take from a fragment."""
    order = await an_order(company)
    document = """
        query A { ...Orders }
        query B { ...Orders orders { nodes { currency } } }
        fragment Orders on Query { orders { nodes { number } } }
    """
    for name, expected in (
        ("A", {"number": order["number"]}),
        ("B", {"number": order["number"], "currency": "EUR"}),
        ("A", {"number": order["number"]}),
    ):
        response = await client.http.post(
            "/graphql",
            json={"query": document, "operationName": name},
            headers={"Authorization": f"Bearer {company.owner.token}"},
        )
        assert response.json()["data"] == {"orders": {"nodes": [expected]}}


async def test_plans_differ_by_what_the_reader_may_see_and_speaks(company: Company, client: Client) -> None:
    """One document, two readers: the plan of an owner is not the plan of a member, nor English that of Chinese."""
    order = await an_order(company)
    chinese = await company.add_person("read_only", language="zh")
    document = "{ orders { nodes { number status { label } voiding { allowed } } } }"
    for _ in range(2):
        for person, label, allowed in (
            (company.owner, "Draft", True),
            (company.read_only, "Draft", False),
            (chinese, "草稿", False),
        ):
            data = await company.data(document, person=person)
            assert data["orders"]["nodes"] == [
                {"number": order["number"], "status": {"label": label}, "voiding": {"allowed": allowed}}
            ]
