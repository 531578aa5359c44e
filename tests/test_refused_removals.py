"""What is still needed is not taken away: the refusal names what needs it, and what is counted is counted (NCF-7)."""

from typing import Any

import pytest

from tests.documents import (
    APPLY_CONFIGURATION,
    CREATE_ORDER,
    REMOVE_DEFINITION,
    VOID_ORDER,
    ask,
    done,
    refused,
    unchanged,
)
from tests.harness import Client, Company, Row
from tests.test_configuration_plans import document, removal
from tests.test_rules import LINES

pytestmark = pytest.mark.anyio

BOOK = """orderloom: 1
fields:
  order.region: {type: select, label: {en: Region, zh: 地区}, options: [{key: north, label: {en: North}}, {key: south, label: {en: South}}]}
  order.city: {type: select, label: {en: City}, options: [{key: york, label: {en: York}, when: {custom: {region: {eq: north}}}}]}
  order.length: {type: decimal, label: {en: Length}}
  order.area: {type: formula, label: {en: Area}, expression: custom.length * 2}
  order.price: {type: formula, label: {en: Price}, expression: custom.area * 3}
statuses:
  review: {label: {en: Review}, category: in_progress}
transitions:
  ask: {label: {en: Ask}, sources: [draft], target: review}
rules:
  south: {effect: require, fields: [custom.city], when: {custom: {region: {eq: south}}}}
  known: {effect: require, fields: [custom.region], when: {status: {eq: confirmed}}}
automations:
  told: {label: {en: Told}, events: [status_changed], condition: {status: {eq: review}}, actions: [{type: set_field, field: channel, value: a}]}
life_cycles:
  quotes: {label: {en: Quotes}, initial: draft, statuses: {draft: {}, review: {}}}
order_types:
  quote: {label: {en: Quote}, life_cycle: quotes}
"""


@pytest.fixture
async def book(company: Company, client: Client) -> Company:
    await done(company, APPLY_CONFIGURATION, document=BOOK, merge=True)
    return company


async def not_removed(company: Company, kind: str, key: str) -> Row:
    async with unchanged(company):
        return await refused(company, REMOVE_DEFINITION, kind=kind, key=key)


async def test_the_refusal_names_what_needs_the_field(book: Company) -> None:
    problem = await not_removed(book, "field", "order.region")
    assert problem["errors"] == [
        {
            "path": ["field", "order.region"],
            "code": "CONFIG_NEEDED_OPEN",
            "message": "The field 'order.region' (Region) cannot be archived, because it is needed by: field 'order.city' (City),"
            " rule 'known', rule 'south'. Change these first.",
        }
    ]
    assert problem["message"] == problem["errors"][0]["message"]


async def test_what_follows_from_it_is_not_told_again(book: Company) -> None:
    """The price needs the area, which needs the length."""
    problem = await not_removed(book, "field", "order.length")
    assert problem["message"] == (
        "The field 'order.length' (Length) cannot be archived, because it is needed by: field 'order.area' (Area). Change these first."
    )


async def test_in_the_language_of_the_reader(book: Company) -> None:
    reader = await book.add_person("owner", language="zh")
    message = (await refused(book, REMOVE_DEFINITION, reader, kind="field", key="order.region"))["message"]
    assert message == (
        "字段“order.region”（地区）不能归档，因为以下各项需要它：字段“order.city”（City）, 规则“known”, 规则“south”。请先修改这些。"
    )


async def test_a_status_with_orders_in_it(book: Company) -> None:
    """All that needs it, steps and automations alike, and the orders, in one answer."""
    await done(book, CREATE_ORDER, lines=LINES, type="quote")
    problem = await not_removed(book, "status", "review")
    assert [error["message"] for error in problem["errors"]] == [
        (
            "The status 'review' (Review) cannot be archived, because it is needed by: transition 'ask' (Ask),"
            " life cycle 'quotes' (Quotes), automation 'told' (Told). Change these first."
        )
    ]
    found = (await not_removed(book, "status", "draft"))["errors"]
    assert [(error["path"], error["code"]) for error in found] == [
        (["status", "draft"], "CONFIG_NEEDED_OPEN"),
        (["status"], "CONFIG_INITIAL"),
        (["status", "draft"], "CONFIG_IN_USE"),
    ]
    assert found[2]["message"] == "The status 'draft' still has 1 order, to be moved first."


async def test_other_mistakes_of_the_same_change_are_told_beside(book: Company) -> None:
    """What the change itself writes is told where it is wrong."""
    text = await document(book)
    changed = text.replace("custom.area * 3", "custom.are * 3").replace(
        "status:\n        eq: confirmed", "status:\n        eq: none"
    )
    changed = changed.replace("  order.region:\n", "  order.region:\n    archived: true\n")
    async with unchanged(book):
        problem = await refused(book, APPLY_CONFIGURATION, document=changed)
    paths = [".".join(error["path"][:2]) for error in problem["errors"]]
    assert paths[0] == "field.order.region"
    assert set(paths[1:]) == {"field.order.price", "rule.known"}


async def test_orders_of_a_type_and_of_a_reason_are_counted(book: Company) -> None:
    for _ in range(2):
        await done(book, CREATE_ORDER, lines=LINES, type="quote")
    void = await done(book, CREATE_ORDER, lines=LINES, type="quote")
    await done(book, VOID_ORDER, id=void["id"], reason="other", note="Mistake")
    async with unchanged(book):
        kind, reason = await removal(book, "order_type", "quote"), await removal(book, "void_reason", "other")
    assert (kind["values"], kind["destructive"], kind["losses"]) == (
        3,
        True,
        ["3 orders are of this type and kept so; it can be given to no more."],
    )
    assert (reason["values"], reason["losses"]) == (
        1,
        ["1 order was voided for it, which stays there; it can be chosen no more."],
    )


MISSING: tuple[tuple[str, str, str, str], ...] = (
    ("Status", "review", "kind", "There is no kind of definition 'Status'. Did you mean 'status'?"),
    ("field", "order.regoin", "key", "There is no field 'order.regoin'. Did you mean 'order.region'?"),
    ("order_type", "xyz", "key", "There is no order type 'xyz'."),
    ("role", "owner", "key", "'owner' is a built-in role and cannot be changed."),
    ("role", "nobody", "key", "There is no role 'nobody'."),
)


@pytest.mark.parametrize(("kind", "key", "place", "message"), MISSING)
async def test_what_is_not_there_cannot_go(book: Company, kind: str, key: str, place: str, message: str) -> None:
    problem: Any = await ask(book, REMOVE_DEFINITION, kind=kind, key=key)
    assert problem["errors"] == [{"path": [place], "code": problem["errors"][0]["code"], "message": message}]
