"""Subscriptions: news of orders as they happen."""

from collections.abc import AsyncGenerator
from enum import Enum
from uuid import UUID

import strawberry

from schema.context import Context, Info, parse_id
from schema.reads import selected_record
from schema.record_types import Order
from tenants.problems import LimitExceeded, NotFound
from tenants.reading.seeing import may_see
from tenants.transaction import RIGHTS


@strawberry.enum(description="What happened to an order.")
class OrderNews(Enum):
    CREATED = "created"
    UPDATED = "updated"
    STATUS_CHANGED = "status_changed"
    VOIDED = "voided"


@strawberry.type(description="Something happened to an order.")
class OrderChange:
    kind: OrderNews = strawberry.field(description="What.")
    version: int = strawberry.field(description="The order's version after it.")
    record_id: strawberry.Private[UUID]

    @strawberry.field(description="The order as it stands now.")
    async def order(self, info: Info) -> Order | None:
        return await selected_record(info, Order, self.record_id)


@strawberry.type(description="News as they happen, over graphql-transport-ws.")
class Subscription:
    @strawberry.subscription(
        description="Each change of an order, or of any order of the company, once it is committed."
    )
    async def order_changed(self, info: Info, id: strawberry.ID | None = None) -> AsyncGenerator[OrderChange, None]:
        context = info.context
        context.caller.access.require("order.read")
        if context.house.live is None:
            raise LimitExceeded("limit.no_live")
        wanted = parse_id(id) if id is not None else None
        async with context.house.live.listen(context.caller.tenant_id) as news:
            async for item in news:
                if item["record_type"] == RIGHTS:
                    await _require_still(context, wanted)
                    continue
                record_id = UUID(str(item["record_id"]))
                if item["record_type"] != "order" or (id is not None and record_id != wanted):
                    continue
                # A session that ended, or a right that was withdrawn, ends the subscription with the next news.
                caller = await context.refresh()
                caller.access.require("order.read")
                # Of an order that is none of theirs they are not even told that it is there.
                if caller.access.rows and not await may_see(context.house.database, caller, "order", record_id):
                    continue
                yield OrderChange(
                    kind=OrderNews(item["kind"]), version=int(item["record_version"]), record_id=record_id
                )


async def _require_still(context: Context, wanted: UUID | None) -> None:
    """End a subscription, by the problem that it would meet now, when the right that it relies on was withdrawn."""
    caller = await context.refresh()
    caller.access.require("order.read")
    if wanted and caller.access.rows and not await may_see(context.house.database, caller, "order", wanted):
        raise NotFound("order", wanted)
