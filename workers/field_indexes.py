"""Index jobs: each makes or removes the rows of one custom field's index, batch by batch.

What a batch refuses ends the job, and takes the mark back that the field cannot have. A job that never comes to an end is parked,
and lists go on being read without the index. Whoever may change the configuration is told of either.
"""

import logging
import time

from tenants import jobs
from tenants.actors import system
from tenants.config import change_sets
from tenants.config.change_sets import Change
from tenants.config.definitions import CustomField
from tenants.database import Outdated
from tenants.field_values.building import field_of, next_batch
from tenants.jobs import Job
from tenants.notifications import notify_holders
from tenants.problems import InvalidInput
from tenants.transaction import Transaction, begin
from workers import metrics
from workers.work import Work

# Then the job is queued anew, so that no lease runs out and other work has its turn.
LONGEST_TURN = 5.0
RIGHT = "configuration.update"

log = logging.getLogger(__name__)


async def build_field_index(work: Work, handed_out: Job) -> None:
    """Do batches of the index until it is complete, or the turn is over."""
    started = await jobs.start(work.database, handed_out)
    if started is None:
        return
    end = time.monotonic() + LONGEST_TURN
    is_done = False
    refused: InvalidInput | None = None
    while not is_done:
        caller = await work.callers.acting(handed_out.tenant_id, system("worker"))
        try:
            async with begin(work.database, caller) as tx:
                job = await jobs.take(tx, started.id)
                if job is None:
                    return
                if refused is not None or job.attempts > jobs.MOST_ATTEMPTS:
                    await (_park(tx, job) if refused is None else _take_back(tx, job, refused))
                    return
                has_more = await next_batch(tx, job.subject_id)
                is_done = not has_more or time.monotonic() > end
                if has_more and is_done:
                    await jobs.add(tx, jobs.FIELD_INDEX, job.subject_id)
                if is_done:
                    await jobs.finish(tx, job)
        except Outdated:
            # What was refused may be otherwise under the configuration as it is by then.
            refused = None
        except InvalidInput as problem:
            if refused is not None:
                raise
            refused = problem


async def _take_back(tx: Transaction, job: Job, problem: InvalidInput) -> None:
    """The field is not unique after all: a change set of its own says so, and why."""
    (error,) = problem.errors
    key = str(error.path[1])
    definition = tx.config.definitions["field"][key]
    assert isinstance(definition, CustomField), "a batch was about it"
    change = Change("field", key, definition, definition.model_copy(update={"unique": False}))
    await change_sets.apply(tx, [change], error.text(tx.config.language))
    await notify_holders(tx, RIGHT, error.code, error.data)
    await jobs.finish(tx, job)


async def _park(tx: Transaction, job: Job) -> None:
    key = await field_of(tx, job.subject_id)
    await jobs.park(tx, job)
    if key is not None:
        await notify_holders(tx, RIGHT, "config.index_parked", {"key": key, "attempts": jobs.MOST_ATTEMPTS})
    metrics.JOBS_PARKED.labels(job.kind).inc()
    log.error("The index of '%s' is parked: its attempts never ended.", key)
