"""Formulas of a company's own: typed, checked when they are saved, read, filtered and sorted by, and indexed."""

from typing import Any
from uuid import UUID

import pytest

from tenants import orders
from tests.harness import Client, Company, Row

pytestmark = pytest.mark.anyio

DEFINE = """
mutation ($input: DefineFieldInput!) {
  defineField(input: $input) {
    ... on ConfigurationPayload { version }
    ... on InvalidInput { errors { path code message } }
  }
}
"""
CREATE = "mutation ($input: CreateOrderInput!) { createOrder(input: $input) { ... on OrderPayload { order { id } } } }"


async def define(company: Company, key: str, **body: Any) -> Row:
    """The answer to the definition of a field, ``<record type>.<key>``."""
    record_type, _, name = key.partition(".")
    given = {"object": record_type, "key": name, "label": {"en": name}, **body}
    found: Row = (await company.data(DEFINE, {"input": given}))["defineField"]
    return found


async def define_well(company: Company, key: str, **body: Any) -> None:
    answer = await define(company, key, **body)
    assert "errors" not in answer, answer


async def order(company: Company, *lines: tuple[str, str], **values: Any) -> str:
    """A new order with lines of quantity and unit price."""
    given = [{"name": "Work", "quantity": quantity, "unitPrice": price} for quantity, price in lines or [("1", "10")]]
    answer = await company.data(CREATE, {"input": {"lines": given, **values}})
    return str(answer["createOrder"]["order"]["id"])


async def test_a_formula_is_read_filtered_and_sorted(company: Company, client: Client) -> None:
    """Right for records old and new, of the type of its result, without any of it in the history."""
    await define_well(company, "order.cost", type="decimal")
    first = await order(company, ("2", "10"), custom={"cost": "15"})
    await define_well(company, "order.margin", type="formula", expression="round((total - custom.cost) / total, 4)")
    await define_well(company, "order.size", type="formula", expression='if(total >= 100, "big", "small")')
    await define_well(company, "order.due", type="formula", expression="addDays(date(orderedAt), 14)")
    second = await order(company, ("10", "30"), custom={"cost": "100"}, orderedAt="2026-01-31T10:00:00Z")
    third = await order(company, ("1", "50"))
    found = await company.data(
        "{ orders(orderBy: [{custom: {margin: DESC}}]) { nodes { id custom { margin size due } } } }"
    )
    by_id = {node["id"]: node["custom"] for node in found["orders"]["nodes"]}
    assert by_id[first]["margin"] == "0.25"
    assert by_id[second] == {"margin": "0.6667", "size": "big", "due": "2026-02-14"}
    assert by_id[third]["margin"] is None
    assert [node["id"] for node in found["orders"]["nodes"]][:2] == [second, first]
    filtered = await company.data(
        '{ orders(where: {custom: {margin: {gt: "0.3"}, size: {startsWith: "B"}}}) { nodes { id } } }'
    )
    assert filtered == {"orders": {"nodes": [{"id": second}]}}


async def test_formulas_use_formulas_and_related_records(company: Company, client: Client) -> None:
    """Along a relation, over lines and over other formulas; conditions of triggers and lists know them too."""
    await define_well(company, "customer.discount", type="decimal")
    await define_well(company, "order.pieces", type="formula", expression="sum(lines.quantity)")
    await define_well(
        company,
        "order.net",
        type="formula",
        expression="total * (1 - coalesce(customer.custom.discount, 0)) - custom.pieces",
    )
    given = {"name": "Ann", "custom": {"discount": "0.1"}}
    first = await order(company, ("2", "10"), ("3", "10"), customer=given)
    second = await order(company, ("1", "10"))
    found = await company.data("{ orders(orderBy: [{custom: {net: ASC}}]) { nodes { id custom { net pieces } } } }")
    assert found["orders"]["nodes"] == [
        {"id": second, "custom": {"net": "9", "pieces": "1"}},
        {"id": first, "custom": {"net": "40", "pieces": "5"}},
    ]
    grouped = await company.data(
        '{ customers(where: {orders: {some: {custom: {net: {eq: "40"}}}}}) { nodes { name } } }'
    )
    assert grouped == {"customers": {"nodes": [{"name": "Ann"}]}}


@pytest.mark.parametrize(
    ("body", "path", "message"),
    [
        (
            {"type": "formula", "expression": "total + nothing"},
            ["expression"],
            "Line 1, column 9: there is no field 'nothing' that an expression can use.",
        ),
        (
            {"type": "formula", "expression": "custom.b + 1"},
            [],
            "The field depends on itself: order.a → order.b → order.a. Take it out of one of these expressions.",
        ),
        (
            {"type": "formula"},
            [],
            "A field of the type formula needs what it is worked out from: an expression, or a rollup.",
        ),
        (
            {"type": "formula", "expression": "tags"},
            [],
            "The result must be a number, a text, a date, a time, or true or false.",
        ),
        (
            {"type": "formula", "expression": "1", "required": True},
            ["required"],
            "The field is worked out from others; 'required' has no meaning for it.",
        ),
        (
            {"type": "formula", "expression": "daysBetween(orderedAt, today())", "indexed": True},
            ["indexed"],
            "The field cannot be indexed: it depends on the moment, or on records whose changes do not lead to it (now()).",
        ),
        (
            {"type": "formula", "expression": "customer.name", "indexed": True},
            ["indexed"],
            "The field cannot be indexed: it depends on the moment, or on records whose changes do not lead to it (customer).",
        ),
        ({"type": "text", "expression": "1"}, ["expression"], None),
        (
            {"type": "rollup", "rollup": {"over": "customer", "function": "count"}},
            ["rollup", "over"],
            "'customer' does not lead to many records. Use a list such as lines, orders or people.",
        ),
        (
            {"type": "rollup", "rollup": {"over": "lines", "function": "sum"}},
            ["rollup", "field"],
            "The function sum needs 'field': an expression over the related records.",
        ),
        (
            {"type": "rollup", "rollup": {"over": "lines", "function": "sum", "field": "name"}},
            ["rollup", "field"],
            "Line 1, column 1: a number is needed here, and 'name' is none.",
        ),
        (
            {"type": "rollup", "rollup": {"over": "lines", "function": "count", "where": "quantity"}},
            ["rollup", "where"],
            "Line 1, column 1: something that is true or false is needed here, and 'quantity' is not.",
        ),
        (
            {"type": "rollup", "rollup": {"over": "lines", "function": "count", "by": "quantity"}},
            ["rollup", "by"],
            "Only the function last takes 'by'.",
        ),
    ],
)
async def test_what_makes_no_sense_is_refused(
    company: Company, client: Client, body: Row, path: list[str], message: str | None
) -> None:
    """With its place, and nothing has changed."""
    await define_well(company, "order.a", type="formula", expression="1")
    await define_well(company, "order.b", type="formula", expression="custom.a * 2")
    key = "a" if "custom.b" in body.get("expression", "") else "c"
    before = await company.rows("SELECT * FROM definitions WHERE tenant_id = %(tenant)s ORDER BY kind, key")
    errors = (await define(company, f"order.{key}", **body))["errors"]
    assert errors[0]["path"] == ["field", f"order.{key}", *path]
    assert message is None or errors[0]["message"] == message
    after = await company.rows("SELECT * FROM definitions WHERE tenant_id = %(tenant)s ORDER BY kind, key")
    assert after == before


async def test_formulas_that_grow_are_refused(company: Company, client: Client) -> None:
    """Each twice the one before: what it comes to in the end counts, not what is written."""
    await define_well(company, "order.f0", type="formula", expression="total + 1")
    refused = None
    for place in range(1, 20):
        name = f"custom.f{place - 1}"
        answer = await define(company, f"order.f{place}", type="formula", expression=f"{name} + {name}")
        if "errors" in answer:
            refused = place, answer["errors"][0]["code"]
            break
    assert refused == (8, "COMPUTED_TOO_HEAVY")


async def test_levels_of_records_are_bounded(company: Company, client: Client) -> None:
    """A formula may lead from records to others three times in a row."""
    await define_well(company, "customer.level1", type="formula", expression="sum(orders.total)")
    await define_well(company, "customer.level2", type="formula", expression="max(people.custom.level1)")
    await define_well(company, "order.level3", type="formula", expression="customer.custom.level2")
    answer = await define(company, "customer.level4", type="formula", expression="sum(orders.custom.level3)")
    assert answer["errors"] == [
        {
            "path": ["field", "customer.level4"],
            "code": "COMPUTED_TOO_MANY_LEVELS",
            "message": "The field goes from records to related ones more than 3 times in a row, with the formulas that it uses.",
        }
    ]


async def test_nobody_gives_what_is_computed(company: Company, client: Client) -> None:
    """Inputs have no such field, and what a formula uses cannot go."""
    await define_well(company, "order.cost", type="decimal")
    await define_well(company, "order.twice", type="formula", expression="custom.cost * 2")
    kind = await company.data('{ __type(name: "OrderCustomInput") { inputFields { name } } }')
    assert kind == {"__type": {"inputFields": [{"name": "cost"}]}}
    kind = await company.data('{ __type(name: "OrderCustom") { fields { name type { name } } } }')
    assert kind["__type"]["fields"] == [
        {"name": "cost", "type": {"name": "Decimal"}},
        {"name": "twice", "type": {"name": "Decimal"}},
    ]
    answer = await company.data(
        """mutation { removeDefinition(input: {kind: "field", key: "order.cost"}) {
             ... on InvalidInput { errors { path message } } } }"""
    )
    assert answer["removeDefinition"]["errors"] == [
        {
            "path": ["field", "order.cost"],
            "message": "The field 'order.cost' (cost) cannot be archived, because it is needed by: field 'order.twice' (twice). Change these first.",
        }
    ]


async def test_formulas_are_columns_everywhere(company: Company, client: Client) -> None:
    """In groups, exports, saved lists, conditions of automations, and in the indexed form in pages of a list."""
    await define_well(
        company, "order.size", type="formula", expression='if(total >= 100, "big", "small")', indexed=True
    )
    ids = [await order(company, ("1", price)) for price in ("5", "500", "50", "5000")]
    found = await company.data(
        "{ orders(first: 2, orderBy: [{custom: {size: DESC}}, {total: ASC}]) { nodes { id } pageInfo { endCursor } } }"
    )
    first = [node["id"] for node in found["orders"]["nodes"]]
    cursor = found["orders"]["pageInfo"]["endCursor"]
    rest = await company.data(
        "query ($after: String) { orders(first: 2, after: $after, orderBy: [{custom: {size: DESC}}, {total: ASC}])"
        " { nodes { id custom { size } } } }",
        {"after": cursor},
    )
    assert first == [ids[0], ids[2]]
    assert [node["id"] for node in rest["orders"]["nodes"]] == [ids[1], ids[3]]
    filtered = await company.data('{ orders(where: {custom: {size: {eq: "big"}}}) { totalCount } }')
    assert filtered == {"orders": {"totalCount": 2}}
    async with company.begin() as tx:
        await orders.update_order(tx, UUID(ids[0]), {"lines": [{"name": "Work", "unitPrice": "700"}]})
    filtered = await company.data('{ orders(where: {custom: {size: {eq: "big"}}}) { totalCount } }')
    assert filtered == {"orders": {"totalCount": 3}}
    groups = await company.data('{ orderGroups(groupBy: "custom.size") { key count } }')
    assert groups == {"orderGroups": [{"key": "big", "count": 3}, {"key": "small", "count": 1}]}
