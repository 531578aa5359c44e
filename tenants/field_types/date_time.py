"""Moments in time: ISO 8601 with an offset."""

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any

from tenants.field_types.base import BadValue, FieldType, register
from tenants.field_types.operators import EQUALITY, IS_NULL, MEMBERSHIP, ORDER, RELATIVE
from tenants.periods import Moments


@register
class DateTime(FieldType):
    key = "date_time"
    graphql = "DateTime"
    sql = "timestamptz"
    operators = (*EQUALITY, *MEMBERSHIP, *ORDER, *IS_NULL)
    relative = RELATIVE
    clock = Moments

    def parse(self, value: Any, options: Collection[str] = ()) -> datetime:
        moment = value
        if isinstance(value, str) and 10 < len(value.strip()) <= 40:
            try:
                moment = datetime.fromisoformat(value.strip())
            except ValueError:
                raise BadValue("value.not_date_time", value=value) from None
        if not isinstance(moment, datetime):
            raise BadValue("value.not_date_time", value=value)
        if moment.tzinfo is None:
            raise BadValue("value.no_offset", value=value)
        try:
            return moment.astimezone(UTC)
        except OverflowError:
            raise BadValue("value.not_date_time", value=value) from None

    def store(self, value: Any) -> str:
        return str(value.isoformat())

    def stored_sql(self, column: str, key: str) -> str:
        return f"({column}->>'{key}')::timestamptz"
