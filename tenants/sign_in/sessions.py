"""Sessions: opened for a member, used, listed and ended. A token is random; only its SHA-256 is kept.

A session ends :data:`LENGTH` after it began, and earlier when it was not used for :data:`IDLE`: ``expires_at`` is the earlier of the two,
so that every call asks for one thing only. Its last use is written down every few minutes, not with each call.
"""

import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from tenants.actors import MEMBER, Actor
from tenants.audit_log import About, record, record_within
from tenants.callers import token_hash
from tenants.database import ENTER, Caller, Connection, Database
from tenants.problems import NotFound
from tenants.transaction import Transaction

LENGTH = timedelta(days=14)
IDLE = timedelta(days=5)
TOKEN_PREFIX = "ol_"  # noqa: S105  (a prefix that lets secret scanners recognise our tokens)
LONGEST_USER_AGENT = 200
MOST_SHOWN = 200

Row = dict[str, Any]

_HOLDS = "s.revoked_at IS NULL AND s.expires_at > now()"
_VALID = f"SELECT s.token_hash FROM sessions s WHERE s.tenant_id = %(tenant)s AND s.token_hash = ANY(%(hashes)s) AND {_HOLDS}"  # noqa: S608  (SQL of ours; values are parameters)
_OPEN = f"SELECT s.token_hash FROM sessions s WHERE s.token_hash = ANY(%(hashes)s) AND {_HOLDS}"  # noqa: S608  (SQL of ours; values are parameters)
_INSERT = """
INSERT INTO sessions (token_hash, tenant_id, member_id, created_at, expires_at, user_agent, address, second_factor, provider_id,
                      provider_session)
VALUES (%(hash)s, %(tenant)s, %(member)s, now(), now() + %(idle)s, %(user_agent)s, %(address)s, %(second_factor)s, %(provider)s,
        %(provider_session)s)
"""
# Nobody writes a session's row more often than every tenth minute because of its use, and that of a key more often than every minute.
# A key ends when it was made to, used or not; one that was never used was last used when it was made.
_USED = """
UPDATE sessions s SET last_used_at = now(), expires_at = CASE WHEN s.key_id IS NULL
       THEN least(s.created_at + %(length)s, now() + %(idle)s) ELSE s.expires_at END
FROM (SELECT token_hash FROM sessions
      WHERE token_hash = ANY(%(hashes)s) AND revoked_at IS NULL AND expires_at > now()
        AND (last_used_at < now() - CASE WHEN key_id IS NULL THEN interval '10 min' ELSE interval '1 min' END
             OR key_id IS NOT NULL AND last_used_at = created_at)
      ORDER BY token_hash FOR UPDATE) used
WHERE s.token_hash = used.token_hash
"""
_NAME = "SELECT name FROM members WHERE tenant_id = %(tenant)s AND id = %(member)s"
# Sessions are not under row security, and members are: joined, they are those of the tenant alone, whatever else fails.
_LIST = f"""
SELECT s.id, s.token_hash, s.user_agent, s.address, s.created_at, s.last_used_at, s.expires_at, s.second_factor
FROM sessions s JOIN members m ON m.tenant_id = s.tenant_id AND m.id = s.member_id
WHERE s.tenant_id = %(tenant)s AND s.member_id = %(member)s AND {_HOLDS}
ORDER BY s.last_used_at DESC, s.id LIMIT {MOST_SHOWN}
"""  # noqa: S608  (SQL of ours; values are parameters)
_REVOKE = f"""
UPDATE sessions s SET revoked_at = now() FROM members m
WHERE m.tenant_id = s.tenant_id AND m.id = s.member_id AND s.tenant_id = %(tenant)s AND s.id = %(id)s AND {_HOLDS}
RETURNING s.id, s.member_id
"""  # noqa: S608  (SQL of ours; values are parameters)
_REVOKE_OTHERS = f"""
UPDATE sessions s SET revoked_at = now()
WHERE s.tenant_id = %(tenant)s AND s.member_id = %(member)s AND s.token_hash IS DISTINCT FROM %(kept)s AND {_HOLDS}
"""  # noqa: S608  (SQL of ours; values are parameters)
# A person's, in whatever companies: their password or second factor is not what it was.
_REVOKE_OF_PERSON = f"""
UPDATE sessions s SET revoked_at = now() FROM members m
WHERE m.user_id = %(user)s AND s.tenant_id = m.tenant_id AND s.member_id = m.id AND s.token_hash IS DISTINCT FROM %(kept)s AND {_HOLDS}
"""  # noqa: S608  (SQL of ours; values are parameters)


@dataclass(frozen=True, slots=True)
class Client:
    """From where somebody signs in: the network address, and how the program names itself."""

    address: str = ""
    user_agent: str = ""

    @property
    def told(self) -> dict[str, str | None]:
        """It as data of the audit log."""
        return {"address": self.address or None, "userAgent": self.user_agent[:LONGEST_USER_AGENT] or None}


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A new session: its token, which is told once, and whose it is. ``device`` lets its owner in while others guess; None where the
    device is known already."""

    token: str
    tenant_id: UUID
    member_id: UUID
    device: str | None = None


NOWHERE = Client()


async def _member(connection: Connection, tenant_id: UUID, member_id: UUID) -> Actor:
    """The member as the log tells of them; enters the tenant."""
    scope = {"tenant": tenant_id, "member": member_id}
    await connection.execute(ENTER, scope)
    row = await (await connection.execute(_NAME, scope)).fetchone()
    assert row is not None, "a member is never deleted"
    return Actor(MEMBER, member_id, row["name"], ())


async def open_session(
    database: Database,
    tenant_id: UUID,
    member_id: UUID,
    client: Client = NOWHERE,
    *,
    second_factor: bool = False,
    method: str = "",
    provider_id: UUID | None = None,
    provider_session: str | None = None,
) -> SignedIn:
    """A new session of a member; ``second_factor`` says whether more than one factor has shown who it is. The audit log tells of it, with
    the ``method`` by which they did, but where they did nothing. ``provider_id`` is the identity provider that has vouched for them, and
    ``provider_session`` what that calls the session of its own."""
    token = TOKEN_PREFIX + secrets.token_urlsafe(32)
    async with database.connection() as connection, connection.transaction():
        await connection.execute(
            _INSERT,
            {
                "hash": token_hash(token),
                "tenant": tenant_id,
                "member": member_id,
                "idle": IDLE,
                "user_agent": client.user_agent[:LONGEST_USER_AGENT],
                "address": client.address,
                "second_factor": second_factor,
                "provider": provider_id,
                "provider_session": provider_session,
            },
        )
        if method:
            told = {"method": method, "secondFactor": second_factor, **client.told}
            actor = await _member(connection, tenant_id, member_id)
            await record_within(connection, tenant_id, actor, "signed_in", told)
    return SignedIn(token, tenant_id, member_id)


async def sign_out(database: Database, caller: Caller) -> None:
    """End the caller's session; the token is refused from the next request on, in every process."""
    async with database.connection() as connection, connection.transaction():
        await connection.execute(
            "UPDATE sessions SET revoked_at = now() WHERE token_hash = %(hash)s AND revoked_at IS NULL",
            {"hash": caller.token_hash},
        )
        await record_within(connection, caller.tenant_id, caller.actor, "signed_out")


async def valid_sessions(database: Database, tenant_id: UUID, hashes: Collection[bytes]) -> set[bytes]:
    """Those of the tenant's token hashes whose session holds and whose member may sign in."""
    async with database.connection() as connection:
        cursor = await connection.execute(_VALID, {"tenant": tenant_id, "hashes": list(hashes)})
        found = await cursor.fetchall()
    return {bytes(row["token_hash"]) for row in found}


async def open_sessions(database: Database, hashes: Collection[bytes]) -> set[bytes]:
    """Those of the token hashes, of whatever tenants, whose session holds."""
    async with database.connection() as connection:
        cursor = await connection.execute(_OPEN, {"hashes": list(hashes)})
        found = await cursor.fetchall()
    return {bytes(row["token_hash"]) for row in found}


async def keep_used(database: Database, hashes: Collection[bytes]) -> None:
    """Write down that these were used just now, so that they do not run out."""
    async with database.connection() as connection:
        await connection.execute(_USED, {"hashes": list(hashes), "length": LENGTH, "idle": IDLE})


async def list_sessions(tx: Transaction, member_id: UUID | None) -> list[Row]:
    """The open sessions of a member, the one used last first: one's own, or with ``member.update`` anybody's.

    Raises :class:`NotAllowed`.
    """
    if member_id is None or member_id != tx.caller.member_id:
        tx.access.require("member.update")
    found = await tx.fetch_all(_LIST, member=member_id)
    return [{**row, "current": bytes(row["token_hash"]) == tx.caller.token_hash} for row in found]


async def revoke_session(tx: Transaction, session_id: UUID | None) -> UUID:
    """End a session: one's own, or with ``member.update`` anybody's. Raises :class:`NotAllowed` and :class:`NotFound`."""
    row: Mapping[str, Any] | None = await tx.fetch_one(_REVOKE, id=session_id)
    if row is None:
        raise NotFound("session", session_id)
    if row["member_id"] != tx.caller.member_id:
        # What was revoked above is taken back with the transaction.
        tx.access.require("member.update")
    await record(tx, "session_revoked", {"session": str(row["id"])}, about=About(MEMBER, row["member_id"]))
    return UUID(str(row["id"]))


async def revoke_others(tx: Transaction) -> None:
    """End all of the caller's sessions in this company but the one at hand."""
    await tx.execute(_REVOKE_OTHERS, member=tx.caller.member_id, kept=tx.caller.token_hash)
    await record(tx, "sessions_revoked")


async def revoke_of_person(database: Database, user_id: UUID, kept: bytes | None = None) -> None:
    """End all sessions of a person in all companies, but the one whose token hash is ``kept``."""
    async with database.connection() as connection, connection.transaction():
        await connection.execute("SELECT set_config('app.user_id', %(user)s::text, true)", {"user": user_id})
        await connection.execute(_REVOKE_OF_PERSON, {"user": user_id, "kept": kept})
