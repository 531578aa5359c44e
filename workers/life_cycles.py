"""Migrations of running orders between versions of life cycles, batch by batch, and back."""

import logging

from tenants import jobs
from tenants.jobs import Job
from tenants.life_cycles.migrating import next_batch
from tenants.notifications import notify_holders
from tenants.transaction import Transaction
from workers.batches import Batches, do_batches
from workers.work import Work

RIGHT = "configuration.update"

log = logging.getLogger(__name__)


async def migrate_life_cycle(work: Work, handed_out: Job) -> None:
    """Do batches of the migration until it is over, or the turn is."""
    await do_batches(work, handed_out, _MIGRATIONS)


async def _tell_parked(tx: Transaction, job: Job) -> None:
    await notify_holders(tx, RIGHT, "life_cycle.migration_parked", {"attempts": jobs.MOST_ATTEMPTS})
    log.error("Migration %s is parked: its attempts never ended.", job.subject_id)


_MIGRATIONS = Batches(jobs.LIFE_CYCLE, next_batch, _tell_parked, automations=False)
