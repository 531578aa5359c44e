"""A saved list costs what its parts would cost if they were given: nothing gets past the limit by being saved first."""

from typing import Any

import pytest

from tests.harness import Client, Company, Row, Statements
from tests.viewing import SHARE, asked, saved

pytestmark = pytest.mark.anyio

LIST = """query ($view: ID, $where: OrderFilter, $order: [OrderOrderBy!], $search: String, $first: Int) {
  orders(view: $view, where: $where, orderBy: $order, search: $search, first: $first) { nodes { id } totalCount } }"""
PLAIN = """query ($where: OrderFilter, $order: [OrderOrderBy!], $first: Int) {
  orders(where: $where, orderBy: $order, first: $first) { nodes { id } totalCount } }"""
DEAR: Row = {"or": [{"lines": {"sum": {"total": {"gt": str(place)}}}} for place in range(12)]}
MODEST: Row = {"customer": {"name": {"contains": "a"}}}


async def shared(company: Company, view_id: str, key: str) -> str:
    view: Row = (await asked(company, SHARE, {"id": view_id, "audience": "EVERYBODY", "key": key}))["view"]
    return str(view["id"])


async def cost(client: Client, company: Company, document: str, variables: Row) -> Any:
    answer = (await client.post(document, variables, token=company.owner.token)).json()
    assert "errors" not in answer, answer["errors"]
    return answer["extensions"]["cost"]["requested"]


async def test_what_is_refused_directly_is_refused_as_a_view(
    company: Company, client: Client, statements: Statements
) -> None:
    """Shared or one's own; of one's own the view itself is read, and nothing of the list."""
    await company.data(LIST)
    own = (await saved(company, {"label": {"en": "Dear"}, "orders": {"where": DEAR}}))["id"]
    key = await shared(
        company, (await saved(company, {"label": {"en": "Dear"}, "orders": {"where": DEAR}}))["id"], "dear"
    )
    await company.data(LIST)
    refusals = []
    for document, variables in ((PLAIN, {"where": DEAR}), (LIST, {"view": key}), (LIST, {"view": own})):
        statements.clear()
        answer = await company.graphql(document, variables)
        assert "data" not in answer
        refusals.append(answer["errors"][0]["extensions"])
        assert [text for text in statements.texts if "FROM orders" in text] == []
        assert len([text for text in statements.texts if "private_views" in text]) == (variables.get("view") == own)
    assert [found["reason"] for found in refusals] == ["LIMIT_COST"] * 3
    # Arguments that are there but null cost what they may come to: an ordering and a search.
    assert refusals[1] == refusals[2] == refusals[0] | {"requested": refusals[0]["requested"] + 500}


@pytest.mark.parametrize(
    ("parts", "given"),
    [
        ({"orders": {"where": MODEST}}, {"where": MODEST}),
        ({"orders": {"where": MODEST, "orderBy": [{"customer": {"name": "ASC"}}]}, "pageSize": 150},
         {"where": MODEST, "order": [{"customer": {"name": "ASC"}}], "first": 150}),
        ({"orders": {}, "pageSize": 3}, {"first": 3}),
    ],
)  # fmt: skip
async def test_a_view_costs_what_its_parts_cost(company: Company, client: Client, parts: Row, given: Row) -> None:
    """Page size and ordering included; what is given beside the view takes their place, and its filter is added."""
    own = (await saved(company, {"label": {"en": "x"}, **parts}))["id"]
    names = {"where": "OrderFilter", "order": "[OrderOrderBy!]", "first": "Int"}
    arguments = {"where": "where", "order": "orderBy", "first": "first"}
    head = ", ".join(f"${name}: {names[name]}" for name in given)
    inner = ", ".join(f"{arguments[name]}: ${name}" for name in given)
    expected = await cost(
        client, company, f"query ({head}) {{ orders({inner}) {{ nodes {{ id }} totalCount }} }}", given
    )
    alone = "query ($view: ID) { orders(view: $view) { nodes { id } totalCount } }"
    assert await cost(client, company, alone, {"view": own}) == expected
    assert await cost(client, company, alone, {"view": await shared(company, own, "shared")}) == expected


async def test_what_is_given_beside_a_view(company: Company, client: Client) -> None:
    parts = {"where": MODEST, "orderBy": [{"customer": {"name": "ASC"}}]}
    own = (await saved(company, {"label": {"en": "x"}, "orders": parts, "pageSize": 200}))["id"]
    related = 1_600
    by_view = await cost(client, company, LIST, {"view": own})
    # An ordering of nothing leaves the view's in force.
    assert await cost(client, company, LIST, {"view": own, "order": []}) == by_view
    assert await cost(client, company, LIST, {"view": own, "order": [{"number": "ASC"}]}) == by_view - related
    # Two hundred records of eleven, and none.
    assert await cost(client, company, LIST, {"view": own, "first": 0}) == by_view - 22
    # The comparison and its relation, looked for and counted.
    assert await cost(client, company, LIST, {"view": own, "where": MODEST}) == by_view + 2 * 20 * 40
    assert await cost(client, company, LIST, {"view": None}) < by_view


async def test_groups_of_a_view(company: Company, client: Client) -> None:
    """Its grouping and its filter, but not its ordering."""
    parts = {"where": MODEST, "orderBy": [{"customer": {"name": "ASC"}}]}
    own = (await saved(company, {"label": {"en": "x"}, "orders": parts, "groupBy": "customer.kind"}))["id"]
    direct = 'query ($where: OrderFilter) { orderGroups(where: $where, groupBy: "customer.kind") { key count } }'
    by_view = "query ($view: ID) { orderGroups(view: $view) { key count } }"
    assert await cost(client, company, by_view, {"view": own}) == await cost(client, company, direct, {"where": MODEST})
