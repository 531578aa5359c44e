"""Refusals that say what was probably meant, one cause told once, and documents that say what goes without saying (NCF-8, X-59)."""

import pytest

from tests.documents import APPLY_CONFIGURATION, DEFINE_FIELD, done, refused, unchanged
from tests.examples import define_fields
from tests.harness import Client, Company
from tests.test_configuration_plans import document, plan, share
from tests.test_life_cycles import DEFINE_LIFE_CYCLE, DEFINE_ORDER_TYPE

pytestmark = pytest.mark.anyio

EXPRESSIONS: tuple[tuple[str, str], ...] = (
    ("custom.costt", "there is no field 'custom.costt' that an expression can use. Did you mean 'custom.cost'?"),
    ("costs * 2", "there is no field 'costs' that an expression can use. Did you mean 'custom.cost'?"),
    ("Total * 2", "there is no field 'Total' that an expression can use. Did you mean 'total'?"),
    ("customer.nmae", "there is no field 'customer.nmae' that an expression can use. Did you mean 'customer.name'?"),
    (
        "shippingAddress.citty",
        "there is no field 'shippingAddress.citty' that an expression can use. Did you mean 'shippingAddress.city'?",
    ),
    ("xyzzy", "there is no field 'xyzzy' that an expression can use."),
    ("customer", "there is no field 'customer' that an expression can use."),
    ("add_days(promisedAt, 2)", "there is no function 'add_days'. Did you mean 'addDays'?"),
    ("total *", "the expression ends where a field, a value or a function is expected."),
    ("round(total", "the expression ends where ',' is expected."),
    ("(total", "the expression ends where ')' is expected."),
)


@pytest.mark.parametrize(("expression", "message"), EXPRESSIONS)
async def test_expressions(company: Company, client: Client, expression: str, message: str) -> None:
    await define_fields(company, {"order.cost": {"type": "decimal"}})
    async with unchanged(company):
        problem = await refused(
            company, DEFINE_FIELD, object="order", key="f", type="formula", label={"en": "F"}, expression=expression
        )
    (error,) = problem["errors"]
    assert error["message"].partition(": ")[2] == message


async def test_types_of_fields(company: Company, client: Client) -> None:
    async with unchanged(company):
        problem = await refused(company, DEFINE_FIELD, object="order", key="f", type="txt", label={"en": "F"})
        other = await refused(company, DEFINE_FIELD, object="order", key="f", type="qqq", label={"en": "F"})
    assert problem["message"] == "There is no field type 'txt'. Did you mean 'text'?"
    assert other["message"].startswith("There is no field type 'qqq'. Types: text, ")


async def test_a_cycle_is_told_once(company: Company, client: Client) -> None:
    """A view that shows the field is not wrong by itself."""
    await define_fields(company, {"order.size": {"type": "decimal"}})
    formula = {"object": "order", "key": "area", "type": "formula", "label": {"en": "Area"}}
    await done(company, DEFINE_FIELD, **formula, expression="custom.size * 2")
    await share(company, areas={"columns": [{"path": "custom.area"}], "where": {"custom": {"area": {"gt": 1}}}})
    async with unchanged(company):
        problem = await refused(company, DEFINE_FIELD, **formula, expression="custom.area * 2")
    assert problem["message"] == (
        "The field depends on itself: order.area → order.area. Take it out of one of these expressions."
    )


async def test_the_numbering_is_written_out(company: Company, client: Client) -> None:
    """Nobody could know the pattern from a document without it; one that leaves it out says the same."""
    text = await document(company)
    written = "numbering:\n  order:\n    pattern: SO-{year}-{seq:5}\n"
    assert written in text
    assert (await plan(company, text))["changes"] == []
    assert (await plan(company, text.replace(written, "numbering: {order: {}}\n")))["changes"] == []


CYCLE = {"key": "quotes", "label": {"en": "Quotes"}, "initial": "draft"}


async def test_statuses_that_nothing_leads_out_of(company: Company, client: Client) -> None:
    """Orders would get stuck: told of the life cycle when it comes, and of what takes the way away."""
    head = "orderloom: 1\n"
    cycles = "life_cycles:\n  quotes: {label: {en: Quotes}, initial: draft, statuses: {draft: {}, confirmed: {}, completed: {}}}\n"
    found = await plan(company, head + cycles, merge=True)
    stuck = "In the life cycle 'quotes' no steps lead from '{}' to an end: orders stay there."
    assert [change["remarks"] for change in found["changes"]] == [[stuck.format("Draft"), stuck.format("Confirmed")]]
    way = "transitions:\n  close: {label: {en: Close}, sources: [confirmed], target: completed}\n"
    both = await plan(company, head + way + cycles, merge=True)
    assert [change["remarks"] for change in both["changes"]] == [[], []]
    statuses = [{"status": status} for status in ("draft", "confirmed", "completed")]
    await done(company, DEFINE_LIFE_CYCLE, **CYCLE, statuses=statuses)
    again = await plan(company, head + cycles.replace("en: Quotes", "en: Offers"), merge=True)
    assert [change["remarks"] for change in again["changes"]] == [[]]


async def test_a_status_without_a_way_on(company: Company, client: Client) -> None:
    """In the life cycle of all statuses, as long as orders begin in it."""
    review = "orderloom: 1\nstatuses:\n  review: {label: {en: Review}, category: open}\n"
    found = await plan(company, review, merge=True)
    assert [change["remarks"] for change in found["changes"]] == [
        ["No steps lead from 'Review' to an end: orders stay there."]
    ]
    statuses = [{"status": status} for status in ("draft", "confirmed", "shipped", "completed")]
    await done(company, DEFINE_LIFE_CYCLE, **CYCLE, statuses=statuses)
    await done(company, DEFINE_ORDER_TYPE, key="quote", label={"en": "Quote"}, lifeCycle="quotes", default=True)
    found = await plan(company, review, merge=True)
    assert [change["remarks"] for change in found["changes"]] == [[]]
    await done(company, APPLY_CONFIGURATION, document=review, merge=True)
