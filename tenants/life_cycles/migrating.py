"""Taking running orders from one version of a life cycle to the one in force, of the same or of another: planned, done in batches by
a job, and taken back the same way.

An order whose status is mapped to another gets an entry in its history. Automations do not follow: a migration is no step of
anybody's, and the conditions and forms of steps are not asked for.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from tenants import jobs
from tenants.aggregates import ORDER, STATUS_CHANGED, UPDATED, Record, Row
from tenants.config.definitions import Category
from tenants.field_values.slots import turned
from tenants.life_cycles.cycles import FOLLOWING, Cycle, cycle_from, cycles_of
from tenants.life_cycles.gates import hurdles
from tenants.life_cycles.standing import due_at, stand
from tenants.life_cycles.versions import bump, forget
from tenants.messages import render
from tenants.problems import Conflict, FieldError, InvalidInput, NotFound
from tenants.rules.settling import settle
from tenants.saving import save
from tenants.transaction import Transaction, new_id

BATCH = 500
RUNNING, DONE, REVERTING, REVERTED = "running", "done", "reverting", "reverted"
LONGEST_COMMENT = 2_000
_COLUMNS = ("status", "status_since", "status_due_at", "status_reason", "life_cycle", "life_cycle_version")

_COUNT = """
SELECT status, count(*) AS found FROM orders
WHERE tenant_id = %(tenant)s AND life_cycle = %(source)s AND life_cycle_version = %(version)s AND voided_at IS NULL
GROUP BY status
"""
_NEXT = """
SELECT * FROM orders
WHERE tenant_id = %(tenant)s AND life_cycle = %(source)s AND life_cycle_version = %(version)s AND voided_at IS NULL
  AND status = ANY(%(statuses)s::text[]) AND coalesce(status_since, created_at) <= %(begun)s
  AND (%(through)s::uuid IS NULL OR id > %(through)s::uuid)
ORDER BY id LIMIT %(most)s FOR UPDATE
"""
_MOVED = """
SELECT o.*, m.status AS old_status, m.status_since AS old_since, m.status_due_at AS old_due_at,
       o.status = m.moved_to AND o.status_since IS NOT DISTINCT FROM m.moved_since AND o.voided_at IS NULL
         AND o.life_cycle = %(target)s AND o.life_cycle_version = 0 AS is_as_moved
FROM life_cycle_moves m JOIN orders o ON o.tenant_id = m.tenant_id AND o.id = m.order_id
WHERE m.tenant_id = %(tenant)s AND m.migration_id = %(migration)s
  AND (%(through)s::uuid IS NULL OR o.id > %(through)s::uuid)
ORDER BY o.id LIMIT %(most)s FOR UPDATE OF o
"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which orders go where: those of a ``version`` of the life cycle ``source`` into the version in force of ``target``, from status
    to status as ``statuses`` says. A status that is not named goes to the same one where the target has it, and else stays."""

    source: str
    version: int
    target: str
    statuses: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Move:
    """What becomes of the orders in one status; ``target`` is None where they stay."""

    status: str
    target: str | None
    orders: int


async def plan(tx: Transaction, wanted: Wanted) -> list[Move]:
    """What a migration would do, status by status; nothing is done.

    Raises :class:`NotAllowed` (configuration.read) and :class:`InvalidInput` for what does not exist.
    """
    tx.access.require("configuration.read")
    source, ways = _ways(tx, wanted)
    counted = await tx.fetch_all(_COUNT, source=wanted.source, version=wanted.version)
    orders = {row["status"]: row["found"] for row in counted}
    places = dict.fromkeys((*source.gates, *orders))
    return [
        Move(status, ways.get(status), orders.get(status, 0)) for status in places if status in orders or status in ways
    ]


def _ways(tx: Transaction, wanted: Wanted) -> tuple[Cycle, dict[str, str]]:
    cycles = cycles_of(tx.config)
    source, target = cycles.get((wanted.source, wanted.version)), cycles.get((wanted.target, FOLLOWING))
    if source is None:
        raise InvalidInput.at(("fromVersion",), "life_cycle.unknown_version", key=wanted.source, version=wanted.version)
    if target is None:
        raise InvalidInput.at(("toLifeCycle",), "config.unknown_life_cycle", key=wanted.target)
    void = [key for key, status in tx.config.all_statuses.items() if status.category is Category.VOID]
    errors = []
    for place, (old, new) in enumerate(wanted.statuses.items()):
        # Orders may be in a status that their life cycle lost.
        if old not in tx.config.all_statuses or old in void:
            errors.append(FieldError(("statuses", place, "from"), "config.unknown_status", {"status": old}))
        if new not in target.gates or new in void:
            errors.append(FieldError(("statuses", place, "to"), "config.unknown_status", {"status": new}))
    if errors:
        raise InvalidInput(errors)
    is_same = (source.key, source.version) == (target.key, target.version)
    alike = (
        {} if is_same else {status: status for status in source.gates if status in target.gates and status not in void}
    )
    return source, {old: new for old, new in {**alike, **wanted.statuses}.items() if not (is_same and old == new)}


async def migrate(tx: Transaction, wanted: Wanted, comment: str = "") -> UUID:
    """Begin a migration, which a job then does; its id.

    Raises :class:`NotAllowed` (configuration.update), :class:`InvalidInput`, and :class:`Conflict` while another one is under way
    or when there is nothing to be done.
    """
    tx.access.require("configuration.update")
    if len(comment) > LONGEST_COMMENT:
        raise InvalidInput.at(("comment",), "value.too_long", length=len(comment), longest=LONGEST_COMMENT)
    moves = await plan(tx, wanted)
    await _refuse_two(tx)
    ways = {move.status: move.target for move in moves if move.target is not None}
    total = sum(move.orders for move in moves if move.target is not None)
    if not total:
        raise Conflict("life_cycle.nothing_to_migrate")
    migration_id = new_id()
    await tx.insert(
        "life_cycle_migrations",
        {
            "id": migration_id,
            "source": wanted.source,
            "source_version": wanted.version,
            "target": wanted.target,
            "statuses": ways,
            "comment": comment,
            "author_name": tx.actor.name,
            "state": RUNNING,
            "total": total,
            "created_at": tx.now,
        },
    )
    await jobs.add(tx, jobs.LIFE_CYCLE, migration_id)
    return migration_id


async def go_back(tx: Transaction, migration_id: UUID | None) -> UUID:
    """Begin to take a finished migration back: orders that still are where it put them return to where they were.

    Raises :class:`NotAllowed` (configuration.update), :class:`NotFound`, and :class:`Conflict` for one that is not done.
    """
    tx.access.require("configuration.update")
    found = await tx.fetch_one(
        "SELECT * FROM life_cycle_migrations WHERE tenant_id = %(tenant)s AND id = %(id)s FOR UPDATE", id=migration_id
    )
    if found is None:
        raise NotFound("life_cycle_migration", migration_id)
    if found["state"] != DONE:
        raise Conflict("life_cycle.not_done")
    await _refuse_two(tx)
    if found["source_version"] != FOLLOWING:
        await _keep_again(tx, found["source"], found["source_version"])
    row = {"id": found["id"], "state": REVERTING, "through": None, "done": 0, "kept": 0, "finished_at": None}
    await tx.update("life_cycle_migrations", tuple(name for name in row if name != "id"), row)
    await jobs.add(tx, jobs.LIFE_CYCLE, found["id"])
    return UUID(str(found["id"]))


async def _refuse_two(tx: Transaction) -> None:
    # Whoever changes the configuration waits here for whoever else does.
    await tx.fetch_one("SELECT 1 FROM tenants WHERE id = %(tenant)s FOR UPDATE")
    running = await tx.fetch_one(
        "SELECT 1 FROM life_cycle_migrations WHERE tenant_id = %(tenant)s AND state IN ('running', 'reverting')"
    )
    if running is not None:
        raise Conflict("life_cycle.under_way")


async def _keep_again(tx: Transaction, key: str, version: int) -> None:
    """Make an older version part of the configuration again. Raises :class:`InvalidInput` where it means nothing any more."""
    await bump(tx)
    row = await tx.fetch_one(
        "SELECT body FROM life_cycle_versions WHERE tenant_id = %(tenant)s AND life_cycle = %(key)s AND version = %(version)s",
        key=key,
        version=version,
    )
    assert row is not None, "versions are never deleted"
    cycle = cycle_from(key, version, row["body"])
    for status, steps in cycle.steps.items():
        for step in steps:
            hurdles(tx.config, cycle, status, step)
    await tx.execute(
        "UPDATE life_cycle_versions SET in_use = TRUE"
        " WHERE tenant_id = %(tenant)s AND life_cycle = %(key)s AND version = %(version)s",
        key=key,
        version=version,
    )


async def next_batch(tx: Transaction, migration_id: UUID) -> bool:
    """Do one batch of a migration, or of its way back; whether there is more."""
    migration = await tx.fetch_one(
        "SELECT * FROM life_cycle_migrations WHERE tenant_id = %(tenant)s AND id = %(id)s FOR UPDATE", id=migration_id
    )
    if migration is None or migration["state"] not in (RUNNING, REVERTING):
        return False
    do = _move if migration["state"] == RUNNING else _move_back
    seen, kept = await do(tx, migration)
    is_over = len(seen) < BATCH
    row = {
        "id": migration_id,
        "done": migration["done"] + len(seen) - kept,
        "kept": migration["kept"] + kept,
        "through": seen[-1]["id"] if seen else migration["through"],
        "state": {RUNNING: DONE, REVERTING: REVERTED}[migration["state"]] if is_over else migration["state"],
        "finished_at": tx.now if is_over else None,
    }
    await tx.update("life_cycle_migrations", tuple(name for name in row if name != "id"), row)
    if is_over:
        await forget(tx)
    return not is_over


async def _move(tx: Transaction, migration: Row) -> tuple[Sequence[Row], int]:
    """Move the next orders; those seen, and how many of them stay because the target has lost its status meanwhile."""
    # The history tells who wanted it, not which process did it.
    tx.caller = replace(tx.caller, actor=replace(tx.actor, name=migration["author_name"]))
    ways, target = migration["statuses"], cycles_of(tx.config).get((migration["target"], FOLLOWING))
    rows = await tx.fetch_all(
        _NEXT,
        source=migration["source"],
        version=migration["source_version"],
        statuses=list(ways),
        begun=migration["created_at"],
        through=migration["through"],
        most=BATCH,
    )
    rows = [turned(tx.config.swapped, "order", row) for row in rows]
    note = migration["comment"] or render("life_cycle.moved", tx.config.language, {})
    kept = 0
    for row in rows:
        status = ways[row["status"]]
        if target is None or status not in target.gates:
            kept += 1
            continue
        after = Record(dict(row))
        if status != row["status"]:
            stand(after.row, tx.config, target, status, tx.now)
        else:
            since = row["status_since"] or row["created_at"]
            after.row["status_due_at"] = due_at(tx.config, target, status, since)
        after.row.update(life_cycle=target.key, life_cycle_version=FOLLOWING)
        await _put(tx, Record(row), after, note)
        await tx.insert(
            "life_cycle_moves",
            {
                "migration_id": migration["id"],
                "order_id": row["id"],
                "status": row["status"],
                "status_since": row["status_since"],
                "status_due_at": row["status_due_at"],
                "moved_to": status,
                "moved_since": after.row["status_since"],
            },
        )
    return rows, kept


async def _move_back(tx: Transaction, migration: Row) -> tuple[Sequence[Row], int]:
    """Take the next orders back; those seen, and how many of them stay because they went on meanwhile."""
    source = cycles_of(tx.config).get((migration["source"], migration["source_version"]))
    rows = await tx.fetch_all(
        _MOVED, migration=migration["id"], target=migration["target"], through=migration["through"], most=BATCH
    )
    rows = [turned(tx.config.swapped, "order", row) for row in rows]
    note = render("life_cycle.moved_back", tx.config.language, {})
    kept = 0
    for row in rows:
        old = {name: row.pop(name) for name in ("old_status", "old_since", "old_due_at", "is_as_moved")}
        if not old["is_as_moved"] or source is None or old["old_status"] not in source.gates:
            kept += 1
            continue
        after = Record(dict(row))
        after.row.update(
            status=old["old_status"],
            status_since=old["old_since"],
            status_due_at=old["old_due_at"],
            life_cycle=migration["source"],
            life_cycle_version=migration["source_version"],
        )
        await _put(tx, Record(row), after, note)
    return rows, kept


async def _put(tx: Transaction, before: Record, after: Record, note: str) -> None:
    """Write where the order stands; it gets a version and an entry in its history where that shows."""
    is_step = before.row["status"] != after.row["status"]
    if not is_step and before.row["life_cycle"] == after.row["life_cycle"]:
        await tx.update("orders", _COLUMNS, after.row)
        return
    # The rules of a save are for people: whoever takes the order further will have to meet them.
    settled = await settle(tx, ORDER, before, after, leaving=True)
    await save(tx, settled, STATUS_CHANGED if is_step else UPDATED, note)


async def migrations(tx: Transaction, most: int) -> list[dict[str, Any]]:
    """The migrations, newest first. Raises :class:`NotAllowed` (configuration.read)."""
    tx.access.require("configuration.read")
    return await tx.fetch_all(
        "SELECT * FROM life_cycle_migrations WHERE tenant_id = %(tenant)s ORDER BY id DESC LIMIT %(most)s", most=most
    )
