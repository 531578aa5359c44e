"""Where an order stands, and since and until when."""

from datetime import datetime
from typing import Any

from tenants.config.snapshot import TenantConfig
from tenants.life_cycles.cycles import Cycle
from tenants.periods import Moments, parse_span

Row = dict[str, Any]


def stand(row: Row, config: TenantConfig, cycle: Cycle, status: str, now: datetime) -> None:
    """Put the order into the status of its life cycle: from now on, and as long as its gate allows."""
    row.update(status=status, status_since=now, status_due_at=due_at(config, cycle, status, now), status_reason=None)


def due_at(config: TenantConfig, cycle: Cycle, status: str, since: datetime) -> datetime | None:
    """When an order that is in the status since then should have left it; None where it may stay."""
    limit = cycle.gates[status].time_limit if status in cycle.gates else None
    return None if limit is None else Moments(since, config.time_zone).around(parse_span(limit))[2]
