"""Lengths of time."""

from tests.field_values.base import Bad, Good

GOOD: Good = (
    ("PT0S", 0),
    ("PT1H30M", 5_400),
    ("P1W2DT3H", 788_400),
    ("PT90M", 5_400),
    ("1:30", 5_400),
    (" 100:00:01 ", 360_001),
    (61, 61),
    ("P10980D", 948_672_000),
)
BAD: Bad = (
    ("P1M", "value.not_duration"),
    ("P1Y", "value.not_duration"),
    ("P", "value.not_duration"),
    ("PT", "value.not_duration"),
    ("P1DT", "value.not_duration"),
    ("-PT1H", "value.not_duration"),
    ("PT1.5H", "value.not_duration"),
    ("1:60", "value.not_duration"),
    ("90", "value.not_duration"),
    ("", "value.not_duration"),
    ("P10981D", "value.not_duration"),
    (-1, "value.not_duration"),
    (1.5, "value.not_duration"),
    (True, "value.not_duration"),
)
