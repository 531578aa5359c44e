"""Teams, and records that are shared."""

import strawberry
from strawberry import UNSET

from schema.context import Info, parse_id
from schema.customers import EXPECTED
from schema.mutations import Values, change, mutation
from schema.payloads import (
    CustomerPayload,
    CustomerResult,
    OrderPayload,
    OrderResult,
    ProductPayload,
    ProductResult,
    TeamPayload,
    TeamResult,
)
from schema.scalars import DateTimeText
from tenants import sharing, teams
from tenants.aggregates import CUSTOMER, ORDER, PRODUCT

_NAME = "Its name."
_MEMBERS = "Who belongs to it, all of them: who is not named belongs to it no more."


@strawberry.input(description="The name of a team in one language.")
class TeamNameInput:
    language: str = strawberry.field(description="One of the company's languages, such as zh.")
    text: str = strawberry.field(description="The name.")


@strawberry.input(description="A member of a team.")
class TeamMemberInput:
    member_id: strawberry.ID
    is_lead: bool | None = strawberry.field(default=UNSET, description="Whether they lead the team.")


@strawberry.input(description="A new team.")
class CreateTeamInput:
    name: str = strawberry.field(description=_NAME)
    names: list[TeamNameInput] | None = strawberry.field(default=UNSET, description="Its name in other languages.")
    parent_id: strawberry.ID | None = strawberry.field(default=UNSET, description="The team that it is part of.")
    members: list[TeamMemberInput] | None = strawberry.field(default=UNSET, description=_MEMBERS)


@strawberry.input(description="Changes to a team: what is not given stays.")
class UpdateTeamInput:
    id: strawberry.ID
    expected_version: int | None = strawberry.field(default=UNSET, description=EXPECTED)
    name: str | None = strawberry.field(default=UNSET, description=_NAME)
    names: list[TeamNameInput] | None = strawberry.field(default=UNSET, description="Its name in other languages.")
    parent_id: strawberry.ID | None = strawberry.field(default=UNSET, description="The team that it is part of.")
    members: list[TeamMemberInput] | None = strawberry.field(default=UNSET, description=_MEMBERS)
    archived: bool | None = strawberry.field(
        default=UNSET, description="True gives the team up: its members are no team any more. False takes that back."
    )


@strawberry.input
class _Share:
    id: strawberry.ID = strawberry.field(description="The record.")
    member_id: strawberry.ID | None = strawberry.field(default=UNSET, description="With this member;")
    team_id: strawberry.ID | None = strawberry.field(default=UNSET, description="or with this team.")
    may_change: bool | None = strawberry.field(
        default=UNSET, description="Whether they may change it, and not only read it."
    )
    ends_at: DateTimeText | None = strawberry.field(
        default=UNSET, description="Until when; until it is taken back, if not given."
    )


@strawberry.input
class _Unshare:
    id: strawberry.ID = strawberry.field(description="The record.")
    share_id: strawberry.ID = strawberry.field(description="One of its shares.")


@strawberry.input(description="An order that is to be shared with a member, or with a team.")
class ShareOrderInput(_Share):
    pass


@strawberry.input(description="A customer that is to be shared with a member, or with a team.")
class ShareCustomerInput(_Share):
    pass


@strawberry.input(description="A product that is to be shared with a member, or with a team.")
class ShareProductInput(_Share):
    pass


@strawberry.input(description="What is not to be shared any more.")
class UnshareOrderInput(_Unshare):
    pass


@strawberry.input(description="What is not to be shared any more.")
class UnshareCustomerInput(_Unshare):
    pass


@strawberry.input(description="What is not to be shared any more.")
class UnshareProductInput(_Unshare):
    pass


@strawberry.type
class TeamMutations:
    @mutation(CreateTeamInput, description="Make a team.")
    async def create_team(self, info: Info, input: Values) -> TeamResult:
        return await change(info, TeamPayload, input, lambda tx: teams.create_team(tx, input))

    @mutation(UpdateTeamInput, description="Change a team, or archive it; it holds from everybody's next request on.")
    async def update_team(self, info: Info, input: Values) -> TeamResult:
        wanted, expected = parse_id(input.pop("id")), input.pop("expectedVersion", None)
        return await change(info, TeamPayload, input, lambda tx: teams.update_team(tx, wanted, input, expected))

    @mutation(ShareOrderInput, description="Share an order with somebody whose rights are of what is shared with them.")
    async def share_order(self, info: Info, input: Values) -> OrderResult:
        wanted = parse_id(input["id"])
        return await change(info, OrderPayload, input, lambda tx: sharing.share(tx, ORDER, wanted, input))

    @mutation(UnshareOrderInput, description="Share an order no more; it ends at once.")
    async def unshare_order(self, info: Info, input: Values) -> OrderResult:
        wanted, share = parse_id(input["id"]), parse_id(input["shareId"])
        return await change(info, OrderPayload, input, lambda tx: sharing.unshare(tx, ORDER, wanted, share))

    @mutation(
        ShareCustomerInput, description="Share a customer with somebody whose rights are of what is shared with them."
    )
    async def share_customer(self, info: Info, input: Values) -> CustomerResult:
        wanted = parse_id(input["id"])
        return await change(info, CustomerPayload, input, lambda tx: sharing.share(tx, CUSTOMER, wanted, input))

    @mutation(UnshareCustomerInput, description="Share a customer no more; it ends at once.")
    async def unshare_customer(self, info: Info, input: Values) -> CustomerResult:
        wanted, share = parse_id(input["id"]), parse_id(input["shareId"])
        return await change(info, CustomerPayload, input, lambda tx: sharing.unshare(tx, CUSTOMER, wanted, share))

    @mutation(
        ShareProductInput, description="Share a product with somebody whose rights are of what is shared with them."
    )
    async def share_product(self, info: Info, input: Values) -> ProductResult:
        wanted = parse_id(input["id"])
        return await change(info, ProductPayload, input, lambda tx: sharing.share(tx, PRODUCT, wanted, input))

    @mutation(UnshareProductInput, description="Share a product no more; it ends at once.")
    async def unshare_product(self, info: Info, input: Values) -> ProductResult:
        wanted, share = parse_id(input["id"]), parse_id(input["shareId"])
        return await change(info, ProductPayload, input, lambda tx: sharing.unshare(tx, PRODUCT, wanted, share))
