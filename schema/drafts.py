"""Drafts of the configuration: saved, planned, reviewed, scheduled, applied, and done away with."""

from asyncio import to_thread
from typing import Annotated

import strawberry
from strawberry import UNSET

from schema.change_sets import ConfigurationPlan, shown_plan
from schema.context import Info, parse_id, run
from schema.definitions.changing import ConfigurationPayload, changed
from schema.mutations import RecordPayload, Values, change, mutation
from schema.problems import Conflict, InvalidInput, LimitExceeded, NotAllowed, NotFound
from schema.record_types import ConfigurationDraft
from schema.scalars import DateTimeText
from tenants import problems
from tenants.config import draft_reviews, drafts
from tenants.config.assessing import Assessment, assess
from tenants.config.definitions import KINDS
from tenants.config.draft_schedules import schedule_draft
from tenants.transaction import Transaction


@strawberry.type(description="The draft after the mutation.")
class DraftPayload(RecordPayload):
    @strawberry.field(description="The draft; null where it is not yours to read.")
    async def draft(self, info: Info) -> ConfigurationDraft | None:
        return await self.read(info, ConfigurationDraft)


@strawberry.type(description="The draft is gone.")
class DeleteDraftPayload:
    id: strawberry.ID = strawberry.field(description="The id that it had.")


Refusals = InvalidInput | NotAllowed | NotFound | Conflict | LimitExceeded
DraftResult = Annotated[
    DraftPayload | Refusals,
    strawberry.union("DraftResult", description="The draft after the mutation, or why it was refused."),
]
DeleteDraftResult = Annotated[
    DeleteDraftPayload | Refusals,
    strawberry.union("DeleteDraftResult", description="That the draft is gone, or why it is not."),
]
ApplyDraftResult = Annotated[
    ConfigurationPayload | Refusals,
    strawberry.union("ApplyDraftResult", description="The configuration after the draft, or why it was refused."),
]
SEEN = "The draft's version that you saw; if it was saved since, the answer is a Conflict."
DOCUMENT = "The configuration that it wants, as a YAML document; it need not be sound yet."
MERGE = "Whether the document only adds and changes; else what it lacks goes."


@strawberry.input(description="A new draft.")
class CreateDraftInput:
    name: str = strawberry.field(description="What it is about.")
    document: str = strawberry.field(description=DOCUMENT)
    merge: bool = strawberry.field(default=False, description=MERGE)


@strawberry.input(description="A change of a draft; it is then one of the configuration in force.")
class UpdateDraftInput:
    id: strawberry.ID = strawberry.field(description="Its id.")
    expected_version: int | None = strawberry.field(default=UNSET, description=SEEN)
    name: str | None = strawberry.field(default=UNSET, description="What it is about.")
    document: str | None = strawberry.field(default=UNSET, description=DOCUMENT)
    merge: bool | None = strawberry.field(default=UNSET, description=MERGE)


@strawberry.input(description="Which change set a draft shall take back.")
class DraftRevertInput:
    version: int = strawberry.field(description="The version that the change set made.")
    name: str = strawberry.field(description="What the draft is about.")


@strawberry.input(description="Which definition shall, by a draft, be again what it was.")
class DraftRestoreInput:
    kind: str = strawberry.field(description=f"One of {', '.join(KINDS)}.")
    key: str = strawberry.field(description="Its key; for a field <record type>.<key>.")
    version: int = strawberry.field(description="The version at which it said what it shall say again.")
    name: str = strawberry.field(description="What the draft is about.")


@strawberry.input(description="Which draft somebody else shall approve.")
class SubmitDraftInput:
    id: strawberry.ID = strawberry.field(description="Its id.")
    expected_version: int | None = strawberry.field(default=UNSET, description=SEEN)


@strawberry.input(description="Which draft you approve, as it stands.")
class ApproveDraftInput:
    id: strawberry.ID = strawberry.field(description="Its id.")
    expected_version: int = strawberry.field(description=SEEN)
    comment: str = strawberry.field(default="", description="What is to be said to it.")


@strawberry.input(description="Which draft you reject, and why.")
class RejectDraftInput:
    id: strawberry.ID = strawberry.field(description="Its id.")
    expected_version: int = strawberry.field(description=SEEN)
    comment: str = strawberry.field(description="Why; its writers are told.")


@strawberry.input(description="When a draft shall be applied.")
class ScheduleDraftInput:
    id: strawberry.ID = strawberry.field(description="Its id.")
    apply_at: DateTimeText | None = strawberry.field(
        description="The moment, in place of what was said before; null to have it applied by hand alone."
    )


@strawberry.input(description="Which draft to do away with.")
class DeleteDraftInput:
    id: strawberry.ID = strawberry.field(description="Its id.")


@strawberry.input(description="Which draft to apply.")
class ApplyDraftInput:
    id: strawberry.ID = strawberry.field(description="Its id.")
    comment: str = strawberry.field(default="", description="Why; the draft's name if not given.")
    expected_version: int | None = strawberry.field(
        default=None, description="The configuration's version that you have seen; the draft's own if not given."
    )


@strawberry.type
class DraftQueries:
    @strawberry.field(description="What applying a draft would change, and what that would do; nothing is done.")
    async def plan_draft(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="The draft's id.")]
    ) -> ConfigurationPlan:
        info.context.caller.access.require("configuration.read")

        async def look(tx: Transaction) -> tuple[int, Assessment]:
            return tx.config_version, await assess(tx, await drafts.draft_changes(tx, parse_id(id)))

        return await to_thread(shown_plan, info, *await run(info, look))


@strawberry.type
class DraftMutations:
    @mutation(CreateDraftInput, description="Keep a change of the configuration as a draft.")
    async def create_draft(self, info: Info, input: Values) -> DraftResult:
        name, document, merge = input["name"], input["document"], input["merge"]
        return await change(info, DraftPayload, input, lambda tx: drafts.create_draft(tx, name, document, merge=merge))

    @mutation(UpdateDraftInput, description="Change a draft.")
    async def update_draft(self, info: Info, input: Values) -> DraftResult:
        wanted, expected = parse_id(input.pop("id")), input.pop("expectedVersion", None)
        return await change(info, DraftPayload, input, lambda tx: drafts.update_draft(tx, wanted, input, expected))

    @mutation(DraftRevertInput, description="Keep a draft that takes a change set back.")
    async def draft_revert(self, info: Info, input: Values) -> DraftResult:
        return await change(
            info, DraftPayload, input, lambda tx: drafts.draft_revert(tx, input["version"], input["name"])
        )

    @mutation(
        DraftRestoreInput, description="Keep a draft that makes one definition what it was at an earlier version."
    )
    async def draft_restore(self, info: Info, input: Values) -> DraftResult:
        wanted = (input["kind"], input["key"], input["version"], input["name"])
        return await change(info, DraftPayload, input, lambda tx: drafts.draft_restore(tx, *wanted))

    @mutation(SubmitDraftInput, description="Ask for approval of a draft: whoever may approve it is told.")
    async def submit_draft(self, info: Info, input: Values) -> DraftResult:
        wanted, expected = parse_id(input["id"]), input.get("expectedVersion")
        return await change(info, DraftPayload, input, lambda tx: draft_reviews.submit_draft(tx, wanted, expected))

    @mutation(ApproveDraftInput, description="Approve a draft that somebody else wrote; it can then be applied.")
    async def approve_draft(self, info: Info, input: Values) -> DraftResult:
        judged = (parse_id(input["id"]), input["expectedVersion"], input["comment"])
        return await change(info, DraftPayload, input, lambda tx: draft_reviews.approve_draft(tx, *judged))

    @mutation(RejectDraftInput, description="Reject a draft that somebody else wrote.")
    async def reject_draft(self, info: Info, input: Values) -> DraftResult:
        judged = (parse_id(input["id"]), input["expectedVersion"], input["comment"])
        return await change(info, DraftPayload, input, lambda tx: draft_reviews.reject_draft(tx, *judged))

    @mutation(
        ScheduleDraftInput,
        description="Say when a draft is applied by itself, as if you did it then; if it cannot be, it stays with the reason.",
    )
    async def schedule_draft(self, info: Info, input: Values) -> DraftResult:
        if "applyAt" not in input:
            # Null takes a time back, which nobody shall do by forgetting it.
            raise problems.InvalidInput.at(("applyAt",), "value.required")
        wanted, moment = parse_id(input["id"]), input["applyAt"]
        return await change(info, DraftPayload, input, lambda tx: schedule_draft(tx, wanted, moment))

    @mutation(DeleteDraftInput, description="Do away with a draft.")
    async def delete_draft(self, info: Info, input: Values) -> DeleteDraftResult:
        gone = await run(info, lambda tx: drafts.delete_draft(tx, parse_id(input["id"])))
        return DeleteDraftPayload(id=strawberry.ID(str(gone)))

    @mutation(
        ApplyDraftInput,
        description="Make the configuration what a draft wants, all or nothing; the draft is then gone.",
    )
    async def apply_draft(self, info: Info, input: Values) -> ApplyDraftResult:
        return await changed(
            info,
            lambda tx: drafts.apply_draft(tx, parse_id(input["id"]), input["comment"], input.get("expectedVersion")),
        )
