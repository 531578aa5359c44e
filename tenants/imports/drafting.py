"""From the rows of a file to drafts."""

from tenants.imports.binding import Filled
from tenants.imports.drafts import Draft, Log, guesses, own_reasons, read_id
from tenants.imports.lines import OrderLines, identify_lines
from tenants.imports.plans import FilePlan
from tenants.imports.reading import Row
from tenants.imports.sources import ColumnSource
from tenants.imports.spool import Spool
from tenants.imports.summary import Rejection
from tenants.problems import FieldError


class Drafter:
    """Makes drafts of the rows of one file, and rejects those that cannot become one."""

    def __init__(self, plan: FilePlan, spool: Spool, log: Log, lines: OrderLines | None) -> None:
        self._plan = plan
        self._spool = spool
        self._log = log
        self._lines = lines
        self._broken: list[tuple[Rejection, list[str]]] = []

    def draft(self, row: Row) -> Draft | None:
        """The record that a row describes; None when it was rejected, or is but one more line of an order seen before."""
        if row.problem is not None:
            self._reject_broken(row)
            return None
        cells = self._plan.binding.cells(row)
        errors: list[FieldError] = []
        external_id = read_id(self._plan.external_id, cells, errors)
        shared = self._lines is not None and self._lines.shared
        earlier = self._spool.see(self._plan.number, external_id, row.line) if external_id else None
        if shared and (earlier is not None or not external_id):
            return None
        self._log.report.read += 1
        filled = self._plan.binding.fill(cells)
        filled.columns["externalId",] = ", ".join(self._plan.external_id.columns()) or "externalId"
        filled.values["externalId"] = external_id
        if earlier is not None:
            column = filled.columns["externalId",]
            errors.append(FieldError((column,), "import.duplicate", {"value": external_id, "line": earlier}))
        draft = Draft(self._plan.record, external_id, row, filled)
        reasons = own_reasons([*errors, *filled.errors])
        if earlier is None and self._lines is not None:
            reasons += self._lines.left_out(external_id, ()) if reasons else self._lines.add_to(draft)
        if reasons:
            self._log.reject(row, external_id, reasons)
            return None
        self._identify_inline(filled)
        return draft

    def finish(self) -> None:
        """After the last row: tell what became of lines that no order took."""
        if self._lines is None:
            return
        for rejection, candidates in self._broken:
            for order in candidates:
                if self._spool.see(self._plan.number, order, rejection.line) is None:
                    rejection.reasons.extend(self._lines.left_out(order, ()))
        self._lines.reject_orphans()

    def _reject_broken(self, row: Row) -> None:
        """A row whose cells cannot be trusted; if a cell where the id would be names lines, they are told of with it."""
        assert row.problem is not None
        if self._lines is not None and self._lines.shared:
            # It was rejected as a line.
            return
        self._log.report.read += 1
        candidates: list[str] = []
        if isinstance(self._plan.external_id, ColumnSource):
            table = self._plan.table
            candidates = guesses(row, table.index[self._plan.external_id.column], len(table.header))
        rejection = self._log.reject(row, candidates[0] if candidates else "", own_reasons([row.problem]))
        if self._lines is not None:
            self._broken.append((rejection, candidates))

    def _identify_inline(self, filled: Filled) -> None:
        if self._lines is None and "lines" in filled.values:
            lines = filled.values["lines"]
            links = [[link for link in filled.links if link.holder is line] for line in lines]
            identify_lines(lines, links)
