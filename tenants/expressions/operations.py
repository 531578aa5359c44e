"""What can be done with the values of an expression, in both readings.

Texts compare code point by code point; days and times of day go by the calendar of the company's time zone. What would leave the years
1 to 9999, or those from 2 to 9998 of a moment, is absent.
"""

import calendar
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any
from zoneinfo import ZoneInfo

from tenants.expressions.nodes import PLACES, QUOTIENT_PLACES, TOP, WIDE_ONE, Figure, Kind, Operation, quoted
from tenants.field_types.operators import fold

MOST_DAYS = 1_000_000
MOST_MONTHS = 30_000
_PLACE = Decimal(1).scaleb(-PLACES)
_QUOTIENT_PLACE = Decimal(1).scaleb(-QUOTIENT_PLACES)
_FIRST_MOMENT, _LAST_MOMENT = datetime(2, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)


def between_sql(sql: str, below: str, above: str) -> str:
    """The value where it lies between the two, which it may not be; NULL elsewhere. Names the value once."""
    return f"nullif(nullif(least(greatest({sql}, {below}), {above}), {below}), {above})"


def kept_sql(sql: str) -> str:
    return between_sql(sql, "(-1e20)", "1e20")


def kept(number: Decimal) -> Decimal | None:
    return number if abs(number) < TOP else None


def _quotient(one: Decimal, other: Decimal) -> Decimal | None:
    return kept((one / other).quantize(_QUOTIENT_PLACE)) if other else None


ARITHMETIC = {
    "+": Operation(lambda a, b: kept_sql(f"{a} + {b}"), lambda a, b: kept(a + b)),
    "-": Operation(lambda a, b: kept_sql(f"{a} - {b}"), lambda a, b: kept(a - b)),
    "*": Operation(lambda a, b: kept_sql(f"round({a} * {b}, {PLACES})"), lambda a, b: kept((a * b).quantize(_PLACE))),
    "/": Operation(lambda a, b: kept_sql(f"round({a} * {WIDE_ONE} / nullif({b}, 0), {QUOTIENT_PLACES})"), _quotient),
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
AND = Operation(
    lambda a, b: f"(coalesce({a}, FALSE) AND coalesce({b}, FALSE))", lambda a, b: bool(a and b), strict=False
)
OR = Operation(lambda a, b: f"(coalesce({a}, FALSE) OR coalesce({b}, FALSE))", lambda a, b: bool(a or b), strict=False)
NOT = Operation(lambda a: f"(NOT {a})", lambda a: not a)


ONE_OF = Operation(lambda a, *listed: f"({a} IN ({', '.join(listed)}))", lambda a, *listed: a in listed)


def rounded(places: int) -> Operation:
    unit = Decimal(1).scaleb(-places)
    return Operation(lambda a: f"round({a}, {places})", lambda a: a.quantize(unit))


FLOOR = Operation(lambda a: f"floor({a})", lambda a: a.to_integral_value(ROUND_FLOOR))
CEILING = Operation(lambda a: f"ceil({a})", lambda a: a.to_integral_value(ROUND_CEILING))
ABSOLUTE = Operation(lambda a: f"abs({a})", abs)


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
LOWER = Operation(lambda a: f"lower({a})", fold)
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


NO_TEXT = Operation(lambda a: f"(coalesce({a}, '') = '')", lambda a: not a, strict=False)
NO_KEYS = Operation(lambda a: f"(coalesce(cardinality({a}), 0) = 0)", lambda a: not a, strict=False)
NOTHING = Operation(lambda a: f"({a} IS NULL)", lambda a: a is None, strict=False)


def _day_sql(sql: str) -> str:
    return between_sql(sql, "'0001-12-31 BC'::date", "'10000-01-01'::date")


def _moment_sql(sql: str) -> str:
    return between_sql(sql, "'0001-12-31 23:59:59.999999Z'::timestamptz", "'9999-01-01 00:00:00Z'::timestamptz")


def _count_sql(sql: str, most: int) -> str:
    """A whole number within bounds, as PostgreSQL's functions of the calendar take it."""
    return f"{between_sql(f'floor({sql})', f'-{most}', str(most))}::integer"


def _count(number: Decimal, most: int) -> int | None:
    whole = int(number.to_integral_value(ROUND_FLOOR))
    return whole if abs(whole) < most else None


def _plus_days(day: date, number: Decimal) -> date | None:
    count = _count(number, MOST_DAYS)
    try:
        return None if count is None else day + timedelta(days=count)
    except OverflowError:
        return None


def _plus_months(day: date, number: Decimal) -> date | None:
    count = _count(number, MOST_MONTHS)
    if count is None:
        return None
    year, month = divmod(12 * day.year + day.month - 1 + count, 12)
    if not 1 <= year <= 9999:
        return None
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


ADD_DAYS = Operation(lambda a, n: _day_sql(f"({a} + {_count_sql(n, MOST_DAYS)})"), _plus_days)
ADD_MONTHS = Operation(
    lambda a, n: _day_sql(f"({a} + make_interval(months => {_count_sql(n, MOST_MONTHS)}))::date"), _plus_months
)


def _along_calendar(unit: str, most: int, moved: Callable[[date, Decimal], date | None]) -> Callable[[str], Operation]:
    """The same time of another day in a time zone: where the clock shows it twice the later one, and where it skips it as much later."""

    def operation(zone: str) -> Operation:
        place = ZoneInfo(zone)

        def value(moment: datetime, number: Decimal) -> datetime | None:
            try:
                local = moment.astimezone(place)
                day = moved(local.date(), number)
                if day is None:
                    return None
                shown = datetime.combine(day, local.time(), place)
                found = max(shown.replace(fold=fold_).astimezone(UTC) for fold_ in (0, 1))
            except OverflowError:
                return None
            return found if _FIRST_MOMENT <= found < _LAST_MOMENT else None

        def sql(moment: str, number: str) -> str:
            local = f"({moment} AT TIME ZONE {quoted(zone)})"
            return _moment_sql(
                f"(({local} + make_interval({unit} => {_count_sql(number, most)})) AT TIME ZONE {quoted(zone)})"
            )

        return Operation(sql, value)

    return operation


add_days_to_moment = _along_calendar("days", MOST_DAYS, _plus_days)
add_months_to_moment = _along_calendar("months", MOST_MONTHS, _plus_months)


def day_of(zone: str) -> Operation:
    """The day of a moment, as the calendar on the wall has it."""
    place = ZoneInfo(zone)

    def value(moment: datetime) -> date | None:
        try:
            return moment.astimezone(place).date()
        except OverflowError:
            return None

    return Operation(lambda a: _day_sql(f"({a} AT TIME ZONE {quoted(zone)})::date"), value)


def part_of_day(field: str, value: Callable[[date], int]) -> Operation:
    return Operation(lambda a: f"extract({field} FROM {a})::numeric", lambda a: Decimal(value(a)))


YEAR = part_of_day("year", lambda day: day.year)
MONTH = part_of_day("month", lambda day: day.month)
DAY = part_of_day("day", lambda day: day.day)
WEEKDAY = part_of_day("isodow", lambda day: day.isoweekday())
DAYS_BETWEEN = Operation(lambda a, b: f"({b} - {a})::numeric", lambda a, b: Decimal((b - a).days))


def _hours(one: datetime, other: datetime) -> Decimal | None:
    return _quotient(Decimal((other - one) // timedelta(microseconds=1)), Decimal(3_600_000_000))


HOURS_BETWEEN = Operation(
    lambda a, b: f"round(extract(epoch FROM {b} - {a}) * {WIDE_ONE} / 3600, {QUOTIENT_PLACES})", _hours
)

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
            lambda found: _quotient(sum(found, Decimal()), Decimal(len(found))),
            _NUMBERS,
            Kind.NUMBER,
        ),
        Figure("min", "min({x})", lambda found: min(found, default=None), _ORDERED),
        Figure("max", "max({x})", lambda found: max(found, default=None), _ORDERED),
    )
}
