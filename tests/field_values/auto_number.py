"""Automatic numbers, as they are stored."""

from tests.field_values.base import Bad, Good

GOOD: Good = (("A-2026-1", "A-2026-1"), ("a-2026-2", "a-2026-2"), ("B-1", "B-1"))
BAD: Bad = ((1, "value.not_text"),)
