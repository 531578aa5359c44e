"""What people do with their account: found a company, go to another one, change what is theirs."""

from typing import Annotated
from uuid import UUID

import strawberry
from strawberry import UNSET

from schema.context import Info, run
from schema.invitations import shown_of
from schema.mutations import Values, change, mutation
from schema.payloads import MemberPayload, MemberResult
from schema.problems import Conflict, InvalidInput, LimitExceeded, NotFound, NotSignedIn
from schema.sign_in import CodeWantedPayload, SignInPayload, client_at_hand, code_wanted
from tenants import own_account, sign_up
from tenants.calls import current
from tenants.people import user_of
from tenants.problems import NotSignedIn as NotSignedInProblem
from tenants.sign_in import switching
from tenants.sign_in.entering import CodeWanted


@strawberry.input(description="A company that you want to found, and who you are.")
class SignUpInput:
    company_name: str = strawberry.field(description="Its name.")
    slug: str = strawberry.field(description="Its short name, to sign in with: small letters, digits and hyphens.")
    name: str = strawberry.field(description="Your name.")
    email: str = strawberry.field(description="Your address; a message with a secret goes there.")
    template: str | None = strawberry.field(
        default=None, description="The configuration to begin with, such as retail; minimal if not given."
    )
    language: str | None = strawberry.field(default=None, description="en or zh; that of the request if not given.")
    time_zone: str | None = strawberry.field(default=None, description="IANA time zone; UTC if not given.")
    currency: str | None = strawberry.field(default=None, description="By ISO 4217; EUR if not given.")


@strawberry.type(description="A message is on its way; nothing is founded before its secret comes back.")
class SignUpPayload:
    requested: bool = strawberry.field(description="Always true, whether or not the address has an account.")


@strawberry.input(description="Found the company by the secret of the message.")
class ConfirmSignUpInput:
    token: str = strawberry.field(description="The secret of the message; it can be used once, within 24 hours.")
    password: str | None = strawberry.field(
        default=None,
        description="The password of your account, or of a new one; not needed by who is signed in with that address.",
    )
    slug: str | None = strawberry.field(default=None, description="In place of one that was taken meanwhile.")


@strawberry.type(description="The company is founded, and you are its owner: sign in to it.")
class ConfirmSignUpPayload:
    tenant: str = strawberry.field(description="Short name of the company, to sign in with.")
    email: str = strawberry.field(description="The address to sign in with.")


@strawberry.input(description="Which of your companies to go to.")
class SwitchCompanyInput:
    tenant: str = strawberry.field(description="Short name of the company; viewer.companies lists them.")


@strawberry.input(description="Your own name and language in this company: what is not given stays.")
class UpdateSelfInput:
    name: str | None = strawberry.field(default=UNSET, description="Your name.")
    language: str | None = strawberry.field(default=UNSET, description="One of the company's languages.")


@strawberry.input(description="A new address for your account.")
class RequestEmailChangeInput:
    email: str = strawberry.field(description="The new address; a message with a secret goes there.")
    password: str = strawberry.field(description="Your password, asked for once more.")


@strawberry.type(description="A message is on its way; the address counts once its secret comes back.")
class RequestEmailChangePayload:
    requested: bool = strawberry.field(description="Always true, whether or not the address has an account.")


@strawberry.input(description="Let your new address count.")
class ConfirmEmailChangeInput:
    token: str = strawberry.field(description="The secret of the message; it can be used once, within an hour.")


@strawberry.type(description="The new address counts, in all your companies.")
class ConfirmEmailChangePayload:
    email: str = strawberry.field(description="The address to sign in with.")


SignUpResult = Annotated[
    SignUpPayload | InvalidInput | Conflict | LimitExceeded,
    strawberry.union("SignUpResult", description="A message is on its way, or why it was refused."),
]
ConfirmSignUpResult = Annotated[
    ConfirmSignUpPayload | InvalidInput | Conflict | LimitExceeded,
    strawberry.union("ConfirmSignUpResult", description="The company is founded, or why it was refused."),
]
SwitchCompanyResult = Annotated[
    SignInPayload | CodeWantedPayload | NotFound | NotSignedIn | LimitExceeded,
    strawberry.union(
        "SwitchCompanyResult", description="You, signed in there too, the code that is wanted, or why it was refused."
    ),
]
RequestEmailChangeResult = Annotated[
    RequestEmailChangePayload | InvalidInput | LimitExceeded,
    strawberry.union("RequestEmailChangeResult", description="A message is on its way, or why it was refused."),
]
ConfirmEmailChangeResult = Annotated[
    ConfirmEmailChangePayload | InvalidInput,
    strawberry.union("ConfirmEmailChangeResult", description="The new address counts, or why it was refused."),
]


@strawberry.type
class AccountMutations:
    @mutation(SignUpInput, description="Ask to found a company; a message with a secret goes to your address.")
    async def sign_up(self, info: Info, input: Values) -> SignUpResult:
        context = info.context
        context.require_first()
        await sign_up.ask(context.house.database, context.house.sign_up, input, context.language, current().address)
        return SignUpPayload(requested=True)

    @mutation(ConfirmSignUpInput, description="Found the company by the secret of the message; then sign in.")
    async def confirm_sign_up(self, info: Info, input: Values) -> ConfirmSignUpResult:
        context = info.context
        context.require_first()
        shown = await shown_of(context, None, input.get("password"))
        house = context.house
        slug, email = await sign_up.confirm(house.database, house.sign_up, input["token"], shown, input.get("slug"))
        return ConfirmSignUpPayload(tenant=slug, email=email)

    @mutation(
        SwitchCompanyInput,
        description="A session of its own in another of your companies, without signing in again; it ends no later than this one.",
    )
    async def switch_company(self, info: Info, input: Values) -> SwitchCompanyResult:
        context = info.context
        context.require_first()
        caller = context.caller
        signed = await switching.switch(
            context.house.database, caller, await _account(info), input["tenant"], client_at_hand()
        )
        if isinstance(signed, CodeWanted):
            return code_wanted(signed)
        context.token, context.known_caller = signed.token, None
        await context.refresh()
        return SignInPayload(token=signed.token, device=None)

    @mutation(UpdateSelfInput, description="Change your own name and language in this company.")
    async def update_self(self, info: Info, input: Values) -> MemberResult:
        return await change(info, MemberPayload, input, lambda tx: own_account.update_self(tx, input))

    @mutation(
        RequestEmailChangeInput,
        description="Ask for another address to sign in with; a message goes there, and a warning to the present one.",
    )
    async def request_email_change(self, info: Info, input: Values) -> RequestEmailChangeResult:
        context = info.context
        user = await user_of(context.house.database, context.caller)
        await own_account.ask_for_address(
            context.house.database, user, input["password"], input["email"], context.caller.language
        )
        await run(info, lambda tx: own_account.warn(tx, user["email"]))
        return RequestEmailChangePayload(requested=True)

    @mutation(ConfirmEmailChangeInput, description="Let the address count to which the secret was sent.")
    async def confirm_email_change(self, info: Info, input: Values) -> ConfirmEmailChangeResult:
        email = await own_account.change_address(info.context.house.database, input["token"])
        return ConfirmEmailChangePayload(email=email)


async def _account(info: Info) -> UUID:
    caller = info.context.caller
    if caller.member_id is None:
        # A program with a key is nobody's session.
        raise NotSignedInProblem
    user = await user_of(info.context.house.database, caller)
    return UUID(str(user["id"]))
