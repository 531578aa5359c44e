"""What becomes of a value when its field gets another type."""

import datetime as dt
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

import orjson
from pydantic import BaseModel, ConfigDict

from tenants.config.definitions import CustomField, label
from tenants.config.own_attributes import settings_of
from tenants.field_types import BadValue, FieldType, Settings, field_type
from tenants.field_types.decimal import exact
from tenants.field_types.limits import require_within
from tenants.field_values.kinds import LONGEST_TEXT
from tenants.imports.formats import FileFormat

_PROSE = frozenset({"text", "long_text"})
_WRITTEN = (
    *("text", "long_text", "email", "url", "phone", "integer", "decimal", "percent", "money", "boolean"),
    *("date", "date_time", "time", "duration", "select", "multi_select", "tags", "member", "json"),
)


def _written(*without: str) -> frozenset[str]:
    """What a text can say."""
    return frozenset(_WRITTEN) - set(without)


# By the type of the field, the types that its values can be converted to. No other pair has a meaning that can be told beforehand.
POSSIBLE: Mapping[str, frozenset[str]] = {
    **{key: _written(key) for key in ("text", "long_text", "email", "url", "phone", "select", "json")},
    "auto_number": _written(),
    "integer": _PROSE | {"decimal", "percent", "money", "boolean", "select", "multi_select", "json"},
    "decimal": _PROSE | {"integer", "percent", "money", "boolean", "select", "multi_select", "json"},
    "percent": _PROSE | {"integer", "decimal", "json"},
    "money": _PROSE | {"integer", "decimal", "json"},
    "boolean": _PROSE | {"integer", "decimal", "select", "multi_select", "json"},
    "date": _PROSE | {"date_time", "json"},
    "date_time": _PROSE | {"date", "time", "json"},
    "time": _PROSE | {"json"},
    "duration": _PROSE | {"integer", "json"},
    "multi_select": _PROSE | {"select", "tags", "json"},
    "tags": _PROSE | {"select", "multi_select", "json"},
    "address": _PROSE | {"json"},
    "member": _PROSE | {"json"},
    "link": frozenset({"links"}),
    "links": frozenset({"link"}),
}
_SEPARATOR = ";"


class How(BaseModel):
    """What decides beside the two definitions how values are converted: kept with a conversion, so that its way back reads them alike.

    ``ways`` lead from a folded text to the key of an option or the id of a member, ``names`` from the id of a member to the name.
    ``date_format`` is one of ``strptime``.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    language: str
    currency: str
    time_zone: str
    decimal_comma: bool = False
    date_format: str | None = None
    ways: dict[str, str] = {}
    names: dict[str, str] = {}


def is_same(one: Any, other: Any) -> bool:
    """Whether two stored values are the same: to Python, true is 1."""
    return one is other or orjson.dumps(one, option=orjson.OPT_SORT_KEYS) == orjson.dumps(
        other, option=orjson.OPT_SORT_KEYS
    )


def folded(text: str) -> str:
    """A text as it is compared with labels and names."""
    return unicodedata.normalize("NFKC", text).casefold().strip()


class Choice(str):
    """The label of an option, which knows its key."""

    __slots__ = ("key",)
    key: str


@dataclass(frozen=True)
class Converter:
    """Makes values of the field ``source`` values of the field ``target``."""

    source: CustomField
    target: CustomField
    how: How
    _kind: FieldType = field(init=False)
    _settings: Settings = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_kind", field_type(self.target.type))
        object.__setattr__(self, "_settings", settings_of(self.target, self.how.currency))

    def __call__(self, stored: Any) -> Any:
        """The stored value that a stored value becomes; None is no value. Raises :class:`BadValue`."""
        said = None if stored is None else self.said(stored)
        if said is None or said in ("", []):
            return None
        parsed = self._kind.parse(self._given(stored, said), self._settings)
        if parsed is None or parsed == []:
            return None
        if self.target.is_indexed and isinstance(parsed, str) and len(parsed) > LONGEST_TEXT:
            raise BadValue("value.too_long", length=len(parsed), longest=LONGEST_TEXT)
        require_within(self.target, self._kind, parsed, self._settings)
        return self._kind.store(parsed)

    def said(self, stored: Any) -> Any:
        """What a stored value says: a text, number, truth, day, moment, length of time, list, or what JSON has."""
        match self.source.type:
            case "integer" | "decimal" | "percent":
                return Decimal(stored)
            case "date":
                return dt.date.fromisoformat(stored)
            case "date_time":
                return dt.datetime.fromisoformat(stored)
            case "duration":
                return dt.timedelta(seconds=stored)
            case "select":
                return self._choice(stored)
            case "multi_select":
                return [self._choice(key) for key in stored]
            case "member":
                if stored not in self.how.names:
                    raise BadValue("conversion.no_member", value=stored)
                return self.how.names[stored]
            case "link":
                return [stored]
            case "json" if isinstance(stored, float):
                return Decimal(repr(stored))
            case "json" if isinstance(stored, int) and not isinstance(stored, bool):
                return Decimal(stored)
        return stored

    def _choice(self, key: str) -> Choice:
        option = self._options.get(key)
        found = Choice(label(option.label, self.how.language, key) if option else key)
        found.key = key
        return found

    @cached_property
    def _options(self) -> dict[str, Any]:
        return {option.key: option for option in self.source.options}

    @cached_property
    def _form(self) -> FileFormat:
        return FileFormat(decimal_comma=self.how.decimal_comma, time_zone=self.how.time_zone)

    @property
    def _zone(self) -> ZoneInfo:
        return ZoneInfo(self.how.time_zone)

    def _given(self, stored: Any, said: Any) -> Any:
        """What a value says, as the new type takes it."""
        match self.target.type:
            case "json":
                return stored
            case "multi_select":
                return [self._option(item) for item in self._items(said)]
            case "tags" | "links":
                return self._items(said)
            case "text" | "long_text":
                return self.text(said)
        one = self._one(said)
        match self.target.type:
            case "select":
                return self._option(one)
            case "member":
                return self._member(self.text(one))
            case "integer" | "decimal" | "percent" | "money":
                return self._number(one)
            case "boolean":
                return bool(one) if isinstance(one, Decimal) and one in (0, 1) else one
            case "date" | "date_time" | "time":
                return self._in_time(one)
        return one

    def _items(self, said: Any) -> list[Any]:
        if isinstance(said, list):
            return said
        if isinstance(said, str) and not isinstance(said, Choice):
            return [part.strip() for part in said.split(_SEPARATOR) if part.strip()]
        return [said if isinstance(said, str) else self.text(said)]

    def _one(self, said: Any) -> Any:
        if not isinstance(said, list):
            return said
        if len(said) != 1:
            raise BadValue("conversion.several", count=len(said))
        return said[0]

    def _option(self, said: Any) -> str:
        if isinstance(said, Choice) and said.key in self.target.option_keys:
            return said.key
        text = self.text(said)
        if folded(text) not in self.how.ways:
            raise BadValue("conversion.no_option", value=text)
        return self.how.ways[folded(text)]

    def _member(self, name: str) -> str:
        if folded(name) not in self.how.ways:
            raise BadValue("conversion.no_member", value=name)
        return self.how.ways[folded(name)]

    def _number(self, said: Any) -> Any:
        if self.source.type == "money":
            own = self.source.currency or self.how.currency
            if said["currency"] != own:
                raise BadValue("conversion.other_currency", value=said["currency"], currency=own)
            said = Decimal(said["amount"])
        elif isinstance(said, dt.timedelta):
            said = Decimal(int(said.total_seconds()))
        elif isinstance(said, bool) and self.source.type == "boolean":
            said = Decimal(said)
        elif isinstance(said, str):
            if self.target.type != "integer":
                return self._kind.from_text(said, self._form, None)
            said = exact(self._form.decimal(said))
        if self.target.type == "integer" and isinstance(said, Decimal):
            if said != int(said):
                raise BadValue("value.not_integer", value=said)
            return int(said)
        return said

    def _in_time(self, said: Any) -> Any:
        match said:
            case dt.datetime() if self.target.type == "date":
                return said.astimezone(self._zone).date()
            case dt.datetime() if self.target.type == "time":
                return said.astimezone(self._zone).time().replace(microsecond=0)
            case dt.date() if self.target.type == "date_time":
                return dt.datetime.combine(said, dt.time(), self._zone)
            case str() if self.target.type != "time":
                return self._kind.from_text(said, self._form, self.how.date_format)
        return said

    def text(self, said: Any) -> str:
        """What a value says, in writing. Raises :class:`BadValue` for a list or an object of JSON."""
        match said:
            case str():
                return said
            case bool():
                return "true" if said else "false"
            case Decimal():
                return format(said, "f")
            case dt.datetime():
                written = self.how.date_format
                return said.astimezone(self._zone).strftime(written) if written else said.isoformat()
            case dt.date():
                return said.strftime(self.how.date_format) if self.how.date_format else said.isoformat()
            case dt.timedelta():
                return _duration(int(said.total_seconds()))
            case {"amount": amount, "currency": currency} if self.source.type == "money":
                return f"{amount} {currency}"
            case Mapping() if self.source.type == "address":
                return ", ".join(said.values())
            case list() if all(isinstance(item, str) for item in said):
                return _joined(said)
        raise BadValue("value.not_text", value=said)


def _joined(items: Iterable[str]) -> str:
    return f"{_SEPARATOR} ".join(items)


def _duration(seconds: int) -> str:
    """By ISO 8601, such as PT1H30M."""
    parts = (("H", seconds // 3600), ("M", seconds // 60 % 60), ("S", seconds % 60))
    return "PT" + ("".join(f"{count}{unit}" for unit, count in parts if count) or "0S")


@dataclass(frozen=True)
class There:
    """The way there: what is in force is converted."""

    convert: Converter

    def __call__(self, present: Any, spare: Any) -> Any:
        return self.convert(present)


@dataclass(frozen=True)
class Back:
    """The way back of a conversion: who still has what it made of the ``spare`` value has that again, and what was written since is
    converted by ``back``; None where that cannot be."""

    there: Converter
    back: Converter | None

    def __call__(self, present: Any, spare: Any) -> Any:
        if is_same(self._made(spare), present):
            return spare
        if present is None:
            return None
        if self.back is None:
            raise BadValue("conversion.no_way_back", type=self.there.source.type)
        return self.back(present)

    def _made(self, spare: Any) -> Any:
        try:
            return self.there(spare)
        except BadValue:
            return None


Way = There | Back
