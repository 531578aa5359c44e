"""From which web pages the API may be used: its own, and those of the origins that are set (``ALLOWED_ORIGINS``).

Programs that are no browser send no origin, and are not concerned. Nothing here is about cookies: there are none.
"""

from collections.abc import Collection
from urllib.parse import urlsplit

Header = tuple[bytes, bytes]

# How long a browser may remember the answer of a preflight.
REMEMBERED_SECONDS = 7_200
EXPOSED = b"x-request-id, x-config-version, ratelimit, ratelimit-policy, retry-after"


class Origins:
    """The origins that are set, such as ``https://app.example.com``."""

    def __init__(self, allowed: Collection[str] = ()) -> None:
        self._allowed = frozenset(origin.lower() for origin in allowed)

    def may_connect(self, origin: str | None, host: str) -> bool:
        """Whether a page of that origin may open a socket; browsers leave that to the server."""
        return origin is None or self.is_set(origin) or urlsplit(origin).netloc.lower() == host.lower()

    def is_set(self, origin: str) -> bool:
        return origin.lower() in self._allowed

    def answer_headers(self, origin: str | None) -> tuple[Header, ...]:
        """What lets a page of that origin read an answer (https://fetch.spec.whatwg.org/#http-cors-protocol)."""
        if origin is None or not self.is_set(origin):
            return ()
        return ((b"access-control-allow-origin", origin.encode("latin-1")), (b"access-control-expose-headers", EXPOSED))

    def preflight_headers(self, origin: str | None) -> tuple[Header, ...]:
        """What lets a page of that origin send its request; nothing for others."""
        allowed = self.answer_headers(origin)
        if not allowed:
            return ()
        return (
            allowed[0],
            (b"access-control-allow-methods", b"GET, POST"),
            (b"access-control-allow-headers", b"accept-language, authorization, content-type, x-request-id"),
            (b"access-control-max-age", b"%d" % REMEMBERED_SECONDS),
        )
