"""Which member somebody is whom a provider has seen: known already, linked by their address, or made a member.

A person at a provider is an issuer and a subject, and nothing else: addresses are given to other people when somebody leaves. The address
counts once, when a company lets it, and only where the provider has verified it. Nobody gets into another company by it, and a session
that is opened so is good for this company alone.
"""

import secrets
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from tenants.people import create_member, update_member
from tenants.problems import Problem
from tenants.transaction import Transaction

OWNER = "owner"
OPENID_CONNECT, SAML = "openid_connect", "saml"
KINDS = (OPENID_CONNECT, SAML)
LONGEST_NAME = 200
# RFC 8176: more than one kind of proof was asked for.
_SEVERAL_FACTORS = "mfa"

Row = dict[str, Any]
Claims = Mapping[str, Any]

_KNOWN = """
SELECT m.* FROM member_identities i JOIN members m ON m.tenant_id = i.tenant_id AND m.id = i.member_id
WHERE i.tenant_id = %(tenant)s AND i.issuer = %(issuer)s AND i.subject = %(subject)s
"""
_BY_ADDRESS = """
SELECT m.*, EXISTS (SELECT 1 FROM member_identities i WHERE i.tenant_id = m.tenant_id AND i.member_id = m.id
                    AND i.issuer = %(issuer)s) AS is_linked
FROM members m WHERE m.tenant_id = %(tenant)s AND m.email = %(email)s
"""
_BY_ID = "SELECT * FROM members WHERE tenant_id = %(tenant)s AND id = %(id)s"
_LINK = """
INSERT INTO member_identities (tenant_id, issuer, subject, member_id, created_at)
VALUES (%(tenant)s, %(issuer)s, %(subject)s, %(member)s, now())
"""


class NotLetIn(Problem):
    """The provider has seen somebody, and the company does not let them in; the text says why, and who can change it."""


async def member_of(tx: Transaction, provider: Row, claims: Claims) -> UUID:
    """The member whom the provider has seen. Raises :class:`NotLetIn`."""
    who = _identity(provider, claims)
    if provider["domains"]:
        _address(provider, claims)
    member = await tx.fetch_one(_KNOWN, **who)
    if member is None:
        member = await _first_time(tx, provider, claims)
    if OWNER in member["roles"] and not provider["owners"]:
        raise NotLetIn("single_sign_on.owner", provider=provider["name"])
    if not member["active"]:
        raise NotLetIn("single_sign_on.inactive")
    if provider["role_claim"] and OWNER not in member["roles"]:
        roles = _roles(tx, provider, claims)
        if sorted(member["roles"]) != roles:
            await update_member(tx, member["id"], {"roles": roles})
    return UUID(str(member["id"]))


async def _first_time(tx: Transaction, provider: Row, claims: Claims) -> Row:
    email = _address(provider, claims)
    who = _identity(provider, claims)
    member = await tx.fetch_one(_BY_ADDRESS, email=email, **who)
    if member is not None and (not provider["links_by_email"] or member["is_linked"]):
        # Whoever got the address of somebody who left is not that person.
        raise NotLetIn("single_sign_on.nobody", email=email, provider=provider["name"])
    if member is None:
        member = await _made(tx, provider, claims, email)
    await tx.execute(_LINK, member=member["id"], **who)
    return member


async def _made(tx: Transaction, provider: Row, claims: Claims, email: str) -> Row:
    if not provider["creates_members"]:
        raise NotLetIn("single_sign_on.nobody", email=email, provider=provider["name"])
    said = claims.get("name")
    is_name = isinstance(said, str) and said.isprintable() and said.strip()
    name = str(said).strip()[:LONGEST_NAME] if is_name else email.partition("@")[0]
    # Whoever is new has no password until they ask for a message to set one.
    values = {
        "email": email,
        "name": name,
        "roles": _roles(tx, provider, claims),
        "password": secrets.token_urlsafe(32),
    }
    member_id = await create_member(tx, values)
    made = await tx.fetch_one(_BY_ID, id=member_id)
    assert made is not None
    return made


def _identity(provider: Row, claims: Claims) -> Row:
    """Who somebody is: ``issuer`` and ``subject``. Many providers call themselves the same in both protocols, and give different names to
    people in each: what is one person's in one may be another's in the other."""
    return {"issuer": issuer_of(provider), "subject": claims["sub"]}


def issuer_of(provider: Row) -> str:
    """The issuer under which people of a provider are known."""
    return f"saml {provider['issuer']}" if provider["kind"] == SAML else str(provider["issuer"])


def _address(provider: Row, claims: Claims) -> str:
    """The address that the provider has verified, in small letters. Raises :class:`NotLetIn`."""
    email = claims.get("email")
    # Some providers write the flag as a text.
    if not isinstance(email, str) or not email.isprintable() or claims.get("email_verified") not in (True, "true"):
        raise NotLetIn("single_sign_on.not_verified", provider=provider["name"])
    address = email.strip().lower()
    domain = address.rpartition("@")[2]
    if provider["domains"] and domain not in provider["domains"]:
        raise NotLetIn("single_sign_on.other_domain", domain=domain, domains=", ".join(provider["domains"]))
    return address


def _roles(tx: Transaction, provider: Row, claims: Claims) -> list[str]:
    """The roles that the provider gives, those that exist. Raises :class:`NotLetIn` where there is none."""
    mapping: Mapping[str, str] = provider["role_mapping"]
    said = claimed(claims, provider["role_claim"]) if provider["role_claim"] else ()
    given = {*provider["default_roles"], *(mapping[value] for value in said if value in mapping)}
    roles = sorted(role for role in given if role in tx.config.policy.roles and role != OWNER)
    if not roles:
        raise NotLetIn("single_sign_on.no_role", provider=provider["name"])
    return roles


def claimed(claims: Claims, name: str) -> tuple[str, ...]:
    """The texts of a claim, one or several; of a claim within others by its path, such as ``realm_access.roles``."""
    found: Any = claims.get(name)
    if found is None:
        found = claims
        for part in name.split("."):
            found = found.get(part) if isinstance(found, Mapping) else None
    values: Iterable[Any] = found if isinstance(found, list) else (found,)
    return tuple(value for value in values if isinstance(value, str))


def has_shown_two_factors(provider: Row, claims: Claims) -> bool:
    """Whether the provider says so for this sign-in, or the company of all of them."""
    methods = claims.get("amr")
    return provider["counts_as_second_factor"] or (isinstance(methods, list) and _SEVERAL_FACTORS in methods)
