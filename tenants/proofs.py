"""Proofs that somebody reads an address: a secret is mailed, and whoever brings it back has read the message.

The secret is made when the message is sent, and only its SHA-256 is kept: neither the database nor a queue ever holds it. A message that
may have been sent twice has two secrets, of which the last one counts. Notices, which have no secret, are sent the same way.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from tenants.callers import token_hash
from tenants.database import Connection, Database
from tenants.problems import InvalidInput
from tenants.transaction import new_id

LONGEST_ADDRESS = 254
# How long a secret may be brought back, by its purpose; an hour where nothing is said.
LASTS = {"invitation": timedelta(days=14), "sign_up": timedelta(hours=24), "notice": timedelta(hours=24)}
AN_HOUR = timedelta(hours=1)
FIRST_PAUSE = timedelta(seconds=15)
MOST_ATTEMPTS = 8

_ASK = """
INSERT INTO proofs (id, purpose, address, language, data, expires_at)
VALUES (%(id)s, %(purpose)s, %(address)s, %(language)s, %(data)s, now() + %(lasts)s)
"""
# Who waits for a message to get in does not wait for those that strangers have sent to others.
_CLAIM = """
UPDATE proofs SET attempts = attempts + 1, token_hash = NULL,
       due_at = CASE WHEN attempts + 1 < %(most)s THEN now() + %(pause)s * power(2, attempts) END
WHERE id = (SELECT id FROM proofs WHERE due_at <= now() AND expires_at > now()
            ORDER BY purpose IN ('sign_up', 'notice'), due_at LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING id, purpose, address, language, data
"""
_FIND = """
SELECT id, address, language, data FROM proofs
WHERE token_hash = %(hash)s AND purpose = %(purpose)s AND expires_at > now()
"""
_DROP_OF_ACCOUNT = """
DELETE FROM proofs
WHERE (purpose = 'password_reset' AND address = %(address)s) OR (purpose = 'email_change' AND data ->> 'user' = %(user)s)
"""
_FORGET = "DELETE FROM proofs WHERE expires_at < now() - interval '1 day'"


@dataclass(frozen=True, slots=True)
class Proof:
    """What is proved by whoever has the secret: that they read this address. ``data`` is what was asked for with it."""

    id: UUID
    address: str
    language: str
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Message:
    """A message that is to be sent now. :func:`sealed` gives it its secret."""

    id: UUID
    purpose: str
    address: str
    language: str
    data: Mapping[str, Any]


def unknown() -> InvalidInput:
    """The refusal of a secret that is unknown, used up, or too old: which of these is not told."""
    return InvalidInput.at(("token",), "sign_in.unknown_secret")


async def ask(
    database: Database, purpose: str, address: str, language: str, data: Mapping[str, Any] | None = None
) -> UUID:
    """Have a message with a secret sent to the address; the proof's id."""
    async with database.connection() as connection:
        return await ask_within(connection, purpose, address, language, data)


async def ask_within(
    connection: Connection, purpose: str, address: str, language: str, data: Mapping[str, Any] | None = None
) -> UUID:
    """The same as part of what the connection is doing."""
    proof_id = new_id()
    values = {"id": proof_id, "purpose": purpose, "address": address, "language": language, "data": Jsonb(data or {})}
    await connection.execute(_ASK, {**values, "lasts": LASTS.get(purpose, AN_HOUR)})
    return UUID(str(proof_id))


async def claim(database: Database) -> Message | None:
    """Take one message that is due; it is due again later, until :func:`sent` says that it went out or the attempts are over."""
    async with database.connection() as connection:
        row = await (await connection.execute(_CLAIM, {"most": MOST_ATTEMPTS, "pause": FIRST_PAUSE})).fetchone()
    return Message(**row) if row else None


async def sealed(database: Database, message: Message) -> str:
    """A fresh secret for the message; from now on it is the one that counts."""
    secret = secrets.token_urlsafe(32)
    async with database.connection() as connection:
        await connection.execute(
            "UPDATE proofs SET token_hash = %(hash)s WHERE id = %(id)s", {"id": message.id, "hash": token_hash(secret)}
        )
    return secret


async def sent(database: Database, message: Message) -> None:
    """The message went out, or has nobody to go to."""
    async with database.connection() as connection:
        await connection.execute("UPDATE proofs SET due_at = NULL WHERE id = %(id)s", {"id": message.id})


async def find(database: Database, purpose: str, secret: str) -> Proof:
    """The proof that a secret gives; it stays of use. Raises :class:`InvalidInput`."""
    async with database.connection() as connection:
        row = await (await connection.execute(_FIND, {"hash": token_hash(secret), "purpose": purpose})).fetchone()
    if row is None:
        raise unknown()
    return Proof(**row)


async def use(database: Database, proof: Proof) -> None:
    """Use it up. Raises :class:`InvalidInput` where another call was first."""
    async with database.connection() as connection:
        await use_within(connection, proof)


async def use_within(connection: Connection, proof: Proof) -> None:
    """The same as part of what the connection is doing."""
    cursor = await connection.execute("DELETE FROM proofs WHERE id = %(id)s AND expires_at > now()", {"id": proof.id})
    if not cursor.rowcount:
        raise unknown()


async def drop_within(connection: Connection, proof_id: UUID) -> None:
    """Make a secret worthless that nobody shall bring back any more; a message that waits is not sent."""
    await connection.execute("DELETE FROM proofs WHERE id = %(id)s", {"id": proof_id})


async def drop_of_account(connection: Connection, user_id: UUID, address: str) -> None:
    """Make worthless what was asked for by who could sign in to an account, or read its mail, until now: new passwords and addresses."""
    await connection.execute(_DROP_OF_ACCOUNT, {"user": str(user_id), "address": address})


async def forget_old(database: Database) -> int:
    """Delete what nobody can bring back any more, and say how many."""
    async with database.connection() as connection:
        return (await connection.execute(_FORGET)).rowcount
