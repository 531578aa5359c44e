"""The comparison operators, each with its two readings: a SQL predicate and a Python test.

Both readings are two-valued where it counts: a comparison with an absent value is false, ``ne`` and ``notIn`` are true for
an absent value. SQL may answer NULL for false; the condition compiler folds that where it negates.

Relative operators compare with the moment of the call: with a period such as this week, or a span such as 7 days.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tenants.periods import Clock

VALUE, LIST, FLAG = "value", "list", "flag"
PERIOD, SPAN = "period", "span"
DURING = "during"
STARTS_WITH = "startsWith"


@dataclass(frozen=True, slots=True)
class Operator:
    """``argument`` is VALUE, LIST or FLAG; ``sql`` holds ``{x}`` (the expression) and ``{p}`` (the parameter)."""

    name: str
    argument: str
    sql: str
    matches: Callable[[Any, Any], bool]
    description: str
    prepare: Callable[[Any], Any] = lambda value: value


@dataclass(frozen=True, slots=True)
class RelativeOperator:
    """``argument`` is PERIOD or SPAN; ``bounds`` makes of it and a clock the values of ``sql``'s ``{from_}`` and ``{to}``.

    Absent values are never compared.
    """

    name: str
    argument: str
    sql: str
    matches: Callable[[Any, Any, Any], bool]
    bounds: Callable[[Clock, Any], tuple[Any, Any]]
    description: str


_LAST = chr(0x10FFFF)
_LONGER_THAN_ANY = 1_000


def fold(value: str) -> str:
    """Lower case as PostgreSQL's ``lower()`` does it: character by character, never changing the length."""
    return "".join(char.lower()[0] for char in value)


def _like(value: str) -> str:
    return fold(value).replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def prefix_range(value: str) -> tuple[str, str]:
    """From where and to before where the folded texts that start with ``value`` lie, compared code point by code point."""
    least = fold(value)
    kept = least.rstrip(_LAST)
    if not kept:
        return least, _LAST * _LONGER_THAN_ANY
    # No text holds a surrogate.
    following = 0xE000 if kept[-1] == "\ud7ff" else ord(kept[-1]) + 1
    return least, kept[:-1] + chr(following)


def _compare(test: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    return lambda actual, wanted: actual is not None and test(actual, wanted)


EQUALITY = (
    Operator("eq", VALUE, "{x} = {p}", _compare(lambda a, b: bool(a == b)), "Equal to."),
    Operator("ne", VALUE, "{x} IS DISTINCT FROM {p}", lambda a, b: bool(a != b), "Not equal to, or empty."),
)
MEMBERSHIP = (
    Operator("in", LIST, "{x} = ANY({p})", _compare(lambda a, b: a in b), "One of."),
    Operator("notIn", LIST, "({x} IS NULL OR {x} <> ALL({p}))", lambda a, b: a not in b, "None of, or empty."),
)
ORDER = (
    Operator("gt", VALUE, "{x} > {p}", _compare(lambda a, b: bool(a > b)), "Greater than."),
    Operator("gte", VALUE, "{x} >= {p}", _compare(lambda a, b: bool(a >= b)), "Greater than or equal to."),
    Operator("lt", VALUE, "{x} < {p}", _compare(lambda a, b: bool(a < b)), "Less than."),
    Operator("lte", VALUE, "{x} <= {p}", _compare(lambda a, b: bool(a <= b)), "Less than or equal to."),
)
TEXT_SEARCH = (
    Operator(
        "contains",
        VALUE,
        "lower({x}) LIKE {p}",
        _compare(lambda a, b: fold(b) in fold(a)),
        "Contains the text, whatever the case.",
        prepare=lambda value: f"%{_like(value)}%",
    ),
    Operator(
        STARTS_WITH,
        VALUE,
        "lower({x}) LIKE {p}",
        _compare(lambda a, b: fold(a).startswith(fold(b))),
        "Starts with the text, whatever the case.",
        prepare=lambda value: f"{_like(value)}%",
    ),
    Operator(
        "endsWith",
        VALUE,
        "lower({x}) LIKE {p}",
        _compare(lambda a, b: fold(a).endswith(fold(b))),
        "Ends with the text, whatever the case.",
        prepare=lambda value: f"%{_like(value)}",
    ),
)
SETS = (
    Operator(
        "containsAny",
        LIST,
        "{x} && {p}",
        lambda a, b: not set(a or ()).isdisjoint(b),
        "Holds at least one of the values.",
    ),
    Operator(
        "containsAll", LIST, "{x} @> {p}", _compare(lambda a, b: set(a).issuperset(b)), "Holds all of the values."
    ),
)
IS_NULL = (
    Operator("isNull", FLAG, "{x} IS NULL", lambda a, b: (a is None) == b, "True: is empty. False: is not empty."),
)
IS_EMPTY = (
    Operator("isEmpty", FLAG, "coalesce(cardinality({x}), 0) = 0", lambda a, b: (not a) == b, "True: holds no value."),
)
RELATIVE = (
    RelativeOperator(
        DURING,
        PERIOD,
        "{x} >= {from_} AND {x} < {to}",
        lambda a, begin, end: bool(begin <= a < end),
        lambda clock, period: clock.period(period),
        "Within the period of the calendar, in the company's time zone.",
    ),
    RelativeOperator(
        "inLast",
        SPAN,
        "{x} >= {from_} AND {x} <= {to}",
        lambda a, begin, end: bool(begin <= a <= end),
        lambda clock, span: clock.around(span)[:2],
        "Not longer ago than the duration, and not to come; P7D: the last 7 days.",
    ),
    RelativeOperator(
        "inNext",
        SPAN,
        "{x} >= {from_} AND {x} <= {to}",
        lambda a, begin, end: bool(begin <= a <= end),
        lambda clock, span: clock.around(span)[1:],
        "Still to come, within the duration; PT2H: the next 2 hours.",
    ),
    RelativeOperator(
        "olderThan",
        SPAN,
        "{x} < {from_}",
        lambda a, begin, _end: bool(a < begin),
        lambda clock, span: clock.around(span)[:2],
        "Longer ago than the duration; PT0S: in the past.",
    ),
    RelativeOperator(
        "laterThan",
        SPAN,
        "{x} > {to}",
        lambda a, _begin, end: bool(a > end),
        lambda clock, span: clock.around(span)[1:],
        "Further ahead than the duration; PT0S: in the future.",
    ),
)
