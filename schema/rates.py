"""What choosing and sorting the records of a page costs; :mod:`schema.costs` explains the figures."""

from collections.abc import Mapping
from dataclasses import dataclass

from graphql import ValueNode

from schema.measures import (
    Measure,
    Variables,
    Views,
    comparisons,
    grouped_by_related,
    of_view,
    related_grouping,
    related_orderings,
    sorted_by_related,
    value_of,
    weight,
)
from tenants.config.definitions import View


@dataclass(frozen=True, slots=True)
class Estimate:
    """Microseconds: a fixed part, and parts that a number known with the variables multiplies."""

    fixed: int = 0
    parts: tuple[tuple[Measure, "Estimate"], ...] = ()

    def of(self, variables: Variables, views: Views) -> int:
        total = self.fixed
        for measure, each in self.parts:
            total += measure(variables, views) * each.of(variables, views)
        return total

    def __add__(self, other: "Estimate") -> "Estimate":
        return Estimate(self.fixed + other.fixed, self.parts + other.parts)

    def times(self, factor: int | Measure) -> "Estimate":
        if isinstance(factor, int):
            return Estimate(self.fixed * factor, tuple((measure, each.times(factor)) for measure, each in self.parts))
        return Estimate(0, ((factor, self),))


@dataclass(frozen=True, slots=True)
class Rates:
    """What a page costs beside its records, in microseconds."""

    page: int
    filter: int
    comparison: int
    ordering: int
    related_ordering: int
    search: int
    count: int


ROOT = Rates(
    page=100,
    filter=4_000,
    comparison=4_000,
    ordering=40_000,
    related_ordering=160_000,
    search=50_000,
    count=20_000,
)
INNER = Rates(page=50, filter=100, comparison=20, ordering=50, related_ordering=100, search=1_000, count=200)


def chosen(arguments: Mapping[str, ValueNode], rates: Rates, *, looks: int = 1, grouped: bool = False) -> Estimate:
    """What it costs to choose and to sort the records of a page, or to put them into groups, if each is looked at so often."""
    total = Estimate()
    if "search" in arguments:
        total += Estimate(rates.search)
    if "orderBy" in arguments:
        total += Estimate(rates.ordering)
        total += Estimate(rates.related_ordering).times(related_orderings(arguments["orderBy"]))
    if "groupBy" in arguments:
        total += Estimate(rates.related_ordering).times(related_grouping(arguments["groupBy"]))
    compared = Estimate(rates.comparison * looks)
    if "where" in arguments:
        total += Estimate(rates.filter) + compared.times(comparisons(arguments["where"]))
    if "view" in arguments:
        total += compared.times(of_view(arguments["view"], lambda view, _: weight(view.where)))
        order = _grouping if grouped else _ordering
        total += Estimate(1).times(of_view(arguments["view"], lambda view, _: _choice(view, arguments, rates)))
        total += Estimate(1).times(of_view(arguments["view"], lambda view, given: order(view, arguments, given, rates)))
    return total


def _choice(view: View, given: Mapping[str, ValueNode], rates: Rates) -> int:
    """What a view's filter and search cost where none are given beside it, but for comparisons."""
    filtered = rates.filter if view.where and "where" not in given else 0
    return filtered + (rates.search if view.search and "search" not in given else 0)


def _ordering(view: View, given: Mapping[str, ValueNode], variables: Variables, rates: Rates) -> int:
    """What a view's ordering costs beside the given one: one that comes to nothing leaves the view's in force."""
    if not view.order_by or ("orderBy" in given and value_of(given["orderBy"], variables)):
        return 0
    own = 0 if "orderBy" in given else rates.ordering
    return own + rates.related_ordering * sorted_by_related(view.order_by)


def _grouping(view: View, given: Mapping[str, ValueNode], variables: Variables, rates: Rates) -> int:
    """What a view's grouping costs beside the given one."""
    if "groupBy" in given and value_of(given["groupBy"], variables):
        return 0
    return rates.related_ordering * grouped_by_related(view.group_by)
