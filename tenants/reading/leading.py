"""Pages of a filter by one indexed custom field, fast for values that few records have and for values that many have.

The index table tells which records have the values, but not in the order of a page. So it is asked first, and no further than to
know whether few do: few are put in order, and where there are many, the order is walked and each record judged. It is one
statement whose plan holds for all values; a plan for each call's own would take longer to make than most pages take to read.
"""

from collections.abc import Sequence

from tenants.conditions.tree import Lead
from tenants.reading.pages import LARGEST_SIZE
from tenants.reading.ranges import Bounds, Range, Walk

# So many of 100,000 records are looked up and sorted in about the time in which a page is filled by walking them.
FEW = 1_500


class LedWalk(Walk):
    """The rows of a record type, to which the values of a custom field may lead."""

    def rows(self, base: str, bounds: Bounds, limit: str, *, backward: bool, most: int = LARGEST_SIZE + 1) -> str:
        """The rows of a page, in the order of the walk."""
        if self.lead is None:
            return super().rows(base, bounds, limit, backward=backward, most=most)
        alias, ranges = self.alias, self._ranges(bounds, backward=backward)
        few = f"(SELECT ids FROM {alias}few)"
        led = self._chosen(base, ranges, limit, most, f" = ANY ({few}::uuid[])")
        walked = self._chosen(base, ranges, limit, most, "")
        return (
            f"WITH {alias}few AS MATERIALIZED (SELECT {_ids(self.lead)} AS ids)"
            f" SELECT * FROM ({led}) {alias} WHERE {few} IS NOT NULL"
            f" UNION ALL SELECT * FROM ({walked}) {alias} WHERE {few} IS NULL"
        )

    def _chosen(self, base: str, ranges: Sequence[Range], limit: str, most: int, among: str) -> str:
        parts = " UNION ALL ".join(self._part(base, found, most, among) for found in ranges)
        return f"SELECT * FROM ({parts}) {self.alias} LIMIT {limit}"

    def _part(self, base: str, found: Range, most: int, among: str) -> str:
        assert self.lead is not None
        alias, column = self.alias, self.terms[0].column
        place = f"{alias}.id" if column is None else f"{alias}v.record_id"
        tests = (*self.tests, *found.tests, *((f"{place}{among}",) if among else ()))
        if column is None or len(self.terms) > 2:
            return (
                f"(SELECT {alias}.* FROM {found.source} WHERE {' AND '.join((base, *tests))}"
                f" ORDER BY {found.order} LIMIT {most})"
            )
        # The index table alone has the order: records are read one by one behind it, until the page is full.
        ordered = f"WHERE {' AND '.join((*tests, *self.lead.along))} ORDER BY {found.order}"
        values = f"SELECT {alias}v.* FROM {column.index} {alias}v {ordered} OFFSET 0"
        records = f"SELECT {alias}.* FROM {self.table} WHERE {alias}.id = {alias}v.record_id AND {base} OFFSET 0"
        return (
            f"(SELECT {alias}.* FROM ({values}) {alias}v CROSS JOIN LATERAL ({records}) {alias}"
            f" ORDER BY {found.order} LIMIT {most})"
        )


def _ids(lead: Lead) -> str:
    """The ids of the lead's records; NULL where there are more than few."""
    tests = " AND ".join(("v.tenant_id = %(tenant)s", f"v.field = '{lead.source}'", *lead.tests))
    found = f"SELECT v.record_id FROM {lead.table} v WHERE {tests} LIMIT {FEW + 1}"
    return f"(SELECT coalesce(array_agg(f.record_id), '{{}}') FROM ({found}) f HAVING count(*) <= {FEW})"
