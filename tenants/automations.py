"""Running automations: the second half, after ``triggers`` has decided.

A run's effects, its own completion and the end of its job are one commit, so each effect is there exactly once however often
a worker dies or a message arrives. The automation acts under its role, through the same commands as a person.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from tenants import jobs
from tenants.actions import ActionContext, parse_action
from tenants.actors import AUTOMATION, Actor
from tenants.aggregates import ORDER
from tenants.config.definitions import Automation, label
from tenants.config.snapshot import TenantConfig
from tenants.field_rights import READ
from tenants.jobs import Job
from tenants.messages import render
from tenants.problems import Problem
from tenants.saving import require_row
from tenants.transaction import Transaction

_PENDING = """
SELECT r.id, r.automation, r.record_type, r.record_id, r.event_id, r.message, e.depth, e.at AS event_at
FROM automation_runs r JOIN events e ON e.tenant_id = r.tenant_id AND e.id = r.event_id
WHERE r.tenant_id = %(tenant)s AND r.id = %(run)s AND r.status = 'pending'
"""


async def pending_run(tx: Transaction, run_id: UUID) -> dict[str, Any] | None:
    """The run that a job is about, unless it has ended."""
    return await tx.fetch_one(_PENDING, run=run_id)


def actor_for(config: TenantConfig, run: Mapping[str, Any]) -> Actor:
    """The automation as an actor: under its role, one deeper than the event that set it off."""
    automation = config.definitions["automation"].get(run["automation"])
    role = automation.role if isinstance(automation, Automation) else ""
    name = label(automation.label, config.language) if isinstance(automation, Automation) else str(run["automation"])
    cause, key = run["event_id"], run["automation"]
    return Actor(
        AUTOMATION, run["id"], name, (role,), config.language, cause_id=cause, depth=run["depth"] + 1, automation=key
    )


async def perform(tx: Transaction, job: Job, run: Mapping[str, Any]) -> None:
    """Do the automation's actions and end the run and its job with them.

    Raises the house's problems: the caller rolls back, so that no half of the actions stays, and then records the refusal with
    :func:`refuse`.
    """
    automation = tx.config.automations.get(run["automation"])
    if automation is None:
        await refuse(tx, job, run["id"], render("automation.gone", tx.config.language, {}), "stopped")
        return
    # Of records that its role may not read, nothing is told either.
    await require_row(tx, ORDER, run["record_id"], f"{ORDER.record_type}.{READ}")
    steps = []
    for position, body in enumerate(automation.actions):
        context = ActionContext(run["id"], run["record_type"], run["record_id"], position)
        steps.append({"action": body["type"], "outcome": await parse_action(body).perform(tx, context)})
    message = render("automation.own_changes", tx.config.language, {}) if run["automation"] in tx.spared else ""
    await _end(tx, run["id"], "succeeded", message, steps, job.attempts)
    await jobs.finish(tx, job)


async def refuse(tx: Transaction, job: Job, run_id: UUID, reason: str, status: str = "failed") -> None:
    """End a run that could not do its work, with the reason for people to read."""
    await _end(tx, run_id, status, reason, [], job.attempts)
    if status == "parked":
        await jobs.park(tx, job)
    else:
        await jobs.finish(tx, job)


async def note(tx: Transaction, run_id: UUID, attempts: int, reason: str) -> None:
    """Keep what went wrong with an attempt that will be repeated, for people to see meanwhile and when it is given up."""
    await tx.execute(
        "UPDATE automation_runs SET message = %(reason)s, attempts = %(attempts)s"
        " WHERE tenant_id = %(tenant)s AND id = %(run)s AND status = 'pending'",
        run=run_id,
        reason=reason,
        attempts=attempts,
    )


async def give_up(tx: Transaction, job: Job, run: Mapping[str, Any]) -> None:
    """Park a run whose attempts ended without a result, most likely because they took their worker with them."""
    language = tx.config.language
    reason = run["message"] or render("automation.worker_died", language, {})
    # The attempt that finds this out is none.
    made = replace(job, attempts=job.attempts - 1)
    text = render("automation.poison", language, {"attempts": made.attempts, "reason": reason})
    await refuse(tx, made, run["id"], text, "parked")


def reason_for(config: TenantConfig, problem: Problem) -> str:
    """A refusal in the tenant's language."""
    return problem.text(config.language)


async def _end(
    tx: Transaction, run_id: UUID, status: str, message: str, steps: list[dict[str, str]], attempts: int
) -> None:
    await tx.execute(
        "UPDATE automation_runs SET status = %(status)s, message = %(message)s, steps = %(steps)s, attempts = %(attempts)s,"
        " finished_at = now() WHERE tenant_id = %(tenant)s AND id = %(run)s AND status = 'pending'",
        run=run_id,
        status=status,
        message=message,
        steps=Jsonb(steps),
        attempts=attempts,
    )
