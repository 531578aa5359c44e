"""Every effect of a rule on every way into the house: none of them passes what another refuses (X-09, X-10, D-09)."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import pytest

from tenants import spellings
from tenants.config import change_sets
from tests.documents import (
    CHANGE_STATUS,
    CREATE_ORDER,
    UPDATE_ORDER,
    an_order,
    bad_values,
    done,
    refused,
    unchanged,
)
from tests.harness import Client, Company, Drain, Row
from tests.importing import load, rejected
from tests.test_rules import LINES, define, define_field

FAX = {"channel": {"eq": "fax"}}


@dataclass(frozen=True)
class Case:
    """A rule, an order that keeps to it, the change of one value that breaks it, and where that is told."""

    effect: str
    fields: tuple[str, ...]
    sound: Row
    bad: Row
    errors: dict[str, str]
    body: Row = field(default_factory=dict)


CASES = {
    "check": Case(
        *("CHECK", ("channel", "notes"), {"notes": "n"}, {"channel": "fax"}),
        {"channel": "RULE_BROKEN", "notes": "RULE_BROKEN"},
        {"check": 'not (channel = "fax" and notes = "n")'},
    ),
    "far check": Case(
        *("CHECK", ("channel",), {"channel": "web"}, {"channel": "fax"}, {"channel": "RULE_BROKEN"}),
        {"check": 'channel != "fax" or sum(lines.quantity) > 2'},
    ),
    "require": Case("REQUIRE", ("notes",), {}, {"channel": "fax"}, {"notes": "RULE_REQUIRED"}, {"when": FAX}),
    "far require": Case(
        *("REQUIRE", ("notes",), {}, {"channel": "fax"}, {"notes": "RULE_REQUIRED"}),
        {"when": {**FAX, "lines": {"some": {"name": {"eq": "Work"}}}}},
    ),
    "hide": Case("HIDE", ("notes",), {"channel": "fax"}, {"notes": "n"}, {"notes": "RULE_HIDDEN"}, {"when": FAX}),
    "unique": Case(
        *("UNIQUE", ("channel", "notes"), {"notes": "Taken"}, {"channel": "fax"}),
        {"channel": "RULE_TAKEN", "notes": "RULE_TAKEN"},
        {"ignoreCase": True},
    ),
    "read only": Case(
        *("READ_ONLY", ("channel",), {"notes": "sealed"}, {"channel": "fax"}, {"channel": "RULE_READ_ONLY"}),
        {"when": {"notes": {"eq": "sealed"}}},
    ),
    "option": Case(
        "",
        (),
        {"channel": "web"},
        {"custom": {"handover": "counter"}},
        {"custom.handover": "RULE_OPTION"},
    ),
}
Way = Callable[[Company, Case, Drain], Awaitable[None]]


async def prepared(company: Company, case: Case) -> None:
    """The rule is in force, and the values that a unique one keeps apart are taken."""
    when = {"channel": {"eq": "shop"}}
    options = [{"key": "counter", "label": {"en": "Counter"}, "when": when}]
    await define_field(company, "handover", "select", options=options)
    if case.effect == "UNIQUE":
        await an_order(company, channel="FAX", notes="taken")
    if case.effect:
        await define(company, "rule", case.effect, list(case.fields), **case.body)


async def created(company: Company, case: Case, _work: Drain) -> None:
    problem = await refused(company, CREATE_ORDER, lines=LINES, **(case.sound | case.bad))
    assert bad_values(problem) == case.errors


async def updated(company: Company, case: Case, _work: Drain) -> None:
    order = await an_order(company, **case.sound)
    async with unchanged(company):
        assert bad_values(await refused(company, UPDATE_ORDER, id=order["id"], **case.bad)) == case.errors


MAPPING = """
orderloom-import: 1
files:
  - file: orders.csv
    record: order
    external_id: id
    fields: {channel: channel, notes: notes, custom: {handover: handover}}
    lines: {file: lines.csv, order: order, external_id: id, fields: {name: item, unitPrice: price}}
"""


async def imported(company: Company, values: Row) -> list[tuple[str, int, str]]:
    flat = {"channel": "", "notes": "", "handover": "", **values, **values.get("custom", {})}
    text = f"id,channel,notes,handover\nO1,{flat['channel']},{flat['notes']},{flat['handover']}\n"
    summary = await load(company, MAPPING, orders=text, lines="id,order,item,price\nL1,O1,Work,10\n")
    await spellings.learned()
    return rejected(summary)


async def import_of_new(company: Company, case: Case, _work: Drain) -> None:
    # The numbers of a batch are counted before it is written.
    async with unchanged(company, without={"counters"}):
        ((name, line, _),) = await imported(company, case.sound | case.bad)
    assert (name, line) == ("orders.csv", 2)


async def import_of_known(company: Company, case: Case, _work: Drain) -> None:
    assert await imported(company, case.sound) == []
    async with unchanged(company):
        assert len(await imported(company, case.sound | case.bad)) == 1


async def automated(company: Company, case: Case, work: Drain) -> None:
    ((name, value),) = case.bad.items()
    if isinstance(value, dict):
        ((key, value),) = value.items()
        name = f"{name}.{key}"
    body = {
        "label": {"en": "Spoil"},
        "events": ["created"],
        "actions": [{"type": "set_field", "field": name, "value": value}],
        "role": "admin",
    }
    async with company.begin() as tx:
        await change_sets.apply(tx, [change_sets.define(tx.config, "automation", "spoil", body)])
    order = await an_order(company, **case.sound)
    await work()
    (run,) = await company.rows("SELECT status FROM automation_runs WHERE tenant_id = %(tenant)s")
    (row,) = await company.rows(
        "SELECT version FROM orders WHERE tenant_id = %(tenant)s AND id = %(id)s", id=order["id"]
    )
    assert (run["status"], row["version"]) == ("failed", 1)


async def previewed(company: Company, case: Case, _work: Drain) -> None:
    order = await an_order(company, **case.sound)
    document = "query($input: UpdateOrderInput!) { result: previewUpdateOrder(input: $input) { accepted errors { path code } } }"
    async with unchanged(company):
        preview = (await company.data(document, {"input": {"id": order["id"], **case.bad}}))["result"]
    found = {".".join(error["path"]): error["code"] for error in preview["errors"]}
    assert (preview["accepted"], found) == (False, case.errors)


WAYS: tuple[Way, ...] = (created, updated, import_of_new, import_of_known, automated, previewed)
# Nothing is settled of an order that is new.
NEW: tuple[Way, ...] = (created, import_of_new)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
@pytest.mark.parametrize("name", CASES)
async def test_no_way_leads_past_a_rule(company: Company, client: Client, work: Drain, name: str, way: Way) -> None:
    case = CASES[name]
    await prepared(company, case)
    if case.effect == "READ_ONLY" and way in NEW:
        assert await imported(company, case.sound | case.bad) == []
        return
    await way(company, case, work)


@pytest.mark.parametrize("by", ["api", "automation"])
@pytest.mark.parametrize("effect", ["CHECK", "REQUIRE", "UNIQUE", "option"])
async def test_no_step_leads_past_a_rule(company: Company, client: Client, work: Drain, effect: str, by: str) -> None:
    """A step gives no values; whatever a rule says of the status that it leads to holds all the same."""
    when = {"status": {"eq": "confirmed"}}
    if effect == "option":
        other = {"status": {"eq": "draft"}}
        await define_field(
            company, "phase", "select", options=[{"key": "early", "label": {"en": "Early"}, "when": other}]
        )
    else:
        check = {"check": "sum(lines.quantity) > 5"} if effect == "CHECK" else {}
        await define(company, "rule", effect, ["notes" if effect == "UNIQUE" else "promisedAt"], when=when, **check)
    given: Row = {"custom": {"phase": "early"}} if effect == "option" else {"notes": "same"}
    if effect == "UNIQUE":
        first = await an_order(company, **given)
        await done(company, CHANGE_STATUS, id=first["id"], status="confirmed")
    if by == "automation":
        body = {
            "label": {"en": "Confirm"},
            "events": ["created"],
            "actions": [{"type": "change_status", "to": "confirmed"}],
            "role": "admin",
        }
        async with company.begin() as tx:
            await change_sets.apply(tx, [change_sets.define(tx.config, "automation", "confirm", body)])
    order = await an_order(company, **given)
    if by == "automation":
        await work()
        (run,) = await company.rows("SELECT status FROM automation_runs WHERE tenant_id = %(tenant)s")
        assert run["status"] == "failed"
    else:
        async with unchanged(company):
            problem = await refused(company, CHANGE_STATUS, id=order["id"], status="confirmed")
        assert len(problem["errors"]) == 1
    (row,) = await company.rows(
        "SELECT status, version FROM orders WHERE tenant_id = %(tenant)s AND id = %(id)s", id=order["id"]
    )
    assert (row["status"], row["version"]) == ("draft", 1)
