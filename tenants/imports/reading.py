"""Rows of a table of text, each with the number of the line it begins on. Nothing is ever held but the row at hand."""

import codecs
import csv
import gzip
import re
import zlib
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from io import TextIOWrapper
from typing import BinaryIO, TextIO, cast

from charset_normalizer import from_bytes

from tenants.imports.formats import FileFormat
from tenants.problems import FieldError

LONGEST_LINE = 1_000_000
CHUNK = 1 << 20
SAMPLE = 1 << 16
_GZIP = b"\x1f\x8b"
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Chinese stands in runs. Western text that is misread as Chinese has single characters between Latin letters.
_RUN = re.compile(r"[^\x00-\x7f]+")

Opener = Callable[[str], BinaryIO]


class Unreadable(Exception):
    """A file that cannot be read as a table; ``code`` and ``data`` say why."""

    def __init__(self, code: str, **data: object) -> None:
        super().__init__(code)
        self.code = code
        self.data = data


@dataclass(frozen=True, slots=True)
class Row:
    """One row: where it begins and ends, and its cells. ``problem`` is set where the row cannot be used, and ``cells`` are
    then a guess."""

    line: int
    last: int
    cells: list[str]
    problem: FieldError | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """A file that can be read: its encoding, its columns by name, and how many lines it has."""

    file: str
    opener: Opener
    format: FileFormat
    encoding: str
    header: tuple[str, ...]
    lines: int

    @property
    def index(self) -> Mapping[str, int]:
        return {name: place for place, name in enumerate(self.header)}

    def rows(self) -> Iterator[Row]:
        """All rows but the header, blank ones left out."""
        with _text(self.opener, self.file, self.encoding) as stream:
            rows = _rows(stream, self.format.delimiter)
            next(rows, None)
            for row in rows:
                if row.problem is None and len(row.cells) != len(self.header):
                    data = {"count": len(row.cells), "expected": len(self.header)}
                    yield Row(row.line, row.last, row.cells, FieldError((), "import.field_count", data))
                else:
                    yield row


def open_table(opener: Opener, file: str, form: FileFormat) -> Table:
    """Look the file over, once as a whole: which encoding it is in, and which columns it has. Raises :class:`Unreadable`."""
    try:
        encoding, lines = _encoding(opener, file, form.encoding)
        with _text(opener, file, encoding) as stream:
            header = next(_rows(stream, form.delimiter), None)
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise Unreadable("import.no_file", reason=reason) from None
    if header is None:
        raise Unreadable("import.no_rows")
    if header.problem is not None:
        raise Unreadable("import.bad_header", line=header.line, reason=header.problem.text("en"))
    return Table(
        file, opener, form, encoding, tuple(name.strip().strip("\ufeff").strip() for name in header.cells), lines
    )


@contextmanager
def _binary(opener: Opener, file: str) -> Iterator[BinaryIO]:
    """The file's bytes, unpacked where it is packed."""
    with opener(file) as stream:
        packed = stream.read(len(_GZIP)) == _GZIP
        stream.seek(0)
        if packed:
            with gzip.GzipFile(fileobj=stream) as unpacked:
                yield cast(BinaryIO, unpacked)
        else:
            yield stream


@contextmanager
def _text(opener: Opener, file: str, encoding: str) -> Iterator[TextIO]:
    # Line ends are left to the CSV reader: inside quotes they belong to the value.
    with _binary(opener, file) as stream, TextIOWrapper(stream, encoding=encoding, newline="") as text:
        yield text


def _encoding(opener: Opener, file: str, told: str | None) -> tuple[str, int]:
    """The encoding that the whole file is in, and how many lines the file has."""
    with _binary(opener, file) as stream:
        sample = stream.read(SAMPLE)
    refused = None
    for name in _candidates(sample, told):
        try:
            return name, _count_lines(opener, file, name, chinese=told is None and name == "gb18030")
        except UnicodeDecodeError as error:
            refused = refused or Unreadable("import.bad_text", encoding=name, position=error.start)
    raise refused or Unreadable("import.bad_text", encoding="utf-8", position=0)


def _candidates(sample: bytes, told: str | None) -> Iterator[str]:
    marked = next((name for mark, name in _MARKS if sample.startswith(mark)), None)
    if told:
        yield "utf-8-sig" if (told, marked) == ("utf-8", "utf-8-sig") else told
    elif marked:
        yield marked
    else:
        yield from ("utf-8", "gb18030")
        if guess := from_bytes(sample).best():
            yield guess.encoding


def _count_lines(opener: Opener, file: str, encoding: str, *, chinese: bool) -> int:
    """Raises ``UnicodeDecodeError`` where the file is not in that encoding, or is to be Chinese and does not look it."""
    decoder = codecs.getincrementaldecoder(encoding)()
    lines = runs = characters = done = 0
    last, chunk = "\n", b"\n"
    with _binary(opener, file) as stream:
        while chunk:
            chunk = stream.read(CHUNK)
            kept = len(decoder.getstate()[0])
            try:
                text = decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                error.start += done - kept
                raise
            done += len(chunk)
            lines += text.count("\n")
            last = text[-1:] or last
            if chinese:
                found = _RUN.findall(text)
                runs += len(found)
                characters += sum(map(len, found))
    if chinese and characters < 1.5 * runs:
        raise UnicodeDecodeError(encoding, b"", 0, 0, "single foreign characters between Latin letters are no Chinese")
    return lines + (last != "\n")


class _Lines:
    """The lines of a text, counted; those of the row at hand can be put back but for the first."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._waiting: deque[str] = deque()
        self.number = 0
        self.taken: list[str] = []

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = self._waiting.popleft() if self._waiting else self._stream.readline(LONGEST_LINE)
        if not line:
            raise StopIteration
        self.number += 1
        self.taken.append(line)
        if len(line) == LONGEST_LINE and not line.endswith("\n"):
            self._skip_rest()
            raise csv.Error(f"the line has more than {LONGEST_LINE} characters")
        return line

    def _skip_rest(self) -> None:
        while (more := self._stream.readline(LONGEST_LINE)) and not more.endswith("\n"):
            pass

    def put_back(self) -> None:
        rest = self.taken[1:]
        self._waiting.extendleft(reversed(rest))
        self.number -= len(rest)
        del self.taken[1:]


def _rows(stream: TextIO, delimiter: str) -> Iterator[Row]:
    """Every row that is not blank. After a row that is no CSV, reading goes on with the line after its first."""
    lines = _Lines(stream)
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        lines.taken.clear()
        first = lines.number + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            lines.put_back()
            guess = [cell.strip('" \r\n') for cell in lines.taken[0].split(delimiter)]
            yield Row(first, first, guess, FieldError((), "import.bad_csv", {"reason": str(error)}))
            continue
        if any("\x00" in line for line in lines.taken):
            yield Row(first, lines.number, cells, FieldError((), "value.unprintable"))
        elif any(map(str.strip, cells)):
            yield Row(first, lines.number, cells)
