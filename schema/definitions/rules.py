"""Rules that records must keep to."""

import strawberry
from strawberry import UNSET

from schema.context import Info
from schema.definitions.changing import ChangeInput, ConfigurationResult, LabelInput, as_body, define
from schema.mutations import Values, mutation
from schema.scalars import Json
from tenants.config.definitions import Effect

strawberry.enum(Effect, name="RuleEffect", description="What a rule says of its fields.")


@strawberry.input(description="A rule that records of one type must keep to, or a change of one.")
class DefineRuleInput(ChangeInput):
    object: str = strawberry.field(description="The record type: order, customer or product.")
    key: str = strawberry.field(description="The rule's own name.")
    effect: Effect = strawberry.field(description="What it says of its fields.")
    fields: list[str] = strawberry.field(
        description="What it is about, by the record's names, such as promisedAt, lines, customer or custom.<key>."
    )
    when: Json | None = strawberry.field(
        default=UNSET, description="For which records it holds, as in the filter of their list; for all, if not given."
    )
    check: str | None = strawberry.field(
        default=UNSET, description="For the effect CHECK: an expression that must not be false."
    )
    ignore_case: bool | None = strawberry.field(default=UNSET, description="For the effect UNIQUE.")
    on_void: bool | None = strawberry.field(
        default=UNSET,
        description="Whether it holds for voiding an order as well; other rules are not asked, so that a wrong order can always go.",
    )
    message: LabelInput | None = strawberry.field(
        default=UNSET, description="What a caller who breaks it is told; a sentence of ours, if not given."
    )
    enabled: bool | None = strawberry.field(default=UNSET, description="A rule that is not enabled holds for nothing.")
    position: int | None = UNSET


@strawberry.type
class RuleMutations:
    @mutation(DefineRuleInput, description="Add a rule on orders, customers or products, or change one.")
    async def define_rule(self, info: Info, input: Values) -> ConfigurationResult:
        body = as_body(input, without=("object", "key", "when")) | {"record_type": input["object"]}
        if input.get("when") is not None:
            # A condition keeps GraphQL's own names.
            body["when"] = input["when"]
        return await define(info, "rule", input["key"], body, input)
