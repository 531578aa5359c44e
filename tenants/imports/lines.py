"""Order lines in rows of their own: gathered by order, so that an order is imported with all its lines or not at all."""

from collections.abc import Callable
from typing import Any

from tenants.imports.binding import Filled, Pending
from tenants.imports.drafts import Draft, LineDraft, Log, guesses, own_reasons, read_id
from tenants.imports.plans import LinesPlan
from tenants.imports.reading import Row
from tenants.imports.spool import Spool
from tenants.imports.summary import Reason, line_ranges
from tenants.order_lines import MOST_LINES
from tenants.problems import FieldError

Progress = Callable[[str, int, int], None]
PROGRESS_EVERY = 500


class OrderLines:
    """The lines of the orders of one file, by order."""

    def __init__(self, plan: LinesPlan, file: int, spool: Spool, log: Log, progress: Progress) -> None:
        self.shared = plan.shared
        self._plan = plan
        self._file = file
        self._spool = spool
        self.log = log
        self._progress = progress

    def load(self) -> None:
        """Read all lines once; they may stand in any order."""
        self._spool.begin_lines()
        table = self._plan.table
        place = table.index[self._plan.order]
        for row in table.rows():
            self.log.report.read += 1
            if self.log.report.read % PROGRESS_EVERY == 0:
                self._progress(table.file, row.line, table.lines)
            parent = self._plan.binding.cells(row)[self._plan.order] if row.problem is None else None
            if row.problem is not None:
                self._spool.suspect(guesses(row, place, len(table.header)), row.line)
                self.log.reject(row, "", own_reasons([row.problem]))
            elif parent is None:
                self.log.reject(row, "", own_reasons([FieldError((self._plan.order,), "value.required")]))
            else:
                self._spool.add_line(parent, row.line, row.cells)
        self._progress(table.file, table.lines, table.lines)

    def add_to(self, draft: Draft) -> list[Reason]:
        """Give the order its lines. The reasons why it cannot be imported, if its lines are bad."""
        numbers = self._spool.line_numbers(draft.external_id)
        if len(numbers) > MOST_LINES:
            error = FieldError((), "value.too_many", {"count": len(numbers), "most": MOST_LINES})
            return [Reason(error, "lines"), *self.left_out(draft.external_id, ())]
        draft.lines = [LineDraft(line, self._fill(line, cells)) for line, cells in self._spool.lines(draft.external_id)]
        self._identify(draft.lines)
        draft.filled.values["lines"] = [line.filled.values for line in draft.lines]
        bad = {line.line: own_reasons(line.filled.errors) for line in draft.lines if line.filled.errors}
        suspects = self._spool.suspects(draft.external_id)
        return self.refuse(draft.external_id, bad, suspects) if bad or suspects else []

    def refuse(self, order: str, bad: dict[int, list[Reason]], suspects: list[int] | None = None) -> list[Reason]:
        """Reject the bad lines; the reasons for their order, which also loses its sound lines."""
        for line, reasons in bad.items():
            self.log.reject(line, order, reasons)
        numbers = sorted({*bad, *(suspects or ())})
        data = {"count": len(numbers), "lines": line_ranges(numbers), "file": self._plan.table.file}
        return [Reason(FieldError((), "import.lines_rejected", data)), *self.left_out(order, numbers)]

    def left_out(self, order: str, rejected: list[int] | tuple[()]) -> list[Reason]:
        """What to say, with the rejection of an order, of those of its lines that were sound themselves."""
        numbers = [number for number in self._spool.line_numbers(order) if number not in rejected]
        self.log.report.left_out += len(numbers)
        if not numbers or self.shared:
            return []
        data = {"lines": line_ranges(numbers), "file": self._plan.table.file}
        return [Reason(FieldError((), "import.left_out", data))]

    def reject_orphans(self) -> None:
        """Reject the lines whose order the file of orders does not have."""
        for line, parent in self._spool.orphans(self._file):
            self.log.reject(
                line, "", own_reasons([FieldError((self._plan.order,), "import.orphan", {"value": parent})])
            )

    def _fill(self, line: int, cells: list[str]) -> Filled:
        binding = self._plan.binding
        row = binding.cells(Row(line, line, cells))
        filled = binding.fill(row)
        if self._plan.external_id is not None:
            filled.values["externalId"] = read_id(self._plan.external_id, row, filled.errors)
        return filled

    def _identify(self, lines: list[LineDraft]) -> None:
        """See to it that each line has an external id of its own."""
        if self._plan.external_id is None:
            identify_lines([line.filled.values for line in lines], [line.filled.links for line in lines])
            return
        first: dict[str, int] = {}
        for line in lines:
            given = line.filled.values["externalId"]
            earlier = first.setdefault(given, line.line)
            if given and earlier != line.line:
                data = {"value": given, "line": earlier}
                line.filled.errors.append(
                    FieldError((", ".join(self._plan.external_id.columns()),), "import.duplicate", data)
                )


def identify_lines(lines: list[dict[str, Any]], links: list[list[Pending]]) -> None:
    """Give lines without ids of their own stable ones: the product's, else the place in the order, told apart by a count."""
    used: dict[str, int] = {}
    for number, (values, pending) in enumerate(zip(lines, links, strict=True), start=1):
        product = next((link.value for link in pending if link.record == "product"), None)
        base = product or f"#{number}"
        used[base] = used.get(base, 0) + 1
        values["externalId"] = base if used[base] == 1 else f"{base}#{used[base]}"
