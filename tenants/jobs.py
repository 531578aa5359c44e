"""The queue of record: what must happen later, as rows that commit with what caused them.

Redis only wakes workers up. A job stays here until the transaction that does its work deletes it, so an effect in the
database and the end of its job are one commit, and a lost message costs a delay and nothing else.
"""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from tenants.database import Database
from tenants.transaction import Transaction, new_id

AUTOMATION, DELIVERY = "automation", "delivery"

# A job that is not done this long after it was handed out is handed out again, later each time.
FIRST_LEASE = timedelta(seconds=10)
LONGEST_LEASE = timedelta(minutes=10)
MOST_ATTEMPTS = 8


@dataclass(frozen=True, slots=True)
class Job:
    """One piece of work: ``subject_id`` is the run or the delivery it is about, ``attempts`` how often it was handed out."""

    id: UUID
    tenant_id: UUID
    kind: str
    subject_id: UUID
    attempts: int


async def add(tx: Transaction, kind: str, subject_id: UUID) -> None:
    """Queue a job that becomes due when the transaction commits."""
    job_id = new_id()
    await tx.execute(
        "INSERT INTO jobs (id, tenant_id, kind, subject_id, due_at) VALUES (%(id)s, %(tenant)s, %(kind)s, %(subject)s, now())",
        id=job_id,
        kind=kind,
        subject=subject_id,
    )
    tx.jobs.append(job_id)


# SKIP LOCKED lets any number of relays share the queue; the lease doubles with each attempt.
_CLAIM = """
UPDATE jobs SET attempts = attempts + 1,
                due_at = now() + least(%(lease)s * power(2, attempts), %(longest)s)
WHERE id IN (SELECT id FROM jobs WHERE due_at <= now() AND parked_at IS NULL
             ORDER BY due_at LIMIT %(most)s FOR UPDATE SKIP LOCKED)
RETURNING id, tenant_id, kind, subject_id, attempts
"""


async def claim(database: Database, most: int = 200) -> list[Job]:
    """Take due jobs of all tenants and lease them, so that no other relay hands them out at the same time."""
    async with database.connection() as connection:
        cursor = await connection.execute(_CLAIM, {"most": most, "lease": FIRST_LEASE, "longest": LONGEST_LEASE})
        return [Job(**row) for row in await cursor.fetchall()]


async def take(tx: Transaction, job_id: UUID) -> Job | None:
    """Lock a job for the rest of the transaction; None when it is done already or another worker holds it."""
    row = await tx.fetch_one(
        "SELECT id, tenant_id, kind, subject_id, attempts FROM jobs WHERE id = %(id)s AND tenant_id = %(tenant)s"
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
