"""Invitations: sent, sent again, withdrawn, listed, accepted."""

from enum import Enum
from typing import Annotated, Any
from uuid import UUID

import strawberry
from strawberry import UNSET

from schema.context import Context, Info, parse_id, run
from schema.mutations import Values, mutation
from schema.people import PERSON_AT
from schema.problems import Conflict, InvalidInput, LimitExceeded, NotAllowed, NotFound
from schema.scalars import DateTimeText
from tenants import invitations
from tenants.people import user_of
from tenants.sign_in.proving import Shown
from tenants.transaction import Transaction


@strawberry.enum(description="What has become of an invitation.")
class InvitationState(Enum):
    OPEN = strawberry.enum_value(invitations.OPEN, description="It can be accepted.")
    ACCEPTED = strawberry.enum_value(invitations.ACCEPTED, description="The person has joined.")
    WITHDRAWN = strawberry.enum_value(invitations.WITHDRAWN, description="It was taken back.")
    EXPIRED = strawberry.enum_value(invitations.EXPIRED, description="Nobody accepted it in time.")


@strawberry.type(description="A person who was asked by mail to join the company.")
class Invitation:
    id: strawberry.ID = strawberry.field(description="Opaque id, to send it again or withdraw it by.")
    email: str = strawberry.field(description="The address that it went to.")
    name: str = strawberry.field(description="The person's name, as the inviter wrote it; they may give another.")
    roles: list[str] = strawberry.field(description="Keys of the roles that they get.")
    language: str = strawberry.field(description="The language of the message, and of messages to them later.")
    customer_id: strawberry.ID | None = strawberry.field(description="The customer at whom they are a person.")
    state: InvitationState = strawberry.field(description="What has become of it.")
    invited_by: str = strawberry.field(description="The name of the member who sent it last.")
    messages: int = strawberry.field(description="How often it was sent.")
    created_at: DateTimeText = strawberry.field(description="When it was sent first.")
    sent_at: DateTimeText = strawberry.field(description="When it was sent last.")
    expires_at: DateTimeText = strawberry.field(description="Until when it can be accepted.")


@strawberry.input(description="Ask a person by mail to join the company.")
class InviteMemberInput:
    email: str = strawberry.field(description="The address that the message goes to.")
    name: str | None = strawberry.field(default=UNSET, description="Their name; they may give another.")
    roles: list[str] | None = strawberry.field(
        default=UNSET,
        description="Keys of roles; member if not given. They give no right that you lack, now and when it is accepted.",
    )
    language: str | None = strawberry.field(default=UNSET, description="en or zh; the company's own if not given.")
    customer_id: strawberry.ID | None = strawberry.field(default=UNSET, description=PERSON_AT)


@strawberry.input(description="Which invitation to send once more.")
class ResendInvitationInput:
    id: strawberry.ID = strawberry.field(description="The invitation's id.")


@strawberry.input(description="Which invitation to take back.")
class WithdrawInvitationInput:
    id: strawberry.ID = strawberry.field(description="The invitation's id.")


@strawberry.input(description="Join a company by the secret of a message.")
class AcceptInvitationInput:
    token: str = strawberry.field(description="The secret of the message; it can be used once, within 14 days.")
    name: str | None = strawberry.field(default=None, description="Your name; needed by who has no account.")
    password: str | None = strawberry.field(
        default=None,
        description="The password of your account, or of a new one; not needed by who is signed in with that address.",
    )


@strawberry.type(description="The invitation after the mutation.")
class InvitationPayload:
    invitation: Invitation = strawberry.field(description="The invitation.")


@strawberry.type(description="You are a member of the company: sign in to it.")
class AcceptInvitationPayload:
    tenant: str = strawberry.field(description="Short name of the company, to sign in with.")
    email: str = strawberry.field(description="The address to sign in with.")


InvitationResult = Annotated[
    InvitationPayload | InvalidInput | NotAllowed | NotFound | Conflict | LimitExceeded,
    strawberry.union("InvitationResult", description="The invitation after the mutation, or why it was refused."),
]
AcceptInvitationResult = Annotated[
    AcceptInvitationPayload | InvalidInput | Conflict | LimitExceeded,
    strawberry.union("AcceptInvitationResult", description="You have joined, or why it was refused."),
]


async def shown_of(context: Context, name: str | None, password: str | None) -> Shown:
    """What somebody shows of themselves who brings a secret back; a session counts where no password is given."""
    signed_in = password is None and context.known_caller is not None and context.caller.member_id is not None
    account = await user_of(context.house.database, context.caller) if signed_in else None
    return Shown(" ".join((name or "").split()), password, account)


@strawberry.type
class InvitationQueries:
    @strawberry.field(description="The invitations of the company, newest first, 500 at most; needs member.invite.")
    async def invitations(self, info: Info) -> list[Invitation]:
        return [_shown(row) for row in await run(info, invitations.invitations)]


@strawberry.type
class InvitationMutations:
    @mutation(InviteMemberInput, description="Ask a person by mail to join the company.")
    async def invite_member(self, info: Info, input: Values) -> InvitationResult:
        return await run(info, lambda tx: _payload(tx, invitations.invite(tx, input)))

    @mutation(
        ResendInvitationInput,
        description="Send an invitation once more; the secret of the message before is worthless.",
    )
    async def resend_invitation(self, info: Info, input: Values) -> InvitationResult:
        wanted = parse_id(input["id"])
        return await run(info, lambda tx: _payload(tx, invitations.resend(tx, wanted)))

    @mutation(WithdrawInvitationInput, description="Take an invitation back.")
    async def withdraw_invitation(self, info: Info, input: Values) -> InvitationResult:
        wanted = parse_id(input["id"])
        return await run(info, lambda tx: _payload(tx, invitations.withdraw(tx, wanted)))

    @mutation(AcceptInvitationInput, description="Join a company by the secret of an invitation; then sign in.")
    async def accept_invitation(self, info: Info, input: Values) -> AcceptInvitationResult:
        context = info.context
        context.require_first()
        shown = await shown_of(context, input.get("name"), input.get("password"))
        house = context.house
        slug, email = await invitations.accept(house.database, house.callers, input["token"], shown)
        return AcceptInvitationPayload(tenant=slug, email=email)


async def _payload(tx: Transaction, command: Any) -> InvitationPayload:
    done: UUID = await command
    (row,) = [row for row in await invitations.invitations(tx) if row["id"] == done]
    return InvitationPayload(invitation=_shown(row))


def _shown(row: dict[str, Any]) -> Invitation:
    return Invitation(
        id=strawberry.ID(str(row["id"])),
        email=row["email"],
        name=row["name"],
        roles=row["roles"],
        language=row["language"],
        customer_id=strawberry.ID(str(row["customer_id"])) if row["customer_id"] else None,
        state=InvitationState(row["state"]),
        invited_by=row["invited_by"],
        messages=row["messages"],
        created_at=DateTimeText(row["created_at"].isoformat()),
        sent_at=DateTimeText(row["sent_at"].isoformat()),
        expires_at=DateTimeText(row["expires_at"].isoformat()),
    )
