"""The payloads of mutations: the record as it stands after the commit, read by the same compiler as any query."""

from typing import Annotated
from uuid import UUID

import strawberry

from schema.context import Info
from schema.problems import Conflict, InvalidInput, LimitExceeded, NotAllowed, NotFound
from schema.reads import selected_record
from schema.record_types import Customer, Member, Notification, Order, Product


@strawberry.type(description="The order after the mutation.")
class OrderPayload:
    record_id: strawberry.Private[UUID]

    @strawberry.field(description="The order.")
    async def order(self, info: Info) -> Order:
        return await selected_record(info, Order, self.record_id)


@strawberry.type(description="The customer after the mutation.")
class CustomerPayload:
    record_id: strawberry.Private[UUID]

    @strawberry.field(description="The customer.")
    async def customer(self, info: Info) -> Customer:
        return await selected_record(info, Customer, self.record_id)


@strawberry.type(description="The product after the mutation.")
class ProductPayload:
    record_id: strawberry.Private[UUID]

    @strawberry.field(description="The product.")
    async def product(self, info: Info) -> Product:
        return await selected_record(info, Product, self.record_id)


@strawberry.type(description="The member after the mutation.")
class MemberPayload:
    record_id: strawberry.Private[UUID]

    @strawberry.field(description="The member.")
    async def member(self, info: Info) -> Member:
        return await selected_record(info, Member, self.record_id)


@strawberry.type(description="The notification after the mutation.")
class NotificationPayload:
    record_id: strawberry.Private[UUID]

    @strawberry.field(description="The notification.")
    async def notification(self, info: Info) -> Notification:
        return await selected_record(info, Notification, self.record_id)


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
NotificationResult = Annotated[
    NotificationPayload | Refusals,
    strawberry.union("NotificationResult", description="The notification after the mutation, or why it was refused."),
]
