"""One person in several companies: which they are, and going from one to another without signing in again.

The session in the other company is one of its own: signing out of either leaves the other. It ends no later than the one that it came from,
and shows no more: where a second factor is set up that this session has not shown, a code of it is asked for, and where the other company
wants one that nobody has set up, the new session can do nothing but that.
"""

import secrets
from typing import Any
from uuid import UUID

from tenants.actors import MEMBER, Actor
from tenants.audit_log import record_within
from tenants.callers import token_hash
from tenants.database import ENTER, Caller, Database
from tenants.problems import NotFound, NotSignedIn
from tenants.sign_in import second_factor, tries
from tenants.sign_in.entering import CodeWanted, challenge, memberships
from tenants.sign_in.sessions import IDLE, LENGTH, LONGEST_USER_AGENT, TOKEN_PREFIX, Client, SignedIn
from tenants.wire import Bound, bind, rows, statement

Row = dict[str, Any]

_ENTER = statement(ENTER)
# A company's own name for itself is part of its configuration, which only who has entered it sees.
_NAME = statement("""
SELECT t.id, t.slug, coalesce(d.body->>'name', t.name) AS name
FROM tenants t LEFT JOIN definitions d ON d.tenant_id = t.id AND d.kind = 'settings' AND d.key = 'company'
WHERE t.id = %(tenant)s::uuid
""")
_SESSION = """
SELECT second_factor, provider_id FROM sessions WHERE token_hash = %(token)s AND revoked_at IS NULL AND expires_at > now()
"""
_INSERT = """
INSERT INTO sessions (token_hash, tenant_id, member_id, created_at, expires_at, user_agent, address, second_factor)
SELECT %(hash)s, %(tenant)s, %(member)s, s.created_at, least(s.created_at + %(length)s, now() + %(idle)s), %(user_agent)s, %(address)s,
       s.second_factor
FROM sessions s WHERE s.token_hash = %(token)s AND s.revoked_at IS NULL AND s.expires_at > now()
"""


async def companies(database: Database, caller: Caller, user_id: UUID) -> list[Row]:
    """The companies that a person may enter: ``id``, ``slug``, ``name``, ``member_id``, in the order of their slugs; only the one at hand
    where an identity provider has opened the session."""
    found = await memberships(database, user_id)
    async with database.connection() as connection:
        session = await (await connection.execute(_SESSION, {"token": caller.token_hash})).fetchone()
    if session is not None and session["provider_id"] is not None:
        found = [row for row in found if row["tenant_id"] == caller.tenant_id]
    sent: list[Bound] = []
    for row in found:
        scope = {"tenant": row["tenant_id"]}
        sent += [bind(_ENTER, scope), bind(_NAME, scope)]
    async with database.connection() as connection:
        results = await connection.exchange(*sent) if sent else []
        named = [rows(connection, result)[0] for result in results[1::2]]
    return [{**name, "member_id": row["member_id"]} for name, row in zip(named, found, strict=True)]


async def switch(database: Database, caller: Caller, user_id: UUID, slug: str, client: Client) -> SignedIn | CodeWanted:
    """A session of the same person in the company of that slug, or the code that is wanted first.

    Raises :class:`NotFound` for a company that they do not belong to, and :class:`NotSignedIn` where the session at hand has ended,
    or where an identity provider has opened it or is wanted there.
    """
    chosen = next((row for row in await memberships(database, user_id) if row["slug"] == slug), None)
    if chosen is None:
        raise NotFound("tenant", slug)
    person = await second_factor.person(database, user_id)
    async with database.connection() as connection:
        session = await (await connection.execute(_SESSION, {"token": caller.token_hash})).fetchone()
    if session is None:
        raise NotSignedIn
    if session["provider_id"] is not None or chosen["needs_provider"]:
        # A provider vouches for people in the company that has named it, and nowhere else.
        raise NotSignedIn("single_sign_on.one_company")
    if person["totp_since"] is not None and not session["second_factor"]:
        return await challenge(database, user_id, chosen, tries.bucket_of("switch", user_id.bytes))
    token = TOKEN_PREFIX + secrets.token_urlsafe(32)
    values = {
        "hash": token_hash(token),
        "tenant": chosen["tenant_id"],
        "member": chosen["member_id"],
        "token": caller.token_hash,
        "length": LENGTH,
        "idle": IDLE,
        "user_agent": client.user_agent[:LONGEST_USER_AGENT],
        "address": client.address,
    }
    async with database.connection() as connection, connection.transaction():
        cursor = await connection.execute(_INSERT, values)
        if not cursor.rowcount:
            raise NotSignedIn
        told = {"method": "switch", "secondFactor": session["second_factor"], **client.told}
        actor = Actor(MEMBER, chosen["member_id"], person["name"], ())
        await record_within(connection, chosen["tenant_id"], actor, "signed_in", told)
    return SignedIn(token, chosen["tenant_id"], chosen["member_id"])
