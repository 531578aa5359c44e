"""Random GraphQL operations that are valid under a company's schema, drawn by hypothesis from the schema itself.

Everything that a selection can be comes up: aliases (also one that is another field's name), merged and overlapping fields,
named and inline fragments on objects, interfaces and unions, ``@skip`` and ``@include``, ``__typename``, variables with
defaults, null and absent, filters, orders, pages from either end. A response key always stands for one field with one set of
arguments, so that whatever is drawn can be merged.
"""

import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, TypeVar

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
    get_nullable_type,
    is_leaf_type,
)
from hypothesis import strategies as st

from tests.plain_conditions import QUANTIFIERS, TESTS

MOST_FIELDS = 45
DEEPEST = 7
PAGE_ARGUMENTS = ("where", "orderBy", "first", "after", "last", "before", "voided")
Item = TypeVar("Item")
# Real random numbers from a drawn seed: documents drawn choice by choice come out much like one another.
RANDOMS = st.randoms(use_true_random=True)
# Root fields with the more interesting answers come up more often.
WEIGHTS = {"orders": 6, "customers": 4, "products": 3, "order": 3, "node": 3}


class Name(str):
    """An enum value or a variable: written without quotes."""

    __slots__ = ()


@dataclass(frozen=True)
class Operation:
    """A document with its variables."""

    text: str
    variables: Mapping[str, Any]


@dataclass(frozen=True)
class Choices:
    """What the values of arguments are taken from. ``orders`` lists orders by type; ``cursors`` gives those of one order."""

    values: Mapping[str, Sequence[Any]]
    keys: Mapping[str, Sequence[Mapping[str, str]]]
    orders: Mapping[str, Sequence[Sequence[Any]]]
    cursors: Callable[[str, Any], Sequence[str]]
    known: Callable[[str, str], bool]


def literal(value: Any) -> str:
    """A value as it stands in a document."""
    if isinstance(value, Name):
        return str(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{name}: {literal(item)}" for name, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(literal, value)) + "]"
    if isinstance(value, str):
        escaped = "".join(char if char.isprintable() and char not in '"\\' else f"\\u{ord(char):04X}" for char in value)
        return f'"{escaped}"'
    if value is None:
        return "null"
    return str(value).lower() if isinstance(value, bool) else str(value)


def queries(schema: GraphQLSchema, choices: Choices) -> st.SearchStrategy[Operation]:
    """Queries of one to three root fields."""
    return RANDOMS.map(lambda random: _Writer(random, schema, choices).query())


def mutations(schema: GraphQLSchema, choices: Choices, root: str) -> st.SearchStrategy[Operation]:
    """Mutations of one field with random selections; ``root`` is its text up to them: ``updateOrder(input: $input)``."""
    return RANDOMS.map(lambda random: _Writer(random, schema, choices).mutation(root))


@dataclass
class _Writer:
    random: Random
    schema: GraphQLSchema
    choices: Choices
    fragments: dict[str, str] = field(default_factory=dict)
    by_type: dict[str, list[str]] = field(default_factory=dict)
    declared: list[str] = field(default_factory=list)
    values: dict[str, Any] = field(default_factory=dict)
    fields: int = 0
    turned: int = 0
    loose: bool = False

    def one(self, options: Sequence[Item]) -> Item:
        return self.random.choice(options)

    def rarely(self, among: int) -> bool:
        """True once in so many times."""
        return self.random.randrange(among) == 0

    # ---- operations

    def query(self) -> Operation:
        self.turned = self.random.randint(0, 2)
        query = self.schema.query_type
        assert query is not None
        names = [
            name for name in query.fields if self.choices.known("Query", name) for _ in range(WEIGHTS.get(name, 1))
        ]
        parts = [self.field(query, self.one(names), 0, 1, "") for _ in range(self.random.randint(1, 3))]
        if self.rarely(6):
            parts.append("__typename")
        return self._operation("query", parts)

    def mutation(self, root: str) -> Operation:
        name = root.partition("(")[0]
        mutation = self.schema.mutation_type
        assert mutation is not None
        target = get_named_type(mutation.fields[name].type)
        return self._operation("mutation", [f"{root} {self.selection(target, 0, 1, '')}"])

    def _operation(self, kind: str, parts: Sequence[str]) -> Operation:
        declared = f"({', '.join(self.declared)})" if self.declared else ""
        head = f"{kind} Random{declared} {{ {' '.join(parts)} }}"
        return Operation("\n".join((head, *self.fragments.values())), dict(self.values))

    # ---- selections

    def selection(self, kind: GraphQLNamedType, depth: int, rows: int, prefix: str) -> str:
        """A selection set in braces; ``prefix`` keeps apart the keys of the members of an interface."""
        if isinstance(kind, GraphQLUnionType | GraphQLInterfaceType):
            return "{ " + " ".join(self._abstract(kind, depth, rows)) + " }"
        assert isinstance(kind, GraphQLObjectType)
        parts = [self.part(kind, depth, rows, prefix) for _ in range(self.random.randint(1, 4))]
        return "{ " + " ".join(parts) + " }"

    def _abstract(self, kind: GraphQLUnionType | GraphQLInterfaceType, depth: int, rows: int) -> list[str]:
        parts = ["__typename"]
        if kind.name == "Node" and not self.rarely(3):
            parts.append("id")
        members = [
            member
            for member in self.schema.get_possible_types(kind)
            if any(self.choices.known(member.name, name) for name in member.fields)
        ]
        if any(interface.name == "Problem" for member in members for interface in member.interfaces):
            parts.append("... on Problem { __typename code }")
        for _ in range(self.random.randint(1, 3)):
            member = self.one(members)
            prefix = f"{member.name}_" if kind.name in ("Node", "Record") else ""
            parts.append(f"... on {member.name} {self.selection(member, depth + 1, rows, prefix)}")
        return parts

    def part(self, kind: GraphQLObjectType, depth: int, rows: int, prefix: str) -> str:
        """A field, or a fragment with more parts."""
        deep = depth >= DEEPEST or self.fields >= MOST_FIELDS
        shape = 0 if deep else self.random.randint(0, 11)
        if shape == 9:
            condition = self.one(["", f"on {kind.name} "])
            return f"... {condition}{self.directives()}{self.selection(kind, depth + 1, rows, prefix)}"
        if shape == 10 and any(interface.name == "Node" for interface in kind.interfaces):
            return f"... on Node {self.directives()}{{ id {self.one(['', '__typename '])}}}"
        if shape == 11 and not prefix:
            return f"...{self.fragment(kind, depth, rows)} {self.directives()}"
        if shape == 8:
            return self.one(["__typename", f"{prefix}kindOf: __typename"])
        names = [name for name in kind.fields if self.choices.known(kind.name, name)]
        names += [name for name in names if name in ("nodes", "edges", "node")] * 2
        if deep:
            names = [name for name in names if is_leaf_type(get_named_type(kind.fields[name].type))] or ["__typename"]
        return self.field(kind, self.one(names), depth, rows, prefix)

    def fragment(self, kind: GraphQLObjectType, depth: int, rows: int) -> str:
        """The name of a fragment: one that is there already, or a new one."""
        known = self.by_type.setdefault(kind.name, [])
        if known and not self.rarely(2):
            return self.one(known)
        # Known to others only when it is whole, so that no fragment holds itself.
        text = self.selection(kind, depth + 1, rows, "")
        name = f"F{len(self.fragments)}"
        self.fragments[name] = f"fragment {name} on {kind.name} {text}"
        known.append(name)
        return name

    def field(self, kind: GraphQLObjectType, name: str, depth: int, rows: int, prefix: str) -> str:
        if name == "__typename":
            return name
        self.fields += 1
        definition = kind.fields[name]
        target = get_named_type(definition.type)
        arguments = self.arguments(kind, name, definition, target, depth)
        key = self.key(kind, name, definition, arguments, prefix)
        head = f"{key}: {name}" if key != name else name
        text = f"{head}{arguments} {self.directives()}"
        if is_leaf_type(target):
            return text
        return f"{text}{self.selection(target, depth + 1, rows, '')}"

    def key(self, kind: GraphQLObjectType, name: str, definition: GraphQLField, arguments: str, prefix: str) -> str:
        """The response key, which says all that may tell two fields apart."""
        if arguments:
            return f"{prefix}{name}_{zlib.crc32(arguments.encode()):x}"
        leaves = [
            leaf
            for leaf, other in kind.fields.items()
            if leaf != "id" and is_leaf_type(get_nullable_type(other.type)) and not other.args
        ]
        if kind.name != "Query" and not prefix and name in leaves:
            # Some documents call fields by the names of others.
            turned: str = leaves[(leaves.index(name) + self.turned) % len(leaves)]
            return turned
        return f"{prefix}{name}" if prefix else self.one([name, name, f"x_{name}"])

    def directives(self) -> str:
        """Mostly none; what has some is kept three times in four."""
        if not self.rarely(6):
            return ""
        kept, name = not self.rarely(4), self.one(["include", "skip"])
        flag = kept == (name == "include")
        value = self.variable("Boolean!", flag) if self.rarely(2) else literal(flag)
        other = "skip" if name == "include" else "include"
        both = f" @{other}(if: {literal(other == 'include')})" if self.rarely(3) else ""
        return f"@{name}(if: {value}){both} "

    # ---- arguments

    def arguments(
        self, kind: GraphQLObjectType, name: str, definition: GraphQLField, target: GraphQLNamedType, depth: int
    ) -> str:
        if target.name.endswith("Connection"):
            given = self.page(definition, target.name.removesuffix("Connection"), depth)
        elif kind.name == "Query" and definition.args:
            given = dict(self.one(self.choices.keys[name]))
            given |= {key: None for key in definition.args if key not in given and self.rarely(6)}
        elif name == "totalCount" and self.rarely(3):
            # So few rows are counted one by one either way.
            given = {"estimate": self.one([True, False, None])}
        else:
            return ""
        parts = []
        for key, value in given.items():
            if not _holds_variable(value) and self.rarely(4):
                parts.append(f"{key}: {self.variable(str(definition.args[key].type), value)}")
            else:
                parts.append(f"{key}: {literal(value)}")
        return f"({', '.join(parts)})" if parts else ""

    def page(self, definition: GraphQLField, kind: str, depth: int) -> dict[str, Any]:
        given: dict[str, Any] = {}
        sizes = (0, 1, 2, 3, 5) if depth == 0 else (1, 2, 3)
        if depth or not self.rarely(3):
            given[self.one(["first", "first", "last"])] = self.one(sizes)
            if self.rarely(8):
                given["first" if "last" in given else "last"] = None
        order: Any = None
        if self.rarely(2):
            order = given["orderBy"] = self.one(self.choices.orders[kind])
        cursors = self.choices.cursors(kind, order)
        for name in ("after", "before"):
            if cursors and self.rarely(4):
                given[name] = self.one([*cursors, None])
        if "voided" in definition.args and self.rarely(3):
            given["voided"] = self.one([Name("INCLUDE"), Name("ONLY"), Name("EXCLUDE"), None])
        if self.rarely(3):
            self.loose = True
            given["where"] = self.where(kind, 2) if not self.rarely(8) else None
            self.loose = False
        return given

    def variable(self, kind: str, value: Any) -> str:
        """A new variable that stands for the value, in one of the ways a variable can."""
        name = f"v{len(self.declared)}"
        nullable = not kind.endswith("!")
        shape = self.random.randint(0, 3)
        if shape == 3 and value is None and nullable:
            self.declared.append(f"${name}: {kind}")
        elif shape == 2:
            self.declared.append(f"${name}: {kind} = {literal(value)}")
        elif shape == 1 and value is not None and nullable:
            self.declared.append(f"${name}: {kind} = null")
            self.values[name] = value
        else:
            self.declared.append(f"${name}: {kind}")
            self.values[name] = value
        return f"${name}"

    # ---- filters

    def where(self, kind: str, depth: int) -> dict[str, Any]:
        filter_type = self.schema.get_type(f"{kind}Filter")
        assert isinstance(filter_type, GraphQLInputObjectType)
        names = [name for name in filter_type.fields if name in ("and", "or", "not") or self.choices.known(kind, name)]
        found: dict[str, Any] = {}
        for _ in range(self.random.randint(0 if self.rarely(10) else 1, 2)):
            name = self.one(names)
            if name not in found:
                value = self._condition(kind, filter_type.fields[name].type, name, depth)
                found |= {} if value is None else {name: value}
        return found

    def _condition(self, kind: str, given: Any, name: str, depth: int) -> Any:
        target = get_named_type(given)
        assert isinstance(target, GraphQLInputObjectType)
        if set(target.fields) & set(TESTS):
            return self._operators(target, name)
        if depth == 0:
            return None
        if name in ("and", "or"):
            return [self.where(kind, depth - 1) for _ in range(self.random.randint(0, 2))]
        if name == "not":
            return self.where(kind, depth - 1)
        if target.name.endswith("ListFilter"):
            return {self.one(QUANTIFIERS): self.where(target.name.removesuffix("ListFilter"), depth - 1)}
        if self.schema.get_type(target.name.removesuffix("Filter")) and f"{target.name}" in self._record_filters():
            return self.where(target.name.removesuffix("Filter"), depth - 1)
        member = self.one(list(target.fields))
        part = self._condition(kind, target.fields[member].type, member, depth - 1)
        return None if part is None else {member: part}

    def _record_filters(self) -> set[str]:
        return {f"{kind}Filter" for kind in self.choices.orders}

    def _operators(self, target: Any, attribute: str) -> dict[str, Any]:
        name = self.one([name for name in target.fields if name in TESTS])
        kind = get_nullable_type(target.fields[name].type)
        if isinstance(kind, GraphQLList):
            inner = get_named_type(kind)
            value: Any = [self._value(inner, attribute) for _ in range(self.random.randint(0, 3))]
        else:
            value = self._value(get_named_type(kind), attribute)
        if self.loose and self.rarely(4):
            value = Name(self.variable(f"{target.fields[name].type}!", value))
        return {name: value}

    def _value(self, kind: GraphQLNamedType, attribute: str) -> Any:
        if isinstance(kind, GraphQLEnumType):
            return Name(self.one(list(kind.values)))
        values = self.choices.values
        return self.one(values.get(f"{kind.name}.{attribute}") or values[kind.name])


def _holds_variable(value: Any) -> bool:
    if isinstance(value, Mapping | list):
        return any(map(_holds_variable, value.values() if isinstance(value, Mapping) else value))
    return isinstance(value, Name) and value.startswith("$")
