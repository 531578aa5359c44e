"""One contract for every field type in the registry: a new type is under it as soon as it is registered.

What a type parses it stores, finds again in SQL, shows in GraphQL, and compares alike in SQL and in Python; what it cannot
parse it refuses with a sentence that exists in both languages.
"""

import datetime as dt
from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import product
from typing import Any
from uuid import UUID

import orjson
import pytest
from graphql import GraphQLInputObjectType, GraphQLScalarType
from psycopg.types.json import Jsonb

from schema.execution import SCHEMA
from schema.filters import filter_name
from tenants.database import Database
from tenants.field_types import REGISTRY, BadValue, FieldType, field_type
from tenants.field_types.operators import FLAG, LIST, Operator
from tenants.messages import SENTENCES, render

pytestmark = pytest.mark.anyio

OPTIONS = ("red", "blue", "green")
UTC = dt.UTC
ID = "0198c1a0-0000-7000-8000-00000000000a"

# Input, and the value it means. The first three of each type are the ones that operators are tried on, in rising order.
GOOD: dict[str, Sequence[tuple[Any, Any]]] = {
    "text": (
        ("A b", "A b"),
        ("b", "b"),
        ("é张%_\\'\"", "é张%_\\'\""),
        ("  trimmed\n", "trimmed"),
        ("   ", None),
        ("x" * 10_000, "x" * 10_000),
    ),
    "integer": ((-5, -5), (0, 0), (7, 7), ("+12", 12), (" -3 ", -3), (2**31 - 1, 2**31 - 1), (-(2**31), -(2**31))),
    "decimal": (
        ("-1.5", Decimal("-1.5")),
        ("0", Decimal(0)),
        ("1.50", Decimal("1.50")),
        (3, Decimal(3)),
        ("1e3", Decimal(1000)),
        (".5", Decimal("0.5")),
        ("99999999999999999999.0123456789", Decimal("99999999999999999999.0123456789")),
        ("1.00000000000000", Decimal("1.0000000000")),
    ),
    "boolean": ((False, False), (True, True), ("yes", True), ("否", False), (" TRUE ", True), ("0", False)),
    "date": (
        ("2024-02-29", dt.date(2024, 2, 29)),
        ("2026-01-01", dt.date(2026, 1, 1)),
        ("9999-12-31", dt.date(9999, 12, 31)),
        (dt.date(2026, 3, 31), dt.date(2026, 3, 31)),
    ),
    "date_time": (
        ("2026-01-01T00:00:00Z", dt.datetime(2026, 1, 1, tzinfo=UTC)),
        ("2026-03-31T14:30:00+08:00", dt.datetime(2026, 3, 31, 6, 30, tzinfo=UTC)),
        ("2026-03-31T14:30:00.000001-05:30", dt.datetime(2026, 3, 31, 20, 0, 0, 1, tzinfo=UTC)),
    ),
    "select": (("blue", "blue"), ("green", "green"), ("red", "red"), (" red ", "red")),
    "multi_select": (
        ([], []),
        (["red"], ["red"]),
        (["green", "red"], ["green", "red"]),
        (["red", "red"], ["red"]),
        ("red; blue", ["red", "blue"]),
    ),
    "tags": (
        ([], []),
        (["a"], ["a"]),
        (["b", "a"], ["b", "a"]),
        ([" a ", "a", ""], ["a"]),
        ("a; b;", ["a", "b"]),
        (["x" * 60] * 50, ["x" * 60]),
    ),
    "id": ((ID, UUID(ID)), (ID.replace("0a", "0b"), UUID(ID.replace("0a", "0b"))), (UUID(ID), UUID(ID))),
    "json": (({"a": [1, None]}, {"a": [1, None]}), ([], []), ("x", "x")),
}
# Input, and the code of the sentence that refuses it.
BAD: dict[str, Sequence[tuple[Any, str]]] = {
    "text": (
        (7, "value.not_text"),
        (True, "value.not_text"),
        (["a"], "value.not_text"),
        ("x" * 10_001, "value.too_long"),
        ("a\x00b", "value.unprintable"),
        ("\ud800", "value.unprintable"),
    ),
    "integer": (
        ("1.0", "value.not_integer"),
        ("", "value.not_integer"),
        ("²", "value.not_integer"),
        ("--1", "value.not_integer"),
        ("9" * 5_000, "value.not_integer"),
        (1.0, "value.not_integer"),
        (True, "value.not_integer"),
        (2**31, "value.integer_range"),
        ("-2147483649", "value.integer_range"),
    ),
    "decimal": (
        ("1,5", "value.not_decimal"),
        ("", "value.not_decimal"),
        ("NaN", "value.not_decimal"),
        ("Infinity", "value.not_decimal"),
        (1.5, "value.not_decimal"),
        (False, "value.not_decimal"),
        ("1_000", "value.not_decimal"),
        ("٣", "value.not_decimal"),
        ("9" * 81, "value.not_decimal"),
        ("1e20", "value.decimal_range"),
        ("1e999", "value.decimal_range"),
        (10**40, "value.decimal_range"),
        ("0.00000000001", "value.decimal_places"),
    ),
    "boolean": (("maybe", "value.not_boolean"), (1, "value.not_boolean"), ("", "value.not_boolean")),
    "date": (
        ("31.03.2026", "value.not_date"),
        ("2026-02-30", "value.not_date"),
        ("2026-3-1", "value.not_date"),
        ("2026-W01-1", "value.not_date"),
        ("0000-01-01", "value.not_date"),
        (20260331, "value.not_date"),
        (dt.datetime(2026, 1, 1, tzinfo=UTC), "value.not_date"),
    ),
    "date_time": (
        ("2026-03-31", "value.not_date_time"),
        ("now", "value.not_date_time"),
        ("2026-03-31T25:00:00Z", "value.not_date_time"),
        ("9999-12-31T23:59:59-12:00", "value.not_date_time"),
        (0, "value.not_date_time"),
        ("2026-03-31T14:30:00", "value.no_offset"),
    ),
    "select": (
        ("pink", "value.not_option"),
        ("", "value.not_option"),
        (["red"], "value.not_option"),
        (7, "value.not_option"),
    ),
    "multi_select": (
        (["pink"], "value.not_option"),
        ([["red"]], "value.not_option"),
        (7, "value.not_list"),
        (None, "value.not_list"),
        (["red"] * 101, "value.too_many"),
    ),
    "tags": (
        (7, "value.not_list"),
        ([7], "value.not_text"),
        (["x" * 61], "value.too_long"),
        (["x\x00"], "value.unprintable"),
        (["a"] * 51, "value.too_many"),
    ),
    "id": (("zz", "value.not_id"), (7, "value.not_id"), ("", "value.not_id")),
    "json": (),
}
KINDS = tuple(REGISTRY.values())
KEPT = tuple(kind for kind in KINDS if kind.configurable)


def names(kind: FieldType) -> str:
    return kind.key


def test_every_type_is_shown_here() -> None:
    """A type that somebody adds must say what it takes and what it refuses."""
    assert set(GOOD) == set(BAD) == set(REGISTRY)
    for key, kind in REGISTRY.items():
        assert field_type(key) is kind
        assert kind.key == key
        assert GOOD[key]
        assert BAD[key] or key == "json"


@pytest.mark.parametrize("kind", KINDS, ids=names)
def test_good_values(kind: FieldType) -> None:
    """Parsing says what was meant, and what it says parses to itself."""
    for given, meant in GOOD[kind.key]:
        parsed = kind.parse(given, OPTIONS)
        assert (parsed, type(parsed)) == (meant, type(meant))
        if parsed is not None:
            assert kind.parse(parsed, OPTIONS) == parsed


@pytest.mark.parametrize("kind", KINDS, ids=names)
def test_bad_values(kind: FieldType) -> None:
    """Each is refused with a sentence in both languages that holds no unfilled place."""
    for given, code in BAD[kind.key]:
        with pytest.raises(BadValue) as caught:
            kind.parse(given, OPTIONS)
        assert caught.value.code == code, given
        assert len(SENTENCES[code]) == 2
        sentences = [render(code, language, caught.value.data) for language in ("en", "zh")]
        assert sentences[0] != sentences[1]
        assert not any("{" in sentence for sentence in sentences), sentences


@pytest.mark.parametrize("kind", KEPT, ids=names)
async def test_values_come_back_from_postgresql(kind: FieldType, database: Database) -> None:
    """Stored as JSON, a value is the same in SQL, in JSON and parsed anew; what was never stored is null."""
    meant = [value for _, value in GOOD[kind.key] if value is not None]
    stored = [kind.store(value) for value in meant]
    assert orjson.loads(orjson.dumps(stored)) == stored
    assert [kind.parse(value, OPTIONS) for value in stored] == meant
    expression = kind.stored_sql("t.custom", "k")
    async with database.connection() as connection:
        for value, kept in zip(meant, stored, strict=True):
            cursor = await connection.execute(
                f"SELECT {expression} AS found, {expression} = %(p)s::{kind.sql} AS same,"
                f" json_build_object('v', {kind.json_sql(expression)}) AS shown FROM (SELECT %(c)s::jsonb AS custom) t",
                {"c": Jsonb({"k": kept}), "p": value},
            )
            row = await cursor.fetchone()
            assert row is not None
            assert (row["found"], row["same"]) == (value, True)
            shown = orjson.loads(row["shown"])["v"]
            assert kind.parse(shown, OPTIONS) == value
            assert not isinstance(shown, float)
        for nothing in ({}, {"k": None}, {"other": stored[0]}):
            cursor = await connection.execute(
                f"SELECT {expression} AS found FROM (SELECT %(c)s::jsonb AS custom) t", {"c": Jsonb(nothing)}
            )
            assert await cursor.fetchone() == {"found": None}


def arguments(kind: FieldType, operator: Operator) -> Iterator[Any]:
    values = [value for _, value in GOOD[kind.key][:3]]
    if operator.argument == FLAG:
        yield from (True, False)
    elif operator.argument == LIST:
        yield from ([], values[0] if kind.many else values[:1], values[2] if kind.many else values[:2])
    else:
        yield from values


@pytest.mark.parametrize("kind", KEPT, ids=names)
async def test_operators_have_one_meaning(kind: FieldType, database: Database) -> None:
    """SQL and Python answer alike for each operator, value and argument, absent values included; NULL counts as false."""
    values = [value for _, value in GOOD[kind.key][:3]] + [None]
    seen = set()
    async with database.connection() as connection:
        for operator, actual in product(kind.operators, values):
            for argument in arguments(kind, operator):
                predicate = operator.sql.format(x=f"(%(x)s::{kind.sql})", p=f"%(p)s::{kind.parameter_type(operator)}")
                if operator.argument == FLAG and not argument:
                    predicate = f"NOT ({predicate})"
                sent = None if operator.argument == FLAG else operator.prepare(argument)
                cursor = await connection.execute(
                    f"SELECT coalesce(({predicate}), FALSE) AS holds", {"x": actual, "p": sent}
                )
                row = await cursor.fetchone()
                assert row == {"holds": operator.matches(actual, argument)}, (operator.name, actual, argument)
                seen.add((operator.name, operator.matches(actual, argument)))
    # No operator that is always or never true has been let through.
    assert seen == {(operator.name, holds) for operator in kind.operators for holds in (True, False)}


@pytest.mark.parametrize("kind", KINDS, ids=names)
def test_every_type_has_its_place_in_graphql(kind: FieldType) -> None:
    """The scalar exists, and the filter that shared columns of the type use has exactly its operators."""
    assert isinstance(SCHEMA.type_map[kind.graphql], GraphQLScalarType)
    if kind.configurable and not kind.has_options:
        made = SCHEMA.type_map[filter_name(kind)]
        assert isinstance(made, GraphQLInputObjectType)
        shown = [operator.name for operator in kind.operators] + [relative.name for relative in kind.relative]
        assert list(made.fields) == shown
    assert list(kind.operator_by_name) == [operator.name for operator in kind.operators]
    assert kind.sortable is not (kind.many or kind.key == "json")
