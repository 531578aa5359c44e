"""The company's settings, and which of its texts lack a language."""

import strawberry
from strawberry import UNSET

from schema.context import Info
from schema.definitions.changing import ChangeInput, ConfigurationResult, as_body, define
from schema.mutations import Values, mutation
from tenants.config.definitions import SETTINGS_KEY
from tenants.config.texts import missing_translations


@strawberry.input(
    description="What the company is called and which languages it has; what is not given is as it was founded."
)
class SetCompanyInput(ChangeInput):
    name: str | None = strawberry.field(default=UNSET, description="Its name.")
    languages: list[str] | None = strawberry.field(
        default=UNSET,
        description="Tags of BCP 47, the company's own first: texts that are not in a reader's language are shown in it. "
        "en and zh, if not given.",
    )


@strawberry.type(description="A text that lacks languages of the company; who reads these is shown another.")
class MissingTranslation:
    kind: str = strawberry.field(description="What kind of definition it is part of.")
    key: str = strawberry.field(description="The definition's key.")
    path: str = strawberry.field(description="Where in the definition, such as label or options.0.label.")
    languages: list[str] = strawberry.field(description="Those it lacks.")


@strawberry.type
class SettingsQueries:
    @strawberry.field(description="The texts that are not in each of the company's languages.")
    def missing_translations(self, info: Info) -> list[MissingTranslation]:
        info.context.caller.access.require("configuration.read")
        return [
            MissingTranslation(kind=found.kind, key=found.key, path=found.path, languages=list(found.languages))
            for found in missing_translations(info.context.caller.config)
        ]


@strawberry.type
class SettingsMutations:
    @mutation(SetCompanyInput, description="Say what the company is called, and which languages it has.")
    async def set_company(self, info: Info, input: Values) -> ConfigurationResult:
        return await define(info, "settings", SETTINGS_KEY, as_body(input), input)
