"""Work on the records that were there before a definition: done in batches by a job, each of which tells how far it has come.

A batch holds up no more than the records that it is about. What is saved meanwhile follows the definition by itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from tenants import jobs
from tenants.transaction import Transaction, new_id

# What there is to do: claims of a unique rule, automatic numbers of a field, search texts of a record type or of those with a field.
UNIQUE_RULE, AUTO_NUMBER, SEARCH_TEXT = "unique_rule", "auto_number", "search_text"
RUNNING, DONE = "running", "done"


@dataclass(frozen=True, slots=True)
class Backfill:
    """What is done for a definition, by its ``key`` in the document; ``through`` is the last record that was looked at."""

    id: UUID
    kind: str
    key: str
    state: str
    through: UUID | None
    total: int
    done: int


@dataclass(frozen=True, slots=True)
class Progress:
    """How many records of how many are ``done``."""

    kind: str
    key: str
    is_running: bool
    total: int
    done: int


async def begin_backfill(tx: Transaction, kind: str, key: str, total: int) -> None:
    """Begin from the first record, whatever was done before; a job goes on with it after the commit."""
    row = await tx.fetch_one(
        "INSERT INTO backfills (tenant_id, id, kind, key, state, total)"
        " VALUES (%(tenant)s, %(id)s, %(kind)s, %(key)s, 'running', %(total)s)"
        " ON CONFLICT (tenant_id, kind, key) DO UPDATE"
        " SET state = 'running', through = NULL, total = excluded.total, done = 0 RETURNING id",
        id=new_id(),
        kind=kind,
        key=key,
        total=total,
    )
    assert row is not None
    await jobs.add(tx, jobs.BACKFILL, row["id"])


async def forget_backfill(tx: Transaction, kind: str, key: str) -> None:
    """There is nothing to do any more; a job that is under way finds that out."""
    await tx.execute(
        "DELETE FROM backfills WHERE tenant_id = %(tenant)s AND kind = %(kind)s AND key = %(key)s", kind=kind, key=key
    )


async def under_way(tx: Transaction, backfill_id: UUID) -> Backfill | None:
    """The work, locked until the transaction ends; None when it is over."""
    row = await tx.fetch_one(
        "SELECT id, kind, key, state, through, total, done FROM backfills"
        " WHERE tenant_id = %(tenant)s AND id = %(id)s AND state = 'running' FOR UPDATE",
        id=backfill_id,
    )
    return Backfill(**row) if row else None


async def go_on(tx: Transaction, backfill: Backfill, seen: Sequence[UUID]) -> bool:
    """Note the records that a batch has looked at, in their order; whether there may be more."""
    row = {
        "id": backfill.id,
        "state": RUNNING if seen else DONE,
        "through": seen[-1] if seen else backfill.through,
        "done": backfill.done + len(seen),
    }
    await tx.update("backfills", ("state", "through", "done"), row)
    return bool(seen)


async def progress(tx: Transaction) -> list[Progress]:
    """How far all such work has come, that of field indexes among it. Raises :class:`NotAllowed` (configuration.read)."""
    tx.access.require("configuration.read")
    rows = await tx.fetch_all(
        "SELECT kind, key, state = 'running' AS is_running, total, done FROM backfills WHERE tenant_id = %(tenant)s"
        " UNION ALL SELECT 'field_index', field, state <> 'ready', total, done FROM field_indexes"
        " WHERE tenant_id = %(tenant)s ORDER BY kind, key"
    )
    return [Progress(**row) for row in rows]
