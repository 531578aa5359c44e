"""Moments in time: ISO 8601 with an offset."""

import re
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from tenants.field_types.base import PLAIN, TIMES, BadValue, FieldType, Settings, register
from tenants.field_types.operators import EQUALITY, IS_NULL, MEMBERSHIP, ORDER, RELATIVE
from tenants.periods import Moments

if TYPE_CHECKING:
    from tenants.imports.formats import FileFormat

_WRITTEN = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?\+00")


@register
class DateTime(FieldType):
    key = "date_time"
    graphql = "DateTime"
    filter = "DateTimeFilter"
    sql = "timestamptz"
    operators = (*EQUALITY, *MEMBERSHIP, *ORDER, *IS_NULL)
    relative = RELATIVE
    clock = Moments
    index = TIMES
    cursor = _WRITTEN
    ranged = True

    def parse(self, value: Any, settings: Settings = PLAIN) -> datetime:
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

    def from_text(self, text: str, form: "FileFormat", date_format: str | None) -> str:
        value = form.date_time(text, date_format)
        self.parse(value)
        return value

    def group_sql(self, expression: str, zone: str) -> str:
        """Its day in the company's time zone."""
        return f"(({expression}) AT TIME ZONE {zone})::date::text"

    def fits_cursor(self, text: str) -> bool:
        with suppress(ValueError):
            return super().fits_cursor(text) and bool(datetime.fromisoformat(text))
        return False
