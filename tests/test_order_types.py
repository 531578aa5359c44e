"""Which type orders have that are taken without one, and what a plan says of it (STA-2, X-60, NCF-5)."""

from typing import Any

import pytest

from tests.documents import (
    APPLY_CONFIGURATION,
    CREATE_ORDER,
    REMOVE_DEFINITION,
    UPDATE_ORDER,
    an_order,
    bad_values,
    done,
    read,
    refused,
    unchanged,
)
from tests.harness import Client, Company, Row
from tests.test_configuration_plans import APPLY_TEMPLATE, PLAN_TEMPLATE, plan, removal
from tests.test_life_cycles import DEFINE_LIFE_CYCLE, DEFINE_ORDER_TYPE, LINE, STEPS, repairs

pytestmark = pytest.mark.anyio

QUOTES: Row = {
    "key": "quotes",
    "label": {"en": "Quotes"},
    "initial": "confirmed",
    "statuses": [{"status": status} for status in ("confirmed", "shipped", "completed")],
}


async def quotes(company: Company, **other: Any) -> None:
    await done(company, DEFINE_LIFE_CYCLE, **QUOTES)
    await done(company, DEFINE_ORDER_TYPE, key="quote", label={"en": "Quote"}, lifeCycle="quotes", **other)


async def taken(company: Company, **given: Any) -> tuple[str | None, str, str]:
    """Type, life cycle and status of a new order."""
    order = await read(company, STEPS, (await an_order(company, **given))["id"])
    return order["type"] and order["type"]["key"], order["lifeCycle"]["key"], order["status"]["key"]


async def test_a_type_that_is_added_changes_no_other_order(company: Company, client: Client) -> None:
    await quotes(company)
    assert await taken(company) == (None, "", "draft")
    assert await taken(company, type=None) == (None, "", "draft")
    assert await taken(company, type="quote") == ("quote", "quotes", "confirmed")
    await quotes(company, default=True)
    assert await taken(company) == ("quote", "quotes", "confirmed")
    await done(company, REMOVE_DEFINITION, kind="order_type", key="quote")
    assert await taken(company) == (None, "", "draft")


async def test_there_is_one_default_at_most(company: Company, client: Client) -> None:
    await repairs(company)
    async with unchanged(company):
        problem = await refused(
            company, DEFINE_ORDER_TYPE, key="repair", label={"en": "Repair"}, lifeCycle="repairs", default=True
        )
    assert problem["errors"] == [
        {
            "path": ["order_type"],
            "code": "CONFIG_DEFAULT_TYPES",
            "message": "Several order types are marked as the default: sale, repair. One can be, or none.",
        }
    ]


async def test_the_plan_says_what_orders_without_a_type_become(company: Company, client: Client) -> None:
    """On becoming the default, on ceasing to be it, and nothing where it stays as it is."""
    await quotes(company)
    head = "orderloom: 1\norder_types:\n"
    quote = "  quote: {label: {en: Quote}, life_cycle: quotes, default: true}\n"
    found = await plan(company, head + quote, merge=True)
    assert [change["remarks"] for change in found["changes"]] == [
        ["Orders that are taken without a type are then of this type, and begin as 'Confirmed'."]
    ]
    await done(company, APPLY_CONFIGURATION, document=head + quote, merge=True)
    removed = await removal(company, "order_type", "quote")
    assert removed["remarks"] == ["Orders that are taken without a type then have none, and begin as 'Draft'."]
    named = await plan(company, head + quote.replace("en: Quote", "en: Offer"), merge=True)
    assert [change["remarks"] for change in named["changes"]] == [[]]
    # Of what there can be only one, the company's own stays.
    other = "  other: {label: {en: Other}, life_cycle: quotes, default: true}\n"
    added = await plan(company, head + other, merge=True)
    assert (added["problems"], [change["remarks"] for change in added["changes"]]) == ([], [[]])
    await done(company, APPLY_CONFIGURATION, document=head + other, merge=True)
    assert (await taken(company))[0] == "quote"


async def test_a_template_changes_no_order_that_is_taken_as_before(company: Company, client: Client) -> None:
    """Its types come, and are there for those who name them."""
    before = await taken(company)
    planned = (await company.data(PLAN_TEMPLATE, {"template": "retail"}))["result"]
    assert planned["problems"] == []
    assert [change["remarks"] for change in planned["changes"] if change["kind"] == "order_type"] == [[], []]
    await done(company, APPLY_TEMPLATE, template="retail")
    assert await taken(company) == before == (None, "", "draft")
    assert (await taken(company, type="shop_sale"))[:2] == ("shop_sale", "shop_sale")
    again = (await company.data(PLAN_TEMPLATE, {"template": "retail"}))["result"]
    assert again["changes"] == []


async def test_a_type_is_taken_away_from_an_order(company: Company, client: Client) -> None:
    """It goes on in the life cycle of all statuses."""
    await repairs(company)
    order = await an_order(company, type="repair")
    await done(company, UPDATE_ORDER, id=order["id"], type=None)
    shown = await read(company, STEPS, order["id"])
    assert (shown["type"], shown["lifeCycle"], shown["status"]) == (
        None,
        {"key": "", "version": 0},
        {"key": "received"},
    )
    async with unchanged(company):
        problem = await refused(company, UPDATE_ORDER, id=order["id"], type="none")
    assert problem["errors"][0]["message"] == "There is no order type 'none'. Types: sale, repair."
    async with unchanged(company):
        problem = await refused(company, CREATE_ORDER, lines=[LINE], type="none")
    assert bad_values(problem) == {"type": "ORDER_UNKNOWN_TYPE"}
