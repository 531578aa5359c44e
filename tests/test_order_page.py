"""The page of one order with everything on it, as one query (ORD-8)."""

import pytest

from tests.documents import CHANGE_STATUS, CREATE_CUSTOMER, CREATE_PRODUCT, DEFINE_ROLE, an_order, done
from tests.examples import FIELDS, define_fields
from tests.harness import Client, Company, Drain, Row, Statements
from tests.test_workers import TAG, automate

pytestmark = pytest.mark.anyio

CUSTOMER = """
customer {
  name company { name } owner { name } phones { value } addresses { city } orderSummary { count totals { total { amount } } }
  orders(first: 5) { totalCount nodes { number status { label } total { amount currency } } }
}
"""
RUNS = "automationRuns { nodes { automation status steps { action outcome } event { kind version } } }"
REST = """
number status { key label category } nextSteps { key label allowed refusal } voiding { allowed refusal }
subtotal { amount currency } discountTotal { amount } taxTotal { amount } total { amount currency }
shippingAddress { recipient city } owner { name } tags custom { a_text a_decimal one }
lines(first: 50) { totalCount nodes { name quantity total { amount } product { sku price { amount } } } }
history(first: 50) { totalCount nodes { kind version actor { kind name } changes { field from to } } }
"""


async def scene(company: Company, work: Drain) -> str:
    """An order with two lines, a customer of a firm, own fields, a step taken, and an automation that has run."""
    await define_fields(company, FIELDS)
    await automate(company, TAG)
    product = await done(company, CREATE_PRODUCT, sku="A-1", name="Apple", price="2.50")
    firm = await done(company, CREATE_CUSTOMER, kind="COMPANY", name="Li & Co")
    customer = await done(
        company, CREATE_CUSTOMER, name="Li Wei", companyId=firm["id"], phones=[{"value": "+4930123456"}]
    )
    lines: list[Row] = [{"productId": product["id"], "quantity": "2"}, {"name": "Bag", "unitPrice": "0.50"}]
    order = await an_order(company, customerId=customer["id"], lines=lines, custom={"a_decimal": "1.50", "one": "red"})
    await done(company, CHANGE_STATUS, id=order["id"], status="confirmed")
    await work()
    found: str = order["id"]
    return found


def page(*parts: str) -> str:
    return f"query Page($id: ID!) {{ order(id: $id) {{ {' '.join(parts)} }} }}"


async def test_everything_in_one_statement(
    company: Company, client: Client, work: Drain, statements: Statements
) -> None:
    """Customer, lines, amounts, custom fields, history and automation runs: one query, one statement, any depth."""
    order_id = await scene(company, work)
    await company.data("{ viewer { rights } }")
    statements.clear()
    order = (await company.data(page(CUSTOMER, REST, RUNS), {"id": order_id}))["order"]
    assert len([text for text in statements.work if "json_build_object" in text]) == 1
    assert order["customer"]["company"] == {"name": "Li & Co"}
    assert order["customer"]["orders"]["nodes"] == [
        {"number": order["number"], "status": {"label": "Confirmed"}, "total": order["total"]}
    ]
    assert (order["subtotal"]["amount"], order["total"]) == ("5.50", {"amount": "5.50", "currency": "EUR"})
    assert [line["name"] for line in order["lines"]["nodes"]] == ["Apple", "Bag"]
    assert order["custom"] == {"a_text": None, "a_decimal": "1.50", "one": "red"}
    assert [entry["kind"] for entry in order["history"]["nodes"]] == ["CREATED", "STATUS_CHANGED", "UPDATED"]
    assert order["automationRuns"]["nodes"] == [
        {
            "automation": "watch",
            "status": "SUCCEEDED",
            "steps": [{"action": "set_field", "outcome": "tags = ['seen']"}],
            "event": {"kind": "CREATED", "version": 1},
        }
    ]
    assert order["tags"] == ["seen"]


@pytest.mark.parametrize(
    ("part", "right"), [(CUSTOMER, "customer.read"), (RUNS, "automation.read")], ids=["customer", "runs"]
)
async def test_what_a_role_may_not_read_is_refused_by_name(
    company: Company, client: Client, work: Drain, part: str, right: str
) -> None:
    """Whoever may read orders alone gets the rest of the page, and is told which right the refused part needs."""
    order_id = await scene(company, work)
    grants = [{"object": "order", "actions": ["read"]}, {"object": "product", "actions": ["read"]}]
    await done(company, DEFINE_ROLE, key="orders_only", label={"en": "Orders only"}, grants=grants)
    clerk = await company.add_person("orders_only")
    rest = REST.replace("owner { name }", "").replace("actor { kind name } ", "")
    order = (await company.data(page(rest), {"id": order_id}, person=clerk))["order"]
    assert [step["allowed"] for step in order["nextSteps"]] == [False]
    answer = await company.graphql(page(rest, part), {"id": order_id}, person=clerk)
    assert answer["data"] == {"order": None}
    (error,) = answer["errors"]
    assert (error["extensions"]["code"], error["extensions"]["right"]) == ("NOT_ALLOWED", right)
