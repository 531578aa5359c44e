"""Invitations: a person is asked by mail to join the company, and joins when they bring back the secret of the message.

Whether an address has an account is never told to the company: whoever accepts shows who they are, with a password or as the person who is
signed in (:mod:`tenants.sign_in.proving`). An invitation gives no more than whoever sent it last may give at the moment it is accepted.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from tenants import proofs
from tenants.access.scopes import row_test
from tenants.actors import MEMBER, Actor, system
from tenants.audit_log import About, record, record_within
from tenants.callers import Callers
from tenants.database import Database, Outdated
from tenants.field_types import BadValue
from tenants.field_types.contacts import email_address
from tenants.forms import Form
from tenants.messages import render
from tenants.names_told import holds_address
from tenants.notifications import add_notification
from tenants.occasion import Occasion
from tenants.people import add_member, check_customer, check_roles, customer_told
from tenants.permissions import Access
from tenants.problems import Conflict, LimitExceeded, NotAllowed, NotFound
from tenants.proofs import LASTS, Proof
from tenants.rules.writable import unwritable
from tenants.sign_in.proving import Person, Shown, prove
from tenants.transaction import Transaction, begin, new_id

PURPOSE = "invitation"
OPEN, ACCEPTED, WITHDRAWN, EXPIRED = "open", "accepted", "withdrawn", "expired"
RIGHT = "member.invite"
# Messages that a company may have sent within an hour, in all and to one address: nobody shall be flooded through it.
HOUR = timedelta(hours=1)
MOST_MESSAGES, MOST_TO_ONE = 200, 3
MOST_SHOWN = 500
MOST_TRIES = 5

Row = dict[str, Any]

# Those who invite at the same time wait for one another, so that their messages are counted.
_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('invitations' || %(tenant)s::text, 0))"
_END = """
UPDATE invitations SET state = 'expired'
WHERE tenant_id = %(tenant)s AND email = %(email)s AND state = 'open' AND expires_at <= now()
"""
_STANDING = """
SELECT EXISTS (SELECT FROM members WHERE tenant_id = %(tenant)s AND email = %(email)s AND active) AS is_member,
       EXISTS (SELECT FROM invitations WHERE tenant_id = %(tenant)s AND email = %(email)s AND state = 'open') AS is_open
"""
_SENT = """
SELECT coalesce(sum(messages), 0) AS all, coalesce(sum(messages) FILTER (WHERE email = %(email)s), 0) AS to_one
FROM invitations WHERE tenant_id = %(tenant)s AND sent_at > %(since)s
"""
_LOAD = "SELECT * FROM invitations WHERE tenant_id = %(tenant)s AND id = %(id)s FOR UPDATE"
_LIST = """
SELECT i.*, m.name AS invited_by FROM invitations i JOIN members m ON m.tenant_id = i.tenant_id AND m.id = i.invited_by_id
WHERE i.tenant_id = %(tenant)s ORDER BY i.id DESC LIMIT %(most)s
"""
_INVITER = (
    "SELECT id, roles, language FROM members WHERE tenant_id = %(tenant)s AND id = %(id)s AND active FOR KEY SHARE"
)
_KNOWN = "SELECT id, roles, active FROM members WHERE tenant_id = %(tenant)s AND user_id = %(user)s FOR UPDATE"
_COME_BACK = """
UPDATE members SET active = TRUE, roles = %(roles)s, name = %(name)s, language = %(language)s, customer_id = %(customer_id)s,
  version = version + 1, updated_at = %(now)s
WHERE tenant_id = %(tenant)s AND id = %(id)s
"""


async def invite(tx: Transaction, values: Mapping[str, Any]) -> UUID:
    """Ask a person to join: ``email``, and what they will be here: ``name``, ``roles``, ``language``, ``customerId``. The invitation's id.

    Raises :class:`NotAllowed` (``member.invite``), :class:`InvalidInput` (``email`` also for who is a member or invited already, ``roles``
    also for rights that the inviter lacks) and :class:`LimitExceeded` for too many messages.
    """
    tx.access.require(RIGHT)
    row: Row = {}
    form = Form(values, row)
    form.text("email", required=True, longest=proofs.LONGEST_ADDRESS)
    if row.get("email"):
        row["email"] = _address(form, row["email"])
    form.name(required=False)
    row.setdefault("name", "")
    form.value("roles", "tags", default=["member"])
    form.choice("language", tx.config.languages, default=tx.config.language)
    await check_customer(tx, form)
    form.errors.extend(unwritable(tx.access, "member", form))
    check_roles(tx, form, ())
    form.finish()
    await tx.fetch_one(_LOCK)
    await tx.execute(_END, email=row["email"])
    standing = await tx.fetch_one(_STANDING, email=row["email"])
    assert standing is not None
    if standing["is_member"] or standing["is_open"]:
        form.fail(
            "email", "people.is_member" if standing["is_member"] else "people.is_invited", email=values.get("email")
        )
        form.finish()
    await _require_room(tx, row["email"])
    given = {**row, "id": new_id(), "state": OPEN, "created_at": tx.now, "member_id": None, "messages": 0}
    sent = await _send(tx, given)
    await tx.insert("invitations", {**given, **sent})
    await _tell(tx, given, OPEN)
    return UUID(str(given["id"]))


def _address(form: Form, given: str) -> str:
    try:
        return email_address(given).lower()
    except BadValue as bad:
        form.fail("email", bad.code, **bad.data)
        return given


async def resend(tx: Transaction, invitation_id: UUID | None) -> UUID:
    """Send the message once more, with a new secret and time to accept; the one before is worthless. Whoever does is the inviter from then
    on. Raises what :func:`invite` does, :class:`NotFound`, and :class:`Conflict` for what was accepted or withdrawn."""
    tx.access.require(RIGHT)
    await tx.fetch_one(_LOCK)
    row = await _load(tx, invitation_id)
    form = Form({"customerId": str(row["customer_id"])} if row["customer_id"] else {}, {"roles": row["roles"]})
    await check_customer(tx, form)
    check_roles(tx, form, ())
    form.finish()
    await tx.execute(_END, email=row["email"])
    standing = await tx.fetch_one(_STANDING, email=row["email"])
    assert standing is not None
    if standing["is_member"] or (standing["is_open"] and row["expires_at"] <= tx.now):
        # They have joined meanwhile, or another invitation has taken the place of this one.
        raise Conflict("people.invitation_over")
    await _require_room(tx, row["email"])
    await proofs.drop_within(await tx.connection(), row["proof_id"])
    sent = await _send(tx, row)
    await tx.update("invitations", ("state", *sent), {"id": row["id"], "state": OPEN, **sent})
    await _tell(tx, row, OPEN)
    return UUID(str(row["id"]))


async def withdraw(tx: Transaction, invitation_id: UUID | None) -> UUID:
    """Take an invitation back: its secret is worthless. Raises :class:`NotAllowed` (``member.invite``), :class:`NotFound`, and
    :class:`Conflict` for what was accepted or withdrawn."""
    tx.access.require(RIGHT)
    row = await _load(tx, invitation_id)
    await proofs.drop_within(await tx.connection(), row["proof_id"])
    await tx.update("invitations", ("state",), {"id": row["id"], "state": WITHDRAWN})
    await _tell(tx, row, WITHDRAWN)
    return UUID(str(row["id"]))


async def invitations(tx: Transaction) -> list[Row]:
    """The invitations of the company, newest first. Raises :class:`NotAllowed` (``member.invite``)."""
    tx.access.require(RIGHT)
    found = await tx.fetch_all(_LIST, most=MOST_SHOWN)
    return [
        {**row, "state": EXPIRED if row["state"] == OPEN and row["expires_at"] <= tx.now else row["state"]}
        for row in found
    ]


async def _tell(tx: Transaction, row: Row, state: str) -> None:
    told = {"email": row["email"], "roles": row["roles"], "state": state, **customer_told(row)}
    await record(tx, "member_invited", told, about=About(PURPOSE, row["id"]))


async def _load(tx: Transaction, invitation_id: UUID | None) -> Row:
    row = await tx.fetch_one(_LOAD, id=invitation_id)
    if row is None:
        raise NotFound("invitation", invitation_id)
    if row["state"] not in (OPEN, EXPIRED):
        raise Conflict("people.invitation_over")
    return row


async def _require_room(tx: Transaction, address: str) -> None:
    sent = await tx.fetch_one(_SENT, email=address, since=tx.now - HOUR)
    assert sent is not None
    if sent["to_one"] >= MOST_TO_ONE or sent["all"] >= MOST_MESSAGES:
        most = MOST_TO_ONE if sent["to_one"] >= MOST_TO_ONE else MOST_MESSAGES
        raise LimitExceeded("limit.invitations", most=most)


async def _send(tx: Transaction, row: Row) -> Row:
    """Have the message sent; what the invitation then says of it. Only members invite: somebody has to answer for it. Nobody is sent
    names that hold addresses: the message would be whatever the inviter wants to say to strangers."""
    if tx.caller.member_id is None:
        raise NotAllowed(RIGHT, tx.access.policy.holders(RIGHT))
    for name in (tx.caller.tenant.name, tx.actor.name):
        if holds_address(name):
            raise Conflict("people.name_to_strangers", name=name)
    said = {"company": tx.caller.tenant.name, "by": tx.actor.name}
    data = {**said, "tenant": str(tx.tenant_id), "invitation": str(row["id"])}
    proof_id = await proofs.ask_within(await tx.connection(), PURPOSE, row["email"], row["language"], data)
    return {
        "proof_id": proof_id,
        "invited_by_id": tx.caller.member_id,
        "messages": row["messages"] + 1,
        "sent_at": tx.now,
        "expires_at": tx.now + LASTS[PURPOSE],
    }


async def accept(database: Database, callers: Callers, secret: str, shown: Shown) -> tuple[str, str]:
    """Join the company by the secret of the message: its slug, and the address to sign in with. No session is opened: signing in goes the
    one way that there is.

    Raises :class:`InvalidInput` for a secret that is unknown, used or too old (``token``), what :func:`tenants.sign_in.proving.prove`
    does, and :class:`Conflict` where the inviter may not give these roles any more.
    """
    proof = await proofs.find(database, PURPOSE, secret)
    person = await prove(database, proof.address, shown)
    tenant_id = UUID(proof.data["tenant"])
    for _ in range(MOST_TRIES):
        caller = await callers.acting(tenant_id, system("orderloom"))
        try:
            async with begin(database, caller) as tx:
                await _join(tx, proof, person)
        except Outdated:
            continue
        return caller.tenant.slug, proof.address
    raise Conflict("busy")


async def _join(tx: Transaction, proof: Proof, person: Person) -> None:
    row = await tx.fetch_one(_LOAD, id=UUID(proof.data["invitation"]))
    if row is None or row["state"] != OPEN or row["proof_id"] != proof.id:
        raise proofs.unknown()
    inviter = await tx.fetch_one(_INVITER, id=row["invited_by_id"])
    policy = tx.config.policy
    giver = policy.access(inviter["roles"] if inviter else ())
    gained = policy.access(row["roles"]).beyond(policy.access(()), giver)
    if gained or inviter is None or not giver.allows(RIGHT) or ("owner" in row["roles"]) > ("owner" in giver.roles):
        raise Conflict("people.inviter_lacks")
    if row["customer_id"] and not await _may_link(tx, giver, inviter["id"], row["customer_id"]):
        raise Conflict("people.inviter_lacks")
    connection = await tx.connection()
    await proofs.use_within(connection, proof)
    user_id = await person.account(connection)
    member_id = await _member(tx, row, person, user_id)
    told = {"name": person.name, "email": person.address, "roles": row["roles"], **customer_told(row)}
    who = Actor(MEMBER, member_id, person.name, tuple(row["roles"]))
    connection = await tx.connection()
    await record_within(connection, tx.tenant_id, who, "member_added", told, about=About(MEMBER, member_id))
    joined = {"id": row["id"], "state": ACCEPTED, "member_id": member_id}
    await tx.update("invitations", ("state", "member_id"), joined)
    text = render("people.joined", inviter["language"], {"name": person.name})
    await add_notification(tx, inviter["id"], text, None, None, None)


async def _may_link(tx: Transaction, giver: Access, giver_id: UUID, customer_id: UUID) -> bool:
    """Whether a member with that access may read a customer, and so make somebody a person there."""
    tests = row_test(tx.config, giver.rows)
    test = tests.test("customer.read", "t0")
    found = await tx.fetch_one(
        f"SELECT 1 AS found FROM customers t0 WHERE t0.tenant_id = %(tenant)s AND t0.id = %(id)s AND {test or 'TRUE'}",  # noqa: S608  (SQL of ours; values are parameters)
        id=customer_id,
        **tests.values(Occasion(tx.now, giver_id)),
    )
    return found is not None and giver.allows("customer.read")


async def _member(tx: Transaction, row: Row, person: Person, user_id: UUID) -> UUID:
    """The membership that comes of an invitation: a new one, or the earlier one of a person who comes back."""
    known = await tx.fetch_one(_KNOWN, user=user_id)
    name = person.name
    if known is None:
        connection = await tx.connection()
        joins = (name, person.address, row["roles"], row["language"], row["customer_id"])
        return await add_member(connection, tx.tenant_id, user_id, *joins)
    if known["active"]:
        raise Conflict("people.invitation_over")
    given = {column: row[column] for column in ("roles", "language", "customer_id")}
    await tx.execute(_COME_BACK, id=known["id"], name=name, now=tx.now, **given)
    return UUID(str(known["id"]))
