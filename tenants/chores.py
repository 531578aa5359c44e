"""What nothing but the passing of time asks for. Each chore may run anywhere, any time, and twice."""

from typing import Any

from tenants.database import ENTER, Database
from tenants.files.hanging import FORGET, KEPT_LOOSE
from tenants.idempotency import KEPT

_FORGET_KEYS = "DELETE FROM idempotency_keys WHERE tenant_id = %(tenant)s AND created_at < now() - %(kept)s"


async def forget_idempotency_keys(database: Database) -> int:
    """Delete the keys that no retry will bring any more, and say how many."""
    return await _in_each_tenant(database, _FORGET_KEYS, kept=KEPT)


async def forget_files(database: Database) -> int:
    """Delete the files that nothing has pointed at for a day, and those that never arrived whole, and say how many."""
    return await _in_each_tenant(database, FORGET, kept=KEPT_LOOSE)


async def _in_each_tenant(database: Database, sql: str, **parameters: Any) -> int:
    """How many rows the statement touches: they are under row security, so each tenant is entered for it."""
    async with database.connection() as connection:
        tenants = await (await connection.execute("SELECT id FROM tenants WHERE NOT canary")).fetchall()
    touched = 0
    for row in tenants:
        scope = {"tenant": row["id"], **parameters}
        async with database.connection() as connection, connection.pipeline():
            await connection.execute(ENTER, scope)
            cursor = await connection.execute(sql, scope)
            await connection.execute("SELECT 1")
        touched += cursor.rowcount
    return touched


async def forget_tries(database: Database) -> int:
    """Delete the tries to sign in that count no more, and say how many."""
    async with database.connection() as connection:
        cursor = await connection.execute("DELETE FROM sign_in_tries WHERE tried_at < now() - interval '2 hours'")
    return cursor.rowcount


async def forget_sessions(database: Database) -> int:
    """Delete the sessions that have run out, and say how many. Revoked ones stay until they would have."""
    async with database.connection() as connection:
        cursor = await connection.execute("DELETE FROM sessions WHERE expires_at < now()")
    return cursor.rowcount
