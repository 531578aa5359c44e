"""What would follow a step of an order's life cycle, before it is taken."""

import strawberry

from schema.context import Info, parse_id, run
from schema.orders import StepFields, step_form
from schema.previews import as_values
from schema.problems import FieldProblem, Problem, describe, field_problem, told
from schema.scalars import DateTimeText, Json
from tenants import orders, problems
from tenants.config.definitions import label


@strawberry.input(description="A step to look at.")
class PreviewStatusChangeInput(StepFields):
    pass


@strawberry.type(description="A field that a step would change.")
class StepChange:
    field: str = strawberry.field(description="The field's path.")
    from_: Json | None = strawberry.field(name="from", description="The value before.")
    to: Json | None = strawberry.field(description="The value after.")


@strawberry.type(description="An automation that a step would set off.")
class StepAutomation:
    key: str = strawberry.field(description="Its key.")
    label: str = strawberry.field(description="Its name, in your language.")
    actions: list[Json] = strawberry.field(description="What it would do: its actions, as in the configuration.")


@strawberry.type(description="What would follow a step. Nothing is done.")
class StepPreview:
    accepted: bool = strawberry.field(description="Whether it would be done.")
    problem: Problem | None = strawberry.field(description="Why it would be refused; null if it would be done.")
    errors: list[FieldProblem] = strawberry.field(description="What is wrong with the input, all of it.")
    changes: list[StepChange] = strawberry.field(description="What it would change of the order.")
    automations: list[StepAutomation] = strawberry.field(description="The automations that it would set off.")
    status_due_at: DateTimeText | None = strawberry.field(description="When the order should leave the new status.")
    next_statuses: list[str] = strawberry.field(
        description="Names of the statuses that come next, in your language; none where the order would stay for good."
    )
    void_blocked: str | None = strawberry.field(
        description="Why the order could not be voided from then on; null if it could."
    )


@strawberry.type
class StepPreviewQueries:
    @strawberry.field(description="What would follow a step of an order's life cycle; nothing is done.")
    async def preview_status_change(self, info: Info, input: PreviewStatusChangeInput) -> StepPreview:
        given = as_values(input)
        wanted, target, note = parse_id(given["id"]), given["status"], given.get("note")
        try:
            found = await run(
                info, lambda tx: orders.look_ahead(tx, wanted, target, note, step_form(given)), rehearsal=True
            )
        except (problems.InvalidInput, problems.Conflict) as problem:
            return _refused(problem, info.context.caller.language, await told(info, problem))
        language = info.context.caller.language
        return StepPreview(
            accepted=True,
            problem=None,
            errors=[],
            changes=[
                StepChange(field=change["field"], from_=change["old"], to=change["new"]) for change in found.changes
            ],
            automations=[
                StepAutomation(
                    key=key,
                    label=label(automation.label, language, key),
                    actions=[Json(action) for action in automation.actions],
                )
                for key, automation in found.automations
            ],
            status_due_at=found.due_at,
            next_statuses=list(found.next_statuses),
            void_blocked=found.void_blocked,
        )


def _refused(
    problem: problems.InvalidInput | problems.Conflict, language: str, can_grant: problems.CanGrant
) -> StepPreview:
    errors = problem.errors if isinstance(problem, problems.InvalidInput) else ()
    return StepPreview(
        accepted=False,
        problem=describe(problem, language, can_grant),
        errors=[field_problem(error, language, can_grant) for error in errors],
        changes=[],
        automations=[],
        status_due_at=None,
        next_statuses=[],
        void_blocked=None,
    )
