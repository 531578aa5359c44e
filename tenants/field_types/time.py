"""Times of day, to the second, without a day or a zone."""

import datetime as dt
import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from tenants.field_types.base import PLAIN, TEXTS, BadValue, FieldType, Settings, register
from tenants.field_types.operators import EQUALITY, IS_NULL, MEMBERSHIP, ORDER

if TYPE_CHECKING:
    from tenants.imports.formats import FileFormat

_PLAIN = re.compile(r"\d{2}:\d{2}(:\d{2})?", re.ASCII)


@register
class Time(FieldType):
    key = "time"
    graphql = "Time"
    filter = "TimeFilter"
    sql = "time"
    operators = (*EQUALITY, *MEMBERSHIP, *ORDER, *IS_NULL)
    # All written alike, they sort as text.
    index = TEXTS
    cursor = re.compile(r"\d{2}:\d{2}:\d{2}", re.ASCII)
    ranged = True

    def parse(self, value: Any, settings: Settings = PLAIN) -> dt.time:
        if isinstance(value, dt.time) and value.tzinfo is None and not value.microsecond:
            return value
        if isinstance(value, str) and _PLAIN.fullmatch(value.strip()):
            with suppress(ValueError):
                return dt.time.fromisoformat(value.strip())
        raise BadValue("value.not_time", value=value)

    def from_text(self, text: str, form: "FileFormat", date_format: str | None) -> str:
        self.parse(text)
        return text

    def store(self, value: Any) -> str:
        return str(value.isoformat())

    def json_sql(self, expression: str) -> str:
        return f"({expression})::text"

    def indexed_sql(self, expression: str) -> str:
        return f"({expression})::time::text"

    def all_indexed_sql(self, array: str) -> str:
        return f"({array})::text[]"

    def fits_cursor(self, text: str) -> bool:
        with suppress(ValueError):
            return super().fits_cursor(text) and dt.time.fromisoformat(text) is not None
        return False
