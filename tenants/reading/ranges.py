"""How the rows of a page are found: as ranges of an index, walked one after the other from the cursor on.

PostgreSQL walks an index from a given place on for a row comparison, but not for an OR. So an order that begins with what an
index holds is cut where its values become absent: the rows with a value are one range and those without are another, each is
read in the order of the index, and the second only where the first did not fill the page.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from tenants.conditions.tree import Lead
from tenants.field_values.kinds import key_sql
from tenants.reading.pages import LARGEST_SIZE, Term
from tenants.records import RecordType

AFTER, BEFORE = "after", "before"
_OPPOSITE = {AFTER: BEFORE, BEFORE: AFTER}
# Rows that an estimate counts one by one, and the pages of a table that it looks at when there are more.
MOST_COUNTED = 10_000
SAMPLED_PAGES = 400
_FIRST_ID = "'00000000-0000-0000-0000-000000000000'::uuid"
_LAST_ID = "'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid"

# Placeholders of a cursor's sort values, by the argument that holds the cursor.
Bounds = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Range:
    """Rows that are read in one go: what holds for them beside the page's own conditions, and their order."""

    tests: tuple[str, ...]
    order: str


class Walk:
    """The rows of a record type, called ``alias``, in the order of ``terms``.

    ``source`` is what they are read from and ``tests`` what relates its parts; ``joined`` are the expressions of values that
    come with it, by alias and field, which serve better than those of the record. A page may begin with a ``lead``.
    """

    def __init__(self, record: RecordType, terms: Sequence[Term], alias: str) -> None:
        self.terms = terms
        self.alias = alias
        self.table = f"{record.table} {alias}"
        self.source = self.table
        self.tests: tuple[str, ...] = ()
        self.joined: dict[tuple[str, str], str] = {}
        self.lead: Lead | None = None
        self._expressions = [term.expression(alias) for term in terms]
        self._rank = terms[0].rank and terms[0].rank(alias)
        column = terms[0].column
        if column is not None:
            values = f"{alias}v"
            self.source = f"{column.index} {values} JOIN {self.table} ON {alias}.id = {values}.record_id"
            self.tests = (f"{values}.tenant_id = %(tenant)s", f"{values}.field = '{column.source}'")
            self.joined[alias, column.source] = f"{values}.value"
            # The index ends in the record's id as it stands in the index table.
            self._expressions[0], self._expressions[-1] = f"{values}.value", f"{values}.record_id"

    @cached_property
    def _is_even(self) -> bool:
        """Whether one row comparison tells what lies beyond a row that has a first value."""
        return len({term.descending for term in self.terms}) == 1 and not any(term.nullable for term in self.terms[1:])

    def rows(self, base: str, bounds: Bounds, limit: str, *, backward: bool, most: int = LARGEST_SIZE + 1) -> str:
        """The rows of a page, in the order of the walk. ``limit`` is an expression that is never more than ``most``."""
        return self._select(f"{self.alias}.*", base, self._ranges(bounds, backward=backward), limit, most)

    def any_outside(self, base: str, name: str, bound: Sequence[str]) -> str:
        """Whether there is a row on the other side of the cursor in the argument ``name``, its own included."""
        # Read from the cursor on away from the page. EXISTS would forget about the order, and read whatever comes first.
        other = _OPPOSITE[name]
        ranges = self._ranges({other: bound}, backward=other == BEFORE, inclusive=True)
        return f"({self._select('TRUE', base, ranges, '1', 1)}) IS NOT NULL"

    def count(self, base: str) -> str:
        """How many rows there are."""
        return f"(SELECT count(*) FROM {self._counted(base)})"

    def estimate(self, base: str) -> str:
        """How many rows there are: exact up to :data:`MOST_COUNTED`, beyond that from a sample of the table's pages."""
        counted = self._counted(base)
        size, page = f"pg_relation_size('{self.table.split()[0]}')", "current_setting('block_size')::integer"
        percent = f"least(100, {SAMPLED_PAGES} * 100.0 * {page} / greatest({size}, 1))"
        # The same pages as long as the table has as many, so that the number does not flicker.
        sample = counted.replace(self.table, f"{self.table} TABLESAMPLE SYSTEM ({percent}) REPEATABLE (1)", 1)
        return (
            f"(SELECT CASE WHEN c.n <= {MOST_COUNTED} THEN c.n"
            f" ELSE greatest(c.n, round((SELECT count(*) FROM {sample}) * 100 / {percent}))::bigint END"
            f" FROM (SELECT count(*) AS n FROM (SELECT 1 FROM {counted} LIMIT {MOST_COUNTED + 1}) f) c)"
        )

    def _counted(self, base: str) -> str:
        where = (base, *self.tests) if any(value in base for value in self.joined.values()) else (base,)
        return f"{self.source if len(where) > 1 else self.table} WHERE {' AND '.join(where)}"

    def _select(self, columns: str, base: str, ranges: Sequence[Range], limit: str, most: int) -> str:
        # A plan that is kept for all page sizes knows none, and expects a tenth of all rows unless it is told the most.
        parts = [
            f"(SELECT {columns} FROM {self.source} WHERE {' AND '.join((base, *self.tests, *found.tests))}"
            f" ORDER BY {found.order} LIMIT {most})"
            for found in ranges
        ]
        # Parts are read in turn, and no further than the limit.
        return f"SELECT * FROM ({' UNION ALL '.join(parts)}) {self.alias} LIMIT {limit}"

    def _ranges(self, bounds: Bounds, *, backward: bool, inclusive: bool = False) -> list[Range]:
        found = {name: self._comparable(bound) for name, bound in bounds.items()}
        lead = self.terms[0]
        # Without a cursor an ascending index holds the whole order: absent values are its end.
        is_whole = not found and not lead.descending
        if is_whole or not (lead.indexed and lead.nullable):
            tests = tuple(self._beyond(name, bound, inclusive) for name, bound in found.items())
            return [Range(tests, self._order(0, backward=backward))]
        present, absent = [[f"{self._expressions[0]} IS NOT NULL"]], [f"{self._expressions[0]} IS NULL"]
        for name, bound in found.items():
            choices = [self._beyond_value(name, bound, inclusive)]
            if name == BEFORE:
                choices.append(f"{bound[0]} IS NULL")
            present = [[*tests, choice] for tests in present for choice in choices]
            absent.append(self._beyond_absent(name, bound, inclusive))
        parts = [Range(tuple(tests), self._cut_order(0, backward=backward)) for tests in present]
        parts.append(Range(tuple(absent), self._cut_order(1, backward=backward)))
        return parts[::-1] if backward else parts

    def _comparable(self, bound: Sequence[str]) -> list[str]:
        column = self.terms[0].column
        return list(bound) if column is None else [key_sql(column.type, bound[0]), *bound[1:]]

    def _order(self, start: int, *, backward: bool) -> str:
        parts = []
        for term, expression in zip(self.terms[start:], self._expressions[start:], strict=True):
            nulls = f" NULLS {'FIRST' if backward else 'LAST'}" if term.nullable else ""
            parts.append(f"{expression} {_direction(term, backward=backward)}{nulls}")
        if self._rank and not start:
            parts.insert(0, f"{self._rank} {_direction(self.terms[0], backward=backward)}")
        return ", ".join(parts)

    def _cut_order(self, leading: int, *, backward: bool) -> str:
        """The order where the first term is never absent, or always. Where it is always absent its direction is that of the term
        ``leading``, so that an index holds the order: PostgreSQL does not take what is NULL throughout for a constant."""
        direction = _direction(self.terms[leading], backward=backward)
        return f"{self._expressions[0]} {direction}, {self._order(1, backward=backward)}"

    def _sign(self, place: int, name: str) -> str:
        return "<" if self.terms[place].descending == (name == AFTER) else ">"

    def _beyond(self, name: str, bound: Sequence[str], inclusive: bool) -> str:
        """The rows on the side of the cursor that the argument's name tells."""
        if not self.terms[0].nullable:
            return self._beyond_value(name, bound, inclusive)
        return self._any_beyond(name, bound, inclusive)

    def _beyond_value(self, name: str, bound: Sequence[str], inclusive: bool) -> str:
        """The same among the rows that have a first value; none when the cursor has none."""
        if self._is_even:
            sign = self._sign(0, name) + ("=" if inclusive else "")
            whole = f"({', '.join(self._expressions)}) {sign} ({', '.join(bound)})"
        else:
            whole = self._any_beyond(name, bound, inclusive)
        if self._rank:
            return f"{self._rank} {self._sign(0, name)}= ({bound[0]})::double precision AND {whole}"
        if self._is_even:
            return whole
        # An index can begin at the first value, whatever follows.
        return f"{self._expressions[0]} {self._sign(0, name)}= {bound[0]} AND {whole}"

    def _beyond_absent(self, name: str, bound: Sequence[str], inclusive: bool) -> str:
        """The same among the rows without a first value."""
        if len(self.terms) > 2:
            beyond = self._any_beyond(name, bound, inclusive)
        else:
            sign = self._sign(1, name)
            place = bound[1]
            if name == AFTER:
                # Behind a row that has a value lie all that have none.
                place = f"CASE WHEN {bound[0]} IS NULL THEN {place} ELSE {_FIRST_ID if sign == '>' else _LAST_ID} END"
            beyond = f"{self._expressions[1]} {sign}{'=' if inclusive else ''} {place}"
        return beyond if name == AFTER else f"{bound[0]} IS NULL AND {beyond}"

    def _any_beyond(self, name: str, bound: Sequence[str], inclusive: bool) -> str:
        """Term by term, for any order; no index can begin there."""
        if inclusive:
            return f"NOT coalesce({self._any_beyond(_OPPOSITE[name], bound, False)}, FALSE)"
        choices = []
        for place, term in enumerate(self.terms):
            same = [f"{self._expressions[i]} IS NOT DISTINCT FROM {bound[i]}" for i in range(place)]
            further = f"{self._expressions[place]} {self._sign(place, name)} {bound[place]}"
            if term.nullable:
                absent, present = (bound, self._expressions) if name == BEFORE else (self._expressions, bound)
                further = f"({further} OR ({absent[place]} IS NULL AND {present[place]} IS NOT NULL))"
            choices.append(" AND ".join((*same, further)))
        return "(" + " OR ".join(f"({choice})" for choice in choices) + ")"


def _direction(term: Term, *, backward: bool) -> str:
    return "DESC" if term.descending != backward else "ASC"
