"""People: users, and their memberships in companies.

A user is a person with an e-mail address and a password; a member is that person in one company, with roles there. How they sign in
is in :mod:`tenants.sign_in`.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from tenants.actors import MEMBER
from tenants.audit_log import About, record
from tenants.belongings import require_nothing
from tenants.database import ENTER, Caller, Connection, Database
from tenants.field_rights import told_rights
from tenants.field_types import BadValue
from tenants.field_types.contacts import email_address
from tenants.forms import Form
from tenants.keys.knowing import leave_keys
from tenants.passwords import hash_password
from tenants.problems import Conflict, InvalidInput, LimitExceeded, NotFound
from tenants.references import References
from tenants.rules.writable import unwritable
from tenants.transaction import Transaction, new_id

# Who has rights to these decides over others.
ADMINISTRATION = frozenset({"member", "team", "configuration", "identity_provider", "key", "audit"})


async def member_by_email(database: Database, tenant_id: UUID, email: str | None) -> UUID:
    """The active member with that address; without one, the tenant's first owner. Raises ``LookupError``."""
    test = "email = %(email)s" if email else "'owner' = ANY(roles)"
    scope = {"tenant": tenant_id, "email": (email or "").lower()}
    async with database.connection() as connection, connection.pipeline():
        await connection.execute(ENTER, scope)
        cursor = await connection.execute(
            f"SELECT id FROM members WHERE tenant_id = %(tenant)s AND active AND {test} ORDER BY created_at, id LIMIT 1",  # noqa: S608  (SQL of ours; values are parameters)
            scope,
        )
        row = await cursor.fetchone()
    if row is None:
        raise LookupError(email or "owner")
    return UUID(str(row["id"]))


async def user_of(database: Database, caller: Caller) -> dict[str, Any]:
    """The person behind the caller: ``id``, ``email``, ``name``, ``password_hash``."""
    async with database.connection() as connection, connection.pipeline():
        await connection.execute(ENTER, {"tenant": caller.tenant_id})
        cursor = await connection.execute(
            "SELECT u.id, u.email, u.name, u.password_hash FROM users u JOIN members m ON m.user_id = u.id"
            " WHERE m.tenant_id = %(tenant)s AND m.id = %(member)s",
            {"tenant": caller.tenant_id, "member": caller.member_id},
        )
        row = await cursor.fetchone()
    assert row is not None, "a member's user is never deleted"
    return row


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
    connection: Connection,
    tenant_id: UUID,
    user_id: UUID,
    name: str,
    email: str,
    roles: list[str],
    language: str,
    customer_id: UUID | None = None,
) -> UUID:
    """Make a user a member of the tenant that the connection has entered: of the staff, or a person at a customer."""
    member_id = new_id()
    await connection.execute(
        "INSERT INTO members (tenant_id, id, user_id, name, email, roles, language, customer_id, created_at, updated_at)"
        " VALUES (%(tenant)s, %(id)s, %(user)s, %(name)s, %(email)s, %(roles)s, %(language)s, %(customer)s, now(), now())",
        {
            "tenant": tenant_id,
            "id": member_id,
            "user": user_id,
            "name": name,
            "email": email.strip().lower(),
            "roles": roles,
            "language": language,
            "customer": customer_id,
        },
    )
    return member_id


async def create_member(tx: Transaction, values: Mapping[str, Any]) -> UUID:
    """Give a person access to the company: ``email``, ``name``, ``roles``, ``language``, a first ``password``, and for a person at a
    customer ``customerId``.

    A person who already has an account keeps their password. Raises :class:`NotAllowed` (member.invite) and
    :class:`InvalidInput`.
    """
    tx.access.require("member.invite")
    row: dict[str, Any] = {}
    form = Form(values, row)
    form.name()
    form.text("email", required=True, longest=254)
    if row.get("email"):
        try:
            email_address(row["email"])
        except BadValue as bad:
            form.fail("email", bad.code, **bad.data)
    form.value("roles", "tags", default=["member"])
    form.choice("language", tx.config.languages, default=tx.config.language)
    await check_customer(tx, form)
    form.errors.extend(unwritable(tx.access, "member", form))
    check_roles(tx, form, ())
    password = await _first_password(form)
    form.finish()
    connection = await tx.connection()
    user_id = await find_or_create_user(connection, row["email"], row["name"], password)
    tx.written["members"] = row
    told = {"name": row["name"], "email": row["email"], "roles": row["roles"]}
    added = await add_member(
        connection, tx.tenant_id, user_id, **told, language=row["language"], customer_id=row["customer_id"]
    )
    told |= customer_told(row)
    await record(tx, "member_added", told, about=About(MEMBER, added))
    return added


async def update_member(
    tx: Transaction,
    member_id: UUID | None,
    values: Mapping[str, Any],
    expected_version: int | None = None,
    *,
    keeps_things: bool = False,
    revoke_keys: bool = False,
) -> UUID:
    """Change a member's name, roles, language, the customer at whom they are a person, or whether they may sign in; it holds from their
    next request on. Of keys whose secrets somebody knows who may sign in no more, those are told who can rotate them, or with
    ``revoke_keys`` they end.

    Raises :class:`NotAllowed` (member.update), :class:`NotFound`, :class:`Conflict`, also for a member with things who may sign in no
    more, unless they keep them, :class:`InvalidInput`, and :class:`LimitExceeded` for what would leave the company without an owner.
    """
    tx.access.require("member.update")
    row = await _locked(tx, member_id)
    if expected_version not in (None, row["version"]):
        raise _stale(row, expected_version)
    before = dict(row)
    roles, active = row["roles"], row["active"]
    form = Form(values, row)
    form.name()
    form.value("roles", "tags", default=[])
    form.choice("language", tx.config.languages, default=row["language"])
    form.value("active", "boolean", default=True)
    await check_customer(tx, form)
    form.errors.extend(unwritable(tx.access, "member", form))
    # Who comes back is given all of their roles, and so is who is given a customer: these are then of other records.
    is_given = (row["active"] and not active) or row["customer_id"] not in (None, before["customer_id"])
    check_roles(tx, form, roles, is_given=is_given)
    if active and not row["active"] and "owner" in roles and "owner" not in tx.actor.roles:
        form.fail("active", "limit.owner_grant")
    form.finish()
    if (row["roles"], row["active"]) != (roles, active):
        require_rank(tx, before, ADMINISTRATION)
    if active and not row["active"] and not keeps_things:
        await require_nothing(tx, row["id"])
    if row != before:
        await _keep(tx, before, row)
    if active and not row["active"]:
        await leave_keys(tx, row["id"], row["name"], revoke=revoke_keys)
    return UUID(str(row["id"]))


async def end_own_membership(tx: Transaction, *, keeps_things: bool) -> UUID:
    """Let the member at hand sign in no more, by their own will: that takes no right.

    Raises :class:`Conflict` for a member with things, unless they keep them, and :class:`LimitExceeded` for the last owner.
    """
    row = await _locked(tx, tx.caller.member_id)
    if not keeps_things:
        await require_nothing(tx, row["id"])
    await _keep(tx, dict(row), {**row, "active": False})
    await leave_keys(tx, row["id"], row["name"], revoke=False)
    return UUID(str(row["id"]))


async def _locked(tx: Transaction, member_id: UUID | None) -> dict[str, Any]:
    """The member. The owners are locked too, in one order for all, so that two of them cannot push each other out."""
    rows = await tx.fetch_all(
        "SELECT * FROM members WHERE tenant_id = %(tenant)s AND (id = %(id)s OR 'owner' = ANY(roles)) ORDER BY id FOR UPDATE",
        id=member_id,
    )
    row = next((row for row in rows if row["id"] == member_id), None)
    if row is None:
        raise NotFound("member", member_id)
    return row


async def _keep(tx: Transaction, before: Mapping[str, Any], row: Mapping[str, Any]) -> None:
    """Write a member down who was locked and has changed. Raises :class:`LimitExceeded` where no owner would be left."""
    await tx.execute(
        "UPDATE members SET name = %(name)s, roles = %(roles)s, language = %(language)s, active = %(active)s,"
        " customer_id = %(customer)s, version = version + 1, updated_at = %(now)s WHERE tenant_id = %(tenant)s AND id = %(id)s",
        id=row["id"],
        name=row["name"],
        roles=row["roles"],
        language=row["language"],
        active=row["active"],
        customer=row["customer_id"],
        now=tx.now,
    )
    tx.tell_of_rights()
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
    told = {
        name: (before[name], row[name]) for name in ("name", "roles", "language", "active") if before[name] != row[name]
    }
    if before["customer_id"] != row["customer_id"]:
        told["customer"] = (customer_told(before).get("customer"), customer_told(row).get("customer"))
    await record(tx, "member_changed", told, about=About(MEMBER, row["id"]))


def _stale(row: Mapping[str, Any], expected: int | None) -> Conflict:
    current = ("member", row["id"], row["version"])
    return Conflict("stale_version", current=current, type="member", expected=expected, actual=row["version"])


async def _first_password(form: Form) -> str:
    try:
        about = (str(form.values.get("email") or ""), str(form.values.get("name") or ""))
        return await hash_password(str(form.values.get("password") or ""), about=about)
    except InvalidInput as problem:
        form.errors.extend(problem.errors)
        return ""


async def check_customer(tx: Transaction, form: Form) -> None:
    """``customerId`` names a customer that whoever gives it may read, or nobody: then the person is of the staff."""
    form.row.setdefault("customer_id", None)
    if form.has("customerId"):
        form.row["customer_id"] = None
        if form.values["customerId"] is not None:
            tx.access.require("customer.read")
            references = References(tx)
            references.ask(form, "customerId", "customer")
            await references.fetch()
            found = references.one(form, "customerId", "customer")
            form.row["customer_id"] = found["id"] if found else None


def customer_told(row: Mapping[str, Any]) -> dict[str, str]:
    """What the audit log says of the customer at whom somebody is a person."""
    return {"customer": str(row["customer_id"])} if row["customer_id"] else {}


def require_rank(tx: Transaction, member: Mapping[str, Any], objects: Collection[str]) -> None:
    """Raise :class:`Conflict` for a member who has rights to those objects that the caller lacks: to manage members is no power over those
    above. All may change themselves."""
    policy = tx.config.policy
    missing = policy.access(member["roles"]).beyond(policy.access(()), tx.access)
    found = told_rights(right for right in missing if right.partition(".")[0] in objects)
    if found and member["id"] != tx.caller.member_id:
        raise Conflict("people.above", name=member["name"], rights=found)


def check_roles(tx: Transaction, form: Form, before: Sequence[str], *, is_given: bool = False) -> None:
    """New roles exist and give nobody a right that whoever gives them lacks; else to manage members were to hold every right. So do all
    roles where ``is_given`` says that those they had before count for nothing."""
    policy, roles = tx.config.policy, form.row["roles"]
    for role in roles:
        if role not in policy.roles and role not in before:
            form.fail("roles", "config.unknown_role", role=role)
    if ("owner" in roles) != ("owner" in before) and "owner" not in tx.actor.roles:
        # An administrator has all rights, but may not rise above the one who pays, nor push them out.
        form.fail("roles", "limit.owner_grant")
        return
    gained = policy.access(roles).beyond(policy.access(() if is_given else before), tx.access)
    if gained:
        form.fail("roles", "limit.role_grant", rights=told_rights(gained))
