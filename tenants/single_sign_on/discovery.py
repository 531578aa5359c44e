"""What a provider says of itself: its addresses and its keys, remembered for an hour.

A token signed with a key that is not among those remembered has them read again, once a minute at most: providers change their keys
without a word, and whoever sends tokens with made-up key names must not have us call the provider each time.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import orjson

from tenants.outgoing import NoAnswer, Outgoing, nobody
from tenants.problems import Problem
from tenants.remembering import Remembered
from tenants.single_sign_on.id_tokens import ALGORITHMS, TokenRefused, keys_for
from tenants.single_sign_on.saml.apart import Apart, CannotRead, Reader

WELL_KNOWN = "/.well-known/openid-configuration"
REMEMBERED_SECONDS = 3_600.0
BETWEEN_REFETCHES = 60.0
# A provider that does not answer is not asked again for each of those who wait for it.
AFTER_FAILURE = 5.0
MOST_PROVIDERS = 5_000
OK = 200
_METADATA_PROBLEMS = {
    "entity": "single_sign_on.metadata_entity",
    "binding": "single_sign_on.metadata_binding",
    "certificate": "single_sign_on.metadata_certificate",
    "signed_requests": "single_sign_on.metadata_signed_requests",
}

Keys = list[Mapping[str, Any]]


class BadProvider(Problem):
    """What the provider says of itself cannot be used; the text says why."""


@dataclass(frozen=True, slots=True)
class Metadata:
    """The addresses of a provider, and how it wants to be asked."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None
    takes_basic: bool
    tells_issuer: bool


@dataclass(frozen=True, slots=True)
class SamlMetadata:
    """A provider of SAML: its entity id, where browsers are sent, and the certificates that it signs with, as base64."""

    entity_id: str
    sign_in_url: str
    certificates: tuple[str, ...]


@dataclass(slots=True)
class _Kept:
    """What was read, or why it was not, and until when that counts; ``again_at`` is when it may be read again out of turn."""

    found: Any
    until: float
    again_at: float = 0.0


class Discovery:
    """Reads what providers say of themselves, through one door to the outside; what of it is XML, by ``reader``."""

    def __init__(
        self, call: Outgoing = nobody, clock: Callable[[], float] = time.monotonic, reader: Reader | None = None
    ) -> None:
        self._call = call
        self._clock = clock
        self.reader = reader or Apart()
        self._metadata: Remembered[str, _Kept] = Remembered(MOST_PROVIDERS)
        self._keys: Remembered[str, _Kept] = Remembered(MOST_PROVIDERS)
        self._saml: Remembered[str, _Kept] = Remembered(MOST_PROVIDERS)

    async def metadata(self, issuer: str, *, fresh: bool = False) -> Metadata:
        """Raises :class:`NoAnswer` and :class:`BadProvider`."""
        kept = None if fresh else self._current(self._metadata, issuer)
        if kept is None:
            kept = await self._read(self._metadata, issuer, lambda: self._discover(issuer))
        found: Metadata = _given(kept)
        return found

    async def key(self, metadata: Metadata, header: Mapping[str, Any]) -> Mapping[str, Any]:
        """The key that a token with this header was signed with. Raises :class:`TokenRefused` where the provider has none such,
        :class:`NoAnswer` and :class:`BadProvider`."""
        kept = self._current(self._keys, metadata.jwks_uri)
        if kept is None:
            kept = await self._read(self._keys, metadata.jwks_uri, lambda: self.keys(metadata))
        found = keys_for(_given(kept), header)
        if not found and self._clock() >= kept.again_at:
            kept = await self._read(self._keys, metadata.jwks_uri, lambda: self.keys(metadata))
            kept.again_at = self._clock() + BETWEEN_REFETCHES
            found = keys_for(_given(kept), header)
        if len(found) != 1:
            raise TokenRefused("key")
        return found[0]

    async def keys(self, metadata: Metadata) -> Keys:
        """The keys of the provider, as they are now. Raises :class:`NoAnswer` and :class:`BadProvider`."""
        said = await self._document(metadata.jwks_uri)
        keys = said.get("keys")
        if not isinstance(keys, list):
            raise BadProvider("single_sign_on.no_keys", address=metadata.jwks_uri)
        return [key for key in keys if isinstance(key, dict)]

    async def saml(self, address: str, *, fresh: bool = False, again: bool = False) -> SamlMetadata:
        """What the metadata at an address says, read anew where it is wanted ``fresh``, or ``again``, once a minute at most, because
        what it said does not explain a signature; what it said still counts where that cannot be read.

        Raises :class:`NoAnswer` and :class:`BadProvider`.
        """
        kept = None if fresh else self._current(self._saml, address)
        if kept is None:
            kept = await self._read(self._saml, address, lambda: self._saml_at(address))
        elif again and self._clock() >= kept.again_at:
            kept.again_at = self._clock() + BETWEEN_REFETCHES
            newer = await self._read(self._saml, address, lambda: self._saml_at(address))
            if isinstance(newer.found, SamlMetadata):
                newer.again_at = kept.again_at
                kept = newer
            else:
                self._saml.put(address, kept)
        found: SamlMetadata = _given(kept)
        return found

    async def saml_of(self, text: str) -> SamlMetadata:
        """What a metadata document says. Raises :class:`BadProvider`."""
        try:
            found = await self.reader({"what": "metadata", "text": text})
        except CannotRead as refused:
            raise BadProvider(_METADATA_PROBLEMS.get(refused.reason, "single_sign_on.metadata_xml")) from None
        return SamlMetadata(found["entityId"], found["signInUrl"], tuple(found["certificates"]))

    async def _saml_at(self, address: str) -> SamlMetadata:
        answer = await self._call("GET", address, {"Accept": "application/samlmetadata+xml, text/xml"})
        if answer.status != OK:
            raise BadProvider("single_sign_on.bad_status", address=address, status=answer.status)
        return await self.saml_of(answer.body.decode("utf-8", "replace"))

    async def _discover(self, issuer: str) -> Metadata:
        address = issuer.rstrip("/") + WELL_KNOWN
        said = await self._document(address)
        if said.get("issuer") != issuer:
            raise BadProvider("single_sign_on.other_issuer", issuer=issuer, said=said.get("issuer"))
        required: dict[str, Any] = {
            name: said.get(name) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")
        }
        for name, value in required.items():
            if not _is_address(value):
                raise BadProvider("single_sign_on.no_endpoint", address=address, name=name)
        signs = said.get("id_token_signing_alg_values_supported") or ["RS256"]
        if not isinstance(signs, list) or not set(ALGORITHMS).intersection(map(str, signs)):
            raise BadProvider("single_sign_on.no_algorithm", algorithms=", ".join(ALGORITHMS))
        methods, userinfo = said.get("token_endpoint_auth_methods_supported"), said.get("userinfo_endpoint")
        return Metadata(
            issuer=issuer,
            **required,
            userinfo_endpoint=userinfo if _is_address(userinfo) else None,
            takes_basic=not isinstance(methods, list) or "client_secret_basic" in methods,
            tells_issuer=said.get("authorization_response_iss_parameter_supported") is True,
        )

    async def _document(self, address: str) -> dict[str, Any]:
        answer = await self._call("GET", address, {"Accept": "application/json"})
        if answer.status != OK:
            raise BadProvider("single_sign_on.bad_status", address=address, status=answer.status)
        return json_object(answer.body, address)

    def _current(self, kept: Remembered[str, _Kept], name: str) -> _Kept | None:
        found = kept.get(name)
        return found if found is not None and found.until > self._clock() else None

    async def _read(self, kept: Remembered[str, _Kept], name: str, read: Callable[[], Any]) -> _Kept:
        try:
            found, lasts = await read(), REMEMBERED_SECONDS
        except (NoAnswer, BadProvider) as problem:
            found, lasts = problem, AFTER_FAILURE
        return kept.put(name, _Kept(found, self._clock() + lasts))


def json_object(body: bytes, address: str) -> dict[str, Any]:
    """What an answer says. Raises :class:`BadProvider` for what is no JSON object."""
    try:
        said = orjson.loads(body)
    except orjson.JSONDecodeError:
        said = None
    if not isinstance(said, dict):
        raise BadProvider("single_sign_on.no_json", address=address)
    return said


def _given(kept: _Kept) -> Any:
    if isinstance(kept.found, Problem):
        raise kept.found
    return kept.found


def _is_address(value: object) -> bool:
    return isinstance(value, str) and value.isascii() and urlsplit(value).scheme in {"https", "http"}
