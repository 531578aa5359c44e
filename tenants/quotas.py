"""What a company may use at most. The operator sets quotas; a company sees them beside its usage.

Usage is measured from time to time (:mod:`tenants.usage`), never while a call is served: what is exceeded is part of the
configuration in force, and holds for every process with the next request.
"""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from tenants.config.snapshot import Tenant
from tenants.problems import LimitExceeded

# What a new record adds to.
GROWING = ("records", "storage_bytes")
RECORDS = ("order", "customer", "product")

Amount = Annotated[int, Field(ge=0, le=2**53)] | None


class Quotas(BaseModel):
    """The most that a company may use; None is no limit.

    ``records`` are orders, customers and products together, ``storage_bytes`` the room they take in the database with their
    history and indexes, ``points_per_second`` and ``points`` the rate and the size of the company's bucket of API cost.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")
    records: Amount = None
    storage_bytes: Amount = None
    points_per_second: Annotated[int, Field(ge=1, le=2**31)] | None = None
    points: Annotated[int, Field(ge=1, le=2**31)] | None = None

    def exceeded(self, used: Mapping[str, int]) -> list[str]:
        """The names of those that ``used`` (amounts by name) is at or above."""
        most = {name: getattr(self, name) for name in GROWING}
        return [name for name in GROWING if most[name] is not None and used[name] >= most[name]]


def quotas_of(tenant: Tenant) -> Quotas:
    return Quotas.model_validate(tenant.quotas)


def require_room(tenant: Tenant, record_type: str) -> None:
    """Raise :class:`LimitExceeded` when the company may not have another record of that type."""
    if record_type in RECORDS and tenant.exceeded:
        name = tenant.exceeded[0]
        raise LimitExceeded(f"limit.quota_{name}", most=_shown(name, getattr(quotas_of(tenant), name)))


def require_storage(tenant: Tenant, used: int) -> None:
    """Raise :class:`LimitExceeded` when a company that uses so many bytes may not use more."""
    most = quotas_of(tenant).storage_bytes
    if most is not None and used >= most:
        raise LimitExceeded("limit.quota_storage_bytes", most=_shown("storage_bytes", most))


def _shown(name: str, amount: Any) -> str:
    if name == "storage_bytes" and amount is not None:
        return f"{amount / 2**20:,.0f} MiB"
    return f"{amount:,}" if amount is not None else "0"
