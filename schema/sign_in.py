"""Signing in and out, passwords, and sessions."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import strawberry
from strawberry import UNSET

from schema.context import Info, parse_id, run
from schema.mutations import Values, mutation
from schema.people import Company, own_company, own_membership
from schema.problems import InvalidInput, LimitExceeded, NotAllowed, NotFound, NotSignedIn
from schema.record_types import Member
from schema.scalars import DateTimeText
from tenants.calls import current
from tenants.people import user_of
from tenants.problems import LimitExceeded as TooMuch
from tenants.problems import NotSignedIn as NotIn
from tenants.sign_in import entering, passwords, sessions
from tenants.sign_in.entering import CodeWanted, Given
from tenants.sign_in.sessions import Client


@strawberry.input(description="Sign in. The company is needed only by those who belong to several.")
class SignInInput:
    email: str
    password: str
    tenant: str | None = strawberry.field(default=None, description="Short name of the company.")
    device: str | None = strawberry.field(
        default=None,
        description="The token that an earlier sign-in left on this device: it lets you in while others guess your password.",
    )


@strawberry.type(description="You are signed in; send the token as 'Authorization: Bearer <token>'.")
class SignInPayload:
    token: str = strawberry.field(
        description="Opaque and secret; valid in this one company for 14 days, or until it was not used for 5."
    )
    device: str | None = strawberry.field(
        description="To be kept on this device and sent when you next sign in; null when it is known already."
    )

    @strawberry.field(description="Your membership.")
    async def member(self, info: Info) -> Member:
        return await own_membership(info)

    @strawberry.field(description="The company you are signed in to.")
    def tenant(self, info: Info) -> Company:
        return own_company(info)

    @strawberry.field(
        description="Whether the company wants a second factor of you: until you have one (startSecondFactor), the token does nothing else."
    )
    def second_factor_due(self, info: Info) -> bool:
        return info.context.caller.second_factor_due


@strawberry.type(
    description="The password was right; confirmSignIn with a code of your second factor opens the session."
)
class CodeWantedPayload:
    challenge: str = strawberry.field(description="To be sent with the code.")
    expires_at: DateTimeText = strawberry.field(description="Until when.")


@strawberry.input(description="The second step of signing in.")
class ConfirmSignInInput:
    challenge: str
    code: str = strawberry.field(
        description="Six digits of your authenticator application, or one of your recovery codes."
    )


SignInResult = Annotated[
    SignInPayload | CodeWantedPayload | NotSignedIn | LimitExceeded,
    strawberry.union("SignInResult", description="You, signed in, the code that is wanted, or why it was refused."),
]
ConfirmSignInResult = Annotated[
    SignInPayload | NotSignedIn | InvalidInput | LimitExceeded,
    strawberry.union("ConfirmSignInResult", description="You, signed in, or why it was refused."),
]


@strawberry.type(description="You are signed out; the token is worthless.")
class SignOutPayload:
    signed_out: bool = strawberry.field(description="Always true.")


@strawberry.input(description="Your password, old and new.")
class ChangePasswordInput:
    current_password: str
    new_password: str


@strawberry.type(description="The password is the new one; your other sessions have ended.")
class ChangePasswordPayload:
    changed: bool = strawberry.field(description="Always true.")


ChangePasswordResult = Annotated[
    ChangePasswordPayload | InvalidInput | LimitExceeded,
    strawberry.union("ChangePasswordResult", description="The new password holds, or why it was refused."),
]


@strawberry.input(description="To whom a message is sent with which the password can be set anew.")
class RequestPasswordResetInput:
    email: str


@strawberry.type(description="If there is an account of that address, a message is on its way.")
class RequestPasswordResetPayload:
    requested: bool = strawberry.field(description="Always true, whether or not there is such an account.")


RequestPasswordResetResult = Annotated[
    RequestPasswordResetPayload | LimitExceeded,
    strawberry.union("RequestPasswordResetResult", description="It is on its way, or too much was asked for."),
]


@strawberry.input(description="A new password, by the secret of a message.")
class ResetPasswordInput:
    token: str = strawberry.field(description="The secret of the message; it can be used once, within an hour.")
    new_password: str


@strawberry.type(description="The password is the new one, and all your sessions have ended: sign in.")
class ResetPasswordPayload:
    reset: bool = strawberry.field(description="Always true.")


ResetPasswordResult = Annotated[
    ResetPasswordPayload | InvalidInput,
    strawberry.union("ResetPasswordResult", description="The new password holds, or why it was refused."),
]


@strawberry.type(description="One sign-in of a member that holds.")
class Session:
    id: strawberry.ID = strawberry.field(description="Opaque id, to end it by.")
    current: bool = strawberry.field(description="Whether it is the one of this request.")
    user_agent: str = strawberry.field(description="What the program called itself when it signed in.")
    address: str = strawberry.field(description="The network address from which it signed in.")
    created_at: DateTimeText = strawberry.field(description="When.")
    last_used_at: DateTimeText = strawberry.field(description="When it was last used, within ten minutes.")
    expires_at: DateTimeText = strawberry.field(description="When it ends, unless it is used before.")
    second_factor: bool = strawberry.field(description="Whether a second factor was shown.")


@strawberry.input(description="Which session to end.")
class RevokeSessionInput:
    id: strawberry.ID


@strawberry.type(
    description="The session has ended: its next request is refused, and its sockets are closed within seconds."
)
class RevokeSessionPayload:
    id: strawberry.ID = strawberry.field(description="Which one.")


RevokeSessionResult = Annotated[
    RevokeSessionPayload | NotAllowed | NotFound,
    strawberry.union("RevokeSessionResult", description="It has ended, or why it was refused."),
]


@strawberry.type(description="All your other sessions in this company have ended.")
class RevokeOtherSessionsPayload:
    revoked: bool = strawberry.field(description="Always true.")


def _moment(value: datetime) -> DateTimeText:
    return DateTimeText(value.isoformat())


def code_wanted(signed: CodeWanted) -> CodeWantedPayload:
    """The payload that asks for a code."""
    return CodeWantedPayload(challenge=signed.challenge, expires_at=_moment(signed.expires_at))


def client_at_hand() -> Client:
    """From where the request under way comes."""
    call = current()
    return Client(call.address, call.user_agent)


@strawberry.type
class SessionQueries:
    @strawberry.field(
        description="The sign-ins of a member that hold, the one used last first, 200 at most: yours, or with the right member.update anybody's."
    )
    async def sessions(self, info: Info, member_id: strawberry.ID | None = UNSET) -> list[Session]:
        wanted = parse_id(member_id) if member_id else info.context.caller.member_id
        found = await run(info, lambda tx: sessions.list_sessions(tx, wanted))
        return [
            Session(
                id=strawberry.ID(str(row["id"])),
                current=row["current"],
                user_agent=row["user_agent"],
                address=row["address"],
                created_at=_moment(row["created_at"]),
                last_used_at=_moment(row["last_used_at"]),
                expires_at=_moment(row["expires_at"]),
                second_factor=row["second_factor"],
            )
            for row in found
        ]


@strawberry.type
class SignInMutations:
    @mutation(SignInInput, description="Sign in with e-mail address and password; once in an operation.")
    async def sign_in(self, info: Info, input: Values) -> SignInResult:
        context = info.context
        context.require_first()
        given = Given(input["email"], input["password"], input.get("tenant"), input.get("device"))
        client = client_at_hand()
        try:
            signed = await entering.sign_in(context.house.database, given, client)
        except (NotIn, TooMuch) as refused:
            # Whether there is such an account is looked at later: now it would take its time, and tell.
            context.house.tallies.failed(given.email, refused.code, client.address)
            raise
        if isinstance(signed, CodeWanted):
            return code_wanted(signed)
        context.token, context.known_caller = signed.token, None
        await context.refresh()
        return SignInPayload(token=signed.token, device=signed.device)

    @mutation(ConfirmSignInInput, description="Sign in with a code of your second factor, or a recovery code.")
    async def confirm_sign_in(self, info: Info, input: Values) -> ConfirmSignInResult:
        context, house = info.context, info.context.house
        context.require_first()
        signed = await entering.confirm(
            house.database, house.secrets, input["challenge"], input["code"], client_at_hand()
        )
        context.token, context.known_caller = signed.token, None
        await context.refresh()
        return SignInPayload(token=signed.token, device=signed.device)

    @mutation(description="Sign out: the token is refused from now on.")
    async def sign_out(self, info: Info) -> SignOutPayload:
        await sessions.sign_out(info.context.house.database, info.context.caller)
        return SignOutPayload(signed_out=True)

    @mutation(ChangePasswordInput, description="Change your password; it is one for all companies you belong to.")
    async def change_password(self, info: Info, input: Values) -> ChangePasswordResult:
        database, caller = info.context.house.database, info.context.caller
        user = await user_of(database, caller)
        await passwords.change_password(
            database, user, input["currentPassword"], input["newPassword"], caller.token_hash
        )
        return ChangePasswordPayload(changed=True)

    @mutation(
        RequestPasswordResetInput,
        description="Have a message sent with which the password can be set anew; three in an hour to one address.",
    )
    async def request_password_reset(self, info: Info, input: Values) -> RequestPasswordResetResult:
        context = info.context
        context.require_first()
        await passwords.ask_for_reset(context.house.database, input["email"], context.language)
        context.house.tallies.forgot(input["email"], client_at_hand().address)
        return RequestPasswordResetPayload(requested=True)

    @mutation(
        ResetPasswordInput, description="Set the password anew by the secret of a message. A second factor stays."
    )
    async def reset_password(self, info: Info, input: Values) -> ResetPasswordResult:
        await passwords.reset_password(info.context.house.database, input["token"], input["newPassword"])
        return ResetPasswordPayload(reset=True)

    @mutation(RevokeSessionInput, description="End a session: yours, or with the right member.update anybody's.")
    async def revoke_session(self, info: Info, input: Values) -> RevokeSessionResult:
        wanted = parse_id(input["id"])
        revoked: UUID = await run(info, lambda tx: sessions.revoke_session(tx, wanted))
        return RevokeSessionPayload(id=strawberry.ID(str(revoked)))

    @mutation(description="End all your sessions in this company but the one of this request.")
    async def revoke_other_sessions(self, info: Info) -> RevokeOtherSessionsPayload:
        await run(info, sessions.revoke_others)
        return RevokeOtherSessionsPayload(revoked=True)
