"""What members own, and handing it over when they leave."""

from enum import Enum
from typing import Annotated, Any
from uuid import UUID

import strawberry
from strawberry import UNSET

from schema.context import Info, parse_id, run
from schema.mutations import Values, change, mutation
from schema.payloads import MemberPayload, MemberResult
from schema.problems import Conflict, InvalidInput, LimitExceeded, NotAllowed, NotFound
from schema.scalars import DateTimeText
from tenants import hand_overs, leaving
from tenants.belongings import Belongings, belongings, left_behind
from tenants.hand_overs import Thing
from tenants.problems import InvalidInput as Invalid
from tenants.transaction import Transaction


@strawberry.enum(description="What can be handed over.")
class HandOverThing(Enum):
    ORDERS = strawberry.enum_value(Thing.ORDERS.value, description="Orders in their charge that are not voided.")
    CUSTOMERS = strawberry.enum_value(Thing.CUSTOMERS.value, description="Customers in their charge.")
    DRAFTS = strawberry.enum_value(
        Thing.DRAFTS.value,
        description="Drafts of the configuration that are to be applied in their name; the receiver needs configuration.update.",
    )
    TEAMS = strawberry.enum_value(Thing.TEAMS.value, description="The lead of teams; needs team.update.")
    VIEWS = strawberry.enum_value(Thing.VIEWS.value, description="Their own views.")
    FIELDS = strawberry.enum_value(
        Thing.FIELDS.value, description="Records that name them in fields of your own; fields says which of these."
    )
    SHARES = strawberry.enum_value(
        Thing.SHARES.value,
        description="What is shared with them; needs the right to share orders, customers and products.",
    )


@strawberry.enum(description="How far a hand-over is.")
class HandOverState(Enum):
    RUNNING = strawberry.enum_value(hand_overs.RUNNING, description="A job is at it.")
    DONE = strawberry.enum_value(hand_overs.DONE, description="All of it was looked at.")
    STOPPED = strawberry.enum_value(hand_overs.STOPPED, description="The receiver may not sign in any more.")


@strawberry.type(description="What a member has.")
class MemberBelongings:
    member_id: strawberry.ID = strawberry.field(description="Whose.")
    name: str = strawberry.field(description="Their name.")
    active: bool = strawberry.field(description="Whether they may sign in.")
    orders: int = strawberry.field(description="Orders in their charge that are not voided.")
    customers: int = strawberry.field(description="Customers in their charge.")
    drafts: int = strawberry.field(description="Drafts of the configuration that are to be applied in their name.")
    teams: int = strawberry.field(description="Teams that they lead.")
    views: int = strawberry.field(description="Their own views.")
    notifications: int = strawberry.field(description="Notifications that they have not read.")
    automations: int = strawberry.field(
        description="Automations that they wrote last; these go on under the role that they have."
    )
    api_keys: int = strawberry.field(
        description="Keys of programs that hold and whose newest secret they were told: they know it until somebody rotates the key."
    )
    shares: int = strawberry.field(description="Shares of records that they have by themselves, not by a team.")
    fields: int = strawberry.field(
        description="Records that name them in fields of your own; voided orders do not count."
    )


@strawberry.type(description="Things of a member that go to another.")
class HandOver:
    id: strawberry.ID = strawberry.field(description="Opaque id.")
    from_member: str = strawberry.field(description="Name of who had them.")
    to_member: str = strawberry.field(description="Name of who gets them.")
    author: str = strawberry.field(description="Name of who said so.")
    state: HandOverState = strawberry.field(description="How far it is.")
    total: int = strawberry.field(description="How many things there were when it began.")
    done: int = strawberry.field(description="How many were handed over.")
    kept: int = strawberry.field(description="How many stay, because a rule of the company or a right forbids it.")
    created_at: DateTimeText = strawberry.field(description="When it began.")
    finished_at: DateTimeText | None = strawberry.field(description="When it ended.")


@strawberry.input(description="What of a member goes to whom.")
class HandOverInput:
    from_id: strawberry.ID = strawberry.field(description="The id of the member who has the things.")
    to_id: strawberry.ID | None = strawberry.field(default=UNSET, description="The id of the member who gets them.")
    to_team_lead: bool | None = strawberry.field(
        default=UNSET, description="In place of toId: who leads their team, or the nearest team above it."
    )
    what: list[HandOverThing] | None = strawberry.field(
        default=UNSET, description="Orders, customers, drafts and teams if not given."
    )
    fields: list[str] | None = strawberry.field(
        default=UNSET,
        description="With FIELDS: which fields, such as order.manager; all that lead to members if not given.",
    )


@strawberry.input(description="Who may not sign in any more, and what becomes of what they have.")
class DeactivateMemberInput:
    id: strawberry.ID
    expected_version: int | None = strawberry.field(
        default=UNSET, description="The version you have seen; a conflict if it is no longer the current one."
    )
    hand_over_to: strawberry.ID | None = strawberry.field(
        default=UNSET, description="The id of the member who gets their orders, customers, drafts and teams, by a job."
    )
    to_team_lead: bool | None = strawberry.field(
        default=UNSET, description="In place of handOverTo: who leads their team, or the nearest team above it."
    )
    keep: bool | None = strawberry.field(
        default=UNSET, description="Whether they keep what they have; leftBehind lists it."
    )
    revoke_keys: bool | None = strawberry.field(
        default=UNSET,
        description="Whether the keys end whose newest secret they were told; else those who can rotate them are notified.",
    )


@strawberry.input(description="What becomes of what you have when you leave the company.")
class LeaveCompanyInput:
    hand_over_to: strawberry.ID | None = strawberry.field(
        default=UNSET, description="The id of the member who gets your orders, customers, drafts and teams, by a job."
    )
    to_team_lead: bool | None = strawberry.field(
        default=UNSET, description="In place of handOverTo: who leads your team, or the nearest team above it."
    )
    keep: bool | None = strawberry.field(
        default=UNSET, description="Whether it stays in your charge; leftBehind lists it."
    )


@strawberry.type(description="You have left the company; your sessions there have ended.")
class LeaveCompanyPayload:
    tenant: str = strawberry.field(description="Short name of the company.")


@strawberry.type(description="The hand-over, begun.")
class HandOverPayload:
    hand_over: HandOver = strawberry.field(description="The hand-over; handOvers tells how far it is.")


HandOverResult = Annotated[
    HandOverPayload | InvalidInput | NotAllowed | NotFound | Conflict,
    strawberry.union("HandOverResult", description="The hand-over, or why it was refused."),
]


LeaveCompanyResult = Annotated[
    LeaveCompanyPayload | InvalidInput | NotAllowed | NotFound | Conflict | LimitExceeded,
    strawberry.union("LeaveCompanyResult", description="You have left, or why it was refused."),
]


@strawberry.type
class HandOverQueries:
    @strawberry.field(description="What a member has; needs member.update.")
    async def member_belongings(self, info: Info, member_id: strawberry.ID) -> MemberBelongings:
        wanted = parse_id(member_id)
        return _belongings(await run(info, lambda tx: belongings(tx, wanted)))

    @strawberry.field(
        description="What members have who may not sign in any more and what somebody should take over; needs member.update."
    )
    async def left_behind(self, info: Info) -> list[MemberBelongings]:
        return [_belongings(each) for each in await run(info, left_behind)]

    @strawberry.field(description="The hand-overs, newest first, 200 at most; needs member.update.")
    async def hand_overs(self, info: Info) -> list[HandOver]:
        return [_shown(row) for row in await run(info, hand_overs.hand_overs)]


@strawberry.type
class HandOverMutations:
    @mutation(HandOverInput, description="Give what a member has to another, in batches, by a job.")
    async def hand_over(self, info: Info, input: Values) -> HandOverResult:
        giver, given = parse_id(input["fromId"]), input.get("what")
        things = None if given is None else [Thing(getattr(thing, "value", thing)) for thing in given]

        async def command(tx: Transaction) -> HandOverPayload:
            receiver = await _receiver(tx, giver, input, "toId")
            begun = await hand_overs.hand_over(tx, giver, receiver, things, input.get("fields") or ())
            return await _found(tx, begun)

        return await run(info, command)

    @mutation(
        DeactivateMemberInput,
        description="Let a member sign in no more, at once, and say what becomes of what they have.",
    )
    async def deactivate_member(self, info: Info, input: Values) -> MemberResult:
        wanted, expected = parse_id(input["id"]), input.get("expectedVersion")
        keep, revoke_keys = bool(input.get("keep")), bool(input.get("revokeKeys"))

        async def command(tx: Transaction) -> UUID:
            receiver = await _receiver(tx, wanted, input, "handOverTo")
            return await leaving.deactivate(tx, wanted, expected, receiver, keep=keep, revoke_keys=revoke_keys)

        return await change(info, MemberPayload, input, command)

    @mutation(
        LeaveCompanyInput,
        description="Leave the company that you are signed in to, at once, and say what becomes of what you have; the last owner cannot.",
    )
    async def leave_company(self, info: Info, input: Values) -> LeaveCompanyResult:
        async def command(tx: Transaction) -> LeaveCompanyPayload:
            receiver = await _receiver(tx, tx.caller.member_id, input, "handOverTo")
            await leaving.leave(tx, receiver, keep=bool(input.get("keep")))
            return LeaveCompanyPayload(tenant=tx.caller.tenant.slug)

        return await run(info, command)


async def _receiver(tx: Transaction, giver: UUID | None, input: Values, name: str) -> UUID | None:
    """Who gets the things: the member that was named, or by rule the lead of the giver's team."""
    said = [word for word in (name, "toTeamLead", "keep") if input.get(word)]
    if len(said) > 1:
        raise Invalid.at((said[0],), "value.exclusive", first=said[0], second=said[1])
    if input.get("toTeamLead"):
        return await hand_overs.lead_of(tx, giver)
    if input.get(name) is None:
        return None
    receiver = parse_id(input[name])
    if receiver is None:
        # What is no id is answered as one that nobody has.
        raise Invalid.at((name,), "value.unknown_record", type="member", id=input[name])
    return receiver


async def _found(tx: Transaction, hand_over_id: UUID) -> HandOverPayload:
    (row,) = [row for row in await hand_overs.hand_overs(tx) if row["id"] == hand_over_id]
    return HandOverPayload(hand_over=_shown(row))


def _belongings(found: Belongings) -> MemberBelongings:
    return MemberBelongings(
        member_id=strawberry.ID(str(found.member_id)),
        name=found.name,
        active=found.active,
        orders=found.orders,
        customers=found.customers,
        drafts=found.drafts,
        teams=found.teams,
        views=found.views,
        notifications=found.notifications,
        automations=found.automations,
        shares=found.shares,
        fields=found.fields,
        api_keys=found.api_keys,
    )


def _shown(row: dict[str, Any]) -> HandOver:
    return HandOver(
        id=strawberry.ID(str(row["id"])),
        from_member=row["from_name"],
        to_member=row["to_name"],
        author=row["author_name"],
        state=HandOverState(row["state"]),
        total=row["total"],
        done=row["done"],
        kept=row["kept"],
        created_at=DateTimeText(row["created_at"].isoformat()),
        finished_at=DateTimeText(row["finished_at"].isoformat()) if row["finished_at"] else None,
    )
