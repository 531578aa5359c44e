"""Figures over the related records: how many there are, their sum, average, smallest and largest.

All figures over one relation are judged in one correlated subquery.
"""

import decimal
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tenants.conditions.tree import Condition, SqlContext, related, rows_of
from tenants.field_types import field_type
from tenants.field_types.numbers import PLACES
from tenants.occasion import Occasion
from tenants.records import Column, Money, Relation

COUNT, SUM, AVERAGE, SMALLEST, LARGEST = "count", "sum", "avg", "min", "max"
FIGURES = (SUM, AVERAGE, SMALLEST, LARGEST)
ADDED = (SUM, AVERAGE)
# A group of records as a row of its own holds them here.
RECORDS = "records"
# As many places as an average of any number of decimals could need before it is rounded.
_WIDE = 80
_ONE = f"1.{'0' * 40}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure(Column):
    """A column of a group of records: ``function`` over ``of``, which is None for their number.

    The sum of nothing is 0; its average, smallest and largest are absent. Averages are rounded half up to 10 places. Of amounts of
    ``money`` in different currencies all figures are absent.
    """

    function: str
    of: Column | None = None
    money: Money | None = None

    def expression(self, alias: str) -> str:
        if self.money is None:
            return self._figure(alias)
        currency = self.money.currency_expression(alias)
        return f"CASE WHEN min({currency}) IS NOT DISTINCT FROM max({currency}) THEN {self._figure(alias)} END"

    def _figure(self, alias: str) -> str:
        x = self.of.expression(alias) if self.of is not None else "*"
        match self.function:
            case "sum":
                return f"coalesce(sum({x}), 0)::numeric"
            case "avg":
                return f"round(sum({x}) * {_ONE} / nullif(count({x}), 0), {PLACES})"
        return f"{self.function}({x})"

    def value(self, row: Mapping[str, Any], occasion: Occasion) -> Any:
        if self.of is None:
            return len(row[RECORDS])
        if self.money is not None and len({self.money.currency_value(record) for record in row[RECORDS]} - {None}) > 1:
            return None
        values = [value for record in row[RECORDS] if (value := self.of.value(record, occasion)) is not None]
        match self.function:
            case "min":
                return min(values, default=None)
            case "max":
                return max(values, default=None)
        with decimal.localcontext(prec=_WIDE, rounding=decimal.ROUND_HALF_UP):
            total = sum(map(Decimal, values), Decimal())
            if self.function == SUM:
                return total
            return (total / len(values)).quantize(Decimal(1).scaleb(-PLACES)) if values else None


def figure(function: str, of: Column | Money | None = None) -> Figure:
    """The column of a group that the operators of a filter compare."""
    money = of if isinstance(of, Money) else None
    column = of.amount if isinstance(of, Money) else of
    kind = field_type("integer") if column is None else field_type("decimal") if function in ADDED else column.type
    name = of.name if of is not None else function
    return Figure(name=name, description="", type=kind, sql="", function=function, of=column, money=money)


def columns_for(function: str, attributes: Iterable[Any]) -> dict[str, Column | Money]:
    """The columns and amounts among a record's attributes, or among its own fields, that a function is defined for, by name."""
    found: dict[str, Column | Money] = {}
    for attribute in attributes:
        column = attribute.amount if isinstance(attribute, Money) else attribute
        if (
            isinstance(column, Column)
            and column.filterable
            and (column.type.additive if function in ADDED else column.type.ranged)
        ):
            found[attribute.name] = attribute
    return found


@dataclass(frozen=True, slots=True)
class Aggregate(Condition):
    """``part``, a predicate over figures, of all related records for which ``within`` holds."""

    relation: Relation
    part: Condition
    within: Condition

    def sql(self, alias: str, context: SqlContext) -> str:
        other = context.alias()
        with context.within():
            judged = self.part.sql(other, context)
            rows = rows_of(self.relation, self.within, alias, other, context)
        return f"(SELECT {judged} {rows})"

    def matches(self, row: Mapping[str, Any], occasion: Occasion) -> bool:
        return self.part.matches({RECORDS: related(self.relation, self.within, row, occasion)}, occasion)

    @property
    def is_local(self) -> bool:
        return False
