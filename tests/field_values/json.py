"""Any JSON."""

from tests.field_values.base import Bad, Good

DEEP: object = 1
for _ in range(21):
    DEEP = [DEEP]
GOOD: Good = (({"a": [1, None]}, {"a": [1, None]}), ([], []), ("x", "x"), (True, True), (7, 7))
BAD: Bad = (
    (DEEP, "value.json_deep"),
    ({"a": "x" * 20_000}, "value.json_large"),
    ({"a\x00": 1}, "value.unprintable"),
    (b"x", "value.not_json"),
)
