"""Postal addresses."""

from tests.field_values.base import Bad, Good

GOOD: Good = (
    ({"city": "Suzhou"}, {"city": "Suzhou"}),
    (
        {"line1": " Main St 1 ", "postalCode": "10115", "country": "de"},
        {"line1": "Main St 1", "postal_code": "10115", "country": "DE"},
    ),
    ({"phone": "030 123456", "country": "DE"}, {"phone": "+4930123456", "country": "DE"}),
    ({"city": "x", "line2": "", "region": None}, {"city": "x"}),
    ({}, None),
    ({"city": "  "}, None),
)
BAD: Bad = (
    ("Main St 1", "value.not_address"),
    (7, "value.not_address"),
    ([], "value.not_address"),
    ({"street": "x"}, "value.unknown_field"),
    ({"city": 7}, "value.not_text"),
    ({"city": "x" * 501}, "value.too_long"),
    ({"country": "XX"}, "value.not_country"),
    ({"phone": "call me"}, "value.not_phone"),
)
