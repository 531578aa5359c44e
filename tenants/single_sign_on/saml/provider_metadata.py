"""What a provider says of itself: its entity id, where browsers are sent, and the certificates that it signs with."""

from typing import Any

from lxml import etree

from tenants.single_sign_on.saml.certificates import certificate, is_in_force, written
from tenants.single_sign_on.saml.documents import METADATA, SIGNATURE, Refused, taken_in, text_of

PROTOCOL_2 = "urn:oasis:names:tc:SAML:2.0:protocol"
REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"


def read_metadata(text: bytes) -> dict[str, Any]:
    """``entityId``, ``signInUrl`` and ``certificates`` of the one provider that a metadata document describes.

    Raises :class:`Refused`: ``entity`` where it is not one provider, ``binding`` where it takes no requests by redirection,
    ``signed_requests`` where it wants them signed, ``certificate`` where none of its certificates can be used.
    """
    root = taken_in(text, comments=True)
    roles = [
        role
        for role in root.findall(f"{METADATA}IDPSSODescriptor")
        if PROTOCOL_2 in role.get("protocolSupportEnumeration", "").split()
    ]
    entity = root.get("entityID", "")
    if root.tag != f"{METADATA}EntityDescriptor" or len(roles) != 1 or not entity:
        raise Refused("entity")
    (role,) = roles
    if role.get("WantAuthnRequestsSigned") in {"true", "1"}:
        raise Refused("signed_requests")
    places = [
        place.get("Location", "")
        for place in role.findall(f"{METADATA}SingleSignOnService")
        if place.get("Binding") == REDIRECT
    ]
    if not places or not places[0].startswith(("https://", "http://")):
        raise Refused("binding")
    return {"entityId": entity, "signInUrl": places[0], "certificates": _certificates(role)}


def _certificates(role: etree._Element) -> list[str]:
    """Those that it signs with and that are in force, of which there are several while one follows another."""
    path = f"{SIGNATURE}KeyInfo/{SIGNATURE}X509Data/{SIGNATURE}X509Certificate"
    found: dict[str, None] = {}
    for key in role.findall(f"{METADATA}KeyDescriptor"):
        if key.get("use", "signing") != "signing":
            continue
        for node in key.findall(path):
            read = certificate(text_of(node))
            if is_in_force(read):
                found[written(read)] = None
    if not found:
        raise Refused("certificate")
    return list(found)
