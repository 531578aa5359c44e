"""Jobs that are done batch by batch, each in a commit of its own, and in turns, so that no lease runs out and others come on."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from uuid import UUID

from tenants import jobs
from tenants.actors import system
from tenants.database import Outdated
from tenants.jobs import Job
from tenants.problems import InvalidInput
from tenants.transaction import Transaction, begin
from workers import metrics
from workers.work import Work

LONGEST_TURN = 5.0


@dataclass(frozen=True, slots=True)
class Batches:
    """One kind of such jobs. ``next_batch`` does a batch for a subject and says whether there is more; ``tell_parked`` tells of a
    job whose attempts never ended. ``refuse`` settles what a batch refused; without it a refusal is an error as any other."""

    kind: str
    next_batch: Callable[[Transaction, UUID], Awaitable[bool]]
    tell_parked: Callable[[Transaction, Job], Awaitable[None]]
    refuse: Callable[[Transaction, Job, InvalidInput], Awaitable[None]] | None = None
    automations: bool = True


async def do_batches(work: Work, handed_out: Job, batches: Batches) -> None:
    """Do batches until there are no more, or the turn is over; then the job is queued anew."""
    started = await jobs.start(work.database, handed_out)
    if started is None:
        return
    end = time.monotonic() + LONGEST_TURN
    is_done = False
    refused: InvalidInput | None = None
    while not is_done:
        caller = await work.callers.acting(handed_out.tenant_id, system("worker"))
        try:
            async with begin(work.database, caller, automations=batches.automations) as tx:
                job = await jobs.take(tx, started.id)
                if job is None:
                    return
                if refused is not None and batches.refuse is not None:
                    await batches.refuse(tx, job, refused)
                    return
                if job.attempts > jobs.MOST_ATTEMPTS:
                    await _park(tx, job, batches)
                    return
                has_more = await batches.next_batch(tx, job.subject_id)
                is_done = not has_more or time.monotonic() > end
                if has_more and is_done:
                    await jobs.add(tx, batches.kind, job.subject_id)
                if is_done:
                    await jobs.finish(tx, job)
        except Outdated:
            # What was refused may be otherwise under the configuration as it is by then.
            refused = None
        except InvalidInput as problem:
            if refused is not None or batches.refuse is None:
                raise
            refused = problem


async def _park(tx: Transaction, job: Job, batches: Batches) -> None:
    await jobs.park(tx, job)
    await batches.tell_parked(tx, job)
    metrics.JOBS_PARKED.labels(job.kind).inc()
