"""Draft jobs: each applies a draft of the configuration at the moment that was said for it, as the member who said so.

The draft and its job go in the commit that applies it. A refusal of the house stays with the draft; anything else that goes wrong is
tried again when the job's lease ends, and told like a refusal when it never ends.
"""

import asyncio
import logging
from dataclasses import replace

from tenants import jobs
from tenants.actors import system
from tenants.config.draft_schedules import apply_due, keep_reason, scheduler
from tenants.database import Outdated
from tenants.jobs import Job
from tenants.problems import Conflict, Problem
from tenants.transaction import begin
from workers.work import Work

# The configuration may change, or others may be saving, while a draft is applied; then it is tried again, so often.
MOST_TRIES = 5
PAUSE = 0.05
PASSING = frozenset({"busy", "stale_configuration"})

log = logging.getLogger(__name__)


async def apply_scheduled_draft(work: Work, handed_out: Job) -> None:
    """Apply the draft, unless the job is done, begun, or handed out anew."""
    job = await jobs.start(work.database, handed_out)
    if job is None:
        return
    for pause in range(MOST_TRIES):
        await asyncio.sleep(PAUSE * pause)
        try:
            await _attempt(work, job)
        except Outdated:
            continue
        except Problem as problem:
            if problem.code not in PASSING:
                raise
            continue
        return
    log.warning("The draft %s found no quiet moment in %d tries; it will be tried again.", job.subject_id, MOST_TRIES)


async def _attempt(work: Work, job: Job) -> None:
    """Raises :class:`Outdated` and the problems that pass, which ask for another try."""
    onlooker = await work.callers.acting(job.tenant_id, system("worker"))
    async with begin(work.database, onlooker) as tx:
        actor = await scheduler(tx, job.subject_id)
        if actor is None:
            await jobs.cancel(tx, job.id)
            return
    try:
        if job.attempts > jobs.MOST_ATTEMPTS:
            raise Conflict("review.never_ended", attempts=jobs.MOST_ATTEMPTS)
        caller = replace(onlooker, actor=actor, access=onlooker.config.policy.access(actor.roles))
        async with begin(work.database, caller) as tx:
            await apply_due(tx, job)
    except Problem as problem:
        if problem.code in PASSING:
            raise
        async with begin(work.database, onlooker) as tx:
            await keep_reason(tx, job, problem)
