"""What a provider says is believed only as far as it is proved: a table of forgeries, keys that change, answers that are no answers (A2)."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from tenants.callers import Callers
from tenants.outgoing import Answer, NoAnswer
from tenants.secrets import Secrets
from tenants.sign_in.sessions import NOWHERE, SignedIn
from tenants.single_sign_on.desk import Desk
from tenants.single_sign_on.discovery import Discovery
from tenants.single_sign_on.visit_secrets import new_secret, sha256_of
from tenants.single_sign_on.visits import Arrival, SentBack, Wanted, begin, come_back, finish
from tests.harness import Company, Row

pytestmark = pytest.mark.anyio

ISSUER = "https://login.example.com"
PAGE = "https://app.example.com/in"
KEY = RSAKey.generate_key(2048, {"kid": "one", "use": "sig", "alg": "RS256"})
OTHER_KEY = RSAKey.generate_key(2048, {"kid": "one", "use": "sig", "alg": "RS256"})
NEXT_KEY = ECKey.generate_key("P-256", {"kid": "two", "use": "sig", "alg": "ES256"})
SHORT_KEY = {"kty": "RSA", "kid": "short", "n": "A" * 171, "e": "AQAB"}

Forge = Callable[[Row], str]


def signed(claims: Row, key: Any = KEY, **header: str) -> str:
    return jwt.encode({"alg": "RS256", "kid": "one"} | header, claims, key, algorithms=["RS256", "ES256"])


def encoded(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).decode().rstrip("=")


def unsigned(claims: Row) -> str:
    return f"{encoded(json.dumps({'alg': 'none', 'kid': 'one'}).encode())}.{encoded(json.dumps(claims).encode())}."


def signed_with_the_public_key(claims: Row) -> str:
    """The best-known forgery: what everybody may read, used as a shared secret."""
    secret = KEY.as_pem(private=False)
    text = f"{encoded(json.dumps({'alg': 'HS256', 'kid': 'one'}).encode())}.{encoded(json.dumps(claims).encode())}"
    return f"{text}.{encoded(hmac.new(secret, text.encode(), hashlib.sha256).digest())}"


def changed_after(claims: Row) -> str:
    header, _, signature = signed(claims).split(".")
    return f"{header}.{encoded(json.dumps(claims | {'sub': 'admin'}).encode())}.{signature}"


def with_own_key(claims: Row) -> str:
    """The key to check it with comes along."""
    header = {
        "alg": "RS256",
        "kid": "one",
        "jwk": OTHER_KEY.as_dict(private=False),
        "jku": "https://evil.example.com/keys",
    }
    return jwt.encode(header, claims, OTHER_KEY)


FORGERIES: dict[str, tuple[Forge, str]] = {
    "no signature": (unsigned, "algorithm"),
    "a shared secret": (signed_with_the_public_key, "algorithm"),
    "another key of that name": (lambda claims: signed(claims, OTHER_KEY), "signature"),
    "a key that comes along": (with_own_key, "format"),
    "a key that nobody has": (lambda claims: signed(claims, kid="none"), "key"),
    "a key of another kind": (lambda claims: signed(claims, NEXT_KEY, alg="ES256"), "key"),
    "changed after it was signed": (changed_after, "signature"),
    "no token": (lambda _: "nonsense", "format"),
    "three parts of nothing": (lambda _: "e30.e30.e30", "algorithm"),
    "too long": (lambda claims: signed(claims | {"x": "y" * 20_000}), "format"),
    "another issuer": (lambda claims: signed(claims | {"iss": "https://evil.example.com"}), "iss"),
    "another audience": (lambda claims: signed(claims | {"aud": "somebody"}), "aud"),
    "several audiences": (lambda claims: signed(claims | {"aud": ["us", "somebody"]}), "azp"),
    "made for another": (lambda claims: signed(claims | {"azp": "somebody"}), "azp"),
    "expired": (lambda claims: signed(claims | {"exp": int(time.time()) - 61}), "exp"),
    "never ends": (lambda claims: signed({name: value for name, value in claims.items() if name != "exp"}), "exp"),
    "of the future": (lambda claims: signed(claims | {"iat": int(time.time()) + 3_600}), "iat"),
    "not yet": (lambda claims: signed(claims | {"nbf": int(time.time()) + 3_600}), "nbf"),
    "of another sign-in": (lambda claims: signed(claims | {"nonce": "another"}), "nonce"),
    "of no sign-in": (
        lambda claims: signed({name: value for name, value in claims.items() if name != "nonce"}),
        "nonce",
    ),
    "of nobody": (lambda claims: signed(claims | {"sub": ""}), "sub"),
    "of a number": (lambda claims: signed(claims | {"sub": 7}), "sub"),
    "of a name that cannot be kept": (lambda claims: signed(claims | {"sub": "a\0"}), "sub"),
}


@dataclass
class Provider:
    """A provider that says what it is told to."""

    claims: Row = field(default_factory=dict)
    forge: Forge = signed
    keys: list[Mapping[str, Any]] = field(default_factory=lambda: [KEY.as_dict(private=False), SHORT_KEY])
    metadata: Row = field(default_factory=dict)
    nonce: str = ""
    calls: list[str] = field(default_factory=list)
    form: Row = field(default_factory=dict)

    async def __call__(
        self, method: str, address: str, headers: Mapping[str, str] | None = None, content: bytes = b""
    ) -> Answer:
        path = urlsplit(address).path
        self.calls.append(path)
        if path == "/.well-known/openid-configuration":
            names = {"authorization_endpoint": "auth", "token_endpoint": "token", "jwks_uri": "keys"}
            said: Row = {"issuer": ISSUER} | {name: f"{ISSUER}/{path}" for name, path in names.items()} | self.metadata
            return self._json({name: value for name, value in said.items() if value is not None})
        if path == "/keys":
            return self._json({"keys": self.keys})
        self.form = {name: values[0] for name, values in parse_qs(content.decode()).items()}
        now = int(time.time())
        base = {"iss": ISSUER, "aud": "us", "sub": "42", "exp": now + 300, "iat": now, "nonce": self.nonce}
        person = {"email": "eva@example.com", "email_verified": True, "name": "Eva"}
        return self._json({"id_token": self.forge(base | person | self.claims), "token_type": "Bearer"})

    @staticmethod
    def _json(said: Row) -> Answer:
        return Answer(200, json.dumps(said).encode())


@dataclass
class Visitor:
    """Somebody who signs in at that provider."""

    company: Company
    callers: Callers
    provider: Provider
    seconds: float = 0.0

    def __post_init__(self) -> None:
        self.desk = Desk(
            self.provider, "https://api.example.com", (PAGE,), Discovery(self.provider, lambda: self.seconds)
        )
        self.verifier, self.browser = new_secret(), new_secret()

    async def off(self) -> Row:
        wanted = Wanted(self.company.slug, "login", "", sha256_of(self.verifier))
        address = await begin(self.company.database, self.desk, wanted, self.browser)
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        self.provider.nonce = asked["nonce"]
        return asked

    async def back(self, **said: str) -> str:
        asked = await self.off()
        said = {"state": asked["state"], "code": "any"} | said
        return await come_back(self.company.database, self.callers, Secrets(), self.desk, Arrival(said, self.browser))

    async def refused(self, **said: str) -> tuple[str, Row]:
        with pytest.raises(SentBack) as error:
            await self.back(**said)
        code, data = error.value.problem.code, error.value.problem.data
        # The company is told the same.
        assert error.value.told[2:] == (code, ", ".join(data.values()))
        return code, data


@pytest.fixture
async def visitor(company: Company, callers: Callers) -> Visitor:
    await company.rows(
        "INSERT INTO identity_providers (tenant_id, id, key, name, issuer, client_id, default_roles, creates_members, created_at,"
        " updated_at) VALUES (%(tenant)s, gen_random_uuid(), 'login', 'Login', %(issuer)s, 'us', '{member}', true, now(), now())"
        " RETURNING 1 AS x",
        issuer=ISSUER,
    )
    return Visitor(company, callers, Provider())


async def left(company: Company) -> list[Row]:
    return await company.rows(
        "SELECT (SELECT count(*) FROM members WHERE tenant_id = %(tenant)s) AS members,"
        " (SELECT count(*) FROM member_identities WHERE tenant_id = %(tenant)s) AS known,"
        " (SELECT count(*) FROM single_sign_on_ends WHERE tenant_id = %(tenant)s) AS ends,"
        " (SELECT count(*) FROM sessions WHERE tenant_id = %(tenant)s) AS sessions"
    )


@pytest.mark.parametrize(("forge", "reason"), FORGERIES.values(), ids=FORGERIES.keys())
async def test_a_forged_token_is_refused(visitor: Visitor, forge: Forge, reason: str) -> None:
    before = await left(visitor.company)
    visitor.provider.forge = forge
    assert await visitor.refused() == ("single_sign_on.token_refused", {"reason": reason})
    assert await left(visitor.company) == before


async def test_a_true_token_is_believed(visitor: Visitor) -> None:
    """So that the table above has refused what it has for its reason."""
    page = await visitor.back()
    assert page.startswith(f"{PAGE}?code=")
    session = await finish(visitor.company.database, page.partition("code=")[2], visitor.verifier, NOWHERE)
    assert isinstance(session, SignedIn)
    assert (session.tenant_id, session.device) == (visitor.company.id, None)
    for claims in ({"aud": ["us", "other"], "azp": "us"}, {"exp": int(time.time()) - 30}, {"azp": "us"}):
        visitor.provider.claims = claims
        assert (await visitor.back()).startswith(f"{PAGE}?code=")
    # What was sent to the provider proves that it is us who began (RFC 7636).
    asked = await visitor.off()
    await come_back(
        visitor.company.database,
        visitor.callers,
        Secrets(),
        visitor.desk,
        Arrival({"state": asked["state"], "code": "c"}, visitor.browser),
    )
    form = visitor.provider.form
    assert sha256_of(form.pop("code_verifier")) == asked["code_challenge"]
    assert form == {
        "grant_type": "authorization_code",
        "code": "c",
        "client_id": "us",
        "redirect_uri": "https://api.example.com/single-sign-on/callback",
    }


async def test_keys_change_and_are_read_again_once_a_minute(visitor: Visitor) -> None:
    provider = visitor.provider
    await visitor.back()
    assert provider.calls.count("/keys") == 1
    # The provider signs with another key of another kind, without a word.
    provider.keys = [NEXT_KEY.as_dict(private=False)]
    provider.forge = lambda claims: signed(claims, NEXT_KEY, alg="ES256", kid="two")
    await visitor.back()
    assert provider.calls.count("/keys") == 2
    # What the old key has signed is not believed any more, and made-up names have nobody called.
    for number in range(5):
        provider.forge = lambda claims, name=f"made up {number}": signed(claims, kid=name)  # type: ignore[misc]
        assert await visitor.refused() == ("single_sign_on.token_refused", {"reason": "key"})
    assert provider.calls.count("/keys") == 2
    visitor.seconds += 61
    assert (await visitor.refused())[1] == {"reason": "key"}
    assert provider.calls.count("/keys") == 3
    assert provider.calls.count("/.well-known/openid-configuration") == 1
    visitor.seconds += 3_600
    await visitor.refused()
    assert provider.calls.count("/.well-known/openid-configuration") == 2


async def test_another_provider_does_not_speak_for_this_one(visitor: Visitor) -> None:
    """RFC 9207: what comes back names its issuer, where the provider says that it does so."""
    assert await visitor.refused(iss="https://evil.example.com") == ("single_sign_on.mixed_up", {"provider": "Login"})
    assert (await visitor.back(iss=ISSUER)).startswith(PAGE)
    visitor.provider.metadata = {"authorization_response_iss_parameter_supported": True}
    visitor.seconds += 3_601
    assert await visitor.refused() == ("single_sign_on.mixed_up", {"provider": "Login"})


async def test_what_a_provider_says_is_not_put_before_people(visitor: Visitor) -> None:
    """Only codes of errors are, of the shape that they have."""
    asked = await visitor.off()
    with pytest.raises(SentBack) as error:
        await come_back(
            visitor.company.database,
            visitor.callers,
            Secrets(),
            visitor.desk,
            Arrival({"state": asked["state"], "error": "<script>", "error_description": "call 555"}, visitor.browser),
        )
    page = error.value.address("zh")
    assert page.startswith(f"{PAGE}?error=SINGLE_SIGN_ON_REFUSED&message=")
    assert error.value.problem.data == {"provider": "Login", "error": "unknown"}


@pytest.mark.parametrize(
    ("metadata", "code"),
    [
        ({"issuer": "https://evil.example.com"}, "single_sign_on.other_issuer"),
        ({"token_endpoint": None}, "single_sign_on.no_endpoint"),
        ({"authorization_endpoint": "javascript:alert(1)"}, "single_sign_on.no_endpoint"),
        ({"id_token_signing_alg_values_supported": ["HS256", "none"]}, "single_sign_on.no_algorithm"),
    ],
)
async def test_a_provider_that_cannot_be_used_is_not(visitor: Visitor, metadata: Row, code: str) -> None:
    visitor.provider.metadata = metadata
    # The second time it is not asked again: not for everybody who waits.
    for _ in range(2):
        with pytest.raises(SentBack) as error:
            await visitor.off()
        assert (error.value.problem.code, error.value.told.reason) == ("single_sign_on.unreachable", code)
    assert visitor.provider.calls == ["/.well-known/openid-configuration"]


async def test_a_provider_that_does_not_answer_is_told_of(visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    async def silent(
        method: str, address: str, headers: Mapping[str, str] | None = None, content: bytes = b""
    ) -> Answer:
        raise NoAnswer("outgoing.too_slow", host="login.example.com", seconds=10)

    await visitor.off()
    monkeypatch.setattr(Provider, "_json", staticmethod(lambda said: Answer(502, b"<html>")))
    assert (await visitor.refused())[0] == "single_sign_on.refused"
    visitor.desk = Desk(silent, visitor.desk.address, visitor.desk.returns, Discovery(silent))
    with pytest.raises(SentBack) as error:
        await visitor.off()
    assert error.value.told[2:] == ("outgoing.too_slow", "login.example.com, 10")
