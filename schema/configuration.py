"""The configuration: what is in force, what a document would change, and the mutations that change it."""

from asyncio import to_thread

import strawberry

from schema.context import Info
from schema.definitions.changing import ChangeInput, ConfigurationResult, change
from schema.definitions.fields import FieldMutations
from schema.definitions.life_cycles import LifeCycleMutations
from schema.definitions.numbering import NumberingMutations
from schema.definitions.review import ReviewMutations
from schema.definitions.roles import RoleMutations
from schema.definitions.rules import RuleMutations
from schema.definitions.settings import SettingsMutations, SettingsQueries
from schema.definitions.sign_in import SignInDefinitionMutations
from schema.definitions.void_reasons import VoidReasonMutations
from schema.mutations import Values, mutation
from schema.scalars import Json
from tenants.config import change_sets
from tenants.config.definitions import KINDS
from tenants.config.documents import export_document, read_document, stored


@strawberry.type(description="One definition of the configuration.")
class Definition:
    kind: str = strawberry.field(description="What it defines, such as field, status or automation.")
    key: str = strawberry.field(description="Its key.")
    body: Json = strawberry.field(description="What it says, as in the YAML document.")


@strawberry.type(description="The company's configuration in force.")
class Configuration:
    @strawberry.field(description="Grows by one with each change set.")
    def version(self, info: Info) -> int:
        return info.context.caller.tenant.version

    @strawberry.field(
        description="All of it as one YAML document, which planConfiguration and applyConfiguration take back."
    )
    async def document(self, info: Info) -> str:
        return await to_thread(export_document, info.context.caller.config.definitions)

    @strawberry.field(description="The definitions one by one.")
    def definitions(self, info: Info, kind: str | None = None) -> list[Definition]:
        found = info.context.caller.config.definitions
        return [
            Definition(kind=name, key=key, body=Json(stored(definition)))
            for name in KINDS
            if kind in (None, name)
            for key, definition in found[name].items()
        ]


@strawberry.input(
    description="What to take out of the configuration; what records point at is archived, and its data kept."
)
class RemoveDefinitionInput(ChangeInput):
    kind: str = strawberry.field(description=f"One of {', '.join(KINDS)}.")
    key: str = strawberry.field(description="Its key; for a field <record type>.<key>.")


@strawberry.input(description="A whole configuration as YAML.")
class ApplyConfigurationInput(ChangeInput):
    document: str
    merge: bool = strawberry.field(
        default=False,
        description="Whether the document only adds and changes; else it is the whole, and what it lacks goes.",
    )


@strawberry.type
class ConfigurationQueries(SettingsQueries):
    @strawberry.field(description="The company's configuration in force.")
    def configuration(self, info: Info) -> Configuration:
        info.context.caller.access.require("configuration.read")
        return Configuration()


@strawberry.type
class ConfigurationMutations(
    FieldMutations,
    LifeCycleMutations,
    VoidReasonMutations,
    RoleMutations,
    RuleMutations,
    NumberingMutations,
    SettingsMutations,
    ReviewMutations,
    SignInDefinitionMutations,
):
    @mutation(RemoveDefinitionInput, description="Take a definition out of the configuration.")
    async def remove_definition(self, info: Info, input: Values) -> ConfigurationResult:
        return await change(info, input, lambda tx: [change_sets.remove(tx.config, input["kind"], input["key"])])

    @mutation(ApplyConfigurationInput, description="Make the configuration what the document says, all or nothing.")
    async def apply_configuration(self, info: Info, input: Values) -> ConfigurationResult:
        wanted = await to_thread(read_document, input["document"])
        make = change_sets.merge if input["merge"] else change_sets.plan
        return await change(info, input, lambda tx: make(tx.config, wanted))
