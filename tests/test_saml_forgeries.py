"""Responses of SAML that nobody is to believe: each is refused for its reason, changes nothing, and is told to the company alone (A2)."""

import base64
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from lxml import etree
from signxml.algorithms import CanonicalizationMethod, DigestAlgorithm, SignatureMethod
from starlette.applications import Starlette

from server.strangers import Strangers
from tenants.database import Database
from tenants.single_sign_on.saml.apart import CannotRead
from tenants.single_sign_on.saml.reading import answer
from tests.harness import Client, Company, Row
from tests.identity_provider import Visit, certified, members, refusals
from tests.saml_responses import (
    PROTOCOL,
    SAML,
    SIGNATURE,
    Answer,
    AnyAlgorithm,
    encoded,
    from_now,
)
from tests.test_saml import answering, pasted, provide

pytestmark = pytest.mark.anyio

KEY = rsa.generate_private_key(65537, 2048)
OTHER_KEY = rsa.generate_private_key(65537, 2048)
CERTIFICATE, OTHER_CERTIFICATE = certified(KEY), certified(OTHER_KEY)
EXTENSIONS = f"{PROTOCOL}Extensions"
EVIL = "admin"
VAGUE = {
    "error": "SINGLE_SIGN_ON_NOT_BELIEVED",
    "message": "The answer of your identity provider was not accepted. Begin again; if it happens again, tell your administrator: the audit log has the reason.",
}

Forge = Callable[[Answer], Any]


def evil(answer: Answer) -> etree._Element:
    """What the forger would have us believe, not signed."""
    return answer.but(name=EVIL, id="_evil").assertion()


def signed(answer: Answer) -> etree._Element:
    return answer.signed(answer.assertion())


def changed_after(answer: Answer) -> etree._Element:
    response = answer.good()
    next(response.iter(f"{SAML}NameID")).text = EVIL
    return response


def beside(answer: Answer) -> etree._Element:
    return answer.response(evil(answer), signed(answer))


def around(answer: Answer) -> etree._Element:
    """The signed assertion within the signature of the forged one."""
    inner, outer = signed(answer), evil(answer)
    signature = inner.find(f"{SIGNATURE}Signature")
    outer.insert(1, signature)
    etree.SubElement(signature, f"{SIGNATURE}Object").append(inner)
    return answer.response(outer)


def aside(answer: Answer) -> etree._Element:
    """The signed assertion where extensions are, the forged one in its place."""
    response = answer.response(evil(answer))
    response.insert(1, etree.Element(EXTENSIONS))
    response[1].append(signed(answer))
    return response


def aside_alone(answer: Answer) -> etree._Element:
    response = answer.response()
    etree.SubElement(response, EXTENSIONS).append(signed(answer))
    return response


def within_another_response(answer: Answer) -> etree._Element:
    """A whole signed response in the extensions of a forged one."""
    inner = answer.signed(answer.response(answer.assertion()))
    outer = answer.response(evil(answer))
    outer.set("ID", "_outer")
    outer.insert(1, etree.Element(EXTENSIONS))
    outer[1].append(inner)
    return outer


def of_the_same_id(answer: Answer) -> etree._Element:
    response = answer.response(answer.but(name=EVIL).assertion())
    response.insert(1, etree.Element(EXTENSIONS))
    response[1].append(signed(answer))
    return response


def with_a_signature_of_another(answer: Answer) -> etree._Element:
    """The forged assertion has a signature, which refers to an element that has the signed text."""
    inner, outer = signed(answer), evil(answer)
    outer.insert(1, inner.find(f"{SIGNATURE}Signature"))
    response = answer.response(outer)
    response.insert(1, etree.Element(EXTENSIONS, ID=answer.id))
    return response


def reference(answer: Answer, **changes: str) -> etree._Element:
    """A signed response whose reference says something else."""
    response = answer.good()
    node = next(response.iter(f"{SIGNATURE}Reference"))
    for name, value in changes.items():
        node.set(name, value)
    return response


def two_references(answer: Answer) -> etree._Element:
    response = answer.good()
    node = next(response.iter(f"{SIGNATURE}Reference"))
    node.getparent().append(etree.fromstring(etree.tostring(node)))
    return response


def transformed(answer: Answer) -> etree._Element:
    response = answer.good()
    transforms = next(response.iter(f"{SIGNATURE}Transforms"))
    step = etree.SubElement(
        transforms, f"{SIGNATURE}Transform", Algorithm="http://www.w3.org/TR/1999/REC-xslt-19991116"
    )
    step.append(etree.fromstring('<x:stylesheet xmlns:x="http://www.w3.org/1999/XSL/Transform" version="1.0"/>'))
    return response


def with_comments(answer: Answer) -> etree._Element:
    method = CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0_WITH_COMMENTS
    return answer.response(answer.signed(answer.assertion(), c14n_algorithm=method))


def with_the_certificate_as_secret(answer: Answer) -> etree._Element:
    made = answer.signed(answer.assertion(), signature_algorithm=SignatureMethod.HMAC_SHA256, key=CERTIFICATE.encode())
    return answer.response(made)


def by(answer: Answer, **algorithms: Any) -> etree._Element:
    return answer.response(answer.signed(answer.assertion(), signer=AnyAlgorithm, **algorithms))


def text(answer: Answer, old: str, new: str) -> str:
    """A good response as text, a part of it replaced after it was signed."""
    good: str = etree.tostring(answer.good()).decode()
    assert old in good, old
    return good.replace(old, new, 1)


def with_entity(answer: Answer) -> str:
    return '<!DOCTYPE r [<!ENTITY who "admin">]>' + text(answer, ">anna<", ">&who;<")


def laughing(answer: Answer) -> str:
    """A billion of them."""
    entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    return f'<!DOCTYPE r [<!ENTITY l0 "ha">{entities}]>' + text(answer, ">anna<", ">&l9;<")


def in_utf_16(answer: Answer) -> str:
    """The same declaration where a search for it in the bytes would not find it."""
    return base64.b64encode(with_entity(answer).encode("utf-16")).decode()


def encrypted(answer: Answer) -> etree._Element:
    response = answer.response()
    etree.SubElement(response, f"{SAML}EncryptedAssertion")
    return response


def signed_wrongly_as_a_whole(answer: Answer) -> etree._Element:
    """The assertion's signature is good, and that of the response around it is not."""
    response = answer.signed(answer.response(signed(answer)))
    response.find(f"{SAML}Issuer").tail = " "
    return response


def tampered_response(answer: Answer) -> etree._Element:
    response = answer.signed(answer.response(answer.assertion()))
    next(response.iter(f"{SAML}NameID")).text = EVIL
    return response


def without(answer: Answer, name: str) -> etree._Element:
    """An assertion that never had such an element, signed."""
    assertion = answer.assertion()
    node = next(assertion.iter(f"{SAML}{name}"))
    node.getparent().remove(node)
    return answer.response(answer.signed(assertion))


BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
PERSISTENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
RECIPIENT, AUDIENCE = "Recipient=", "<saml:Audience>"
FORGERIES: dict[str, tuple[Forge, str]] = {
    "not signed": (lambda a: a.response(a.assertion()), "unsigned"),
    "signed by another, whose certificate comes along": (
        lambda a: a.but(key=OTHER_KEY, certificate=OTHER_CERTIFICATE).good(),
        "signature",
    ),
    "signed by another, with the right certificate": (lambda a: a.but(key=OTHER_KEY).good(), "signature"),
    "changed after it was signed": (changed_after, "signature"),
    "a response changed after it was signed": (tampered_response, "signature"),
    "two signatures, one of them wrong": (signed_wrongly_as_a_whole, "signature"),
    "signed with SHA-1": (lambda a: by(a, signature_algorithm=SignatureMethod.RSA_SHA1), "signature"),
    "a digest of SHA-1": (lambda a: by(a, digest_algorithm=DigestAlgorithm.SHA1), "signature"),
    "signed with a shared secret": (with_the_certificate_as_secret, "signature"),
    "a forged assertion beside": (beside, "assertions"),
    "a forged assertion around": (around, "assertions"),
    "a forged assertion in its place": (aside, "assertions"),
    "an assertion in the extensions": (aside_alone, "assertions"),
    "a response within a response": (within_another_response, "assertions"),
    "two of the same id": (of_the_same_id, "ids"),
    "a signature of another element": (with_a_signature_of_another, "reference"),
    "two assertions, both signed": (lambda a: a.response(signed(a), a.signed(a.but(id="_2").assertion())), "assertions"),
    "a signature of everything": (lambda a: reference(a, URI=""), "reference"),
    "a signature of something elsewhere": (lambda a: reference(a, URI="https://evil.example.com/"), "reference"),
    "two references": (two_references, "references"),
    "a transformation by a program": (transformed, "transforms"),
    "a form that keeps comments": (with_comments, "transforms"),
    "a comment in a name": (lambda a: a.good((">anna<", ">anna<!---->.evil<")), "markup"),
    "an instruction in a name": (lambda a: a.good((">anna<", ">anna<?x y?><")), "markup"),
    "an instruction before it": (lambda a: "<?xml-stylesheet href='x'?>" + etree.tostring(a.good()).decode(), "markup"),
    "an element in a name": (lambda a: a.good((">anna<", ">anna<b/><")), "markup"),
    "an entity": (with_entity, "dtd"),
    "an entity, in UTF-16": (in_utf_16, "dtd"),
    "an entity of a billion": (laughing, "xml"),
    "a document type elsewhere": (lambda a: '<!DOCTYPE r SYSTEM "file:///etc/passwd">' + text(a, "anna", "anna"), "dtd"),
    "too large": (lambda a: a.good((">anna<", f">{'a' * 300_000}<")), "size"),
    "too many elements": (lambda a: a.good(("</saml:Conditions>", f"{'<b/>' * 6_000}</saml:Conditions>")), "size"),
    "no base64": (lambda a: "?", "base64"),
    "nothing": (lambda a: "", "xml"),
    "no XML": (lambda a: "<a", "xml"),
    "no response": (lambda a: "<a/>", "root"),
    "an assertion alone": (signed, "root"),
    "encrypted": (encrypted, "encrypted"),
    "of an older version": (lambda a: a.good(('Version="2.0"', 'Version="1.1"')), "version"),
    "a response of another provider": (lambda a: a.but(issuer="urn:evil").good(), "issuer"),
    "an assertion of another provider": (lambda a: a.response(signed(a.but(issuer="urn:evil"))), "issuer"),
    "of nobody": (lambda a: without(a, "Issuer"), "issuer"),
    "for another place": (lambda a: a.good(response=("Destination=", "Destination='https://e.example' x=")), "destination"),
    "for no place": (lambda a: a.good(response=("Destination=", "x=")), "destination"),
    "of another sign-in": (lambda a: a.but(request="_another").good(), "in_response_to"),
    "begun by the provider": (lambda a: a.good(response=("InResponseTo=", "x=")), "in_response_to"),
    "an assertion of another sign-in": (lambda a: a.response(signed(a.but(request="_another"))), "in_response_to"),
    "an assertion of no sign-in": (lambda a: a.good(("InResponseTo=", "x=")), "in_response_to"),
    "brought elsewhere": (lambda a: a.good((RECIPIENT, 'Recipient="https://evil.example.com/" x=')), "recipient"),
    "brought anywhere": (lambda a: a.good((RECIPIENT, "x=")), "recipient"),
    "for who has a key": (lambda a: a.good((BEARER, BEARER.replace("bearer", "holder-of-key"))), "confirmation"),
    "brought too late": (lambda a: a.good((f'NotOnOrAfter="{from_now(5)}" R', f'NotOnOrAfter="{from_now(-2)}" R')), "not_on_or_after"),
    "never ending": (lambda a: a.good((f'NotOnOrAfter="{from_now(5)}" R', "R")), "time"),
    "of no zone": (lambda a: a.good((f'NotOnOrAfter="{from_now(5)}" R', 'NotOnOrAfter="2999-01-01T00:00:00" R')), "time"),
    "not yet": (lambda a: a.good((f'NotBefore="{from_now(0)}"', f'NotBefore="{from_now(2)}"')), "not_before"),
    "no longer": (lambda a: a.good((f'NotOnOrAfter="{from_now(5)}"><saml:A', f'NotOnOrAfter="{from_now(-2)}"><saml:A')), "not_on_or_after"),
    "of the future": (lambda a: a.good((f'IssueInstant="{from_now(0)}"', f'IssueInstant="{from_now(9)}"')), "issue_instant"),
    "for somebody else": (lambda a: a.but(audience="https://evil.example.com/metadata").good(), "audience"),
    "for anybody": (lambda a: without(a, "AudienceRestriction"), "audience"),
    "for us and only others": (
        lambda a: a.good(("</saml:Conditions>", "<saml:AudienceRestriction><saml:Audience>x</saml:Audience></saml:AudienceRestriction></saml:Conditions>")),
        "audience",
    ),
    "without conditions": (lambda a: without(a, "Conditions"), "conditions"),
    "under a condition that nobody knows": (lambda a: a.good(("</saml:Conditions>", "<saml:Condition/></saml:Conditions>")), "conditions"),
    "without a subject": (lambda a: without(a, "Subject"), "subject"),
    "without a name": (lambda a: without(a, "NameID"), "subject"),
    "of an empty name": (lambda a: a.good((">anna<", "> <")), "name_id"),
    "of a name for once": (lambda a: a.good((PERSISTENT, PERSISTENT.replace("persistent", "transient"))), "name_id"),
    "of somebody who has shown nothing": (lambda a: without(a, "AuthnStatement"), "statement"),
    "of a session that is over": (
        lambda a: a.good(("<saml:AuthnStatement", f'<saml:AuthnStatement SessionNotOnOrAfter="{from_now(-2)}"')),
        "session",
    ),
}  # fmt: skip


async def left(company: Company) -> list[Row]:
    return await company.rows(
        "SELECT (SELECT count(*) FROM member_identities WHERE tenant_id = %(tenant)s) AS known,"
        " (SELECT count(*) FROM single_sign_on_ends WHERE tenant_id = %(tenant)s) AS ends,"
        " (SELECT count(*) FROM taken_messages WHERE tenant_id = %(tenant)s) AS taken,"
        " (SELECT count(*) FROM sessions WHERE tenant_id = %(tenant)s AND provider_id IS NOT NULL) AS sessions"
    )


async def read_here(question: dict[str, Any]) -> dict[str, Any]:
    """What the process answers that reads what strangers send, without the process."""
    said = answer(question)
    if "refused" in said:
        raise CannotRead(said["refused"], said["detail"])
    return said


async def test_forged_responses_are_refused(
    company: Company, client: Client, app: Starlette, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert len(FORGERIES) > 60
    await provide(company, metadataUrl="", metadata=pasted("https://login.example.com/", "urn:login", CERTIFICATE))
    before, nothing = await members(company), await left(company)
    monkeypatch.setattr(app.state.house.desk.discovery, "reader", read_here)
    # So many at once are more than what one address may ask for, and all tests have the same.
    monkeypatch.setitem(app.state._state, "strangers", Strangers(1_000_000))
    tallies = app.state.house.tallies
    refused: dict[str, str] = {}
    for name, (forge, _) in FORGERIES.items():
        visit = Visit(client, company.slug)
        true, state = await answering(visit, KEY, CERTIFICATE)
        made = forge(true)
        is_ready = name in {"no base64", "nothing", "an entity, in UTF-16"}
        sent = made if is_ready else encoded(made)
        assert await visit.answered(true.recipient, {"SAMLResponse": sent, "RelayState": state}) == VAGUE, name
        # Each is written down before the next one comes.
        (disbelief,) = (known for known in tallies.disbeliefs if known.tenant_id == company.id)
        refused[name] = disbelief.reason
        await tallies.write(database)
    assert refused == {name: f"saml.{reason}" for name, (_, reason) in FORGERIES.items()}
    entries = await refusals(company, app, database)
    assert sorted(reason for reason, _ in entries) == sorted(refused.values())
    assert (await members(company), await left(company)) == (before, nothing)
    assert [row["known"] for row in nothing] == [0]


async def test_a_true_response_is_believed_once(
    company: Company, client: Client, app: Starlette, database: Database
) -> None:
    """So that the table above has refused what it has for its reason. The same assertion in answer to another visit, by whoever could
    have it signed for that, is not taken again; and what the process refuses that reads it is refused."""
    await provide(company, metadataUrl="", metadata=pasted("https://login.example.com/", "urn:login", CERTIFICATE))
    good = {"code"}
    for forge, expected in ((Answer.good, good), (Answer.good, set(VAGUE)), (changed_after, set(VAGUE))):
        visit = Visit(client, company.slug)
        true, state = await answering(visit, KEY, CERTIFICATE)
        response = forge(true.but(id="_the_same"))
        page = await visit.answered(true.recipient, {"SAMLResponse": encoded(response), "RelayState": state})
        assert set(page) == expected
    found = await refusals(company, app, database)
    assert [reason for reason, _ in found] == ["saml.replayed", "saml.signature"]
    assert found[0][1] == "_the_same"
    assert [row["taken"] for row in await left(company)] == [1]
