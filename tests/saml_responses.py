"""Responses of SAML as a provider would write them, and each changed a little; signed by whoever holds a key."""

import base64
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

from lxml import etree
from signxml.algorithms import CanonicalizationMethod, DigestAlgorithm, SignatureConstructionMethod, SignatureMethod
from signxml.signer import XMLSigner

from tests.identity_provider import Key

SAML = "{urn:oasis:names:tc:SAML:2.0:assertion}"
PROTOCOL = "{urn:oasis:names:tc:SAML:2.0:protocol}"
SIGNATURE = "{http://www.w3.org/2000/09/xmldsig#}"
ASSERTION = """<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="{id}" Version="2.0" IssueInstant="{now}"><saml:Issuer>{issuer}</saml:Issuer>\
<saml:Subject><saml:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent">{name}</saml:NameID>\
<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer">\
<saml:SubjectConfirmationData NotOnOrAfter="{later}" Recipient="{recipient}" InResponseTo="{request}"/></saml:SubjectConfirmation></saml:Subject>\
<saml:Conditions NotBefore="{now}" NotOnOrAfter="{later}"><saml:AudienceRestriction><saml:Audience>{audience}</saml:Audience></saml:AudienceRestriction></saml:Conditions>\
<saml:AuthnStatement AuthnInstant="{now}"><saml:AuthnContext><saml:AuthnContextClassRef>{context}</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>\
<saml:AttributeStatement><saml:Attribute Name="mail"><saml:AttributeValue>{email}</saml:AttributeValue></saml:Attribute></saml:AttributeStatement></saml:Assertion>"""
RESPONSE = """<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_response" \
Version="2.0" IssueInstant="{now}" Destination="{recipient}" InResponseTo="{request}"><saml:Issuer>{issuer}</saml:Issuer>\
<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status>{assertion}</samlp:Response>"""
MINUTE = timedelta(minutes=1)


class AnyAlgorithm(XMLSigner):
    """A signer that signs with what nobody should sign with any more, too."""

    def check_deprecated_methods(self) -> None:
        pass


@dataclass(frozen=True)
class Answer:
    """What a provider says in answer to a request, and the key and certificate that it signs with."""

    key: Key
    certificate: str
    issuer: str
    audience: str
    recipient: str
    request: str
    name: str = "anna"
    email: str = "anna@example.com"
    context: str = "urn:oasis:names:tc:SAML:2.0:ac:classes:Password"
    id: str = field(default_factory=lambda: f"_{uuid4().hex}")

    def but(self, **changes: Any) -> "Answer":
        """The same with changes."""
        return replace(self, **changes)

    def assertion(self, change: tuple[str, str] | None = None) -> etree._Element:
        """The assertion, not signed, with one part of its text replaced by another."""
        text = ASSERTION.format(**self._values())
        if change is not None:
            assert change[0] in text, change
            text = text.replace(*change)
        return etree.fromstring(text)

    def response(self, *assertions: etree._Element, change: tuple[str, str] | None = None) -> etree._Element:
        """A response with these assertions, not signed."""
        inner = "".join(etree.tostring(assertion).decode() for assertion in assertions)
        text = RESPONSE.format(**self._values(), assertion="{assertion}")
        if change is not None:
            assert change[0] in text, change
            text = text.replace(*change)
        return etree.fromstring(text.replace("{assertion}", inner))

    def signed(
        self,
        element: etree._Element,
        reference: str = "",
        signer: Callable[..., XMLSigner] = XMLSigner,
        key: Any = None,
        certificate: str | None = None,
        **algorithms: Any,
    ) -> etree._Element:
        """The element with its signature."""
        chosen = {
            "method": SignatureConstructionMethod.enveloped,
            "signature_algorithm": SignatureMethod.RSA_SHA256,
            "digest_algorithm": DigestAlgorithm.SHA256,
            "c14n_algorithm": CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0,
        } | algorithms
        return signer(**chosen).sign(
            element,
            key=key or self.key,
            cert=certificate or self.certificate,
            reference_uri=reference or f"#{element.get('ID')}",
            id_attribute="ID",
        )

    def good(self, change: tuple[str, str] | None = None, response: tuple[str, str] | None = None) -> etree._Element:
        """A response with a signed assertion, of which a part of the text was replaced before it was signed."""
        return self.response(self.signed(self.assertion(change)), change=response)

    def _values(self) -> dict[str, str]:
        now = datetime.now(UTC)
        named = ("id", "issuer", "audience", "recipient", "request", "name", "email", "context")
        return {name: getattr(self, name) for name in named} | {
            "now": written(now),
            "later": written(now + 5 * MINUTE),
        }


def written(time: datetime) -> str:
    """A time as XML writes it."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


def from_now(minutes: float) -> str:
    """The time in so many minutes."""
    return written(datetime.now(UTC) + minutes * MINUTE)


def encoded(document: etree._Element | str) -> str:
    """The document as a browser posts it."""
    text = document.encode() if isinstance(document, str) else etree.tostring(document)
    return base64.b64encode(text).decode()


def asked(address: str) -> tuple[etree._Element, str]:
    """The request that an address has a browser bring to a provider, and the state that goes with it."""
    given = parse_qs(urlsplit(address).query)
    packed = base64.b64decode(given["SAMLRequest"][0])
    return etree.fromstring(zlib.decompress(packed, -zlib.MAX_WBITS)), given["RelayState"][0]
