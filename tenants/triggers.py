"""Which automations an event sets off, decided in the transaction that makes the event.

There the record is at hand as the event left it, so a condition judges exactly that state, and the runs commit with it: no
crash can come between what happened and what must follow. The work itself is done later, by ``tenants.automations``.
"""

from collections.abc import Mapping
from typing import Any

from tenants import jobs
from tenants.conditions import Condition, SqlContext, parse_condition
from tenants.config.definitions import Automation
from tenants.config.snapshot import TenantConfig
from tenants.messages import render
from tenants.occasion import Occasion
from tenants.reading.plan import Parameters
from tenants.records import REGISTRY
from tenants.transaction import Transaction, new_id

# An automation that sets off itself, or another that sets it off again, ends here.
DEEPEST = 10


async def decide(
    tx: Transaction,
    record_type: str,
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any],
    event: Mapping[str, Any],
) -> None:
    """Queue a run for each enabled automation that listens to the event and whose condition holds for ``after``.

    One whose own run made the event is spared, unless it reacts to itself.
    """
    if not tx.automations:
        return
    for key, automation in tx.config.automations.items():
        if automation.record_type != record_type or event["kind"] not in automation.events:
            continue
        if not await _holds(tx, key, automation, after):
            continue
        if key == tx.actor.automation and not automation.reacts_to_itself:
            tx.spared.add(key)
        else:
            await _queue(tx, key, event)


def judges(config: TenantConfig, record_type: str, kind: str) -> bool:
    """Whether an automation looks at the record before it follows such an event."""
    return any(
        bool(automation.condition) and automation.record_type == record_type and kind in automation.events
        for automation in config.automations.values()
    )


async def _holds(tx: Transaction, key: str, automation: Automation, row: Mapping[str, Any]) -> bool:
    condition = tx.config.derived("automation conditions", _conditions)[key]
    occasion = Occasion(tx.now, tx.caller.member_id)
    if condition.is_local:
        return condition.matches(row, occasion)
    parameters = Parameters()
    predicate = condition.sql("t0", SqlContext(parameters))
    table = REGISTRY[automation.record_type].table
    found = await tx.fetch_one(
        f"SELECT 1 AS found FROM {table} t0 WHERE t0.tenant_id = %(tenant)s AND t0.id = %(row_id)s AND ({predicate})",  # noqa: S608  (SQL of ours; values are parameters)
        row_id=row["id"],
        **parameters.values(occasion),
    )
    return found is not None


def _conditions(config: TenantConfig) -> dict[str, Condition]:
    """The conditions of the automations, by key."""
    return {
        key: parse_condition(REGISTRY[automation.record_type], config, automation.condition)
        for key, automation in config.automations.items()
    }


async def _queue(tx: Transaction, automation: str, event: Mapping[str, Any]) -> None:
    run_id = new_id()
    stopped = event["depth"] >= DEEPEST
    await tx.insert(
        "automation_runs",
        {
            "id": run_id,
            "automation": automation,
            "event_id": event["id"],
            "record_type": event["record_type"],
            "record_id": event["record_id"],
            "status": "stopped" if stopped else "pending",
            "steps": [],
            "message": render("automation.too_deep", tx.config.language, {"depth": DEEPEST}) if stopped else "",
            "created_at": tx.now,
            "finished_at": tx.now if stopped else None,
        },
    )
    if not stopped:
        await jobs.add(tx, jobs.AUTOMATION, run_id)
