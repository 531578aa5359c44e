"""One static schema, seen through each tenant's own fields.

A lensed type looks for its fields in the overlay of the call at hand before it answers with its static ones; the schema does
the same with types. So validation, variables, introspection and the printed schema all follow the tenant, and an overlay costs
kilobytes where a schema of its own would cost megabytes.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, cast

from graphql import (
    GraphQLField,
    GraphQLFieldMap,
    GraphQLInputField,
    GraphQLInputFieldMap,
    GraphQLInputObjectType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
)

from tenants.remembering import Remembered, Weight

# A validated document weighs what its syntax does, to a byte or two of each, and what it costs to run it.
MOST_DOCUMENTS = 5_000
ROOM_FOR_DOCUMENTS = 12 * 2**20
DOCUMENT, CHARACTER = 4_000, 100


def document_weight(text: str, _document: Any) -> int:
    """What a document takes of memory, in bytes, by its text."""
    return DOCUMENT + CHARACTER * len(text)


def remembered_documents(weight: Weight | None = None) -> Remembered[str, Any]:
    """The documents of one lens, by their text; they count for its configuration's ``weight``."""
    return Remembered(MOST_DOCUMENTS, ROOM_FOR_DOCUMENTS, document_weight, weight)


@dataclass(frozen=True, eq=False)
class Lens:
    """What a tenant's schema has beyond the static one: whole types, and fields of static types; with the documents validated under
    it."""

    types: Mapping[str, GraphQLNamedType] = field(default_factory=dict)
    fields: Mapping[str, Mapping[str, GraphQLField | GraphQLInputField]] = field(default_factory=dict)
    # How values of lensed inputs are read, by the type's name, once they have been (:mod:`schema.coercion`).
    readers: dict[str, Any] = field(default_factory=dict)
    documents: Remembered[str, Any] = field(default_factory=remembered_documents)


CLEAR = Lens()
_lens: ContextVar[Lens] = ContextVar("lens", default=CLEAR)


def lens_in_force() -> Lens:
    """The lens that the schema is seen through at this moment."""
    return _lens.get()


@contextmanager
def looking_through(lens: Lens) -> Iterator[None]:
    """Make the schema show this tenant's fields to everything that runs inside the block."""
    token = _lens.set(lens)
    try:
        yield
    finally:
        _lens.reset(token)


class LensedObject(GraphQLObjectType):
    """An object type whose fields follow the lens."""

    @property
    def fields(self) -> GraphQLFieldMap:
        static: GraphQLFieldMap = self.__dict__["static_fields"]
        added = _lens.get().fields.get(self.name)
        return {**static, **cast(GraphQLFieldMap, added)} if added else static


class LensedInput(GraphQLInputObjectType):
    """An input type whose fields follow the lens."""

    @property
    def fields(self) -> GraphQLInputFieldMap:
        static: GraphQLInputFieldMap = self.__dict__["static_fields"]
        added = _lens.get().fields.get(self.name)
        return {**static, **cast(GraphQLInputFieldMap, added)} if added else static


def put_under_lens(named_type: GraphQLNamedType, *, without: str = "") -> None:
    """Turn a finished type into a lensed one; the field ``without`` is shown only where a lens adds it."""
    static = {name: value for name, value in cast(Any, named_type).fields.items() if name != without}
    named_type.__class__ = LensedInput if isinstance(named_type, GraphQLInputObjectType) else LensedObject
    named_type.__dict__["static_fields"] = static


class LensedSchema(GraphQLSchema):
    """A schema whose types follow the lens."""

    @property
    def type_map(self) -> dict[str, GraphQLNamedType]:
        static: dict[str, GraphQLNamedType] = self.__dict__["static_types"]
        added = _lens.get().types
        return {**static, **added} if added else static

    @type_map.setter
    def type_map(self, types: dict[str, GraphQLNamedType]) -> None:
        self.__dict__["static_types"] = types

    def get_type(self, name: str) -> GraphQLNamedType | None:
        static: dict[str, GraphQLNamedType] = self.__dict__["static_types"]
        return _lens.get().types.get(name) or static.get(name)
