"""Pages of a search, fast for words that are everywhere and for words that are nowhere.

The index of search tells which records hold the words, but not in the order of a page: for words that very many hold, finding
and sorting all of them would take long. So the records that come first in the order are read through before; only where these
do not fill the page is the index asked.
"""

from collections.abc import Sequence

from tenants.reading.pages import LARGEST_SIZE, Term
from tenants.reading.ranges import Bounds, Walk
from tenants.records import RecordType

# Records that are read through for each one that the page wants: words that more than one in a hundred hold fill it mostly.
READ_THROUGH = 100


class SearchWalk(Walk):
    """The rows of a record type, some of which a search may look for."""

    def __init__(self, record: RecordType, terms: Sequence[Term], alias: str) -> None:
        super().__init__(record, terms, alias)
        self._scope = self._wanted = ""

    def read_through(self, scope: str, tests: Sequence[str]) -> None:
        """Before the index of search is asked, read through the rows of ``scope`` that come first, for those that pass the
        tests. Does nothing where no index holds the order: there, reading what comes first is reading all."""
        if self.terms[0].indexed and not self.joined:
            self._scope, self._wanted = scope, " AND ".join(tests)

    def rows(self, base: str, bounds: Bounds, limit: str, *, backward: bool, most: int = LARGEST_SIZE + 1) -> str:
        """The rows of a page, in the order of the walk."""
        if not self._wanted:
            return super().rows(base, bounds, limit, backward=backward)
        near, count = f"{self.alias}near", f"(SELECT count(*) FROM {self.alias}near)"
        whole = f"({limit}) * {READ_THROUGH}"
        first = super().rows(self._scope, bounds, whole, backward=backward, most=most * READ_THROUGH)
        found = f"SELECT {self.alias}.* FROM ({first}) {self.alias} WHERE {self._wanted} LIMIT {limit}"
        asked = super().rows(f"{count} < {limit} AND {base}", bounds, limit, backward=backward)
        return (
            f"WITH {near} AS MATERIALIZED ({found})"
            f" SELECT * FROM {near} WHERE {count} >= {limit} UNION ALL SELECT * FROM ({asked}) {self.alias}"
        )
