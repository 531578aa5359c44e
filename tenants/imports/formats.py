"""How a file writes things down: its encoding, its delimiter, its empty values, dates and decimals."""

import codecs
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any
from zoneinfo import ZoneInfo, available_timezones

from pydantic import BaseModel, BeforeValidator, ConfigDict, StringConstraints, field_validator

from tenants.field_types import BadValue, field_type

# Points, blanks or apostrophes may part thousands where the comma is the decimal sign, but only three digits apart.
_WITH_COMMA = re.compile(r"[+-]?(\d{1,3}([.' \u00a0\u202f]\d{3})+|\d+)(,\d+)?", re.ASCII)
_NOT_NUMERAL = re.compile(r"[^\d,+-]")


def _cell_text(value: Any) -> Any:
    """A text as it stands in a cell; YAML reads an unquoted 7 as a number and an unquoted true as neither."""
    match value:
        case str() | int() if not isinstance(value, bool):
            return str(value).strip()
    raise ValueError(f"put quotes around {value!s}")


CellText = Annotated[str, BeforeValidator(_cell_text)]


class Part(BaseModel):
    """A piece of a mapping."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class FileFormat(Part):
    """What a mapping may say about the texts of a file. Dates are read in ISO 8601 besides ``date_formats``."""

    encoding: str | None = None
    delimiter: Annotated[str, StringConstraints(strip_whitespace=False, min_length=1, max_length=1)] = ","
    empty: tuple[CellText, ...] = ()
    date_formats: tuple[str, ...] = ()
    time_zone: str | None = None
    decimal_comma: bool = False

    @field_validator("encoding")
    @classmethod
    def _known_encoding(cls, name: str | None) -> str | None:
        if name is None:
            return None
        try:
            return codecs.lookup(name).name
        except LookupError:
            raise ValueError(f"there is no encoding {name!r}; usual ones: utf-8, gb18030, windows-1252") from None

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, name: str | None) -> str | None:
        if name is not None and name not in available_timezones():
            raise ValueError(f"there is no time zone {name!r}; write it like Asia/Shanghai")
        return name

    def decimal(self, text: str) -> str:
        """The number with a decimal point. Raises :class:`BadValue` where 1.234 might be taken for another number."""
        if not self.decimal_comma:
            return text
        if not _WITH_COMMA.fullmatch(text):
            raise BadValue("import.not_decimal", value=text)
        return _NOT_NUMERAL.sub("", text).replace(",", ".")

    def number(self, text: str) -> Decimal:
        """Raises :class:`BadValue`."""
        parsed = field_type("decimal").parse(self.decimal(text))
        assert isinstance(parsed, Decimal)
        return parsed

    def date(self, text: str, form: str | None) -> str:
        """The day, in ISO 8601. Raises :class:`BadValue`."""
        return self._moment(text, form, "value.not_date").date().isoformat()

    def date_time(self, text: str, form: str | None) -> str:
        """The moment, in ISO 8601; without an offset it is one of the time zone's. Raises :class:`BadValue`."""
        moment = self._moment(text, form, "value.not_date_time")
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=ZoneInfo(self.time_zone or "UTC"))
        return moment.isoformat()

    def _moment(self, text: str, form: str | None, code: str) -> datetime:
        for candidate in (form,) if form else self.date_formats:
            try:
                return datetime.strptime(text, candidate)  # noqa: DTZ007  (the caller adds the zone)
            except ValueError:
                continue
        if form is None:
            try:
                return datetime.fromisoformat(text)
            except ValueError:
                pass
        raise BadValue(code, value=text)


class Cells:
    """One row's cells by column name; a cell that means "no value" is None."""

    __slots__ = ("_empty", "_index", "_values", "format")

    def __init__(self, index: Mapping[str, int], values: Sequence[str], form: FileFormat) -> None:
        self._index = index
        self._values = values
        self._empty = form.empty
        self.format = form

    def __getitem__(self, column: str) -> str | None:
        text = self._values[self._index[column]].strip()
        return None if not text or text in self._empty else text
