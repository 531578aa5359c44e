"""The company's own fields as forms and pickers need them: names in the reader's language, options with colour and order."""

from typing import Annotated

import strawberry

from schema.context import Info
from schema.scalars import Json
from tenants.config import definitions
from tenants.config.definitions import label as text_in
from tenants.config.own_attributes import target_of
from tenants.field_rights import WRITE
from tenants.problems import InvalidInput
from tenants.records import CUSTOMISABLE, REGISTRY
from tenants.records.rights import OWN, may_read_some


@strawberry.type(description="One choice of a select field.")
class FieldOption:
    key: str = strawberry.field(description="Its key, which records keep.")
    label: str = strawberry.field(description="Its name, in your language.")
    colour: str | None = strawberry.field(description="Its colour, such as #ff8800.")
    archived: bool = strawberry.field(description="Whether it is kept by old records, and not to be chosen anew.")


@strawberry.type(description="A field of the company's own.")
class FieldDefinition:
    key: str = strawberry.field(description="Its name in GraphQL.")
    type: str = strawberry.field(description="What its values are, as defineField takes it.")
    label: str = strawberry.field(description="Its name, in your language.")
    help: str | None = strawberry.field(description="What it is for, in your language.")
    required: bool = strawberry.field(description="Whether each record needs a value.")
    computed: bool = strawberry.field(description="Whether its values are worked out, and never given.")
    readable: bool = strawberry.field(description="Whether you may read it.")
    writable: bool = strawberry.field(description="Whether you may give its values.")
    unique: bool = strawberry.field(description="Whether no two records may have the same value.")
    options: list[FieldOption] = strawberry.field(description="Its options in their order; none for other types.")
    target: str | None = strawberry.field(description="The record type that it links to.")
    default: Json | None = strawberry.field(description="What a new record has that is given nothing.")
    default_expression: str | None = strawberry.field(description="How such a value is worked out from the others.")
    minimum: Json | None = strawberry.field(description="The smallest value, of texts and lists the smallest length.")
    maximum: Json | None = strawberry.field(description="The largest value, of texts and lists the largest length.")
    pattern: str | None = strawberry.field(description="The form of its texts, as an expression of RE2.")


@strawberry.type
class FieldQueries:
    @strawberry.field(description="The company's own fields of a record type, in their order.")
    def field_definitions(
        self,
        info: Info,
        object: Annotated[str, strawberry.argument(description="The record type: order, customer or product.")],
    ) -> list[FieldDefinition]:
        caller = info.context.caller
        if object not in CUSTOMISABLE:
            raise InvalidInput.at(("object",), "config.unknown_object", object=object, objects=", ".join(CUSTOMISABLE))
        caller.access.require(f"{object}.read")
        fields = caller.config.fields.get(object, {})
        own, record = caller.config.own.get(object, {}), REGISTRY[object]
        shown = []
        for key, definition in fields.items():
            path = f"{OWN}{key}"
            readable = key in own and may_read_some(caller.access, record, path, own[key])
            writable = not definition.is_computed and caller.access.has_some(object, WRITE, path)
            if readable or not caller.access.is_outside:
                shown.append(_shown(key, definition, caller.language, readable=readable, writable=writable))
        return shown


def _shown(
    key: str, definition: definitions.CustomField, language: str, *, readable: bool, writable: bool
) -> FieldDefinition:
    return FieldDefinition(
        key=key,
        type=definition.type,
        label=text_in(definition.label, language, key),
        help=text_in(definition.help, language) or None,
        required=definition.required,
        computed=definition.is_computed,
        readable=readable,
        writable=writable,
        unique=definition.unique,
        options=[
            FieldOption(
                key=option.key,
                label=text_in(option.label, language, option.key),
                colour=option.colour,
                archived=option.archived,
            )
            for option in definition.options
        ],
        target=target_of(definition) or None,
        default=Json(definition.default),
        default_expression=definition.default_expression,
        minimum=Json(definition.minimum),
        maximum=Json(definition.maximum),
        pattern=definition.pattern,
    )
