"""Index jobs: each makes or removes the rows of one custom field's index, batch by batch.

What a batch refuses ends the job, and takes the mark back that the field cannot have. A job that never comes to an end is parked,
and lists go on being read without the index. Whoever may change the configuration is told of either.
"""

import logging

from tenants import jobs
from tenants.config import change_sets
from tenants.config.change_sets import Change
from tenants.config.definitions import CustomField
from tenants.field_values.building import field_of, next_batch
from tenants.jobs import Job
from tenants.notifications import notify_holders
from tenants.problems import InvalidInput
from tenants.transaction import Transaction
from workers.batches import Batches, do_batches
from workers.work import Work

RIGHT = "configuration.update"

log = logging.getLogger(__name__)


async def build_field_index(work: Work, handed_out: Job) -> None:
    """Do batches of the index until it is complete, or the turn is over."""
    await do_batches(work, handed_out, _INDEXES)


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


async def _tell_parked(tx: Transaction, job: Job) -> None:
    key = await field_of(tx, job.subject_id)
    if key is not None:
        await notify_holders(tx, RIGHT, "config.index_parked", {"key": key, "attempts": jobs.MOST_ATTEMPTS})
    log.error("The index of '%s' is parked: its attempts never ended.", key)


_INDEXES = Batches(jobs.FIELD_INDEX, next_batch, _tell_parked, _take_back)
