"""Signing in at a real provider of SAML 2.0, set up by its metadata, from the first address to the session (X-29)."""

import copy
import sys
from typing import Any
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from lxml import etree
from starlette.applications import Starlette

from tenants.audit_tallies import MOST, Disbelief, Tallies
from tenants.database import Database
from tenants.outgoing import Answer as Answering
from tenants.single_sign_on.discovery import BadProvider, Discovery
from tenants.single_sign_on.saml import apart
from tests.documents import unchanged
from tests.harness import Client, Company, Row
from tests.identity_provider import CREATE, Providers, Visit, at_saml_provider, certified, members, providers, refusals
from tests.saml_responses import Answer, asked, encoded

pytestmark = pytest.mark.anyio

SHOWN = """
{ identityProviders { key kind issuer clientId metadataUrl signInUrl certificates emailClaim nameClaim scopes startUrl redirectUrl
  serviceMetadataUrl logoutUrl } }
"""
UPDATE = """
mutation($input: UpdateIdentityProviderInput!) { result: updateIdentityProvider(input: $input) {
  __typename ... on IdentityProviderPayload { identityProvider { version issuer metadataUrl signInUrl certificates } }
  ... on Problem { code message } ... on InvalidInput { errors { path code message } }
} }
"""
TRY = """
mutation($id: ID!) { result: testIdentityProvider(input: {id: $id}) { ... on TestIdentityProviderPayload { usable problems } } }
"""


async def provide(company: Company, **changes: Any) -> Row:
    """Set up the provider by the address of its metadata, as the owner; the answer."""
    wanted = {"key": "login", "name": "Work Login", "kind": "SAML", "metadataUrl": providers().metadata}
    more = {"createsMembers": True, "defaultRoles": ["read_only"]}
    result: Row = (await company.data(CREATE, {"input": wanted | more | changes}))["result"]
    return result


def pasted(address: str = "http://127.0.0.1/sign-in", issuer: str = "urn:login", *certificates: str) -> str:
    """Metadata as somebody pastes it."""
    keys = "".join(
        '<KeyDescriptor use="signing"><KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data><X509Certificate>'
        + "".join(text.splitlines()[1:-1])
        + "</X509Certificate></X509Data></KeyInfo></KeyDescriptor>"
        for text in certificates
    )
    return (
        f'<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="{issuer}"><!-- a comment --><IDPSSODescriptor'
        f' protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">{keys}<SingleSignOnService'
        f' Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="{address}"/></IDPSSODescriptor></EntityDescriptor>'
    )


def of_metadata(found: Providers) -> str:
    """The certificate of the provider as it is kept."""
    return "".join(found.certificate.splitlines()[1:-1])


async def test_somebody_signs_in_at_a_real_provider(company: Company, client: Client) -> None:
    """Set up by the address of its metadata; roles by its groups; signed as an assertion, or as a response."""
    mapping = [{"value": "sales", "role": "member"}]
    assert (await provide(company, roleClaim="groups", roleMapping=mapping))["__typename"] == "IdentityProviderPayload"
    start = f"http://orderloom.test/single-sign-on/{company.slug}/login"
    (shown,) = (await company.data(SHOWN))["identityProviders"]
    assert shown == {
        "key": "login",
        "kind": "SAML",
        "issuer": providers().metadata,
        "clientId": "",
        "metadataUrl": providers().metadata,
        "signInUrl": "",
        "certificates": [],
        "emailClaim": "",
        "nameClaim": "",
        "scopes": [],
        "startUrl": start,
        "redirectUrl": f"{start}/response",
        "serviceMetadataUrl": f"{start}/metadata",
        "logoutUrl": None,
    }
    visit = Visit(client, company.slug)
    signed = await through(visit, "anna")
    assert signed["member"] | {"id": ""} == {
        "id": "",
        "email": "anna@example.com",
        "name": "Anna Arendt",
        "roles": ["member", "read_only"],
    }
    assert (signed["__typename"], signed["tenant"]) == ("SignInPayload", {"slug": company.slug})
    again = await through(Visit(client, company.slug), "anna", signed="response")
    assert again["member"] == signed["member"]
    known = await company.rows("SELECT issuer, subject FROM member_identities WHERE tenant_id = %(tenant)s")
    assert known == [{"issuer": f"saml {providers().metadata}", "subject": "persistent:anna"}]
    methods = await company.rows(
        "SELECT changes FROM events WHERE tenant_id = %(tenant)s AND kind = 'signed_in' AND record_id = %(id)s",
        id=signed["member"]["id"],
    )
    assert ["'new': 'saml'" in str(entry["changes"]) for entry in methods] == [True, True]


async def through(visit: Visit, account: str, **more: str) -> Row:
    """All the way to the session as this account of the provider."""
    page = await at_page(visit, account, **more)
    assert set(page) == {"code"}, page
    return await visit.finish(page["code"])


async def at_page(visit: Visit, account: str, **more: str) -> Row:
    response = await visit.off()
    assert response.status_code == 303, response.text
    return await visit.answered(*await at_saml_provider(response.headers["location"], account, **more))


async def test_our_metadata_says_where_we_are(company: Company, client: Client) -> None:
    await provide(company)
    start = f"/single-sign-on/{company.slug}/login"
    answer = await client.http.get(f"{start}/metadata")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/samlmetadata+xml")
    root = etree.fromstring(answer.content)
    (service,) = root.iter("{*}AssertionConsumerService")
    assert root.get("entityID") == f"http://orderloom.test{start}/metadata"
    assert service.get("Location") == f"http://orderloom.test{start}/response"
    assert service.get("Binding") == "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
    off = await Visit(client, company.slug).off()
    request, state = asked(off.headers["location"])
    assert (len(state), request.get("Destination")) == (43, providers().metadata.replace("metadata", "sign-in"))
    assert request.get("AssertionConsumerServiceURL") == service.get("Location")
    assert [issuer.text for issuer in request.iter("{*}Issuer")] == [root.get("entityID")]
    for path in (f"/single-sign-on/{company.slug}/none/metadata", "/single-sign-on/nobody/login/metadata"):
        assert (await client.http.get(path)).status_code == 400


async def test_who_is_refused_leaves_nothing(
    company: Company, client: Client, app: Starlette, database: Database
) -> None:
    """Cancelled there, of another domain, expired, brought by another browser, or never begun: people are told in their language, and
    the company why."""
    await provide(company, domains=["example.com"])
    before = await members(company)
    cancelled = await at_page(Visit(client, company.slug), "nobody")
    assert (cancelled["error"], cancelled["message"]) == (
        "SINGLE_SIGN_ON_REFUSED",
        "Work Login has not confirmed the sign-in (AuthnFailed). Try again, or ask your administrator.",
    )
    client.http.headers["Accept-Language"] = "zh"
    assert (await at_page(Visit(client, company.slug), "nobody"))["message"].startswith("Work Login 未确认本次登录")
    assert (await at_page(Visit(client, company.slug), "carl"))["error"] == "SINGLE_SIGN_ON_OTHER_DOMAIN"
    del client.http.headers["Accept-Language"]
    action, fields = await at_saml_provider((await Visit(client, company.slug).off()).headers["location"], "anna")
    browser = dict(client.http.cookies)
    client.http.cookies.clear()
    assert (await client.http.post(action, data=fields)).status_code == 400
    client.http.cookies.update(browser)
    late = (await Visit(client, company.slug).off()).headers["location"]
    await company.rows(
        "UPDATE single_sign_on_starts SET expires_at = now() WHERE tenant_id = %(tenant)s RETURNING 1 AS x"
    )
    for sent in (
        await at_saml_provider(late, "anna"),
        (action, fields),
        (action, fields),
        (action, {"RelayState": "x"}),
    ):
        answer = await client.http.post(sent[0], data=sent[1])
        assert (answer.status_code, answer.text[:21]) == (400, "This sign-in is over,")
    # A visit to this provider that comes back as if it had been to another one, of the other protocol or of this one.
    for back in ("/single-sign-on/callback", f"/single-sign-on/{company.slug}/other/response"):
        visit = Visit(client, company.slug)
        _, state = asked((await visit.off()).headers["location"])
        answer = (
            await client.http.get(back, params={"state": state, "code": "c"})
            if back.endswith("callback")
            else await client.http.post(back, data=fields | {"RelayState": state})
        )
        assert visit.page(answer)["error"] == "SINGLE_SIGN_ON_MIXED_UP"
    odd = await client.http.post(action, content=b"{}", headers={"Content-Type": "application/json"})
    assert (odd.status_code, odd.text[:25]) == (400, "What was sent is no form ")
    assert (await client.http.post(action, data={"SAMLResponse": "x" * 600_001})).status_code == 400
    assert await members(company) == before
    assert await refusals(company, app, database) == [
        ("single_sign_on.mixed_up", "Work Login"),
        ("single_sign_on.other_domain", "elsewhere.com, example.com"),
        ("single_sign_on.refused", "Work Login, AuthnFailed"),
        ("visit.expired", ""),
        ("visit.other_browser", ""),
        ("visit.unknown", ""),
    ]


async def test_metadata_is_pasted_and_certificates_follow_each_other(company: Company, client: Client) -> None:
    """Several at once; what is expired or weak is not taken; keys of an elliptic curve sign too, and tell of two factors."""
    old, new, weak = rsa.generate_private_key(65537, 2048), ec.generate_private_key(ec.SECP256R1()), certified_weak()
    ends = certified(old, days=-1)
    made = await provide(
        company, metadataUrl="", metadata=pasted("http://127.0.0.1/sign-in", "urn:login", certified(old), ends)
    )
    provider = made["identityProvider"]["id"]
    (shown,) = (await company.data(SHOWN))["identityProviders"]
    assert (shown["issuer"], shown["signInUrl"], shown["metadataUrl"]) == ("urn:login", "http://127.0.0.1/sign-in", "")
    assert len(shown["certificates"]) == 1
    assert (await company.data(TRY, {"id": provider}))["result"] == {"usable": True, "problems": []}
    for given in (ends, weak, "nonsense"):
        async with unchanged(company):
            refused = (await company.data(UPDATE, {"input": {"id": provider, "certificates": [given]}}))["result"]
        assert [(error["path"], error["code"]) for error in refused["errors"]] == [
            (["certificates"], "SINGLE_SIGN_ON_BAD_CERTIFICATE")
        ]
    both = [*shown["certificates"], certified(new)]
    changed = (await company.data(UPDATE, {"input": {"id": provider, "certificates": both}}))["result"]
    assert len(changed["identityProvider"]["certificates"]) == 2
    for key, context in (
        (old, "urn:oasis:names:tc:SAML:2.0:ac:classes:Password"),
        (new, "https://refeds.org/profile/mfa"),
    ):
        visit = Visit(client, company.slug)
        answer, state = await answering(visit, key, certified(key))
        assertion = answer.but(context=context).assertion()
        algorithm: Row = {} if key is old else {"signature_algorithm": "ecdsa-sha256"}
        response = answer.response(answer.signed(assertion, **algorithm))
        page = await visit.answered(answer.recipient, {"SAMLResponse": encoded(response), "RelayState": state})
        assert (await visit.finish(page["code"]))["member"]["email"] == "anna@example.com"
    factors = await company.rows(
        "SELECT second_factor FROM sessions WHERE tenant_id = %(tenant)s AND provider_id IS NOT NULL ORDER BY created_at"
    )
    assert [row["second_factor"] for row in factors] == [False, True]


def certified_weak() -> str:
    return certified(rsa.generate_private_key(65537, 1024))


async def answering(visit: Visit, key: Any, certificate: str, issuer: str = "urn:login") -> tuple[Answer, str]:
    """What a provider that has this key can say in answer to a visit that is begun now, and the visit's state."""
    request, state = asked((await visit.off()).headers["location"])
    recipient = request.get("AssertionConsumerServiceURL")
    audience = recipient.replace("/response", "/metadata")
    return Answer(key, certificate, issuer, audience, recipient, request.get("ID")), state


@pytest.mark.parametrize(
    ("changes", "path", "code"),
    [
        ({"metadataUrl": ""}, "metadata", "SINGLE_SIGN_ON_SAML_WANTED"),
        ({"metadataUrl": "login"}, "metadataUrl", "SINGLE_SIGN_ON_BAD_ADDRESS"),
        ({"metadataUrl": "https://10.1.2.3/metadata"}, "metadataUrl", "OUTGOING_NOT_PUBLIC"),
        ({"issuer": "urn:other"}, "issuer", "SINGLE_SIGN_ON_OTHER_ISSUER"),
        ({"clientSecret": "x"}, "clientSecret", "SINGLE_SIGN_ON_NOT_OF_KIND"),
        ({"kind": "OPENID_CONNECT", "issuer": "https://a.example.com", "clientId": "us", "metadataUrl": "", "signInUrl": "x"}, "signInUrl", "SINGLE_SIGN_ON_NOT_OF_KIND"),
        ({"metadata": "<a/>"}, "metadata", "SINGLE_SIGN_ON_METADATA_ENTITY"),
        ({"metadata": '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'}, "metadata", "SINGLE_SIGN_ON_METADATA_XML"),
        ({"metadata": "x" * 300_000}, "metadata", "SINGLE_SIGN_ON_METADATA_XML"),
        ({"metadata": pasted("javascript:alert(1)", "urn:a")}, "metadata", "SINGLE_SIGN_ON_METADATA_BINDING"),
        ({"metadata": pasted()}, "metadata", "SINGLE_SIGN_ON_METADATA_CERTIFICATE"),
        (
            {"metadata": pasted().replace("<IDPSSODescriptor", '<IDPSSODescriptor WantAuthnRequestsSigned="true"')},
            "metadata",
            "SINGLE_SIGN_ON_METADATA_SIGNED_REQUESTS",
        ),
    ],
)  # fmt: skip
async def test_what_cannot_be_is_refused(company: Company, client: Client, changes: Row, path: str, code: str) -> None:
    async with unchanged(company):
        result = await provide(company, **changes)
    assert [(error["path"], error["code"]) for error in result["errors"]] == [([path], code)], result


async def test_only_who_may_manage_has_addresses_read(company: Company, client: Client) -> None:
    wanted = {"key": "login", "name": "L", "kind": "SAML", "metadataUrl": "https://10.1.2.3/metadata"}
    refused = (await company.data(CREATE, {"input": wanted}, person=company.member))["result"]
    assert (refused["__typename"], refused["right"]) == ("NotAllowed", "identity_provider.manage")


async def test_metadata_at_an_address_is_read_again_when_keys_change(
    company: Company, client: Client, app: Starlette
) -> None:
    """What is remembered has another certificate than the one that signs now; the entity may not change with it."""
    made = await provide(company)
    kept = app.state.house.desk.discovery
    address = providers().metadata
    stale = kept._saml.get(address)
    assert stale is not None
    other = "".join(certified(rsa.generate_private_key(65537, 2048)).splitlines()[1:-1])
    remembered = copy.copy(stale)
    remembered.again_at = 0.0
    remembered.found = type(stale.found)(address, stale.found.sign_in_url, (other,))
    kept._saml.put(address, remembered)
    assert (await through(Visit(client, company.slug), "anna"))["__typename"] == "SignInPayload"
    assert kept._saml.get(address).found.certificates == (of_metadata(providers()),)
    provider = made["identityProvider"]["id"]
    assert (await company.data(TRY, {"id": provider}))["result"] == {"usable": True, "problems": []}
    await company.rows(
        "UPDATE identity_providers SET issuer = 'urn:other' WHERE tenant_id = %(tenant)s RETURNING 1 AS x"
    )
    said = f"The provider calls itself '{address}', and not 'urn:other': write the issuer exactly as it does."
    assert (await company.data(TRY, {"id": provider}))["result"] == {"usable": False, "problems": [said]}
    assert "error=SINGLE_SIGN_ON_UNREACHABLE" in (await Visit(client, company.slug).off()).headers["location"]


async def test_what_strangers_write_keeps_nothing_else_from_being_told(
    company: Company, client: Client, app: Starlette, database: Database
) -> None:
    """Neither what cannot be stored nor what is too long, and no more kinds of it than there is room for."""
    provider = UUID((await provide(company))["identityProvider"]["id"])
    tallies = Tallies()
    for detail in ("\0 and \ud800", "x" * 300):
        tallies.disbelieved(Disbelief(company.id, provider, "visit.unknown", detail, "203.0.113.1"))
    for number in range(MOST):
        tallies.disbelieved(Disbelief(company.id, provider, "visit.unknown", str(number), "203.0.113.1"))
    assert (len(tallies.disbeliefs), tallies.lost) == (MOST, 2)
    while len(tallies.disbeliefs) > 2:
        tallies.disbeliefs.popitem()
    await tallies.write(database)
    assert await refusals(company, app, database) == [("visit.unknown", "? and ?"), ("visit.unknown", "x" * 200)]


async def test_a_reader_that_does_not_answer_is_a_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    for command, seconds, detail in (
        ("raise SystemExit(3)", 10.0, "ended with 3"),
        ("sys.stdin.read()", 0.01, "too slow"),
    ):
        monkeypatch.setattr(apart, "_COMMAND", (sys.executable, "-c", f"import sys, time; {command}; time.sleep(60)"))
        monkeypatch.setattr(apart, "SECONDS", seconds)
        with pytest.raises(apart.CannotRead) as error:
            await apart.Apart()({"what": "metadata", "text": ""})
        assert (error.value.reason, error.value.detail) == ("reader", detail)


async def test_metadata_is_read_again_once_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever sends signatures of made-up keys does not have us call the provider each time; when it is away, what it said counts."""
    seconds, answers, calls = [0.0], [Answering(200, b"one")], []

    async def call(method: str, address: str, headers: Any = None, content: bytes = b"") -> Answering:
        calls.append(address)
        return answers[0]

    async def reader(question: Any) -> Row:
        return {"entityId": "urn:a", "signInUrl": "https://a.example.com", "certificates": [question["text"]]}

    kept = Discovery(call, lambda: seconds[0], reader)

    async def told(*, again: bool) -> tuple[str, ...]:
        return (await kept.saml("https://a.example.com/metadata", again=again)).certificates

    assert (await told(again=False), await told(again=False), len(calls)) == (("one",), ("one",), 1)
    answers[0] = Answering(200, b"two")
    assert (await told(again=True), await told(again=True), len(calls)) == (("two",), ("two",), 2)
    seconds[0], answers[0] = 61.0, Answering(503, b"")
    assert (await told(again=True), await told(again=True), await told(again=False), len(calls)) == (
        *(("two",),) * 3,
        3,
    )
    seconds[0] += 3_600
    with pytest.raises(BadProvider):
        await told(again=False)


async def test_names_of_two_protocols_are_not_the_same_person(company: Company, client: Client) -> None:
    """A provider that calls itself the same in both: what is a subject in one may be anybody's name in the other."""
    await company.rows(
        "INSERT INTO member_identities (tenant_id, issuer, subject, member_id, created_at)"
        " VALUES (%(tenant)s, %(issuer)s, 'anna', %(member)s, now()) RETURNING 1 AS x",
        issuer=providers().metadata,
        member=company.member.id,
    )
    await provide(company)
    signed = await through(Visit(client, company.slug), "anna")
    assert signed["member"]["id"] != str(company.member.id)
