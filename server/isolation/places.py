"""Every place of the schema that takes an id, found by walking the schema, and what else a call needs to get as far as looking at it.

A new operation is among them without a word: what its input must have is made up from its types, and ids beside the one that is tried
are the company's own. Only what the types do not say is written out, in :data:`BESIDE`.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLUnionType,
    get_named_type,
    is_required_argument,
    is_required_input_field,
)

from schema.execution import SCHEMA

Row = dict[str, Any]

# Relations that a filter may follow before it names an id; deeper ones are compiled by the same few lines.
DEEPEST_FILTER = 4
# Conditions that are kept with a definition: they refer to nothing before they are judged.
KEPT = frozenset({"condition", "where", "gate"})
SCALARS: Mapping[str, Any] = {
    "Boolean": False,
    "Int": 1,
    "Float": 1.0,
    "Decimal": "1",
    "Date": "2026-01-01",
    "Time": "12:00",
    "DateTime": "2026-01-01T00:00:00Z",
    "Duration": "P1D",
}
TEXT = "x"
INPUT = "input"
CHANGES = re.compile(r"(update|previewUpdate)[A-Z]")
CHANGED = ("notes", "name", "comment")
GROUPED_BY = {"orderGroups": "status", "customerGroups": "kind", "productGroups": "active"}
# What operations need beyond what their types say, and the own records that they need to name, by table.
BESIDE: Mapping[str, Row] = {
    "createOrder": {"lines": [{"name": TEXT, "unitPrice": "1"}]},
    "previewCreateOrder": {"lines": [{"name": TEXT, "unitPrice": "1"}]},
    "changeOrderStatus": {"status": "confirmed"},
    "previewStatusChange": {"status": "confirmed"},
    "voidOrder": {"reason": "other", "note": TEXT},
    "shareView": {"audience": "PRIVATE"},
    "scheduleDraft": {"applyAt": None},
    "explainAccess": {"action": "order.read"},
}
BESIDE_OWN: Mapping[str, Mapping[str, str]] = {
    **{name: {"customerId": "customers"} for name in ("createOrder", "previewCreateOrder")},
    **{name: {"memberId": "members"} for name in ("shareOrder", "shareCustomer", "shareProduct")},
    "handOver": {"fromId": "members"},
}
# What places end with that are named otherwise than the tables.
WORDS = {
    **dict.fromkeys(("owner", "actor", "voidedby", "createdby"), "members"),
    "draft": "configuration_drafts",
    "view": "private_views",
    "delivery": "deliveries",
    "file": "stored_files",
}
# What is given instead of another.
INSTEAD = {"customerId": "customer", "memberId": "teamId"}


class Place(NamedTuple):
    """Where an id goes in: a root field, one of its arguments, and the way inside of it; lists are written ``[]``."""

    kind: str
    field: str
    argument: str
    path: tuple[str, ...]

    def __str__(self) -> str:
        return ".".join((self.field, self.argument, *self.path))


def root_fields(kind: str) -> Mapping[str, GraphQLField]:
    """The root fields of queries or mutations."""
    root = SCHEMA.query_type if kind == "query" else SCHEMA.mutation_type
    return root.fields if root else {}


def places() -> list[Place]:
    """All of them, in the schema's order."""
    return [
        Place(kind, name, argument, path)
        for kind in ("query", "mutation")
        for name, field in root_fields(kind).items()
        for argument, given in field.args.items()
        for path in _paths(given.type)
        if not (kind == "mutation" and KEPT.intersection(path))
    ]


def _paths(kind: Any, path: tuple[str, ...] = (), seen: frozenset[str] = frozenset()) -> Iterator[tuple[str, ...]]:
    """The ways to every ID inside an input type."""
    if isinstance(kind, GraphQLNonNull):
        yield from _paths(kind.of_type, path, seen)
    elif isinstance(kind, GraphQLList):
        yield from _paths(kind.of_type, (*path, "[]"), seen)
    elif kind.name == "ID":
        yield path
    elif isinstance(kind, GraphQLInputObjectType) and kind.name not in seen and len(path) < DEEPEST_FILTER:
        for name, field in kind.fields.items():
            # All operators at first hand; of related records one is as good as another.
            if len(path) < 2 or kind.name != "IDFilter" or name in ("eq", "notIn"):
                yield from _paths(field.type, (*path, name), seen | {kind.name})


def arguments(place: Place, record_id: str, own: Mapping[str, str]) -> Row:
    """The arguments of a call with that id in the place. ``own`` are ids of the company's own, by table."""
    argument = root_fields(place.kind)[place.field].args[place.argument]
    beside = _beside(place, own) if place.argument == INPUT else {}
    value = _with(argument.type, place, place.path, record_id, own, beside)
    return {**arguments_needed(place, own), place.argument: value}


def arguments_needed(place: Place, own: Mapping[str, str]) -> Row:
    """The arguments that a call of the place's root field must have."""
    field = root_fields(place.kind)[place.field]
    given: Row = {
        name: _made(argument.type, _own_id(place, name, own))
        for name, argument in field.args.items()
        if is_required_argument(argument)
    }
    if "groupBy" in field.args:
        given["groupBy"] = GROUPED_BY[place.field]
    return given if INPUT in field.args else given | _beside(place, own)


def meant(place: Place, tables: Iterable[str]) -> str | None:
    """The table whose ids the place means by its names: those of the way to it, the last one first, or that of the operation. None where
    they name none, as ``node`` does."""
    for word in (*reversed(place.path), place.argument, place.field):
        name = word.lower()
        named = [table for said, table in WORDS.items() if name.removesuffix("id").removesuffix("s").endswith(said)]
        if named:
            return named[0]
        found = [table for table in tables if _singular(table) in name]
        if found:
            return max(found, key=len)
    return None


def _singular(table: str) -> str:
    """As names of the schema have it, in small letters."""
    return table.replace("_", "").removesuffix("s")


def _changed(place: Place) -> str | None:
    """A text that the operation changes beside what it is about: an update of nothing would change nothing, whatever it reached."""
    field = root_fields(place.kind)[place.field]
    if INPUT not in field.args or not CHANGES.match(place.field):
        return None
    given = get_named_type(field.args[INPUT].type)
    assert isinstance(given, GraphQLInputObjectType)
    return next((name for name in CHANGED if name in given.fields and name not in place.path), None)


def _beside(place: Place, own: Mapping[str, str]) -> Row:
    named = BESIDE_OWN.get(place.field, {})
    changed = _changed(place)
    return {
        **({changed: TEXT} if changed else {}),
        **BESIDE.get(place.field, {}),
        **{name: own[table] for name, table in named.items() if INSTEAD.get(name) not in place.path},
    }


def _with(
    kind: Any, place: Place, path: Sequence[str], value: Any, own: Mapping[str, str], beside: Mapping[str, Any]
) -> Any:
    """A value of the type with ``value`` at the end of the path, and around it what the types ask for and what is ``beside`` it."""
    if isinstance(kind, GraphQLNonNull):
        return _with(kind.of_type, place, path, value, own, beside)
    if not path:
        return value
    if isinstance(kind, GraphQLList):
        return [_with(kind.of_type, place, path[1:], value, own, beside)]
    made = _required(kind, place, own, without=path[0]) | dict(beside)
    if path[0] == "where" and "some" in kind.fields:
        # It says which records are meant, and something must hold for them.
        made["some"] = {}
    inner = beside.get(path[0])
    inner = inner[0] if isinstance(inner, list) else {}
    return made | {path[0]: _with(kind.fields[path[0]].type, place, path[1:], value, own, inner)}


def _required(kind: GraphQLInputObjectType, place: Place, own: Mapping[str, str], without: str = "") -> Row:
    return {
        name: _made(field.type, _own_id(place, name, own))
        for name, field in kind.fields.items()
        if name != without and is_required_input_field(field)
    }


def _made(kind: Any, own_id: str) -> Any:
    """Some value of the type."""
    if isinstance(kind, GraphQLNonNull):
        return _made(kind.of_type, own_id)
    if isinstance(kind, GraphQLList):
        return [_made(kind.of_type, own_id)]
    if isinstance(kind, GraphQLEnumType):
        return next(iter(kind.values))
    if isinstance(kind, GraphQLInputObjectType):
        needed = {name: field for name, field in kind.fields.items() if is_required_input_field(field)}
        return {name: _made(field.type, own_id) for name, field in needed.items()}
    return own_id if kind.name == "ID" else SCALARS.get(kind.name, TEXT)


def _own_id(place: Place, name: str, own: Mapping[str, str]) -> str:
    """The own record that an argument or input field of that name means, such as ``memberId``, or ``id`` for the one that the operation
    is about."""
    named = name.removesuffix("Id").lower()
    pointed = [table for table in own if name != "id" and _singular(table).endswith(named)]
    if pointed:
        return own[min(pointed, key=len)]
    about = [table for table in own if _singular(table) in place.field.lower()]
    return own[max(about, key=len, default="orders")]


def inside(kind: Any, depth: int) -> str:
    """All of an output type that can be read without arguments, as a selection set; objects inside down to a depth."""
    kind = get_named_type(kind)
    if isinstance(kind, GraphQLUnionType):
        return "{ __typename " + " ".join(f"... on {each.name} {inside(each, depth)}" for each in kind.types) + " }"
    if not isinstance(kind, GraphQLObjectType):
        return "{ __typename }" if hasattr(kind, "fields") else ""
    parts = ["__typename"]
    for name, field in kind.fields.items():
        named = get_named_type(field.type)
        if any(is_required_argument(argument) for argument in field.args.values()):
            continue
        if not hasattr(named, "fields") and not isinstance(named, GraphQLUnionType):
            parts.append(name)
        elif depth and isinstance(named, GraphQLObjectType):
            parts.append(f"{name} {inside(named, depth - 1)}")
    return "{ " + " ".join(parts) + " }"


def declared(number: int, given: Mapping[str, Any], arguments: Mapping[str, GraphQLArgument]) -> tuple[str, str, Row]:
    """The declarations of a call's variables, the arguments that use them, and the variables; numbered, for many calls in a document."""
    names = {name: f"v{number}_{name}" for name in given}
    return (
        " ".join(f"${names[name]}: {arguments[name].type}" for name in given),
        ", ".join(f"{name}: ${names[name]}" for name in given),
        {names[name]: value for name, value in given.items()},
    )
