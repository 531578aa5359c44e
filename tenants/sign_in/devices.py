"""Known devices: whoever has signed in from one is not kept out by others who guess the password.

The device keeps a random token; only its SHA-256 is kept here. It opens nothing: it says in which bucket tries are counted.
"""

import secrets
from datetime import timedelta
from uuid import UUID

from tenants.callers import token_hash
from tenants.database import Database

LASTS = timedelta(days=180)
MOST = 20

_INSERT = """
WITH oldest AS (DELETE FROM devices WHERE token_hash IN
                (SELECT token_hash FROM devices WHERE user_id = %(user)s ORDER BY expires_at DESC OFFSET %(most)s - 1))
INSERT INTO devices (user_id, token_hash, expires_at) VALUES (%(user)s, %(hash)s, now() + %(lasts)s)
"""


async def remember(database: Database, user_id: UUID) -> str:
    """A token for a device from which this person has just signed in; the oldest beyond :data:`MOST` are forgotten."""
    token = secrets.token_urlsafe(32)
    async with database.connection() as connection:
        await connection.execute(_INSERT, {"user": user_id, "hash": token_hash(token), "lasts": LASTS, "most": MOST})
    return token


async def forget_all(database: Database, user_id: UUID) -> None:
    """No device of this person is known any more."""
    async with database.connection() as connection:
        await connection.execute("DELETE FROM devices WHERE user_id = %(user)s", {"user": user_id})
