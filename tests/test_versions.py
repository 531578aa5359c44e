"""Versions (ORD-7): nobody overwrites silently, nothing is lost, and what changes nothing is no change."""

import asyncio
from typing import Any

import pytest

from tests.documents import (
    CHANGE_STATUS,
    CREATE_CUSTOMER,
    CREATE_PRODUCT,
    READ_CUSTOMER,
    READ_ORDER,
    READ_PRODUCT,
    UPDATE_CUSTOMER,
    UPDATE_MEMBER,
    UPDATE_ORDER,
    UPDATE_PRODUCT,
    VOID_ORDER,
    an_order,
    ask,
    done,
    read,
    refused,
    unchanged,
)
from tests.harness import Client, Company, Row

STALE = """
mutation($input: UpdateOrderInput!) { result: updateOrder(input: $input) { __typename ... on Conflict {
  code message currentVersion current { __typename ... on Order { number notes version total { amount } owner { name } } }
} } }
"""


async def test_a_conflict_shows_the_record_as_it_is(company: Company, client: Client) -> None:
    """Whoever changes an older version gets the present one back, to look at and to decide anew."""
    order = await an_order(company)
    await done(company, UPDATE_ORDER, company.member, id=order["id"], expectedVersion=1, notes="theirs")
    async with unchanged(company):
        conflict = await ask(company, STALE, id=order["id"], expectedVersion=1, notes="mine")
    assert conflict == {
        "__typename": "Conflict",
        "code": "STALE_VERSION",
        "message": "The order has been changed meanwhile: you had version 1, it is now version 2."
        " Look at it again and repeat your change.",
        "currentVersion": 2,
        "current": {
            "__typename": "Order",
            "number": order["number"],
            "notes": "theirs",
            "version": 2,
            "total": {"amount": "10.00"},
            "owner": {"name": "Olga Owner"},
        },
    }
    assert (await done(company, UPDATE_ORDER, id=order["id"], expectedVersion=2, notes="mine"))["version"] == 3


@pytest.mark.parametrize("version", [0, -1, 2, 2**31 - 1])
async def test_a_version_that_never_was(company: Company, client: Client, version: int) -> None:
    order = await an_order(company)
    async with unchanged(company):
        problem = await refused(company, UPDATE_ORDER, id=order["id"], expectedVersion=version, notes="n")
    assert (problem["code"], problem["currentVersion"]) == ("STALE_VERSION", 1)


async def test_every_command_minds_the_version(company: Company, client: Client) -> None:
    """Steps and voids too: who confirms must have seen what is confirmed. Without a version, or with null, the last one wins."""
    order = await an_order(company)
    customer = await done(company, CREATE_CUSTOMER, name="Ada")
    product = await done(company, CREATE_PRODUCT, sku="A", name="Apple")
    commands: list[tuple[str, Row]] = [
        (UPDATE_CUSTOMER, {"id": customer["id"], "name": "Eve"}),
        (UPDATE_PRODUCT, {"id": product["id"], "name": "Ape"}),
        (CHANGE_STATUS, {"id": order["id"], "status": "confirmed"}),
        (VOID_ORDER, {"id": order["id"], "reason": "out_of_stock"}),
    ]
    for document, values in commands:
        async with unchanged(company):
            problem = await refused(company, document, **values, expectedVersion=9)
        assert (problem["__typename"], problem["code"]) == ("Conflict", "STALE_VERSION")
        assert problem["current"]["__typename"] in ("Order", "Customer", "Product")
        await done(company, document, **values, expectedVersion=None)


async def test_what_changes_nothing_is_no_change(company: Company, client: Client) -> None:
    """The same values, other spellings of them, or nothing at all: no version, no history, no time of change."""
    customer = await done(
        company,
        CREATE_CUSTOMER,
        name="Ada",
        phones=[{"value": "+49 30 123456", "label": "office"}],
        emails=[{"value": "ada@example.com"}],
        addresses=[{"line1": "Way 1", "country": "DE"}],
    )
    product = await done(company, CREATE_PRODUCT, sku="A", name="Apple", price="2.5", taxRate="0.19")
    order = await an_order(
        company,
        customerId=customer["id"],
        tags=["a", "b"],
        promisedAt="2026-03-31T14:30:00+08:00",
        lines=[{"productId": product["id"], "quantity": "2", "discountRate": "0.1"}],
    )
    line = {"id": order["lines"]["nodes"][0]["id"], "quantity": "2.00", "discountRate": "0.10", "unitPrice": "2.500"}
    same: list[tuple[str, Row]] = [
        (UPDATE_ORDER, {"id": order["id"]}),
        (
            UPDATE_ORDER,
            {"id": order["id"], "notes": "  ", "tags": ["a", "b", "a"], "channel": None, "priority": "NORMAL"},
        ),
        (UPDATE_ORDER, {"id": order["id"], "promisedAt": "2026-03-31T06:30:00Z", "customerId": customer["id"]}),
        (UPDATE_ORDER, {"id": order["id"], "lines": [line], "currency": "eur"}),
        (
            UPDATE_CUSTOMER,
            {"id": customer["id"], "name": " Ada ", "phones": [{"value": "+4930123456", "label": "office"}]},
        ),
        (
            UPDATE_CUSTOMER,
            {"id": customer["id"], "addresses": [{"id": customer["addresses"][0]["id"], "country": "de"}]},
        ),
        (UPDATE_PRODUCT, {"id": product["id"], "price": "2.50", "taxRate": "0.190", "active": True, "unit": None}),
    ]
    async with unchanged(company):
        for document, values in same:
            assert (await done(company, document, **values, expectedVersion=1))["version"] == 1


async def test_each_change_is_one_version_and_one_entry(company: Company, client: Client) -> None:
    """The history has every version from the first to the last, and what it tells adds up to what is."""
    order = await an_order(company)
    customer = await done(company, CREATE_CUSTOMER, name="Ada")
    product = await done(company, CREATE_PRODUCT, sku="A", name="Apple")
    for number in (2, 3, 4):
        await done(company, UPDATE_ORDER, id=order["id"], notes=f"n{number}")
        await done(company, UPDATE_CUSTOMER, id=customer["id"], notes=f"n{number}")
        await done(company, UPDATE_PRODUCT, id=product["id"], name=f"n{number}")
    for document, record, name in (
        (READ_ORDER, order, "notes"),
        (READ_CUSTOMER, customer, "notes"),
        (READ_PRODUCT, product, "name"),
    ):
        found = await read(company, document, record["id"])
        entries = found["history"]["nodes"]
        assert [entry["version"] for entry in entries] == [1, 2, 3, 4] == [*range(1, found["version"] + 1)]
        changes = [change for entry in entries[1:] for change in entry["changes"]]
        before = record[name]
        assert changes == [
            {"field": name, "from": before, "to": "n2"},
            {"field": name, "from": "n2", "to": "n3"},
            {"field": name, "from": "n3", "to": "n4"},
        ]


async def test_concurrent_changes_lose_nothing(company: Company, client: Client) -> None:
    """Ten people change ten different things of one order at once: all of it is there, each as a version of its own."""
    order = await an_order(company)
    changes: list[dict[str, Any]] = [
        {"notes": "n"},
        {"channel": "web"},
        {"tags": ["t"]},
        {"priority": "HIGH"},
        {"externalId": "e"},
        {"promisedAt": "2026-05-01T10:00:00Z"},
        {"shippingAddress": {"city": "Kiel"}},
        {"ownerId": str(company.member.id)},
        {"orderedAt": "2026-04-01T10:00:00Z"},
        {"lines": [{"name": "New", "unitPrice": "2"}]},
    ]
    versions = await asyncio.gather(*(done(company, UPDATE_ORDER, id=order["id"], **change) for change in changes))
    found = await read(company, READ_ORDER, order["id"])
    assert found["version"] == 11
    assert len(versions) == 10
    assert [entry["version"] for entry in found["history"]["nodes"]] == [*range(1, 12)]
    plain = [found[name] for name in ("notes", "channel", "tags", "priority", "externalId")]
    assert plain == ["n", "web", ["t"], "HIGH", "e"]
    assert (found["promisedAt"], found["orderedAt"]) == ("2026-05-01T10:00:00+00:00", "2026-04-01T10:00:00+00:00")
    assert (found["shippingAddress"]["city"], found["owner"]["id"]) == ("Kiel", str(company.member.id))
    assert [line["name"] for line in found["lines"]["nodes"]] == ["New"]


async def test_of_equal_versions_at_once_one_wins(company: Company, client: Client) -> None:
    """All expect version 1; exactly one change is made, and every other caller is shown that one."""
    order = await an_order(company)
    calls = (ask(company, UPDATE_ORDER, id=order["id"], expectedVersion=1, notes=f"n{place}") for place in range(10))
    results = await asyncio.gather(*calls)
    winners = [result["order"]["notes"] for result in results if result["__typename"] == "OrderPayload"]
    losers = [result["current"]["notes"] for result in results if result["__typename"] == "Conflict"]
    assert (len(winners), len(losers)) == (1, 9)
    assert {*losers} == {*winners} == {(await read(company, READ_ORDER, order["id"]))["notes"]}


async def test_of_a_step_and_a_void_at_once_one_wins(company: Company, client: Client) -> None:
    """Both may be legal one after the other, but never does a step leave a void order."""
    order = await an_order(company)
    await asyncio.gather(
        ask(company, CHANGE_STATUS, id=order["id"], status="confirmed"),
        ask(company, VOID_ORDER, id=order["id"], reason="out_of_stock"),
    )
    found = await read(company, READ_ORDER, order["id"])
    assert (found["isVoided"], found["status"]["key"]) == (True, "void")
    assert found["history"]["nodes"][-1]["kind"] == "VOIDED"


async def test_members_have_versions_too(company: Company, client: Client) -> None:
    """A member that was changed meanwhile is shown as they are; what changes nothing makes no version."""
    member = {"id": str(company.member.id)}
    assert (await done(company, UPDATE_MEMBER, **member, name="Max Member"))["version"] == 1
    assert (await done(company, UPDATE_MEMBER, **member, expectedVersion=1, name="Maxime"))["version"] == 2
    document = UPDATE_MEMBER.replace(
        "__typename ", "__typename ... on Conflict { current { __typename ... on Member { name version } } } ", 1
    )
    async with unchanged(company):
        conflict = await refused(company, document, **member, expectedVersion=1, name="Mona")
    assert (conflict["code"], conflict["currentVersion"]) == ("STALE_VERSION", 2)
    assert conflict["current"] == {"__typename": "Member", "name": "Maxime", "version": 2}
