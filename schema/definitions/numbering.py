"""How orders are numbered."""

import strawberry
from strawberry import UNSET

from schema.context import Info
from schema.definitions.changing import ChangeInput, ConfigurationResult, as_body, define
from schema.mutations import Values, mutation


@strawberry.input(description="How new orders are numbered.")
class SetNumberingInput(ChangeInput):
    pattern: str = strawberry.field(
        description="Such as SO-{year}-{seq:5} or {channel}-{custom.branch}-{seq}: each text around the sequence counts for itself."
    )
    gapless: bool | None = strawberry.field(
        default=UNSET, description="Numbers without holes, one order after another."
    )


@strawberry.type
class NumberingMutations:
    @mutation(SetNumberingInput, description="Say how new orders are numbered.")
    async def set_numbering(self, info: Info, input: Values) -> ConfigurationResult:
        return await define(info, "numbering", "order", as_body(input), input)
