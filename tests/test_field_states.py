"""What a page of records is told of its fields, and what becomes of values that a rule hides."""

import pytest

from tests.documents import UPDATE_ORDER, bad_values, done, mutation, refused, unchanged
from tests.examples import create_orders, define_fields
from tests.harness import Client, Company, Row, Statements

pytestmark = pytest.mark.anyio

DEFINE_RULE = mutation("defineRule", "Configuration", "version")


@pytest.fixture
async def ids(company: Company, client: Client) -> list[str]:
    """Twenty orders, every second of the shop, whose desk is hidden."""
    await define_fields(company, {"order.desk": {"type": "text"}})
    found = await create_orders(
        company, [{"channel": ("web", "shop")[place % 2], "custom": {"desk": "A"}} for place in range(20)]
    )
    rule: Row = {"key": "no_desk", "object": "order", "effect": "HIDE", "fields": ["custom.desk"]}
    await done(company, DEFINE_RULE, **rule, when={"channel": {"eq": "shop"}})
    return found


async def test_a_page_of_forms_is_one_request(company: Company, ids: list[str], statements: Statements) -> None:
    """The states of twenty orders, each judged as it stands; two statements an order."""
    states = " ".join(
        f's{place}: previewUpdateOrder(input: {{id: "{found}"}}) {{ fieldStates {{ path hidden }} }}'
        for place, found in enumerate(ids)
    )
    statements.clear()
    data = await company.data(f"{{ {states} }}")
    hidden = [bool(data[f"s{place}"]["fieldStates"]) for place in range(20)]
    assert hidden == [False, True] * 10
    assert data["s1"] == {"fieldStates": [{"path": ["custom", "desk"], "hidden": True}]}
    assert len(statements.work) <= 2 * len(ids) + 1


async def test_a_hidden_value_is_kept_and_shown(company: Company, ids: list[str]) -> None:
    """Hiding is about the form: who may read the record reads what is there. It can be neither given nor lost."""
    query = "query ($id: ID!) { order(id: $id) { custom { desk } } }"
    assert (await company.data(query, {"id": ids[1]}))["order"] == {"custom": {"desk": "A"}}
    found = await company.data('{ orders(where: {custom: {desk: {eq: "A"}}}) { totalCount } }')
    assert found == {"orders": {"totalCount": 20}}
    async with unchanged(company):
        problem = await refused(company, UPDATE_ORDER, id=ids[1], custom={"desk": "B"})
    assert list(bad_values(problem)) == ["custom.desk"]
    await done(company, UPDATE_ORDER, id=ids[1], notes="x")
    assert (await company.data(query, {"id": ids[1]}))["order"] == {"custom": {"desk": "A"}}
