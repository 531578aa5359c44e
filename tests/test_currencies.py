"""Amounts of different currencies are never added, compared or chosen between: what would do so has no value."""

from collections.abc import Mapping
from typing import Any

import pytest

from tenants.expressions import parse_expression
from tenants.records import REGISTRY
from tests.documents import CREATE_CUSTOMER, UPDATE_ORDER, bad_values, done, refused
from tests.examples import create_orders, define_fields
from tests.harness import Client, Company, Row
from tests.test_expressions import both

pytestmark = pytest.mark.anyio

FORMULAS: Mapping[str, str] = {
    "plus": "total + custom.fee",
    "minus": "total - custom.fee",
    "with_number": "total + 5",
    "halved": "custom.fee / 2",
    "share": "round(custom.fee / total * 100, 2)",
    "is_more": "total > custom.fee",
    "larger": "max(total, custom.fee)",
    "either": "coalesce(custom.fee, total)",
    "by_currency": 'if(currency = "EUR", total > custom.limit_eur, total > custom.limit_usd)',
    "as_text": 'concat(total, " and ", custom.fee)',
    "of_lines": "sum(lines.quantity * lines.unitPrice) - total",
    "nested": "custom.plus + 1",
    "twice": "custom.plus - total",
}
FIELDS: Mapping[str, Row] = {
    **{f"order.{key}": {"type": "money"} for key in ("fee", "limit_eur", "limit_usd")},
    **{f"order.{key}": {"type": "formula", "expression": text} for key, text in FORMULAS.items()},
}
LIMITS = {
    "limit_eur": {"amount": "5", "currency": "EUR"},
    "limit_usd": {"amount": "50", "currency": "USD"},
}


async def values(company: Company, **custom: Any) -> Row:
    """The formulas of a new order of 10 EUR."""
    (order_id,) = await create_orders(company, [{"currency": "EUR", "custom": {**LIMITS, **custom}}])
    query = f"query ($id: ID!) {{ order(id: $id) {{ custom {{ {' '.join(FORMULAS)} }} }} }}"
    found: Row = (await company.data(query, {"id": order_id}))["order"]["custom"]
    return found


async def test_formulas_over_one_currency_and_two(company: Company, client: Client) -> None:
    """Exact where both amounts are in one, absent where they are not; what mixes nothing is not touched."""
    await define_fields(company, FIELDS)
    assert await values(company, fee={"amount": "4", "currency": "EUR"}) == {
        "plus": "14", "minus": "6", "with_number": "15", "halved": "2", "share": "40", "is_more": True, "larger": "10",
        "either": "4", "by_currency": True, "as_text": "10 and 4", "of_lines": "0", "nested": "15", "twice": "4",
    }  # fmt: skip
    assert await values(company, fee={"amount": "4", "currency": "USD"}) == {
        "plus": None, "minus": None, "with_number": "15", "halved": "2", "share": None, "is_more": None, "larger": None,
        "either": None, "by_currency": True, "as_text": "10 and 4", "of_lines": "0", "nested": None, "twice": None,
    }  # fmt: skip
    without = await values(company)
    assert (without["either"], without["larger"], without["plus"]) == ("10", "10", None)


OVER = {"over": "orders", "field": "total"}
ROLLUPS: Mapping[str, Row] = {
    **{f"customer.{function}": {**OVER, "function": function} for function in ("sum", "avg", "min", "max", "last")},
    "customer.count": {**OVER, "function": "count"},
    "customer.euros": {**OVER, "function": "sum", "where": 'currency = "EUR"'},
    "customer.fees": {"over": "orders", "function": "sum", "field": "coalesce(custom.fee, 0)"},
}
SPENT = """query ($where: CustomerFilter) { customers(where: $where, orderBy: [{name: ASC}]) { nodes {
  name custom { sum avg min max last count euros fees mean } } } }"""


async def test_rollups_over_orders_of_several_currencies(company: Company, client: Client) -> None:
    """One figure for one currency, none for two; those that a filter leaves out do not count."""
    await define_fields(company, {"order.fee": {"type": "money"}})
    fields = {key: {"type": "rollup", "rollup": rollup} for key, rollup in ROLLUPS.items()}
    formula = {"type": "formula", "expression": "custom.sum / count(orders) + custom.euros"}
    await define_fields(company, {**fields, "customer.mean": formula})
    for name, currencies in (("Ann", ("EUR", "EUR")), ("Bob", ("EUR", "USD")), ("Cid", ())):
        made = await done(company, CREATE_CUSTOMER, name=name)
        await create_orders(
            company,
            [
                {"currency": currency, "customerId": made["id"], "orderedAt": f"2026-01-0{day}T00:00:00Z"}
                for day, currency in enumerate(currencies, 1)
            ],
        )
    found = (await company.data(SPENT))["customers"]["nodes"]
    figures = {node["name"]: node["custom"] for node in found}
    assert figures == {
        "Ann": {"sum": "20", "avg": "10", "min": "10", "max": "10", "last": "10", "count": 2, "euros": "20", "fees": "0", "mean": "30"},
        "Bob": {"sum": None, "avg": None, "min": None, "max": None, "last": "10", "count": 2, "euros": "10", "fees": "0", "mean": None},
        "Cid": {"sum": "0", "avg": None, "min": None, "max": None, "last": None, "count": 0, "euros": "0", "fees": "0", "mean": None},
    }  # fmt: skip


async def test_filters_by_a_sum_of_several_currencies(company: Company, client: Client) -> None:
    """A customer whose orders are in two has no sum to compare; one currency at a time they have."""
    for name, currencies in (("Ann", ("EUR", "EUR")), ("Bob", ("EUR", "USD"))):
        made = await done(company, CREATE_CUSTOMER, name=name)
        await create_orders(company, [{"currency": currency, "customerId": made["id"]} for currency in currencies])
    query = "query ($where: CustomerFilter) { customers(where: $where, orderBy: [{name: ASC}]) { nodes { name } } }"

    async def names(orders: Row) -> list[str]:
        found = await company.data(query, {"where": {"orders": orders}})
        return [node["name"] for node in found["customers"]["nodes"]]

    assert await names({"sum": {"total": {"gt": "5"}}}) == ["Ann"]
    assert await names({"sum": {"total": {"lte": "5"}}}) == []
    assert await names({"max": {"total": {"isNull": True}}}) == ["Bob"]
    assert await names({"where": {"currency": {"eq": "EUR"}}, "sum": {"total": {"gt": "5"}}}) == ["Ann", "Bob"]
    assert await names({"count": {"eq": 2}}) == ["Ann", "Bob"]


async def test_a_rule_that_compares_amounts(company: Company, client: Client) -> None:
    """It says nothing where they are in different currencies; another rule can demand that they are in one."""
    await define_fields(company, {"order.limit": {"type": "money"}})
    rule = 'mutation { defineRule(input: {object: "order", key: "within", effect: CHECK, fields: ["custom.limit"], check: "total <= custom.limit"}) { __typename } }'
    assert (await company.data(rule))["defineRule"]["__typename"] == "ConfigurationPayload"
    (order_id,) = await create_orders(company, [{"currency": "EUR"}])
    problem = await refused(company, UPDATE_ORDER, id=order_id, custom={"limit": {"amount": "5", "currency": "EUR"}})
    assert list(bad_values(problem)) == ["custom.limit"]
    await done(company, UPDATE_ORDER, id=order_id, custom={"limit": {"amount": "5", "currency": "USD"}})
    await done(company, UPDATE_ORDER, id=order_id, custom={"limit": {"amount": "15", "currency": "EUR"}})


TEXTS = (
    *FORMULAS.values(),
    "sum(customer.orders.total)",
    "sum(customer.orders.total) + total",
    "max(customer.orders.custom.fee)",
    "avg(customer.orders.total - customer.orders.custom.fee)",
    "count(customer.orders.total)",
    "sum(lines.total) / sum(lines.unitPrice)",
    "total in [10, 20]",
    "(total + custom.fee) in [14]",
    "isEmpty(total + custom.fee)",
    "if(isEmpty(custom.fee), total, custom.fee) * 2",
)


async def test_both_readings_tell_currencies_apart(company: Company) -> None:
    """Over orders in two currencies of customers with one and with two, with fees in either or none."""
    await define_fields(company, FIELDS)
    fees = (None, {"amount": "4", "currency": "EUR"}, {"amount": "4", "currency": "USD"})
    await create_orders(
        company,
        [
            {"currency": currency, "customer": {"name": "X"}, "custom": {**LIMITS, **({"fee": fee} if fee else {})}}
            for currency in ("EUR", "USD")
            for fee in fees
        ],
    )
    orders = await company.rows("SELECT * FROM orders WHERE tenant_id = %(tenant)s ORDER BY id")
    async with company.begin() as tx:
        await tx.execute(
            "UPDATE orders SET customer_id = %(to)s WHERE tenant_id = %(tenant)s AND id = ANY(%(ids)s::uuid[])",
            to=orders[0]["customer_id"],
            ids=[row["id"] for row in orders[1:4]],
        )
    config = (await company.caller()).config
    rows = await company.rows("SELECT * FROM orders WHERE tenant_id = %(tenant)s ORDER BY id")
    lines = await company.rows("SELECT * FROM order_lines WHERE tenant_id = %(tenant)s")
    for row in rows:
        row["lines"] = [line for line in lines if line["order_id"] == row["id"]]
        row["customer"] = {"orders": [other for other in rows if other["customer_id"] == row["customer_id"]]}
    parsed = [parse_expression(text, REGISTRY["order"], config) for text in TEXTS]
    for text, (by_sql, by_python) in zip(TEXTS, await both(company, rows, parsed), strict=True):
        assert by_sql == by_python, text
