"""Whole numbers in the range of GraphQL's ``Int`` (32 bits); larger ones are decimals."""

import re
from typing import Any

from tenants.field_types.base import PLAIN, BadValue, Settings, register
from tenants.field_types.numbers import Number
from tenants.field_types.operators import EQUALITY, IS_NULL, MEMBERSHIP, ORDER

SMALLEST, LARGEST = -(2**31), 2**31 - 1
_PLAIN = re.compile(r"[+-]?\d{1,11}")


@register
class Integer(Number):
    key = "integer"
    graphql = "Int"
    filter = "IntFilter"
    sql = "integer"
    operators = (*EQUALITY, *MEMBERSHIP, *ORDER, *IS_NULL)
    cursor = re.compile(r"-?[0-9]{1,10}")

    def parse(self, value: Any, settings: Settings = PLAIN) -> int:
        number = value
        if isinstance(value, str):
            text = value.strip()
            if not _PLAIN.fullmatch(text):
                raise BadValue("value.not_integer", value=value)
            number = int(text)
        if not isinstance(number, int) or isinstance(number, bool):
            raise BadValue("value.not_integer", value=value)
        if not SMALLEST <= number <= LARGEST:
            raise BadValue("value.integer_range", value=number, smallest=SMALLEST, largest=LARGEST)
        return number

    def fits_cursor(self, text: str) -> bool:
        return super().fits_cursor(text) and SMALLEST <= int(text) <= LARGEST
