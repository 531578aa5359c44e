"""Percentages."""

from decimal import Decimal

from tests.field_values.base import Bad, Good

GOOD: Good = (
    ("-2.5", Decimal("-2.5")),
    ("0", Decimal(0)),
    ("12.50 %", Decimal("12.50")),
    ("19%", Decimal(19)),
    ("７％".replace("７", "7"), Decimal(7)),
    (100, Decimal(100)),
)
BAD: Bad = (
    ("12,5", "value.not_decimal"),
    ("%", "value.not_decimal"),
    ("12%%", "value.not_decimal"),
    (0.5, "value.not_decimal"),
    ("1e20", "value.decimal_range"),
    ("0.00000000001", "value.decimal_places"),
)
