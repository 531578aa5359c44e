"""The queue of record: what must happen later, as rows that commit with what caused them.

Redis only wakes workers up. A job stays here until the transaction that does its work deletes it, so an effect in the
database and the end of its job are one commit, and a lost message costs a delay and nothing else.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from tenants.database import Database
from tenants.transaction import Transaction, new_id

AUTOMATION, DELIVERY, FIELD_INDEX = "automation", "delivery", "field_index"
LIFE_CYCLE, DRAFT = "life_cycle", "configuration_draft"
CONVERSION = "conversion"
BACKFILL = "backfill"
HAND_OVER = "hand_over"
EXPORT = "export"

# A job that is not done this long after it was handed out is handed out again, later after each attempt.
FIRST_LEASE = timedelta(seconds=10)
LONGEST_LEASE = timedelta(minutes=10)
MOST_ATTEMPTS = 8
# Work inside the database either ends or takes its worker with it: after so many attempts without an end, it is poison.
MOST_DEATHS = 3


@dataclass(frozen=True, slots=True)
class Job:
    """One piece of work: ``subject_id`` is the run or the delivery it is about, ``attempts`` how often it was begun.

    ``due_at`` is the end of the lease under which it was handed out, and the number by which the hand-out is known.
    """

    id: UUID
    tenant_id: UUID
    kind: str
    subject_id: UUID
    attempts: int
    due_at: datetime


async def add(tx: Transaction, kind: str, subject_id: UUID, due_at: datetime | None = None) -> UUID:
    """Queue a job that becomes due when the transaction commits, or later at ``due_at``; its id."""
    job_id = new_id()
    # PostgreSQL reads "now" as the moment at which its transaction began: the clock that the relay goes by.
    await tx.insert("jobs", {"id": job_id, "kind": kind, "subject_id": subject_id, "due_at": due_at or "now"})
    tx.jobs.append(job_id)
    return job_id


async def cancel(tx: Transaction, job_id: UUID) -> None:
    """Take back a job that shall not be done; waits for a worker that is doing it."""
    await tx.execute("DELETE FROM jobs WHERE id = %(id)s", id=job_id)


# SKIP LOCKED lets any number of relays share the queue. The tenants take turns, so that one with thousands of due jobs
# does not make the others wait behind them.
_CLAIM = """
UPDATE jobs SET due_at = now() + least(%(lease)s * power(2, attempts), %(longest)s)
WHERE id IN (SELECT id FROM jobs JOIN (
               SELECT id, row_number() OVER (PARTITION BY tenant_id ORDER BY due_at) AS turn
               FROM (SELECT id, tenant_id, due_at FROM jobs WHERE due_at <= now() AND parked_at IS NULL
                     ORDER BY due_at LIMIT %(window)s) due) turns USING (id)
             WHERE due_at <= now() AND parked_at IS NULL
             ORDER BY turn, due_at LIMIT %(most)s FOR UPDATE OF jobs SKIP LOCKED)
RETURNING id, tenant_id, kind, subject_id, attempts, due_at
"""
CLAIM_WINDOW = 5_000


async def claim(database: Database, most: int = 200) -> list[Job]:
    """Take due jobs of all tenants and lease them, so that no other relay hands them out at the same time."""
    parameters = {"most": most, "window": CLAIM_WINDOW, "lease": FIRST_LEASE, "longest": LONGEST_LEASE}
    async with database.connection() as connection:
        cursor = await connection.execute(_CLAIM, parameters)
        return sorted((Job(**row) for row in await cursor.fetchall()), key=lambda job: job.id)


async def release(database: Database, job_ids: Collection[UUID]) -> None:
    """Make claimed jobs due again at once: they could not be handed out."""
    async with database.connection() as connection:
        await connection.execute("UPDATE jobs SET due_at = now() WHERE id = ANY(%(ids)s)", {"ids": list(job_ids)})


# Moving the end of the lease makes every other message of the same hand-out void.
_START = """
UPDATE jobs SET attempts = attempts + 1, due_at = now() + least(%(lease)s * power(2, attempts), %(longest)s)
WHERE id = (SELECT id FROM jobs WHERE id = %(id)s AND tenant_id = %(tenant)s AND due_at = %(due_at)s AND parked_at IS NULL
            FOR UPDATE SKIP LOCKED)
RETURNING id, tenant_id, kind, subject_id, attempts, due_at
"""


async def start(database: Database, job: Job) -> Job | None:
    """Count an attempt before it is made, in a commit of its own, so that one that kills its worker has been counted.

    ``job`` is as it was handed out; each hand-out allows one attempt. None when the job is done, handed out anew, or begun
    already. Waiting in a queue is no attempt.
    """
    parameters = {"id": job.id, "tenant": job.tenant_id, "due_at": job.due_at}
    parameters |= {"lease": FIRST_LEASE, "longest": LONGEST_LEASE}
    async with database.connection() as connection:
        row = await (await connection.execute(_START, parameters)).fetchone()
    return Job(**row) if row else None


async def take(tx: Transaction, job_id: UUID) -> Job | None:
    """Lock a job for the rest of the transaction; None when it is done already or another worker holds it."""
    row = await tx.fetch_one(
        "SELECT id, tenant_id, kind, subject_id, attempts, due_at FROM jobs WHERE id = %(id)s AND tenant_id = %(tenant)s"
        " AND parked_at IS NULL FOR UPDATE SKIP LOCKED",
        id=job_id,
    )
    return Job(**row) if row else None


async def finish(tx: Transaction, job: Job) -> None:
    """The job is done, in the same commit as its work."""
    await tx.execute("DELETE FROM jobs WHERE id = %(id)s", id=job.id)


async def park(tx: Transaction, job: Job) -> None:
    """Give the job up; it stays for the operator to see."""
    await tx.execute("UPDATE jobs SET parked_at = now() WHERE id = %(id)s", id=job.id)


_LOOK = """
SELECT count(*) FILTER (WHERE parked_at IS NULL AND due_at <= now()) AS due,
       count(*) FILTER (WHERE parked_at IS NULL AND due_at > now()) AS leased,
       count(*) FILTER (WHERE parked_at IS NOT NULL) AS parked,
       coalesce(extract(epoch FROM now() - min(due_at) FILTER (WHERE parked_at IS NULL AND due_at <= now())), 0)::float8
         AS overdue
FROM jobs
"""


async def look(database: Database) -> dict[str, float]:
    """How many jobs are ``due``, ``leased`` (or for a later time) and ``parked``, and for how many seconds the first due one is ``overdue``."""
    async with database.connection() as connection:
        row = await (await connection.execute(_LOOK)).fetchone()
    assert row is not None
    return row
