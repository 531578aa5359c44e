"""Work on the records that were there before a definition, batch by batch.

What a batch refuses ends it: a unique rule that records break already is switched off by a change set that says which values are
there twice. Whoever may change the configuration is told, also of work whose attempts never ended.
"""

import logging
from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID

from tenants import jobs
from tenants.backfills import AUTO_NUMBER, SEARCH_TEXT, UNIQUE_RULE, Backfill, forget_backfill, go_on, under_way
from tenants.config import change_sets
from tenants.config.change_sets import Change
from tenants.jobs import Job
from tenants.notifications import notify_holders
from tenants.problems import InvalidInput
from tenants.reindexing import reindex_batch
from tenants.rules.building import claim_batch
from tenants.rules.numbering_existing import number_batch
from tenants.transaction import Transaction
from workers.batches import Batches, do_batches
from workers.work import Work

RIGHT = "configuration.update"
_BATCH: dict[str, Callable[[Transaction, Backfill], Awaitable[Sequence[UUID]]]] = {
    UNIQUE_RULE: claim_batch,
    AUTO_NUMBER: number_batch,
    SEARCH_TEXT: reindex_batch,
}

log = logging.getLogger(__name__)


async def go_on_with_backfill(work: Work, handed_out: Job) -> None:
    """Do batches until all records have been looked at, or the turn is over."""
    await do_batches(work, handed_out, _BACKFILLS)


async def _next_batch(tx: Transaction, backfill_id: UUID) -> bool:
    backfill = await under_way(tx, backfill_id)
    return backfill is not None and await go_on(tx, backfill, await _BATCH[backfill.kind](tx, backfill))


async def _give_up(tx: Transaction, job: Job, problem: InvalidInput) -> None:
    backfill = await under_way(tx, job.subject_id)
    assert backfill is not None, "a batch was about it"
    error = problem.errors[0]
    definition = tx.config.rules.get(backfill.key)
    if backfill.kind == UNIQUE_RULE and definition is not None:
        off = Change("rule", backfill.key, definition, definition.model_copy(update={"enabled": False}))
        await change_sets.apply(tx, [off], error.text(tx.config.language))
    else:
        await forget_backfill(tx, backfill.kind, backfill.key)
    await notify_holders(tx, RIGHT, error.code, error.data)
    await jobs.finish(tx, job)


async def _tell_parked(tx: Transaction, job: Job) -> None:
    backfill = await under_way(tx, job.subject_id)
    if backfill is not None:
        data = {"key": backfill.key, "attempts": jobs.MOST_ATTEMPTS}
        await notify_holders(tx, RIGHT, "config.backfill_parked", data)
    log.error("Backfill %s is parked: its attempts never ended.", job.subject_id)


_BACKFILLS = Batches(jobs.BACKFILL, _next_batch, _tell_parked, _give_up, automations=False)
