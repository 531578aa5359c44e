"""Requests with bad and odd values for every argument and input field of a schema, made from its introspection.

Most are nearly right: a plausible call with one or two values of it replaced, because what is wrong in the first place is refused
at the first door. All of it follows from the random generator that is given.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any
from uuid import UUID

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
    is_leaf_type,
)

LONG = "x" * 5_000
ODD_TEXTS = (
    "", " ", "\t\r\n", "\x00", "a\x00b", "\x01\x1f\x7f", "\ud800", "\udfff\ud800", "\ufeff", "\u202eabc", "e\u0301" * 300, "👩‍👩‍👧‍👦" * 50,
    "\U0010ffff", LONG, "'", '"', "\\", "%", "_", "%%s", "%(tenant)s", "{0}", "{tenant}", "$1", "'; DROP TABLE orders; --",
    "1' OR '1'='1", "{{ 7 * 7 }}", "{% for x in (1..999999) %}x{% endfor %}", "{{", "{% raw %}", "${jndi:ldap://x}", "../../etc/passwd",
    "<script>alert(1)</script>", "=cmd|'/C calc'!A0", "null", "undefined", "NaN", "Infinity", "-0", "1e309", "-1e-400", "9" * 400,
    "0x1f", "1_000", "٣٫١٤", "１２", "½", "0." + "1" * 60, "1,5", "+1", "--1", "2026-02-30", "0000-00-00", "9999-12-31", "10000-01-01",
    "-0001-01-01", "2026-13-01T25:61:61Z", "2026-01-01T00:00:00", "2026-01-01T00:00:00+99:99", "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59.999999-14:00", "infinity", "now", "today", "a@b", "@", "x" * 300 + "@example.com", "+49", "+" + "9" * 40, "EUR\n",
    "eu", "EURO", "role:owner", "member:", "[]", "{}", "[" * 500, "- a: &x [*x]", "fields: [", "!!python/object:os.system x", "中文", "张",
)  # fmt: skip
ODD_VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2**31 - 1, 2**31, -(2**31) - 1, 2**53 + 1, 2**63, 2**64, -(2**64), 10**30, 0.1, -0.0, 1e308, 1e-308, 1.5,
    [], [[]], [None], {}, {"a": 1}, {"": ""}, {"__proto__": {}}, [1, "a", None, {}], [""] * 1_000, {"a": {"b": {"c": [{}]}}},
)  # fmt: skip
PLAUSIBLE: Mapping[str, Sequence[Any]] = {
    "String": ("name", "order", "draft", "owner", "a b", "text", "owner@example.com", "EUR", "en", "Europe/Berlin"),
    "Int": (0, 1, 2, 20, 200),
    "Float": (0, 1.5),
    "Boolean": (True, False),
    "Decimal": ("1.00", "0", "12.345", "-3"),
    "Date": ("2026-02-28",),
    "DateTime": ("2026-02-28T12:00:00Z",),
    "JSON": ("x", 1, {"a": 1}, [1]),
}
# They would end the session that all the others are made with.
LEFT_OUT = {"signOut"}
DEEPEST_INPUT = 5


@dataclass(frozen=True)
class Request:
    """One request: the root field that it calls, and its body, which JSON's writer may not be able to make again."""

    field: str
    body: bytes


class Fuzz:
    """Makes requests. ``ids`` are those of records that exist."""

    def __init__(self, schema: GraphQLSchema, random: Random, ids: Sequence[str]) -> None:
        self.schema = schema
        self.random = random
        self.ids = ids
        self._fields: list[tuple[str, str, GraphQLField]] = []
        for kind, root in (("query", schema.query_type), ("mutation", schema.mutation_type)):
            assert root is not None
            self._fields += [(kind, name, field) for name, field in sorted(root.fields.items()) if name not in LEFT_OUT]

    def requests(self, count: int) -> list[Request]:
        """Every root field in turn."""
        return [self._request(*self._fields[place % len(self._fields)]) for place in range(count)]

    def arguments(self, field: GraphQLField) -> dict[str, Any]:
        """Values for some arguments of a field, nearly right."""
        arguments = {key: value for key, value in field.args.items() if self._chance(0.7) or _is_required(value.type)}
        values = {key: self._plausible(argument.type) for key, argument in arguments.items()}
        for _ in range(self.random.choice((0, 1, 1, 1, 2, 3))):
            # The variables themselves have to stay what they are declared to be.
            if values:
                key = self.random.choice(list(values))
                values = {**values, key: self._spoilt(values[key])}
        return values

    def _request(self, kind: str, name: str, field: GraphQLField) -> Request:
        values = self.arguments(field)
        declared = ", ".join(f"${key}: {field.args[key].type}" for key in values)
        given = ", ".join(f"{key}: ${key}" for key in values)
        selection = self._selection(field.type, 2)
        document = (
            f"{kind} {f'({declared})' if declared else ''} {{ {name}{f'({given})' if given else ''} {selection} }}"
        )
        # Escapes for everything beyond ASCII: the only way to write half a surrogate pair.
        return Request(name, json.dumps({"query": document, "variables": values}).encode())

    def _chance(self, of: float) -> bool:
        return self.random.random() < of

    def _plausible(self, kind: Any, depth: int = 0) -> Any:
        """A value of the right shape, in which optional fields come and go."""
        if isinstance(kind, GraphQLNonNull):
            kind = kind.of_type
        if isinstance(kind, GraphQLList):
            return [self._plausible(kind.of_type, depth + 1) for _ in range(self.random.choice((0, 1, 1, 2)))]
        if isinstance(kind, GraphQLEnumType):
            return self.random.choice(list(kind.values))
        if isinstance(kind, GraphQLInputObjectType):
            wanted = min(0.5, 4 / len(kind.fields))
            return {
                name: self._plausible(field.type, depth + 1)
                for name, field in kind.fields.items()
                if _is_required(field.type) or (depth < DEEPEST_INPUT and self._chance(wanted))
            }
        if kind.name == "ID":
            return self.random.choice(self.ids) if self._chance(0.8) else str(UUID(int=self.random.getrandbits(128)))
        return self.random.choice(PLAUSIBLE.get(kind.name, PLAUSIBLE["String"]))

    def _spoilt(self, value: Any) -> Any:
        """The value with one part of it, at any depth, replaced, left out or added."""
        if isinstance(value, dict) and value and self._chance(0.9):
            key = self.random.choice(list(value))
            if self._chance(0.1):
                return {other: kept for other, kept in value.items() if other != key}
            return {**value, key: self._spoilt(value[key])}
        if isinstance(value, list) and value and self._chance(0.8):
            place = self.random.randrange(len(value))
            return [*value[:place], self._spoilt(value[place]), *value[place + 1 :]]
        return self.random.choice(ODD_TEXTS) if self._chance(0.6) else self.random.choice(ODD_VALUES)

    def _selection(self, kind: Any, depth: int) -> str:
        """A few fields of a result; the reasons of refusals always."""
        target = get_named_type(kind)
        if is_leaf_type(target):
            return ""
        parts = ["__typename"]
        if isinstance(target, GraphQLUnionType):
            for member in target.types:
                if any(interface.name == "Problem" for interface in member.interfaces):
                    continue
                parts.append(f"... on {member.name} {self._selection(member, depth)}")
            parts.append("... on Problem { code message } ... on InvalidInput { errors { path code message } }")
        elif isinstance(target, GraphQLObjectType | GraphQLInterfaceType):
            for name, field in target.fields.items():
                if any(_is_required(argument.type) for argument in field.args.values()):
                    continue
                if is_leaf_type(get_named_type(field.type)):
                    parts += [name] * self._chance(0.5)
                elif depth and self._chance(0.4):
                    parts.append(f"{name} {self._selection(field.type, depth - 1)}")
        return "{ " + " ".join(parts) + " }"


def _is_required(kind: Any) -> bool:
    return isinstance(kind, GraphQLNonNull)
