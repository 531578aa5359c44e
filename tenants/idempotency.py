"""Idempotency keys: a repeated call returns the first answer instead of doing the work again.

The key is written in the transaction of the work, scoped to tenant and actor, with a hash of the request. Two equal calls at
once meet on the key's row: the second waits for the first, and then finds its answer.
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID

from tenants.problems import Conflict, InvalidInput
from tenants.transaction import Transaction

KEPT = timedelta(hours=24)
NOBODY = UUID(int=0)
LONGEST_KEY = 200


async def once(tx: Transaction, key: str, request_hash: bytes, work: Callable[[], Awaitable[UUID]]) -> UUID:
    """The id that ``work`` returned the first time. Raises :class:`Conflict` for a key used with another request."""
    if not 1 <= len(key) <= LONGEST_KEY:
        raise InvalidInput.at(("idempotencyKey",), "value.too_long", length=len(key), longest=LONGEST_KEY)
    actor = tx.actor.id or NOBODY
    inserted = await tx.fetch_one(
        "INSERT INTO idempotency_keys (tenant_id, actor_id, key, request_hash, created_at)"
        " VALUES (%(tenant)s, %(actor)s, %(key)s, %(hash)s, %(now)s) ON CONFLICT DO NOTHING RETURNING key",
        actor=actor,
        key=key,
        hash=request_hash,
        now=tx.now,
    )
    if inserted is None:
        return await _first_answer(tx, actor, key, request_hash)
    result = await work()
    await tx.execute(
        "UPDATE idempotency_keys SET result = %(result)s"
        " WHERE tenant_id = %(tenant)s AND actor_id = %(actor)s AND key = %(key)s",
        result={"id": str(result)},
        actor=actor,
        key=key,
    )
    return result


async def _first_answer(tx: Transaction, actor: UUID, key: str, request_hash: bytes) -> UUID:
    row = await tx.fetch_one(
        "SELECT request_hash, result FROM idempotency_keys"
        " WHERE tenant_id = %(tenant)s AND actor_id = %(actor)s AND key = %(key)s",
        actor=actor,
        key=key,
    )
    if row is None or row["result"] is None:
        raise Conflict("busy")
    if row["request_hash"] != request_hash:
        raise Conflict("idempotency_key_reused", key=key)
    return UUID(row["result"]["id"])
