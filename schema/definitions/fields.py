"""Fields of a company's own."""

from collections.abc import Collection
from typing import Any

import strawberry
from strawberry import UNSET

from schema.context import Info
from schema.definitions.changing import ChangeInput, ConfigurationResult, LabelInput, as_body, define
from schema.mutations import Values, mutation
from schema.scalars import Json
from tenants.field_types import REGISTRY

TYPES = ", ".join(key for key, kind in REGISTRY.items() if kind.configurable)


@strawberry.input(description="One choice of a select field.")
class OptionInput:
    key: str
    label: LabelInput
    colour: str | None = UNSET
    archived: bool | None = UNSET
    when: Json | None = strawberry.field(
        default=UNSET,
        description="For which records it can be chosen, as in the filter of their list; for all, if not given.",
    )


@strawberry.input(description="A field that shows the records which are linked to the one at hand.")
class ReverseInput:
    key: str
    label: LabelInput


@strawberry.input(description="A figure over related records. Its parts are expressions over these.")
class RollupInput:
    over: str = strawberry.field(description="The list of records: lines, orders, people, or custom.<key>.")
    function: str = strawberry.field(description="count, sum, avg, min, max or last.")
    field: str | None = strawberry.field(
        default=UNSET, description="What is added, compared or shown; count takes all."
    )
    where: str | None = strawberry.field(default=UNSET, description="Which of the records count; all, if not given.")
    by: str | None = strawberry.field(
        default=UNSET, description="What makes one the last: the largest. When it was ordered or entered, if not given."
    )


@strawberry.input(description="A field of the company's own, or a change of one.")
class DefineFieldInput(ChangeInput):
    object: str = strawberry.field(description="The record type: order, customer or product.")
    key: str = strawberry.field(description="Its name in GraphQL; never changes.")
    type: str = strawberry.field(description=f"One of {TYPES}.")
    label: LabelInput
    help: LabelInput | None = UNSET
    required: bool | None = UNSET
    indexed: bool | None = UNSET
    unique: bool | None = UNSET
    default: Json | None = strawberry.field(
        default=UNSET, description="What a new record has that is given nothing; decimals as strings."
    )
    default_expression: str | None = strawberry.field(
        default=UNSET,
        description="What a new record has that is given nothing, worked out from its other values, such as addDays(orderedAt, 30).",
    )
    minimum: Json | None = strawberry.field(
        default=UNSET, description="The smallest value; of texts and lists the smallest length. Decimals as strings."
    )
    maximum: Json | None = strawberry.field(
        default=UNSET, description="The largest value; of texts and lists the largest length. Decimals as strings."
    )
    pattern: str | None = strawberry.field(
        default=UNSET, description="The form of texts from end to end, as a regular expression of RE2."
    )
    region: str | None = strawberry.field(
        default=UNSET, description="The country of telephone numbers without a country code, by ISO 3166, such as DE."
    )
    numbering: str | None = strawberry.field(
        default=UNSET, description="The pattern of an auto_number, such as K-{year}-{seq:5}; see setNumbering."
    )
    gapless: bool | None = strawberry.field(
        default=UNSET, description="Automatic numbers without holes, one record after another."
    )
    options: list[OptionInput] | None = UNSET
    target: str | None = strawberry.field(
        default=UNSET, description="The record type that a link leads to: order, customer or product."
    )
    reverse: ReverseInput | None = strawberry.field(
        default=UNSET,
        description="The field in which the records that a link leads to show those that are linked to them.",
    )
    currency: str | None = strawberry.field(
        default=UNSET,
        description="The currency of amounts that are given without one, by ISO 4217; the company's, if not given.",
    )
    expression: str | None = strawberry.field(
        default=UNSET, description="How a formula is worked out, such as round(total * 0.19, 2)."
    )
    rollup: RollupInput | None = strawberry.field(default=UNSET, description="How a rollup is worked out.")
    position: int | None = UNSET


def field_body(given: Values, *, without: Collection[str]) -> dict[str, Any]:
    """What an input says of a field, as its definition keeps it."""
    body = as_body(given, without=without)
    for option, named in zip(body.get("options", ()), given.get("options") or (), strict=True):
        if "when" in option:
            # A condition keeps GraphQL's own names.
            option["when"] = named["when"]
    if "default" in body:
        body["default"] = given["default"]
    return body


@strawberry.type
class FieldMutations:
    @mutation(
        DefineFieldInput,
        description="Add a field to orders, customers or products, or change one; typed in the next request.",
    )
    async def define_field(self, info: Info, input: Values) -> ConfigurationResult:
        body = field_body(input, without=("object", "key"))
        return await define(info, "field", f"{input['object']}.{input['key']}", body, input)
