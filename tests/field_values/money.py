"""Amounts of money."""

from decimal import Decimal

from tests.field_values.base import Bad, Good


def _eur(amount: str) -> dict[str, object]:
    return {"amount": Decimal(amount), "currency": "EUR"}


GOOD: Good = (
    ({"amount": "-1.5"}, _eur("-1.50")),
    ({"amount": "0", "currency": None}, _eur("0.00")),
    ({"amount": "12.50", "currency": "eur"}, _eur("12.50")),
    ({"amount": "500", "currency": "JPY"}, {"amount": Decimal(500), "currency": "JPY"}),
    ({"amount": "1.234", "currency": "KWD"}, {"amount": Decimal("1.234"), "currency": "KWD"}),
    ("12.5", _eur("12.50")),
    ("12.50 USD", {"amount": Decimal("12.50"), "currency": "USD"}),
    ("CNY -3", {"amount": Decimal("-3.00"), "currency": "CNY"}),
    (7, _eur("7.00")),
)
BAD: Bad = (
    ({"currency": "EUR"}, "value.money_parts"),
    ({"amount": "1", "note": "x"}, "value.money_parts"),
    ("USD 5 EUR", "value.not_money"),
    ("EUR", "value.not_money"),
    ("", "value.not_money"),
    ({"amount": "1", "currency": "XYZ"}, "value.not_currency"),
    ({"amount": "1", "currency": 7}, "value.not_currency"),
    ({"amount": "1.005", "currency": "EUR"}, "value.money_places"),
    ({"amount": "1.5", "currency": "JPY"}, "value.money_places"),
    ({"amount": 1.5}, "value.not_decimal"),
    ({"amount": None}, "value.not_decimal"),
    ({"amount": "1e20"}, "value.decimal_range"),
    (True, "value.not_decimal"),
)
