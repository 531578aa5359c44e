"""Exact decimals: strings in JSON, ``numeric`` in SQL, ``Decimal`` in Python; never floats."""

import decimal
import re
from decimal import Decimal as Exact
from typing import Any

from tenants.field_types.base import PLAIN, BadValue, Settings, register
from tenants.field_types.numbers import DIGITS, PLACES, Number
from tenants.field_types.operators import EQUALITY, IS_NULL, MEMBERSHIP, ORDER

_PLAIN = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
# What is within all bounds as it is written, as nearly all numbers are.
_USUAL = re.compile(rf"-?\d{{1,{DIGITS - PLACES}}}(\.\d{{1,{PLACES}}})?", re.ASCII)


def exact(value: Any) -> Exact:
    """The exact decimal of a string, integer or Decimal. Raises :class:`BadValue` for anything else, floats included:
    a float has already lost the digits that were meant."""
    if isinstance(value, str) and _USUAL.fullmatch(value):
        return Exact(value)
    if isinstance(value, str) and len(value) <= 80 and _PLAIN.fullmatch(value.strip()):
        number = Exact(value.strip())
    elif isinstance(value, int | Exact) and not isinstance(value, bool):
        number = Exact(value) if isinstance(value, Exact) or abs(value) < 10**DIGITS else Exact("Infinity")
    else:
        raise BadValue("value.not_decimal", value=value)
    if not number.is_finite() or number.adjusted() >= DIGITS - PLACES:
        raise BadValue("value.decimal_range", value=value, digits=DIGITS - PLACES)
    exponent = number.as_tuple().exponent
    if isinstance(exponent, int) and -exponent > PLACES:
        with decimal.localcontext(prec=80):
            shortened = number.quantize(Exact(1).scaleb(-PLACES))
        if shortened != number:
            raise BadValue("value.decimal_places", value=value, places=PLACES)
        number = shortened
    return Exact(format(number, "f"))


@register
class Decimal(Number):
    key = "decimal"
    graphql = "Decimal"
    filter = "DecimalFilter"
    sql = "numeric"
    operators = (*EQUALITY, *MEMBERSHIP, *ORDER, *IS_NULL)
    groupable = False

    def parse(self, value: Any, settings: Settings = PLAIN) -> Exact:
        return exact(value)

    def store(self, value: Any) -> str:
        return format(value, "f")

    def json_sql(self, expression: str) -> str:
        return f"({expression})::text"
