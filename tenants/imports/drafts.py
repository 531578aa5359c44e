"""Records to be written, as rows describe them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from tenants.field_types import BadValue
from tenants.imports.binding import Filled, Pending
from tenants.imports.formats import Cells
from tenants.imports.reading import Row
from tenants.imports.sources import Path, Source
from tenants.imports.summary import FileReport, Reason, Rejection, Summary
from tenants.problems import FieldError


@dataclass(slots=True)
class LineDraft:
    """An order line of a file of lines."""

    line: int
    filled: Filled


@dataclass(slots=True)
class Draft:
    """A record to be written: input values by GraphQL name, with links still open."""

    record: str
    external_id: str
    row: Row
    filled: Filled
    lines: list[LineDraft] = field(default_factory=list)

    @property
    def weight(self) -> int:
        return 1 + len(self.filled.values.get("lines") or ())

    def links(self) -> Iterator[tuple[Pending, LineDraft | None]]:
        """The links to resolve, with the line they stand on where it is one of another file."""
        for link in self.filled.links:
            yield link, None
        for line in self.lines:
            for link in line.filled.links:
                yield link, line

    def reasons(self, errors: Iterable[FieldError]) -> tuple[list[Reason], dict[int, list[Reason]]]:
        """What a command found wrong, about the record's own row and about rows of its lines, by line number."""
        own: list[Reason] = []
        below: dict[int, list[Reason]] = {}
        for error in errors:
            match error.path:
                case ("lines", int(number), *rest) if self.lines:
                    line = self.lines[number]
                    below.setdefault(line.line, []).append(_reason(error, line.filled, tuple(rest)))
                case _:
                    own.append(_reason(error, self.filled, error.path))
        return own, below


def _reason(error: FieldError, filled: Filled, path: Path) -> Reason:
    """Under the name of the column that the value came from, or else of the field."""
    column = filled.columns.get(path) or filled.columns.get(path[:-1])
    return Reason(error, column or ".".join(map(str, path)))


def read_id(source: Source, cells: Cells, errors: list[FieldError]) -> str:
    """An external id; an error where the row has none."""
    column = ", ".join(source.columns()) or "externalId"
    try:
        value, _ = source.read(cells)
        if value is None:
            raise BadValue("value.required")
    except BadValue as bad:
        errors.append(FieldError((column,), bad.code, bad.data))
        return ""
    return str(value)


def guesses(row: Row, column: int, width: int) -> list[str]:
    """What a broken row may hold in a column: counted from the left, and from the right."""
    found = [
        row.cells[place].strip() for place in (column, column - width) if -len(row.cells) <= place < len(row.cells)
    ]
    return [text for text in dict.fromkeys(found) if text]


class Log:
    """Writes down what became of the rows of one table."""

    def __init__(self, summary: Summary, report: FileReport) -> None:
        self._summary = summary
        self.report = report
        summary.files.append(report)

    def reject(self, row: Row | int, external_id: str, reasons: list[Reason]) -> Rejection:
        line, last = (row, row) if isinstance(row, int) else (row.line, row.last)
        rejection = Rejection(self.report.file, line, last, external_id, reasons)
        self._summary.rejections.append(rejection)
        self.report.rejected += 1
        return rejection


def own_reasons(errors: Iterable[FieldError]) -> list[Reason]:
    """Errors of a row itself, whose path is the column's name."""
    return [Reason(error, str(error.path[0]) if error.path else "") for error in errors]
