"""Text."""

from tests.field_values.base import Bad, Good

GOOD: Good = (
    ("A b", "A b"),
    ("b", "b"),
    ("é张%_\\'\"", "é张%_\\'\""),
    ("  trimmed\n", "trimmed"),
    ("   ", None),
    ("x" * 10_000, "x" * 10_000),
)
BAD: Bad = (
    (7, "value.not_text"),
    (True, "value.not_text"),
    (["a"], "value.not_text"),
    ("x" * 10_001, "value.too_long"),
    ("a\x00b", "value.unprintable"),
    ("\ud800", "value.unprintable"),
)
