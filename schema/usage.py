"""What the company uses, and what it may use."""

from datetime import UTC, date, datetime, timedelta
from enum import Enum
from typing import Annotated, Any

import strawberry

from schema.context import Info
from schema.scalars import DateText, DateTimeText, DecimalText
from tenants import usage
from tenants.field_types import BadValue, field_type
from tenants.problems import InvalidInput
from tenants.quotas import quotas_of

USUAL_DAYS = 30


@strawberry.type(description="What the company had when it was last measured.")
class UsageSize:
    orders: int = strawberry.field(description="Orders, void ones included.")
    customers: int = strawberry.field(description="Customers.")
    products: int = strawberry.field(description="Products.")
    storage_bytes: DecimalText = strawberry.field(
        description="The room that all records take with their history and indexes: the company's share of each table, by rows."
    )
    measured_at: DateTimeText = strawberry.field(description="When.")


@strawberry.type(description="One day, in UTC.")
class UsageDay:
    day: DateText = strawberry.field(description="The day.")
    requests: int = strawberry.field(description="Operations that were executed, as told by the processes so far.")
    cost: DecimalText = strawberry.field(description="Their cost in points, as told in the extensions of each answer.")
    runs: int = strawberry.field(description="Runs of automations.")
    deliveries: int = strawberry.field(description="Messages to the outside.")


@strawberry.enum(description="What the operator may limit for a company.")
class QuotaName(Enum):
    RECORDS = strawberry.enum_value("records", description="Orders, customers and products together.")
    STORAGE_BYTES = strawberry.enum_value("storage_bytes", description="The room that all records take.")
    POINTS_PER_SECOND = strawberry.enum_value(
        "points_per_second", description="API cost that is given back each second."
    )
    POINTS = strawberry.enum_value("points", description="API cost that may be spent at once.")


@strawberry.type(description="The most that the company may use of something.")
class UsageQuota:
    name: QuotaName = strawberry.field(description="Of what.")
    allowed: DecimalText = strawberry.field(description="The most.")
    exceeded: bool = strawberry.field(description="Whether it was all used when it was last measured.")


@strawberry.type(description="What the company uses, and what it may use.")
class Usage:
    size: UsageSize | None = strawberry.field(description="What there is; null until it was first measured.")
    days: list[UsageDay] = strawberry.field(description="What was used on each day, oldest first.")
    quotas: list[UsageQuota] = strawberry.field(description="What the operator has limited for this company.")


@strawberry.type
class UsageQueries:
    @strawberry.field(description="What the company uses, and what it may use. Days are counted in UTC.")
    async def usage(
        self,
        info: Info,
        since: Annotated[
            DateText | None, strawberry.argument(description="The first day; 30 days if not given.")
        ] = None,
        until: Annotated[DateText | None, strawberry.argument(description="The last day; today if not given.")] = None,
    ) -> Usage:
        caller = info.context.caller
        last = _day("until", until) or datetime.now(UTC).date()
        first = _day("since", since) or last - timedelta(days=USUAL_DAYS - 1)
        size, days = await usage.report(info.context.house.database, caller, first, last)
        info.context.confirmed = True
        return Usage(
            size=_size(size) if size else None,
            days=[UsageDay(**{**day, "cost": DecimalText(str(day["cost"]))}) for day in days],
            quotas=[
                UsageQuota(
                    name=QuotaName(name), allowed=DecimalText(str(most)), exceeded=name in caller.tenant.exceeded
                )
                for name, most in quotas_of(caller.tenant).model_dump(exclude_none=True).items()
            ],
        )


def _size(size: dict[str, Any]) -> UsageSize:
    return UsageSize(
        orders=size["orders"],
        customers=size["customers"],
        products=size["products"],
        storage_bytes=DecimalText(str(size["storageBytes"])),
        measured_at=size["measuredAt"],
    )


def _day(name: str, value: str | None) -> date | None:
    """Raises :class:`InvalidInput`."""
    try:
        found: date | None = None if value is None else field_type("date").parse(value)
    except BadValue as bad:
        raise InvalidInput.at((name,), bad.code, **bad.data) from None
    return found
