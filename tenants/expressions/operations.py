"""What can be done with the values of an expression, in both readings.

Texts compare code point by code point.
"""

from collections.abc import Callable, Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any

from tenants.expressions.nodes import PLACES, QUOTIENT_PLACES, TOP, WIDE_ONE, Figure, Kind, Operation
from tenants.field_types.operators import fold

_PLACE = Decimal(1).scaleb(-PLACES)
_QUOTIENT_PLACE = Decimal(1).scaleb(-QUOTIENT_PLACES)


def between_sql(sql: str, below: str, above: str) -> str:
    """The value where it lies between the two, which it may not be; NULL elsewhere. Names the value once."""
    return f"nullif(nullif(least(greatest({sql}, {below}), {above}), {below}), {above})"


def kept_sql(sql: str) -> str:
    return between_sql(sql, "(-1e20)", "1e20")


def kept(number: Decimal) -> Decimal | None:
    return number if abs(number) < TOP else None


def quotient(one: Decimal, other: Decimal) -> Decimal | None:
    return kept((one / other).quantize(_QUOTIENT_PLACE)) if other else None


ARITHMETIC = {
    "+": Operation(lambda a, b: kept_sql(f"{a} + {b}"), lambda a, b: kept(a + b)),
    "-": Operation(lambda a, b: kept_sql(f"{a} - {b}"), lambda a, b: kept(a - b)),
    "*": Operation(lambda a, b: kept_sql(f"round({a} * {b}, {PLACES})"), lambda a, b: kept((a * b).quantize(_PLACE))),
    "/": Operation(lambda a, b: kept_sql(f"round({a} * {WIDE_ONE} / nullif({b}, 0), {QUOTIENT_PLACES})"), quotient),
}
NEGATIVE = Operation(lambda a: f"(-{a})", lambda a: -a)


def _comparison(sign: str, test: Callable[[Any, Any], bool]) -> tuple[Operation, Operation]:
    """For texts, and for all else."""
    return (
        Operation(lambda a, b: f'({a} COLLATE "C" {sign} {b} COLLATE "C")', test),
        Operation(lambda a, b: f"({a} {sign} {b})", test),
    )


COMPARISONS = {
    "=": _comparison("=", lambda a, b: bool(a == b)),
    "!=": _comparison("<>", lambda a, b: bool(a != b)),
    "<": _comparison("<", lambda a, b: bool(a < b)),
    "<=": _comparison("<=", lambda a, b: bool(a <= b)),
    ">": _comparison(">", lambda a, b: bool(a > b)),
    ">=": _comparison(">=", lambda a, b: bool(a >= b)),
}


def both(one: bool | None, other: bool | None) -> bool | None:
    """Whether both flags are true, where what is absent may be either."""
    if one is False or other is False:
        return False
    return None if one is None or other is None else True


def either(one: bool | None, other: bool | None) -> bool | None:
    """Whether one of the flags is true, where what is absent may be either."""
    if one is True or other is True:
        return True
    return None if one is None or other is None else False


AND = Operation(lambda a, b: f"({a} AND {b})", both, strict=False)
OR = Operation(lambda a, b: f"({a} OR {b})", either, strict=False)
NOT = Operation(lambda a: f"(NOT {a})", lambda a: not a)


ONE_OF = Operation(lambda a, *listed: f"({a} IN ({', '.join(listed)}))", lambda a, *listed: a in listed)


def rounded(places: int) -> Operation:
    unit = Decimal(1).scaleb(-places)
    return Operation(lambda a: f"round({a}, {places})", lambda a: a.quantize(unit))


FLOOR = Operation(lambda a: f"floor({a})", lambda a: a.to_integral_value(ROUND_FLOOR))
CEILING = Operation(lambda a: f"ceil({a})", lambda a: a.to_integral_value(ROUND_CEILING))
ABSOLUTE = Operation(lambda a: f"abs({a})", abs)
REMAINDER = Operation(lambda a, b: f"mod({a}, nullif({b}, 0))", lambda a, b: a % b if b else None)


def _present(choose: Callable[[Sequence[Any]], Any]) -> Callable[..., Any]:
    def chosen(*values: Any) -> Any:
        found = [value for value in values if value is not None]
        return choose(found) if found else None

    return chosen


LEAST = Operation(lambda *a: f"least({', '.join(a)})", _present(min), strict=False)
GREATEST = Operation(lambda *a: f"greatest({', '.join(a)})", _present(max), strict=False)
FIRST = Operation(lambda *a: f"coalesce({', '.join(a)})", _present(lambda found: found[0]), strict=False)


def _plain_number(number: Decimal) -> str:
    # No number has a sign that its value does not have.
    return format(number.normalize() + 0, "f")


NUMBER_TEXT = Operation(lambda a: f"trim_scale({a})::text", _plain_number)
DAY_TEXT = Operation(lambda a: f"to_char({a}, 'YYYY-MM-DD')", lambda a: str(a.isoformat()))
CONCAT = Operation(
    lambda *a: f"nullif(concat({', '.join(a)}), '')",
    lambda *a: "".join(value for value in a if value is not None) or None,
    strict=False,
)


def capitals(value: str) -> str:
    """Upper case as PostgreSQL's ``upper()`` does it: character by character, never changing the length."""
    return "".join(next((large for large in (char.upper(), char.title()) if len(large) == 1), char) for char in value)


LOWER = Operation(lambda a: f"lower({a})", fold)
UPPER = Operation(lambda a: f"upper({a})", capitals)
TRIM = Operation(lambda a: f"nullif(btrim({a}), '')", lambda a: a.strip(" ") or None)
LENGTH = Operation(lambda a: f"coalesce(length({a}), 0)::numeric", lambda a: Decimal(len(a or "")), strict=False)
CONTAINS = Operation(lambda a, b: f"(strpos(lower({a}), lower({b})) > 0)", lambda a, b: fold(b) in fold(a))
STARTS_WITH = Operation(lambda a, b: f"starts_with(lower({a}), lower({b}))", lambda a, b: fold(a).startswith(fold(b)))
ENDS_WITH = Operation(
    lambda a, b: f"starts_with(reverse(lower({a})), reverse(lower({b})))", lambda a, b: fold(a).endswith(fold(b))
)
HOLDS = Operation(lambda a, b: f"({b} = ANY({a}))", lambda a, b: b in a)


def left(count: int) -> Operation:
    return Operation(lambda a: f"nullif(left({a}, {count}), '')", lambda a: a[:count] or None)


def right(count: int) -> Operation:
    return Operation(lambda a: f"nullif(right({a}, {count}), '')", lambda a: (a[-count:] if count else "") or None)


def middle(start: int, count: int) -> Operation:
    """So many characters from the one at ``start`` on, counted from 1."""
    return Operation(
        lambda a: f"nullif(substr({a}, {start}, {count}), '')", lambda a: a[start - 1 : start - 1 + count] or None
    )


def with_places(places: int) -> Operation:
    """A number as text, with exactly so many places."""
    unit = Decimal(1).scaleb(-places)
    # No number has a sign that its value does not have.
    return Operation(lambda a: f"round({a}, {places})::text", lambda a: format(a.quantize(unit) + 0, "f"))


NO_TEXT = Operation(lambda a: f"(coalesce({a}, '') = '')", lambda a: not a, strict=False)
NO_KEYS = Operation(lambda a: f"(coalesce(cardinality({a}), 0) = 0)", lambda a: not a, strict=False)
NOTHING = Operation(lambda a: f"({a} IS NULL)", lambda a: a is None, strict=False)


_NUMBERS = frozenset({Kind.NUMBER})
_ORDERED = frozenset({Kind.NUMBER, Kind.DAY, Kind.MOMENT})
FIGURES = {
    figure.name: figure
    for figure in (
        Figure("count", "count({x})::numeric", lambda found: Decimal(len(found)), frozenset(Kind), Kind.NUMBER),
        Figure(
            "sum", kept_sql("coalesce(sum({x}), 0)"), lambda found: kept(sum(found, Decimal())), _NUMBERS, Kind.NUMBER
        ),
        Figure(
            "avg",
            kept_sql(f"round(sum({{x}}) * {WIDE_ONE} / nullif(count({{x}}), 0), {QUOTIENT_PLACES})"),
            lambda found: quotient(sum(found, Decimal()), Decimal(len(found))),
            _NUMBERS,
            Kind.NUMBER,
        ),
        Figure("min", "min({x})", lambda found: min(found, default=None), _ORDERED),
        Figure("max", "max({x})", lambda found: max(found, default=None), _ORDERED),
    )
}
