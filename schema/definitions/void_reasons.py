"""Why orders are voided."""

import strawberry
from strawberry import UNSET

from schema.context import Info
from schema.definitions.changing import ChangeInput, ConfigurationResult, LabelInput, as_body, define
from schema.mutations import Values, mutation


@strawberry.input(description="A reason to void an order, or a change of one.")
class DefineVoidReasonInput(ChangeInput):
    key: str
    label: LabelInput
    note_required: bool | None = UNSET
    position: int | None = UNSET


@strawberry.type
class VoidReasonMutations:
    @mutation(DefineVoidReasonInput, description="Add a reason to void orders or change one.")
    async def define_void_reason(self, info: Info, input: Values) -> ConfigurationResult:
        return await define(info, "void_reason", input["key"], as_body(input), input)
