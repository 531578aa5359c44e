"""Yes or no."""

from tests.field_values.base import Bad, Good

GOOD: Good = ((False, False), (True, True), ("yes", True), ("否", False), (" TRUE ", True), ("0", False))
BAD: Bad = (("maybe", "value.not_boolean"), (1, "value.not_boolean"), ("", "value.not_boolean"))
