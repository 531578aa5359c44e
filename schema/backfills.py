"""Work on the records that were there before a definition: how far it has come, and beginning it."""

from enum import Enum
from typing import Annotated

import strawberry

from schema.context import Info, run
from schema.mutations import Values, mutation
from schema.problems import Conflict, InvalidInput, NotAllowed
from tenants import backfills
from tenants.backfills import Progress
from tenants.reindexing import rebuild_all
from tenants.rules.numbering_existing import number_existing
from tenants.transaction import Transaction


@strawberry.enum(description="What is done for records that were there before.")
class BackfillKind(Enum):
    FIELD_INDEX = strawberry.enum_value("field_index", description="The index of a field is made, or taken away.")
    UNIQUE_RULE = strawberry.enum_value("unique_rule", description="Records claim the values that a rule keeps apart.")
    AUTO_NUMBER = strawberry.enum_value("auto_number", description="Records get their automatic numbers.")
    SEARCH_TEXT = strawberry.enum_value("search_text", description="What records are found by is made anew.")


@strawberry.type(description="Work on the records that were there before a definition.")
class Backfill:
    kind: BackfillKind = strawberry.field(description="What is done.")
    key: str = strawberry.field(
        description="Key of the definition; of a field <record type>.<key>. Of all search texts the record type."
    )
    running: bool = strawberry.field(description="Whether it is under way; else it is done.")
    total: int = strawberry.field(description="How many records there were when it began.")
    done: int = strawberry.field(description="How many have been seen to.")


@strawberry.input(description="The field whose numbers records are to get that were there before it.")
class NumberExistingInput:
    object: str = strawberry.field(description="The record type: order, customer or product.")
    key: str = strawberry.field(description="Key of the field, which is an auto_number.")


@strawberry.input(description="The records whose search texts are to be made anew.")
class RebuildSearchInput:
    object: str = strawberry.field(description="The record type: order, customer or product.")


@strawberry.type(description="The work that began.")
class BackfillPayload:
    backfill: Backfill = strawberry.field(description="The work.")


BackfillResult = Annotated[
    BackfillPayload | InvalidInput | NotAllowed | Conflict,
    strawberry.union("BackfillResult", description="The work that began, or why it did not."),
]


@strawberry.type
class BackfillQueries:
    @strawberry.field(
        description="Work that indexes, unique rules, automatic numbers and search make for records that were there before."
    )
    async def backfills(self, info: Info) -> list[Backfill]:
        return [_shown(each) for each in await run(info, backfills.progress, rehearsal=True)]


@strawberry.type
class BackfillMutations:
    @mutation(
        NumberExistingInput,
        description="Number the records without a number in the field, in the order in which they were created, by a job.",
    )
    async def number_existing(self, info: Info, input: Values) -> BackfillResult:
        async def command(tx: Transaction) -> BackfillPayload:
            begun = await number_existing(tx, input["object"], input["key"])
            return BackfillPayload(backfill=_shown(begun))

        return await run(info, command)

    @mutation(
        RebuildSearchInput,
        description="Make what records of a type are found by anew, by a job. Changes of options' labels do so by themselves.",
    )
    async def rebuild_search(self, info: Info, input: Values) -> BackfillResult:
        async def command(tx: Transaction) -> BackfillPayload:
            return BackfillPayload(backfill=_shown(await rebuild_all(tx, input["object"])))

        return await run(info, command)


def _shown(progress: Progress) -> Backfill:
    return Backfill(
        kind=BackfillKind(progress.kind),
        key=progress.key,
        running=progress.is_running,
        total=progress.total,
        done=progress.done,
    )
