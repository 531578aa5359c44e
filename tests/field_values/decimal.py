"""Exact decimals."""

from decimal import Decimal

from tests.field_values.base import Bad, Good

GOOD: Good = (
    ("-1.5", Decimal("-1.5")),
    ("0", Decimal(0)),
    ("1.50", Decimal("1.50")),
    (3, Decimal(3)),
    ("1e3", Decimal(1000)),
    (".5", Decimal("0.5")),
    ("99999999999999999999.0123456789", Decimal("99999999999999999999.0123456789")),
    ("1.00000000000000", Decimal("1.0000000000")),
)
BAD: Bad = (
    ("1,5", "value.not_decimal"),
    ("", "value.not_decimal"),
    ("NaN", "value.not_decimal"),
    ("Infinity", "value.not_decimal"),
    (1.5, "value.not_decimal"),
    (False, "value.not_decimal"),
    ("1_000", "value.not_decimal"),
    ("٣", "value.not_decimal"),
    ("9" * 81, "value.not_decimal"),
    ("1e20", "value.decimal_range"),
    ("1e999", "value.decimal_range"),
    (10**40, "value.decimal_range"),
    ("0.00000000001", "value.decimal_places"),
)
