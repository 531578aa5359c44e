"""Automation jobs: each is one run of one automation for one event.

A refusal of the house ends the run, with its reason. Anything else that goes wrong is tried again when the job's lease ends,
and a run that never comes to an end is parked.
"""

import asyncio
import logging
from dataclasses import replace
from typing import Any

import psycopg
from psycopg import errors

from tenants import automations, jobs
from tenants.actors import Actor, system
from tenants.database import Caller, Outdated
from tenants.jobs import Job
from tenants.problems import Problem
from tenants.transaction import begin
from workers import metrics
from workers.work import Work

Run = dict[str, Any]

# Below the database's limit for a transaction.
LONGEST_RUN = 25.0
# The configuration may change, or a record be locked, while a run is prepared; then it is prepared again, so often.
MOST_TRIES = 5
PAUSE = 0.05

log = logging.getLogger(__name__)


async def run_automation(work: Work, handed_out: Job) -> None:
    """Do the automation job, unless it is done, begun, or handed out anew.

    One that was begun before and never ended may have killed its worker: it is done alone, so that it takes no other with it.
    """
    async with work.room.alone() if handed_out.attempts else work.room.together():
        job = await jobs.start(work.database, handed_out)
        if job is not None:
            await _do(work, job)


async def _do(work: Work, job: Job) -> None:
    async with asyncio.timeout(LONGEST_RUN):
        for pause in range(MOST_TRIES):
            await asyncio.sleep(PAUSE * pause)
            try:
                await _attempt(work, job)
            except Outdated:
                continue
            except Problem as problem:
                if problem.code != "busy":
                    raise
                continue
            return
    log.warning("The run %s found no quiet moment in %d tries; it will be begun again.", job.subject_id, MOST_TRIES)


async def _attempt(work: Work, job: Job) -> None:
    """Raises :class:`Outdated` and the problem ``busy``, which ask for another try."""
    onlooker = await work.callers.acting(job.tenant_id, system("worker"))
    run = await _pending(work, onlooker, job)
    if run is None:
        return
    caller = _as(onlooker, automations.actor_for(onlooker.config, run))
    ended = False
    try:
        async with begin(work.database, caller) as tx:
            if await jobs.take(tx, job.id):
                await automations.perform(tx, job, run)
                ended = True
        if ended:
            metrics.run_ended(run["event_at"])
    except Problem as problem:
        if problem.code == "busy":
            raise
        await _refuse(work, caller, job, run, problem)
        metrics.run_ended(run["event_at"])
    except Outdated:
        raise
    except Exception as error:
        if isinstance(error, psycopg.OperationalError) and not isinstance(error, errors.QueryCanceled):
            # The database is away; nothing can be noted, and nothing was wrong with the run.
            raise
        log.exception("The run %s of '%s' failed; it will be begun again.", run["id"], run["automation"])
        async with begin(work.database, onlooker) as tx:
            await automations.note(tx, run["id"], job.attempts, type(error).__name__)


async def _pending(work: Work, onlooker: Caller, job: Job) -> Run | None:
    """The run to do. None when it has ended, or ends here because its attempts never did."""
    async with begin(work.database, onlooker) as tx:
        run = await automations.pending_run(tx, job.subject_id)
        if run is not None and job.attempts <= jobs.MOST_DEATHS:
            return run
        if await jobs.take(tx, job.id):
            if run is None:
                await jobs.finish(tx, job)
            else:
                await automations.give_up(tx, job, run)
                metrics.JOBS_PARKED.labels(job.kind).inc()
                log.error("The run %s of '%s' is parked: its attempts never ended.", run["id"], run["automation"])
    return None


async def _refuse(work: Work, caller: Caller, job: Job, run: Run, problem: Problem) -> None:
    """End the run with the reason, in a transaction of its own: the one with the half-done actions is rolled back."""
    async with begin(work.database, caller) as tx:
        if await jobs.take(tx, job.id):
            await automations.refuse(tx, job, run["id"], automations.reason_for(caller.config, problem))


def _as(caller: Caller, actor: Actor) -> Caller:
    return replace(caller, actor=actor, access=caller.config.policy.access(actor.roles))
