"""Idempotency keys (ORD-1): a repeated call is answered like the first and does nothing."""

import asyncio

import pytest

from tests.conftest import NewCompany
from tests.documents import (
    CHANGE_STATUS,
    CREATE_CUSTOMER,
    CREATE_ORDER,
    CREATE_PRODUCT,
    UPDATE_CUSTOMER,
    UPDATE_ORDER,
    UPDATE_PRODUCT,
    VOID_ORDER,
    an_order,
    bad_values,
    done,
    refused,
    unchanged,
)
from tests.harness import Client, Company, Row

LINES = [{"name": "Work", "unitPrice": "10.00"}]
AT_ONCE = 20


async def test_a_repeated_order_is_the_same_order(company: Company, client: Client) -> None:
    first = await done(company, CREATE_ORDER, idempotencyKey="k1", lines=LINES, notes="n")
    async with unchanged(company):
        assert await done(company, CREATE_ORDER, idempotencyKey="k1", lines=LINES, notes="n") == first
        # The order of the fields of an input means nothing.
        assert await done(company, CREATE_ORDER, notes="n", lines=LINES, idempotencyKey="k1") == first
    assert (await done(company, CREATE_ORDER, lines=LINES, notes="n"))["id"] != first["id"]
    assert (await done(company, CREATE_ORDER, idempotencyKey=None, lines=LINES))["id"] != first["id"]


async def test_every_command_takes_a_key(company: Company, client: Client) -> None:
    """Commands that could not be done twice at all, such as a step or a void, answer a repetition with the record."""
    order, other = await an_order(company), await an_order(company)
    customer = await done(company, CREATE_CUSTOMER, name="Ada")
    product = await done(company, CREATE_PRODUCT, sku="A", name="Apple")
    commands: list[tuple[str, Row]] = [
        (CREATE_CUSTOMER, {"name": "Bob"}),
        (UPDATE_CUSTOMER, {"id": customer["id"], "expectedVersion": 1, "notes": "n"}),
        (CREATE_PRODUCT, {"sku": "B", "name": "Bean"}),
        (UPDATE_PRODUCT, {"id": product["id"], "expectedVersion": 1, "name": "Ape"}),
        (CREATE_ORDER, {"lines": LINES, "customer": {"name": "Eve"}}),
        (UPDATE_ORDER, {"id": order["id"], "expectedVersion": 1, "notes": "n"}),
        (CHANGE_STATUS, {"id": order["id"], "status": "confirmed", "expectedVersion": 2}),
        (VOID_ORDER, {"id": other["id"], "reason": "out_of_stock", "expectedVersion": 1}),
    ]
    for place, (document, values) in enumerate(commands):
        first = await done(company, document, **values, idempotencyKey=f"k{place}")
        async with unchanged(company):
            assert await done(company, document, **values, idempotencyKey=f"k{place}") == first


async def test_a_key_belongs_to_its_request(company: Company, client: Client) -> None:
    """Another input, or another command, under the same key is a mistake of the client, and is told so."""
    order = await done(company, CREATE_ORDER, idempotencyKey="k1", lines=LINES)
    step = {"id": order["id"], "status": "confirmed"}
    await done(company, CHANGE_STATUS, idempotencyKey="k2", **step, note="a")
    async with unchanged(company):
        problems = [
            await refused(company, CREATE_ORDER, idempotencyKey="k1", lines=[*LINES, *LINES]),
            await refused(company, CREATE_ORDER, idempotencyKey="k1", lines=LINES, notes=None),
            await refused(company, CREATE_CUSTOMER, idempotencyKey="k1", name="Ada"),
            await refused(company, CHANGE_STATUS, idempotencyKey="k2", **step, note="b"),
            await refused(company, CHANGE_STATUS, idempotencyKey="k2", **step, note="a", expectedVersion=1),
        ]
    assert {(problem["__typename"], problem["code"]) for problem in problems} == {
        ("Conflict", "IDEMPOTENCY_KEY_REUSED")
    }
    assert "k1" in problems[0]["message"]


async def test_a_refused_call_uses_up_no_key(company: Company, client: Client) -> None:
    """Nothing was done, so the corrected call may come under the same key."""
    async with unchanged(company):
        problem = await refused(company, CREATE_ORDER, idempotencyKey="k1", lines=[])
        assert bad_values(problem) == {"lines": "ORDER_NO_LINES"}
        assert (await refused(company, CREATE_ORDER, company.read_only, idempotencyKey="k1", lines=LINES))["right"]
    assert (await done(company, CREATE_ORDER, idempotencyKey="k1", lines=LINES))["version"] == 1


async def test_equal_calls_at_once_have_one_effect(company: Company, client: Client) -> None:
    """The network repeats itself: twenty equal calls arrive together, one order comes out, and all are told of it."""
    calls = (done(company, CREATE_ORDER, idempotencyKey="k1", lines=LINES) for _ in range(AT_ONCE))
    answers = await asyncio.gather(*calls)
    assert len({answer["id"] for answer in answers}) == 1
    assert len(await company.rows("SELECT id FROM orders")) == 1
    assert len(await company.rows("SELECT id FROM events")) == 1


async def test_different_calls_at_once_under_one_key(company: Company, client: Client) -> None:
    """One of them wins, the others are told of their mistake."""
    calls = (
        company.data(CREATE_ORDER, {"input": {"idempotencyKey": "k1", "lines": LINES, "notes": f"call {place}"}})
        for place in range(8)
    )
    results = [answer["result"] for answer in await asyncio.gather(*calls)]
    codes = sorted(result.get("code", "done") for result in results)
    assert codes == ["IDEMPOTENCY_KEY_REUSED"] * 7 + ["done"]
    assert len(await company.rows("SELECT id FROM orders")) == 1


async def test_keys_of_others_do_not_matter(company: Company, client: Client, new_company: NewCompany) -> None:
    """A key is its member's own: no colleague and no other company can meet it, or learn of it."""
    other = await new_company()
    orders = [
        await done(company, CREATE_ORDER, idempotencyKey="k1", lines=LINES),
        await done(company, CREATE_ORDER, company.member, idempotencyKey="k1", lines=[*LINES, *LINES]),
        await done(other, CREATE_ORDER, idempotencyKey="k1", lines=LINES),
    ]
    assert len({order["id"] for order in orders}) == 3


@pytest.mark.parametrize("key", ["k" * 201, ""])
async def test_a_key_has_a_length(company: Company, client: Client, key: str) -> None:
    async with unchanged(company):
        problem = await refused(company, CREATE_ORDER, idempotencyKey=key, lines=LINES)
    assert list(bad_values(problem)) == ["idempotencyKey"]
