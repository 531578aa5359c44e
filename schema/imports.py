"""Imports: small files that come with the call; large ones go through the command line."""

import base64
import binascii
from typing import Annotated

import strawberry

from schema.context import Info
from schema.mutations import Values, mutation
from schema.problems import Conflict, InvalidInput, LimitExceeded, NotAllowed
from tenants import problems
from tenants.imports.run import run_import_texts
from tenants.imports.summary import FileReport, Rejection


@strawberry.type(description="What became of the rows of one file.")
class ImportedFile:
    file: str = strawberry.field(description="Its name, as in the mapping.")
    record: str = strawberry.field(description="What its rows are.")
    encoding: str = strawberry.field(description="How its text was read.")
    read: int = strawberry.field(description="Rows in all, without the header.")
    created: int = strawberry.field(description="New records.")
    updated: int = strawberry.field(description="Known records that were changed.")
    unchanged: int = strawberry.field(description="Known records that were so already.")
    rejected: int = strawberry.field(description="Rows that were not imported.")
    left_out: int = strawberry.field(description="Order lines that were sound, but whose order was rejected.")
    status_kept: int = strawberry.field(
        description="Known orders in another status than the file says; it stays, because their life cycle decides."
    )


@strawberry.type(description="A row that was not imported.")
class RejectedRow:
    file: str = strawberry.field(description="The file.")
    line: int = strawberry.field(description="The line where the row begins; the header is line 1.")
    external_id: str = strawberry.field(
        description="The external id of the record, or of the order that a line belongs to; empty where it could not be read."
    )
    reasons: list[str] = strawberry.field(description="All that is wrong with it.")


@strawberry.type(description="What came of an import. Each record was imported whole or not at all.")
class ImportPayload:
    dry_run: bool = strawberry.field(description="Whether nothing was written.")
    files: list[ImportedFile] = strawberry.field(description="File by file.")
    rejected: list[RejectedRow] = strawberry.field(description="The rejected rows, by file and line.")
    summary: list[str] = strawberry.field(description="All of it as sentences.")


ImportResult = Annotated[
    ImportPayload | InvalidInput | NotAllowed | Conflict | LimitExceeded,
    strawberry.union("ImportResult", description="What came of the import, or why it was refused."),
]


@strawberry.input(description="A file, as text or as bytes.")
class ImportFileInput:
    name: str = strawberry.field(description="The name that the mapping gives it.")
    text: str | None = strawberry.field(default=None, description="Its content.")
    base64: str | None = strawberry.field(
        default=None, description="Its content in base64, instead: for other encodings than UTF-8, and for .gz."
    )


@strawberry.input(description="Customers, products and orders as CSV. Running it twice doubles nothing.")
class ImportRecordsInput:
    mapping: str = strawberry.field(description="The mapping, as YAML; see the documentation of imports.")
    files: list[ImportFileInput] = strawberry.field(description="The files that the mapping names.")
    dry_run: bool = strawberry.field(default=False, description="Do everything and keep nothing.")


def _content(place: int, file: Values) -> bytes:
    text, encoded = file.get("text"), file.get("base64")
    if (text is None) == (encoded is None):
        raise problems.InvalidInput.at(("files", place), "value.one_key", names="text, base64")
    if text is not None:
        return str(text).encode()
    try:
        return base64.b64decode(encoded or "", validate=True)
    except (binascii.Error, ValueError):
        raise problems.InvalidInput.at(("files", place, "base64"), "import.not_base64") from None


def _file(report: FileReport) -> ImportedFile:
    return ImportedFile(
        file=report.file,
        record=report.record,
        encoding=report.encoding,
        read=report.read,
        created=report.created,
        updated=report.updated,
        unchanged=report.unchanged,
        rejected=report.rejected,
        left_out=report.left_out,
        status_kept=report.status_kept,
    )


def _rejected(rejection: Rejection, language: str) -> RejectedRow:
    return RejectedRow(
        file=rejection.file,
        line=rejection.line,
        external_id=rejection.external_id,
        reasons=[reason.text(language) for reason in rejection.reasons],
    )


@strawberry.type
class ImportMutations:
    @mutation(
        ImportRecordsInput, description="Import customers, products and orders from CSV files of up to 900 kB in all."
    )
    async def import_records(self, info: Info, input: Values) -> ImportResult:
        context = info.context
        files = {file["name"]: _content(place, file) for place, file in enumerate(input["files"])}
        summary = await run_import_texts(
            context.house.database,
            context.caller,
            input["mapping"],
            files,
            dry_run=input["dryRun"],
            refresh=context.refresh,
        )
        language = context.caller.language
        return ImportPayload(
            dry_run=summary.dry_run,
            files=[_file(report) for report in summary.files],
            rejected=[_rejected(rejection, language) for rejection in summary.in_order()],
            summary=list(summary.lines(language)),
        )
