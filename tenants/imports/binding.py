"""A mapping's fields, tied to the columns of a file and to the fields that a record has."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tenants.field_types import BadValue
from tenants.imports.formats import Cells
from tenants.imports.mapping import mapping_error
from tenants.imports.reading import Row, Table
from tenants.imports.sources import ColumnSource, Entries, Nested, Path, Source, TemplateSource
from tenants.imports.targets import Group, Leaf, Link, Links, Many, Target
from tenants.problems import FieldError


@dataclass(slots=True)
class Pending:
    """A link of a row that is still a text: ``holder[name]`` becomes the id of the record known by ``value``."""

    holder: Any
    name: str | int
    record: str
    value: str
    column: str


@dataclass(slots=True)
class Filled:
    """What a row fills: input values by GraphQL name, links to resolve, the column behind each path, and what was wrong."""

    values: dict[str, Any] = field(default_factory=dict)
    links: list[Pending] = field(default_factory=list)
    columns: dict[Path, str] = field(default_factory=dict)
    errors: list[FieldError] = field(default_factory=list)


class Binding:
    """Reads rows of one table into input values. Check it with :meth:`mistakes` before it is used."""

    def __init__(self, table: Table, fields: Nested, target: Group) -> None:
        self._table = table
        self._fields = fields
        self._target = target
        self._index = table.index

    def cells(self, row: Row) -> Cells:
        return Cells(self._index, row.cells, self._table.format)

    def fill(self, cells: Cells) -> Filled:
        """The values of a row."""
        filled = Filled()
        filled.values = _Filler(cells, filled).group(self._fields, self._target, ()).values
        return filled

    def mistakes(self, path: Path) -> Iterator[FieldError]:
        """What cannot work: fields that are not there, columns that are not there, constants that do not fit."""
        return self._group_mistakes(self._fields, self._target, path)

    def source_mistakes(self, source: Source, path: Path) -> Iterator[FieldError]:
        """The same of a source that stands alone."""
        for column in source.columns():
            yield from self.column_mistakes(column, path)

    def column_mistakes(self, column: str, path: Path) -> Iterator[FieldError]:
        """The same of a column: exactly one must have that name."""
        header = self._table.header
        if header.count(column) != 1:
            code = "import.double_column" if column in header else "import.no_column"
            yield mapping_error(path, code, self._table.file, column=column, columns=", ".join(header))

    def _group_mistakes(self, tree: Nested, target: Group, path: Path) -> Iterator[FieldError]:
        for name, part in tree.root.items():
            inner = target.fields.get(name)
            if inner is None:
                names = ", ".join(target.fields) or "-"
                yield mapping_error((*path, name), "import.unknown_field", self._table.file, name=name, names=names)
            else:
                yield from self._mistakes(part, inner, (*path, name))

    def _mistakes(self, part: Any, target: Target, path: Path) -> Iterator[FieldError]:
        match part, target:
            case Nested(), Group():
                yield from self._group_mistakes(part, target, path)
            case Entries(), Many():
                for number, item in enumerate(part.root):
                    yield from self._mistakes(item, target.entry, (*path, number))
            case Source(), Leaf() | Link() | Links():
                yield from self.source_mistakes(part, path)
                if isinstance(target, Leaf):
                    yield from self._constant_mistakes(part, target, path)
            case _:
                yield mapping_error(path, _WANTED[type(target)], self._table.file)

    def _constant_mistakes(self, source: Source, target: Leaf, path: Path) -> Iterator[FieldError]:
        for inside, value in source.constants():
            if value is None:
                continue
            try:
                target.check(value)
            except BadValue as bad:
                reason = FieldError((), bad.code, bad.data).text("en")
                yield mapping_error((*path, *inside), "import.bad_mapping", self._table.file, reason=reason)


_WANTED: dict[type, str] = {
    Leaf: "import.needs_leaf",
    Link: "import.needs_link",
    Links: "import.needs_link",
    Group: "import.needs_group",
    Many: "import.needs_many",
}


@dataclass(slots=True)
class _Object:
    """Values of an object; ``asked`` when any of them looks into a cell, ``found`` when any such cell was not empty."""

    values: dict[str, Any] = field(default_factory=dict)
    asked: bool = False
    found: bool = False

    @property
    def is_empty(self) -> bool:
        return self.asked and not self.found


class _Filler:
    """Walks the fields of a mapping for one row."""

    def __init__(self, cells: Cells, filled: Filled) -> None:
        self._cells = cells
        self._filled = filled

    def group(self, tree: Nested, target: Group, path: Path) -> _Object:
        found = _Object()
        for name, part in tree.root.items():
            self._fill(found, name, part, target.fields[name], path)
        return found

    def _fill(self, into: _Object, name: str, part: Any, target: Target, path: Path) -> None:
        match part, target:
            case Nested(), Group():
                inner = self.group(part, target, (*path, name))
                into.values[name] = None if target.optional and inner.is_empty else inner.values
                into.asked |= inner.asked
                into.found |= inner.found
            case Entries(), Many():
                into.values[name] = self._entries(into, part, target, (*path, name))
            case Source(), Leaf():
                into.values[name] = self._value(into, part, target, (*path, name))
            case Source(), Link():
                value = self._value(into, part, Leaf("text"), (*path, target.input))
                into.values[target.input] = None
                if value is not None:
                    self._link(into.values, target.input, target, str(value), path)
            case Source(), Links():
                value = self._value(into, part, Leaf("text"), (*path, target.input))
                texts = [text.strip() for text in str(value or "").split(";") if text.strip()]
                ids = into.values[target.input] = [None] * len(texts)
                for place, text in enumerate(texts):
                    self._link(ids, place, target, text, path)

    def _link(self, holder: Any, name: str | int, target: Link | Links, text: str, path: Path) -> None:
        # E-mail addresses are kept in small letters.
        known = text.lower() if target.record == "member" else text
        column = self._filled.columns[(*path, target.input)]
        self._filled.links.append(Pending(holder, name, target.record, known, column))

    def _entries(self, into: _Object, part: Entries, target: Many, path: Path) -> list[dict[str, Any]]:
        entries: list[dict[str, Any]] = []
        for item in part.root:
            assert isinstance(item, Nested)
            inner = self.group(item, target.entry, (*path, len(entries)))
            if not inner.is_empty:
                entries.append(inner.values)
            into.asked |= inner.asked
            into.found |= inner.found
        return entries

    def _value(self, into: _Object, source: Source, target: Leaf, path: Path) -> Any:
        columns = source.columns()
        column = ", ".join(columns) or ".".join(map(str, path))
        self._filled.columns[path] = column
        if columns and isinstance(source, ColumnSource | TemplateSource):
            into.asked = True
            into.found |= any(self._cells[name] is not None for name in columns)
        try:
            value, is_text = source.read(self._cells)
            if is_text and value is not None:
                date_format = source.format if isinstance(source, ColumnSource) else None
                value = target.from_text(value, self._cells.format, date_format)
        except BadValue as bad:
            self._filled.errors.append(FieldError((column,), bad.code, bad.data))
            return None
        return value
