"""A provider of OpenID Connect says that a session of its own has ended: those that were opened in it end here too.

Source: OpenID Connect Back-Channel Logout 1.0, 2.4 to 2.8.
"""

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from tenants.actors import MEMBER, SYSTEM, Actor
from tenants.audit_log import About, record
from tenants.callers import Callers
from tenants.database import Database, Outdated
from tenants.problems import Conflict
from tenants.single_sign_on.desk import Desk
from tenants.single_sign_on.id_tokens import LEEWAY, TokenRefused, header_of, is_name, signed_claims
from tenants.single_sign_on.joining import OPENID_CONNECT, issuer_of
from tenants.single_sign_on.once import take_once
from tenants.transaction import Transaction, begin

EVENT = "http://schemas.openid.net/event/backchannel-logout"
# How long ago a token may have been made, in seconds: it is sent at once.
OLDEST = 600
MOST_TRIES = 5
_TYPES = ("logout+jwt", "application/logout+jwt", "jwt", "")

Row = dict[str, Any]
Claims = Mapping[str, Any]

_OF_SUBJECT = """
SELECT member_id FROM member_identities WHERE tenant_id = %(tenant)s AND issuer = %(issuer)s AND subject = %(subject)s
"""
# Of the session that it names; of the person, where it names none, or we were not told which it was. Who is on their way to a session
# does not get there.
_WHOSE = """tenant_id = %(tenant)s AND provider_id = %(provider)s
  AND (provider_session = %(session)s::text
       OR member_id = %(member)s::uuid AND (%(session)s::text IS NULL OR provider_session IS NULL))"""
_END = f"""
UPDATE sessions SET revoked_at = %(now)s WHERE revoked_at IS NULL AND {_WHOSE} RETURNING member_id
"""  # noqa: S608  (SQL of ours; values are parameters)
_END_CODES = f"DELETE FROM single_sign_on_ends WHERE {_WHOSE}"  # noqa: S608  (SQL of ours; values are parameters)
_END_CHALLENGES = f"DELETE FROM sign_in_challenges WHERE {_WHOSE}"  # noqa: S608  (SQL of ours; values are parameters)


async def log_out(database: Database, callers: Callers, desk: Desk, provider: Row, token: str) -> int:
    """End the sessions that the provider's token is about, and say how many; each member's are an entry of the audit log.

    Raises :class:`TokenRefused` for a token that is not to be believed or was brought before, :class:`NoAnswer` and :class:`BadProvider`.
    """
    claims = await _claims(desk, provider, token)
    actor = Actor(SYSTEM, None, provider["name"], ())
    for _ in range(MOST_TRIES):
        caller = await callers.acting(provider["tenant_id"], actor)
        try:
            async with begin(database, caller) as tx:
                return await _ended(tx, provider, claims)
        except Outdated:
            continue
    raise Conflict("busy")


async def _claims(desk: Desk, provider: Row, token: str) -> Claims:
    if provider["kind"] != OPENID_CONNECT:
        raise TokenRefused("provider")
    header = header_of(token)
    if str(header.get("typ", "")).lower() not in _TYPES:
        raise TokenRefused("typ")
    metadata = await desk.discovery.metadata(provider["issuer"])
    key = await desk.discovery.key(metadata, header)
    wanted = {"essential": True}
    claims = signed_claims(token, key, issuer=metadata.issuer, client_id=provider["client_id"], jti=wanted)
    events = claims.get("events")
    if not isinstance(events, dict) or not isinstance(events.get(EVENT), dict):
        raise TokenRefused("events")
    if "nonce" in claims:
        # It is a token of a sign-in, or may be taken for one.
        raise TokenRefused("nonce")
    if claims["iat"] < time.time() - OLDEST - LEEWAY:
        raise TokenRefused("iat")
    named = [name for name in ("sid", "sub") if name in claims]
    for name in (*named, "jti") if named else ("sid",):
        if not is_name(claims.get(name)):
            raise TokenRefused(name)
    return claims


async def _ended(tx: Transaction, provider: Row, claims: Claims) -> int:
    if not await take_once(tx, provider, f"logout {claims['jti']}", datetime.fromtimestamp(claims["exp"], UTC)):
        raise TokenRefused("jti")
    known = None
    if "sub" in claims:
        known = await tx.fetch_one(_OF_SUBJECT, issuer=issuer_of(provider), subject=claims["sub"])
    whose = {
        "provider": provider["id"],
        "session": claims.get("sid"),
        "member": known["member_id"] if known else None,
    }
    ended = await tx.fetch_all(_END, now=tx.now, **whose)
    await tx.execute(_END_CODES, **whose)
    await tx.execute(_END_CHALLENGES, **whose)
    of_members = [row["member_id"] for row in ended]
    for member_id in dict.fromkeys(of_members):
        told = {"method": "back-channel logout", "sessions": of_members.count(member_id)}
        await record(tx, "signed_out", told, about=About(MEMBER, member_id))
    return len(ended)
