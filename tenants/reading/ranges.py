"""How the rows of a page are found: as ranges of an index, walked one after the other from the cursor on.

PostgreSQL walks an index from a given place on for a row comparison, but not for an OR. So an order that begins with what an
index holds is cut where its values become absent: the rows with a value are one range and those without are another, each is
read in the order of the index, and the second only where the first did not fill the page. In the same way an order by status is
cut into the ranges of all statuses; one by a column of another record, such as the customer's name, follows the index of that
record and finds the rows of each.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from tenants.conditions.tree import Lead
from tenants.reading.json_sql import literal
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
    """Rows that are read in one go: what holds for them beside the page's own conditions, their order, and from what."""

    tests: tuple[str, ...]
    order: str
    source: str


class Walk:
    """The rows of a record type, called ``alias``, in the order of ``terms``.

    ``source`` is what they are read from and ``tests`` what relates its parts; ``joined`` are the expressions of values that
    come with it, by alias and field, which serve better than those of the record. A page may begin with a ``lead``.
    """

    def __init__(self, record: RecordType, terms: Sequence[Term], alias: str) -> None:
        self.terms = terms
        self.alias = alias
        self.record_table = record.table
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
        self._absent_source, self._is_absent = self.source, f"{self._expressions[0]} IS NULL"
        through = terms[0].through
        if through is not None:
            other = f"{alias}r"
            join = through.join.replace("{x}", other).replace("{t}", alias)
            related = f"{through.table} {other} ON {other}.tenant_id = %(tenant)s AND {join}"
            self.source, self._absent_source = f"{self.table} JOIN {related}", f"{self.table} LEFT JOIN {related}"
            self._expressions[0] = through.value(other)
            self._is_absent = f"{through.key.replace('{t}', alias)} IS NULL"

    @cached_property
    def _is_even(self) -> bool:
        """Whether one row comparison tells what lies beyond a row that has a first value."""
        return self._is_even_behind and self.terms[0].descending == self.terms[1].descending

    @cached_property
    def _is_even_behind(self) -> bool:
        """The same among rows that have one and the same first value."""
        behind = self.terms[1:]
        return len({term.descending for term in behind}) == 1 and not any(term.nullable for term in behind)

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
            f"(SELECT {columns} FROM {found.source} WHERE {' AND '.join((base, *self.tests, *found.tests))}"
            f" ORDER BY {found.order} LIMIT {most})"
            for found in ranges
        ]
        # Parts are read in turn, and no further than the limit.
        return f"SELECT * FROM ({' UNION ALL '.join(parts)}) {self.alias} LIMIT {limit}"

    def _ranges(self, bounds: Bounds, *, backward: bool, inclusive: bool = False) -> list[Range]:
        found = {name: self._comparable(bound) for name, bound in bounds.items()}
        lead = self.terms[0]
        if lead.keys:
            return self._ranges_of_keys(found, backward=backward, inclusive=inclusive)
        # Without a cursor an ascending index holds the whole order: absent values are its end.
        is_whole = not (found or lead.descending or lead.through)
        if is_whole or not (lead.indexed and lead.nullable):
            tests = tuple(self._beyond(name, bound, inclusive) for name, bound in found.items())
            return [Range(tests, self._order(0, backward=backward), self.source)]
        present, absent = [[f"{self._expressions[0]} IS NOT NULL"]], [self._is_absent]
        for name, bound in found.items():
            choices = [self._beyond_value(name, bound, inclusive)]
            if name == BEFORE:
                choices.append(f"{bound[0]} IS NULL")
            present = [[*tests, choice] for tests in present for choice in choices]
            absent.append(self._beyond_absent(name, bound, inclusive))
        parts = [Range(tuple(tests), self._cut_order(0, backward=backward), self.source) for tests in present]
        last = self._order(1, backward=backward) if lead.through else self._cut_order(1, backward=backward)
        parts.append(Range(tuple(absent), last, self._absent_source))
        return parts[::-1] if backward else parts

    def _ranges_of_keys(self, bounds: Bounds, *, backward: bool, inclusive: bool) -> list[Range]:
        """Where the order begins with the place of a key: the rows of one key after the other, at last those of no known one. Of
        the key at a cursor, only what lies beyond the cursor."""
        lead = self.terms[0]
        assert lead.by is not None
        by, keys = lead.by(self.alias), [literal(key) for key in lead.keys]
        parts = [(str(place), f"{by} = {key}") for place, key in enumerate(keys)]
        unknown = ("NULL::integer", f"{by} = ANY (ARRAY({self._unknown_keys(keys)}))")
        ordered = [*(parts[::-1] if lead.descending else parts), unknown]
        found = []
        for place, test in ordered:
            choices: list[tuple[str, ...]] = [(test,)]
            for name, bound in bounds.items():
                here = f"{bound[0]} IS NOT DISTINCT FROM {place} AND {self._beyond_equal(name, bound, inclusive)}"
                choices = [
                    (*tests, choice) for tests in choices for choice in (here, self._other_key(name, place, bound[0]))
                ]
            found += [Range(tests, self._order(1, backward=backward), self.source) for tests in choices]
        return found[::-1] if backward else found

    def _unknown_keys(self, known: Sequence[str]) -> str:
        """The keys that records hold beside the ``known`` ones, each looked up in the index from the one before on."""
        by, alias = self.terms[0].by, f"{self.alias}k"
        assert by is not None
        least = f"SELECT {by(alias)} FROM {self.record_table} {alias} WHERE {alias}.tenant_id = %(tenant)s"
        first, last = f"{least} ORDER BY 1 LIMIT 1", f"{least} AND {by(alias)} > k.key ORDER BY 1 LIMIT 1"
        return (
            f"WITH RECURSIVE k (key) AS (({first}) UNION ALL SELECT ({last}) FROM k WHERE k.key IS NOT NULL)"
            f" SELECT k.key FROM k WHERE k.key <> ALL (ARRAY[{', '.join(known)}])"
        )

    def _other_key(self, name: str, place: str, bound: str) -> str:
        """Whether the key at ``place`` comes behind that of the cursor in the argument ``name``, or before it."""
        absent, present = (bound, place) if name == BEFORE else (place, bound)
        return f"({place} {self._sign(0, name)} {bound} OR ({absent} IS NULL AND {present} IS NOT NULL))"

    def _beyond_equal(self, name: str, bound: Sequence[str], inclusive: bool) -> str:
        """The rows beyond the cursor among those that have its first value."""
        if not self._is_even_behind:
            return self._any_beyond(name, bound, inclusive, 1)
        sign = self._sign(1, name) + ("=" if inclusive else "")
        return f"({', '.join(self._expressions[1:])}) {sign} ({', '.join(bound[1:])})"

    def _comparable(self, bound: Sequence[str]) -> list[str]:
        column = self.terms[0].column
        return list(bound) if column is None else [column.type.indexed_sql(bound[0]), *bound[1:]]

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
        if self._is_even and not self.terms[0].through:
            return whole
        # An index can begin at the first value, whatever follows, or in whatever table.
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

    def _any_beyond(self, name: str, bound: Sequence[str], inclusive: bool, start: int = 0) -> str:
        """Term by term from the one at ``start`` on, for any order; no index can begin there."""
        if inclusive:
            return f"NOT coalesce({self._any_beyond(_OPPOSITE[name], bound, False, start)}, FALSE)"
        choices = []
        for place, term in enumerate(self.terms[start:], start):
            same = [f"{self._expressions[i]} IS NOT DISTINCT FROM {bound[i]}" for i in range(start, place)]
            further = f"{self._expressions[place]} {self._sign(place, name)} {bound[place]}"
            if term.nullable:
                absent, present = (bound, self._expressions) if name == BEFORE else (self._expressions, bound)
                further = f"({further} OR ({absent[place]} IS NULL AND {present[place]} IS NOT NULL))"
            choices.append(" AND ".join((*same, further)))
        return "(" + " OR ".join(f"({choice})" for choice in choices) + ")"


def _direction(term: Term, *, backward: bool) -> str:
    return "DESC" if term.descending != backward else "ASC"
