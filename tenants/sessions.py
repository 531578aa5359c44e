"""Which tokens are those of sessions that hold, asked for many at once."""

from collections.abc import Collection
from uuid import UUID

from tenants.database import Database

_VALID = """
SELECT s.token_hash FROM sessions s
WHERE s.tenant_id = %(tenant)s AND s.token_hash = ANY(%(hashes)s) AND s.revoked_at IS NULL AND s.expires_at > now()
"""
_OPEN = """
SELECT s.token_hash FROM sessions s
WHERE s.token_hash = ANY(%(hashes)s) AND s.revoked_at IS NULL AND s.expires_at > now()
"""


async def valid_sessions(database: Database, tenant_id: UUID, hashes: Collection[bytes]) -> set[bytes]:
    """Those of the tenant's token hashes whose session holds and whose member may sign in."""
    async with database.connection() as connection:
        cursor = await connection.execute(_VALID, {"tenant": tenant_id, "hashes": list(hashes)})
        rows = await cursor.fetchall()
    return {bytes(row["token_hash"]) for row in rows}


async def open_sessions(database: Database, hashes: Collection[bytes]) -> set[bytes]:
    """Those of the token hashes, of whatever tenants, whose session holds."""
    async with database.connection() as connection:
        cursor = await connection.execute(_OPEN, {"hashes": list(hashes)})
        rows = await cursor.fetchall()
    return {bytes(row["token_hash"]) for row in rows}
