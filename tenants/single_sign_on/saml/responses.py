"""What a provider says of a person, believed only as far as it is signed.

Nothing is read but what a signature covers, as its canonical form says it: :func:`_believed` returns that copy, and all that follows reads
it alone. So it does not matter where else in the document an assertion is put, or what is wrapped around it. Keys that a signature brings
along are not looked at. Source: SAML 2.0 Core 2 and 5, Profiles 4.1.4; W3C XML Signature Best Practices.
"""

import binascii
from base64 import b64decode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from lxml import etree
from signxml.algorithms import DigestAlgorithm, SignatureMethod
from signxml.exceptions import InvalidCertificate, SignXMLException
from signxml.verifier import SignatureConfiguration, XMLVerifier

from tenants.single_sign_on.saml.certificates import certificate
from tenants.single_sign_on.saml.documents import (
    LARGEST,
    PROTOCOL,
    SAML,
    SIGNATURE,
    Refused,
    only,
    parser,
    same,
    taken_in,
    text_of,
)

# How far clocks may differ.
SKEW = timedelta(seconds=60)
LONGEST_NAME, LONGEST_FORMAT = 200, 50
MOST_VALUES = 500
SUCCESS = "urn:oasis:names:tc:SAML:2.0:status:Success"
BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
TRANSIENT = "transient"
_EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
_ENVELOPED = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
_METHODS = frozenset(
    method
    for method in SignatureMethod
    if method.name.startswith(("RSA_SHA", "ECDSA_SHA", "SHA"))
    and any(size in method.name for size in ("SHA256", "SHA384", "SHA512"))
)
_DIGESTS = frozenset({DigestAlgorithm.SHA256, DigestAlgorithm.SHA384, DigestAlgorithm.SHA512})
_KNOWN_CONDITIONS = frozenset({f"{SAML}{name}" for name in ("AudienceRestriction", "OneTimeUse", "ProxyRestriction")})


@dataclass(frozen=True)
class Expected:
    """What must hold of a response: who speaks, to whom, where, in answer to which request; and the keys that sign."""

    issuer: str
    audience: str
    recipient: str
    request: str
    certificates: Sequence[str]


def read_response(encoded: str, expected: Expected) -> dict[str, Any]:
    """What the response says of the person: ``name`` and ``format`` of who they are, ``attributes``, ``classes`` of how they have shown
    it, and ``id`` and ``until`` of the assertion, which must be taken once. Raises :class:`Refused`."""
    root = taken_in(_decoded(encoded))
    if root.tag != f"{PROTOCOL}Response":
        raise Refused("root", etree.QName(root).localname)
    _judge_envelope(root, expected)
    return _read_assertion(_believed(root, expected.certificates), expected)


def _decoded(encoded: str) -> bytes:
    if len(encoded) > LARGEST * 2:
        raise Refused("size", len(encoded))
    try:
        return b64decode("".join(encoded.split()), validate=True)
    except (binascii.Error, ValueError):
        raise Refused("base64") from None


def _judge_envelope(root: etree._Element, expected: Expected) -> None:
    """What can be said of the response before any signature is believed: whatever is wrong here is wrong, signed or not."""
    status = only(root.findall(f"{PROTOCOL}Status/{PROTOCOL}StatusCode"), "status")
    if status.get("Value") != SUCCESS:
        inner = status.find(f"{PROTOCOL}StatusCode")
        codes = [str(node.get("Value")).rpartition(":")[2] for node in (status, inner) if node is not None]
        raise Refused("failed", ", ".join(codes))
    same("version", root.get("Version"), "2.0")
    same("destination", root.get("Destination"), expected.recipient)
    same("in_response_to", root.get("InResponseTo"), expected.request)
    for issuer in root.findall(f"{SAML}Issuer"):
        same("issuer", text_of(issuer), expected.issuer)
    if any(True for _ in root.iter(f"{SAML}EncryptedAssertion", f"{SAML}EncryptedID", f"{SAML}EncryptedAttribute")):
        raise Refused("encrypted")
    assertion = only(list(root.iter(f"{SAML}Assertion")), "assertions")
    if assertion.getparent() is not root:
        raise Refused("assertions", "not in the response itself")
    for signature in root.iter(f"{SIGNATURE}Signature"):
        if signature.getparent() is not root and signature.getparent() is not assertion:
            raise Refused("signatures", "in another place")


def _believed(root: etree._Element, certificates: Sequence[str]) -> etree._Element:
    """The assertion as a signature covers it, with that of the response too where there is one. Raises :class:`Refused`."""
    assertion = only(root.findall(f"{SAML}Assertion"), "assertions")
    signed = [node for node in (root, assertion) if node.find(f"{SIGNATURE}Signature") is not None]
    if not signed:
        raise Refused("unsigned")
    covered = [_verified(root, node, certificates) for node in signed]
    if signed[-1] is assertion:
        return covered[-1]
    return only(covered[-1].findall(f"{SAML}Assertion"), "assertions")


def _verified(root: etree._Element, node: etree._Element, certificates: Sequence[str]) -> etree._Element:
    """The canonical form of the element, as its own signature covers it."""
    signature = only(node.findall(f"{SIGNATURE}Signature"), "signatures")
    _judge_reference(signature, node)
    settings = SignatureConfiguration(
        location="./" if node is root else f"./{node.tag}/",
        expect_references=1,
        signature_methods=_METHODS,
        digest_algorithms=_DIGESTS,
        ignore_ambiguous_key_info=True,
    )
    problem = Refused("certificate")
    for text in certificates:
        try:
            result = XMLVerifier().verify(
                root, x509_cert=certificate(text), parser=parser(), id_attribute="ID", expect_config=settings
            )
        except InvalidCertificate as error:
            problem = Refused("certificate", error)
        except (SignXMLException, etree.LxmlError, ValueError, TypeError, AttributeError) as error:
            problem = Refused("signature", error)
        else:
            assert not isinstance(result, list)
            covered = result.signed_xml
            if covered is None or covered.tag != node.tag or covered.get("ID") != node.get("ID"):
                raise Refused("signature", "of another element")
            return covered
    raise problem


def _judge_reference(signature: etree._Element, node: etree._Element) -> None:
    """A signature refers to the element that it is in, as a whole, by its id. Raises :class:`Refused`."""
    info = only(signature.findall(f"{SIGNATURE}SignedInfo"), "signatures")
    reference = only(info.findall(f"{SIGNATURE}Reference"), "references")
    if not node.get("ID") or reference.get("URI") != f"#{node.get('ID')}":
        raise Refused("reference", reference.get("URI"))
    method = only(info.findall(f"{SIGNATURE}CanonicalizationMethod"), "signatures")
    transforms = [step.get("Algorithm") for step in reference.findall(f"{SIGNATURE}Transforms/{SIGNATURE}Transform")]
    if method.get("Algorithm") != _EXCLUSIVE or transforms != [_ENVELOPED, _EXCLUSIVE]:
        raise Refused("transforms", ", ".join(map(str, transforms)))


def _read_assertion(assertion: etree._Element, expected: Expected) -> dict[str, Any]:
    now = datetime.now(UTC)
    same("version", assertion.get("Version"), "2.0")
    same("issuer", text_of(only(assertion.findall(f"{SAML}Issuer"), "issuer")), expected.issuer)
    if _time(assertion, "IssueInstant", required=True) > now + SKEW:
        raise Refused("issue_instant", assertion.get("IssueInstant"))
    subject = only(assertion.findall(f"{SAML}Subject"), "subject")
    until = _confirmed(subject, expected, now)
    _judge_conditions(assertion, expected, now)
    name = only(subject.findall(f"{SAML}NameID"), "subject")
    shape = name.get("Format", "unspecified").rpartition(":")[2][:LONGEST_FORMAT]
    text = text_of(name)
    if not 0 < len(text) <= LONGEST_NAME or shape == TRANSIENT:
        raise Refused("name_id", shape)
    return {
        "id": assertion.get("ID"),
        "until": until.isoformat(),
        "name": text,
        "format": shape,
        "attributes": _attributes(assertion),
        "classes": _classes(assertion, now),
    }


def _confirmed(subject: etree._Element, expected: Expected, now: datetime) -> datetime:
    """Until when somebody may bring the assertion to us, in answer to this request. Raises :class:`Refused`."""
    problem = Refused("confirmation")
    for confirmation in subject.findall(f"{SAML}SubjectConfirmation"):
        data = confirmation.find(f"{SAML}SubjectConfirmationData")
        if confirmation.get("Method") != BEARER or data is None:
            continue
        try:
            same("recipient", data.get("Recipient"), expected.recipient)
            same("in_response_to", data.get("InResponseTo"), expected.request)
            return _in_time(data, now, ends=True)
        except Refused as refused:
            problem = refused
    raise problem


def _judge_conditions(assertion: etree._Element, expected: Expected, now: datetime) -> None:
    conditions = only(assertion.findall(f"{SAML}Conditions"), "conditions")
    _in_time(conditions, now, ends=False)
    if any(node.tag not in _KNOWN_CONDITIONS for node in conditions):
        raise Refused("conditions", "unknown")
    restrictions = conditions.findall(f"{SAML}AudienceRestriction")
    if not restrictions:
        raise Refused("audience")
    for restriction in restrictions:
        audiences = [text_of(node) for node in restriction.findall(f"{SAML}Audience")]
        if expected.audience not in audiences:
            raise Refused("audience", ", ".join(audiences))


def _in_time(node: etree._Element, now: datetime, *, ends: bool) -> datetime:
    """When the element ends to hold. Raises :class:`Refused` if it does not hold now, or never ``ends`` though it must."""
    starts = _time(node, "NotBefore", required=False)
    until = _time(node, "NotOnOrAfter", required=ends)
    if starts > now + SKEW and node.get("NotBefore"):
        raise Refused("not_before", node.get("NotBefore"))
    if until <= now - SKEW and node.get("NotOnOrAfter"):
        raise Refused("not_on_or_after", node.get("NotOnOrAfter"))
    return until


def _time(node: etree._Element, name: str, *, required: bool) -> datetime:
    """A time of UTC; now where it is missing and not ``required``. Raises :class:`Refused`."""
    said = node.get(name)
    if said is None and not required:
        return datetime.now(UTC)
    try:
        found = datetime.fromisoformat(str(said))
    except ValueError:
        raise Refused("time", f"{name}: {said}") from None
    if found.tzinfo is None:
        raise Refused("time", f"{name}: {said}")
    return found


def _classes(assertion: etree._Element, now: datetime) -> list[str]:
    """By what the person has shown who they are; there is a statement of it, and it has not run out. Raises :class:`Refused`."""
    statements = assertion.findall(f"{SAML}AuthnStatement")
    if not statements:
        raise Refused("statement")
    for statement in statements:
        ends = _time(statement, "SessionNotOnOrAfter", required=False)
        if statement.get("SessionNotOnOrAfter") and ends <= now - SKEW:
            raise Refused("session", statement.get("SessionNotOnOrAfter"))
    path = f"{SAML}AuthnContext/{SAML}AuthnContextClassRef"
    return [text_of(node) for statement in statements for node in statement.findall(path)]


def _attributes(assertion: etree._Element) -> dict[str, list[str]]:
    """The texts of each attribute, by its name and by its friendly name. Raises :class:`Refused` for one with more than text."""
    found: dict[str, list[str]] = {}
    for attribute in assertion.findall(f"{SAML}AttributeStatement/{SAML}Attribute"):
        nodes = attribute.findall(f"{SAML}AttributeValue")[:MOST_VALUES]
        values = [text_of(node) for node in nodes if not len(node)]
        for name in {attribute.get("Name", ""), attribute.get("FriendlyName", "")} - {""}:
            found.setdefault(str(name), []).extend(values)
    return found
