"""Exports of all records of a type, as files."""

from enum import Enum
from typing import Annotated

import strawberry

from schema.context import Info, run
from schema.mutations import Values, mutation
from schema.problems import InvalidInput, LimitExceeded, NotAllowed
from schema.scalars import DateTimeText
from tenants import export_files, export_formats
from tenants.transaction import Transaction


@strawberry.enum(description="How exported records are written.")
class ExportFormat(Enum):
    CSV = strawberry.enum_value(
        export_formats.CSV,
        description="A row for each record, with a column for each field that you may read, such as total.amount; in UTF-8.",
    )
    JSON = strawberry.enum_value(export_formats.JSON, description="One record a line.")


@strawberry.enum(description="How far an export is.")
class ExportState(Enum):
    RUNNING = strawberry.enum_value(export_files.RUNNING, description="A job is at it.")
    DONE = strawberry.enum_value(export_files.DONE, description="The file is there.")
    STOPPED = strawberry.enum_value(export_files.STOPPED, description="There is no file; problem says why.")


@strawberry.type(description="An export of all records of a type.")
class Export:
    id: strawberry.ID = strawberry.field(description="Opaque id.")
    object: str = strawberry.field(description="The record type: order, customer or product; or permission_review.")
    format: ExportFormat = strawberry.field(description="How the records are written.")
    state: ExportState = strawberry.field(description="How far it is.")
    total: int = strawberry.field(description="How many records there were when it began.")
    done: int = strawberry.field(description="How many are written.")
    size: int = strawberry.field(description="How many bytes the file has by now.")
    url: str | None = strawberry.field(
        description="Where the file is given out to your token, as a path on this server, for a day; null until it is there."
    )
    problem: str | None = strawberry.field(description="Why there is no file.")
    created_at: DateTimeText = strawberry.field(description="When it was asked for.")
    ended_at: DateTimeText | None = strawberry.field(description="When it ended.")


@strawberry.input(description="What to export, and how.")
class ExportRecordsInput:
    object: str = strawberry.field(description="The record type: order, customer or product; or permission_review.")
    format: ExportFormat = strawberry.field(description="How the records are written.")


@strawberry.type(description="The export, begun.")
class ExportPayload:
    export: Export = strawberry.field(description="The export; exports tells how far it is.")


ExportResult = Annotated[
    ExportPayload | InvalidInput | NotAllowed | LimitExceeded,
    strawberry.union("ExportResult", description="The export that began, or why it did not."),
]


@strawberry.type
class ExportQueries:
    @strawberry.field(description="Your own exports that are not forgotten yet, the newest first, 50 at most.")
    async def exports(self, info: Info) -> list[Export]:
        return [_shown(each) for each in await run(info, export_files.own_exports, rehearsal=True)]


@strawberry.type
class ExportMutations:
    @mutation(
        ExportRecordsInput,
        description="Write all records of a type, void ones included, into a file, by a job, with what you may read of them; needs <object>.export. Or the permission review, for who may see it.",
    )
    async def export_records(self, info: Info, input: Values) -> ExportResult:
        given = input["format"]
        wanted = str(getattr(given, "value", given))

        async def command(tx: Transaction) -> ExportPayload:
            return ExportPayload(export=_shown(await export_files.begin_export(tx, input["object"], wanted)))

        return await run(info, command)


def _shown(export: export_files.Export) -> Export:
    return Export(
        id=strawberry.ID(str(export.id)),
        object=export.record_type,
        format=ExportFormat(export.format),
        state=ExportState(export.state),
        total=export.total,
        done=export.done,
        size=export.size,
        url=f"/files/{export.id}" if export.state == export_files.DONE else None,
        problem=export.problem,
        created_at=DateTimeText(export.created_at.isoformat()),
        ended_at=DateTimeText(export.ended_at.isoformat()) if export.ended_at else None,
    )
