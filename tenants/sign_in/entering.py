"""From an address and a password to a session, in one step or, with a second factor, in two.

Whoever signs in is told nothing of whether there is an account: known and unknown addresses take the same statements, the same hash,
and the same words.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from tenants.actors import SOMEBODY
from tenants.audit_log import record_of_person
from tenants.callers import token_hash
from tenants.database import Database
from tenants.passwords import verify_password
from tenants.problems import InvalidInput, NotSignedIn, Problem
from tenants.secrets import Secrets
from tenants.sign_in import devices, second_factor, tries
from tenants.sign_in.sessions import Client, SignedIn, open_session
from tenants.wire import rows, statement

CHALLENGE_LASTS = timedelta(minutes=10)

Row = dict[str, Any]

_PERSON = statement("SELECT id, password_hash, totp_since FROM users WHERE email = %(email)s")
_DEVICE = statement("""
SELECT d.user_id FROM devices d JOIN users u ON u.id = d.user_id
WHERE d.token_hash = %(device)s AND u.email = %(email)s AND d.expires_at > now()
""")
_MEMBERSHIPS = """
SELECT m.id AS member_id, m.tenant_id, t.slug, t.passwords_off AND NOT 'owner' = ANY(m.roles) AS needs_provider FROM members m JOIN tenants t ON t.id = m.tenant_id
WHERE m.user_id = %(user)s AND m.active ORDER BY t.slug
"""
_CHALLENGE = """
INSERT INTO sign_in_challenges (token_hash, user_id, tenant_id, member_id, bucket, provider_id, provider_session, expires_at)
VALUES (%(hash)s, %(user)s, %(tenant)s, %(member)s, %(bucket)s, %(provider)s, %(session)s, now() + %(lasts)s) RETURNING expires_at
"""
_CHALLENGED = "SELECT user_id, tenant_id, member_id, bucket, provider_id, provider_session FROM sign_in_challenges WHERE token_hash = %(hash)s AND expires_at > now()"
_ANSWERED = "DELETE FROM sign_in_challenges WHERE token_hash = %(hash)s"
_FORGET = "DELETE FROM sign_in_challenges WHERE expires_at < now()"


class ChooseCompany(Problem):
    """The person belongs to several companies and named none."""

    def __init__(self, slugs: list[str]) -> None:
        super().__init__("sign_in_choose", tenants=", ".join(slugs))


@dataclass(frozen=True, slots=True)
class CodeWanted:
    """The password was right, or the identity provider was; a code of the second factor opens the session until ``expires_at``."""

    challenge: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Given:
    """What somebody signs in with. ``device`` is the token that an earlier sign-in left on theirs."""

    email: str
    password: str
    slug: str | None = None
    device: str | None = None


async def sign_in(database: Database, given: Given, client: Client) -> SignedIn | CodeWanted:
    """Open a session, or ask for a code. Raises :class:`NotSignedIn` without telling what was wrong, :class:`ChooseCompany` once the
    password was right, and :class:`LimitExceeded` after too many tries."""
    address = given.email.strip().lower()
    device_hash = token_hash(given.device or "")
    scope = {"email": address, "device": device_hash}
    async with database.connection() as connection:
        found, known = await connection.exchange((_PERSON, scope), (_DEVICE, scope))
        users, devices_known = rows(connection, found), rows(connection, known)
    user = users[0] if users else None
    bucket = tries.bucket_of("device", device_hash) if devices_known else tries.bucket_of("address", address)
    await tries.require(database, bucket)
    if not await verify_password(given.password, user["password_hash"] if user else None) or user is None:
        raise NotSignedIn("sign_in_failed")
    await tries.forget(database, bucket)
    membership = await _membership(database, user["id"], given.slug)
    if user["totp_since"] is not None:
        return await challenge(database, user["id"], membership, bucket)
    _require_password_counts(membership)
    device = None if devices_known else await devices.remember(database, user["id"])
    return await _opened(database, membership, client, device)


async def confirm(database: Database, kept: Secrets, challenge: str, code: str, client: Client) -> SignedIn:
    """Open the session that waits for a code of the second factor, or a recovery code.

    Raises :class:`NotSignedIn` for a challenge that is unknown, answered or too old, :class:`InvalidInput` for a wrong code, and
    :class:`LimitExceeded` after too many.
    """
    scope = {"hash": token_hash(challenge)}
    async with database.connection() as connection:
        row = await (await connection.execute(_CHALLENGED, scope)).fetchone()
    if row is None:
        raise NotSignedIn("sign_in.challenge_over")
    # Whoever has the password may ask for challenge after challenge: the codes are counted for the person.
    bucket = tries.bucket_of("code", bytes(row["bucket"]))
    await tries.require(database, bucket)
    user = await second_factor.person(database, row["user_id"])
    if user["totp_since"] is None or not await second_factor.takes(database, kept, user, code):
        async with database.connection() as connection, connection.transaction():
            told = {"reason": "second_factor.wrong_code", **client.told}
            await record_of_person(connection, row["user_id"], "sign_in_failed", told, actor=SOMEBODY)
        raise InvalidInput.at(("code",), "second_factor.wrong_code")
    await tries.forget(database, bucket)
    async with database.connection() as connection:
        cursor = await connection.execute(_ANSWERED, scope)
    if not cursor.rowcount:
        raise NotSignedIn("sign_in.challenge_over")
    if row["provider_id"] is None:
        _require_password_counts(await _still(database, row))
    device = await devices.remember(database, row["user_id"])
    return await _opened(database, row, client, device, second_factor=True)


async def _still(database: Database, challenged: Row) -> Row:
    """The membership that a challenge is for, as it is now."""
    for membership in await memberships(database, challenged["user_id"]):
        if membership["member_id"] == challenged["member_id"]:
            return membership
    raise NotSignedIn("sign_in.challenge_over")


async def forget_challenges(database: Database) -> int:
    """Delete the challenges that nobody can answer any more, and say how many."""
    async with database.connection() as connection:
        return (await connection.execute(_FORGET)).rowcount


async def _opened(
    database: Database, membership: Row, client: Client, device: str | None, *, second_factor: bool = False
) -> SignedIn:
    tenant_id, member_id = membership["tenant_id"], membership["member_id"]
    provider = membership.get("provider_id")
    opened = await open_session(
        database,
        tenant_id,
        member_id,
        client,
        second_factor=second_factor,
        provider_id=provider,
        provider_session=membership.get("provider_session"),
        method="identity provider" if provider else "password",
    )
    return SignedIn(opened.token, tenant_id, member_id, device)


async def _membership(database: Database, user_id: UUID, slug: str | None) -> Row:
    chosen = [row for row in await memberships(database, user_id) if slug in (None, row["slug"])]
    if not chosen:
        raise NotSignedIn("sign_in_failed")
    if len(chosen) > 1:
        raise ChooseCompany([row["slug"] for row in chosen])
    return chosen[0]


def _require_password_counts(membership: Row) -> None:
    """Told once all is shown that was asked for: before, it would say that the password is right."""
    if membership["needs_provider"]:
        raise NotSignedIn("single_sign_on.wanted")


async def memberships(database: Database, user_id: UUID) -> list[Row]:
    """The active memberships of a person: ``member_id``, ``tenant_id``, ``slug``, and whether they ``needs_provider`` to get in
    there, where no password counts; in the order of the slugs."""
    async with database.connection() as connection, connection.pipeline():
        # The policy of members also shows a user their own memberships, whatever the tenant.
        await connection.execute("SELECT set_config('app.user_id', %(user)s::text, true)", {"user": user_id})
        return await (await connection.execute(_MEMBERSHIPS, {"user": user_id})).fetchall()


async def challenge(database: Database, user_id: UUID, membership: Row, bucket: bytes) -> CodeWanted:
    """Ask a person for a code before they enter as that member; wrong ones are counted for the ``bucket``."""
    secret = secrets.token_urlsafe(32)
    values = {"hash": token_hash(secret), "user": user_id, "bucket": bucket, "lasts": CHALLENGE_LASTS}
    async with database.connection() as connection:
        row = await (
            await connection.execute(
                _CHALLENGE,
                {
                    **values,
                    "tenant": membership["tenant_id"],
                    "member": membership["member_id"],
                    "provider": membership.get("provider_id"),
                    "session": membership.get("provider_session"),
                },
            )
        ).fetchone()
    assert row is not None
    return CodeWanted(secret, row["expires_at"])
