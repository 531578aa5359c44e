"""Hand-overs from one member to another, batch by batch."""

import logging

from tenants import jobs
from tenants.hand_overs import RIGHT, next_batch
from tenants.jobs import Job
from tenants.notifications import notify_holders
from tenants.transaction import Transaction
from workers.batches import Batches, do_batches
from workers.work import Work

log = logging.getLogger(__name__)


async def go_on_with_hand_over(work: Work, handed_out: Job) -> None:
    """Do batches of the hand-over until it is over, or the turn is."""
    await do_batches(work, handed_out, _HAND_OVERS)


async def _tell_parked(tx: Transaction, job: Job) -> None:
    await notify_holders(tx, RIGHT, "people.hand_over_parked", {"attempts": jobs.MOST_ATTEMPTS})
    log.error("Hand-over %s is parked: its attempts never ended.", job.subject_id)


_HAND_OVERS = Batches(jobs.HAND_OVER, next_batch, _tell_parked, automations=False)
