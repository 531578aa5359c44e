"""Pages of a search, fast for words that are everywhere and for words that are nowhere.

The index of search tells which records hold the words, but not in the order of a page: for words that very many hold, finding
and sorting all of them would take long. So the records that come first in the order are read through before; only where these
do not fill the page is the index asked. Where many customers hold the words more is read through, since the index would find
the more.
"""

from collections.abc import Sequence

from tenants.reading.leading import LedWalk
from tenants.reading.pages import LARGEST_SIZE, Term
from tenants.reading.ranges import Bounds
from tenants.records import RecordType

# Records that are read through for each one that the page wants: words that more than one in a hundred hold fill it mostly.
READ_THROUGH = 100
# The same for words that many customers hold, and the most that it may come to.
READ_FURTHER = 1_000
MOST_READ = 25_000


class SearchWalk(LedWalk):
    """The rows of a record type, some of which a search may look for."""

    def __init__(self, record: RecordType, terms: Sequence[Term], alias: str) -> None:
        super().__init__(record, terms, alias)
        self._scope = self._wanted = ""
        self._is_common: str | None = None

    def read_through(self, scope: str, tests: Sequence[str], is_common: str | None) -> None:
        """Before the index of search is asked, read through the rows of ``scope`` that come first, for those that pass the
        tests; more of them where ``is_common`` holds. Does nothing where no index holds the order: there, reading what comes
        first is reading all."""
        if self.terms[0].indexed and not self.joined:
            self._scope, self._wanted, self._is_common = scope, " AND ".join(tests), is_common

    def rows(self, base: str, bounds: Bounds, limit: str, *, backward: bool, most: int = LARGEST_SIZE + 1) -> str:
        """The rows of a page, in the order of the walk."""
        if not self._wanted:
            return super().rows(base, bounds, limit, backward=backward, most=most)
        near, far = f"{self.alias}near", f"{self.alias}far"
        size, filled = f"({limit}) * {READ_THROUGH}", f"(SELECT count(*) FROM {near}) >= {limit}"
        read = [f"{near} AS MATERIALIZED ({self._passing('TRUE', bounds, size, most * READ_THROUGH, limit, backward)})"]
        shown = [f"SELECT * FROM {near} WHERE {filled}"]
        unfilled = f"NOT ({filled})"
        if self._is_common:
            # Behind the rows that were read already, and after those of them that passed.
            further, most_read = f"least(({limit}) * {READ_FURTHER}, {MOST_READ}) OFFSET {size}", most * READ_FURTHER
            behind = self._passing(
                f"{unfilled} AND {self._is_common}", bounds, further, min(most_read, MOST_READ), limit, backward
            )
            read.append(
                f"{far} AS MATERIALIZED (SELECT * FROM {near} WHERE {unfilled} UNION ALL ({behind}) LIMIT {limit})"
            )
            shown.append(f"SELECT * FROM {far} WHERE (SELECT count(*) FROM {far}) >= {limit}")
            unfilled += f" AND (SELECT count(*) FROM {far}) < {limit}"
        asked = super().rows(f"{unfilled} AND {base}", bounds, limit, backward=backward)
        return f"WITH {', '.join(read)} {' UNION ALL '.join((*shown, f'SELECT * FROM ({asked}) {self.alias}'))}"

    def _passing(self, gate: str, bounds: Bounds, size: str, most: int, limit: str, backward: bool) -> str:
        """Those that pass, at most ``limit``, of the ``size`` rows that come first; none unless ``gate`` holds."""
        first = super().rows(self._scope, bounds, size, backward=backward, most=most)
        return f"SELECT {self.alias}.* FROM ({first}) {self.alias} WHERE {gate} AND {self._wanted} LIMIT {limit}"
