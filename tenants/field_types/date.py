"""Calendar days, without a time or a zone."""

import datetime as dt
import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from tenants.field_types.base import DATES, PLAIN, BadValue, FieldType, Settings, register
from tenants.field_types.operators import EQUALITY, IS_NULL, MEMBERSHIP, ORDER, RELATIVE
from tenants.periods import Days

if TYPE_CHECKING:
    from tenants.imports.formats import FileFormat

# Weeks and ordinal days, which fromisoformat takes as well, are no way that anybody writes an order's dates.
_PLAIN = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


@register
class Date(FieldType):
    key = "date"
    graphql = "Date"
    filter = "DateFilter"
    sql = "date"
    operators = (*EQUALITY, *MEMBERSHIP, *ORDER, *IS_NULL)
    relative = RELATIVE
    clock = Days
    index = DATES
    cursor = _PLAIN
    ranged = True

    def parse(self, value: Any, settings: Settings = PLAIN) -> dt.date:
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

    def from_text(self, text: str, form: "FileFormat", date_format: str | None) -> str:
        value = form.date(text, date_format)
        self.parse(value)
        return value

    def fits_cursor(self, text: str) -> bool:
        with suppress(ValueError):
            return super().fits_cursor(text) and bool(dt.date.fromisoformat(text))
        return False
