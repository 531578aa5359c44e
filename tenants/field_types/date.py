"""Calendar days, without a time or a zone."""

import datetime as dt
from collections.abc import Collection
from typing import Any

from tenants.field_types.base import BadValue, FieldType, register
from tenants.field_types.operators import EQUALITY, IS_NULL, MEMBERSHIP, ORDER


@register
class Date(FieldType):
    key = "date"
    graphql = "Date"
    sql = "date"
    operators = (*EQUALITY, *MEMBERSHIP, *ORDER, *IS_NULL)

    def parse(self, value: Any, options: Collection[str] = ()) -> dt.date:
        if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
            return value
        if isinstance(value, str) and len(value.strip()) == 10:
            try:
                return dt.date.fromisoformat(value.strip())
            except ValueError:
                pass
        raise BadValue("value.not_date", value=value)

    def store(self, value: Any) -> str:
        return str(value.isoformat())
