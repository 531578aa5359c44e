"""Telephone numbers."""

from tests.field_values.base import Bad, Good

GOOD: Good = (
    ("+4930123456", "+4930123456"),
    ("+86 138 0013 8000", "+8613800138000"),
    ("+9715012345678", "+9715012345678"),
    (" +1 (650) 253-0000 ", "+16502530000"),
)
BAD: Bad = (
    ("030 123456", "value.no_country_code"),
    ("110", "value.no_country_code"),
    ("+49", "value.not_phone"),
    ("call me", "value.not_phone"),
    ("", "value.not_phone"),
    (4930123456, "value.not_text"),
)
