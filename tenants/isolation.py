"""Proofs of isolation, as they are kept: made of the instance as a whole, and told to every company and the operator.

A finding is the code of a sentence and its data. It names operations, tables and kinds of records, never a company or what it has.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from tenants.database import Database
from tenants.messages import render
from tenants.problems import InvalidInput
from tenants.transaction import Transaction, new_id

Row = dict[str, Any]
# How many are kept.
KEPT = 30
# A proof that takes longer has died, and the next may begin.
LONGEST = timedelta(hours=3)
# An instance proves nothing before its first company is so old: there is nobody yet to whom it would matter.
FIRST_AFTER = timedelta(hours=1)

# What each proof tries, and what none does: a claim without its limits is worth nothing.
TRIED = ("isolation.tries_ids", "isolation.tries_reading", "isolation.tries_catalog")
NOT_TRIED = (
    "isolation.not_files",
    "isolation.not_live",
    "isolation.not_processes",
    "isolation.not_operators",
    "isolation.not_timing",
)

_FORGET = "DELETE FROM isolation_proofs WHERE ended_at IS NULL AND started_at < now() - %(longest)s"
_BEGIN = """
INSERT INTO isolation_proofs (id, started_at, version, schema_hash) VALUES (%(id)s, now(), %(version)s, %(schema)s)
ON CONFLICT DO NOTHING RETURNING id
"""
_END = """
UPDATE isolation_proofs SET ended_at = now(), counts = %(counts)s, findings = %(findings)s WHERE id = %(id)s
"""
_KEEP = """
DELETE FROM isolation_proofs WHERE ended_at IS NOT NULL
AND id NOT IN (SELECT id FROM isolation_proofs WHERE ended_at IS NOT NULL ORDER BY started_at DESC LIMIT %(kept)s)
"""
_LIST = """
SELECT id, started_at, ended_at, version, schema_hash, counts, findings FROM isolation_proofs
WHERE ended_at IS NOT NULL ORDER BY started_at DESC, id DESC LIMIT %(most)s
"""
_DUE = """
SELECT coalesce((SELECT max(started_at) FROM isolation_proofs) < now() - %(every)s,
                (SELECT min(created_at) FROM tenants) < now() - %(first)s, false) AS due
"""
_LATEST = """
SELECT extract(epoch FROM ended_at)::double precision AS at, jsonb_array_length(findings) AS findings FROM isolation_proofs
WHERE ended_at IS NOT NULL ORDER BY started_at DESC LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class Proof:
    """One proof that has ended. ``counts`` are its numbers by name, ``findings`` what it found: each a code and its data."""

    id: UUID
    started_at: datetime
    ended_at: datetime
    version: str
    schema_hash: str
    counts: Mapping[str, int]
    findings: Sequence[Row]

    @property
    def seconds(self) -> float:
        """How long it took."""
        return (self.ended_at - self.started_at).total_seconds()

    def sentences(self, language: str) -> list[str]:
        """The findings as people read them."""
        return [render(finding["code"], language, finding["data"]) for finding in self.findings]


async def begin_proof(database: Database, version: str, schema_hash: str) -> UUID | None:
    """Note that a proof begins: its id, or None while another is under way."""
    async with database.connection() as connection, connection.transaction():
        await connection.execute(_FORGET, {"longest": LONGEST})
        cursor = await connection.execute(_BEGIN, {"id": new_id(), "version": version, "schema": schema_hash})
        row = await cursor.fetchone()
    return UUID(str(row["id"])) if row else None


async def end_proof(database: Database, proof_id: UUID, counts: Mapping[str, int], findings: Sequence[Row]) -> None:
    """Keep what the proof has found, and forget the oldest beyond :data:`KEPT`."""
    scope = {"id": proof_id, "counts": Jsonb(dict(counts)), "findings": Jsonb(list(findings))}
    async with database.connection() as connection, connection.transaction():
        await connection.execute(_END, scope)
        await connection.execute(_KEEP, {"kept": KEPT})


async def give_up(database: Database, proof_id: UUID) -> None:
    """Forget a proof that could not be made to its end."""
    async with database.connection() as connection:
        await connection.execute(
            "DELETE FROM isolation_proofs WHERE id = %(id)s AND ended_at IS NULL", {"id": proof_id}
        )


async def proofs(database: Database, most: int = KEPT) -> list[Proof]:
    """Those that have ended, the newest first."""
    async with database.connection() as connection:
        rows = await (await connection.execute(_LIST, {"most": most})).fetchall()
    return [Proof(**row) for row in rows]


async def told(tx: Transaction, most: int) -> list[Proof]:
    """The same for a member or key of whatever company. Raises :class:`NotAllowed` (audit.read), and :class:`InvalidInput` (``first``) for
    more than are kept."""
    tx.access.require("audit.read")
    if not 0 <= most <= KEPT:
        raise InvalidInput.at(("first",), "value.too_many", count=most, most=KEPT)
    return [Proof(**row) for row in await tx.fetch_all(_LIST, most=most)]


async def is_due(database: Database, every: timedelta) -> bool:
    """Whether the last one began so long ago, or there was none and the instance is in use."""
    async with database.connection() as connection:
        row = await (await connection.execute(_DUE, {"every": every, "first": FIRST_AFTER})).fetchone()
    return bool(row and row["due"])


async def latest(database: Database) -> Row | None:
    """When the last one ended, in seconds since 1970 (``at``), and how many ``findings`` it had. Raises psycopg's errors."""
    async with database.connection() as connection:
        return await (await connection.execute(_LATEST)).fetchone()
