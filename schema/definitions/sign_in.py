"""What a company asks of those who sign in."""

import strawberry

from schema.context import Info
from schema.definitions.changing import ChangeInput, ConfigurationResult, as_body, define
from schema.mutations import Values, mutation


@strawberry.input(description="What is asked of those who sign in.")
class SetSignInInput(ChangeInput):
    second_factor: list[str] = strawberry.field(
        description="Roles whose members need a second factor, * for everybody; none for nobody. It holds for sessions that are open too."
    )


@strawberry.type
class SignInDefinitionMutations:
    @mutation(SetSignInInput, description="Say what is asked of those who sign in.")
    async def set_sign_in(self, info: Info, input: Values) -> ConfigurationResult:
        return await define(info, "sign_in", "sign_in", as_body(input), input)
