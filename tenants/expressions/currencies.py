"""Which currency an amount in an expression is in. To the operations amounts are numbers; the parser keeps their currencies beside them,
and whatever would add, compare or choose between amounts of different currencies has no value."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tenants.expressions.nodes import EVERY_ROW, Applied, Figure, Kind, Node, Over, Step
from tenants.expressions.operations import FIRST
from tenants.occasion import Occasion
from tenants.records import REGISTRY, Money

# Lines are in the currency of their order: `tenants.order_lines` sees to it.
_LINES = REGISTRY["order"].by_name["lines"]
_OF_THE_ROW = "{t}.currency"
# The one currency of many amounts, which the figure over these has made sure of.
THE_CURRENCY = Figure("currency", "min({x})", lambda found: min(found, default=None), frozenset({Kind.TEXT}))


@dataclass(frozen=True, slots=True)
class Currency(Node):
    """The currency of an amount of the row. Those of all built-in amounts of a record are the same."""

    kind = Kind.TEXT
    written: str
    money: Money = field(compare=False)

    def sql(self, alias: str) -> str:
        return self.money.currency_expression(alias)

    def value(self, row: Mapping[str, Any], occasion: Occasion) -> Any:
        return self.money.currency_value(row)


def currency_of(money: Money) -> Currency:
    return Currency(money.currency, money)


@dataclass(frozen=True, slots=True)
class OneCurrency(Node):
    """The value of ``part`` where the ``currencies`` are all the same, those that are absent left out."""

    part: Node
    currencies: tuple[Node, ...]

    @property
    def kind(self) -> Kind:  # type: ignore[override]
        return self.part.kind

    def sql(self, alias: str) -> str:
        listed = [currency.sql(alias) for currency in self.currencies]
        least, greatest = (f"{name}({', '.join(listed)})" for name in ("least", "greatest"))
        return f"(CASE WHEN {least} IS NOT DISTINCT FROM {greatest} THEN {self.part.sql(alias)} END)"

    def value(self, row: Mapping[str, Any], occasion: Occasion) -> Any:
        found = {currency.value(row, occasion) for currency in self.currencies} - {None}
        return self.part.value(row, occasion) if len(found) < 2 else None


def merged(lists: Sequence[tuple[Node, ...]]) -> tuple[Node, ...]:
    """Each currency once."""
    found: list[Node] = []
    for currencies in lists:
        found.extend(currency for currency in currencies if currency not in found)
    return tuple(found)


def in_one(node: Node, currencies: tuple[Node, ...]) -> Node:
    """The value, absent where the currencies differ."""
    return OneCurrency(node, currencies) if len(currencies) > 1 else node


def the_one(currencies: tuple[Node, ...]) -> Node | None:
    """The currency of a value that :func:`in_one` gives; None for a plain number."""
    return Applied(Kind.TEXT, FIRST, currencies) if len(currencies) > 1 else next(iter(currencies), None)


def over(
    step: Step, figure: Figure, part: Node, currency: Node | None, within: Node = EVERY_ROW
) -> tuple[Node, Node | None]:
    """A figure over many records, and the currency that it is in; ``currency`` is that of ``part`` in each."""
    if currency is None or figure.name == "count":
        return Over(step, figure, part, within), None
    if step.relation is _LINES and isinstance(currency, Currency) and currency.written == _OF_THE_ROW:
        return Over(step, figure, part, within), currency
    return Over(step, figure, part, within, currency), Over(step, THE_CURRENCY, currency, within)
