"""What members change of themselves: their name and language in a company, and the address of their account.

A new address counts once its secret was brought back: a wrong one would lock its owner out, and a stranger's would be taken from them.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from psycopg.errors import UniqueViolation

from tenants import proofs
from tenants.audit_log import record, record_of_person
from tenants.calls import current
from tenants.database import ENTER, Connection, Database
from tenants.deliveries import EMAIL, add_delivery
from tenants.field_rights import EVERY, WRITE, field_policies
from tenants.field_types import BadValue
from tenants.field_types.contacts import email_address
from tenants.forms import Form
from tenants.messages import render
from tenants.permissions import Access
from tenants.problems import InvalidInput, NotFound
from tenants.sign_in import notices, tries
from tenants.sign_in.passwords import check_password
from tenants.transaction import Transaction

PURPOSE = "email_change"
# Messages to one address in an hour: more are not sent, and nobody is told.
MOST_MESSAGES = 3
HOUR = 60

Row = dict[str, Any]

_LOAD = "SELECT * FROM members WHERE tenant_id = %(tenant)s AND id = %(id)s FOR UPDATE"
_SET = """
UPDATE members SET name = %(name)s, language = %(language)s, version = version + 1, updated_at = %(now)s
WHERE tenant_id = %(tenant)s AND id = %(id)s
"""
# What a session is remembered with is looked at anew.
_STAMP = "UPDATE sessions SET stamp = stamp + 1 WHERE tenant_id = %(tenant)s AND member_id = %(id)s"
_MOVE = "UPDATE users SET email = %(new)s WHERE id = %(user)s AND email = %(old)s RETURNING id"
_MEMBERS = """
UPDATE members SET email = %(new)s, version = version + 1, updated_at = now() WHERE tenant_id = %(tenant)s AND user_id = %(user)s
"""
# Those of whom they left too.
_TENANTS = "SELECT tenant_id FROM members WHERE user_id = %(user)s ORDER BY tenant_id"


async def update_self(tx: Transaction, values: Mapping[str, Any]) -> UUID:
    """Change one's own ``name`` and ``language`` in this company. Raises :class:`InvalidInput`, also for a field that is closed."""
    row = await tx.fetch_one(_LOAD, id=tx.caller.member_id)
    if row is None:
        raise NotFound("member", tx.caller.member_id)
    before = dict(row)
    form = Form(values, row)
    form.name()
    form.choice("language", tx.config.languages, default=row["language"])
    for name in form.values:
        if _is_denied(tx.access, name):
            roles = tx.access.policy.field_holders("member", WRITE, name)
            form.fail(name, "value.not_writable", right=f"member.{WRITE}.{name}", roles=roles)
    form.finish()
    if row != before:
        await tx.execute(_SET, id=row["id"], name=row["name"], language=row["language"], now=tx.now)
        await tx.execute(_STAMP, id=row["id"])
        told = {name: (before[name], row[name]) for name in ("name", "language") if before[name] != row[name]}
        await record(tx, "member_changed", told)
    return UUID(str(row["id"]))


def _is_denied(access: Access, field: str) -> bool:
    """Whether a role of theirs denies the field: what one is oneself needs no right over members, but can be taken away."""
    policy = access.policy
    held = (policy.roles[key] for key in policy.lineage(access.roles) if key in policy.roles)
    return any(
        (said.object, said.action, said.effect) == ("member", WRITE, "deny") and said.field in (field, EVERY)
        for role in held
        for said in field_policies(role)
    )


async def ask_for_address(database: Database, user: Row, password: str, email: str, language: str) -> None:
    """Send a message with a secret to the new address of an account, whoever else may have one there.

    Raises :class:`InvalidInput` for a wrong password or what is no address, and :class:`LimitExceeded` after too many tries.
    """
    try:
        address = email_address(email.strip()).lower()
    except BadValue as bad:
        raise InvalidInput.at(("email",), bad.code, **bad.data) from None
    await check_password(database, user, password)
    if not await tries.count(database, tries.bucket_of(PURPOSE, address), most=MOST_MESSAGES, minutes=HOUR):
        data = {"user": str(user["id"]), "old": user["email"]}
        await proofs.ask(database, PURPOSE, address, language, data)


async def warn(tx: Transaction, email: str) -> None:
    """Tell the present address and the audit log that another one was asked for: only who had the password could."""
    await record(tx, "email_change_requested", {"address": current().address or None})
    subject, body = (render(code, tx.language, {}) for code in ("mail.address_warning_subject", "mail.address_warning"))
    await add_delivery(tx, EMAIL, email, subject, body, None)


async def change_address(database: Database, secret: str) -> str:
    """Let the address count to which the secret was sent, in all companies of the person; the address.

    Raises :class:`InvalidInput` for a secret that is unknown, used or too old, and for an address that has an account: whoever has the
    secret reads its mail.
    """
    proof = await proofs.find(database, PURPOSE, secret)
    user_id = UUID(proof.data["user"])
    scope = {"user": user_id, "old": proof.data["old"], "new": proof.address}
    try:
        async with database.connection() as connection, connection.transaction():
            await proofs.use_within(connection, proof)
            await _move(connection, scope)
    except UniqueViolation:
        raise InvalidInput.at(("token",), "people.address_taken", email=proof.address) from None
    return proof.address


async def _move(connection: Connection, scope: Row) -> None:
    if await (await connection.execute(_MOVE, scope)).fetchone() is None:
        # The account has got another address meanwhile.
        raise proofs.unknown()
    await proofs.drop_of_account(connection, scope["user"], scope["old"])
    await connection.execute("SELECT set_config('app.user_id', %(user)s::text, true)", scope)
    found = await (await connection.execute(_TENANTS, scope)).fetchall()
    for row in found:
        await connection.execute(ENTER, {"tenant": row["tenant_id"]})
        await connection.execute(_MEMBERS, {**scope, "tenant": row["tenant_id"]})
    told = {"email": (scope["old"], scope["new"])}
    await record_of_person(connection, scope["user"], "member_changed", told)
    await notices.tell(connection, scope["user"], "address_changed", address=scope["old"], email=scope["new"])
