"""Migrations of running orders between versions of life cycles, batch by batch, and back."""

import logging
import time

from tenants import jobs
from tenants.actors import system
from tenants.database import Outdated
from tenants.jobs import Job
from tenants.life_cycles.migrating import next_batch
from tenants.notifications import notify_holders
from tenants.transaction import Transaction, begin
from workers import metrics
from workers.work import Work

# Then the job is queued anew, so that no lease runs out and other work has its turn.
LONGEST_TURN = 5.0
RIGHT = "configuration.update"

log = logging.getLogger(__name__)


async def migrate_life_cycle(work: Work, handed_out: Job) -> None:
    """Do batches of the migration until it is over, or the turn is."""
    started = await jobs.start(work.database, handed_out)
    if started is None:
        return
    end = time.monotonic() + LONGEST_TURN
    is_done = False
    while not is_done:
        caller = await work.callers.acting(handed_out.tenant_id, system("worker"))
        try:
            async with begin(work.database, caller, automations=False) as tx:
                job = await jobs.take(tx, started.id)
                if job is None:
                    return
                if job.attempts > jobs.MOST_ATTEMPTS:
                    await _park(tx, job)
                    return
                has_more = await next_batch(tx, job.subject_id)
                is_done = not has_more or time.monotonic() > end
                if has_more and is_done:
                    await jobs.add(tx, jobs.LIFE_CYCLE, job.subject_id)
                if is_done:
                    await jobs.finish(tx, job)
        except Outdated:
            # The next batch is done under the configuration as it is by then.
            continue


async def _park(tx: Transaction, job: Job) -> None:
    await jobs.park(tx, job)
    await notify_holders(tx, RIGHT, "life_cycle.migration_parked", {"attempts": jobs.MOST_ATTEMPTS})
    metrics.JOBS_PARKED.labels(job.kind).inc()
    log.error("Migration %s is parked: its attempts never ended.", job.subject_id)
