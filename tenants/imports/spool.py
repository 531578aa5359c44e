"""What an import must remember of files that need not fit into memory: a private SQLite database that goes when it closes."""

import sqlite3
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import Any, Self

import orjson

_TABLES = """
CREATE TABLE seen (file INTEGER, id TEXT, line INTEGER, PRIMARY KEY (file, id)) WITHOUT ROWID;
CREATE TABLE lines (parent TEXT, line INTEGER, cells BLOB);
CREATE INDEX lines_parent ON lines (parent, line);
CREATE TABLE suspects (parent TEXT, line INTEGER);
CREATE INDEX suspects_parent ON suspects (parent, line);
CREATE TABLE accepted (record TEXT, id TEXT, content BLOB, PRIMARY KEY (record, id));
"""


class Spool:
    """``seen`` ids of each file; the order ``lines`` of one file at a time, by order, and the orders that its broken rows may
    belong to (``suspects``); and in a rehearsal what was ``accepted`` but not kept."""

    def __init__(self) -> None:
        # An empty name is SQLite's for a temporary database: in memory while it is small, then in a file of its own.
        self._db = sqlite3.connect("", isolation_level=None)
        self._db.executescript(_TABLES)
        self._db.execute("BEGIN")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._db.close()

    def see(self, file: int, record_id: str, line: int) -> int | None:
        """Note that the id stands on that line; the earlier line where it stood already."""
        if self._db.execute("INSERT OR IGNORE INTO seen VALUES (?, ?, ?)", (file, record_id, line)).rowcount:
            return None
        (earlier,) = self._db.execute("SELECT line FROM seen WHERE file = ? AND id = ?", (file, record_id)).fetchone()
        return int(earlier)

    def begin_lines(self) -> None:
        """Forget the lines of the file before."""
        self._db.execute("DELETE FROM lines")
        self._db.execute("DELETE FROM suspects")

    def add_line(self, parent: str, line: int, cells: list[str]) -> None:
        self._db.execute("INSERT INTO lines VALUES (?, ?, ?)", (parent, line, orjson.dumps(cells)))

    def suspect(self, parents: Iterable[str], line: int) -> None:
        """The row on that line is broken and may belong to any of these orders."""
        self._db.executemany("INSERT INTO suspects VALUES (?, ?)", [(parent, line) for parent in parents])

    def suspects(self, parent: str) -> list[int]:
        return self._numbers("SELECT DISTINCT line FROM suspects WHERE parent = ? ORDER BY line", parent)

    def line_numbers(self, parent: str) -> list[int]:
        return self._numbers("SELECT line FROM lines WHERE parent = ? ORDER BY line", parent)

    def lines(self, parent: str) -> list[tuple[int, list[str]]]:
        rows = self._db.execute("SELECT line, cells FROM lines WHERE parent = ? ORDER BY line", (parent,))
        return [(line, orjson.loads(cells)) for line, cells in rows]

    def orphans(self, file: int) -> Iterator[tuple[int, str]]:
        """The lines whose order was not seen in that file, with the id they name."""
        return self._db.execute(
            "SELECT line, parent FROM lines"
            " WHERE NOT EXISTS (SELECT 1 FROM seen WHERE file = ? AND id = parent) ORDER BY line",
            (file,),
        )

    def accept(self, record: str, record_id: str, content: Any) -> None:
        self._db.execute("INSERT OR REPLACE INTO accepted VALUES (?, ?, ?)", (record, record_id, orjson.dumps(content)))

    def accepted(self, record: str, record_id: str) -> Any:
        """What was accepted under that id, or None."""
        row = self._db.execute(
            "SELECT content FROM accepted WHERE record = ? AND id = ?", (record, record_id)
        ).fetchone()
        return orjson.loads(row[0]) if row else None

    def _numbers(self, sql: str, parent: str) -> list[int]:
        return [number for (number,) in self._db.execute(sql, (parent,))]
