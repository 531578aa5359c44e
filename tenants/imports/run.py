"""Running an import: from files on disk, or from texts that came with a call."""

import gzip
import zlib
from collections.abc import Iterator, Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

from tenants import audit_log
from tenants.actors import Actor, system
from tenants.audit_log import COMPANY, About
from tenants.callers import Callers
from tenants.database import Caller, Database
from tenants.imports.drafting import Drafter
from tenants.imports.drafts import Draft, Log
from tenants.imports.lines import PROGRESS_EVERY, OrderLines, Progress
from tenants.imports.mapping import Mapping as ImportMapping
from tenants.imports.mapping import mapping_error, parse_mapping
from tenants.imports.plans import FilePlan, plan_files
from tenants.imports.reading import Opener
from tenants.imports.spool import Spool
from tenants.imports.summary import FileReport, Summary
from tenants.imports.writing import REJECTED, Outcome, Refresh, Writer
from tenants.problems import InvalidInput, LimitExceeded
from tenants.transaction import begin

# As many records, order lines counted in, are written in one transaction.
BATCH = 400
MOST_BYTES = 900_000


async def run_import(
    database: Database,
    callers: Callers,
    tenant_id: UUID,
    mapping_path: Path,
    *,
    folders: Sequence[Path] = (),
    dry_run: bool = False,
    progress: Progress | None = None,
    actor: Actor | None = None,
) -> Summary:
    """Import the files that a mapping names, found in ``folders`` or else beside the mapping.

    ``progress`` is told a file's name, the line that was reached, and how many lines there are. The actor is the operator
    unless given. Raises :class:`InvalidInput` for a mapping or a file that cannot be used and :class:`NotAllowed` for a missing
    right, both before anything is written, and ``LookupError`` for no such tenant.
    """
    acting = actor or system("import")

    async def refresh() -> Caller:
        return await callers.acting(tenant_id, acting)

    def opener(name: str) -> BinaryIO:
        places = [folder / name for folder in (*folders, mapping_path.parent)]
        return next((place for place in places if place.exists()), places[0]).open("rb")

    text = _read_mapping(mapping_path)
    return await _Import(database, await refresh(), refresh, dry_run, progress).run(text, opener)


def _read_mapping(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InvalidInput([mapping_error((), "import.no_file", path.name, reason=reason)]) from None


async def run_import_texts(
    database: Database,
    caller: Caller,
    mapping_text: str,
    files: Mapping[str, bytes],
    *,
    dry_run: bool,
    refresh: Refresh | None = None,
) -> Summary:
    """Import files that came with a call, by the names that the mapping gives them.

    ``refresh`` looks at the caller anew when the configuration changes meanwhile; without it the import then ends with
    :class:`tenants.database.Outdated` and may simply be run again. Raises :class:`LimitExceeded`, and otherwise as
    :func:`run_import`.
    """
    unpacked = _unpacked(files)

    def opener(name: str) -> BinaryIO:
        if name not in unpacked:
            raise FileNotFoundError(2, f"files given: {', '.join(unpacked) or '-'}")
        return BytesIO(unpacked[name])

    return await _Import(database, caller, refresh, dry_run, None).run(mapping_text, opener)


def _unpacked(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The files, packed ones unpacked: a small one may hold more than can be worked off in one call."""
    found, size = {}, 0
    for name, content in files.items():
        try:
            stream = gzip.GzipFile(fileobj=BytesIO(content)) if content[:2] == b"\x1f\x8b" else BytesIO(content)
            found[name] = stream.read(MOST_BYTES + 1)
        except (OSError, EOFError, zlib.error):
            # Whoever reads it will find out, and can say which part of the mapping asked for it.
            found[name] = content
        size += len(found[name])
    if size > MOST_BYTES:
        raise LimitExceeded("import.too_large", size=size, most=MOST_BYTES)
    return found


class _Import:
    def __init__(
        self, database: Database, caller: Caller, refresh: Refresh | None, dry_run: bool, progress: Progress | None
    ) -> None:
        self._database = database
        self._caller = caller
        self._refresh = refresh
        self._dry_run = dry_run
        self._progress = progress or (lambda _file, _line, _lines: None)

    async def run(self, mapping_text: str, opener: Opener) -> Summary:
        mapping = parse_mapping(mapping_text)
        self._require_rights(mapping)
        plans = plan_files(mapping, self._caller.config, opener)
        summary = Summary(self._dry_run)
        with Spool() as spool:
            writer = Writer(
                self._database,
                self._caller,
                self._refresh,
                spool,
                rehearsal=self._dry_run,
                automations=mapping.automations,
            )
            for plan in plans:
                await self._import_file(plan, spool, writer, summary)
        if not self._dry_run and any(file.created or file.updated for file in summary.files):
            await self._tell(summary)
        return summary

    async def _tell(self, summary: Summary) -> None:
        """Add an entry to the audit log: the records were written in many transactions."""
        files = [
            {"record": file.record, "created": file.created, "updated": file.updated, "rejected": file.rejected}
            for file in summary.files
        ]
        caller = await self._refresh() if self._refresh else self._caller
        async with begin(self._database, caller) as tx:
            await audit_log.record(tx, "imported", {"files": files}, about=About(COMPANY, tx.tenant_id))

    def _require_rights(self, mapping: ImportMapping) -> None:
        for record in dict.fromkeys(file.record for file in mapping.files):
            for action in ("import", "create", "update"):
                self._caller.access.require(f"{record}.{action}")

    async def _import_file(self, plan: FilePlan, spool: Spool, writer: Writer, summary: Summary) -> None:
        log = _log(plan.table.file, plan.record, plan.table.encoding, summary)
        lines = None
        if plan.lines is not None:
            table = plan.lines.table
            lines_log = _log(table.file, "order_line", table.encoding, summary)
            lines = OrderLines(plan.lines, plan.number, spool, lines_log, self._progress)
            lines.load()
        drafter = Drafter(plan, spool, log, lines)
        for batch in self._batches(plan, drafter):
            for draft, outcome in zip(batch, await writer.write(batch), strict=True):
                _record(draft, outcome, log, lines)
        drafter.finish()

    def _batches(self, plan: FilePlan, drafter: Drafter) -> Iterator[list[Draft]]:
        """Drafts in batches of a bounded size. A record that names another of its batch begins the next one."""
        batch: list[Draft] = []
        names: set[str] = set()
        weight = rows = 0
        for row in plan.table.rows():
            rows += 1
            if rows % PROGRESS_EVERY == 0:
                self._progress(plan.table.file, row.line, plan.table.lines)
            draft = drafter.draft(row)
            if draft is None:
                continue
            inside = any(link.record == plan.record and link.value in names for link, _ in draft.links())
            if batch and (inside or weight + draft.weight > BATCH):
                yield batch
                batch, names, weight = [], set(), 0
            batch.append(draft)
            names.add(draft.external_id)
            weight += draft.weight
        if batch:
            yield batch
        self._progress(plan.table.file, plan.table.lines, plan.table.lines)


def _log(file: str, record: str, encoding: str, summary: Summary) -> Log:
    return Log(summary, FileReport(file, record, encoding))


def _record(draft: Draft, outcome: Outcome, log: Log, lines: OrderLines | None) -> None:
    """Write down what became of a draft, and of its lines with it."""
    if outcome.kind != REJECTED:
        log.report.count(outcome.kind)
        log.report.status_kept += outcome.status_kept
        if lines is not None:
            lines.log.report.count(outcome.kind, len(draft.lines))
        return
    reasons = list(outcome.reasons)
    if lines is not None:
        reasons += (
            lines.refuse(draft.external_id, outcome.line_reasons)
            if outcome.line_reasons
            else lines.left_out(draft.external_id, [])
        )
    log.reject(draft.row, draft.external_id, reasons)
