"""Any number of several options."""

from tests.field_values.base import Bad, Good

GOOD: Good = (
    ([], []),
    (["red"], ["red"]),
    (["green", "red"], ["green", "red"]),
    (["red", "red"], ["red"]),
    ("red; blue", ["red", "blue"]),
)
BAD: Bad = (
    (["pink"], "value.not_option"),
    ([["red"]], "value.not_option"),
    (7, "value.not_list"),
    (None, "value.not_list"),
    (["red"] * 101, "value.too_many"),
)
