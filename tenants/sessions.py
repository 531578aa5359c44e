"""Sessions that somebody holds open: whether they still may."""

from collections.abc import Collection
from uuid import UUID

from tenants.database import ENTER, Database

_VALID = """
SELECT s.token_hash FROM sessions s
JOIN members m ON m.tenant_id = s.tenant_id AND m.id = s.member_id AND m.active
WHERE s.tenant_id = %(tenant)s AND s.token_hash = ANY(%(hashes)s) AND s.revoked_at IS NULL AND s.expires_at > now()
"""


async def valid_sessions(database: Database, tenant_id: UUID, hashes: Collection[bytes]) -> set[bytes]:
    """Those of the tenant's token hashes whose session holds and whose member may sign in."""
    scope = {"tenant": tenant_id, "hashes": list(hashes)}
    async with database.connection() as connection, connection.pipeline():
        await connection.execute(ENTER, scope)
        rows = await (await connection.execute(_VALID, scope)).fetchall()
    return {bytes(row["token_hash"]) for row in rows}
