"""The scalars. Values pass through as text; the house judges them, so that every bad value of an input is named at once."""

from typing import Any, NewType

import strawberry
from graphql import FloatValueNode, GraphQLError, IntValueNode, StringValueNode, ValueNode, value_from_ast_untyped
from strawberry.types.scalar import ScalarDefinition

DecimalText = NewType("DecimalText", str)
DateText = NewType("DateText", str)
DateTimeText = NewType("DateTimeText", str)
DurationText = NewType("DurationText", str)
TimeText = NewType("TimeText", str)
Json = NewType("Json", object)
CustomValues = NewType("CustomValues", dict[str, Any])


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    raise GraphQLError(f"Expected a string, found {str(value)[:50]}.")


def _decimal(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise GraphQLError(f'Write decimals as strings, such as "12.50"; found {str(value)[:50]}.')
    return str(value)


def _decimal_literal(node: ValueNode, _variables: dict[str, Any] | None = None) -> str:
    # A number in the document is still text here, so nothing is lost.
    if isinstance(node, StringValueNode | IntValueNode | FloatValueNode):
        return node.value
    raise GraphQLError('Write decimals as strings, such as "12.50".')


def _text_literal(node: ValueNode, _variables: dict[str, Any] | None = None) -> str:
    if isinstance(node, StringValueNode):
        return node.value
    raise GraphQLError("Expected a string.")


def _any_literal(node: ValueNode, variables: dict[str, Any] | None = None) -> Any:
    return value_from_ast_untyped(node, variables)


def _object(value: Any) -> dict[str, Any]:
    if isinstance(value, dict):
        return value
    raise GraphQLError("Expected an object.")


SCALARS: dict[object, ScalarDefinition] = {
    DecimalText: strawberry.scalar(
        name="Decimal",
        description='An exact decimal number as a string, such as "12.50". Never a float.',
        parse_value=_decimal,
        parse_literal=_decimal_literal,
    ),
    DateText: strawberry.scalar(
        name="Date", description="A calendar day, such as 2026-03-31.", parse_value=_text, parse_literal=_text_literal
    ),
    DateTimeText: strawberry.scalar(
        name="DateTime",
        description="A moment by ISO 8601 with offset, such as 2026-03-31T14:30:00+08:00.",
        parse_value=_text,
        parse_literal=_text_literal,
    ),
    DurationText: strawberry.scalar(
        name="Duration",
        description="A length of time by ISO 8601, such as P7D, P1M or PT2H.",
        parse_value=_text,
        parse_literal=_text_literal,
    ),
    TimeText: strawberry.scalar(
        name="Time",
        description="A time of day, such as 14:30:00.",
        parse_value=_text,
        parse_literal=_text_literal,
    ),
    Json: strawberry.scalar(
        name="JSON", description="Any JSON value.", parse_value=lambda value: value, parse_literal=_any_literal
    ),
    CustomValues: strawberry.scalar(
        name="CustomValues",
        description="The company's own fields. Each company sees a type of its own here, with its fields and their types.",
        parse_value=_object,
        parse_literal=_any_literal,
    ),
}
