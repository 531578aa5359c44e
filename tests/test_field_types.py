"""One contract for every field type in the registry: a new type is under it as soon as it is registered.

What a type parses it stores, finds again in SQL, shows in GraphQL, and compares alike in SQL and in Python; what it cannot
parse it refuses with a sentence that exists in both languages.
"""

from collections.abc import Iterator
from itertools import product
from typing import Any

import orjson
import pytest
from graphql import GraphQLInputObjectType, GraphQLScalarType
from psycopg.types.json import Jsonb

from schema.execution import SCHEMA
from tenants.database import Database
from tenants.field_types import REGISTRY, BadValue, FieldType, Settings, field_type
from tenants.field_types.operators import FLAG, LIST, Operator
from tenants.messages import SENTENCES, render
from tests.field_values import BAD, GOOD

pytestmark = pytest.mark.anyio

SETTINGS = Settings(options=("red", "blue", "green"), currency="EUR", target="customer")
KINDS = tuple(REGISTRY.values())
KEPT = tuple(kind for kind in KINDS if kind.configurable)


def sent(kind: FieldType, value: Any) -> Any:
    """A value as a parameter: of the type json, a text would be taken for JSON that is written already."""
    return Jsonb(value) if kind.sql == "jsonb" and value is not None else value


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
        parsed = kind.parse(given, SETTINGS)
        assert (parsed, type(parsed)) == (meant, type(meant))
        if parsed is not None:
            assert kind.parse(parsed, SETTINGS) == parsed


@pytest.mark.parametrize("kind", KINDS, ids=names)
def test_bad_values(kind: FieldType) -> None:
    """Each is refused with a sentence in both languages that holds no unfilled place."""
    for given, code in BAD[kind.key]:
        with pytest.raises(BadValue) as caught:
            kind.parse(given, SETTINGS)
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
    assert [kind.parse(value, SETTINGS) for value in stored] == meant
    expression = kind.stored_sql("t.custom", "k")
    async with database.connection() as connection:
        for value, kept in zip(meant, stored, strict=True):
            cursor = await connection.execute(
                f"SELECT {expression} AS found, {expression} = %(p)s::{kind.sql} AS same,"
                f" json_build_object('v', {kind.json_sql(expression)}) AS shown FROM (SELECT %(c)s::jsonb AS custom) t",
                {"c": Jsonb({"k": kept}), "p": sent(kind, kind.comparable(value))},
            )
            row = await cursor.fetchone()
            assert row is not None
            assert (row["found"], row["same"]) == (kind.comparable(value), True)
            if kind.shape != "column":
                continue
            shown = orjson.loads(row["shown"])["v"]
            assert kind.parse(shown, SETTINGS) == value
            assert not isinstance(shown, float)
        for nothing in ({}, {"k": None}, {"other": stored[0]}):
            cursor = await connection.execute(
                f"SELECT {expression} AS found FROM (SELECT %(c)s::jsonb AS custom) t", {"c": Jsonb(nothing)}
            )
            assert await cursor.fetchone() == {"found": None}


def arguments(kind: FieldType, operator: Operator) -> Iterator[Any]:
    values = [kind.comparable(value) for _, value in GOOD[kind.key][:3]]
    if operator.argument == FLAG:
        yield from (True, False)
    elif operator.argument == LIST:
        yield from ([], values[0] if kind.many else values[:1], values[2] if kind.many else values[:2])
    else:
        yield from values


@pytest.mark.parametrize("kind", KEPT, ids=names)
async def test_operators_have_one_meaning(kind: FieldType, database: Database) -> None:
    """SQL and Python answer alike for each operator, value and argument, absent values included; NULL counts as false."""
    values = [kind.comparable(value) for _, value in GOOD[kind.key][:3]] + [None]
    seen = set()
    async with database.connection() as connection:
        for operator, actual in product(kind.operators, values):
            for argument in arguments(kind, operator):
                predicate = operator.sql.format(x=f"(%(x)s::{kind.sql})", p=f"%(p)s::{kind.parameter_type(operator)}")
                if operator.argument == FLAG and not argument:
                    predicate = f"NOT ({predicate})"
                given = None if operator.argument == FLAG else operator.prepare(argument)
                cursor = await connection.execute(
                    f"SELECT coalesce(({predicate}), FALSE) AS holds", {"x": sent(kind, actual), "p": given}
                )
                row = await cursor.fetchone()
                assert row == {"holds": operator.matches(actual, argument)}, (operator.name, actual, argument)
                seen.add((operator.name, operator.matches(actual, argument)))
    # No operator that is always or never true has been let through.
    assert seen == {(operator.name, holds) for operator in kind.operators for holds in (True, False)}


@pytest.mark.parametrize("kind", KINDS, ids=names)
def test_every_type_has_its_place_in_graphql(kind: FieldType) -> None:
    """The scalar exists, and the filter that shared columns of the type use has exactly its operators."""
    is_scalar = isinstance(SCHEMA.type_map[kind.graphql], GraphQLScalarType)
    assert is_scalar is (kind.shape not in ("money", "structure"))
    assert is_scalar or isinstance(SCHEMA.type_map[kind.graphql_input or ""], GraphQLInputObjectType)
    if kind.shape == "column" and kind.configurable and not kind.has_options:
        made = SCHEMA.type_map[kind.filter]
        assert isinstance(made, GraphQLInputObjectType)
        shown = [operator.name for operator in kind.operators] + [relative.name for relative in kind.relative]
        assert list(made.fields) == shown
    assert list(kind.operator_by_name) == [operator.name for operator in kind.operators]
    unsorted = kind.many or kind.key in ("json", "long_text") or kind.shape in ("structure", "record")
    assert kind.sortable is not unsorted
