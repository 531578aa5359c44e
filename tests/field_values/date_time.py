"""Moments."""

import datetime as dt

from tests.field_values.base import Bad, Good

GOOD: Good = (
    ("2026-01-01T00:00:00Z", dt.datetime(2026, 1, 1, tzinfo=dt.UTC)),
    ("2026-03-31T14:30:00+08:00", dt.datetime(2026, 3, 31, 6, 30, tzinfo=dt.UTC)),
    ("2026-03-31T14:30:00.000001-05:30", dt.datetime(2026, 3, 31, 20, 0, 0, 1, tzinfo=dt.UTC)),
)
BAD: Bad = (
    ("2026-03-31", "value.not_date_time"),
    ("now", "value.not_date_time"),
    ("2026-03-31T25:00:00Z", "value.not_date_time"),
    ("9999-12-31T23:59:59-12:00", "value.not_date_time"),
    (0, "value.not_date_time"),
    ("2026-03-31T14:30:00", "value.no_offset"),
)
