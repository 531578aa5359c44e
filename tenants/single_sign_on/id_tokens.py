"""ID tokens: whom a provider says that it has seen, and whether that can be believed.

Only signatures by a key pair count, of the algorithms named here: with a shared secret or none, whoever can write a token is believed.
Source: OpenID Connect Core 1.0, 3.1.3.7; RFC 8725.
"""

import binascii
from base64 import urlsafe_b64decode
from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from tenants.problems import Problem

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
_KINDS = {"R": "RSA", "P": "RSA", "E": "EC"}
# What 2048 bits take in base64: shorter keys of RSA are within reach (RFC 7518, 3.3).
_SHORTEST_MODULUS = 342
# How far clocks may differ, and how old a token may be that was made for the sign-in at hand, in seconds.
LEEWAY = 60
LONGEST_TOKEN = 20_000
LONGEST_NAME = 255


class TokenRefused(Problem):
    """The token is not to be believed. ``reason`` is what of it is wrong, in one word."""

    def __init__(self, reason: str) -> None:
        super().__init__("single_sign_on.token_refused", reason=reason)
        self.reason = reason


def header_of(token: str) -> Mapping[str, Any]:
    """What a token says of its signature, which nothing has proved yet. Raises :class:`TokenRefused`."""
    first, dot, _ = token.partition(".")
    if len(token) > LONGEST_TOKEN or not dot:
        raise TokenRefused("format")
    try:
        header = orjson.loads(urlsafe_b64decode(first + "=" * (-len(first) % 4)))
    except (binascii.Error, ValueError):
        raise TokenRefused("format") from None
    if not isinstance(header, dict):
        raise TokenRefused("format")
    if header.get("alg") not in ALGORITHMS:
        raise TokenRefused("algorithm")
    return header


def keys_for(keys: Iterable[Mapping[str, Any]], header: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Those of the keys that a token with this header can have been signed with: by name where it names one."""
    algorithm, name = str(header["alg"]), header.get("kid")
    kind = "OKP" if algorithm == "EdDSA" else _KINDS[algorithm[0]]
    return [
        key
        for key in keys
        if key.get("kty") == kind
        and key.get("use", "sig") == "sig"
        and key.get("alg", algorithm) == algorithm
        and name in (None, key.get("kid"))
        and (kind != "RSA" or len(str(key.get("n", ""))) >= _SHORTEST_MODULUS)
    ]


def checked(token: str, key: Mapping[str, Any], *, issuer: str, client_id: str, nonce: str) -> Mapping[str, Any]:
    """What the token claims. Raises :class:`TokenRefused` unless it is signed with the key, by this issuer, for us, for this one
    sign-in, and still holds."""
    claims = signed_claims(token, key, issuer=issuer, client_id=client_id, nonce={"essential": True, "value": nonce})
    if not is_name(claims.get("sub")):
        raise TokenRefused("sub")
    return claims


def signed_claims(
    token: str, key: Mapping[str, Any], *, issuer: str, client_id: str, **rules: Any
) -> Mapping[str, Any]:
    """What a token claims that is signed with the key, by this issuer, for us, and that still holds and keeps the further ``rules``.

    Raises :class:`TokenRefused`.
    """
    # A process serves with 8 MiB less until somebody signs in this way.
    from joserfc import jwt  # noqa: PLC0415  (memory: as said above)
    from joserfc.errors import BadSignatureError, ClaimError, JoseError  # noqa: PLC0415  (memory)
    from joserfc.jwk import import_key  # noqa: PLC0415  (memory)

    registry = jwt.JWTClaimsRegistry(
        leeway=LEEWAY,
        iss={"essential": True, "value": issuer},
        aud={"essential": True, "value": client_id},
        exp={"essential": True},
        iat={"essential": True},
        **rules,
    )
    try:
        claims = jwt.decode(token, import_key(dict(key)), algorithms=list(ALGORITHMS)).claims
        registry.validate(claims)
    except BadSignatureError:
        raise TokenRefused("signature") from None
    except ClaimError as error:
        raise TokenRefused(str(error.claim)) from None
    except (JoseError, ValueError, TypeError):
        raise TokenRefused("format") from None
    several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
    if claims.get("azp", None if several else client_id) != client_id:
        raise TokenRefused("azp")
    return claims


def is_name(value: object) -> bool:
    """Whether a claim can be what somebody, or something, is called by its issuer."""
    return isinstance(value, str) and 0 < len(value) <= LONGEST_NAME and value.isprintable()
