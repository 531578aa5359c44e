"""Calendar days, without a time or a zone."""

import datetime as dt
import re
from collections.abc import Collection
from typing import Any

from tenants.field_types.base import BadValue, FieldType, register
from tenants.field_types.operators import EQUALITY, IS_NULL, MEMBERSHIP, ORDER, RELATIVE
from tenants.periods import Days

# Weeks and ordinal days, which fromisoformat takes as well, are no way that anybody writes an order's dates.
_PLAIN = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


@register
class Date(FieldType):
    key = "date"
    graphql = "Date"
    sql = "date"
    operators = (*EQUALITY, *MEMBERSHIP, *ORDER, *IS_NULL)
    relative = RELATIVE
    clock = Days

    def parse(self, value: Any, options: Collection[str] = ()) -> dt.date:
        if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
            return value
        if isinstance(value, str) and _PLAIN.fullmatch(value.strip()):
            try:
                return dt.date.fromisoformat(value.strip())
            except ValueError:
                pass
        raise BadValue("value.not_date", value=value)

    def store(self, value: Any) -> str:
        return str(value.isoformat())
