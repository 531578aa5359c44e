"""The payloads of mutations: the record as the mutation left it, read by the same compiler as any query."""

from typing import Annotated

import strawberry

from schema.context import Info
from schema.mutations import RecordPayload
from schema.problems import Conflict, InvalidInput, LimitExceeded, NotAllowed, NotFound
from schema.record_types import Customer, Member, Notification, Order, Product, Team


@strawberry.type(description="The order after the mutation.")
class OrderPayload(RecordPayload):
    @strawberry.field(description="The order; null where it is not, or no longer, yours to read.")
    async def order(self, info: Info) -> Order | None:
        return await self.read(info, Order)


@strawberry.type(description="The customer after the mutation.")
class CustomerPayload(RecordPayload):
    @strawberry.field(description="The customer; null where it is not, or no longer, yours to read.")
    async def customer(self, info: Info) -> Customer | None:
        return await self.read(info, Customer)


@strawberry.type(description="The product after the mutation.")
class ProductPayload(RecordPayload):
    @strawberry.field(description="The product; null where it is not, or no longer, yours to read.")
    async def product(self, info: Info) -> Product | None:
        return await self.read(info, Product)


@strawberry.type(description="The member after the mutation.")
class MemberPayload(RecordPayload):
    @strawberry.field(description="The member; null where it is not, or no longer, yours to read.")
    async def member(self, info: Info) -> Member | None:
        return await self.read(info, Member)


@strawberry.type(description="The team after the mutation.")
class TeamPayload(RecordPayload):
    @strawberry.field(description="The team; null where it is not, or no longer, yours to read.")
    async def team(self, info: Info) -> Team | None:
        return await self.read(info, Team)


@strawberry.type(description="The notification after the mutation.")
class NotificationPayload(RecordPayload):
    @strawberry.field(description="The notification; null where it is not, or no longer, yours to read.")
    async def notification(self, info: Info) -> Notification | None:
        return await self.read(info, Notification)


Refusals = InvalidInput | NotAllowed | NotFound | Conflict | LimitExceeded
OrderResult = Annotated[
    OrderPayload | Refusals,
    strawberry.union("OrderResult", description="The order after the mutation, or why it was refused."),
]
CustomerResult = Annotated[
    CustomerPayload | Refusals,
    strawberry.union("CustomerResult", description="The customer after the mutation, or why it was refused."),
]
ProductResult = Annotated[
    ProductPayload | Refusals,
    strawberry.union("ProductResult", description="The product after the mutation, or why it was refused."),
]
MemberResult = Annotated[
    MemberPayload | Refusals,
    strawberry.union("MemberResult", description="The member after the mutation, or why it was refused."),
]
TeamResult = Annotated[
    TeamPayload | Refusals,
    strawberry.union("TeamResult", description="The team after the mutation, or why it was refused."),
]
NotificationResult = Annotated[
    NotificationPayload | Refusals,
    strawberry.union("NotificationResult", description="The notification after the mutation, or why it was refused."),
]
