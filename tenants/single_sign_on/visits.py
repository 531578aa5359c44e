"""A sign-in at a provider from beginning to end: off to the provider, back with a code, and from there to a session.

1. :func:`begin`: somebody's page sends their browser to us, with the SHA-256 of a secret that it keeps; we send it to the provider.
2. :func:`come_back`: the provider sends it back; we ask the provider who it is, find the member, and send the browser to the page.
3. :func:`finish`: the page brings the secret, and is given the session's token, which no address ever contained.

What is passed on the way is random, works once and for minutes, and is of use only to whom it was given: the state to the browser with
our cookie, the code of the last step to the page with the secret. Only hashes are kept. What the provider is told (the nonce, and the
challenge of RFC 7636) follows from the state and the cookie.
"""

import hashlib
import re
import secrets as randomness
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import quote, quote_plus, urlencode, urlsplit
from uuid import UUID

import orjson

from tenants.actors import SYSTEM, Actor
from tenants.callers import Callers, token_hash
from tenants.database import ENTER, Database, Outdated
from tenants.outgoing import Outgoing, nobody
from tenants.problems import Conflict, NotSignedIn, Problem
from tenants.secrets import Secrets
from tenants.sign_in import second_factor, tries
from tenants.sign_in.entering import CodeWanted, challenge
from tenants.sign_in.sessions import Client, SignedIn, open_session
from tenants.single_sign_on.discovery import OK, BadProvider, Discovery, Metadata, json_object
from tenants.single_sign_on.id_tokens import TokenRefused, checked, header_of
from tenants.single_sign_on.joining import OWNER, claimed, has_shown_two_factors, member_of
from tenants.transaction import begin as begin_transaction

PATH = "/single-sign-on"
CALLBACK = f"{PATH}/callback"
LASTS = timedelta(minutes=10)
CODE_LASTS = timedelta(minutes=1)
MOST_TRIES = 5
# 32 bytes as base64, without the padding.
_RANDOM = re.compile(r"[A-Za-z0-9_-]{43}")
_ERROR = re.compile(r"[a-z_]{1,60}")
_VISIBLE = re.compile(r"[!-~]{1,20000}")
_FORM = "application/x-www-form-urlencoded"

Row = dict[str, Any]

_TENANT = "SELECT id FROM tenants WHERE slug = %(slug)s"
_PROVIDER = "SELECT * FROM identity_providers WHERE tenant_id = %(tenant)s AND active AND {test}"
_START = """
INSERT INTO single_sign_on_starts (state_hash, tenant_id, provider_id, browser_hash, return_to, challenge, expires_at)
VALUES (%(state)s, %(tenant)s, %(provider)s, %(browser)s, %(return_to)s, %(challenge)s, now() + %(lasts)s)
"""
_STARTED = """
DELETE FROM single_sign_on_starts WHERE state_hash = %(state)s AND browser_hash = %(browser)s AND expires_at > now()
RETURNING tenant_id, provider_id, return_to, challenge
"""
_END = """
INSERT INTO single_sign_on_ends (code_hash, tenant_id, provider_id, member_id, challenge, second_factor, expires_at)
VALUES (%(code)s, %(tenant)s, %(provider)s, %(member)s, %(challenge)s, %(second_factor)s, now() + %(lasts)s)
"""
_ENDED = """
DELETE FROM single_sign_on_ends WHERE code_hash = %(code)s AND expires_at > now()
RETURNING tenant_id, provider_id, member_id, challenge, second_factor
"""
_MEMBER = """
SELECT m.user_id, m.roles, p.owners FROM members m JOIN identity_providers p ON p.tenant_id = m.tenant_id
WHERE m.tenant_id = %(tenant)s AND m.id = %(member)s AND m.active AND p.id = %(provider)s AND p.active
"""
_FORGET = (
    "DELETE FROM single_sign_on_starts WHERE expires_at < now()",
    "DELETE FROM single_sign_on_ends WHERE expires_at < now()",
)


class CannotBegin(Problem):
    """A sign-in that cannot be begun, or is over: nobody is sent anywhere."""


class SentBack(Exception):
    """The sign-in was refused: the browser goes to the page it came from, which is told why."""

    def __init__(self, problem: Problem, return_to: str) -> None:
        super().__init__(problem.code)
        self.problem = problem
        self._return_to = return_to

    def address(self, language: str) -> str:
        """Where to, with the code of the refusal and its sentence."""
        code = self.problem.code.upper().replace(".", "_")
        return _with(self._return_to, error=code, message=self.problem.text(language))


@dataclass(frozen=True)
class Desk:
    """Where sign-ins at providers are dealt with. ``address`` is ours as browsers and providers know it, ``returns`` the pages that may
    have people sent to them, of which the first is meant where none is named."""

    call: Outgoing = nobody
    address: str = ""
    returns: tuple[str, ...] = ()
    discovery: Discovery = field(default_factory=Discovery)

    @property
    def callback(self) -> str:
        """Our address that providers send people back to."""
        return self.address + CALLBACK

    def start(self, slug: str, key: str) -> str:
        """The address at which a sign-in begins."""
        return f"{self.address}{PATH}/{quote(slug, safe='')}/{quote(key, safe='')}"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A sign-in that somebody's page asks for: at which provider of which company, and where to come back to."""

    slug: str
    key: str
    return_to: str
    challenge: str


async def begin(database: Database, desk: Desk, wanted: Wanted, browser: str) -> str:
    """The provider's address to send the browser to, which has the cookie ``browser``.

    Raises :class:`CannotBegin`, :class:`NoAnswer` and :class:`BadProvider`.
    """
    return_to = wanted.return_to or (desk.returns[0] if desk.returns else "")
    if return_to not in desk.returns:
        raise CannotBegin("single_sign_on.bad_return", address=return_to)
    if not _RANDOM.fullmatch(wanted.challenge):
        raise CannotBegin("single_sign_on.bad_challenge")
    provider = await _provider_at(database, wanted.slug, wanted.key)
    metadata = await desk.discovery.metadata(provider["issuer"])
    state = new_secret()
    async with database.connection() as connection:
        await connection.execute(
            _START,
            {
                "state": token_hash(state),
                "tenant": provider["tenant_id"],
                "provider": provider["id"],
                "browser": token_hash(browser),
                "return_to": return_to,
                "challenge": wanted.challenge,
                "lasts": LASTS,
            },
        )
    return _with(
        metadata.authorization_endpoint,
        response_type="code",
        client_id=provider["client_id"],
        redirect_uri=desk.callback,
        scope=" ".join(dict.fromkeys(("openid", *provider["scopes"]))),
        state=state,
        nonce=_derived("nonce", state, browser),
        code_challenge=sha256_of(_derived("verifier", state, browser)),
        code_challenge_method="S256",
    )


async def come_back(
    database: Database, callers: Callers, kept: Secrets, desk: Desk, said: Mapping[str, str], browser: str
) -> str:
    """The page's address to send the browser to, with a code; ``said`` is what the provider had it say.

    Raises :class:`CannotBegin` where it is no sign-in that this browser is at, and :class:`SentBack` for all else.
    """
    state = said.get("state", "")
    scope = {"state": token_hash(state), "browser": token_hash(browser)}
    async with database.connection() as connection:
        start = await (await connection.execute(_STARTED, scope)).fetchone()
    if start is None or start["return_to"] not in desk.returns:
        raise CannotBegin("single_sign_on.over")
    try:
        provider = await _provider(database, start["tenant_id"], "id = %(value)s", start["provider_id"])
        metadata = await desk.discovery.metadata(provider["issuer"])
        code = _code_of(said, metadata, provider)
        claims = await _claims(desk, kept, provider, metadata, code, (state, browser))
        member_id = await _admitted(database, callers, provider, claims)
        secret = await _ended(database, start, member_id, two_factors=has_shown_two_factors(provider, claims))
    except Problem as problem:
        raise SentBack(problem, start["return_to"]) from None
    return _with(start["return_to"], code=secret)


async def finish(database: Database, code: str, verifier: str, client: Client) -> SignedIn | CodeWanted:
    """The session of whoever has come back; or, of a person with a second factor that the provider has not asked for, a code is wanted.

    Raises :class:`NotSignedIn` for a code that is unknown, used or too old, or not this page's.
    """
    async with database.connection() as connection:
        end = await (await connection.execute(_ENDED, {"code": token_hash(code)})).fetchone()
    if end is None or not randomness.compare_digest(sha256_of(verifier), end["challenge"]):
        raise NotSignedIn("single_sign_on.over")
    tenant_id, member_id, provider_id = end["tenant_id"], end["member_id"], end["provider_id"]
    scope = {"tenant": tenant_id, "member": member_id, "provider": provider_id}
    async with database.connection() as connection, connection.pipeline():
        await connection.execute(ENTER, scope)
        member = await (await connection.execute(_MEMBER, scope)).fetchone()
    if member is None or (OWNER in member["roles"] and not member["owners"]):
        raise NotSignedIn("single_sign_on.over")
    if not end["second_factor"]:
        user = await second_factor.person(database, member["user_id"])
        if user["totp_since"] is not None:
            bucket = tries.bucket_of("single_sign_on", member_id.bytes)
            return await challenge(database, member["user_id"], end, bucket)
    return await open_session(
        database,
        tenant_id,
        member_id,
        client,
        second_factor=end["second_factor"],
        method="openid_connect",
        provider_id=provider_id,
    )


async def forget_old(database: Database) -> int:
    """Delete the sign-ins that nobody can go on with any more, and say how many."""
    async with database.connection() as connection:
        return sum([(await connection.execute(statement)).rowcount for statement in _FORGET])


def new_secret() -> str:
    """Something that nobody can guess."""
    return randomness.token_urlsafe(32)


def is_secret(text: str) -> bool:
    """Whether it has the shape of what :func:`new_secret` gives."""
    return _RANDOM.fullmatch(text) is not None


def sha256_of(text: str) -> str:
    """The SHA-256 as URL-safe base64, without padding: the method S256 of RFC 7636."""
    return urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip("=")


def _derived(purpose: str, state: str, browser: str) -> str:
    return sha256_of(f"{purpose}:{state}:{browser}")


def _with(address: str, **parameters: str) -> str:
    return f"{address}{'&' if urlsplit(address).query else '?'}{urlencode(parameters)}"


async def _provider_at(database: Database, slug: str, key: str) -> Row:
    async with database.connection() as connection:
        tenant = await (await connection.execute(_TENANT, {"slug": slug})).fetchone()
    if tenant is None:
        raise CannotBegin("single_sign_on.unknown")
    return await _provider(database, tenant["id"], "key = %(value)s", key)


async def _provider(database: Database, tenant_id: UUID, test: str, value: object) -> Row:
    """The provider, if it is in use. Raises :class:`CannotBegin`."""
    scope = {"tenant": tenant_id, "value": value}
    async with database.connection() as connection, connection.pipeline():
        await connection.execute(ENTER, scope)
        row = await (await connection.execute(_PROVIDER.format(test=test), scope)).fetchone()
    if row is None:
        raise CannotBegin("single_sign_on.unknown")
    return row


def _code_of(said: Mapping[str, str], metadata: Metadata, provider: Row) -> str:
    """The provider's code. Raises :class:`BadProvider` where another provider speaks (RFC 9207), or this one refuses."""
    if said.get("iss", None if metadata.tells_issuer else metadata.issuer) != metadata.issuer:
        raise BadProvider("single_sign_on.mixed_up", provider=provider["name"])
    if "code" not in said:
        raise BadProvider("single_sign_on.refused", provider=provider["name"], error=_error(said.get("error")))
    return said["code"]


def _error(said: object) -> str:
    return said if isinstance(said, str) and _ERROR.fullmatch(said) else "unknown"


async def _claims(
    desk: Desk, kept: Secrets, provider: Row, metadata: Metadata, code: str, visit: tuple[str, str]
) -> Mapping[str, Any]:
    """What the provider says of the person, proved."""
    tokens = await _exchanged(desk, kept, provider, metadata, code, _derived("verifier", *visit))
    token = tokens.get("id_token")
    if not isinstance(token, str):
        raise TokenRefused("format")
    key = await desk.discovery.key(metadata, header_of(token))
    nonce = _derived("nonce", *visit)
    claims = checked(token, key, issuer=metadata.issuer, client_id=provider["client_id"], nonce=nonce)
    access, role_claim = tokens.get("access_token"), provider["role_claim"]
    told = {"email", "email_verified"} <= claims.keys() and (not role_claim or claimed(claims, role_claim))
    if told or metadata.userinfo_endpoint is None or not isinstance(access, str) or not _VISIBLE.fullmatch(access):
        return claims
    # Many providers put no more than the subject into the token where there is something else to ask.
    answer = await desk.call("GET", metadata.userinfo_endpoint, {"Authorization": f"Bearer {access}"})
    more = json_object(answer.body, metadata.userinfo_endpoint) if answer.status == OK else {}
    if more.get("sub") != claims["sub"]:
        raise TokenRefused("sub")
    return {**more, **claims}


async def _exchanged(
    desk: Desk, kept: Secrets, provider: Row, metadata: Metadata, code: str, verifier: str
) -> Mapping[str, Any]:
    """The provider's tokens for its code."""
    fields = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": desk.callback,
        "code_verifier": verifier,
        "client_id": provider["client_id"],
    }
    headers = {"Content-Type": _FORM, "Accept": "application/json"}
    if provider["client_secret"] is not None:
        secret = kept.opened(provider["client_secret"])
        if metadata.takes_basic:
            # RFC 6749, 2.3.1: both are encoded as in a form before they are joined.
            pair = f"{quote_plus(provider['client_id'])}:{quote_plus(secret)}"
            headers["Authorization"] = f"Basic {b64encode(pair.encode()).decode()}"
            del fields["client_id"]
        else:
            fields["client_secret"] = secret
    answer = await desk.call("POST", metadata.token_endpoint, headers, urlencode(fields).encode())
    if answer.status != OK:
        said: Any = None
        with suppress(orjson.JSONDecodeError):
            said = orjson.loads(answer.body)
        error = _error(said.get("error")) if isinstance(said, dict) else "unknown"
        raise BadProvider("single_sign_on.refused", provider=provider["name"], error=error)
    return json_object(answer.body, metadata.token_endpoint)


async def _admitted(database: Database, callers: Callers, provider: Row, claims: Mapping[str, Any]) -> UUID:
    """The member, known or new. Raises :class:`NotLetIn` and what making a member raises."""
    # What the provider may give was judged when somebody with these rights set it up.
    actor = Actor(SYSTEM, None, provider["name"], (OWNER,))
    for _ in range(MOST_TRIES):
        caller = await callers.acting(provider["tenant_id"], actor)
        with suppress(Outdated):
            async with begin_transaction(database, caller) as tx:
                return await member_of(tx, provider, claims)
    raise Conflict("busy")


async def _ended(database: Database, start: Row, member_id: UUID, *, two_factors: bool) -> str:
    secret = new_secret()
    async with database.connection() as connection:
        await connection.execute(
            _END,
            {
                "code": token_hash(secret),
                "tenant": start["tenant_id"],
                "provider": start["provider_id"],
                "member": member_id,
                "challenge": start["challenge"],
                "second_factor": two_factors,
                "lasts": CODE_LASTS,
            },
        )
    return secret
