"""What nothing but the passing of time asks for. Each chore may run anywhere, any time, and twice."""

from tenants.database import ENTER, Database
from tenants.idempotency import KEPT


async def forget_idempotency_keys(database: Database) -> int:
    """Delete the keys that no retry will bring any more, and say how many. They are under row security, so each tenant is
    entered for it."""
    async with database.connection() as connection:
        tenants = await (await connection.execute("SELECT id FROM tenants")).fetchall()
    forgotten = 0
    for row in tenants:
        scope = {"tenant": row["id"], "kept": KEPT}
        async with database.connection() as connection, connection.pipeline():
            await connection.execute(ENTER, scope)
            cursor = await connection.execute(
                "DELETE FROM idempotency_keys WHERE tenant_id = %(tenant)s AND created_at < now() - %(kept)s", scope
            )
            await connection.execute("SELECT 1")
        forgotten += cursor.rowcount
    return forgotten


async def forget_sessions(database: Database) -> int:
    """Delete the sessions that have run out, and say how many. Revoked ones stay until they would have."""
    async with database.connection() as connection:
        cursor = await connection.execute("DELETE FROM sessions WHERE expires_at < now()")
    return cursor.rowcount
