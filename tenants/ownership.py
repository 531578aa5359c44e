"""The way out for a company whose only owner is gone: the operator makes somebody an owner, and all owners are told."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from tenants.deliveries import EMAIL, add_delivery
from tenants.messages import render
from tenants.people import create_member, update_member
from tenants.problems import Conflict
from tenants.transaction import Transaction

OWNER = "owner"
_MEMBER = "SELECT id, name, roles, active FROM members WHERE tenant_id = %(tenant)s AND email = %(email)s"
_OWNERS = """
SELECT m.email, m.language, t.name AS company FROM members m JOIN tenants t ON t.id = m.tenant_id
WHERE m.tenant_id = %(tenant)s AND m.active AND 'owner' = ANY(m.roles) ORDER BY m.id
"""


async def make_owner(tx: Transaction, values: Mapping[str, Any]) -> UUID:
    """Make the member with the address ``email`` an owner who may sign in; whoever is no member yet becomes one, with ``name`` and a first
    ``password`` as for :func:`tenants.people.create_member`. Every owner, the new one included, gets a message.

    Raises what that and :func:`tenants.people.update_member` do, and :class:`Conflict` for who is an owner already.
    """
    known = await tx.fetch_one(_MEMBER, email=values["email"].strip().lower())
    if known is None:
        member_id, name = await create_member(tx, {**values, "roles": [OWNER]}), values["name"]
    elif known["active"] and OWNER in known["roles"]:
        raise Conflict("people.is_owner", name=known["name"])
    else:
        roles = [*(role for role in known["roles"] if role != OWNER), OWNER]
        member_id, name = await update_member(tx, known["id"], {"roles": roles, "active": True}), known["name"]
    for owner in await tx.fetch_all(_OWNERS):
        told = {"name": name, "email": values["email"], "company": owner["company"]}
        subject = render("mail.new_owner_subject", owner["language"], {})
        body = render("mail.new_owner", owner["language"], told)
        await add_delivery(tx, EMAIL, owner["email"], subject, body, None)
    return member_id
