"""Currencies by ISO 4217, and how exact their amounts are."""

from functools import lru_cache

from babel.numbers import get_currency_precision, list_currencies

CURRENCIES = frozenset(list_currencies())


@lru_cache(maxsize=500)
def currency_places(currency: str) -> int:
    """Decimal places of a currency: 2 for EUR, 0 for JPY, 3 for KWD."""
    return int(get_currency_precision(currency))
