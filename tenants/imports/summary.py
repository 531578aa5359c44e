"""What came of an import: counts for each file, and each rejected row by file, line number and reason."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from tenants.messages import render
from tenants.problems import FieldError, Problem


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a row was rejected, and the column that it is about, if it is about one."""

    problem: FieldError | Problem
    column: str = ""

    def text(self, language: str) -> str:
        sentence = self.problem.text(language)
        return f"{self.column}{'：' if language.startswith('zh') else ': '}{sentence}" if self.column else sentence


@dataclass(slots=True)
class Rejection:
    """A row that was not imported. It begins on ``line``; one with line breaks in quotes ends on ``last``."""

    file: str
    line: int
    last: int
    external_id: str
    reasons: list[Reason]

    def text(self, language: str) -> str:
        reasons = " ".join(reason.text(language) for reason in self.reasons)
        code = "import.rejected_as" if self.external_id else "import.rejected"
        lines = {"lines": line_ranges(range(self.line, self.last + 1)), "id": self.external_id}
        # The reasons are sentences of their own and must not be cut like a value.
        return render(code, language, {"file": self.file, **lines}) + reasons


@dataclass(slots=True)
class FileReport:
    """How many rows a file had and what became of them. Order lines share the fate of their order: those of a rejected order
    that were sound themselves are ``left_out``. ``status_kept`` are orders that are in another status than the file says."""

    file: str
    record: str
    encoding: str
    read: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: int = 0
    left_out: int = 0
    status_kept: int = 0

    def count(self, outcome: str, rows: int = 1) -> None:
        """``outcome`` is the name of one of the counts."""
        setattr(self, outcome, getattr(self, outcome) + rows)


@dataclass(slots=True)
class Summary:
    """The result of an import; in a dry run nothing was written."""

    dry_run: bool
    files: list[FileReport] = field(default_factory=list)
    rejections: list[Rejection] = field(default_factory=list)

    @property
    def rejected(self) -> int:
        return len(self.rejections)

    def lines(self, language: str) -> Iterator[str]:
        """The summary as lines of text: each file, then each rejected row in the order of files and lines."""
        if self.dry_run:
            yield render("import.dry_run", language, {})
        for file in self.files:
            counts = {name: getattr(file, name) for name in ("file", "encoding", "read", "created", "updated")}
            rest = {name: getattr(file, name) for name in ("unchanged", "rejected", "left_out")}
            code = "import.file_with_left_out" if file.left_out else "import.file"
            yield render(code, language, {**counts, **rest})
            if file.status_kept:
                yield render("import.status_kept", language, {"file": file.file, "count": file.status_kept})
        for rejection in self.in_order():
            yield rejection.text(language)

    def in_order(self) -> list[Rejection]:
        """The rejections by file, in the order of the mapping, and line."""
        order = {name: place for place, name in enumerate(dict.fromkeys(file.file for file in self.files))}
        return sorted(self.rejections, key=lambda rejection: (order[rejection.file], rejection.line))


def line_ranges(lines: Iterable[int]) -> str:
    """The numbers with neighbours joined: ``2-4, 7``."""
    ranges: list[list[int]] = []
    for number in sorted(set(lines)):
        if ranges and ranges[-1][1] == number - 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    return ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in ranges)
