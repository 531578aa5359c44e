"""Documents known by their SHA-256: registered ahead for one company or for all, or learned from a client of the company.

What was learned is the company's own, because a document may spell out its data; only the newest :data:`MOST_LEARNED` are kept.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from tenants.database import ENTER, Database

MOST_LEARNED = 500

_FIND = """
SELECT text, registered FROM documents WHERE tenant_id = %(tenant)s AND hash = %(hash)s
UNION ALL
SELECT text, TRUE FROM shared_documents WHERE hash = %(hash)s
ORDER BY 2 DESC LIMIT 1
"""
_LEARN = """
INSERT INTO documents (tenant_id, hash, text, created_at) VALUES (%(tenant)s, %(hash)s, %(text)s, now())
ON CONFLICT DO NOTHING
"""
_FORGET_OLDEST = """
DELETE FROM documents WHERE tenant_id = %(tenant)s AND NOT registered AND hash IN (
  SELECT hash FROM documents WHERE tenant_id = %(tenant)s AND NOT registered
  ORDER BY created_at DESC OFFSET %(most)s
)
"""
_REGISTER = """
INSERT INTO documents (tenant_id, hash, text, registered, created_at)
SELECT %(tenant)s, found.hash, found.text, TRUE, now()
FROM unnest(%(hashes)s::bytea[], %(texts)s::text[]) AS found(hash, text)
ON CONFLICT (tenant_id, hash) DO UPDATE SET registered = TRUE
"""
_REGISTER_FOR_ALL = """
INSERT INTO shared_documents (hash, text, created_at)
SELECT found.hash, found.text, now() FROM unnest(%(hashes)s::bytea[], %(texts)s::text[]) AS found(hash, text)
ON CONFLICT DO NOTHING
"""
_LIST = "SELECT hash, text FROM documents WHERE tenant_id = %(tenant)s AND registered ORDER BY created_at, hash"
_LIST_FOR_ALL = "SELECT hash, text FROM shared_documents ORDER BY created_at, hash"
_REMOVE = "DELETE FROM documents WHERE tenant_id = %(tenant)s AND hash = ANY(%(hashes)s::bytea[])"
_REMOVE_FOR_ALL = "DELETE FROM shared_documents WHERE hash = ANY(%(hashes)s::bytea[])"


@dataclass(frozen=True, slots=True)
class KnownDocument:
    """A document's text, and whether it was registered ahead."""

    text: str
    registered: bool


async def find(database: Database, tenant_id: UUID | None, hashed: bytes) -> KnownDocument | None:
    """The document of that hash, of the company or of all; without a company only those of all."""
    rows = await _rows(database, tenant_id, _FIND, hash=hashed)
    return KnownDocument(rows[0]["text"], rows[0]["registered"]) if rows else None


async def learn(database: Database, tenant_id: UUID, hashed: bytes, text: str) -> None:
    """Remember a document that a client of the company sent with its hash."""
    scope = {"tenant": tenant_id, "hash": hashed, "text": text, "most": MOST_LEARNED}
    async with database.connection() as connection, connection.pipeline():
        for sql in (ENTER, _LEARN, _FORGET_OLDEST):
            await connection.execute(sql, scope)


async def register(database: Database, tenant_id: UUID | None, found: dict[bytes, str]) -> None:
    """Lay down documents by their hashes, for one company or for all."""
    sql = _REGISTER_FOR_ALL if tenant_id is None else _REGISTER
    await _rows(database, tenant_id, f"{sql} RETURNING hash", hashes=list(found), texts=list(found.values()))


async def registered(database: Database, tenant_id: UUID | None) -> dict[bytes, str]:
    """The documents that were registered for one company, or for all."""
    rows = await _rows(database, tenant_id, _LIST_FOR_ALL if tenant_id is None else _LIST)
    return {bytes(row["hash"]): row["text"] for row in rows}


async def remove(database: Database, tenant_id: UUID | None, hashes: list[bytes]) -> int:
    """Take documents away from one company, or from all; how many there were. Processes forget them within a minute."""
    sql = _REMOVE_FOR_ALL if tenant_id is None else _REMOVE
    return len(await _rows(database, tenant_id, f"{sql} RETURNING hash", hashes=hashes))


async def _rows(database: Database, tenant_id: UUID | None, sql: str, **parameters: Any) -> list[dict[str, Any]]:
    """What one statement returns, in the tenant or outside of any."""
    scope = {"tenant": tenant_id, **parameters}
    async with database.connection() as connection, connection.pipeline():
        await connection.execute(ENTER, scope)
        return await (await connection.execute(sql, scope)).fetchall()
