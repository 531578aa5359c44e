"""Days."""

import datetime as dt

from tests.field_values.base import Bad, Good

GOOD: Good = (
    ("2024-02-29", dt.date(2024, 2, 29)),
    ("2026-01-01", dt.date(2026, 1, 1)),
    ("9999-12-31", dt.date(9999, 12, 31)),
    (dt.date(2026, 3, 31), dt.date(2026, 3, 31)),
)
BAD: Bad = (
    ("31.03.2026", "value.not_date"),
    ("2026-02-30", "value.not_date"),
    ("2026-3-1", "value.not_date"),
    ("2026-W01-1", "value.not_date"),
    ("0000-01-01", "value.not_date"),
    (20260331, "value.not_date"),
    (dt.datetime(2026, 1, 1, tzinfo=dt.UTC), "value.not_date"),
)
