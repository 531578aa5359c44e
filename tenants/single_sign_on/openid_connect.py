"""A provider of OpenID Connect: how it is asked, and what it says of a person (the authorization code flow, with PKCE)."""

import re
from base64 import b64encode
from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import quote_plus, urlencode

import orjson

from tenants.secrets import Secrets
from tenants.single_sign_on.desk import Desk, Vouched, with_parameters
from tenants.single_sign_on.discovery import OK, BadProvider, Metadata, json_object
from tenants.single_sign_on.id_tokens import TokenRefused, checked, header_of
from tenants.single_sign_on.joining import claimed
from tenants.single_sign_on.visit_secrets import Visit, sha256_of

_ERROR = re.compile(r"[a-z_]{1,60}")
_VISIBLE = re.compile(r"[!-~]{1,20000}")
_FORM = "application/x-www-form-urlencoded"

Row = dict[str, Any]


async def address(desk: Desk, provider: Row, visit: Visit) -> str:
    """Where the browser goes. Raises :class:`NoAnswer` and :class:`BadProvider`."""
    metadata = await desk.discovery.metadata(provider["issuer"])
    return with_parameters(
        metadata.authorization_endpoint,
        response_type="code",
        client_id=provider["client_id"],
        redirect_uri=desk.callback,
        scope=" ".join(dict.fromkeys(("openid", *provider["scopes"]))),
        state=visit.state,
        nonce=visit.derived("nonce"),
        code_challenge=sha256_of(visit.derived("verifier")),
        code_challenge_method="S256",
    )


async def vouched(desk: Desk, kept: Secrets, provider: Row, said: Mapping[str, str], visit: Visit) -> Vouched:
    """What the provider says of the person, proved; ``said`` is what it had the browser bring.

    Raises :class:`NoAnswer`, :class:`BadProvider` and :class:`TokenRefused`.
    """
    metadata = await desk.discovery.metadata(provider["issuer"])
    code = _code_of(said, metadata, provider)
    return Vouched(await _claims(desk, kept, provider, metadata, code, visit))


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
    desk: Desk, kept: Secrets, provider: Row, metadata: Metadata, code: str, visit: Visit
) -> Mapping[str, Any]:
    """What the provider says of the person, proved."""
    tokens = await _exchanged(desk, kept, provider, metadata, code, visit.derived("verifier"))
    token = tokens.get("id_token")
    if not isinstance(token, str):
        raise TokenRefused("format")
    key = await desk.discovery.key(metadata, header_of(token))
    nonce = visit.derived("nonce")
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
