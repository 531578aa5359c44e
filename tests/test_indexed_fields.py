"""Custom fields that are marked indexed or unique: their index rows, whoever writes the record, and the values that are taken."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from tenants.config import change_sets
from tenants.field_types import REGISTRY
from tenants.field_types.numbers import number_key
from tenants.field_values.kinds import INDEX_TABLES, LONGEST_TEXT, index_table
from tenants.models.field_values import value_tables
from tenants.problems import InvalidInput
from tenants.records import CUSTOMISABLE
from tests.documents import (
    CREATE_CUSTOMER,
    CREATE_ORDER,
    CREATE_PRODUCT,
    UPDATE_ORDER,
    an_order,
    bad_values,
    done,
    refused,
    unchanged,
)
from tests.examples import FIELDS, create_orders, define_fields
from tests.harness import Client, Company, Drain, Row, Statements
from tests.importing import HEAD, counts, load, rejected

pytestmark = pytest.mark.anyio

INDEXED = {key: {**body, "indexed": True} for key, body in FIELDS.items()}
TABLES = ("texts", "numbers", "dates", "times", "flags")
VALUES: Row = {
    "a_text": "Tür 3",
    "a_whole": -7,
    "a_decimal": "12.50",
    "a_flag": False,
    "a_day": "2026-02-28",
    "a_moment": "2026-02-28T23:30:00+01:00",
    "one": "red",
    "some": ["y", "x"],
    "labels": ["new", "vip"],
}
# How an index keeps the values: numbers as text that sorts as they do.
KEPT = {
    "a_text": "Tür 3",
    "a_whole": "099999999999999999993.0000000000",
    "a_decimal": "100000000000000000012.5000000000",
    "a_flag": "false",
    "a_day": "2026-02-28",
    "a_moment": "2026-02-28 22:30:00+00",
    "one": "red",
}


async def kept(company: Company, record_type: str = "order") -> list[tuple[str, Any]]:
    """All index rows of the company's records of that type: field and value as text, sorted."""
    parts = [
        f"SELECT field, value::text AS value FROM {record_type}_{kind} WHERE tenant_id = %(tenant)s"
        for kind in (*TABLES, "options")
    ]
    rows = await company.rows(" UNION ALL ".join(parts))
    return sorted(((row["field"], row["value"]) for row in rows), key=repr)


def expected(values: Mapping[str, Any], many: Mapping[str, list[str]]) -> list[tuple[str, Any]]:
    single = [(key, values.get(key)) for key in KEPT]
    several = [(key, item) for key, items in many.items() for item in items]
    return sorted((*single, *several), key=repr)


def test_every_type_has_a_table() -> None:
    """Whatever a company can define an indexed field of, for whatever record, has a table to be indexed in."""
    types = [kind for kind in REGISTRY.values() if kind.configurable and kind.index is not None]
    assert (
        {index_table(record, kind) for record in CUSTOMISABLE for kind in types} == INDEX_TABLES == value_tables.keys()
    )


async def test_every_type_has_its_rows(company: Company, client: Client) -> None:
    """One row for each field with one value, also where that is absent; one for each value of the others."""
    await define_fields(company, INDEXED)
    await an_order(company)
    assert await kept(company) == expected({}, {})
    order = await an_order(company, custom=VALUES)
    both = expected({}, {}) + expected(KEPT, {"some": ["x", "y"], "labels": ["new", "vip"]})
    assert await kept(company) == sorted(both, key=repr)
    changed = {"a_whole": None, "a_decimal": "0.0000000001", "some": ["x"], "labels": []}
    await done(company, UPDATE_ORDER, id=order["id"], expectedVersion=1, custom=changed)
    after = {**KEPT, "a_whole": None, "a_decimal": "100000000000000000000.0000000001"}
    assert await kept(company) == sorted(expected({}, {}) + expected(after, {"some": ["x"]}), key=repr)


async def test_only_what_changed_is_written(company: Company, client: Client, statements: Statements) -> None:
    """A change of nothing that is indexed touches no index table, and one of a number only that of numbers."""
    await define_fields(company, {**INDEXED, "order.plain": {"type": "integer"}})
    order = await an_order(company, custom=VALUES)
    statements.clear()
    await done(company, UPDATE_ORDER, id=order["id"], expectedVersion=1, notes="New", custom={"plain": 1})
    assert [text for text in statements.texts if "order_" in text and "order_lines" not in text] == []
    statements.clear()
    await done(company, UPDATE_ORDER, id=order["id"], expectedVersion=2, custom={"a_whole": 8})
    touched = {kind for kind in (*TABLES, "options") for text in statements.texts if f"order_{kind}" in text}
    assert touched == {"numbers"}


@pytest.mark.parametrize(
    ("type_key", "value", "shown"),
    [
        ("text", "A-1", "A-1"),
        ("integer", 4711, "4711"),
        ("decimal", "1.50", "1.50"),
        ("date", "2026-01-31", "2026-01-31"),
        ("date_time", "2026-01-31T10:00:00Z", "2026-01-31T10:00:00+00:00"),
    ],
)
async def test_a_value_is_taken(company: Company, client: Client, type_key: str, value: Any, shown: str) -> None:
    """By another record of the type, until that lets it go; absent values and other types of record do not count."""
    await define_fields(company, {f"{kind}.mark": {"type": type_key, "unique": True} for kind in ("order", "customer")})
    first = await an_order(company, custom={"mark": value})
    await an_order(company)
    await an_order(company)
    await done(company, CREATE_CUSTOMER, name="Li", kind="PERSON", custom={"mark": value})
    second = await an_order(company)
    async with unchanged(company, without=("counters",)):
        lines = [{"name": "Work", "unitPrice": "1"}]
        for problem in (
            await refused(company, CREATE_ORDER, lines=lines, custom={"mark": value}),
            await refused(company, UPDATE_ORDER, id=second["id"], expectedVersion=1, custom={"mark": value}),
        ):
            assert bad_values(problem) == {"custom.mark": "VALUE_TAKEN"}
            assert problem["message"] == f"{shown} is already in use. Choose another."
    # Its own value is not taken, and one that was let go is free.
    await done(company, UPDATE_ORDER, id=first["id"], expectedVersion=1, notes="x", custom={"mark": value})
    await done(company, UPDATE_ORDER, id=first["id"], expectedVersion=2, custom={"mark": None})
    await done(company, UPDATE_ORDER, id=second["id"], expectedVersion=1, custom={"mark": value})


async def test_texts_are_taken_as_they_compare(company: Company, client: Client) -> None:
    """Case by case, like ``eq``; every value that is taken is named at once."""
    fields = {"order.mark": {"type": "text", "unique": True}, "order.other": {"type": "text", "unique": True}}
    await define_fields(company, fields)
    await an_order(company, custom={"mark": "abc", "other": "one"})
    await an_order(company, custom={"mark": "ABC", "other": "One"})
    lines = [{"name": "Work", "unitPrice": "1"}]
    problem = await refused(company, CREATE_ORDER, lines=lines, custom={"mark": "abc", "other": "One"})
    assert bad_values(problem) == {"custom.mark": "VALUE_TAKEN", "custom.other": "VALUE_TAKEN"}


async def test_of_many_at_once_one_gets_the_value(company: Company, client: Client) -> None:
    await define_fields(company, {"order.mark": {"type": "text", "unique": True}})
    document = CREATE_ORDER
    values = {"input": {"lines": [{"name": "Work", "unitPrice": "1"}], "custom": {"mark": "the one"}}}
    answers = await asyncio.gather(*(company.data(document, values) for _ in range(8)))
    kinds = sorted(answer["result"]["__typename"] for answer in answers)
    assert kinds == ["InvalidInput"] * 7 + ["OrderPayload"]
    for answer in answers:
        if answer["result"]["__typename"] == "InvalidInput":
            assert bad_values(answer["result"]) == {"custom.mark": "VALUE_TAKEN"}
    assert await kept(company) == [("mark", "the one")]


async def test_twice_in_one_transaction(company: Company) -> None:
    """As an import may do it: nothing of the transaction stays."""
    await define_fields(company, {"order.mark": {"type": "integer", "unique": True}})
    with pytest.raises(InvalidInput) as raised:
        await create_orders(company, [{"custom": {"mark": 1}}, {"custom": {"mark": 2}}, {"custom": {"mark": 1}}])
    (error,) = raised.value.errors
    assert (error.path, error.code, error.data) == (("custom", "mark"), "value.taken", {"value": 1})
    assert await company.rows("SELECT id FROM orders WHERE tenant_id = %(tenant)s") == []


async def test_indexed_texts_are_short(company: Company, client: Client) -> None:
    """An index entry has few bytes; a text of the most characters that each take the most bytes fits."""
    await define_fields(company, {"order.mark": {"type": "text", "indexed": True}, "order.plain": {"type": "text"}})
    longest = "".join(chr(0x1F300 + n % 500) for n in range(LONGEST_TEXT))
    await an_order(company, custom={"mark": longest, "plain": longest + "x"})
    lines = [{"name": "Work", "unitPrice": "1"}]
    async with unchanged(company):
        problem = await refused(company, CREATE_ORDER, lines=lines, custom={"mark": longest + "x"})
    assert bad_values(problem) == {"custom.mark": "VALUE_TOO_LONG"}


async def test_rows_end_with_their_record(company: Company, client: Client) -> None:
    await define_fields(company, INDEXED)
    await an_order(company, custom=VALUES)
    async with company.begin() as tx:
        await tx.execute("DELETE FROM orders WHERE tenant_id = %(tenant)s")
    assert await kept(company) == []


async def test_customers_and_products(company: Company, client: Client) -> None:
    """Every customisable type keeps rows of its own, and its lists use them."""
    fields = {f"{kind}.rank": {"type": "integer", "indexed": True} for kind in ("customer", "product")}
    await define_fields(company, fields)
    for name, rank in (("A", 3), ("B", None), ("C", 20)):
        await done(company, CREATE_CUSTOMER, name=name, kind="PERSON", custom={"rank": rank})
        await done(company, CREATE_PRODUCT, sku=name, name=name, custom={"rank": rank})
    data = await company.data("""{
        customers(orderBy: [{custom: {rank: DESC}}]) { nodes { name } }
        products(orderBy: [{custom: {rank: ASC}}], where: {custom: {rank: {gt: 2}}}) { nodes { name } totalCount }
    }""")
    assert [node["name"] for node in data["customers"]["nodes"]] == ["C", "A", "B"]
    assert data["products"] == {"nodes": [{"name": "A"}, {"name": "C"}], "totalCount": 2}


async def test_imports_keep_the_rows(company: Company) -> None:
    """New and changed records alike; a value that is taken rejects its own row alone, whichever batch it is in."""
    await define_fields(
        company,
        {
            "product.mark": {"type": "text", "unique": True},
            "product.rank": {"type": "integer", "indexed": True},
        },
    )
    mapping = HEAD + (
        "- file: p.csv\n  record: product\n  external_id: sku\n"
        "  fields: {sku: sku, name: sku, custom: {mark: mark, rank: rank}}\n"
    )
    first = await load(company, mapping, p="sku,mark,rank\nA,one,1\nB,two,2\nC,one,3\nD,,4\n")
    assert counts(first) == {"product": (4, 3, 0, 0, 1, 0)}
    assert rejected(first) == [("p.csv", 4, "mark: one is already in use. Choose another.")]
    assert await kept(company, "product") == sorted(
        [
            ("mark", "one"),
            ("mark", "two"),
            ("mark", None),
            ("rank", number_key(1)),
            ("rank", number_key(2)),
            ("rank", number_key(4)),
        ],
        key=repr,
    )
    second = await load(company, mapping, p="sku,mark,rank\nA,one,9\nB,two,2\nD,two,4\n")
    assert counts(second) == {"product": (3, 0, 1, 1, 1, 0)}
    assert await kept(company, "product") == sorted(
        [
            ("mark", "one"),
            ("mark", "two"),
            ("mark", None),
            ("rank", number_key(9)),
            ("rank", number_key(2)),
            ("rank", number_key(4)),
        ],
        key=repr,
    )


async def test_automations_keep_the_rows(company: Company, client: Client, work: Drain) -> None:
    await define_fields(company, {"order.score": {"type": "integer", "indexed": True}})
    action = {"type": "set_field", "field": "custom.score", "value": 8}
    body = {"label": {"en": "Score"}, "events": ["created"], "actions": [action], "role": "owner"}
    async with company.begin() as tx:
        await change_sets.apply(tx, [change_sets.define(tx.config, "automation", "score", body)])
    await an_order(company)
    assert await kept(company) == [("score", None)]
    await work()
    assert await kept(company) == [("score", number_key(8))]
