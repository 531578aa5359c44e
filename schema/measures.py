"""How much an argument asks for, told from its syntax, the variables in it and the view it names: page sizes, comparisons, items.

Each function returns a plain number, or a :data:`Measure` where variables or views decide.
"""

from collections.abc import Callable, Mapping
from typing import Any

from graphql import IntValueNode, ListValueNode, ObjectValueNode, ValueNode, VariableNode, value_from_ast_untyped

from tenants.config.definitions import View
from tenants.reading.pages import DEFAULT_SIZE, LARGEST_SIZE

CHARACTERS = 1_000
# In comparisons: what one weighs that looks into texts, that asks for a related record, for any of many, or that reckons over them;
# by how much more those of the many weigh that a way up and down again leads to; and how many items of a list are as good as one.
PATTERN = 5
RELATED = 15
QUANTIFIED = 30
AGGREGATED = 70
AGAIN = 5
LONG_LIST = 100
PATTERNS = frozenset({"contains", "startsWith", "endsWith"})
AGGREGATES = frozenset({"count", "sum", "avg", "min", "max"})
QUANTIFIERS = frozenset({"some", "every", "none"})
# What the filter of a relation to many holds, and no other.
LISTED = AGGREGATES | QUANTIFIERS | {"where"}
CONNECTIVES = frozenset({"and", "or", "not", "where", "custom"})

Variables = Mapping[str, Any]
# The views that an operation may name, by id.
Views = Mapping[str, View]
Measure = Callable[[Variables, Views], int]


def comparisons(node: ValueNode) -> int | Measure:
    """What a filter weighs: 1 for each comparison, more for patterns, long lists, relations and aggregates."""
    return _measure(node, _comparisons)


def related_grouping(node: ValueNode) -> int | Measure:
    """1 for the path of a field of a related record, else 0."""
    return _measure(node, grouped_by_related)


def grouped_by_related(path: Any) -> int:
    """The same of a path that is a plain value."""
    return int(isinstance(path, str) and "." in path.removeprefix("custom."))


def related_orderings(node: ValueNode) -> int | Measure:
    """By how many fields of related records a list is sorted."""
    return _measure(node, sorted_by_related)


def sorted_by_related(order: Any) -> int:
    """The same of an ordering that is a plain value."""
    entries = order if isinstance(order, list | tuple) else [order]
    return sum(
        any(isinstance(deeper, dict) for deeper in inner.values()) if name == "custom" else True
        for entry in entries
        if isinstance(entry, dict)
        for name, inner in entry.items()
        if isinstance(inner, dict)
    )


def handed(node: ValueNode) -> int | Measure:
    """How much a value hands over: its list items, and each thousand characters of its texts."""
    return _measure(node, _size)


def of_view(node: ValueNode, count: Callable[[View, Variables], int]) -> Measure:
    """What ``count`` finds in the view that the argument names; 0 where there is none that is known."""

    def measure(variables: Variables, views: Views) -> int:
        view = _named(node, variables, views)
        return count(view, variables) if view else 0

    return measure


def weight(tree: Any) -> int:
    """What a filter weighs that is given as a plain value; see :func:`comparisons`."""
    return _comparisons(tree)


def page_size(arguments: Mapping[str, ValueNode]) -> int | Measure:
    """``first``, or ``last``, within what a page may hold; else the view's size. Other values are refused when they are read."""
    given = [arguments[name] for name in ("first", "last") if name in arguments]
    names = tuple(node.name.value for node in given if isinstance(node, VariableNode))
    literals = [int(node.value) for node in given if isinstance(node, IntValueNode)]
    view = None if literals else arguments.get("view")
    literal = _bounded(literals[0]) if literals else DEFAULT_SIZE
    if not names and view is None:
        return literal

    def size(variables: Variables, views: Views) -> int:
        for name in names:
            value = variables.get(name)
            if isinstance(value, int | float):
                return _bounded(value)
        named = _named(view, variables, views) if view else None
        return named.page_size or literal if named else literal

    return size


def value_of(node: ValueNode, variables: Variables) -> Any:
    """The plain value of an argument in a call."""
    return value_from_ast_untyped(node, dict(variables))


def _named(node: ValueNode, variables: Variables, views: Views) -> View | None:
    return views.get(str(value_of(node, variables)))


def _bounded(value: float) -> int:
    return int(max(0, min(value, LARGEST_SIZE)))


def _measure(node: ValueNode, count: Callable[[Any], int]) -> int | Measure:
    """What ``count`` finds in the value at ``node``, as a number where no variable has a part in it."""
    if isinstance(node, VariableNode):
        name = node.name.value
        return lambda variables, _: count(variables.get(name))
    if not _holds_variables(node):
        return count(value_from_ast_untyped(node))
    return lambda variables, _: count(value_of(node, variables))


def _holds_variables(node: ValueNode) -> bool:
    if isinstance(node, ListValueNode):
        return any(map(_holds_variables, node.values))
    if isinstance(node, ObjectValueNode):
        return any(_holds_variables(field.value) for field in node.fields)
    return isinstance(node, VariableNode)


def _comparisons(value: Any, name: str = "and", up: bool = False, down: bool = False) -> int:
    """``name`` is the key that holds the value; ``up`` and ``down`` tell whether a relation to one, and one to many, led here."""
    if isinstance(value, list):
        return sum(max(1, _comparisons(item, name, up, down)) if isinstance(item, dict) else 0 for item in value)
    if not isinstance(value, dict):
        return 0
    if any(map(_holds_objects, value.values())):
        own = _own(name)
        is_relation = own == RELATED
        to_many = is_relation and not LISTED.isdisjoint(value)
        inside = up or (is_relation and not to_many), down or to_many
        weighed = own + sum(_comparisons(inner, key, *inside) for key, inner in value.items())
        return weighed * AGAIN if to_many and up and down else weighed
    # What compares here is an attribute, unless nothing is asked of any of many, or a figure is.
    own = _own(name) if name in LISTED else 0
    return own + sum(
        PATTERN if operator in PATTERNS else 1 + (len(given) // LONG_LIST if isinstance(given, list) else 0)
        for operator, given in value.items()
    )


def _own(name: str) -> int:
    """What a key weighs itself: one that is nothing else leads to other records."""
    if name in CONNECTIVES:
        return 0
    return AGGREGATED if name in AGGREGATES else QUANTIFIED if name in QUANTIFIERS else RELATED


def _holds_objects(value: Any) -> bool:
    return isinstance(value, dict) or (isinstance(value, list) and any(isinstance(item, dict) for item in value))


def _size(value: Any) -> int:
    if isinstance(value, str):
        return len(value) // CHARACTERS
    if isinstance(value, list):
        return len(value) + sum(map(_size, value))
    return sum(map(_size, value.values())) if isinstance(value, dict) else 0
