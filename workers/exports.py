"""Exports, written page by page."""

import logging

from tenants import jobs
from tenants.export_files import give_up, next_batch
from tenants.jobs import Job
from tenants.transaction import Transaction
from workers.batches import Batches, do_batches
from workers.work import Work

log = logging.getLogger(__name__)


async def go_on_with_export(work: Work, handed_out: Job) -> None:
    """Do pages of the export until all records are written, or the turn is over."""
    await do_batches(work, handed_out, _EXPORTS)


async def _tell_parked(tx: Transaction, job: Job) -> None:
    await give_up(tx, job)
    log.error("Export %s is parked: its attempts never ended.", job.subject_id)


_EXPORTS = Batches(jobs.EXPORT, next_batch, _tell_parked, automations=False)
