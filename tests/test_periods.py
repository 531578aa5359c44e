"""Periods and spans: weeks, quarters and leap days, in zones where a day has 23, 25 or no midnight hours."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenants.periods import PERIODS, Days, Moments, Span, parse_period, parse_span, period_days

ZONES = ("UTC", "Asia/Shanghai", "America/New_York", "Australia/Lord_Howe", "Africa/Cairo", "America/Sao_Paulo")


@pytest.mark.parametrize(
    ("period", "first", "following"),
    [
        ("today", "2026-01-01", "2026-01-02"),
        ("yesterday", "2025-12-31", "2026-01-01"),
        ("tomorrow", "2026-01-02", "2026-01-03"),
        ("this_week", "2025-12-29", "2026-01-05"),
        ("last_week", "2025-12-22", "2025-12-29"),
        ("next_week", "2026-01-05", "2026-01-12"),
        ("this_month", "2026-01-01", "2026-02-01"),
        ("last_month", "2025-12-01", "2026-01-01"),
        ("next_month", "2026-02-01", "2026-03-01"),
        ("this_quarter", "2026-01-01", "2026-04-01"),
        ("last_quarter", "2025-10-01", "2026-01-01"),
        ("next_quarter", "2026-04-01", "2026-07-01"),
        ("this_year", "2026-01-01", "2027-01-01"),
        ("last_year", "2025-01-01", "2026-01-01"),
        ("next_year", "2027-01-01", "2028-01-01"),
    ],
)
def test_periods_around_new_year(period: str, first: str, following: str) -> None:
    assert period_days(period, date(2026, 1, 1)) == (date.fromisoformat(first), date.fromisoformat(following))


@given(st.dates(date(1900, 1, 1), date(2200, 1, 1)), st.sampled_from(("week", "month", "quarter", "year")))
def test_periods_follow_each_other(today: date, unit: str) -> None:
    """Last, this and next touch, and today is in this one."""
    last, this, following = (period_days(f"{which}_{unit}", today) for which in ("last", "this", "next"))
    assert (last[1], this[1]) == (this[0], following[0])
    assert this[0] <= today < this[1]
    assert unit != "week" or this[0].isoweekday() == 1


@given(st.integers(946_684_800, 2_208_988_800), st.sampled_from(ZONES))
def test_the_days_of_a_zone_cover_time(second: int, zone: str) -> None:
    """Yesterday, today and tomorrow touch, and now is within today, whatever the clocks do."""
    now = datetime.fromtimestamp(second, UTC)
    clock = Moments(now, zone)
    yesterday, today, tomorrow = (clock.period(period) for period in ("yesterday", "today", "tomorrow"))
    assert (yesterday[1], today[1]) == (today[0], tomorrow[0])
    assert today[0] <= now < today[1]
    assert today[1] - today[0] in {timedelta(hours=hours) for hours in (23, 23.5, 24, 24.5, 25)}


@pytest.mark.parametrize(
    ("zone", "now", "begin", "end"),
    [
        ("America/New_York", "2026-03-08T12:00:00Z", "2026-03-08T05:00:00Z", "2026-03-09T04:00:00Z"),
        ("America/New_York", "2026-11-01T12:00:00Z", "2026-11-01T04:00:00Z", "2026-11-02T05:00:00Z"),
        # In Cairo the clocks go from 00:00 to 01:00: the day begins at one.
        ("Africa/Cairo", "2026-04-24T12:00:00Z", "2026-04-23T22:00:00Z", "2026-04-24T21:00:00Z"),
        ("Asia/Shanghai", "2026-01-31T20:00:00Z", "2026-01-31T16:00:00Z", "2026-02-01T16:00:00Z"),
    ],
)
def test_today_where_clocks_change(zone: str, now: str, begin: str, end: str) -> None:
    found = Moments(datetime.fromisoformat(now), zone).period("today")
    assert found == (datetime.fromisoformat(begin), datetime.fromisoformat(end))


@pytest.mark.parametrize(
    ("text", "before", "after"),
    [
        ("P1D", "2026-03-07T17:30:00Z", "2026-03-09T16:30:00Z"),
        ("PT24H", "2026-03-07T16:30:00Z", "2026-03-09T16:30:00Z"),
        ("P1M", "2026-02-08T17:30:00Z", "2026-04-08T16:30:00Z"),
        ("P1W", "2026-03-01T17:30:00Z", "2026-03-15T16:30:00Z"),
        ("PT0S", "2026-03-08T16:30:00Z", "2026-03-08T16:30:00Z"),
    ],
)
def test_days_go_by_the_calendar_and_hours_by_the_clock(text: str, before: str, after: str) -> None:
    """On the day that New York's clocks went forward."""
    now = datetime(2026, 3, 8, 16, 30, tzinfo=UTC)
    found = Moments(now, "America/New_York").around(parse_span(text))
    assert found == (datetime.fromisoformat(before), now, datetime.fromisoformat(after))


def test_months_end_where_they_end() -> None:
    clock = Days(datetime(2024, 3, 31, 12, tzinfo=UTC), "UTC")
    assert clock.around(parse_span("P1M")) == (date(2024, 2, 29), date(2024, 3, 31), date(2024, 4, 30))
    assert clock.around(parse_span("P1Y")) == (date(2023, 3, 31), date(2024, 3, 31), date(2025, 3, 31))
    # It is tomorrow already in Shanghai.
    late = Days(datetime(2024, 3, 31, 23, tzinfo=UTC), "Asia/Shanghai")
    assert late.around(parse_span("P0D"))[1] == date(2024, 4, 1)


def test_durations() -> None:
    assert parse_span(" P1Y2M3W4DT5H6M7S ") == Span(14, 25, 5 * 3600 + 6 * 60 + 7)
    assert parse_span("P100Y") == Span(1200, 0, 0)
    for bad in (
        "",
        "P",
        "PT",
        "P1",
        "1D",
        "P1H",
        "P1DT",
        "p1d",
        "P-1D",
        "+P1D",
        "P1.5D",
        "P101Y",
        "PT9999999999S",
        "P１D",
        7,
        None,
    ):
        with pytest.raises(ValueError):  # noqa: PT011  (the caller says what was wrong)
            parse_span(bad)


def test_periods_are_read_in_any_case() -> None:
    assert [parse_period(period.upper()) for period in PERIODS] == list(PERIODS)
    assert len(PERIODS) == 15
    for bad in ("", "this", "this_hour", "week_this", None, 3):
        with pytest.raises(ValueError):  # noqa: PT011  (the caller says what was wrong)
            parse_period(bad)
