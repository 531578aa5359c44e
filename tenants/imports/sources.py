"""Where a value comes from: a column, a constant, a template over columns, or the first case that holds.

A mapping's ``fields`` form a tree: sources at the leaves, nested fields and lists of them above.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, StrictInt, StringConstraints, model_validator

from tenants.field_types import BadValue, field_type

Path = tuple[str | int, ...]
_PLACEHOLDER = re.compile(r"\{([^{}]+)\}")


def _scalar(value: Any) -> Any:
    """A value as YAML reads it, as an input has it: numbers and dates become texts."""
    match value:
        case None | bool() | str():
            return value
        case int() | Decimal():
            return str(value)
        case float():
            return format(Decimal(repr(value)), "f")
        case date():
            return value.isoformat()
    raise ValueError("give a text, a number, a date, true or false")


def _cell_text(value: Any) -> Any:
    """A text as it stands in a cell; YAML reads an unquoted 0 as a number, and an unquoted true as none of the two."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ValueError(f"put quotes around {value!s}")
    return str(value).strip()


Scalar = Annotated[str | bool | None, BeforeValidator(_scalar)]
CellText = Annotated[str, BeforeValidator(_cell_text)]
ColumnName = Annotated[str, BeforeValidator(_cell_text), StringConstraints(min_length=1)]
Number = Annotated[Decimal, BeforeValidator(_scalar)]


class Part(BaseModel):
    """A piece of a mapping."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class Cells:
    """One row's cells by column name; a cell that means "no value" is None."""

    __slots__ = ("_empty", "_index", "_values")

    def __init__(self, index: Mapping[str, int], values: Sequence[str], empty: frozenset[str]) -> None:
        self._index = index
        self._values = values
        self._empty = empty

    def __getitem__(self, column: str) -> str | None:
        text = self._values[self._index[column]].strip()
        return None if text in self._empty else text


class Source(Part):
    """Gives a value for each row."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it reads."""
        return ()

    @property
    def constants(self) -> Iterator[tuple[Path, str | bool]]:
        """The values that it may give besides what cells hold, with their places in the mapping."""
        yield from ()

    def read(self, cells: Cells) -> tuple[Any, bool]:
        """The value, and whether it is a constant of the mapping rather than a cell's text.

        Raises :class:`BadValue` for a cell that the source cannot use.
        """
        raise NotImplementedError


class ColumnSource(Source):
    """A cell. ``map`` translates its texts, ``default`` stands in for an empty one, ``format`` reads dates."""

    column: ColumnName
    format: str | None = None
    map: dict[CellText, Scalar] | None = None
    default: Scalar = None
    required: bool = False

    @property
    def columns(self) -> tuple[str, ...]:
        return (self.column,)

    @property
    def constants(self) -> Iterator[tuple[Path, str | bool]]:
        given = [(("map", key), value) for key, value in (self.map or {}).items()] + [(("default",), self.default)]
        yield from ((path, value) for path, value in given if value is not None)

    def read(self, cells: Cells) -> tuple[Any, bool]:
        text = cells[self.column]
        if text is None:
            if self.required and self.default is None:
                raise BadValue("value.required")
            return self.default, True
        if self.map is None:
            return text, False
        if text not in self.map:
            raise BadValue("import.not_mapped", value=text, known=", ".join(self.map))
        return self.map[text], True


class ConstantSource(Source):
    """The same value for every row."""

    const: Scalar

    @property
    def constants(self) -> Iterator[tuple[Path, str | bool]]:
        if self.const is not None:
            yield ("const",), self.const

    def read(self, cells: Cells) -> tuple[Any, bool]:
        return self.const, True


class TemplateSource(Source):
    """A text with columns in braces, ``{city} {street}``; empty cells leave no double spaces, and all empty is no value."""

    template: Annotated[str, StringConstraints(min_length=1, max_length=1_000)]

    @cached_property
    def columns(self) -> tuple[str, ...]:  # type: ignore[override]  # the same, computed once
        return tuple(name.strip() for name in _PLACEHOLDER.findall(self.template))

    def read(self, cells: Cells) -> tuple[Any, bool]:
        if not any(cells[name] for name in self.columns):
            return None, False
        text = _PLACEHOLDER.sub(lambda match: cells[match.group(1).strip()] or "", self.template)
        return " ".join(text.split(" ")).strip() if "  " not in text else re.sub(" {2,}", " ", text).strip(), False


class Test(Part):
    """A question about one cell; every part that is given must hold. An empty cell is neither above nor below anything."""

    column: ColumnName
    empty: bool | None = None
    equals: tuple[str | StrictInt | Decimal, ...] | None = None
    above: Number | None = None
    below: Number | None = None

    @model_validator(mode="before")
    @classmethod
    def _one_or_many(cls, body: Any) -> Any:
        if isinstance(body, Mapping) and "equals" in body and not isinstance(body["equals"], list):
            return {**body, "equals": [body["equals"]]}
        return body

    @model_validator(mode="after")
    def _asks_something(self) -> "Test":
        if self.empty is None and self.equals is None and self.above is None and self.below is None:
            raise ValueError("give at least one of empty, equals, above, below")
        return self

    def holds(self, cells: Cells) -> bool:
        text = cells[self.column]
        if self.empty is not None and (text is None) != self.empty:
            return False
        if self.equals is not None and not any(self._is(text, wanted) for wanted in self.equals):
            return False
        if self.above is not None and (text is None or number(text) <= self.above):
            return False
        return self.below is None or (text is not None and number(text) < self.below)

    @staticmethod
    def _is(text: str | None, wanted: str | int | Decimal) -> bool:
        """Texts are compared as they stand, numbers by their value: 0 is 0.00 too."""
        if text is None or isinstance(wanted, str):
            return text == wanted
        return number(text) == wanted


def number(text: str) -> Decimal:
    """Raises :class:`BadValue`."""
    parsed = field_type("decimal").parse(text)
    assert isinstance(parsed, Decimal)
    return parsed
