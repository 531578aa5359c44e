"""A plan counts the records that do not fulfil a new rule or nearer limits, and says what becomes of them (X-60, X-09)."""

import pytest

from tenants.config import breaking
from tests.documents import APPLY_CONFIGURATION, CREATE_CUSTOMER, UPDATE_ORDER, VOID_ORDER, ask, done, unchanged
from tests.examples import create_orders, define_fields
from tests.harness import Client, Company, Row
from tests.test_configuration_plans import plan
from tests.test_rules import LINES

pytestmark = pytest.mark.anyio

FIELDS = {
    "order.size": {"type": "integer"},
    "order.code": {"type": "text"},
    "order.marks": {"type": "tags"},
    "order.due": {"type": "formula", "expression": "custom.size * 2"},
}
ORDERS: tuple[Row, ...] = (
    {"custom": {"size": 1, "code": "A-1"}},
    {"custom": {"size": 5, "code": "B"}, "notes": "n", "channel": "web"},
    {"custom": {"size": 9, "marks": ["x", "y", "z"]}, "lines": [{**LINES[0], "quantity": "3"}]},
    {},
)


def told(count: int) -> list[str]:
    ending = "not fulfil it: nothing changes there, but the next save must fulfil it."
    return [f"{count} {'record does' if count == 1 else 'records do'} {ending}"] if count else []


# The rule, and how many of the orders break it.
RULES: tuple[tuple[str, int], ...] = (
    ("{effect: require, fields: [notes]}", 3),
    ("{effect: require, fields: [custom.size]}", 1),
    ("{effect: require, fields: [custom.marks]}", 3),
    ("{effect: require, fields: [notes, custom.size]}", 3),
    ("{effect: require, fields: [customer]}", 4),
    ("{effect: require, fields: [lines]}", 0),
    ("{effect: require, fields: [notes], when: {custom: {size: {gt: 5}}}}", 1),
    ("{effect: require, fields: [notes], when: {lines: {some: {quantity: {gt: 2}}}}}", 1),
    ("{effect: check, fields: [custom.size], check: custom.size < 6}", 1),
    ("{effect: check, fields: [custom.size], check: custom.due < 6}", 2),
    ("{effect: check, fields: [lines], check: sum(lines.quantity) < 2}", 1),
    ("{effect: check, fields: [custom.size], check: custom.size < 6, enabled: false}", 0),
    ("{effect: read_only, fields: [notes]}", 0),
)


@pytest.mark.parametrize(("rule", "count"), RULES)
async def test_a_new_rule(company: Company, client: Client, rule: str, count: int) -> None:
    """What the plan counts is what the save refuses, record by record."""
    await define_fields(company, FIELDS)
    orders = await create_orders(company, ORDERS)
    document = f"orderloom: 1\nrules:\n  it: {rule}\n"
    async with unchanged(company):
        found = await plan(company, document, merge=True)
    assert found["problems"] == []
    assert [change["remarks"] for change in found["changes"]] == [told(count)]
    await done(company, APPLY_CONFIGURATION, document=document, merge=True)
    answers = [await ask(company, UPDATE_ORDER, id=f"{order}", channel="shop") for order in orders]
    assert sum(answer["__typename"] == "InvalidInput" for answer in answers) == count


async def test_what_a_rule_does_not_ask_of(company: Company, client: Client) -> None:
    """Void orders, and places that the record does not have."""
    await define_fields(company, FIELDS)
    orders = await create_orders(company, ORDERS)
    await done(company, VOID_ORDER, id=orders[3], reason="other", note="x")
    hide = "  away: {effect: hide, fields: [notes], when: {custom: {size: {gt: 5}}}}\n"
    await done(company, APPLY_CONFIGURATION, document=f"orderloom: 1\nrules:\n{hide}", merge=True)
    need = "orderloom: 1\nrules:\n  it: {effect: require, fields: [notes]}\n"
    found = await plan(company, need, merge=True)
    assert [change["remarks"] for change in found["changes"]] == [told(1)]


async def test_only_what_asks_for_more_is_counted(company: Company, client: Client) -> None:
    """A new message is no new rule; a rule that is switched on is."""
    await create_orders(company, ORDERS[3:])
    rule = "{{effect: require, fields: [notes], enabled: {on}, message: {{en: {message}}}}}"
    head = "orderloom: 1\nrules:\n  it: "
    await done(company, APPLY_CONFIGURATION, document=head + rule.format(on="false", message="A"), merge=True)
    on = await plan(company, head + rule.format(on="true", message="A"), merge=True)
    assert [change["remarks"] for change in on["changes"]] == [told(1)]
    await done(company, APPLY_CONFIGURATION, document=head + rule.format(on="true", message="A"), merge=True)
    said = await plan(company, head + rule.format(on="true", message="B"), merge=True)
    assert [change["remarks"] for change in said["changes"]] == [[]]


async def test_customers_by_their_contacts(company: Company, client: Client) -> None:
    for contacts in ({"phones": [{"value": "+49 30 1234567"}]}, {"emails": [{"value": "a@example.com"}]}, {}):
        await done(company, CREATE_CUSTOMER, name="Ann", **contacts)
    document = "orderloom: 1\nrules:\n  it: {record_type: customer, effect: require, fields: [phones]}\n"
    found = await plan(company, document, merge=True)
    assert [change["remarks"] for change in found["changes"]] == [told(2)]


LIMITS: tuple[tuple[str, str, str, int], ...] = (
    ("size", "integer", "minimum: 5", 1),
    ("size", "integer", "maximum: 5", 1),
    ("size", "integer", "minimum: 4, maximum: 6", 2),
    ("code", "text", "pattern: '[A-Z]-[0-9]'", 1),
    ("code", "text", "minimum: 2", 1),
    ("marks", "tags", "maximum: 2", 1),
    ("marks", "tags", "maximum: 3", 0),
)


@pytest.mark.parametrize(("key", "type", "limits", "count"), LIMITS)
async def test_limits_of_a_field(
    company: Company, client: Client, key: str, type: str, limits: str, count: int
) -> None:
    await define_fields(company, FIELDS)
    orders = await create_orders(company, ORDERS)
    document = f"orderloom: 1\nfields:\n  order.{key}: {{type: {type}, label: {{en: order.{key}}}, {limits}}}\n"
    async with unchanged(company):
        found = await plan(company, document, merge=True)
    records = "record holds" if count == 1 else "records hold"
    outside = f"{count} {records} a value outside of its limits, which may stay until it is changed."
    assert [change["remarks"] for change in found["changes"]] == [[outside] if count else []]
    await done(company, APPLY_CONFIGURATION, document=document, merge=True)
    for order in orders:
        await done(company, UPDATE_ORDER, id=order, channel="shop")
    again = await plan(company, document.replace(f"en: order.{key}", "en: New"), merge=True)
    assert [change["remarks"] for change in again["changes"]] == [[]]


async def test_of_very_many_the_newest_are_looked_at(
    company: Company, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(breaking, "MOST_RECORDS", 2)
    monkeypatch.setattr(breaking, "MOST_VALUES", 2)
    await define_fields(company, FIELDS)
    await create_orders(company, ORDERS)
    text = (
        "orderloom: 1\nfields:\n  order.size: {type: integer, label: {en: order.size}, minimum: 6}\n"
        "rules:\n  it: {effect: require, fields: [custom.size]}\n"
    )
    found = await plan(company, text, merge=True)
    assert {change["kind"]: change["remarks"] for change in found["changes"]} == {
        "field": [
            "Of the newest 2 records with a value, 1 holds one outside of its limits, which may stay until it is changed."
        ],
        "rule": [
            "Of the newest 2 records, 1 does not fulfil it: nothing changes there, but the next save must fulfil it."
        ],
    }
