"""Every pair of types (X-12): what a plan promises is what the conversion does, and the way back gives the old values.

The table of pairs in `docs/fields.md` is held against the code.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenants.config.definitions import CustomField
from tenants.conversions.values import POSSIBLE, Back, Converter, How, folded
from tenants.field_types import REGISTRY, BadValue, Settings, field_type
from tenants.messages import SENTENCES, render
from tenants.names import camel
from tests.documents import DEFINE_FIELD, UPDATE_ORDER, an_order, done
from tests.field_values import GOOD
from tests.harness import Client, Company, Drain, Row
from tests.test_conversions import CONVERT, FAILURES, PLAN, REVERT

FIELDS = Path(__file__).parents[1] / "docs" / "fields.md"
LABELS = {"red": "Red", "n7": "7", "y": "true"}
OPTIONS: list[Row] = [{"key": key, "label": {"en": label, "zh": label}} for key, label in LABELS.items()]
CONFIGURABLE = {key for key, kind in REGISTRY.items() if kind.configurable}


def settings(key: str) -> Row:
    """What the definition of a field of that type needs beside its type."""
    body: Row = {"options": OPTIONS} if field_type(key).has_options else {}
    if key in ("link", "links"):
        body["target"] = "order"
    if key == "auto_number":
        body["numbering"] = "K-{seq:3}"
    return body


def a_definition(key: str) -> CustomField:
    return CustomField.model_validate({"type": key, "label": {"en": "Field"}, **settings(key)})


def a_converter(source: str, target: str) -> Converter:
    ways = {folded(text): key for key, label in LABELS.items() for text in (key, label)}
    how = How(language="en", currency="EUR", time_zone="Europe/Berlin", ways=ways if target.endswith("select") else {})
    return Converter(a_definition(source), a_definition(target), how)


TEXTS = st.one_of(
    st.text(max_size=12),
    st.from_regex(r"-?[0-9]{1,12}([.,][0-9]{1,12})?( ?(EUR|USD|JPY|%))?", fullmatch=True),
    st.from_regex(r"20[0-9]{2}-[01][0-9]-[0-3][0-9](T[0-2][0-9]:[0-5][0-9])?", fullmatch=True),
    st.sampled_from(["red", "Red; 7", "true", "no", "12:30", "PT1H", "a@example.com", "+49 30 123456", "https://a.de"]),
)
NUMBERS = st.decimals(-(10**12), 10**12, places=3).map(str)
STORED: dict[str, st.SearchStrategy[Any]] = {
    "integer": st.integers(-(2**31), 2**31 - 1),
    "decimal": NUMBERS,
    "percent": NUMBERS,
    "money": st.tuples(st.decimals(-(10**9), 10**9, places=2), st.sampled_from(["EUR", "USD"])).map(
        lambda each: {"amount": str(each[0]), "currency": each[1]}
    ),
    "boolean": st.booleans(),
    "date": st.dates().map(str),
    "date_time": st.datetimes(timezones=st.timezones()).map(str),
    "time": st.times().map(lambda each: each.replace(microsecond=0).isoformat()),
    "duration": st.integers(0, 10**8),
    "select": st.sampled_from(["red", "n7", "y"]),
    "multi_select": st.lists(st.sampled_from(["red", "n7", "y"]), unique=True),
    "tags": st.lists(TEXTS, max_size=3),
    "address": st.dictionaries(st.sampled_from(["city", "line1"]), TEXTS),
    "json": st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS, st.lists, max_leaves=4
    ),
}


def pairs() -> Iterator[tuple[str, str]]:
    yield from ((source, target) for source, targets in sorted(POSSIBLE.items()) for target in sorted(targets))


@given(st.data(), st.sampled_from([pair for pair in pairs() if "member" not in pair and "link" not in pair[0]]))
def test_a_converted_value_is_one_of_its_type(data: st.DataObject, pair: tuple[str, str]) -> None:
    """It is stored as its type stores it, or told in a sentence why it cannot be; and the way back of an untouched one is what it was."""
    source, target = pair
    kept, kind = field_type(source), field_type(target)
    options = tuple(LABELS)
    try:
        stored = kept.store(kept.parse(data.draw(STORED.get(source, TEXTS)), Settings(options=options, currency="EUR")))
    except (BadValue, TypeError, AttributeError):
        return
    there = a_converter(source, target)
    back = Back(there, a_converter(target, source) if source in POSSIBLE.get(target, ()) else None)
    made, refusal = None, None
    try:
        made = there(stored)
    except BadValue as bad:
        refusal = bad
    if refusal is not None:
        assert refusal.code in SENTENCES
        assert render(refusal.code, "en", refusal.data)
    if made is not None:
        assert kind.store(kind.parse(made, Settings(options=options, currency="EUR"))) == made
    assert back(made, stored) == stored


def test_the_types_that_are_told_are_those_there_are() -> None:
    """Each source and target is a type that a field can have, and none is its own."""
    assert set(POSSIBLE) | {"attachment", "formula", "rollup"} == CONFIGURABLE
    for source, targets in POSSIBLE.items():
        assert targets <= CONFIGURABLE - {source}


def test_the_document_has_the_table_of_pairs() -> None:
    rows = re.findall(
        r"^\| `(\w+)` \| ([^|]*) \|$", FIELDS.read_text(encoding="utf-8").partition("## Another type")[2], re.MULTILINE
    )
    assert {source: frozenset(re.findall(r"`(\w+)`", targets)) for source, targets in rows} == POSSIBLE


async def records_with(company: Company, source: str) -> None:
    """An order for each good value of the type, and one without."""
    if source == "member":
        values: list[Any] = [str(company.member.id), str(company.read_only.id)]
    elif source in ("link", "links"):
        ids = [(await an_order(company))["id"] for _ in range(2)]
        values = [ids, ids[:1]] if source == "links" else ids
    else:
        good = GOOD[source] if not field_type(source).has_options else [(key, key) for key in ("red", "n7")]
        if source == "duration":
            values = [value for value, _ in good if isinstance(value, str)]
        else:
            values = [field_type(source).store(meant) for _, meant in good if meant is not None]
        values = [[value] if source == "multi_select" else value for value in values]
    if source == "address":
        values = [{camel(part): text for part, text in value.items()} for value in values]
    await done(
        company, DEFINE_FIELD, object="order", key="field", type=source, label={"en": "Field"}, **settings(source)
    )
    for value in values:
        if source == "auto_number":
            await an_order(company)
            continue
        await an_order(company, custom={"field": value})


async def kept(company: Company, name: str) -> dict[str, Any]:
    rows = await company.rows(
        "SELECT number, custom->%(name)s::text AS value FROM orders WHERE tenant_id = %(tenant)s", name=name
    )
    return {row["number"]: row["value"] for row in rows if row["value"] is not None}


@pytest.mark.parametrize("source", sorted(POSSIBLE))
async def test_a_plan_is_kept(company: Company, client: Client, work: Drain, source: str) -> None:
    """For each type that values can become: as many as were promised are converted, those that were named are not, all can be read, and
    the way back gives each record what it had."""
    await records_with(company, source)
    before, name, other = await kept(company, "field"), "field", "field~"
    assert before
    for target in sorted(POSSIBLE[source]):
        of: Row = {"object": "order", "key": "field", "type": target}
        if field_type(target).has_options:
            of["options"] = OPTIONS
        planned = (await company.data(PLAN, {"of": of}))["plan"]
        assert planned["plan"]["problems"] == [], (source, target)
        made = await done(company, CONVERT, **of, otherwise="LEAVE_EMPTY")
        found = await kept(company, other)
        assert (planned["values"], planned["converted"], planned["failed"]) == (len(before), len(found), made["failed"])
        told = (await company.data(FAILURES, {"id": made["id"]}))["failures"]
        assert told == planned["failures"]
        assert len(found) + len(told) <= len(before)
        selection = {"money": "{ amount }", "member": "{ id }", "link": "{ id }", "links": "{ id }"}.get(target, "")
        answer = await company.data(f"{{ orders(first: 100) {{ nodes {{ number custom {{ field {selection} }} }} }} }}")
        shown = {node["number"]: node["custom"]["field"] for node in answer["orders"]["nodes"]}
        assert {number for number, value in shown.items() if value not in (None, [])} == set(found), (source, target)
        await done(company, REVERT, id=made["id"])
        assert await kept(company, name) == before, (source, target)
    await work()


async def test_what_was_written_since_goes_back(company: Company, client: Client) -> None:
    """Through every type that a text can become: a value of the new type is a text again, as that type writes it."""
    await done(company, DEFINE_FIELD, object="order", key="field", type="text", label={"en": "Field"})
    order = await an_order(company, custom={"field": "nothing"})
    written = {
        "integer": (7, "7"),
        "decimal": ("7.50", "7.50"),
        "percent": ("12.5", "12.5"),
        "money": ({"amount": "3.5", "currency": "USD"}, "3.50 USD"),
        "boolean": (True, "true"),
        "date": ("2026-03-31", "2026-03-31"),
        "date_time": ("2026-03-31T14:30:00+08:00", "2026-03-31T06:30:00+00:00"),
        "time": ("14:30", "14:30:00"),
        "duration": ("1:30", "PT1H30M"),
        "select": ("red", "Red"),
        "multi_select": (["red", "n7"], "Red; 7"),
        "tags": (["a", "b"], "a; b"),
        "member": (str(company.member.id), "Max Member"),
        "email": ("a@example.com", "a@example.com"),
    }
    for target, (value, text) in written.items():
        of = {"object": "order", "key": "field", "type": target, **settings(target)}
        made = await done(company, CONVERT, **of, otherwise="LEAVE_EMPTY")
        await done(company, UPDATE_ORDER, id=order["id"], custom={"field": value})
        await done(company, REVERT, id=made["id"])
        answer = await company.data("{ orders { nodes { custom { field } } } }")
        assert (target, answer["orders"]["nodes"][0]["custom"]["field"]) == (target, text)
