"""Whole numbers."""

from tests.field_values.base import Bad, Good

GOOD: Good = ((-5, -5), (0, 0), (7, 7), ("+12", 12), (" -3 ", -3), (2**31 - 1, 2**31 - 1), (-(2**31), -(2**31)))
BAD: Bad = (
    ("1.0", "value.not_integer"),
    ("", "value.not_integer"),
    ("²", "value.not_integer"),
    ("--1", "value.not_integer"),
    ("9" * 5_000, "value.not_integer"),
    (1.0, "value.not_integer"),
    (True, "value.not_integer"),
    (2**31, "value.integer_range"),
    ("-2147483649", "value.integer_range"),
)
