"""Where a value comes from: a column, a constant, a template over columns, or the first case that holds.

A mapping's ``fields`` form a tree: sources at the leaves, nested fields and lists of them above.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Annotated, Any

from pydantic import (
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    RootModel,
    StringConstraints,
    Tag,
    model_validator,
)

from tenants.field_types import BadValue
from tenants.imports.formats import Cells, CellText, Part

Path = tuple[str | int, ...]
_PLACEHOLDER = re.compile(r"\{([^{}]+)\}")


def _scalar(value: Any) -> Any:
    """A value of YAML as an input has it: numbers and dates become texts."""
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


def _comparable(value: Any) -> Any:
    """Texts stay texts, numbers become exact numbers."""
    match value:
        case str():
            return value.strip()
        case int() | float() | Decimal() if not isinstance(value, bool):
            return Decimal(str(value))
    raise ValueError(f"put quotes around {value!s}")


Scalar = Annotated[str | bool | None, BeforeValidator(_scalar)]
ColumnName = Annotated[CellText, StringConstraints(min_length=1)]
Number = Annotated[Decimal, BeforeValidator(_comparable)]
Comparable = Annotated[Any, BeforeValidator(_comparable)]


class Source(Part):
    """Gives a value for each row."""

    def columns(self) -> tuple[str, ...]:
        """The columns it reads."""
        return ()

    def constants(self) -> Iterable[tuple[Path, str | bool | None]]:
        """The values that the mapping itself may put in, with their places."""
        return ()

    def read(self, cells: Cells) -> tuple[Any, bool]:
        """The value, and whether it is the text of cells rather than a value of the mapping.

        Raises :class:`BadValue` for a cell that the source cannot use.
        """
        raise NotImplementedError


class ColumnSource(Source):
    """A cell. ``map`` translates its text, ``default`` stands in for an empty one, ``format`` reads a date."""

    column: ColumnName
    format: str | None = None
    map: dict[CellText, Scalar] | None = None
    default: Scalar = None
    required: bool = False

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, body: Any) -> Any:
        return body if isinstance(body, dict) else {"column": body}

    def columns(self) -> tuple[str, ...]:
        return (self.column,)

    def constants(self) -> Iterable[tuple[Path, str | bool | None]]:
        yield ("default",), self.default
        for key, value in (self.map or {}).items():
            yield ("map", key), value

    def read(self, cells: Cells) -> tuple[Any, bool]:
        text = cells[self.column]
        if text is None:
            if self.required and self.default is None:
                raise BadValue("value.required")
            return self.default, False
        if self.map is None:
            return text, True
        if text not in self.map:
            raise BadValue("import.not_mapped", value=text, known=", ".join(self.map))
        return self.map[text], False


class ConstantSource(Source):
    """The same value for every row."""

    const: Scalar

    def constants(self) -> Iterable[tuple[Path, str | bool | None]]:
        return [(("const",), self.const)]

    def read(self, cells: Cells) -> tuple[Any, bool]:
        return self.const, False


class TemplateSource(Source):
    """A text with columns in braces, such as ``{first} {last}``; where all of them are empty there is no value."""

    template: Annotated[str, StringConstraints(min_length=1, max_length=1_000)]

    def columns(self) -> tuple[str, ...]:
        return tuple(name.strip() for name in _PLACEHOLDER.findall(self.template))

    def read(self, cells: Cells) -> tuple[Any, bool]:
        if all(cells[name] is None for name in self.columns()):
            return None, True
        text = _PLACEHOLDER.sub(lambda match: cells[match.group(1).strip()] or "", self.template)
        return " ".join(text.split()), True


class Question(Part):
    """A question about one cell; every part that is given must hold. An empty cell is neither above nor below anything."""

    column: ColumnName
    empty: bool | None = None
    equals: tuple[Comparable, ...] | None = None
    above: Number | None = None
    below: Number | None = None

    @model_validator(mode="before")
    @classmethod
    def _one_or_many(cls, body: Any) -> Any:
        if isinstance(body, Mapping) and "equals" in body and not isinstance(body["equals"], list):
            return {**body, "equals": [body["equals"]]}
        return body

    @model_validator(mode="after")
    def _asks_something(self) -> "Question":
        if (self.empty, self.equals, self.above, self.below) == (None, None, None, None):
            raise ValueError("give at least one of empty, equals, above, below")
        return self

    def holds(self, cells: Cells) -> bool:
        """Raises :class:`BadValue` where a number is asked for and the cell holds none."""
        text = cells[self.column]
        if self.empty is not None and self.empty != (text is None):
            return False
        if self.equals is not None and not any(self._is(cells, text, wanted) for wanted in self.equals):
            return False
        if self.above is not None and (text is None or cells.format.number(text) <= self.above):
            return False
        return self.below is None or (text is not None and cells.format.number(text) < self.below)

    @staticmethod
    def _is(cells: Cells, text: str | None, wanted: str | Decimal) -> bool:
        """Texts are compared as they stand, numbers by their value: 0.00 equals 0."""
        if text is None or isinstance(wanted, str):
            return text == wanted
        return cells.format.number(text) == wanted


class Case(Part):
    """``then`` is the value where all questions of ``when`` are answered with yes."""

    when: Annotated[tuple[Question, ...], Field(min_length=1)]
    then: Scalar

    @model_validator(mode="before")
    @classmethod
    def _one_or_many(cls, body: Any) -> Any:
        if isinstance(body, Mapping) and "when" in body and not isinstance(body["when"], list):
            return {**body, "when": [body["when"]]}
        return body


class CasesSource(Source):
    """The value of the first case that holds, else ``else``."""

    cases: Annotated[tuple[Case, ...], Field(min_length=1)]
    otherwise: Scalar = Field(default=None, alias="else")

    def columns(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(question.column for case in self.cases for question in case.when))

    def constants(self) -> Iterable[tuple[Path, str | bool | None]]:
        for number, case in enumerate(self.cases):
            yield ("cases", number, "then"), case.then
        yield ("else",), self.otherwise

    def read(self, cells: Cells) -> tuple[Any, bool]:
        for case in self.cases:
            if all(question.holds(cells) for question in case.when):
                return case.then, False
        return self.otherwise, False


_WORDS = ("column", "const", "template", "cases")


def _kind(body: Any) -> str:
    """Which part of a mapping a piece of YAML is. The marks keep these names out of the places in error messages."""
    match body:
        case dict():
            return f"<{next((word for word in _WORDS if word in body), 'fields')}>"
        case list():
            return "<list>"
    return "<column>"


def _source_kind(body: Any) -> str:
    """The same where only a source can be."""
    kind = _kind(body)
    return kind if kind[1:-1] in _WORDS else "<column>"


AnySource = Annotated[
    Annotated[ColumnSource, Tag("<column>")]
    | Annotated[ConstantSource, Tag("<const>")]
    | Annotated[TemplateSource, Tag("<template>")]
    | Annotated[CasesSource, Tag("<cases>")],
    Discriminator(_source_kind),
]
Tree = Annotated[
    Annotated[ColumnSource, Tag("<column>")]
    | Annotated[ConstantSource, Tag("<const>")]
    | Annotated[TemplateSource, Tag("<template>")]
    | Annotated[CasesSource, Tag("<cases>")]
    | Annotated["Nested", Tag("<fields>")]
    | Annotated["Entries", Tag("<list>")],
    Discriminator(_kind),
]


class Nested(RootModel[dict[str, Tree]]):
    """Fields of an object, by name."""

    model_config = ConfigDict(frozen=True)


class Entries(RootModel[tuple[Tree, ...]]):
    """A list of objects."""

    model_config = ConfigDict(frozen=True)


Nested.model_rebuild()
Entries.model_rebuild()
