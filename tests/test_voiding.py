"""Voiding orders: an act of its own (VOI-1 to VOI-5, VOI-8), through GraphQL."""

from datetime import UTC, datetime

import pytest

from tests.documents import (
    CHANGE_STATUS,
    CREATE_CUSTOMER,
    DEFINE_ROLE,
    DEFINE_STATUS,
    DEFINE_VOID_REASON,
    READ_ORDER,
    REMOVE_DEFINITION,
    UPDATE_ORDER,
    VOID_ORDER,
    an_order,
    bad_values,
    done,
    read,
    refused,
    unchanged,
    without_names,
)
from tests.harness import Client, Company, Person, Row

VOIDING = "query($id: ID!) { result: order(id: $id) { voiding { allowed refusal } } }"
SUMMARY = """
query($id: ID!) { result: customer(id: $id) {
  orderSummary { count lastOrderedAt totals { total { amount currency } } } orders { totalCount nodes { number } }
} }
"""
LISTS = """
query($number: String!) {
  usual: orders { totalCount nodes { number } }
  all: orders(voided: INCLUDE) { totalCount nodes { number } }
  only: orders(voided: ONLY) { totalCount nodes { number } }
  filtered: orders(voided: INCLUDE, where: { voidReason: { eq: "out_of_stock" } }) { nodes { number } }
  found: orders(search: $number) { nodes { number } }
}
"""


async def voiding(company: Company, order: Row, person: Person | None = None) -> Row:
    found: Row = (await read(company, VOIDING, order["id"], person))["voiding"]
    return found


async def test_a_void_order_says_why_when_and_who(company: Company, client: Client) -> None:
    """VOI-8: reason, time and person are fields, and the history has them too."""
    order = await an_order(company)
    before = datetime.now(UTC)
    void = await done(company, VOID_ORDER, id=order["id"], reason="out_of_stock", note=" until May ", expectedVersion=1)
    at = datetime.fromisoformat(void.pop("voidedAt"))
    assert before <= at <= datetime.now(UTC)
    assert void == {
        **{name: value for name, value in order.items() if name != "voidedAt"},
        "version": 2,
        "status": {"key": "void", "label": "Void", "category": "VOID"},
        "isVoided": True,
        "voidedBy": {"id": str(company.owner.id)},
        "voidReason": {"key": "out_of_stock", "label": "Out of stock", "noteRequired": False},
        "voidNote": "until May",
    }
    entry = (await read(company, READ_ORDER, order["id"]))["history"]["nodes"][1]
    assert (entry["kind"], entry["version"], entry["note"]) == ("VOIDED", 2, "until May")
    assert (entry["actor"]["name"], datetime.fromisoformat(entry["at"])) == ("Olga Owner", at)
    told = {change["field"]: (change["from"], change["to"]) for change in entry["changes"]}
    assert told["status"] == ("draft", "void")
    assert told["voidReason"] == (None, "out_of_stock")
    assert set(told) == {"status", "voidReason", "voidNote", "voidedAt", "voidedById"}


async def test_a_reason_is_needed(company: Company, client: Client) -> None:
    """VOI-2: one of the company's reasons, and a note where that reason wants one."""
    order = await an_order(company)
    async with unchanged(company):
        for unknown in ("boredom", "", "OTHER"):
            problem = await refused(company, VOID_ORDER, id=order["id"], reason=unknown)
            assert bad_values(problem) == {"reason": "ORDER_UNKNOWN_REASON"}
            assert problem["message"].endswith(
                "Reasons: 'Customer withdrew' (customer_withdrew), 'Out of stock' (out_of_stock),"
                " 'Entered twice' (entered_twice), 'Other' (other)."
            )
        for note in (None, "", "  \n "):
            problem = await refused(company, VOID_ORDER, id=order["id"], reason="other", note=note)
            assert bad_values(problem) == {"note": "ORDER_NOTE_REQUIRED"}
            assert problem["message"] == "The reason 'Other' needs a note."
        problem = await refused(company, VOID_ORDER, id=order["id"], reason="other", note="n" * 2_001)
        assert bad_values(problem) == {"note": "VALUE_TOO_LONG"}
        answer = await company.graphql(VOID_ORDER, {"input": {"id": order["id"], "reason": None}})
        assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
    assert (await done(company, VOID_ORDER, id=order["id"], reason="other", note="why"))["voidNote"] == "why"


async def test_reasons_are_the_companys_own(company: Company, client: Client) -> None:
    """A new reason can be given at once; one that is taken away stays readable where it was given."""
    await done(company, DEFINE_VOID_REASON, key="flood", label={"en": "Flood", "zh": "水灾"}, noteRequired=False)
    order, other = await an_order(company), await an_order(company)
    await done(company, VOID_ORDER, id=order["id"], reason="flood")
    await done(company, REMOVE_DEFINITION, kind="void_reason", key="flood")
    assert (await read(company, READ_ORDER, order["id"]))["voidReason"]["label"] == "Flood"
    async with unchanged(company):
        problem = await refused(company, VOID_ORDER, id=other["id"], reason="flood")
    assert bad_values(problem) == {"reason": "ORDER_UNKNOWN_REASON"}


@pytest.mark.parametrize(
    ("way", "sentence"),
    [
        (
            ("confirmed", "shipped"),
            "An order in 'Shipped' cannot be voided. Take the shipment back first, then set the order to 'Confirmed'.",
        ),
        (
            ("confirmed", "shipped", "completed"),
            "An order in 'Completed' cannot be voided. A completed order is settled by a return, not by voiding it.",
        ),
    ],
)
async def test_a_status_can_forbid_it(company: Company, client: Client, way: tuple[str, ...], sentence: str) -> None:
    """VOI-3: what must be done first is said before and at the attempt, in the caller's language."""
    order = await an_order(company)
    assert await voiding(company, order) == {"allowed": True, "refusal": None}
    for step in way:
        await done(company, CHANGE_STATUS, id=order["id"], status=step)
    assert await voiding(company, order) == {"allowed": False, "refusal": sentence}
    async with unchanged(company):
        problem = await refused(company, VOID_ORDER, id=order["id"], reason="out_of_stock")
    assert (problem["__typename"], problem["code"]) == ("Conflict", "ORDER_VOID_BLOCKED")
    assert problem["message"] == sentence
    reader = await company.add_person("admin", language="zh")
    assert "不能作废" in (await voiding(company, order, reader))["refusal"]


async def test_the_guard_is_configuration(company: Company, client: Client) -> None:
    """VOI-3: the company itself says from which status there is no voiding."""
    guard = {"en": "Stop the machine first."}
    values: Row = {"key": "draft", "label": {"en": "Draft"}, "category": "open", "initial": True, "position": 1}
    order = await an_order(company)
    await done(company, DEFINE_STATUS, **values, voidBlocked=guard)
    async with unchanged(company):
        problem = await refused(company, VOID_ORDER, id=order["id"], reason="out_of_stock")
    assert problem["message"] == "An order in 'Draft' cannot be voided. Stop the machine first."
    await done(company, DEFINE_STATUS, **values)
    assert (await done(company, VOID_ORDER, id=order["id"], reason="out_of_stock"))["isVoided"]


async def test_voiding_is_a_right_of_its_own(company: Company, client: Client) -> None:
    """VOI-4: who may do everything else with orders may not void them, until a role says so."""
    order = await an_order(company, company.member)
    for person in (company.member, company.read_only):
        refusal = (await voiding(company, order, person))["refusal"]
        async with unchanged(company):
            problem = await refused(company, VOID_ORDER, person, id=order["id"], reason="out_of_stock")
        assert (problem["right"], problem["grantedTo"]) == ("order.void", ["owner", "admin"])
        assert without_names(problem["message"]) == refusal
    await done(
        company,
        DEFINE_ROLE,
        key="voider",
        label={"en": "Voider"},
        inherits=["member"],
        grants=[{"object": "order", "actions": ["void"]}],
    )
    voider = await company.add_person("voider")
    assert await voiding(company, order, voider) == {"allowed": True, "refusal": None}
    void = await done(company, VOID_ORDER, voider, id=order["id"], reason="out_of_stock")
    assert void["voidedBy"] == {"id": str(voider.id)}


async def test_it_leaves_the_lists_but_can_be_found(company: Company, client: Client) -> None:
    """VOI-5: out of the usual list, there on request, by filter, by search and by its id."""
    kept, void = await an_order(company), await an_order(company)
    await done(company, VOID_ORDER, id=void["id"], reason="out_of_stock")
    data = await company.data(LISTS, {"number": void["number"]}, person=company.read_only)
    numbers = {name: {node["number"] for node in page["nodes"]} for name, page in data.items()}
    assert numbers == {
        "usual": {kept["number"]},
        "all": {kept["number"], void["number"]},
        "only": {void["number"]},
        "filtered": {void["number"]},
        "found": {void["number"]},
    }
    assert [data[name]["totalCount"] for name in ("usual", "all", "only")] == [1, 2, 1]
    assert (await read(company, READ_ORDER, void["id"], company.read_only))["isVoided"]


async def test_it_leaves_the_customers_totals(company: Company, client: Client) -> None:
    """VOI-5, ORD-18: count, sums per currency and the last order are those of orders that stand."""
    customer = await done(company, CREATE_CUSTOMER, name="Ada")
    values = {"customerId": customer["id"]}
    first = await an_order(company, **values, orderedAt="2026-01-01T00:00:00Z")
    second = await an_order(company, **values, orderedAt="2026-02-01T00:00:00Z")
    foreign = await an_order(company, **values, currency="USD", orderedAt="2025-01-01T00:00:00Z")

    async def summary() -> tuple[int, str | None, list[tuple[str, str]], int]:
        found = await read(company, SUMMARY, customer["id"])
        shown = found["orderSummary"]
        totals = [(each["total"]["amount"], each["total"]["currency"]) for each in shown["totals"]]
        return shown["count"], shown["lastOrderedAt"], totals, found["orders"]["totalCount"]

    assert await summary() == (3, "2026-02-01T00:00:00+00:00", [("20.00", "EUR"), ("10.00", "USD")], 3)
    await done(company, VOID_ORDER, id=second["id"], reason="out_of_stock")
    assert await summary() == (2, "2026-01-01T00:00:00+00:00", [("10.00", "EUR"), ("10.00", "USD")], 2)
    for order in (first, foreign):
        await done(company, VOID_ORDER, id=order["id"], reason="out_of_stock")
    assert await summary() == (0, None, [], 0)


async def test_a_void_order_does_not_change_any_more(company: Company, client: Client) -> None:
    """VOI-5: it can be read, not changed, moved or voided again; the refusal shows it as it is."""
    order = await an_order(company)
    void = await done(company, VOID_ORDER, id=order["id"], reason="out_of_stock")
    assert not (await voiding(company, order))["allowed"]
    async with unchanged(company):
        problems = [
            await refused(company, VOID_ORDER, id=order["id"], reason="entered_twice"),
            await refused(company, UPDATE_ORDER, id=order["id"], notes="still"),
            await refused(company, CHANGE_STATUS, id=order["id"], status="confirmed"),
            await refused(company, UPDATE_ORDER, id=order["id"], expectedVersion=2, lines=[]),
        ]
    for problem in problems:
        assert (problem["__typename"], problem["code"], problem["currentVersion"]) == ("Conflict", "ORDER_VOIDED", 2)
        assert problem["current"]["id"] == order["id"]
        at = datetime.fromisoformat(void["voidedAt"]).astimezone(UTC)
        assert problem["message"] == f"The order is void since {at:%Y-%m-%d %H:%M}; it can be read, not changed."


async def test_an_order_that_is_not_there(company: Company, client: Client) -> None:
    for wanted in ("01900000-0000-7000-8000-000000000000", "x"):
        async with unchanged(company):
            assert (await refused(company, VOID_ORDER, id=wanted, reason="out_of_stock"))["code"] == "NOT_FOUND"
