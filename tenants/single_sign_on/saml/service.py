"""A provider of SAML: how it is asked, and what it says of a person (Web Browser SSO, begun by us)."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from tenants.secrets import Secrets
from tenants.single_sign_on.desk import METADATA, RESPONSE, Desk, Vouched, with_parameters
from tenants.single_sign_on.discovery import BadProvider, Discovery, SamlMetadata
from tenants.single_sign_on.saml.apart import CannotRead
from tenants.single_sign_on.saml.messages import request
from tenants.single_sign_on.visit_secrets import Visit

# Attributes that providers are known to tell these by, the first that is there counts: names of LDAP, of X.500, and Microsoft's.
EMAIL = (
    *("email", "mail", "emailAddress", "urn:oid:0.9.2342.19200300.100.1.3"),
    "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress",
)
NAME = (
    *("displayName", "name", "cn", "urn:oid:2.16.840.1.113730.3.1.241", "urn:oid:2.5.4.3"),
    "http://schemas.microsoft.com/identity/claims/displayname",
    "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name",
)
EMAIL_FORMAT = "emailAddress"
# By which classes providers say that more than one kind of proof was asked for.
_SEVERAL_FACTORS = frozenset(
    {
        "https://refeds.org/profile/mfa",
        "http://schemas.microsoft.com/claims/multipleauthn",
        "urn:oasis:names:tc:SAML:2.0:ac:classes:MobileTwoFactorContract",
    }
)
# The signature explains itself by another certificate, perhaps one that has followed on those that are known.
_ABOUT_KEYS = frozenset({"signature", "certificate"})
# Nothing has signed why a provider refuses: no more of it is shown than words of the standard can be.
_STATUS = re.compile(r"[A-Za-z]{1,40}(, [A-Za-z]{1,40})?")

Row = dict[str, Any]


async def address(desk: Desk, provider: Row, visit: Visit) -> str:
    """Where the browser goes. Raises :class:`NoAnswer` and :class:`BadProvider`."""
    metadata = await known(desk.discovery, provider)
    entity, response = (desk.place(provider["slug"], provider["key"], name) for name in (METADATA, RESPONSE))
    asked = request(_request_id(visit), entity, response, metadata.sign_in_url)
    return with_parameters(metadata.sign_in_url, SAMLRequest=asked, RelayState=visit.state)


async def vouched(desk: Desk, kept: Secrets, provider: Row, said: Mapping[str, str], visit: Visit) -> Vouched:
    """What the provider says of the person, proved; ``said`` is what it had the browser bring.

    Raises :class:`NoAnswer`, :class:`BadProvider` and :class:`CannotRead`.
    """
    expected = {
        "issuer": provider["issuer"],
        "audience": desk.place(provider["slug"], provider["key"], METADATA),
        "recipient": desk.place(provider["slug"], provider["key"], RESPONSE),
        "request": _request_id(visit),
    }
    question = {"what": "response", "text": said.get("SAMLResponse", "")}
    metadata = await known(desk.discovery, provider)
    try:
        found = await desk.discovery.reader(_asked(question, expected, metadata.certificates))
    except CannotRead as refused:
        if refused.reason == "failed":
            error = refused.detail if _STATUS.fullmatch(refused.detail) else "unknown"
            raise BadProvider("single_sign_on.refused", provider=provider["name"], error=error) from None
        newer = await known(desk.discovery, provider, again=True) if refused.reason in _ABOUT_KEYS else metadata
        if newer.certificates == metadata.certificates:
            raise
        found = await desk.discovery.reader(_asked(question, expected, newer.certificates))
    return Vouched(_claims(provider, found), found["id"], datetime.fromisoformat(found["until"]))


async def known(discovery: Discovery, provider: Row, *, fresh: bool = False, again: bool = False) -> SamlMetadata:
    """What is known of the provider: what its metadata says, where the company has told us the address, read ``fresh`` or ``again`` as
    :meth:`Discovery.saml` does; else what the company has told us.

    Raises :class:`NoAnswer` and :class:`BadProvider`.
    """
    if not provider["metadata_url"]:
        return SamlMetadata(provider["issuer"], provider["sign_in_url"], tuple(provider["certificates"]))
    found = await discovery.saml(provider["metadata_url"], fresh=fresh, again=again)
    if found.entity_id != provider["issuer"]:
        raise BadProvider("single_sign_on.other_issuer", issuer=provider["issuer"], said=found.entity_id)
    return found


def _request_id(visit: Visit) -> str:
    # An identifier of XML begins with no digit.
    return "_" + visit.derived("request")


def _asked(question: Row, expected: Row, certificates: Sequence[str]) -> Row:
    return {**question, "expected": {**expected, "certificates": list(certificates)}}


def _claims(provider: Row, found: Mapping[str, Any]) -> Row:
    """What was read, by the names of OpenID Connect. Who somebody is depends on the format of their name: names of two formats may be
    the same and mean two people. An address counts as verified, for SAML has no word for it: the provider gives it out."""
    attributes: Mapping[str, list[str]] = found["attributes"]
    email = _first(attributes, (provider["email_claim"],) if provider["email_claim"] else EMAIL)
    if not email and not provider["email_claim"] and found["format"] == EMAIL_FORMAT:
        email = found["name"]
    claims: Row = {
        "sub": f"{found['format']}:{found['name']}",
        "name": _first(attributes, (provider["name_claim"],) if provider["name_claim"] else NAME),
        "amr": ["mfa"] if _SEVERAL_FACTORS.intersection(found["classes"]) else [],
    }
    if email:
        claims |= {"email": email, "email_verified": True}
    return {provider["role_claim"]: list(attributes.get(provider["role_claim"], ())), **claims}


def _first(attributes: Mapping[str, list[str]], names: Sequence[str]) -> str | None:
    return next((value for name in names for value in attributes.get(name, ()) if value), None)
