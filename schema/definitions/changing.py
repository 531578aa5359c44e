"""Changing the configuration through GraphQL: the payload of every such mutation, and what its inputs have in common."""

from collections.abc import Awaitable, Callable, Collection, Iterable
from typing import Annotated, Any

import strawberry
from strawberry import UNSET

from schema.context import Info, run
from schema.mutations import Values
from schema.problems import Conflict, InvalidInput, LimitExceeded, NotAllowed
from tenants.config import change_sets
from tenants.config.change_sets import Change
from tenants.names import snake
from tenants.transaction import Transaction


@strawberry.type(description="One change of the configuration.")
class ConfigurationChange:
    kind: str = strawberry.field(description="What kind of definition.")
    key: str = strawberry.field(description="Its key.")
    sentence: str = strawberry.field(description="The change as a person would say it.")


@strawberry.type(description="What was changed.")
class ConfigurationPayload:
    version: int = strawberry.field(description="The configuration's version now; it holds for the very next request.")
    changes: list[ConfigurationChange] = strawberry.field(description="The changes, one by one.")


ConfigurationResult = Annotated[
    ConfigurationPayload | InvalidInput | NotAllowed | Conflict | LimitExceeded,
    strawberry.union("ConfigurationResult", description="The configuration after the mutation, or why it was refused."),
]


@strawberry.input(description="A text in one of the company's other languages.")
class TranslationInput:
    language: str = strawberry.field(description="Its tag, as viewer.tenant.languages tells it, such as ja or pt-BR.")
    text: str = strawberry.field(description="The text.")


@strawberry.input(description="A text per language.")
class LabelInput:
    en: str | None = UNSET
    zh: str | None = UNSET
    translations: list[TranslationInput] | None = strawberry.field(
        default=UNSET, description="The text in other languages of the company."
    )


@strawberry.input
class ChangeInput:
    """What every input that changes the configuration takes."""

    comment: str = strawberry.field(default="", description="Why; kept with the change set.")
    expected_version: int | None = strawberry.field(
        default=None,
        description="The configuration's version that you have seen: what somebody changed since is not changed again, but told.",
    )


# Names of ChangeInput in GraphQL.
_OF_THE_CHANGE = frozenset({"comment", "expectedVersion"})


def as_body(given: Values, *, without: Collection[str] = ("key",)) -> dict[str, Any]:
    """The stored form of an input: names as in the YAML document, what was not given or null left out."""
    return {
        snake(name): _body(value)
        for name, value in given.items()
        if name not in without and name not in _OF_THE_CHANGE and value is not None
    }


# Holds names of fields and not of parts of the definition.
_AS_GIVEN = frozenset({"scope"})


def _body(value: Any) -> Any:
    if isinstance(value, dict):
        if "translations" in value:
            return label_body(value)
        return {
            snake(name): item if name in _AS_GIVEN else _body(item) for name, item in value.items() if item is not None
        }
    return [_body(item) for item in value] if isinstance(value, list) else value


def label_body(given: Values) -> dict[str, str]:
    """A text per language as definitions keep it."""
    more = {each["language"]: each["text"] for each in given.get("translations") or ()}
    return {name: text for name, text in given.items() if name != "translations" and text is not None} | more


async def define(info: Info, kind: str, key: str, body: dict[str, Any], given: Values) -> ConfigurationPayload:
    """Set one definition, as the input ``given`` says. Raises the house's problems."""
    return await change(info, given, lambda tx: [change_sets.define(tx.config, kind, key, body)])


async def change(info: Info, given: Values, make: Callable[[Transaction], Iterable[Change]]) -> ConfigurationPayload:
    """Make changes, all or none. Raises the house's problems."""

    async def command(tx: Transaction) -> tuple[int, list[Change]]:
        tx.access.require("configuration.update")
        changes = list(make(tx))
        return await change_sets.apply(tx, changes, given["comment"], given.get("expectedVersion")), changes

    return await changed(info, command)


async def changed(
    info: Info, command: Callable[[Transaction], Awaitable[tuple[int, list[Change]]]]
) -> ConfigurationPayload:
    """Run a command that changes the configuration, and tell what it did. Raises the house's problems."""
    version, changes = await run(info, command)
    # What the same operation reads afterwards must see the new configuration.
    caller = await info.context.refresh()
    return ConfigurationPayload(version=version, changes=shown(changes, caller.language))


def shown(changes: Iterable[Change], language: str) -> list[ConfigurationChange]:
    """Changes as GraphQL shows them; those that change nothing are left out."""
    return [
        ConfigurationChange(kind=change.kind, key=change.key, sentence=change.sentence(language))
        for change in changes
        if change.before != change.after
    ]
