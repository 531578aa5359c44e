"""One of several options."""

from tests.field_values.base import Bad, Good

GOOD: Good = (("blue", "blue"), ("green", "green"), ("red", "red"), (" red ", "red"))
BAD: Bad = (
    ("pink", "value.not_option"),
    ("", "value.not_option"),
    (["red"], "value.not_option"),
    (7, "value.not_option"),
)
