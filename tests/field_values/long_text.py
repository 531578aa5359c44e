"""Prose."""

from tests.field_values.base import Bad, Good

GOOD: Good = (
    ("apple", "apple"),
    ("Zebra\r\ncrossing", "Zebra\ncrossing"),
    ("zebra", "zebra"),
    (" a\n\nb ", "a\n\nb"),
    (" ", None),
    ("x" * 20_000, "x" * 20_000),
)
BAD: Bad = (
    (7, "value.not_text"),
    ("x" * 20_001, "value.too_long"),
    ("a\x00b", "value.unprintable"),
)
