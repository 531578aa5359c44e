"""Exact decimals: strings in JSON, ``numeric`` in SQL, ``Decimal`` in Python; never floats."""

import decimal
import re
from collections.abc import Collection
from decimal import Decimal as Number
from typing import Any

from tenants.field_types.base import BadValue, FieldType, register
from tenants.field_types.operators import EQUALITY, IS_NULL, MEMBERSHIP, ORDER

DIGITS = 30
PLACES = 10
_PLAIN = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
# What is within all bounds as it is written, as nearly all numbers are.
_USUAL = re.compile(rf"-?\d{{1,{DIGITS - PLACES}}}(\.\d{{1,{PLACES}}})?", re.ASCII)


def exact(value: Any) -> Number:
    """The exact decimal of a string, integer or Decimal. Raises :class:`BadValue` for anything else, floats included:
    a float has already lost the digits that were meant."""
    if isinstance(value, str) and _USUAL.fullmatch(value):
        return Number(value)
    if isinstance(value, str) and len(value) <= 80 and _PLAIN.fullmatch(value.strip()):
        number = Number(value.strip())
    elif isinstance(value, int | Number) and not isinstance(value, bool):
        number = Number(value) if isinstance(value, Number) or abs(value) < 10**DIGITS else Number("Infinity")
    else:
        raise BadValue("value.not_decimal", value=value)
    if not number.is_finite() or number.adjusted() >= DIGITS - PLACES:
        raise BadValue("value.decimal_range", value=value, digits=DIGITS - PLACES)
    exponent = number.as_tuple().exponent
    if isinstance(exponent, int) and -exponent > PLACES:
        with decimal.localcontext(prec=80):
            shortened = number.quantize(Number(1).scaleb(-PLACES))
        if shortened != number:
            raise BadValue("value.decimal_places", value=value, places=PLACES)
        number = shortened
    return Number(format(number, "f"))


@register
class Decimal(FieldType):
    key = "decimal"
    graphql = "Decimal"
    sql = "numeric"
    operators = (*EQUALITY, *MEMBERSHIP, *ORDER, *IS_NULL)

    def parse(self, value: Any, options: Collection[str] = ()) -> Number:
        return exact(value)

    def store(self, value: Any) -> str:
        return format(value, "f")

    def json_sql(self, expression: str) -> str:
        return f"({expression})::text"
