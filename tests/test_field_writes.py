"""Fields that a role may not write stay as they are, whoever gives values for them and however (X-24)."""

import pytest

from tests.documents import (
    CREATE_CUSTOMER,
    CREATE_ORDER,
    CREATE_PRODUCT,
    DEFINE_ROLE,
    UPDATE_ORDER,
    an_order,
    bad_values,
    done,
    refused,
    unchanged,
)
from tests.examples import define_fields
from tests.harness import Client, Company, Row
from tests.test_field_rights import LABEL, people

pytestmark = pytest.mark.anyio


async def test_writing_what_is_closed_is_refused_at_its_place(company: Company, client: Client) -> None:
    """With all else that is wrong, on creation and change, whatever the value; and nothing has changed."""
    clerk, temp = await people(company)
    order = await an_order(company)
    async with unchanged(company):
        problem = await refused(
            company, UPDATE_ORDER, clerk, id=order["id"], custom={"margin": "1", "open": "x"}, promisedAt="never"
        )
        assert bad_values(problem) == {"custom.margin": "VALUE_NOT_WRITABLE", "promisedAt": "VALUE_NOT_DATE_TIME"}
        given = {"lines": [{"name": "A", "unitPrice": "1", "taxRate": "0.1"}], "notes": "n", "custom": {"secret": None}}
        assert bad_values(await refused(company, CREATE_ORDER, temp, **given)) == {
            "lines.0.taxRate": "VALUE_NOT_WRITABLE",
            "notes": "VALUE_NOT_WRITABLE",
            "custom.secret": "VALUE_NOT_WRITABLE",
        }
    made = "mutation($input: CreateOrderInput!) { createOrder(input: $input) { ... on OrderPayload { order { number custom { open } } } } }"
    line = {"name": "A", "unitPrice": "1"}
    data = await company.data(made, {"input": {"lines": [line]}}, person=temp)
    assert data["createOrder"]["order"]["custom"] == {"open": None}


async def test_a_required_field_that_is_closed_takes_its_default(company: Company, client: Client) -> None:
    clerk, _ = await people(company)
    await define_fields(company, {"order.secret": {"type": "text", "required": True, "default": "none"}})
    made = "mutation($input: CreateOrderInput!) { createOrder(input: $input) { ... on OrderPayload { order { id } } } }"
    line = {"name": "A", "unitPrice": "1"}
    order = (await company.data(made, {"input": {"lines": [line]}}, person=clerk))["createOrder"]["order"]
    read = await company.data("query($id: ID!) { order(id: $id) { custom { secret } } }", {"id": order["id"]})
    assert read == {"order": {"custom": {"secret": "none"}}}


async def test_what_cannot_be_read_cannot_be_written(company: Company, client: Client) -> None:
    """Of products and customers alike; the currency of a product is a part of its price."""
    denied: list[Row] = [
        {"object": name, "actions": ["read"], "fields": [field], "effect": "deny"}
        for name, field in (("product", "price"), ("customer", "phones"))
    ]
    await done(company, DEFINE_ROLE, key="stock", label=LABEL, grants=[
        *({"object": name, "actions": ["read", "create", "update"]} for name in ("product", "customer")), *denied,
    ])  # fmt: skip
    stock = await company.add_person("stock")
    async with unchanged(company):
        problem = await refused(company, CREATE_PRODUCT, stock, sku="A", name="B", price="1", currency="EUR")
        assert bad_values(problem) == {"price": "VALUE_NOT_WRITABLE", "currency": "VALUE_NOT_WRITABLE"}
        problem = await refused(company, CREATE_CUSTOMER, stock, name="B", phones=[{"value": "+86 138 0013 8000"}])
        assert bad_values(problem) == {"phones": "VALUE_NOT_WRITABLE"}


async def test_those_are_named_who_could_write_it(company: Company, client: Client) -> None:
    """A right to a field is of no use to who may only read records; the words fit a record that is not there yet."""
    closed = {"label": LABEL, "closedFields": ["customer"], "inherits": []}
    notes = {"object": "customer", "actions": ["read", "write"], "fields": ["notes"]}
    name = {"object": "customer", "actions": ["read", "write"], "fields": ["name"]}
    reading: Row = {"object": "customer", "actions": ["read"]}
    writing: Row = {"object": "customer", "actions": ["read", "create"]}
    await done(company, DEFINE_ROLE, key="looker", **closed, grants=[reading, notes])
    await done(company, DEFINE_ROLE, key="writer", **closed, grants=[writing, notes, name])
    await done(company, DEFINE_ROLE, key="desk", **closed, grants=[writing, name])
    desk = await company.add_person("desk")
    async with unchanged(company):
        problem = await refused(company, CREATE_CUSTOMER, desk, name="B", notes="x")
    assert [(error["path"], error["message"]) for error in problem["errors"]] == [
        (
            ["notes"],
            (
                "You lack the right 'customer.write.notes', so you cannot fill this in."
                " Roles that have it: owner, admin, member, writer. Who can give it to you: Olga Owner."
            ),
        )
    ]
