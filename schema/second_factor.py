"""The second factor: set up, proved, renewed, given up; and whose sign-in needs one."""

from typing import Annotated
from uuid import UUID

import strawberry

from schema.context import Info, parse_id
from schema.mutations import Values, change, mutation
from schema.payloads import MemberPayload, MemberResult
from schema.problems import Conflict, InvalidInput, LimitExceeded
from tenants.people import user_of
from tenants.sign_in import second_factor


@strawberry.input(description="Your password, asked for once more.")
class StartSecondFactorInput:
    password: str


@strawberry.type(
    description="What an authenticator application needs. It counts once proveSecondFactor has brought a code of it."
)
class StartSecondFactorPayload:
    secret: str = strawberry.field(description="To be typed into the application.")
    address: str = strawberry.field(description="The same as an otpauth address.")
    picture: str = strawberry.field(description="The address as a QR code, in SVG.")


@strawberry.input(description="A code that the application shows.")
class ProveSecondFactorInput:
    code: str


@strawberry.type(description="Codes for when the application is lost, told this once; each can be used once.")
class RecoveryCodesPayload:
    codes: list[str] = strawberry.field(description="Ten codes. Print them, or keep them in a password manager.")


@strawberry.input(description="Your password and a code, asked for once more.")
class RenewRecoveryCodesInput:
    password: str
    code: str = strawberry.field(
        description="Six digits of your authenticator application, or one of your recovery codes."
    )


@strawberry.input(description="Your password and a code, asked for once more.")
class DropSecondFactorInput:
    password: str
    code: str = strawberry.field(
        description="Six digits of your authenticator application, or one of your recovery codes."
    )


@strawberry.type(description="There is no second factor any more.")
class DropSecondFactorPayload:
    dropped: bool = strawberry.field(description="Always true.")


@strawberry.input(description="Whose second factor is lost.")
class ResetSecondFactorInput:
    member_id: strawberry.ID


StartSecondFactorResult = Annotated[
    StartSecondFactorPayload | InvalidInput | Conflict | LimitExceeded,
    strawberry.union("StartSecondFactorResult", description="What an application needs, or why it was refused."),
]
RecoveryCodesResult = Annotated[
    RecoveryCodesPayload | InvalidInput | Conflict | LimitExceeded,
    strawberry.union("RecoveryCodesResult", description="The recovery codes, or why it was refused."),
]
DropSecondFactorResult = Annotated[
    DropSecondFactorPayload | InvalidInput | Conflict | LimitExceeded,
    strawberry.union("DropSecondFactorResult", description="It is gone, or why it was refused."),
]


async def _user_id(info: Info) -> UUID:
    user = await user_of(info.context.house.database, info.context.caller)
    return UUID(str(user["id"]))


@strawberry.type
class SecondFactorMutations:
    @mutation(StartSecondFactorInput, description="Begin to use an authenticator application when signing in.")
    async def start_second_factor(self, info: Info, input: Values) -> StartSecondFactorResult:
        house = info.context.house
        made = await second_factor.start(house.database, house.secrets, await _user_id(info), input["password"])
        return StartSecondFactorPayload(secret=made.secret, address=made.address, picture=made.picture)

    @mutation(
        ProveSecondFactorInput,
        description="Prove by a code that the application works: from now on it is asked for. Your other sessions end.",
    )
    async def prove_second_factor(self, info: Info, input: Values) -> RecoveryCodesResult:
        house, token = info.context.house, info.context.caller.token_hash
        codes = await second_factor.prove(house.database, house.secrets, await _user_id(info), input["code"], token)
        await info.context.refresh()
        return RecoveryCodesPayload(codes=codes)

    @mutation(RenewRecoveryCodesInput, description="Ten new recovery codes; those before are worthless.")
    async def renew_recovery_codes(self, info: Info, input: Values) -> RecoveryCodesResult:
        house = info.context.house
        user_id = await _user_id(info)
        codes = await second_factor.renew_codes(
            house.database, house.secrets, user_id, input["password"], input["code"]
        )
        return RecoveryCodesPayload(codes=codes)

    @mutation(DropSecondFactorInput, description="Sign in without a second factor from now on.")
    async def drop_second_factor(self, info: Info, input: Values) -> DropSecondFactorResult:
        house = info.context.house
        user_id = await _user_id(info)
        await second_factor.drop(house.database, house.secrets, user_id, input["password"], input["code"])
        return DropSecondFactorPayload(dropped=True)

    @mutation(
        ResetSecondFactorInput,
        description="Take the second factor from a member who has lost it, and end their sessions; only of one who belongs to your company alone.",
    )
    async def reset_second_factor(self, info: Info, input: Values) -> MemberResult:
        wanted = parse_id(input["memberId"])
        return await change(info, MemberPayload, input, lambda tx: second_factor.reset(tx, wanted))
