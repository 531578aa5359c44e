"""The parts of an expression, each with two readings: SQL over a row, and Python over the same row.

An absent value is NULL in SQL and ``None`` in Python; an empty text is absent. Numbers are exact to :data:`PLACES` places, and absent
from :data:`TOP` on. Every part of SQL names what it is given once, so that its length grows with that of the expression.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

from tenants.occasion import Occasion
from tenants.records import REGISTRY, Column, Relation

PLACES = 20
QUOTIENT_PLACES = 10
TOP = Decimal(10) ** 20
# Wide enough that a quotient of two numbers within the bounds is rounded once: none lies nearer to a half without being one.
WIDE_ONE = f"1.{'0' * 60}"
_PLAIN_TEXT = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 _-.,/:+")


class Kind(StrEnum):
    """What a value is, for the operations that take it. Keys are several texts, such as tags."""

    NUMBER = "number"
    TEXT = "text"
    FLAG = "flag"
    DAY = "day"
    MOMENT = "moment"
    TIME = "time"
    KEYS = "keys"


KINDS_BY_SQL = {
    "numeric": Kind.NUMBER,
    "integer": Kind.NUMBER,
    "bigint": Kind.NUMBER,
    "text": Kind.TEXT,
    "boolean": Kind.FLAG,
    "date": Kind.DAY,
    "timestamptz": Kind.MOMENT,
    "time": Kind.TIME,
    "text[]": Kind.KEYS,
}
SQL_TYPES = {
    Kind.NUMBER: "numeric",
    Kind.TEXT: "text",
    Kind.FLAG: "boolean",
    Kind.DAY: "date",
    Kind.MOMENT: "timestamptz",
    Kind.TIME: "time",
    Kind.KEYS: "text[]",
}


def quoted(text: str) -> str:
    """The text as SQL that stands for itself wherever it is put: in a statement with placeholders, or in a template."""
    if set(text) <= _PLAIN_TEXT:
        return f"'{text}'::text"
    written = "".join(char if char in _PLAIN_TEXT else f"\\+{ord(char):06X}" for char in text)
    return f"U&'{written}'::text"


class Node(ABC):
    kind: Kind

    @abstractmethod
    def sql(self, alias: str) -> str:
        """The value as an SQL expression over the row called ``alias``."""

    @abstractmethod
    def value(self, row: Mapping[str, Any], occasion: Occasion) -> Any:
        """The value for a row; related rows are found under the relation's name."""


@dataclass(frozen=True, slots=True)
class Literal(Node):
    """A value that is written out; ``None`` is the absent one of the kind."""

    kind: Kind
    given: Any

    def sql(self, alias: str) -> str:
        match self.kind, self.given:
            case kind, None:
                return f"NULL::{SQL_TYPES[kind]}"
            case Kind.TEXT, text:
                return quoted(text)
            case Kind.FLAG, flag:
                return "TRUE" if flag else "FALSE"
            case kind, other:
                return f"'{other}'::{SQL_TYPES[kind]}"

    def value(self, row: Mapping[str, Any], occasion: Occasion) -> Any:
        return self.given


@dataclass(frozen=True, slots=True)
class Field(Node):
    """A column of the row. ``options`` are the values that it can have, where these are listed."""

    kind: Kind
    column: Column
    options: tuple[str, ...] = ()

    def sql(self, alias: str) -> str:
        found = self.column.expression(alias)
        if self.kind is Kind.NUMBER:
            return f"({found})::numeric"
        return f"nullif({found}, '')" if self.kind is Kind.TEXT else f"({found})"

    def value(self, row: Mapping[str, Any], occasion: Occasion) -> Any:
        found = self.column.value(row, occasion)
        if self.kind is Kind.NUMBER and found is not None:
            return Decimal(found)
        return None if found == "" else found


@dataclass(frozen=True, slots=True)
class EveryRow(Node):
    """What is counted where rows are."""

    kind = Kind.FLAG

    def sql(self, alias: str) -> str:
        return "TRUE"

    def value(self, row: Mapping[str, Any], occasion: Occasion) -> Any:
        return True


EVERY_ROW = EveryRow()


def rows_sql(relation: Relation, alias: str, other: str) -> str:
    """FROM and WHERE of the rows, each called ``other``, that a relation leads to."""
    # The aliases may be placeholders themselves: the other way round, one would be put into the other.
    join = relation.join.replace("{t}", alias).replace("{x}", other)
    return f"FROM {REGISTRY[relation.target].table} {other} WHERE {other}.tenant_id = {alias}.tenant_id AND {join}"


def inner_alias(alias: str) -> str:
    """An alias that no row around the inner one has."""
    return f"{alias}_e"


@dataclass(frozen=True, slots=True)
class Step:
    """A relation, and the name under which a row holds what it leads to."""

    name: str
    relation: Relation


@dataclass(frozen=True, slots=True)
class Hop(Node):
    """A value of the one record that a relation leads to."""

    step: Step
    part: Node

    @property
    def kind(self) -> Kind:  # type: ignore[override]
        return self.part.kind

    def sql(self, alias: str) -> str:
        other = inner_alias(alias)
        return f"(SELECT {self.part.sql(other)} {rows_sql(self.step.relation, alias, other)})"

    def value(self, row: Mapping[str, Any], occasion: Occasion) -> Any:
        other = row.get(self.step.name)
        return None if other is None else self.part.value(other, occasion)


def along(steps: Sequence[Step], node: Node) -> Node:
    """A value at the end of a way."""
    for step in reversed(steps):
        node = Hop(step, node)
    return node


@dataclass(frozen=True, slots=True)
class Figure:
    """A function of many values: its SQL over ``{x}``, and the same in Python over those that are not absent."""

    name: str
    sql: str
    value: Callable[[Sequence[Any]], Any]
    kinds: frozenset[Kind]
    result: Kind | None = None


@dataclass(frozen=True, slots=True)
class Over(Node):
    """A figure over all records that a relation leads to, or those ``within`` a flag; none where the ``currency`` of these is not one."""

    step: Step
    figure: Figure
    part: Node
    within: Node = EVERY_ROW
    currency: Node | None = None

    @property
    def kind(self) -> Kind:  # type: ignore[override]
        return self.figure.result or self.part.kind

    def sql(self, alias: str) -> str:
        other = inner_alias(alias)
        figure = self.figure.sql.replace("{x}", self.part.sql(other))
        if self.currency is not None:
            figure = f"CASE WHEN count(DISTINCT {self.currency.sql(other)}) < 2 THEN {figure} END"
        return f"(SELECT {figure} {rows_sql(self.step.relation, alias, other)} AND {self.within.sql(other)})"

    def value(self, row: Mapping[str, Any], occasion: Occasion) -> Any:
        others = [other for other in row.get(self.step.name) or () if self.within.value(other, occasion)]
        if self.currency is not None and len({self.currency.value(other, occasion) for other in others} - {None}) > 1:
            return None
        values = (self.part.value(other, occasion) for other in others)
        return self.figure.value([value for value in values if value is not None])


@dataclass(frozen=True, slots=True)
class Last(Node):
    """A value of the one record, of those ``within`` a flag, whose value ``by`` is the largest; records without are left out."""

    step: Step
    part: Node
    by: Node
    within: Node

    @property
    def kind(self) -> Kind:  # type: ignore[override]
        return self.part.kind

    def sql(self, alias: str) -> str:
        other = inner_alias(alias)
        by, within = self.by.sql(other), self.within.sql(other)
        return (
            f"(SELECT {self.part.sql(other)} {rows_sql(self.step.relation, alias, other)} AND {within} AND {by} IS NOT NULL"
            f" ORDER BY {by} DESC, {other}.id DESC LIMIT 1)"
        )

    def value(self, row: Mapping[str, Any], occasion: Occasion) -> Any:
        others = [other for other in row.get(self.step.name) or () if self.within.value(other, occasion)]
        ordered = [(by, other) for other in others if (by := self.by.value(other, occasion)) is not None]
        if not ordered:
            return None
        _, last = max(ordered, key=lambda pair: (pair[0], pair[1]["id"]))
        return self.part.value(last, occasion)


@dataclass(frozen=True, slots=True)
class Operation:
    """What is done with values: ``sql`` of the SQL of each, ``value`` of the values themselves.

    A ``strict`` one has no result where an argument is absent, and is asked for none then.
    """

    sql: Callable[..., str]
    value: Callable[..., Any]
    strict: bool = True


@dataclass(frozen=True, slots=True)
class Applied(Node):
    """An operation with its arguments."""

    kind: Kind
    operation: Operation
    parts: tuple[Node, ...]

    def sql(self, alias: str) -> str:
        return self.operation.sql(*(part.sql(alias) for part in self.parts))

    def value(self, row: Mapping[str, Any], occasion: Occasion) -> Any:
        values = [part.value(row, occasion) for part in self.parts]
        if self.operation.strict and None in values:
            return None
        return self.operation.value(*values)


@dataclass(frozen=True, slots=True)
class Choice(Node):
    """The one value where a flag is true, else the other; only the one that is wanted is worked out."""

    test: Node
    then: Node
    other: Node

    @property
    def kind(self) -> Kind:  # type: ignore[override]
        return self.then.kind

    def sql(self, alias: str) -> str:
        test, then, other = (part.sql(alias) for part in (self.test, self.then, self.other))
        return f"(CASE WHEN {test} THEN {then} ELSE {other} END)"

    def value(self, row: Mapping[str, Any], occasion: Occasion) -> Any:
        return (self.then if self.test.value(row, occasion) else self.other).value(row, occasion)


@dataclass(frozen=True, slots=True)
class Now(Node):
    """The moment of the call; in SQL that of the transaction."""

    kind = Kind.MOMENT

    def sql(self, alias: str) -> str:
        return "now()"

    def value(self, row: Mapping[str, Any], occasion: Occasion) -> Any:
        return occasion.now
