"""A sign-in at a provider from beginning to end: off to the provider, back with a code, and from there to a session.

1. :func:`begin`: somebody's page sends their browser to us, with the SHA-256 of a secret that it keeps; we send it to the provider.
2. :func:`come_back`: the provider sends it back; we ask the provider who it is, find the member, and send the browser to the page.
3. :func:`finish`: the page brings the secret, and is given the session's token, which no address ever contained.

What is passed on the way is random, works once and for minutes, and is of use only to whom it was given: the state to the browser with
our cookie, the code of the last step to the page with the secret. Only hashes are kept. What the provider is told (the nonce, and the
challenge of RFC 7636) follows from the state and the cookie.
"""

import secrets as randomness
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NamedTuple
from uuid import UUID

from tenants.actors import SYSTEM, Actor
from tenants.callers import Callers, token_hash
from tenants.database import ENTER, Database, Outdated
from tenants.outgoing import NoAnswer
from tenants.problems import Conflict, NotSignedIn, Problem
from tenants.secrets import Secrets
from tenants.sign_in import second_factor, tries
from tenants.sign_in.entering import CodeWanted, challenge
from tenants.sign_in.sessions import Client, SignedIn, open_session
from tenants.single_sign_on import openid_connect
from tenants.single_sign_on.desk import Desk, Vouched, with_parameters
from tenants.single_sign_on.discovery import BadProvider
from tenants.single_sign_on.joining import OPENID_CONNECT, OWNER, SAML, has_shown_two_factors, member_of
from tenants.single_sign_on.once import take_once
from tenants.single_sign_on.saml import service
from tenants.single_sign_on.saml.apart import CannotRead
from tenants.single_sign_on.visit_secrets import Visit, is_secret, new_secret, sha256_of
from tenants.transaction import begin as begin_transaction

LASTS = timedelta(minutes=10)
CODE_LASTS = timedelta(minutes=1)
# For so long it is known that a visit was, and the company can be told who came back too late.
REMEMBERED = timedelta(hours=1)
MOST_TRIES = 5

Row = dict[str, Any]

_TENANT = "SELECT id FROM tenants WHERE slug = %(slug)s AND NOT canary"
_PROVIDER = """
SELECT p.*, t.slug FROM identity_providers p JOIN tenants t ON t.id = p.tenant_id
WHERE p.tenant_id = %(tenant)s AND p.active AND p.{test}
"""
_START = """
INSERT INTO single_sign_on_starts (state_hash, tenant_id, provider_id, browser_hash, return_to, challenge, expires_at)
VALUES (%(state)s, %(tenant)s, %(provider)s, %(browser)s, %(return_to)s, %(challenge)s, now() + %(lasts)s)
"""
_STARTED = """
DELETE FROM single_sign_on_starts WHERE state_hash = %(state)s AND browser_hash = %(browser)s
RETURNING tenant_id, provider_id, return_to, challenge, expires_at > now() AS holds
"""
_OF_ANOTHER = "SELECT tenant_id, provider_id FROM single_sign_on_starts WHERE state_hash = %(state)s"
_END = """
INSERT INTO single_sign_on_ends
       (code_hash, tenant_id, provider_id, member_id, challenge, second_factor, provider_session, expires_at)
VALUES (%(code)s, %(tenant)s, %(provider)s, %(member)s, %(challenge)s, %(second_factor)s, %(session)s, now() + %(lasts)s)
"""
_ENDED = """
DELETE FROM single_sign_on_ends WHERE code_hash = %(code)s AND expires_at > now()
RETURNING tenant_id, provider_id, member_id, challenge, second_factor, provider_session
"""
_MEMBER = """
SELECT m.user_id, m.roles, p.owners, p.kind FROM members m JOIN identity_providers p ON p.tenant_id = m.tenant_id
WHERE m.tenant_id = %(tenant)s AND m.id = %(member)s AND m.active AND p.id = %(provider)s AND p.active
"""
_FORGET = (
    "DELETE FROM single_sign_on_starts WHERE expires_at < now() - %(remembered)s",
    "DELETE FROM single_sign_on_ends WHERE expires_at < now()",
)


class Told(NamedTuple):
    """What the company's audit log tells of a sign-in that came to nothing: at which provider, why, and what was found."""

    tenant_id: UUID
    provider_id: UUID
    reason: str
    detail: str = ""


class CannotBegin(Problem):
    """A sign-in that cannot be begun, or is over: nobody is sent anywhere. ``told`` is for the company, where it is known which."""

    told: Told | None = None


class SentBack(Exception):
    """The sign-in was refused: the browser goes to the page it came from, which is told why; the company may be told more."""

    def __init__(self, problem: Problem, return_to: str, told: Told) -> None:
        super().__init__(problem.code)
        self.problem = problem
        self.told = told
        self._return_to = return_to

    def address(self, language: str) -> str:
        """Where to, with the code of the refusal and its sentence."""
        code = self.problem.code.upper().replace(".", "_")
        return with_parameters(self._return_to, error=code, message=self.problem.text(language))


@dataclass(frozen=True, slots=True)
class Way:
    """One protocol: where a browser is sent, and what the provider then vouches for."""

    address: Callable[[Desk, Row, Visit], Awaitable[str]]
    vouched: Callable[[Desk, Secrets, Row, Mapping[str, str], Visit], Awaitable[Vouched]]


WAYS: Mapping[str, Way] = {
    OPENID_CONNECT: Way(openid_connect.address, openid_connect.vouched),
    SAML: Way(service.address, service.vouched),
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """A sign-in that somebody's page asks for: at which provider of which company, and where to come back to."""

    slug: str
    key: str
    return_to: str
    challenge: str


@dataclass(frozen=True, slots=True)
class Arrival:
    """A browser that a provider has sent back: what the provider ``said`` by it, its cookie, and at whose address it is, by slug and key,
    where the address is one provider's alone."""

    said: Mapping[str, str]
    browser: str
    at: tuple[str, str] | None = None


async def begin(database: Database, desk: Desk, wanted: Wanted, browser: str) -> str:
    """The provider's address to send the browser to, which has the cookie ``browser``.

    Raises :class:`CannotBegin`, and :class:`SentBack` where the provider cannot be reached or used.
    """
    return_to = wanted.return_to or (desk.returns[0] if desk.returns else "")
    if return_to not in desk.returns:
        raise CannotBegin("single_sign_on.bad_return", address=return_to)
    if not is_secret(wanted.challenge):
        raise CannotBegin("single_sign_on.bad_challenge")
    provider = await provider_at(database, wanted.slug, wanted.key)
    visit = Visit(new_secret(), browser)
    try:
        address = await WAYS[provider["kind"]].address(desk, provider, visit)
    except (NoAnswer, BadProvider) as problem:
        # Why, is the company's to know: strangers could find out by it what answers where.
        told = told_of(provider["tenant_id"], provider["id"], problem)
        raise SentBack(Problem("single_sign_on.unreachable", provider=provider["name"]), return_to, told) from None
    async with database.connection() as connection:
        await connection.execute(
            _START,
            {
                "state": token_hash(visit.state),
                "tenant": provider["tenant_id"],
                "provider": provider["id"],
                "browser": token_hash(browser),
                "return_to": return_to,
                "challenge": wanted.challenge,
                "lasts": LASTS,
            },
        )
    return address


async def come_back(database: Database, callers: Callers, kept: Secrets, desk: Desk, arrival: Arrival) -> str:
    """The page's address to send the browser to, with a code.

    Raises :class:`CannotBegin` where it is no sign-in that this browser is at, and :class:`SentBack` for all else.
    """
    visit = Visit(arrival.said.get("state", ""), arrival.browser)
    start = await _started(database, visit, arrival.at)
    if start["return_to"] not in desk.returns:
        raise CannotBegin("single_sign_on.over")
    try:
        provider = await _provider(database, start["tenant_id"], "id = %(value)s", start["provider_id"])
        place = (provider["slug"], provider["key"]) if provider["kind"] == SAML else None
        if place != arrival.at:
            raise BadProvider("single_sign_on.mixed_up", provider=provider["name"])
        vouched = await WAYS[provider["kind"]].vouched(desk, kept, provider, arrival.said, visit)
        member_id = await _admitted(database, callers, provider, vouched)
        secret = await _ended(database, start, member_id, provider, vouched.claims)
    except Problem as problem:
        told = told_of(start["tenant_id"], start["provider_id"], problem)
        raise SentBack(problem, start["return_to"], told) from None
    return with_parameters(start["return_to"], code=secret)


def told_of(tenant_id: UUID, provider_id: UUID, problem: Problem) -> Told:
    """Why it came to nothing, as the company is told: more than strangers are, who may be trying what is believed."""
    if isinstance(problem, CannotRead):
        return Told(tenant_id, provider_id, f"saml.{problem.reason}", problem.detail)
    return Told(tenant_id, provider_id, problem.code, ", ".join(map(str, problem.data.values())))


async def _started(database: Database, visit: Visit, at: tuple[str, str] | None) -> Row:
    """The visit, which nobody can come back to again. Raises :class:`CannotBegin`."""
    scope = {"state": token_hash(visit.state), "browser": token_hash(visit.browser)}
    async with database.connection() as connection:
        start = await (await connection.execute(_STARTED, scope)).fetchone()
        if start is not None and start["holds"]:
            return start
        reason = "visit.other_browser" if start is None else "visit.expired"
        whose = start or await (await connection.execute(_OF_ANOTHER, scope)).fetchone()
    over = CannotBegin("single_sign_on.over")
    if whose is not None:
        over.told = Told(whose["tenant_id"], whose["provider_id"], reason)
    elif at is not None:
        provider = await provider_at(database, *at)
        over.told = Told(provider["tenant_id"], provider["id"], "visit.unknown")
    raise over


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
        method=member["kind"],
        provider_id=provider_id,
        provider_session=end["provider_session"],
    )


async def forget_old(database: Database) -> int:
    """Delete the sign-ins that nobody can go on with any more, and say how many."""
    async with database.connection() as connection:
        return sum(
            [(await connection.execute(statement, {"remembered": REMEMBERED})).rowcount for statement in _FORGET]
        )


async def provider_at(database: Database, slug: str, key: str) -> Row:
    """The provider of that key of the company of that slug, if it is in use. Raises :class:`CannotBegin`."""
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


async def _admitted(database: Database, callers: Callers, provider: Row, vouched: Vouched) -> UUID:
    """The member, known or new. Raises :class:`NotLetIn`, :class:`CannotRead` for what was brought before, and what making a member raises."""
    # What the provider may give was judged when somebody with these rights set it up.
    actor = Actor(SYSTEM, None, provider["name"], (OWNER,))
    for _ in range(MOST_TRIES):
        caller = await callers.acting(provider["tenant_id"], actor)
        with suppress(Outdated):
            async with begin_transaction(database, caller) as tx:
                if vouched.until and not await take_once(tx, provider, vouched.message, vouched.until):
                    raise CannotRead("replayed", vouched.message)
                return await member_of(tx, provider, vouched.claims)
    raise Conflict("busy")


async def _ended(database: Database, start: Row, member_id: UUID, provider: Row, claims: Mapping[str, Any]) -> str:
    secret, session = new_secret(), claims.get("sid")
    async with database.connection() as connection:
        await connection.execute(
            _END,
            {
                "code": token_hash(secret),
                "tenant": start["tenant_id"],
                "provider": start["provider_id"],
                "member": member_id,
                "challenge": start["challenge"],
                "second_factor": has_shown_two_factors(provider, claims),
                "session": session if isinstance(session, str) else None,
                "lasts": CODE_LASTS,
            },
        )
    return secret
