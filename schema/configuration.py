"""The configuration: what is in force, what a document would change, and the mutations that change it."""

from typing import Annotated, Any

import strawberry
from strawberry import UNSET

from schema.context import Info, run
from schema.mutations import Values, mutation
from schema.problems import Conflict, InvalidInput, LimitExceeded, NotAllowed
from schema.scalars import Json
from tenants.config import change_sets
from tenants.config.change_sets import Change
from tenants.config.documents import SECTIONS, export_document, read_document, stored
from tenants.names import snake
from tenants.problems import InvalidInput as BadInput
from tenants.transaction import Transaction

COMMENT = "Why; kept with the change set."


@strawberry.type(description="One definition of the configuration.")
class Definition:
    kind: str = strawberry.field(description="What it defines, such as field, status or automation.")
    key: str = strawberry.field(description="Its key.")
    body: Json = strawberry.field(description="What it says, as in the YAML document.")


@strawberry.type(description="One change of the configuration.")
class ConfigurationChange:
    kind: str = strawberry.field(description="What kind of definition.")
    key: str = strawberry.field(description="Its key.")
    sentence: str = strawberry.field(description="The change as a person would say it.")


@strawberry.type(description="The company's configuration in force.")
class Configuration:
    @strawberry.field(description="Grows by one with each change set.")
    def version(self, info: Info) -> int:
        return info.context.caller.config.version

    @strawberry.field(
        description="All of it as one YAML document, which planConfiguration and applyConfiguration take back."
    )
    def document(self, info: Info) -> str:
        return export_document(info.context.caller.config.definitions)

    @strawberry.field(description="The definitions one by one.")
    def definitions(self, info: Info, kind: str | None = None) -> list[Definition]:
        found = info.context.caller.config.definitions
        return [
            Definition(kind=name, key=key, body=Json(stored(definition)))
            for name in SECTIONS
            if kind in (None, name)
            for key, definition in found[name].items()
        ]


@strawberry.type(description="What was changed.")
class ConfigurationPayload:
    version: int = strawberry.field(description="The configuration's version now; it holds for the very next request.")
    changes: list[ConfigurationChange] = strawberry.field(description="The changes, one by one.")


ConfigurationResult = Annotated[
    ConfigurationPayload | InvalidInput | NotAllowed | Conflict | LimitExceeded,
    strawberry.union("ConfigurationResult", description="The configuration after the mutation, or why it was refused."),
]


@strawberry.input(description="A text per language.")
class LabelInput:
    en: str | None = UNSET
    zh: str | None = UNSET


@strawberry.input(description="One choice of a select field.")
class OptionInput:
    key: str
    label: LabelInput
    colour: str | None = UNSET
    archived: bool | None = UNSET


@strawberry.input(description="A field of the company's own, or a change of one.")
class DefineFieldInput:
    object: str = strawberry.field(description="The record type: order, customer or product.")
    key: str = strawberry.field(description="Its name in GraphQL; never changes.")
    type: str = strawberry.field(
        description="text, integer, decimal, boolean, date, date_time, select, multi_select or tags."
    )
    label: LabelInput
    help: LabelInput | None = UNSET
    required: bool | None = UNSET
    indexed: bool | None = UNSET
    unique: bool | None = UNSET
    options: list[OptionInput] | None = UNSET
    position: int | None = UNSET
    comment: str = strawberry.field(default="", description=COMMENT)


@strawberry.input(description="A status, or a change of one.")
class DefineStatusInput:
    key: str
    label: LabelInput
    category: str = strawberry.field(description="open, in_progress, done or void.")
    colour: str | None = UNSET
    description: LabelInput | None = UNSET
    position: int | None = UNSET
    initial: bool | None = strawberry.field(
        default=UNSET, description="Whether new orders begin here; exactly one does."
    )
    void_blocked: LabelInput | None = strawberry.field(
        default=UNSET, description="Why an order here cannot be voided, and what must be done first."
    )
    comment: str = strawberry.field(default="", description=COMMENT)


@strawberry.input(description="A legal step between statuses, or a change of one.")
class DefineTransitionInput:
    key: str
    label: LabelInput
    sources: list[str] = strawberry.field(description="Keys of the statuses it leaves.")
    target: str = strawberry.field(description="Key of the status it leads to.")
    comment: str = strawberry.field(default="", description=COMMENT)


@strawberry.input(description="A reason to void an order, or a change of one.")
class DefineVoidReasonInput:
    key: str
    label: LabelInput
    note_required: bool | None = UNSET
    position: int | None = UNSET
    comment: str = strawberry.field(default="", description=COMMENT)


@strawberry.input(description="Rights on one kind of object.")
class GrantInput:
    object: str
    actions: list[str] = strawberry.field(description="Such as read, void, transition.confirm, transition.* or *.")
    effect: str | None = strawberry.field(default=UNSET, description="allow (if not given) or deny, which wins.")


@strawberry.input(description="A role, or a change of one.")
class DefineRoleInput:
    key: str
    label: LabelInput
    inherits: list[str] | None = UNSET
    grants: list[GrantInput] | None = UNSET
    comment: str = strawberry.field(default="", description=COMMENT)


@strawberry.input(description="How new orders are numbered.")
class SetNumberingInput:
    pattern: str = strawberry.field(description="Such as SO-{year}-{seq:5}.")
    gapless: bool | None = strawberry.field(
        default=UNSET, description="Numbers without holes, one order after another."
    )
    comment: str = strawberry.field(default="", description=COMMENT)


@strawberry.input(
    description="What to take out of the configuration; what records point at is archived, and its data kept."
)
class RemoveDefinitionInput:
    kind: str = strawberry.field(description="field, status, transition, void_reason, role, automation or view.")
    key: str = strawberry.field(description="Its key; for a field <record type>.<key>.")
    comment: str = strawberry.field(default="", description=COMMENT)


@strawberry.input(description="A whole configuration as YAML.")
class ApplyConfigurationInput:
    document: str
    expected_version: int | None = strawberry.field(default=None, description="The version that was planned against.")
    comment: str = strawberry.field(default="", description=COMMENT)


def as_body(given: Values, *, without: tuple[str, ...] = ("key", "comment")) -> dict[str, Any]:
    """The stored form of an input: names as in the YAML document, what was not given or null left out."""
    return {snake(name): _body(value) for name, value in given.items() if name not in without and value is not None}


def _body(value: Any) -> Any:
    if isinstance(value, dict):
        return {snake(name): _body(item) for name, item in value.items() if item is not None}
    return [_body(item) for item in value] if isinstance(value, list) else value


async def define(info: Info, kind: str, key: str, body: dict[str, Any], comment: str) -> ConfigurationPayload:
    """Set one definition."""
    return await _change(info, comment, lambda tx: [change_sets.define(tx.config, kind, key, body)])


async def _change(info: Info, comment: str, make: Any, expected: int | None = None) -> ConfigurationPayload:
    async def command(tx: Transaction) -> ConfigurationPayload:
        tx.access.require("configuration.update")
        changes: list[Change] = make(tx)
        version = await change_sets.apply(tx, changes, comment, expected)
        return ConfigurationPayload(version=version, changes=shown(changes, tx.language))

    payload = await run(info, command)
    # What the same operation reads afterwards must see the new configuration.
    await info.context.refresh()
    return payload


def shown(changes: list[Change], language: str) -> list[ConfigurationChange]:
    """Changes as GraphQL shows them; those that change nothing are left out."""
    return [
        ConfigurationChange(kind=change.kind, key=change.key, sentence=change.sentence(language))
        for change in changes
        if change.before != change.after
    ]


def plan_document(info: Info, document: str) -> list[ConfigurationChange]:
    """What a document would change. Raises the house's problems."""
    caller = info.context.caller
    caller.access.require("configuration.read")
    changes = change_sets.plan(caller.config, read_document(document))
    errors = change_sets.errors(caller.config, caller.access, changes)
    if errors:
        raise BadInput(errors)
    return shown(changes, caller.language)


@strawberry.type
class ConfigurationMutations:
    @mutation(
        DefineFieldInput,
        description="Add a field to orders, customers or products, or change one; typed in the next request.",
    )
    async def define_field(self, info: Info, input: Values) -> ConfigurationResult:
        body = as_body(input, without=("object", "key", "comment"))
        return await define(info, "field", f"{input['object']}.{input['key']}", body, input["comment"])

    @mutation(DefineStatusInput, description="Add a status or change one.")
    async def define_status(self, info: Info, input: Values) -> ConfigurationResult:
        return await define(info, "status", input["key"], as_body(input), input["comment"])

    @mutation(DefineTransitionInput, description="Add a legal step between statuses or change one.")
    async def define_transition(self, info: Info, input: Values) -> ConfigurationResult:
        return await define(info, "transition", input["key"], as_body(input), input["comment"])

    @mutation(DefineVoidReasonInput, description="Add a reason to void orders or change one.")
    async def define_void_reason(self, info: Info, input: Values) -> ConfigurationResult:
        return await define(info, "void_reason", input["key"], as_body(input), input["comment"])

    @mutation(DefineRoleInput, description="Add a role or change one.")
    async def define_role(self, info: Info, input: Values) -> ConfigurationResult:
        return await define(info, "role", input["key"], as_body(input), input["comment"])

    @mutation(SetNumberingInput, description="Say how new orders are numbered.")
    async def set_numbering(self, info: Info, input: Values) -> ConfigurationResult:
        return await define(info, "numbering", "order", as_body(input), input["comment"])

    @mutation(RemoveDefinitionInput, description="Take a definition out of the configuration.")
    async def remove_definition(self, info: Info, input: Values) -> ConfigurationResult:
        return await _change(
            info, input["comment"], lambda tx: [change_sets.remove(tx.config, input["kind"], input["key"])]
        )

    @mutation(ApplyConfigurationInput, description="Make the configuration what the document says, all or nothing.")
    async def apply_configuration(self, info: Info, input: Values) -> ConfigurationResult:
        wanted = read_document(input["document"])
        return await _change(
            info, input["comment"], lambda tx: change_sets.plan(tx.config, wanted), input.get("expectedVersion")
        )
