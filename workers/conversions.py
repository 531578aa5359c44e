"""Conversions of fields to other types, batch by batch, and back.

What a batch refuses, because something that depends on the field came between, gives the conversion up. Whoever may change the
configuration is told.
"""

import logging

from tenants import jobs
from tenants.conversions.running import conversion, give_up, next_batch
from tenants.jobs import Job
from tenants.notifications import notify_holders
from tenants.problems import InvalidInput
from tenants.transaction import Transaction
from workers.batches import Batches, do_batches
from workers.work import Work

RIGHT = "configuration.update"

log = logging.getLogger(__name__)


async def convert_field(work: Work, handed_out: Job) -> None:
    """Do batches of the conversion until it is over, or the turn is."""
    await do_batches(work, handed_out, _CONVERSIONS)


async def _give_up(tx: Transaction, job: Job, problem: InvalidInput) -> None:
    row = await conversion(tx, job.subject_id)
    if row is not None:
        await give_up(tx, row, problem.errors)
        data = {"key": row["field"], "reason": problem.text(tx.config.language)}
        await notify_holders(tx, RIGHT, "conversion.given_up", data)
    await jobs.add(tx, jobs.CONVERSION, job.subject_id)
    await jobs.finish(tx, job)


async def _tell_parked(tx: Transaction, job: Job) -> None:
    await notify_holders(tx, RIGHT, "conversion.parked", {"attempts": jobs.MOST_ATTEMPTS})
    log.error("Conversion %s is parked: its attempts never ended.", job.subject_id)


_CONVERSIONS = Batches(jobs.CONVERSION, next_batch, _tell_parked, _give_up, automations=False)
