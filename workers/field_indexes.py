"""Index jobs: each makes or removes the rows of one custom field's index, batch by batch."""

import time

from tenants import jobs
from tenants.actors import system
from tenants.database import Outdated
from tenants.field_values.building import next_batch
from tenants.jobs import Job
from tenants.transaction import begin
from workers.work import Work

# Then the job is queued anew, so that no lease runs out and other work has its turn.
LONGEST_TURN = 5.0


async def build_field_index(work: Work, handed_out: Job) -> None:
    """Do batches of the index until it is complete, or the turn is over."""
    if await jobs.start(work.database, handed_out) is None:
        return
    end = time.monotonic() + LONGEST_TURN
    is_done = False
    while not is_done:
        caller = await work.callers.acting(handed_out.tenant_id, system("worker"))
        try:
            async with begin(work.database, caller) as tx:
                job = await jobs.take(tx, handed_out.id)
                if job is None:
                    return
                has_more = await next_batch(tx, job.subject_id)
                is_done = not has_more or time.monotonic() > end
                if has_more and is_done:
                    await jobs.add(tx, jobs.FIELD_INDEX, job.subject_id)
                if is_done:
                    await jobs.finish(tx, job)
        except Outdated:
            continue
