"""Orders are classified by type, priority, customer class, region and product type, all of them fields of the company's own (ORD-9)."""

import pytest

from tests.documents import (
    CREATE_CUSTOMER,
    CREATE_PRODUCT,
    UPDATE_ORDER,
    an_order,
    bad_values,
    done,
    mutation,
    refused,
    unchanged,
)
from tests.examples import define_fields
from tests.harness import Client, Company, Drain, Row, Statements

pytestmark = pytest.mark.anyio

CLASSES = {
    "order.kind": ["project", "repair"],
    "order.urgency": ["low", "high"],
    "order.region": ["north", "south"],
    "customer.class": ["a", "b"],
    "product.kind": ["machine", "part"],
}
SELECTED: dict[str, Row] = {
    key: {"type": "select", "indexed": True, "options": options} for key, options in CLASSES.items()
}
# What an order is by its customer and by its goods.
DERIVED: dict[str, Row] = {
    "order.customer_class": {"type": "formula", "expression": 'coalesce(customer.custom.class, "b")'},
    "order.has_machine": {
        "type": "formula",
        "expression": 'count(if(lines.product.custom.kind = "machine", 1)) > 0',
    },
}
# By the five, each alone.
FILTERS: dict[str, Row] = {
    "kind": {"custom": {"kind": {"eq": "repair"}}},
    "urgency": {"custom": {"urgency": {"eq": "high"}}},
    "region": {"custom": {"region": {"eq": "south"}}},
    "customer": {"customer": {"custom": {"class": {"eq": "a"}}}},
    "product": {"lines": {"some": {"product": {"custom": {"kind": {"eq": "machine"}}}}}},
}
LIST = (
    "query ($where: OrderFilter, $by: [OrderOrderBy!]) { orders(where: $where, orderBy: $by) { nodes { externalId } } }"
)
DEFINE_RULE = mutation("defineRule", "Configuration", "version")
DEFINE_AUTOMATION = mutation("defineAutomation", "Configuration", "version")


async def names(company: Company, where: Row, *by: Row) -> list[str]:
    data = await company.data(LIST, {"where": where, "by": [*by, {"externalId": "ASC"}]})
    return [node["externalId"] for node in data["orders"]["nodes"]]


@pytest.fixture
async def book(company: Company, client: Client) -> Company:
    """Three orders; A is high on all five, B on none, C on some."""
    await define_fields(company, SELECTED)
    await define_fields(company, DERIVED)
    ann = await done(company, CREATE_CUSTOMER, name="Ann", custom={"class": "a"})
    bob = await done(company, CREATE_CUSTOMER, name="Bob", custom={"class": "b"})
    press = await done(company, CREATE_PRODUCT, name="Press", sku="M", price="100", custom={"kind": "machine"})
    screw = await done(company, CREATE_PRODUCT, name="Screw", sku="S", price="1", custom={"kind": "part"})
    for name, customer, product, custom in (
        ("A", ann, press, {"kind": "repair", "urgency": "high", "region": "south"}),
        ("B", bob, screw, {"kind": "project", "urgency": "low", "region": "north"}),
        ("C", ann, screw, {"kind": "repair", "urgency": "low", "region": "south"}),
    ):
        lines = [{"productId": product["id"], "quantity": "1"}]
        await an_order(company, externalId=name, customerId=customer["id"], lines=lines, custom=custom)
    return company


async def test_filters_and_orders(book: Company, statements: Statements) -> None:
    """Each of the five in one statement, together as well; own fields by their index."""
    found = {}
    for name, where in FILTERS.items():
        statements.clear()
        found[name] = await names(book, where)
        assert len(statements.work) == 1
        if name in ("kind", "urgency", "region"):
            assert "order_texts" in statements.work[0]
    assert found == {
        "kind": ["A", "C"],
        "urgency": ["A"],
        "region": ["A", "C"],
        "customer": ["A", "C"],
        "product": ["A"],
    }
    assert await names(book, {"and": list(FILTERS.values())}) == ["A"]
    assert await names(book, {"or": [{"not": FILTERS["kind"]}, FILTERS["urgency"]]}) == ["A", "B"]
    assert await names(book, {}, {"custom": {"kind": "ASC"}}, {"custom": {"urgency": "DESC"}}) == ["B", "C", "A"]


async def test_reports(book: Company) -> None:
    """Orders are counted by each of the five, within a filter by another."""
    groups = {}
    for path in ("custom.kind", "custom.urgency", "custom.region", "custom.customer_class", "custom.has_machine"):
        data = await book.data("query ($by: String) { orderGroups(groupBy: $by) { key count } }", {"by": path})
        groups[path] = {group["key"]: group["count"] for group in data["orderGroups"]}
    assert groups == {
        "custom.kind": {"project": 1, "repair": 2},
        "custom.urgency": {"low": 2, "high": 1},
        "custom.region": {"north": 1, "south": 2},
        "custom.customer_class": {"a": 2, "b": 1},
        "custom.has_machine": {"true": 1, "false": 2},
    }
    within = 'query ($where: OrderFilter) { orderGroups(groupBy: "custom.urgency", where: $where) { key count } }'
    data = await book.data(within, {"where": FILTERS["customer"]})
    assert {group["key"]: group["count"] for group in data["orderGroups"]} == {"low": 1, "high": 1}


@pytest.mark.parametrize("name", FILTERS)
async def test_rules(book: Company, name: str) -> None:
    """Where one of the five holds, a field is demanded; elsewhere it is not."""
    rule: Row = {
        "key": "tracked",
        "object": "order",
        "effect": "REQUIRE",
        "fields": ["promisedAt"],
        "when": FILTERS[name],
    }
    await done(book, DEFINE_RULE, **rule)
    ids = {
        row["external_id"]: str(row["id"])
        for row in await book.rows("SELECT id, external_id FROM orders WHERE tenant_id = %(tenant)s")
    }
    async with unchanged(book):
        problem = await refused(book, UPDATE_ORDER, id=ids["A"], notes="x")
        assert list(bad_values(problem)) == ["promisedAt"]
    await done(book, UPDATE_ORDER, id=ids["B"], notes="x")


@pytest.mark.parametrize("name", FILTERS)
async def test_automations(book: Company, work: Drain, name: str) -> None:
    """One follows where one of the five holds."""
    tag = {"setField": {"field": "tags", "value": ["found"]}}
    await done(
        book, DEFINE_AUTOMATION, key="mark", label={"en": "Mark"}, events=["UPDATED"], actions=[tag],
        condition={"and": [FILTERS[name], {"notes": {"eq": "go"}}]},
    )  # fmt: skip
    rows = await book.rows("SELECT id, external_id FROM orders WHERE tenant_id = %(tenant)s")
    for row in rows:
        await done(book, UPDATE_ORDER, id=str(row["id"]), notes="go")
    await work()
    marked = await names(book, {"tags": {"containsAny": ["found"]}})
    assert marked == await names(book, FILTERS[name])
