"""Times told from now: periods of the calendar ("this week") and spans ("in the last 7 days").

Everything is counted in the tenant's time zone, so that a day may have 23 or 25 hours. Weeks begin on Monday (ISO 8601).
Spans are durations by ISO 8601, such as P7D, P1M or PT2H: years, months, weeks and days go by the calendar, hours, minutes and
seconds by the clock.
"""

import re
from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

DAYS = {"yesterday": -1, "today": 0, "tomorrow": 1}
WHICH = {"last": -1, "this": 0, "next": 1}
UNITS = ("week", "month", "quarter", "year")
PERIODS = (*DAYS, *(f"{which}_{unit}" for unit in UNITS for which in WHICH))
LONGEST_YEARS = 100
_DURATION = re.compile(
    r"P(?=[\dT])(?:(\d{1,4})Y)?(?:(\d{1,4})M)?(?:(\d{1,4})W)?(?:(\d{1,5})D)?"
    r"(?:T(?=\d)(?:(\d{1,6})H)?(?:(\d{1,8})M)?(?:(\d{1,10})S)?)?",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Span:
    """A length of time: months and days of the calendar, then seconds of the clock."""

    months: int
    days: int
    seconds: int


def parse_span(value: Any) -> Span:
    """The span of an ISO 8601 duration. Raises ``ValueError`` for anything else, and beyond 100 years."""
    match = _DURATION.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise ValueError(value)
    years, months, weeks, days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    span = Span(12 * years + months, 7 * weeks + days, 3600 * hours + 60 * minutes + seconds)
    if span.months / 12 + span.days / 365 + span.seconds / 31_536_000 > LONGEST_YEARS:
        raise ValueError(value)
    return span


def parse_period(value: Any) -> str:
    """The key of a period, in any case. Raises ``ValueError``."""
    key = value.lower() if isinstance(value, str) else ""
    if key not in PERIODS:
        raise ValueError(value)
    return key


def add_months(day: date, months: int) -> date:
    """The same day so many months on; where that month is shorter, its last day."""
    count = 12 * day.year + day.month - 1 + months
    first = date(count // 12, count % 12 + 1, 1)
    following = date((count + 1) // 12, (count + 1) % 12 + 1, 1)
    return first + timedelta(days=min(day.day, (following - first).days) - 1)


def period_days(period: str, today: date) -> tuple[date, date]:
    """The first day of a period and the first day after it."""
    if period in DAYS:
        first = today + timedelta(days=DAYS[period])
        return first, first + timedelta(days=1)
    which, unit = period.split("_")
    step = WHICH[which]
    if unit == "week":
        first = today - timedelta(days=today.weekday()) + timedelta(weeks=step)
        return first, first + timedelta(weeks=1)
    months = {"month": 1, "quarter": 3, "year": 12}[unit]
    begun = today.replace(day=1, month=(today.month - 1) // months * months + 1)
    first = add_months(begun, step * months)
    return first, add_months(first, months)


class Clock(ABC):
    """One moment, seen from one time zone, in the values of one field type."""

    def __init__(self, now: datetime, zone: str) -> None:
        self.now = now
        self.zone = ZoneInfo(zone)
        self.local = now.astimezone(self.zone)

    @abstractmethod
    def period(self, period: str) -> tuple[Any, Any]:
        """Where a period begins and where the next begins."""

    @abstractmethod
    def around(self, span: Span) -> tuple[Any, Any, Any]:
        """So long ago, now, and so long from now."""


class Days(Clock):
    """For calendar days."""

    def period(self, period: str) -> tuple[date, date]:
        return period_days(period, self.local.date())

    def around(self, span: Span) -> tuple[date, date, date]:
        today = self.local.date()
        return _moved(today, span, -1), today, _moved(today, span, 1)


class Moments(Clock):
    """For moments in time, in UTC."""

    def period(self, period: str) -> tuple[datetime, datetime]:
        first, following = period_days(period, self.local.date())
        return self._begin(first), self._begin(following)

    def around(self, span: Span) -> tuple[datetime, datetime, datetime]:
        return self._moved(span, -1), self.now.astimezone(UTC), self._moved(span, 1)

    def _begin(self, day: date) -> datetime:
        # Where a day begins later or twice, the zone's rules give the moment that the day before ends.
        return datetime.combine(day, time(), self.zone).astimezone(UTC)

    def _moved(self, span: Span, sign: int) -> datetime:
        moment = self.now
        if span.months or span.days:
            day = _moved(self.local.date(), span, sign)
            moment = datetime.combine(day, self.local.timetz()).replace(fold=self.local.fold)
        return moment.astimezone(UTC) + timedelta(seconds=sign * span.seconds)


def _moved(day: date, span: Span, sign: int) -> date:
    return add_months(day, sign * span.months) + timedelta(days=sign * span.days)
