"""Defaults of a company's own fields: values of every type, and expressions over the rest of a new record (point 2 of issue 4)."""

from datetime import UTC, datetime
from typing import Any

import pytest

from tenants.config import change_sets
from tenants.orders import create_order
from tests.documents import (
    CREATE_CUSTOMER,
    CREATE_ORDER,
    DEFINE_FIELD,
    REMOVE_DEFINITION,
    UPDATE_ORDER,
    an_order,
    bad_values,
    done,
    refused,
    unchanged,
)
from tests.examples import define_fields
from tests.harness import Client, Company, Row, Statements
from tests.importing import load, rejected
from tests.test_rules import LINES
from tests.test_rules import define as define_rule

pytestmark = pytest.mark.anyio


def worked_out(type_key: str, default: str, /, **more: Any) -> Row:
    return {"type": type_key, "default_expression": default, **more}


async def custom(company: Company, order_id: str) -> Row:
    (row,) = await company.rows("SELECT custom FROM orders WHERE tenant_id = %(tenant)s AND id = %(id)s", id=order_id)
    found: Row = row["custom"]
    return found


async def test_of_every_type(company: Company, client: Client) -> None:
    """Numbers, amounts, texts, options, days, moments, flags and members, from built-in values and the company's own."""
    await define_fields(
        company,
        {
            "order.base": {"type": "decimal"},
            "order.share": worked_out("percent", "custom.base * 2"),
            "order.fee": worked_out("money", "total * 0.015"),
            "order.whole": worked_out("integer", "custom.base / 2"),
            "order.code": worked_out("text", 'concat(channel, "/", custom.base)'),
            "order.size": worked_out("select", 'if(total > 100, "large", "small")', options=["small", "large"]),
            "order.due": worked_out("date", "addDays(orderedAt, 30)"),
            "order.seen": worked_out("date_time", "now()"),
            "order.dear": worked_out("boolean", "total > 100"),
            "order.who": worked_out("member", "me()"),
            "order.marks": worked_out("tags", "tags"),
            "order.nothing": worked_out("decimal", "custom.base + custom.share"),
        },
    )
    moment = datetime(2026, 3, 31, 12, tzinfo=UTC)
    given = {"channel": "web", "tags": ["vip"], "orderedAt": "2026-01-31T10:00:00Z", "custom": {"base": "5"}}
    async with company.begin() as tx:
        tx.now = moment
        made = await create_order(tx, {"lines": [{"name": "Work", "unitPrice": "123.45"}], **given})
    assert await custom(company, str(made)) == {
        "base": "5",
        "share": "10",
        "fee": {"amount": "1.85", "currency": "EUR"},
        "whole": 3,
        "code": "web/5",
        "size": "large",
        "due": "2026-03-02",
        "seen": moment.isoformat(),
        "dear": True,
        "who": str(company.owner.id),
        "marks": ["vip"],
        "nothing": "15",
    }


async def test_only_what_is_not_given_to_a_new_record(company: Company, client: Client) -> None:
    """A value that is given stays, an explicit null is none, and a change works nothing out again."""
    await define_fields(
        company, {"order.base": {"type": "integer"}, "order.twice": worked_out("integer", "custom.base * 2")}
    )
    first = await an_order(company, custom={"base": 4})
    assert await custom(company, first["id"]) == {"base": 4, "twice": 8}
    assert await custom(company, (await an_order(company, custom={"base": 4, "twice": 1}))["id"]) == {
        "base": 4,
        "twice": 1,
    }
    assert await custom(company, (await an_order(company, custom={"base": 4, "twice": None}))["id"]) == {"base": 4}
    assert await custom(company, (await an_order(company))["id"]) == {}
    await done(company, UPDATE_ORDER, id=first["id"], custom={"base": 5})
    assert await custom(company, first["id"]) == {"base": 5, "twice": 8}


async def test_on_every_way_in(company: Company, client: Client) -> None:
    """Imports, and customers inside of orders, have them; a required field with a default need not be given."""
    await define_fields(
        company,
        {
            "order.code": worked_out("text", 'concat("C-", channel)', required=True),
            "customer.rank": worked_out("text", 'if(kind = "company", "B", "C")', required=True),
        },
    )
    mapping = """
orderloom-import: 1
files:
  - file: orders.csv
    record: order
    external_id: id
    fields: {channel: channel}
    lines: {file: lines.csv, order: order, external_id: id, fields: {name: item, unitPrice: price}}
"""
    summary = await load(company, mapping, orders="id,channel\nO1,web\n", lines="id,order,item,price\nL1,O1,Work,10\n")
    assert rejected(summary) == []
    await an_order(company, channel="fax", customer={"name": "Acme", "kind": "COMPANY"})
    await done(company, CREATE_CUSTOMER, name="Ann")
    rows = await company.rows("SELECT custom FROM orders WHERE tenant_id = %(tenant)s ORDER BY id")
    assert [row["custom"] for row in rows] == [{"code": "C-web"}, {"code": "C-fax"}]
    rows = await company.rows("SELECT custom FROM customers WHERE tenant_id = %(tenant)s ORDER BY id")
    assert [row["custom"] for row in rows] == [{"rank": "B"}, {"rank": "C"}]


async def test_they_are_judged_as_values_that_are_given(company: Company, client: Client) -> None:
    """By the limits of the field and by rules; while something that they are worked out from is wrong, only that is told."""
    await define_fields(
        company,
        {
            "order.base": {"type": "integer", "maximum": 9},
            "order.twice": worked_out("integer", "custom.base * 2", maximum=10, required=True),
        },
    )
    await define_rule(company, "odd", "CHECK", ["custom.twice"], check="custom.twice != 4")
    async with unchanged(company):
        problem = await refused(company, CREATE_ORDER, lines=LINES, custom={"base": 6})
        assert bad_values(problem) == {"custom.twice": "FIELD_TOO_LARGE"}
        problem = await refused(company, CREATE_ORDER, lines=LINES, custom={"base": 2})
        assert bad_values(problem) == {"custom.twice": "RULE_BROKEN"}
        problem = await refused(company, CREATE_ORDER, lines=LINES, custom={"base": 20})
        assert bad_values(problem) == {"custom.base": "FIELD_TOO_LARGE"}
        problem = await refused(company, CREATE_ORDER, lines=LINES)
        assert bad_values(problem) == {"custom.twice": "VALUE_REQUIRED"}
    await an_order(company, custom={"base": 5})


@pytest.mark.parametrize(
    ("field", "code"),
    [
        (worked_out("integer", '"x"'), "FIELD_DEFAULT_KIND"),
        (worked_out("date", "total"), "FIELD_DEFAULT_KIND"),
        (worked_out("json", "total"), "FIELD_DEFAULT_KIND"),
        (worked_out("link", "me()", target="order"), "FIELD_DEFAULT_KIND"),
        (worked_out("text", "customer.name"), "FIELD_DEFAULT_FAR"),
        (worked_out("decimal", "sum(lines.quantity)"), "FIELD_DEFAULT_FAR"),
        (worked_out("decimal", "custom.missing"), "EXPRESSION_UNKNOWN_FIELD"),
        (worked_out("decimal", "total *"), "EXPRESSION_NO_VALUE_END"),
        (worked_out("decimal", "total", default="1"), "FIELD_TWO_DEFAULTS"),
        (worked_out("decimal", "custom.it"), "COMPUTED_CYCLE"),
        (worked_out("select", '"huge"', options=[{"key": "small", "label": {"en": "Small"}}]), "VALUE_NOT_OPTION"),
        (worked_out("formula", "total", expression="total"), "COMPUTED_NO_SETTING"),
    ],
)
async def test_what_is_no_default(company: Company, client: Client, field: Row, code: str) -> None:
    body = {"object": "order", "key": "it", "label": {"en": "It"}, **field}
    body["defaultExpression"] = body.pop("default_expression")
    async with unchanged(company):
        problem = await refused(company, DEFINE_FIELD, **body)
    assert bad_values(problem) == {"field.order.it.default_expression": code}


async def test_circles_are_refused_with_their_way(company: Company, client: Client) -> None:
    """Also where a formula lies on the way."""
    await define_fields(company, {"order.a": {"type": "decimal"}, "order.b": worked_out("decimal", "custom.a + 1")})
    await define_fields(company, {"order.c": {"type": "formula", "expression": "custom.b * 2"}})
    async with unchanged(company):
        problem = await refused(
            company,
            DEFINE_FIELD,
            object="order",
            key="a",
            type="decimal",
            label={"en": "A"},
            defaultExpression="custom.c",
        )
    assert bad_values(problem) == {"field.order.a.default_expression": "COMPUTED_CYCLE"}
    assert "order.a → order.b → order.a" in problem["errors"][0]["message"]
    async with unchanged(company):
        await refused(company, REMOVE_DEFINITION, kind="field", key="order.a")


async def test_the_definition_says_it(company: Company, client: Client) -> None:
    field = {"object": "order", "key": "due", "type": "date", "label": {"en": "Due"}}
    await done(company, DEFINE_FIELD, **field, defaultExpression="addDays(today(), 14)")
    asked = '{ fieldDefinitions(object: "order") { key default defaultExpression } }'
    assert (await company.data(asked))["fieldDefinitions"] == [
        {"key": "due", "default": None, "defaultExpression": "addDays(today(), 14)"}
    ]
    async with company.begin() as tx:
        change = change_sets.define(
            tx.config, "field", "order.due", {"type": "date", "label": {"en": "Due"}, "default_expression": "today()"}
        )
        assert change.sentence("en") == (
            "Change field 'order.due' (Due): default as an expression from 'addDays(today(), 14)' to 'today()'"
        )


async def test_a_default_costs_no_statement(company: Company, client: Client, statements: Statements) -> None:
    await an_order(company)
    statements.clear()
    await an_order(company)
    plain = len(statements.texts)
    await define_fields(company, {"order.twice": worked_out("decimal", "total * 2")})
    await an_order(company)
    statements.clear()
    await an_order(company)
    assert len(statements.texts) == plain
