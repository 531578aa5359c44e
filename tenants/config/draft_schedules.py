"""Drafts that are applied at a moment that was said before: by a job, once, as the member who said so.

The moment is an instant, whatever clocks are set by meanwhile. What must hold when a draft is applied by hand must hold then: the
member's rights, somebody's approval where the company asks for it, and that nobody has changed the same since the draft was saved.
Where it does not, nothing changes, the draft stays with the reason, and whoever may change the configuration is told.
"""

from datetime import datetime
from uuid import UUID

from tenants import jobs
from tenants.actors import MEMBER, Actor
from tenants.config.drafts import Row, apply_draft, load, store
from tenants.config.four_eyes import WRITE
from tenants.field_types import BadValue, field_type
from tenants.jobs import Job
from tenants.languages import LANGUAGES
from tenants.messages import InLanguages, render
from tenants.notifications import notify_holders
from tenants.problems import InvalidInput, NotAllowed, Problem
from tenants.transaction import Transaction


async def schedule_draft(tx: Transaction, draft_id: UUID | None, apply_at: str | None) -> UUID:
    """Say when a draft shall be applied, in place of what was said before; None is never, until somebody says so again.

    Raises :class:`NotAllowed` (``configuration.update``), :class:`NotFound`, and :class:`InvalidInput` for a moment that is over.
    """
    row = await load(tx, draft_id, WRITE)
    moment = None if apply_at is None else _moment(tx, apply_at)
    if row["job_id"] is not None:
        await jobs.cancel(tx, row["job_id"])
    job_id = None if moment is None else await jobs.add(tx, jobs.DRAFT, row["id"], moment)
    scheduled_by = None if moment is None else tx.actor.id
    said = {"apply_at": moment, "scheduled_by": scheduled_by, "job_id": job_id, "problem": None, "problem_at": None}
    return await store(tx, row, said)


def _moment(tx: Transaction, text: str) -> datetime:
    try:
        moment: datetime = field_type("date_time").parse(text)
    except BadValue as error:
        raise InvalidInput.at(("applyAt",), error.code, **error.data) from None
    if moment <= tx.now:
        raise InvalidInput.at(("applyAt",), "review.moment_over")
    return moment


async def scheduler(tx: Transaction, draft_id: UUID) -> Actor | None:
    """The member who said when the draft shall be applied, with the roles that they have now; None when nobody says so any more."""
    row = await tx.fetch_one(
        "SELECT m.id, m.name, m.roles, m.language, m.active FROM configuration_drafts d"
        " JOIN members m ON m.tenant_id = d.tenant_id AND m.id = d.scheduled_by WHERE d.tenant_id = %(tenant)s AND d.id = %(id)s",
        id=draft_id,
    )
    if row is None:
        return None
    # Who has left may do nothing any more.
    return Actor(MEMBER, row["id"], row["name"], tuple(row["roles"]) if row["active"] else (), row["language"])


async def apply_due(tx: Transaction, job: Job) -> None:
    """Apply the draft of a job, and end the job with it. Raises what :func:`tenants.config.drafts.apply_draft` does."""
    if await _is_due(tx, job):
        await apply_draft(tx, job.subject_id)


async def keep_reason(tx: Transaction, job: Job, problem: Problem) -> None:
    """The draft could not be applied: it stays with the reason, and whoever may change the configuration is told."""
    row = await _is_due(tx, job)
    if row is None:
        return
    await jobs.cancel(tx, job.id)
    member = await scheduler(tx, row["id"])
    name = member.name if member else ""
    reasons = InLanguages({language: _reason(problem, language, name) for language in LANGUAGES})
    await notify_holders(tx, WRITE, "review.not_applied", {"name": row["name"], "reason": reasons})
    reason = _reason(problem, tx.config.language, name)
    ended = {"apply_at": None, "scheduled_by": None, "job_id": None}
    await store(tx, row, {**ended, "problem": reason, "problem_at": tx.now})


async def _is_due(tx: Transaction, job: Job) -> Row | None:
    """The draft of the job, locked before the job is, as by whoever says something else; None when the job is done or void."""
    row = await tx.fetch_one(
        "SELECT * FROM configuration_drafts WHERE tenant_id = %(tenant)s AND job_id = %(job)s FOR UPDATE", job=job.id
    )
    return row if row is not None and await jobs.take(tx, job.id) else None


def _reason(problem: Problem, language: str, name: str) -> str:
    """A refusal with the places that it names, for others than the member called ``name``, as whom the draft was to be applied."""
    if isinstance(problem, NotAllowed):
        return render("review.scheduler_lacks", language, {"name": name, "right": problem.right})
    if not isinstance(problem, InvalidInput):
        return problem.text(language)
    lines = ((".".join(str(part) for part in error.path), error.text(language)) for error in problem.errors)
    return "\n".join(f"{place}: {text}" if place else text for place, text in lines)
