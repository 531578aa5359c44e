"""Versions of life cycles: each change of one makes the next, and running orders follow it, or stay with the one before.

Orders follow a change as long as the status that they are in is still there. Those whose status is gone stay with the version before,
and so do all running ones of a life cycle that was told to hold them, until they are migrated.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tenants.config.definitions import Category
from tenants.config.snapshot import Definitions, TenantConfig
from tenants.life_cycles.cycles import FOLLOWING, Cycle, current_cycles, cycles_of
from tenants.problems import Conflict, InvalidInput
from tenants.transaction import Transaction

# Each is part of every call's configuration.
MOST_KEPT = 20

_LATEST = """
SELECT coalesce(max(version), 0) AS version, count(*) FILTER (WHERE in_use) AS kept FROM life_cycle_versions
WHERE tenant_id = %(tenant)s AND life_cycle = %(key)s
"""
_STAY = """
WITH staying AS (
  UPDATE orders SET life_cycle_version = %(version)s
  WHERE tenant_id = %(tenant)s AND life_cycle = %(key)s AND life_cycle_version = 0 AND voided_at IS NULL
    AND status = ANY(%(statuses)s::text[])
  RETURNING id
), kept AS (
  UPDATE life_cycle_versions SET in_use = TRUE
  WHERE tenant_id = %(tenant)s AND life_cycle = %(key)s AND version = %(version)s AND EXISTS (SELECT FROM staying)
)
SELECT count(*) AS found FROM staying
"""
_RUNNING = """
SELECT life_cycle, status, count(*) AS found FROM orders
WHERE tenant_id = %(tenant)s AND life_cycle = ANY(%(keys)s::text[]) AND life_cycle_version = 0 AND voided_at IS NULL
GROUP BY life_cycle, status
"""
_DUE = """
UPDATE orders SET status_due_at =
  ((coalesce(status_since, created_at) AT TIME ZONE %(zone)s) + %(limit)s::interval) AT TIME ZONE %(zone)s
WHERE tenant_id = %(tenant)s AND life_cycle = %(key)s AND life_cycle_version = 0 AND voided_at IS NULL AND status = %(status)s
"""
_FORGET = """
UPDATE life_cycle_versions v SET in_use = FALSE
WHERE v.tenant_id = %(tenant)s AND v.in_use AND NOT EXISTS (
  SELECT FROM orders o WHERE o.tenant_id = v.tenant_id AND o.life_cycle = v.life_cycle AND o.life_cycle_version = v.version
    AND o.voided_at IS NULL)
"""


@dataclass(frozen=True, slots=True)
class Affected:
    """The orders of a life cycle that a change affects: how many ``follow`` it at once, and how many ``stay`` with the version before,
    by the status that it takes away."""

    key: str
    follow: int
    stay: Mapping[str, int]


async def affected(tx: Transaction, after: Definitions) -> list[Affected]:
    """The running orders that a change of the configuration affects; nothing is done."""
    changed = list(_changed(tx.config.definitions, after))
    rows = await tx.fetch_all(_RUNNING, keys=[old.key for old, _ in changed]) if changed else []
    found = []
    for old, new in changed:
        orders = {row["status"]: row["found"] for row in rows if row["life_cycle"] == old.key}
        gone = _gone(old, new)
        follow = sum(orders.get(status, 0) for status in new.gates if is_running(tx.config, status))
        found.append(Affected(new.key, follow, {status: orders[status] for status in gone if status in orders}))
    return found


def loses_statuses(before: Definitions, after: Definitions) -> bool:
    """Whether some life cycle has no longer a status that it had, so that no order may come into it meanwhile."""
    return any(_gone(old, new) for old, new in _changed(before, after))


async def follow(tx: Transaction, after: Definitions) -> None:
    """Keep the versions that a change of the configuration makes, and let running orders follow, or stay with the one before.

    Raises :class:`Conflict` when orders would be held to too many versions.
    """
    for old, new in _changed(tx.config.definitions, after):
        latest, kept = await _kept(tx, old)
        await _keep(tx, new, latest + 1)
        gone = _gone(old, new)
        if gone and await _stay(tx, old.key, latest, gone) and kept >= MOST_KEPT:
            raise Conflict("config.too_many_versions", count=kept + 1, most=MOST_KEPT)
        for status in new.gates.keys() & old.gates.keys():
            limit = new.gates[status].time_limit
            if limit != old.gates[status].time_limit:
                zone = tx.config.time_zone
                await tx.execute(_DUE, key=new.key, status=status, limit=limit, zone=zone)


async def hold(tx: Transaction, key: str) -> int:
    """Let all running orders of a life cycle stay with the version in force, whatever it becomes; how many there are.

    Raises :class:`NotAllowed` (configuration.update), :class:`InvalidInput` and :class:`Conflict`.
    """
    tx.access.require("configuration.update")
    cycle = cycles_of(tx.config).get((key, FOLLOWING))
    if cycle is None:
        raise InvalidInput.at(("lifeCycle",), "config.unknown_life_cycle", key=key)
    await bump(tx)
    latest, kept = await _kept(tx, cycle)
    running = [status for status in cycle.gates if is_running(tx.config, status)]
    found = await _stay(tx, key, latest, running)
    if found and kept >= MOST_KEPT:
        raise Conflict("config.too_many_versions", count=kept + 1, most=MOST_KEPT)
    return found


async def bump(tx: Transaction) -> None:
    """Let every call see anew which versions are kept. Raises :class:`Conflict` when the configuration was changed meanwhile."""
    row = await tx.fetch_one("SELECT config_version FROM tenants WHERE id = %(tenant)s FOR UPDATE")
    if row is None or row["config_version"] != tx.config_version:
        raise Conflict("stale_configuration")
    await tx.execute("UPDATE tenants SET config_version = config_version + 1 WHERE id = %(tenant)s")


async def forget(tx: Transaction) -> None:
    """No longer keep what no order is held to."""
    await tx.execute(_FORGET)


async def orders_by_version(tx: Transaction) -> list[dict[str, Any]]:
    """The versions of all life cycles with the orders that are in each, by status: ``life_cycle``, ``version``, ``status`` and
    ``orders``; 0 is the version of those that follow. Raises :class:`NotAllowed` (configuration.read)."""
    tx.access.require("configuration.read")
    return await tx.fetch_all(
        "SELECT life_cycle, life_cycle_version AS version, status, count(*) AS orders FROM orders"
        " WHERE tenant_id = %(tenant)s AND voided_at IS NULL GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
    )


def is_running(config: TenantConfig, status: str) -> bool:
    """Whether orders in the status still have something before them."""
    known = config.all_statuses.get(status)
    return known is not None and known.category not in (Category.DONE, Category.VOID)


def _changed(before: Definitions, after: Definitions) -> Iterator[tuple[Cycle, Cycle]]:
    old = current_cycles(before)
    for key, cycle in current_cycles(after).items():
        if key in old and old[key].body() != cycle.body():
            yield old[key], cycle


def _gone(old: Cycle, new: Cycle) -> list[str]:
    return [status for status in old.gates if status not in new.gates]


async def _kept(tx: Transaction, cycle: Cycle) -> tuple[int, int]:
    """The number of the version in force, which is kept from now on, and how many older ones orders are held to."""
    row = await tx.fetch_one(_LATEST, key=cycle.key)
    assert row is not None, "an aggregate"
    version = row["version"]
    if not version:
        version = 1
        await _keep(tx, cycle, version)
    return version, row["kept"]


async def _keep(tx: Transaction, cycle: Cycle, version: int) -> None:
    row: dict[str, Any] = {"life_cycle": cycle.key, "version": version, "body": cycle.body(), "created_at": tx.now}
    await tx.insert("life_cycle_versions", row)


async def _stay(tx: Transaction, key: str, version: int, statuses: list[str]) -> int:
    row = await tx.fetch_one(_STAY, key=key, version=version, statuses=statuses)
    return row["found"] if row else 0
