"""Values are read as graphql-core reads them, whether they come as variables or stand in the document (schema/coercion.py)."""

from collections.abc import Iterator
from contextlib import contextmanager
from random import Random
from typing import Any

import pytest
from graphql import (
    FieldNode,
    GraphQLError,
    GraphQLField,
    GraphQLInputObjectType,
    OperationDefinitionNode,
    Undefined,
    coerce_input_value,
    get_argument_values,
    get_nullable_type,
    parse,
)
from graphql.execution.values import VariableValues

from schema.coercion import arguments_of, reader_of
from schema.execution import OVERLAYS, SCHEMA
from schema.lens import looking_through
from tests.examples import define_fields
from tests.fuzzing import Fuzz
from tests.harness import Company
from tests.random_documents import Name, literal

pytestmark = pytest.mark.anyio
ROUNDS = 40


@contextmanager
def seen(company: Company, config: Any) -> Iterator[Fuzz]:
    """Random arguments for the schema as the company sees it, and the schema seen so."""
    with looking_through(OVERLAYS.lens(config)):
        yield Fuzz(SCHEMA, Random(1), [str(company.id)])


async def config_of(company: Company) -> Any:
    await define_fields(
        company,
        {
            "order.colour": {"type": "select", "options": ["red", "blue"]},
            "customer.since": {"type": "date"},
            "order.sizes": {"type": "multi_select", "options": ["s", "m"]},
        },
    )
    return (await company.caller()).config


def fields() -> list[GraphQLField]:
    roots = (SCHEMA.query_type, SCHEMA.mutation_type)
    return [field for root in roots if root is not None for _, field in sorted(root.fields.items()) if field.args]


def read(function: Any, *given: Any) -> Any:
    """What comes of it; Undefined for any refusal."""
    try:
        return function(*given)
    except Exception:  # noqa: BLE001  (scalars raise what they like)
        return Undefined


async def test_variables_are_read_alike(company: Company) -> None:
    refused = fit = 0
    with seen(company, await config_of(company)) as fuzz:
        for field in fields() * ROUNDS:
            for name, value in fuzz.arguments(field).items():
                kind = field.args[name].type
                expected = read(coerce_input_value, value, kind)
                assert repr(read(reader_of(kind), value)) == repr(expected), (kind, value)
                refused, fit = refused + (expected is Undefined), fit + (expected is not Undefined)
    assert min(refused, fit) > 500


async def test_arguments_are_read_alike(company: Company) -> None:
    """Literals with variables among them, some of which were not given, or are null."""
    refused = fit = 0
    with seen(company, await config_of(company)) as fuzz:
        for field in fields() * ROUNDS:
            node, variables = written(fuzz, field)
            expected = read(get_argument_values, field, node, variables)
            reading = arguments_of(field, node)
            assert repr(read(reading, variables)) == repr(expected)
            if expected is Undefined:
                with pytest.raises(GraphQLError):
                    reading(variables)
            refused, fit = refused + (expected is Undefined), fit + (expected is not Undefined)
    assert min(refused, fit) > 300


def written(fuzz: Fuzz, field: GraphQLField) -> tuple[FieldNode, VariableValues]:
    """The field with random arguments, parts of which are variables."""
    variables = VariableValues({}, {})

    def shown(value: Any, kind: Any, depth: int) -> str:
        inner = get_nullable_type(kind)
        if depth and fuzz.random.random() < 0.3:
            name = f"v{len(variables.coerced)}_{fuzz.random.randrange(10**6)}"
            chance = fuzz.random.random()
            if chance < 0.8:
                variables.coerced[name] = None if chance < 0.1 else read(coerce_input_value, value, kind)
            return f"${name}"
        if isinstance(value, dict) and isinstance(inner, GraphQLInputObjectType):
            parts = [
                f"{key}: {shown(item, inner.fields[key].type, depth + 1)}"
                for key, item in value.items()
                if key in inner.fields
            ]
            return f"{{{', '.join(parts)}}}"
        return literal(plain(value))

    given = [f"{name}: {shown(value, field.args[name].type, 1)}" for name, value in fuzz.arguments(field).items()]
    (operation,) = parse(f"{{ x{f'({chr(44).join(given)})' if given else ''} }}").definitions
    assert isinstance(operation, OperationDefinitionNode)
    (node,) = operation.selection_set.selections
    assert isinstance(node, FieldNode)
    return node, variables


def plain(value: Any) -> Any:
    """Such that it can stand in a document: names of fields are names, and texts have no halves of characters."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items() if key.isidentifier() and key.isascii()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, str) and not isinstance(value, Name):
        return value.encode("ascii", "replace").decode()
    return value
