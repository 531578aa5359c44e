"""Delivery jobs: each is one message to the outside."""

import asyncio

from tenants import deliveries, jobs
from tenants.actors import system
from tenants.database import Outdated
from tenants.jobs import Job
from tenants.transaction import begin
from workers.work import Work

# Below the database's limit for a transaction that waits, so that a mail server which drips cannot break the mark of what
# went out.
LONGEST_DELIVERY = 20.0
MOST_TRIES = 5


async def send_delivery(work: Work, handed_out: Job) -> None:
    """Do the delivery job, unless it is done, begun, or handed out anew."""
    if await jobs.start(work.database, handed_out) is None:
        return
    async with asyncio.timeout(LONGEST_DELIVERY):
        for _ in range(MOST_TRIES):
            caller = await work.callers.acting(handed_out.tenant_id, system("worker"))
            try:
                async with begin(work.database, caller) as tx:
                    # An outdated caller is found here, before anything is sent.
                    job = await jobs.take(tx, handed_out.id)
                    if job is not None:
                        await deliveries.deliver(tx, job, work.send)
            except Outdated:
                continue
            return
