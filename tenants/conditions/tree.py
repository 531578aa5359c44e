"""Predicates over a record: of other predicates, and of the records it is related to."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from types import MappingProxyType
from typing import Any

from tenants.occasion import Occasion
from tenants.reading.plan import Parameters
from tenants.records import REGISTRY, Relation

SOME, NONE, EVERY = "some", "none", "every"
QUANTIFIERS = (SOME, NONE, EVERY)


@dataclass(slots=True)
class Lead:
    """What leads to the records that meet a condition: tests of the rows ``v`` of the index ``table`` of one field.

    ``along`` are tests of the values that the rows come with. It is ``complete`` where the condition demands nothing else.
    """

    table: str = ""
    source: str = ""
    tests: list[str] = field(default_factory=list)
    along: list[str] = field(default_factory=list)
    complete: bool = True


class SqlContext:
    """What the SQL reading needs: where to bind parameters, and fresh aliases for related tables.

    ``joined`` are expressions of indexed values that the rows come with, by the row's alias and the custom field. ``lead`` is
    filled in, where it is wanted, by a condition that one index table answers. Aliases begin with ``prefix``: what is compiled apart and
    put inside of a condition needs others than that.
    """

    def __init__(
        self,
        parameters: Parameters,
        joined: Mapping[tuple[str, str], str] = MappingProxyType({}),
        lead: Lead | None = None,
        prefix: str = "c",
    ) -> None:
        self.parameters = parameters
        self._prefix = prefix
        self.joined = joined
        self.lead = lead
        self._aliases = count()

    @contextmanager
    def within(self) -> Iterator[None]:
        """Inside of a condition whose parts need not all hold for the record itself: nothing there leads to it."""
        lead, self.lead = self.lead, None
        if lead is not None:
            lead.complete = False
        yield
        self.lead = lead

    def alias(self) -> str:
        return f"{self._prefix}{next(self._aliases)}"


class Condition(ABC):
    """A predicate over one record."""

    @abstractmethod
    def sql(self, alias: str, context: SqlContext) -> str:
        """The predicate over the row called ``alias``; NULL stands for false."""

    @abstractmethod
    def matches(self, row: Mapping[str, Any], occasion: Occasion) -> bool:
        """Whether it holds for a row; related rows are found under the relation's name."""

    @property
    def is_local(self) -> bool:
        """Whether the row alone decides, without related records."""
        return True


@dataclass(frozen=True, slots=True)
class All(Condition):
    parts: tuple[Condition, ...]

    def sql(self, alias: str, context: SqlContext) -> str:
        return " AND ".join(f"({part.sql(alias, context)})" for part in self.parts) or "TRUE"

    def matches(self, row: Mapping[str, Any], occasion: Occasion) -> bool:
        return all(part.matches(row, occasion) for part in self.parts)

    @property
    def is_local(self) -> bool:
        return all(part.is_local for part in self.parts)


@dataclass(frozen=True, slots=True)
class AnyOf(Condition):
    parts: tuple[Condition, ...]

    def sql(self, alias: str, context: SqlContext) -> str:
        with context.within():
            return " OR ".join(f"({part.sql(alias, context)})" for part in self.parts) or "FALSE"

    def matches(self, row: Mapping[str, Any], occasion: Occasion) -> bool:
        return any(part.matches(row, occasion) for part in self.parts)

    @property
    def is_local(self) -> bool:
        return all(part.is_local for part in self.parts)


@dataclass(frozen=True, slots=True)
class Negation(Condition):
    part: Condition

    def sql(self, alias: str, context: SqlContext) -> str:
        with context.within():
            return f"NOT {_two_valued(self.part.sql(alias, context))}"

    def matches(self, row: Mapping[str, Any], occasion: Occasion) -> bool:
        return not self.part.matches(row, occasion)

    @property
    def is_local(self) -> bool:
        return self.part.is_local


@dataclass(frozen=True, slots=True)
class Related(Condition):
    """``part`` of some, none or every related record for which ``within`` holds."""

    relation: Relation
    quantifier: str
    part: Condition
    within: Condition = All(())

    def sql(self, alias: str, context: SqlContext) -> str:
        other = context.alias()
        with context.within():
            inner = self.part.sql(other, context)
            rows = rows_of(self.relation, self.within, alias, other, context)
        if self.quantifier == EVERY:
            inner = f"NOT {_two_valued(inner)}"
        found = f"EXISTS (SELECT 1 {rows} AND ({inner}))"
        return found if self.quantifier == SOME else f"NOT {found}"

    def matches(self, row: Mapping[str, Any], occasion: Occasion) -> bool:
        verdicts = [self.part.matches(other, occasion) for other in related(self.relation, self.within, row, occasion)]
        if self.quantifier == EVERY:
            return all(verdicts)
        return any(verdicts) == (self.quantifier == SOME)

    @property
    def is_local(self) -> bool:
        return False


def rows_of(relation: Relation, within: Condition, alias: str, other: str, context: SqlContext) -> str:
    """FROM and WHERE of the related rows for which ``within`` holds, each called ``other``."""
    join = relation.join.replace("{x}", other).replace("{t}", alias)
    found = f"FROM {REGISTRY[relation.target].table} {other} WHERE {other}.tenant_id = %(tenant)s AND {join}"
    return found if within == All(()) else f"{found} AND ({within.sql(other, context)})"


def related(
    relation: Relation, within: Condition, row: Mapping[str, Any], occasion: Occasion
) -> list[Mapping[str, Any]]:
    """The related rows that are found under the relation's name and for which ``within`` holds."""
    found = row.get(relation.name)
    others = found if isinstance(found, Sequence) else [] if found is None else [found]
    return [other for other in others if within.matches(other, occasion)]


def _two_valued(sql: str) -> str:
    # A comparison with an absent value is NULL in SQL and false here; fold it before it is turned round.
    return f"coalesce(({sql}), FALSE)"
