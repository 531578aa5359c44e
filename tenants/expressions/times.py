"""What can be done with days and moments, in both readings: they go by the calendar of the company's time zone.

What would leave the years 1 to 9999, or those from 2 to 9998 of a moment, is absent.
"""

import calendar
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_FLOOR, Decimal
from zoneinfo import ZoneInfo

from tenants.expressions.nodes import QUOTIENT_PLACES, WIDE_ONE, Operation, quoted
from tenants.expressions.operations import between_sql, quotient

MOST_DAYS = 1_000_000
MOST_MONTHS = 30_000
MOST_SECONDS = 2_000_000_000
_FIRST_MOMENT, _LAST_MOMENT = datetime(2, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)


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


def add_time(seconds: int) -> Operation:
    """Later by a number of units of so many seconds each, to the whole second."""

    def value(moment: datetime, number: Decimal) -> datetime | None:
        count = _count((number * seconds).quantize(Decimal(1)), MOST_SECONDS)
        if count is None:
            return None
        try:
            found = moment.astimezone(UTC) + timedelta(seconds=count)
        except OverflowError:
            return None
        return found if _FIRST_MOMENT <= found < _LAST_MOMENT else None

    def sql(moment: str, number: str) -> str:
        count = _count_sql(f"round({number} * {seconds})", MOST_SECONDS)
        return _moment_sql(f"({moment} + make_interval(secs => {count}))")

    return Operation(sql, value)


ADD_HOURS = add_time(3_600)
ADD_MINUTES = add_time(60)


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
QUARTER = part_of_day("quarter", lambda day: (day.month + 2) // 3)
WEEK = part_of_day("week", lambda day: day.isocalendar().week)
FIRST_OF_MONTH = Operation(lambda a: f"date_trunc('month', {a}::timestamp)::date", lambda a: a.replace(day=1))
LAST_OF_MONTH = Operation(
    lambda a: f"(date_trunc('month', {a}::timestamp) + interval '1 month -1 day')::date",
    lambda a: a.replace(day=calendar.monthrange(a.year, a.month)[1]),
)


def hour_of(zone: str) -> Operation:
    """The hour that the clock on the wall shows."""
    place = ZoneInfo(zone)
    return Operation(
        lambda a: f"extract(hour FROM ({a} AT TIME ZONE {quoted(zone)}))::numeric",
        lambda a: Decimal(a.astimezone(place).hour),
    )


# How a day is written: in the words of a pattern, in PostgreSQL's, and in Python.
_WRITTEN: dict[str, tuple[str, Callable[[date], str]]] = {
    "YYYY": ("YYYY", lambda day: f"{day.year:04}"),
    "YY": ("YY", lambda day: f"{day.year % 100:02}"),
    "MM": ("MM", lambda day: f"{day.month:02}"),
    "M": ("FMMM", lambda day: str(day.month)),
    "DD": ("DD", lambda day: f"{day.day:02}"),
    "D": ("FMDD", lambda day: str(day.day)),
}
_WORDS = re.compile(r"Y+|M+|D+|[^A-Za-z\"\\]+")


def written(pattern: str) -> Operation | None:
    """A day as text, such as ``DD.MM.YYYY``; None for a pattern with letters that mean nothing."""
    words = _WORDS.findall(pattern)
    if "".join(words) != pattern or any(word[:1] in "YMD" and word not in _WRITTEN for word in words):
        return None
    form = "".join(_WRITTEN[word][0] if word in _WRITTEN else f'"{word}"' for word in words)
    return Operation(
        lambda a: f"to_char({a}, {quoted(form)})",
        lambda day: "".join(_WRITTEN[word][1](day) if word in _WRITTEN else word for word in words),
    )


def _full_years(one: date, other: date) -> int:
    if other < one:
        return -_full_years(other, one)
    return other.year - one.year - ((other.month, other.day) < (one.month, one.day))


YEARS_BETWEEN = Operation(
    lambda a, b: f"extract(year FROM age({b}::timestamp, {a}::timestamp))::numeric",
    lambda a, b: Decimal(_full_years(a, b)),
)
DAYS_BETWEEN = Operation(lambda a, b: f"({b} - {a})::numeric", lambda a, b: Decimal((b - a).days))


def _hours(one: datetime, other: datetime) -> Decimal | None:
    return quotient(Decimal((other - one) // timedelta(microseconds=1)), Decimal(3_600_000_000))


HOURS_BETWEEN = Operation(
    lambda a, b: f"round(extract(epoch FROM {b} - {a}) * {WIDE_ONE} / 3600, {QUOTIENT_PLACES})", _hours
)
