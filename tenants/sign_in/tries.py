"""How often something may be tried: guessing must not be cheap, from whichever of the instance's processes it is done.

Tries are counted in PostgreSQL before they are judged. A bucket is what they are counted for: an account's address for whoever has
never signed in to it, and a device from which its owner has; so nobody can use up the tries of the owner.
RELIABILITY A1: at most :data:`MOST` tries of an account are judged in :data:`MINUTES` minutes.
"""

import hashlib
from math import ceil

from tenants.database import Database
from tenants.problems import LimitExceeded
from tenants.wire import rows, statement

MOST = 10
MINUTES = 15

# Held until the try is written, so that many at once are counted one after another.
_LOCK = statement("SELECT pg_advisory_xact_lock(hashtextextended(encode(%(bucket)s::bytea, 'hex'), 0))")
_TRY = statement("""
WITH recent AS (SELECT tried_at FROM sign_in_tries
                WHERE bucket = %(bucket)s AND tried_at > now() - make_interval(mins => %(minutes)s::integer)),
     counted AS (INSERT INTO sign_in_tries (bucket)
                 SELECT %(bucket)s WHERE (SELECT count(*) FROM recent) < %(most)s RETURNING 1)
SELECT EXISTS (SELECT 1 FROM counted) AS allowed,
       extract(epoch FROM (SELECT min(tried_at) FROM recent) + make_interval(mins => %(minutes)s::integer) - now())::float8 AS wait
""")
_FORGET = statement("DELETE FROM sign_in_tries WHERE bucket = %(bucket)s")


def bucket_of(kind: str, name: str | bytes) -> bytes:
    """The bucket for tries of a kind at what is named so."""
    said = name if isinstance(name, bytes) else name.encode()
    return hashlib.sha256(kind.encode() + b":" + said).digest()


async def count(database: Database, bucket: bytes, *, most: int = MOST, minutes: int = MINUTES) -> float:
    """Count a try, and return 0; or, where the bucket is full, count nothing and return the seconds until there is room."""
    scope = {"bucket": bucket, "most": most, "minutes": minutes}
    async with database.connection() as connection:
        _, found = await connection.exchange((_LOCK, scope), (_TRY, scope))
        (row,) = rows(connection, found)
    return 0.0 if row["allowed"] else max(1.0, row["wait"])


async def require(database: Database, bucket: bytes) -> None:
    """Count a try. Raises :class:`LimitExceeded` where there have been too many."""
    wait = await count(database, bucket)
    if wait:
        raise LimitExceeded("limit.sign_in", minutes=max(1, ceil(wait / 60)))


async def forget(database: Database, bucket: bytes) -> None:
    """Empty the bucket: its owner was there."""
    async with database.connection() as connection:
        await connection.exchange((_FORGET, {"bucket": bucket}))
