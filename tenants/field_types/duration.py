"""Lengths of time, in whole seconds: ISO 8601 without years and months, which have no certain length. A day has 24 hours."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from tenants.field_types.base import PLAIN, BadValue, Settings, register
from tenants.field_types.numbers import Number
from tenants.field_types.operators import EQUALITY, IS_NULL, MEMBERSHIP, ORDER

if TYPE_CHECKING:
    from tenants.config.definitions import CustomField
    from tenants.imports.formats import FileFormat

# Thirty years.
LONGEST = 30 * 366 * 24 * 3_600
_SECONDS = {"weeks": 604_800, "days": 86_400, "hours": 3_600, "minutes": 60, "seconds": 1}
_WRITTEN = re.compile(
    r"P(?=.)(?:(?P<weeks>\d{1,9})W)?(?:(?P<days>\d{1,9})D)?"
    r"(?:T(?=.)(?:(?P<hours>\d{1,9})H)?(?:(?P<minutes>\d{1,9})M)?(?:(?P<seconds>\d{1,9})S)?)?",
    re.ASCII,
)
# As a clock shows it, and as tables often have it.
_CLOCK = re.compile(r"(?P<hours>\d{1,6}):(?P<minutes>[0-5]\d)(?::(?P<seconds>[0-5]\d))?", re.ASCII)


@register
class Duration(Number):
    key = "duration"
    graphql = "Duration"
    filter = "DurationFilter"
    sql = "integer"
    operators = (*EQUALITY, *MEMBERSHIP, *ORDER, *IS_NULL)
    cursor = re.compile(r"[0-9]{1,9}")
    additive = False

    def parse(self, value: Any, settings: Settings = PLAIN) -> int:
        seconds = value
        if isinstance(value, str):
            match = _WRITTEN.fullmatch(value.strip()) or _CLOCK.fullmatch(value.strip())
            if match is None:
                raise BadValue("value.not_duration", value=value)
            seconds = sum(int(count) * _SECONDS[unit] for unit, count in match.groupdict().items() if count)
        if not isinstance(seconds, int) or isinstance(seconds, bool) or not 0 <= seconds <= LONGEST:
            raise BadValue("value.not_duration", value=value)
        return seconds

    def from_text(self, text: str, form: "FileFormat", date_format: str | None) -> str:
        self.parse(text)
        return text

    def json_sql(self, expression: str) -> str:
        x = f"({expression})"
        return (
            f"(CASE WHEN {x} IS NOT NULL THEN concat('PT', nullif({x} / 3600, 0) || 'H',"
            f" nullif(mod({x} / 60, 60), 0) || 'M',"
            f" CASE WHEN mod({x}, 60) <> 0 OR {x} = 0 THEN mod({x}, 60) || 'S' END) END)"
        )

    def words(self, stored: Any, definition: "CustomField") -> Iterator[str]:
        """Nobody looks for so many seconds."""
        yield from ()
