"""Free labels."""

from tests.field_values.base import Bad, Good

GOOD: Good = (
    ([], []),
    (["a"], ["a"]),
    (["b", "a"], ["b", "a"]),
    ([" a ", "a", ""], ["a"]),
    ("a; b;", ["a", "b"]),
    (["x" * 60] * 50, ["x" * 60]),
)
BAD: Bad = (
    (7, "value.not_list"),
    ([7], "value.not_text"),
    (["x" * 61], "value.too_long"),
    (["x\x00"], "value.unprintable"),
    (["a"] * 51, "value.too_many"),
)
