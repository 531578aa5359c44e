"""A provider of OpenID Connect ends a session of its own, and with it those that were opened in it here (X-29)."""

import base64
import json
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey
from starlette.applications import Starlette

from tenants.callers import Callers
from tenants.database import Database
from tenants.outgoing import Answer
from tenants.secrets import Secrets
from tenants.sign_in.sessions import NOWHERE, SignedIn
from tenants.single_sign_on.desk import Desk
from tenants.single_sign_on.discovery import Discovery
from tenants.single_sign_on.id_tokens import TokenRefused
from tenants.single_sign_on.logout import EVENT, log_out
from tenants.single_sign_on.visit_secrets import new_secret, sha256_of
from tenants.single_sign_on.visits import Arrival, Wanted, begin, come_back, finish, provider_at
from tests.harness import Client, Company, Row
from tests.identity_provider import WHO, Visit, at_pages, provide, providers, refusals

pytestmark = pytest.mark.anyio

ISSUER, PAGE = "https://login.example.com", "https://app.example.com/in"
KEY = RSAKey.generate_key(2048, {"kid": "one", "use": "sig", "alg": "RS256"})
OTHER_KEY = RSAKey.generate_key(2048, {"kid": "one", "use": "sig", "alg": "RS256"})
OPEN = (
    "SELECT count(*) AS n FROM sessions WHERE tenant_id = %(tenant)s AND provider_id IS NOT NULL AND revoked_at IS NULL"
)


async def test_a_real_provider_ends_the_sessions_of_its_own(
    company: Company, client: Client, app: Starlette, database: Database
) -> None:
    """Of two browsers of one person, the one in which they sign out there; the token is taken once."""
    issuer = providers().issuer
    await provide(company, issuer)
    tokens: list[str] = []
    async with (
        httpx2.AsyncClient(trust_env=False) as one,
        httpx2.AsyncClient(trust_env=False) as other,
    ):
        for browser in (one, other):
            visit = Visit(client, company.slug)
            target = await at_pages(browser, (await visit.off()).headers["location"], "anna")
            tokens.append((await visit.finish((await visit.back(target))["code"]))["token"])
        form = (await one.get(f"{issuer}/session/end")).text
        xsrf = form.split('name="xsrf" value="')[1].split('"')[0]
        confirmed = await one.post(f"{issuer}/session/end/confirm", data={"xsrf": xsrf, "logout": "yes"})
        assert confirmed.status_code in {302, 303}
    sent = providers().told.get(timeout=10)
    assert set(sent) == {"logout_token"}
    address = f"/single-sign-on/{company.slug}/login/back-channel-logout"
    answer = await client.http.post(address, data=sent)
    assert (answer.status_code, answer.content, answer.headers["cache-control"]) == (200, b"", "no-store")
    refused = (await client.graphql(WHO, token=tokens[0]))["errors"][0]
    assert refused["extensions"]["code"] == "NOT_SIGNED_IN"
    assert "errors" not in await client.graphql(WHO, token=tokens[1])
    entries = await company.rows(
        "SELECT actor_name, changes FROM events WHERE tenant_id = %(tenant)s AND kind = 'signed_out' AND record_type = 'member'"
    )
    assert [(entry["actor_name"], {part["field"]: part["new"] for part in entry["changes"]}) for entry in entries] == [
        ("Work Login", {"method": "back-channel logout", "sessions": 1})
    ]
    again = await client.http.post(address, data=sent)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_request")
    assert (await client.http.post(address, data={"logout_token": "nonsense"})).status_code == 400
    assert (await client.http.post(address.replace("login", "none"), data=sent)).status_code == 400
    assert "errors" not in await client.graphql(WHO, token=tokens[1])
    assert await refusals(company, app, database) == [
        ("logout.single_sign_on.token_refused", "format"),
        ("logout.single_sign_on.token_refused", "jti"),
    ]


class Provider:
    """A provider that tells of a session of its own where it is told to."""

    def __init__(self) -> None:
        self.session: str | None = "s1"
        self.nonce = ""

    async def __call__(
        self, method: str, address: str, headers: Mapping[str, str] | None = None, content: bytes = b""
    ) -> Answer:
        path = urlsplit(address).path
        if path == "/.well-known/openid-configuration":
            names = {"authorization_endpoint": "auth", "token_endpoint": "token", "jwks_uri": "keys"}
            return said({"issuer": ISSUER} | {name: f"{ISSUER}/{path}" for name, path in names.items()})
        if path == "/keys":
            return said({"keys": [KEY.as_dict(private=False)]})
        claims = {"sub": "anna", "nonce": self.nonce, "email": "anna@example.com", "email_verified": True}
        return said({"id_token": token(claims | ({"sid": self.session} if self.session else {}))})


def said(body: Row) -> Answer:
    return Answer(200, json.dumps(body).encode())


def token(claims: Row, key: RSAKey = KEY, **header: Any) -> str:
    now = int(time.time())
    whole = {"iss": ISSUER, "aud": "us", "iat": now, "exp": now + 120} | claims
    left = {name: value for name, value in whole.items() if value is not None}
    return jwt.encode({"alg": "RS256", "kid": "one"} | header, left, key)


def of_logout(**changes: Any) -> str:
    """A token that says a session is over, with changes; what is None is left out."""
    claims = {"jti": new_secret(), "sid": "s1", "sub": "anna", "events": {EVENT: {}}}
    return token(claims | changes, typ="logout+jwt")


def unsigned() -> str:
    _, body, _ = of_logout().split(".")
    none = base64.urlsafe_b64encode(json.dumps({"alg": "none", "typ": "logout+jwt"}).encode()).decode().rstrip("=")
    return f"{none}.{body}."


@pytest.fixture
async def scene(company: Company, callers: Callers) -> tuple[Company, Callers, Desk, Provider]:
    await company.rows(
        "INSERT INTO identity_providers (tenant_id, id, key, name, issuer, client_id, default_roles, creates_members, created_at,"
        " updated_at) VALUES (%(tenant)s, gen_random_uuid(), 'login', 'Login', %(issuer)s, 'us', '{member}', true, now(), now())"
        " RETURNING 1 AS x",
        issuer=ISSUER,
    )
    provider = Provider()
    return company, callers, Desk(provider, "https://api.example.com", (PAGE,), Discovery(provider)), provider


async def opened(scene: tuple[Company, Callers, Desk, Provider], session: str | None) -> SignedIn:
    """Somebody signs in, in such a session of the provider."""
    company, callers, desk, provider = scene
    provider.session = session
    browser, verifier = new_secret(), new_secret()
    address = await begin(company.database, desk, Wanted(company.slug, "login", "", sha256_of(verifier)), browser)
    asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    provider.nonce = asked["nonce"]
    arrival = Arrival({"state": asked["state"], "code": "c"}, browser)
    page = await come_back(company.database, callers, Secrets(), desk, arrival)
    found = await finish(company.database, page.partition("code=")[2], verifier, NOWHERE)
    assert isinstance(found, SignedIn)
    return found


async def ended(scene: tuple[Company, Callers, Desk, Provider], given: str) -> int:
    company, callers, desk, _ = scene
    provider = await provider_at(company.database, company.slug, "login")
    return await log_out(company.database, callers, desk, provider, given)


async def test_forged_logout_tokens_end_nothing(scene: tuple[Company, Callers, Desk, Provider]) -> None:
    company = scene[0]
    await opened(scene, "s1")
    now = int(time.time())
    forgeries: dict[str, tuple[str, str]] = {
        "not signed": (unsigned(), "algorithm"),
        "signed by another": (token({"jti": "1", "sid": "s1", "events": {EVENT: {}}}, OTHER_KEY), "signature"),
        "no token": ("nonsense", "format"),
        "of another issuer": (of_logout(iss="https://evil.example.com"), "iss"),
        "for another": (of_logout(aud="others"), "aud"),
        "of no time": (of_logout(iat=None), "iat"),
        "of the future": (of_logout(iat=now + 600), "iat"),
        "long ago": (of_logout(iat=now - 700), "iat"),
        "run out": (of_logout(exp=now - 61), "exp"),
        "never ending": (of_logout(exp=None), "exp"),
        "without an id": (of_logout(jti=None), "jti"),
        "without the event": (of_logout(events=None), "events"),
        "of another event": (of_logout(events={"https://example.com/other": {}}), "events"),
        "of an event that is none": (of_logout(events={EVENT: "yes"}), "events"),
        "a token of a sign-in": (of_logout(nonce="n"), "nonce"),
        "of another kind": (token({"jti": "2", "sid": "s1", "events": {EVENT: {}}}, typ="at+jwt"), "typ"),
        "about nobody": (of_logout(sid=None, sub=None), "sid"),
        "about a number": (of_logout(sid=7), "sid"),
    }
    refused = {}
    for name, (forged, _) in forgeries.items():
        with pytest.raises(TokenRefused) as error:
            await ended(scene, forged)
        refused[name] = error.value.reason
    assert refused == {name: reason for name, (_, reason) in forgeries.items()}
    assert await company.rows(OPEN) == [{"n": 1}]


async def test_it_ends_what_it_names(scene: tuple[Company, Callers, Desk, Provider]) -> None:
    """A session of the provider, a person, or a person's where we were not told which it was; and who is on their way gets nowhere."""
    company, _, _, _ = scene
    for session in ("s1", "s2", "s2", None):
        await opened(scene, session)
    assert await ended(scene, of_logout(sid="unknown", sub=None)) == 0
    assert await ended(scene, of_logout(sub="somebody else", sid="unknown")) == 0
    assert await ended(scene, of_logout(sid="s2", sub=None)) == 2
    assert await company.rows(OPEN) == [{"n": 2}]
    assert await ended(scene, of_logout(sid="s1")) == 2
    assert await company.rows(OPEN) == [{"n": 0}]
    for session in ("s3", "s4"):
        await opened(scene, session)
    await company.rows(
        "INSERT INTO single_sign_on_ends (code_hash, tenant_id, provider_id, member_id, challenge, provider_session, expires_at)"
        " SELECT 'x', tenant_id, provider_id, member_id, '', 's3', now() + interval '1 min' FROM sessions"
        " WHERE tenant_id = %(tenant)s AND provider_id IS NOT NULL LIMIT 1 RETURNING 1 AS x"
    )
    assert await ended(scene, of_logout(sid=None)) == 2
    assert await company.rows(OPEN) == [{"n": 0}]
    assert await company.rows("SELECT 1 AS x FROM single_sign_on_ends WHERE tenant_id = %(tenant)s") == []
