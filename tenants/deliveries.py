"""Messages to the outside: rows that commit with their cause, and are sent afterwards, again until they went out.

The row's id goes with the message as its idempotency key (for e-mail, the Message-ID): a message that was sent just before a
crash may be sent once more, and can be recognised.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from uuid import UUID

from tenants import jobs
from tenants.jobs import Job
from tenants.messages import render
from tenants.transaction import Transaction, new_id

EMAIL = "email"
LONGEST_ERROR = 500

Send = Callable[[Mapping[str, Any]], Awaitable[None]]


async def add_delivery(
    tx: Transaction, channel: str, recipient: str, subject: str, body: str, run_id: UUID | None
) -> UUID:
    """Queue a message; it is sent after the commit."""
    delivery_id = new_id()
    await tx.insert(
        "deliveries",
        {
            "id": delivery_id,
            "channel": channel,
            "recipient": recipient,
            "subject": subject,
            "body": body,
            "status": "pending",
            "run_id": run_id,
            "created_at": tx.now,
        },
    )
    await jobs.add(tx, jobs.DELIVERY, delivery_id)
    return delivery_id


async def deliver(tx: Transaction, job: Job, send: Send) -> None:
    """Send the message of a job and mark it as sent; a failure is noted, and given up after the last attempt."""
    row = await tx.fetch_one(
        "SELECT * FROM deliveries WHERE tenant_id = %(tenant)s AND id = %(id)s FOR UPDATE", id=job.subject_id
    )
    if row is None or row["status"] != "pending":
        await jobs.finish(tx, job)
        return
    if job.attempts > jobs.MOST_ATTEMPTS:
        # Only an attempt that never came back is not yet given up by now.
        await _failed(tx, job, row["last_error"] or render("automation.worker_died", tx.config.language, {}))
        return
    try:
        await send(row)
    except Exception as error:  # noqa: BLE001  (whatever a mail server does wrong is an attempt that failed)
        await _failed(tx, job, str(error) or type(error).__name__)
        return
    await tx.execute(
        "UPDATE deliveries SET status = 'sent', sent_at = now(), attempts = %(attempts)s, last_error = ''"
        " WHERE tenant_id = %(tenant)s AND id = %(id)s",
        id=row["id"],
        attempts=job.attempts,
    )
    await jobs.finish(tx, job)


async def _failed(tx: Transaction, job: Job, reason: str) -> None:
    last = job.attempts >= jobs.MOST_ATTEMPTS
    await tx.execute(
        "UPDATE deliveries SET attempts = %(attempts)s, last_error = %(reason)s, status = %(status)s"
        " WHERE tenant_id = %(tenant)s AND id = %(id)s",
        id=job.subject_id,
        attempts=job.attempts,
        reason=reason[:LONGEST_ERROR],
        status="failed" if last else "pending",
    )
    if last:
        await jobs.park(tx, job)
