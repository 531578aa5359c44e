"""The fields of the schema that take secrets, and inputs that are filled without knowing what they mean."""

import re
from collections.abc import Iterator
from typing import Any

from graphql import GraphQLEnumType, GraphQLInputObjectType, GraphQLList, GraphQLNonNull, get_named_type

from schema.execution import SCHEMA

TAKES_SECRET = re.compile(r"password|secret|token|challenge|device|^code$", re.IGNORECASE)
ID = "01a20000-0000-7000-8000-000000000000"


def mutations_with_secrets() -> Iterator[tuple[str, GraphQLInputObjectType]]:
    assert SCHEMA.mutation_type is not None
    for name, field in SCHEMA.mutation_type.fields.items():
        for argument in field.args.values():
            kind = get_named_type(argument.type)
            if isinstance(kind, GraphQLInputObjectType) and any(map(TAKES_SECRET.search, kind.fields)):
                yield name, kind


def filled(kind: GraphQLInputObjectType, canary: str) -> dict[str, Any]:
    """An input whose secrets are canaries, and the rest whatever fits."""
    return {
        name: canary if TAKES_SECRET.search(name) else _fitting(field.type)
        for name, field in kind.fields.items()
        if TAKES_SECRET.search(name) or isinstance(field.type, GraphQLNonNull)
    }


def _fitting(kind: Any) -> Any:
    kind = kind.of_type if isinstance(kind, GraphQLNonNull) else kind
    if isinstance(kind, GraphQLList):
        return []
    if isinstance(kind, GraphQLInputObjectType):
        return {
            name: _fitting(field.type) for name, field in kind.fields.items() if isinstance(field.type, GraphQLNonNull)
        }
    if isinstance(kind, GraphQLEnumType):
        return next(iter(kind.values))
    return {"Int": 1, "Float": 1.0, "Boolean": True, "ID": ID}.get(kind.name, "https://id.example.com")
