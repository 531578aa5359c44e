"""Times of day."""

import datetime as dt

from tests.field_values.base import Bad, Good

GOOD: Good = (
    ("00:00", dt.time(0)),
    ("14:30:05", dt.time(14, 30, 5)),
    (" 23:59:59 ", dt.time(23, 59, 59)),
    (dt.time(8), dt.time(8)),
)
BAD: Bad = (
    ("24:00", "value.not_time"),
    ("8:00", "value.not_time"),
    ("08:00:00.5", "value.not_time"),
    ("08:00+01:00", "value.not_time"),
    ("8 pm", "value.not_time"),
    ("", "value.not_time"),
    (800, "value.not_time"),
    (dt.time(8, tzinfo=dt.UTC), "value.not_time"),
)
