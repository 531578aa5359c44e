"""People: users, their memberships in companies, and their sessions.

A user is a person with an e-mail address and a password; a member is that person in one company, with roles there; a session is
an opaque random token bound to one membership, of which only the hash is kept.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from tenants.callers import token_hash
from tenants.database import ENTER, Caller, Connection, Database
from tenants.field_types import BadValue
from tenants.field_types.contacts import email_address
from tenants.forms import Form
from tenants.passwords import hash_password, verify_password
from tenants.problems import Conflict, InvalidInput, LimitExceeded, NotFound, NotSignedIn, Problem
from tenants.rules.writable import unwritable
from tenants.sign_in_failures import SignInFailures
from tenants.transaction import Transaction, new_id

SESSION_LENGTH = timedelta(days=14)
TOKEN_PREFIX = "ol_"  # noqa: S105  (a prefix that lets secret scanners recognise our tokens)

_FAILURES = SignInFailures()
_MEMBERSHIPS = """
SELECT m.id AS member_id, m.tenant_id, t.slug FROM members m JOIN tenants t ON t.id = m.tenant_id
WHERE m.user_id = %(user)s AND m.active ORDER BY t.slug
"""


@dataclass(frozen=True, slots=True)
class SignedIn:
    token: str
    tenant_id: UUID
    member_id: UUID


class ChooseCompany(Problem):
    """The person belongs to several companies and named none."""

    def __init__(self, slugs: list[str]) -> None:
        super().__init__("sign_in_choose", tenants=", ".join(slugs))


async def sign_in(database: Database, email: str, password: str, slug: str | None = None) -> SignedIn:
    """Open a session. Raises :class:`NotSignedIn` without telling what was wrong, :class:`ChooseCompany` once the password
    was right, and :class:`LimitExceeded` after too many failures."""
    address = email.strip().lower()
    _FAILURES.check(address)
    async with database.connection() as connection:
        cursor = await connection.execute(
            "SELECT id, password_hash FROM users WHERE email = %(email)s", {"email": address}
        )
        user = await cursor.fetchone()
    if not await verify_password(password, user["password_hash"] if user else None) or user is None:
        _FAILURES.add(address)
        raise NotSignedIn("sign_in_failed")
    _FAILURES.clear(address)
    memberships = await _memberships(database, user["id"])
    chosen = [row for row in memberships if slug in (None, row["slug"])]
    if not chosen:
        raise NotSignedIn("sign_in_failed")
    if len(chosen) > 1:
        raise ChooseCompany([row["slug"] for row in chosen])
    return await open_session(database, chosen[0]["tenant_id"], chosen[0]["member_id"])


async def _memberships(database: Database, user_id: UUID) -> list[dict[str, Any]]:
    async with database.connection() as connection, connection.pipeline():
        # The policy of members also shows a user their own memberships, whatever the tenant.
        await connection.execute("SELECT set_config('app.user_id', %(user)s::text, true)", {"user": user_id})
        return await (await connection.execute(_MEMBERSHIPS, {"user": user_id})).fetchall()


async def open_session(database: Database, tenant_id: UUID, member_id: UUID) -> SignedIn:
    """A new session of a member."""
    token = TOKEN_PREFIX + secrets.token_urlsafe(32)
    now = datetime.now(UTC)
    async with database.connection() as connection:
        await connection.execute(
            "INSERT INTO sessions (token_hash, tenant_id, member_id, created_at, expires_at)"
            " VALUES (%(hash)s, %(tenant)s, %(member)s, %(now)s, %(end)s)",
            {
                "hash": token_hash(token),
                "tenant": tenant_id,
                "member": member_id,
                "now": now,
                "end": now + SESSION_LENGTH,
            },
        )
    return SignedIn(token, tenant_id, member_id)


async def sign_out(database: Database, caller: Caller) -> None:
    """End the caller's session; the token is refused from the next request on, in every process."""
    async with database.connection() as connection:
        await connection.execute(
            "UPDATE sessions SET revoked_at = now() WHERE token_hash = %(hash)s AND revoked_at IS NULL",
            {"hash": caller.token_hash},
        )


async def member_by_email(database: Database, tenant_id: UUID, email: str | None) -> UUID:
    """The active member with that address; without one, the tenant's first owner. Raises ``LookupError``."""
    test = "email = %(email)s" if email else "'owner' = ANY(roles)"
    scope = {"tenant": tenant_id, "email": (email or "").lower()}
    async with database.connection() as connection, connection.pipeline():
        await connection.execute(ENTER, scope)
        cursor = await connection.execute(
            f"SELECT id FROM members WHERE tenant_id = %(tenant)s AND active AND {test} ORDER BY created_at, id LIMIT 1",  # noqa: S608
            scope,
        )
        row = await cursor.fetchone()
    if row is None:
        raise LookupError(email or "owner")
    return UUID(str(row["id"]))


async def is_known(database: Database, email: str) -> bool:
    """Whether a person with that address has an account already."""
    async with database.connection() as connection:
        cursor = await connection.execute(
            "SELECT 1 FROM users WHERE email = %(email)s", {"email": email.strip().lower()}
        )
        return await cursor.fetchone() is not None


async def find_or_create_user(connection: Connection, email: str, name: str, password_hash: str) -> UUID:
    """The user with that address; a new one gets the password, a known one keeps their own."""
    try:
        address = email_address(email).lower()
    except BadValue as bad:
        raise InvalidInput.at(("email",), bad.code, **bad.data) from None
    await connection.execute(
        "INSERT INTO users (id, email, password_hash, name, created_at)"
        " VALUES (%(id)s, %(email)s, %(password)s, %(name)s, now()) ON CONFLICT (email) DO NOTHING",
        {"id": new_id(), "email": address, "password": password_hash, "name": name},
    )
    row = await (
        await connection.execute("SELECT id FROM users WHERE email = %(email)s", {"email": address})
    ).fetchone()
    assert row is not None
    return UUID(str(row["id"]))


async def add_member(
    connection: Connection, tenant_id: UUID, user_id: UUID, name: str, email: str, roles: list[str], language: str
) -> UUID:
    """Make a user a member of the tenant that the connection has entered."""
    member_id = new_id()
    await connection.execute(
        "INSERT INTO members (tenant_id, id, user_id, name, email, roles, language, created_at, updated_at)"
        " VALUES (%(tenant)s, %(id)s, %(user)s, %(name)s, %(email)s, %(roles)s, %(language)s, now(), now())",
        {
            "tenant": tenant_id,
            "id": member_id,
            "user": user_id,
            "name": name,
            "email": email.strip().lower(),
            "roles": roles,
            "language": language,
        },
    )
    return member_id


async def create_member(tx: Transaction, values: Mapping[str, Any]) -> UUID:
    """Give a person access to the company: ``email``, ``name``, ``roles``, ``language``, and a first ``password``.

    A person who already has an account keeps their password. Raises :class:`NotAllowed` (member.invite) and
    :class:`InvalidInput`.
    """
    tx.access.require("member.invite")
    row: dict[str, Any] = {}
    form = Form(values, row)
    form.text("name", required=True, longest=200)
    form.text("email", required=True, longest=254)
    if row.get("email"):
        try:
            email_address(row["email"])
        except BadValue as bad:
            form.fail("email", bad.code, **bad.data)
    form.value("roles", "tags", default=["member"])
    form.choice("language", tx.config.languages, default=tx.config.language)
    form.errors.extend(unwritable(tx.access, "member", form))
    _check_roles(tx, form, ())
    password = await _first_password(form)
    form.finish()
    connection = await tx.connection()
    user_id = await find_or_create_user(connection, row["email"], row["name"], password)
    tx.written["members"] = row
    return await add_member(connection, tx.tenant_id, user_id, row["name"], row["email"], row["roles"], row["language"])


async def update_member(
    tx: Transaction, member_id: UUID | None, values: Mapping[str, Any], expected_version: int | None = None
) -> UUID:
    """Change a member's name, roles, language, or whether they may sign in; it holds from their next request on.

    Raises :class:`NotAllowed` (member.update), :class:`NotFound`, :class:`Conflict`, :class:`InvalidInput`, and
    :class:`LimitExceeded` for what would leave the company without an owner.
    """
    tx.access.require("member.update")
    # The owners are locked too, in one order for all, so that two of them cannot push each other out.
    rows = await tx.fetch_all(
        "SELECT * FROM members WHERE tenant_id = %(tenant)s AND (id = %(id)s OR 'owner' = ANY(roles)) ORDER BY id FOR UPDATE",
        id=member_id,
    )
    row = next((row for row in rows if row["id"] == member_id), None)
    if row is None:
        raise NotFound("member", member_id)
    if expected_version not in (None, row["version"]):
        raise _stale(row, expected_version)
    before = dict(row)
    roles, active = row["roles"], row["active"]
    form = Form(values, row)
    form.text("name", required=True, longest=200)
    form.value("roles", "tags", default=[])
    form.choice("language", tx.config.languages, default=row["language"])
    form.value("active", "boolean", default=True)
    form.errors.extend(unwritable(tx.access, "member", form))
    _check_roles(tx, form, roles)
    if active and not row["active"] and "owner" in roles and "owner" not in tx.actor.roles:
        form.fail("active", "limit.owner_grant")
    form.finish()
    if row == before:
        return UUID(str(row["id"]))
    await tx.execute(
        "UPDATE members SET name = %(name)s, roles = %(roles)s, language = %(language)s, active = %(active)s,"
        " version = version + 1, updated_at = %(now)s WHERE tenant_id = %(tenant)s AND id = %(id)s",
        id=row["id"],
        name=row["name"],
        roles=row["roles"],
        language=row["language"],
        active=row["active"],
        now=tx.now,
    )
    # The next request of each of the member's sessions looks anew; signing in waits for this through the member's row.
    await tx.execute(
        "UPDATE sessions SET stamp = stamp + 1, revoked_at = CASE WHEN %(active)s THEN revoked_at"
        " ELSE coalesce(revoked_at, %(now)s) END WHERE tenant_id = %(tenant)s AND member_id = %(id)s",
        id=row["id"],
        active=row["active"],
        now=tx.now,
    )
    owners = await tx.fetch_all(
        "SELECT id FROM members WHERE tenant_id = %(tenant)s AND active AND 'owner' = ANY(roles)"
    )
    if not owners:
        raise LimitExceeded("limit.owner")
    return UUID(str(row["id"]))


def _stale(row: Mapping[str, Any], expected: int | None) -> Conflict:
    current = ("member", row["id"], row["version"])
    return Conflict("stale_version", current=current, type="member", expected=expected, actual=row["version"])


async def _first_password(form: Form) -> str:
    try:
        return await hash_password(str(form.values.get("password") or ""))
    except InvalidInput as problem:
        form.errors.extend(problem.errors)
        return ""


def _check_roles(tx: Transaction, form: Form, before: Sequence[str]) -> None:
    """New roles exist and give nobody a right that whoever gives them lacks; else to manage members were to hold every right."""
    policy, roles = tx.config.policy, form.row["roles"]
    for role in roles:
        if role not in policy.roles and role not in before:
            form.fail("roles", "config.unknown_role", role=role)
    if ("owner" in roles) != ("owner" in before) and "owner" not in tx.actor.roles:
        # An administrator has all rights, but may not rise above the one who pays, nor push them out.
        form.fail("roles", "limit.owner_grant")
        return
    gained = policy.access(roles).beyond(policy.access(before), tx.access)
    if gained:
        form.fail("roles", "limit.role_grant", rights=", ".join(sorted(gained)))
