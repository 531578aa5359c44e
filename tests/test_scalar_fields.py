"""Own fields of the types that are one value: from GraphQL to the row and back, in filters, orders, pages, groups, search and imports,
with an index table and without; and what a company asks of values beyond their type."""

from collections.abc import Mapping
from typing import Any

import pytest

from tenants.exports import export_records
from tests.documents import (
    CREATE_CUSTOMER,
    DEFINE_FIELD,
    UPDATE_ORDER,
    an_order,
    bad_values,
    done,
    refused,
    unchanged,
)
from tests.examples import create_orders, define_fields
from tests.harness import Client, Company, Row
from tests.test_import_mutation import IMPORT

pytestmark = pytest.mark.anyio

TYPES = ("long_text", "email", "phone", "url", "percent", "time", "duration", "json")
INDEXED = ("email", "phone", "url", "percent", "time", "duration")
# Three values of each, in rising order: as they are given, and as they are shown.
VALUES: Mapping[str, tuple[tuple[Any, Any], ...]] = {
    "long_text": (("a\r\nb", "a\nb"), ("lamp", "lamp"), ("zinc", "zinc")),
    "email": (("ann@EXAMPLE.com", "ann@example.com"), ("bo@example.com", "bo@example.com"), ("cy@example.com", "cy@example.com")),
    "phone": (("+1 650 253 0000", "+16502530000"), ("+49 30 123456", "+4930123456"), ("+86 138 0013 8000", "+8613800138000")),
    "url": (("HTTP://A.example", "http://a.example"), ("https://b.example/x", "https://b.example/x"), ("https://c.example", "https://c.example")),
    "percent": (("-2.50", "-2.50"), ("7.5", "7.5"), ("12.25", "12.25")),
    "time": (("08:05", "08:05:00"), ("14:30:10", "14:30:10"), ("23:59", "23:59:00")),
    "duration": (("PT90M", "PT1H30M"), ("P1DT1S", "PT24H1S"), ("P5W", "PT840H")),
    "json": (({"a": [1, None]}, {"a": [1, None]}), ([], []), ("x", "x")),
}  # fmt: skip
SHOWN = " ".join(TYPES)
LIST = """query ($where: OrderFilter, $orderBy: [OrderOrderBy!], $first: Int, $after: String) {
  orders(where: $where, orderBy: $orderBy, first: $first, after: $after) {
    nodes { externalId } pageInfo { endCursor hasNextPage } } }"""


async def book(company: Company, *, indexed: bool) -> None:
    """Three orders with rising values, and one with none."""
    fields = {f"order.{key}": {"type": key, "indexed": indexed and key in INDEXED} for key in TYPES}
    await define_fields(company, fields)
    inputs: list[Row] = [
        {"externalId": "abc"[place], "custom": {key: VALUES[key][place][0] for key in TYPES}} for place in range(3)
    ]
    await create_orders(company, [*inputs, {"externalId": "d"}])


async def found(company: Company, where: Row, *order: Row) -> str:
    by = [*order, {"externalId": "ASC"}]
    data = await company.data(LIST, {"where": where, "orderBy": by})
    return "".join(node["externalId"] for node in data["orders"]["nodes"])


async def test_values_are_kept_and_shown(company: Company, client: Client) -> None:
    """What is written is read again, typed; null empties a field; the history has both."""
    await book(company, indexed=False)
    document = f"{{ orders(orderBy: [{{externalId: ASC}}]) {{ nodes {{ id custom {{ {SHOWN} }} }} }} }}"
    nodes = (await company.data(document))["orders"]["nodes"]
    for place in range(3):
        assert nodes[place]["custom"] == {key: VALUES[key][place][1] for key in TYPES}
    assert nodes[3]["custom"] == dict.fromkeys(TYPES)
    await done(company, UPDATE_ORDER, id=nodes[0]["id"], custom=dict.fromkeys(TYPES))
    assert (await company.data(document))["orders"]["nodes"][0]["custom"] == dict.fromkeys(TYPES)
    typed = '{ __type(name: "OrderCustom") { fields { name type { name } } } }'
    fields = {field["name"]: field["type"]["name"] for field in (await company.data(typed))["__type"]["fields"]}
    assert fields == {
        **dict.fromkeys(("long_text", "email", "phone", "url"), "String"),
        "percent": "Decimal",
        "time": "Time",
        "duration": "Duration",
        "json": "JSON",
    }


@pytest.mark.parametrize("indexed", [False, True])
async def test_they_are_filtered_and_sorted_by(company: Company, client: Client, indexed: bool) -> None:
    await book(company, indexed=indexed)
    for key in TYPES:
        (_, low), (_, middle), (_, high) = VALUES[key]
        own = {"custom": {key: {"isNull": True}}}
        assert await found(company, own) == "d", key
        assert await found(company, {"custom": {key: {"isNull": False}}}) == "abc", key
        if key == "json":
            continue
        asked: list[tuple[Row, str]] = [
            ({"eq": middle}, "b"),
            ({"ne": middle}, "acd"),
            ({"in": [low, high]}, "ac"),
            ({"notIn": [low, high]}, "bd"),
            ({"gt": low, "lt": high}, "b"),
            ({"gte": middle}, "bc"),
            ({"lte": middle}, "ab"),
        ]
        for tests, expected in asked:
            assert await found(company, {"custom": {key: tests}}) == expected, (key, tests)
        if key == "long_text":
            continue
        assert await found(company, {}, {"custom": {key: "ASC"}}) == "abcd", key
        assert await found(company, {}, {"custom": {key: "DESC"}}) == "cbad", key
    assert await found(company, {"custom": {"email": {"startsWith": "BO@"}}}) == "b"
    assert await found(company, {"custom": {"long_text": {"contains": "INC"}}}) == "c"


@pytest.mark.parametrize("indexed", [False, True])
@pytest.mark.parametrize("key", INDEXED)
async def test_pages_go_on_behind_a_value(company: Company, client: Client, key: str, indexed: bool) -> None:
    await book(company, indexed=indexed)
    for direction, expected in (("ASC", "abcd"), ("DESC", "cbad")):
        seen, after = "", None
        for place in range(4):
            variables = {"orderBy": [{"custom": {key: direction}}], "first": 1, "after": after}
            page = (await company.data(LIST, variables))["orders"]
            seen += page["nodes"][0]["externalId"]
            after = page["pageInfo"]["endCursor"]
            assert page["pageInfo"]["hasNextPage"] is (place < 3)
        assert seen == expected


async def test_they_are_searched_grouped_and_exported(company: Company, client: Client) -> None:
    await book(company, indexed=False)
    for words, expected in (("bo@example.com", "b"), ("zinc", "c"), ("13800138000", "c"), ("b.example", "b")):
        data = await company.data(
            "query ($words: String) { orders(search: $words) { nodes { externalId } } }", {"words": words}
        )
        assert [node["externalId"] for node in data["orders"]["nodes"]] == [expected], words
    groups = await company.data('{ orderGroups(groupBy: "custom.time") { key count } }')
    assert {group["key"]: group["count"] for group in groups["orderGroups"]} == {
        "08:05:00": 1, "14:30:10": 1, "23:59:00": 1, None: 1,
    }  # fmt: skip
    lines = [line async for line in export_records(company.database, await company.caller(), "order")]
    text = b"".join(lines).decode()
    assert "PT24H1S" in text
    assert "14:30:10" in text


async def test_tables_fill_them(company: Company, client: Client) -> None:
    """As tables have them: decimal commas, percent signs, clocks; what does not fit is named."""
    await define_fields(company, {f"customer.{key}": {"type": key} for key in TYPES})
    fields = "".join(f"\n        {key}: {key}" for key in TYPES)
    mapping = f"""
orderloom-import: 1
files:
  - file: people.csv
    record: customer
    external_id: id
    delimiter: ";"
    decimal_comma: true
    fields:
      name: id
      custom:{fields}
"""
    head = f"id;{';'.join(TYPES)}\n"
    good = 'A;Prose;ann@example.com;+49 30 123456;https://a.example;12,5 %;08:05;1:30;"{""a"": [1]}"\n'
    bad = "B;;ann;030;a.example;x;8:05;soon;{\n"
    files = [{"name": "people.csv", "text": head + good + bad}]
    result = (await company.data(IMPORT, {"input": {"mapping": mapping, "files": files}}))["importRecords"]
    assert result["__typename"] == "ImportPayload", result
    assert [(row["externalId"], len(row["reasons"])) for row in result["rejected"]] == [("B", 6)]
    customers = (await company.data(f"{{ customers {{ nodes {{ custom {{ {SHOWN} }} }} }} }}"))["customers"]["nodes"]
    assert customers == [
        {
            "custom": {
                "long_text": "Prose",
                "email": "ann@example.com",
                "phone": "+4930123456",
                "url": "https://a.example",
                "percent": "12.5",
                "time": "08:05:00",
                "duration": "PT1H30M",
                "json": {"a": [1]},
            }
        }
    ]


LIMITS: Mapping[str, Row] = {
    "order.share": {"type": "percent", "minimum": 0, "maximum": "100.5"},
    "order.day": {"type": "date", "minimum": "2026-01-01"},
    "order.slot": {"type": "time", "minimum": "08:00", "maximum": "18:00"},
    "order.length": {"type": "duration", "maximum": "P1D"},
    "order.code": {"type": "text", "pattern": r"[A-Z]{2}-\d{3}", "maximum": 6},
    "order.note": {"type": "long_text", "minimum": 3},
    "order.labels": {"type": "tags", "minimum": 2, "maximum": 3},
    "order.line": {"type": "phone", "region": "DE"},
}


@pytest.mark.parametrize(
    ("key", "good", "bad"),
    [
        ("share", ("0", "100.5", "12"), (("-0.1", "FIELD_TOO_SMALL"), ("100.51", "FIELD_TOO_LARGE"))),
        ("day", ("2026-01-01",), (("2025-12-31", "FIELD_TOO_SMALL"),)),
        ("slot", ("08:00", "18:00"), (("07:59:59", "FIELD_TOO_SMALL"), ("18:00:01", "FIELD_TOO_LARGE"))),
        ("length", ("PT24H",), (("PT24H1S", "FIELD_TOO_LARGE"),)),
        ("code", ("AB-123",), (("AB-12", "FIELD_PATTERN"), ("xAB-123", "FIELD_TOO_LONG"), ("ab-123", "FIELD_PATTERN"))),
        ("note", ("abc",), (("ab", "FIELD_TOO_SHORT"),)),
        ("labels", (["a", "b"],), ((["a"], "FIELD_TOO_SHORT"), (["a", "b", "c", "d"], "FIELD_TOO_LONG"))),
        ("line", ("030 123456",), (("call me", "VALUE_NOT_PHONE"),)),
    ],
)
async def test_values_outside_of_the_limits_are_refused(
    company: Company, client: Client, key: str, good: tuple[Any, ...], bad: tuple[tuple[Any, str], ...]
) -> None:
    await define_fields(company, LIMITS)
    order = await an_order(company)
    for value in good:
        await done(company, UPDATE_ORDER, id=order["id"], custom={key: value})
    async with unchanged(company):
        for value, code in bad:
            problem = await refused(company, UPDATE_ORDER, id=order["id"], custom={key: value})
            assert bad_values(problem) == {f"custom.{key}": code}, value


async def test_what_was_there_before_the_limits_may_stay(company: Company, client: Client) -> None:
    await define_fields(company, {"order.share": {"type": "percent"}})
    order = await an_order(company, custom={"share": "120"})
    await define_fields(company, {"order.share": {"type": "percent", "maximum": 100}})
    await done(company, UPDATE_ORDER, id=order["id"], notes="x", custom={"share": "120"})
    problem = await refused(company, UPDATE_ORDER, id=order["id"], custom={"share": "121"})
    assert bad_values(problem) == {"custom.share": "FIELD_TOO_LARGE"}


async def test_a_new_record_has_the_defaults_of_what_it_is_not_given(company: Company, client: Client) -> None:
    fields: dict[str, Row] = {
        "customer.share": {"type": "percent", "default": "12.5", "required": True},
        "customer.tags2": {"type": "tags", "default": ["new"]},
        "customer.more": {"type": "json", "default": {"aB": 1}},
    }
    await define_fields(company, fields)
    document = "query ($id: ID!) { customer(id: $id) { custom { share tags2 more } } }"
    fresh = await done(company, CREATE_CUSTOMER, name="Ann")
    shown = (await company.data(document, {"id": fresh["id"]}))["customer"]["custom"]
    assert shown == {"share": "12.5", "tags2": ["new"], "more": {"aB": 1}}
    told = await done(company, CREATE_CUSTOMER, name="Bo", custom={"share": "1", "tags2": None})
    shown = (await company.data(document, {"id": told["id"]}))["customer"]["custom"]
    assert shown == {"share": "1", "tags2": None, "more": {"aB": 1}}
    # The one that comes with an order has them too.
    order = await an_order(company, customer={"name": "Cy"})
    shown = (await company.data(document, {"id": order["customer"]["id"]}))["customer"]["custom"]
    assert shown["share"] == "12.5"


@pytest.mark.parametrize(
    ("body", "path", "code"),
    [
        ({"type": "boolean", "minimum": 1}, "minimum", "FIELD_NO_SETTING"),
        ({"type": "json", "maximum": 1}, "maximum", "FIELD_NO_SETTING"),
        ({"type": "integer", "pattern": "x"}, "pattern", "FIELD_NO_SETTING"),
        ({"type": "text", "region": "DE"}, "region", "FIELD_NO_SETTING"),
        ({"type": "text", "numbering": "A-{seq}"}, "numbering", "FIELD_NO_SETTING"),
        ({"type": "date", "minimum": "soon"}, "minimum", "VALUE_NOT_DATE"),
        ({"type": "text", "maximum": "x"}, "maximum", "VALUE_NOT_INTEGER"),
        ({"type": "percent", "minimum": "2", "maximum": "1.9"}, "minimum", "FIELD_LIMITS_CROSS"),
        ({"type": "text", "pattern": "(a"}, "pattern", "FIELD_BAD_PATTERN"),
        ({"type": "text", "pattern": "((a{1,900}){1,900}){1,900}"}, "pattern", "FIELD_BAD_PATTERN"),
        ({"type": "text", "pattern": r"(a)\1"}, "pattern", "FIELD_BAD_PATTERN"),
        ({"type": "integer", "default": "x"}, "default", "VALUE_NOT_INTEGER"),
        ({"type": "integer", "default": 5, "maximum": 4}, "default", "FIELD_TOO_LARGE"),
        ({"type": "long_text", "indexed": True}, "indexed", "FIELD_NOT_INDEXABLE"),
        ({"type": "json", "unique": True}, "indexed", "FIELD_NOT_INDEXABLE"),
        ({"type": "auto_number"}, "numbering", "FIELD_NUMBERING_MISSING"),
        ({"type": "auto_number", "numbering": "A-{year}"}, "numbering", "CONFIG_BAD_PATTERN"),
        ({"type": "auto_number", "numbering": "{custom.none}-{seq}"}, "numbering", "CONFIG_UNKNOWN_PART"),
        ({"type": "auto_number", "numbering": "A-{seq}", "required": True}, "required", "FIELD_GIVEN"),
    ],
)
async def test_settings_that_make_no_sense(company: Company, client: Client, body: Row, path: str, code: str) -> None:
    async with unchanged(company):
        problem = await refused(company, DEFINE_FIELD, object="order", key="x", label={"en": "X"}, **body)
    assert bad_values(problem) == {f"field.order.x.{path}": code}


async def test_a_pattern_bomb_takes_no_time(company: Company, client: Client) -> None:
    """A pattern that backtracking would never finish is matched, and refuses the value, as any other."""
    await define_fields(company, {"order.code": {"type": "text", "pattern": "(a+)+b"}})
    problem = await refused(company, UPDATE_ORDER, id=(await an_order(company))["id"], custom={"code": "a" * 9_000})
    assert bad_values(problem) == {"custom.code": "FIELD_PATTERN"}
