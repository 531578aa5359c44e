"""The templates that ship with the product: which there are and which are installed, applying and removing one."""

from asyncio import to_thread
from typing import Annotated

import strawberry

from schema.change_sets import ConfigurationPlan, shown_plan
from schema.context import Info, run
from schema.definitions.changing import ChangeInput, ConfigurationResult, changed
from schema.mutations import Values, mutation
from schema.scalars import DateTimeText
from tenants.config.assessing import Assessment, assess
from tenants.config.documents import export_document
from tenants.config.installed_templates import (
    InstalledTemplate,
    Removal,
    additions,
    apply_template,
    installed_templates,
    plan_removal,
    remove_template,
)
from tenants.config.shipped_templates import read_template, template_description, template_names, template_title
from tenants.transaction import Transaction

Template = Annotated[str, strawberry.argument(description="Its name, as configurationTemplates tells it.")]


@strawberry.type(description="A template that is part of the company's configuration.")
class TemplateInstallation:
    version: int = strawberry.field(description="The version of the configuration that it came with.")
    installed_at: DateTimeText = strawberry.field(description="When it came.")
    definitions: int = strawberry.field(description="How many definitions it brought or changed.")
    changed: int = strawberry.field(description="How many of them are no longer as it brought them.")


@strawberry.type(description="A configuration that ships with the product.")
class ConfigurationTemplate:
    name: str = strawberry.field(description="Its name, as planTemplate and applyTemplate take it.")
    installation: TemplateInstallation | None = strawberry.field(description="Null where it is not installed here.")

    @strawberry.field(description="What people call it, in your language.")
    def title(self, info: Info) -> str:
        return template_title(self.name, info.context.caller.language)

    @strawberry.field(description="What it is for, in your language.")
    def description(self, info: Info) -> str:
        return template_description(self.name, info.context.caller.language)

    @strawberry.field(description="All of it as a YAML document.")
    async def document(self) -> str:
        return await to_thread(lambda: export_document(read_template(self.name)))


@strawberry.type(description="A definition that stays when its template is removed.")
class KeptDefinition:
    kind: str = strawberry.field(description="What kind of definition.")
    key: str = strawberry.field(description="Its key.")
    label: str = strawberry.field(description="Its name in your language; its key where it has none.")
    reason: str = strawberry.field(description="Why it stays.")


@strawberry.type(description="What removing a template would do; nothing is done.")
class TemplateRemovalPlan:
    plan: ConfigurationPlan = strawberry.field(description="What would go, or be what it was before the template.")
    kept: list[KeptDefinition] = strawberry.field(description="What would stay, and why.")


@strawberry.input(description="Which template to apply.")
class ApplyTemplateInput(ChangeInput):
    template: str = strawberry.field(description="Its name, as configurationTemplates tells it.")


@strawberry.input(description="Which template to remove.")
class RemoveTemplateInput(ChangeInput):
    template: str = strawberry.field(description="Its name; it is installed.")


@strawberry.type
class TemplateQueries:
    @strawberry.field(description="The templates that ship with the product.")
    async def configuration_templates(self, info: Info) -> list[ConfigurationTemplate]:
        info.context.caller.access.require("configuration.read")
        installed = await run(info, installed_templates)
        return [
            ConfigurationTemplate(name=name, installation=_installation(info, installed.get(name)))
            for name in template_names()
        ]

    @strawberry.field(description="What applying a template would change, and what that would do; nothing is done.")
    async def plan_template(self, info: Info, template: Template) -> ConfigurationPlan:
        info.context.caller.access.require("configuration.read")
        wanted = await to_thread(read_template, template)

        async def look(tx: Transaction) -> tuple[int, Assessment]:
            return tx.config_version, await assess(tx, additions(tx.config, wanted))

        return shown_plan(info, *await run(info, look))

    @strawberry.field(
        description="What removing a template would take away and what it would keep, and why; nothing is done."
    )
    async def plan_template_removal(self, info: Info, template: Template) -> TemplateRemovalPlan:
        info.context.caller.access.require("configuration.read")

        async def look(tx: Transaction) -> tuple[int, Removal, Assessment]:
            removal = await plan_removal(tx, template)
            return tx.config_version, removal, await assess(tx, removal.changes)

        version, removal, found = await run(info, look)
        language = info.context.caller.language
        kept = [
            KeptDefinition(
                kind=each.kind,
                key=each.dependent.key,
                label=each.dependent.name(language),
                reason=each.reason.text(language),
            )
            for each in removal.kept
        ]
        return TemplateRemovalPlan(plan=shown_plan(info, version, found), kept=kept)


def _installation(info: Info, found: InstalledTemplate | None) -> TemplateInstallation | None:
    if found is None:
        return None
    return TemplateInstallation(
        version=found.version,
        installed_at=DateTimeText(found.installed_at.isoformat()),
        definitions=len(found.brought),
        changed=len(found.changed(info.context.caller.config)),
    )


@strawberry.type
class TemplateMutations:
    @mutation(
        ApplyTemplateInput, description="Add a template to the configuration: definitions come and change, none goes."
    )
    async def apply_template(self, info: Info, input: Values) -> ConfigurationResult:
        wanted = await to_thread(read_template, input["template"])
        return await changed(
            info,
            lambda tx: apply_template(tx, input["template"], wanted, input["comment"], input.get("expectedVersion")),
        )

    @mutation(
        RemoveTemplateInput,
        description="Take away what a template brought and nobody has changed or needs; revertChangeSet takes it back.",
    )
    async def remove_template(self, info: Info, input: Values) -> ConfigurationResult:
        return await changed(
            info, lambda tx: remove_template(tx, input["template"], input["comment"], input.get("expectedVersion"))
        )
