"""Change sets: what a change would do, taking one back, bringing back a definition."""

from asyncio import to_thread
from collections.abc import Callable, Mapping
from typing import Annotated

import strawberry

from schema.context import Info, run
from schema.definitions.changing import ChangeInput, ConfigurationResult, changed
from schema.mutations import Values, mutation
from schema.problems import FieldProblem, field_problem
from schema.scalars import Json
from tenants.config import change_sets, definitions
from tenants.config.assessing import Assessment, Effect, assess
from tenants.config.change_sets import Change
from tenants.config.documents import read_document, stored
from tenants.config.reverting import restore, revert
from tenants.config.snapshot import TenantConfig
from tenants.transaction import Transaction

Merge = Annotated[
    bool, strawberry.argument(description="Whether the document only adds and changes; else what it lacks goes.")
]
Kind = Annotated[str, strawberry.argument(description=f"One of {', '.join(definitions.KINDS)}.")]
Wanted = Mapping[str, Mapping[str, definitions.Definition]]


@strawberry.type(description="A definition that needs the one that changes.")
class Dependent:
    kind: str = strawberry.field(description="What kind of definition.")
    key: str = strawberry.field(description="Its key.")
    label: str = strawberry.field(description="Its name in your language; its key where it has none.")


@strawberry.type(description="One change of a definition, and what it would do.")
class PlannedChange:
    kind: str = strawberry.field(description="What kind of definition.")
    key: str = strawberry.field(description="Its key.")
    sentence: str = strawberry.field(description="The change as a person would say it.")
    destructive: bool = strawberry.field(
        description="Whether something can no longer be seen, chosen or done afterwards."
    )
    dependents: list[Dependent] = strawberry.field(description="The definitions that need this one.")
    values: int | None = strawberry.field(
        description="How many records hold it: a value of the field, the status, the role; null where you may not read all of them."
    )
    losses: list[str] = strawberry.field(description="What can no longer be seen, chosen or done, and by how many.")
    remarks: list[str] = strawberry.field(description="What else follows for records, such as an index that is built.")
    before: Json | None = strawberry.field(
        description="What it says now, as in the YAML document; null if it is not there."
    )
    after: Json | None = strawberry.field(description="What it would say; null if it would go.")


@strawberry.type(description="What would happen to the configuration; nothing is done.")
class ConfigurationPlan:
    version: int = strawberry.field(
        description="The version that this was planned against: give it as expectedVersion when you apply."
    )
    changes: list[PlannedChange] = strawberry.field(description="The changes, one by one.")
    problems: list[FieldProblem] = strawberry.field(
        description="Why it could not be applied as it is, by kind, key and property; empty if it could."
    )


@strawberry.input(description="Which change set to take back.")
class RevertChangeSetInput(ChangeInput):
    version: int = strawberry.field(description="The version that it made.")


@strawberry.input(description="Which definition shall be again what it was.")
class RestoreDefinitionInput(ChangeInput):
    kind: str = strawberry.field(description=f"One of {', '.join(definitions.KINDS)}.")
    key: str = strawberry.field(description="Its key; for a field <record type>.<key>.")
    version: int = strawberry.field(
        description="The version of the configuration at which it said what it shall say again."
    )


@strawberry.type
class ChangeSetQueries:
    @strawberry.field(
        description="What a configuration document would change, and what that would do; nothing is done."
    )
    async def plan_configuration(self, info: Info, document: str, merge: Merge = False) -> ConfigurationPlan:
        info.context.caller.access.require("configuration.read")
        wanted = await to_thread(read_document, document)
        return await _plan(info, wanted, change_sets.merge if merge else change_sets.plan)

    @strawberry.field(description="What removing a definition would do; nothing is done.")
    async def plan_removal(self, info: Info, kind: Kind, key: str) -> ConfigurationPlan:
        info.context.caller.access.require("configuration.read")
        return await _plan(info, {}, lambda config, _: [change_sets.remove(config, kind, key)])


async def _plan(info: Info, wanted: Wanted, make: Callable[[TenantConfig, Wanted], list[Change]]) -> ConfigurationPlan:
    async def look(tx: Transaction) -> tuple[int, Assessment]:
        return tx.config_version, await assess(tx, make(tx.config, wanted))

    return await to_thread(shown_plan, info, *await run(info, look))


def shown_plan(info: Info, version: int, found: Assessment) -> ConfigurationPlan:
    """What changes would do, as GraphQL shows it."""
    language = info.context.caller.language
    return ConfigurationPlan(
        version=version,
        changes=[_shown(effect, language) for effect in found.effects],
        problems=[field_problem(problem, language) for problem in found.problems],
    )


def _shown(effect: Effect, language: str) -> PlannedChange:
    planned = effect.change
    return PlannedChange(
        kind=planned.kind,
        key=planned.key,
        sentence=planned.sentence(language),
        destructive=effect.is_destructive,
        dependents=[
            Dependent(kind=found.definition.kind, key=found.key, label=found.name(language))
            for found in effect.dependents
        ],
        values=effect.values,
        losses=[loss.text(language) for loss in effect.losses],
        remarks=[remark.text(language) for remark in effect.remarks],
        before=Json(stored(planned.before)) if planned.before else None,
        after=Json(stored(planned.after)) if planned.after else None,
    )


@strawberry.type
class ChangeSetMutations:
    @mutation(
        RevertChangeSetInput,
        description="Take back a change set: its definitions say again what they said before it, and archived fields show their values.",
    )
    async def revert_change_set(self, info: Info, input: Values) -> ConfigurationResult:
        return await changed(
            info, lambda tx: revert(tx, input["version"], input["comment"], input.get("expectedVersion"))
        )

    @mutation(RestoreDefinitionInput, description="Make one definition what it was at an earlier version.")
    async def restore_definition(self, info: Info, input: Values) -> ConfigurationResult:
        return await changed(
            info,
            lambda tx: restore(
                tx, input["kind"], input["key"], input["version"], input["comment"], input.get("expectedVersion")
            ),
        )
