"""The one door for calls to addresses that companies name: identity providers, and whatever else they have us call.

What is asked for by name is looked up here, every address that the name has is judged, and the connection is made to an address that was
judged: no second look-up lies between. Redirects are never followed, the environment's proxies are not used, and an answer has a
limit in time and in size. Source: RELIABILITY A3.

Nothing but HTTPS on port 443 of a public address is called, unless the operator names networks (``OUTGOING_PRIVATE_NETWORKS``): there
plain HTTP and other ports are allowed too, for what runs inside the operator's own walls and for tests.
"""

import asyncio
import re
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from functools import cached_property
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING, cast
from urllib.parse import SplitResult, urlsplit

from tenants.outgoing import Answer, NoAnswer

if TYPE_CHECKING:
    from httpcore2 import SOCKET_OPTION, AsyncNetworkBackend, AsyncNetworkStream

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]

SECONDS = 10.0
LARGEST = 2**20
LONGEST_ADDRESS = 2_000
HTTPS_PORT = 443
_WRITTEN = re.compile(r"https?://[!-~]+", re.IGNORECASE)
# Names that mean something only inside: whatever they resolve to, no provider of the outside has one.
_INSIDE = (".internal", ".local", ".localhost", ".lan", ".home.arpa", ".onion")
# Where IPv6 hosts of the internet are, and what of it stands for an IPv4 address that may be anything.
_UNICAST = ip_network("2000::/3")
_STANDS_FOR_OTHERS = (ip_network("2002::/16"), ip_network("2001::/23"), ip_network("192.88.99.0/24"))
# Kept for protocols (RFC 6890), which not every version of the standard library knows.
_OF_PROTOCOLS = ip_network("192.0.0.0/24")


class Door:
    """Calls the outside. ``allowed`` are the networks that the operator opens beyond the public internet."""

    def __init__(self, allowed: Iterable[Network] = (), resolve: Resolve | None = None) -> None:
        self._allowed = tuple(allowed)
        self._resolve = resolve or _looked_up

    async def __call__(
        self, method: str, address: str, headers: Mapping[str, str] | None = None, content: bytes = b""
    ) -> Answer:
        """Raises :class:`NoAnswer`."""
        parts = _read(address)
        shown = parts.hostname or ""
        try:
            async with asyncio.timeout(SECONDS):
                return await self._call(method, parts, headers or {}, content)
        except TimeoutError:
            raise NoAnswer("outgoing.too_slow", host=shown, seconds=int(SECONDS)) from None

    async def _call(self, method: str, parts: SplitResult, headers: Mapping[str, str], content: bytes) -> Answer:
        # A process serves with 2.5 MiB less until it calls somebody.
        import httpcore2  # noqa: PLC0415  (memory: as said above)

        backend = _Pinned(httpcore2.AnyIOBackend(), await self._judged(parts))
        tls = self._tls if parts.scheme == "https" else None
        sent = [("Accept-Encoding", "identity"), *headers.items()]
        body = bytearray()
        try:
            async with (
                httpcore2.AsyncConnectionPool(
                    tls, network_backend=cast("AsyncNetworkBackend", backend), max_keepalive_connections=0
                ) as pool,
                pool.stream(method, parts.geturl(), headers=sent, content=content) as response,
            ):
                async for part in response.aiter_stream():
                    body += part
                    if len(body) > LARGEST:
                        raise NoAnswer("outgoing.too_large", host=parts.hostname, most=LARGEST // 1024)
                return Answer(response.status, bytes(body))
        except (httpcore2.NetworkError, httpcore2.ProtocolError, OSError) as error:
            raise NoAnswer("outgoing.failed", host=parts.hostname, reason=_reason(error)) from None

    async def _judged(self, parts: SplitResult) -> str:
        """The address to connect to. Raises :class:`NoAnswer` unless all addresses of the host may be called."""
        host, port = (parts.hostname or "").rstrip("."), parts.port or (HTTPS_PORT if parts.scheme == "https" else 80)
        try:
            found = await self._resolve(host, port)
        except (OSError, UnicodeError):
            raise NoAnswer("outgoing.unknown_host", host=host) from None
        addresses = [_plain(ip_address(text.partition("%")[0])) for text in found]
        if not addresses:
            raise NoAnswer("outgoing.unknown_host", host=host)
        if all(any(address in network for network in self._allowed) for address in addresses):
            return str(addresses[0])
        if f".{host}".lower().endswith(_INSIDE) or not all(map(is_public, addresses)):
            raise NoAnswer("outgoing.not_public", host=host)
        if parts.scheme != "https" or port != HTTPS_PORT:
            raise NoAnswer("outgoing.not_https", host=host)
        return str(addresses[0])

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        return ssl.create_default_context()


class _Pinned:
    """What the library connects by: to one address, whatever the host is called; its name is still what the certificate must have."""

    def __init__(self, plain: "AsyncNetworkBackend", address: str) -> None:
        self._plain = plain
        self._address = address

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  (the library's signature)
        local_address: str | None = None,
        socket_options: Iterable["SOCKET_OPTION"] | None = None,
    ) -> "AsyncNetworkStream":
        return await self._plain.connect_tcp(self._address, port, timeout, local_address, socket_options)


def is_public(address: Address) -> bool:
    """Whether the address is one of the internet's own hosts: not ours, not our neighbours', not one that stands for another."""
    if any(address in network for network in (*_STANDS_FOR_OTHERS, _OF_PROTOCOLS)):
        return False
    if isinstance(address, IPv6Address) and address not in _UNICAST:
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def _read(address: str) -> SplitResult:
    refused = NoAnswer("outgoing.no_address", address=address)
    if not _WRITTEN.fullmatch(address) or len(address) > LONGEST_ADDRESS or "\\" in address:
        raise refused
    try:
        parts = urlsplit(address)
        is_whole = bool(parts.hostname) and parts.port != 0 and "@" not in parts.netloc
    except ValueError:
        raise refused from None
    if not is_whole:
        raise refused
    return parts._replace(fragment="")


def _plain(address: Address) -> Address:
    """The IPv4 address that an IPv6 address writes, else the address."""
    return (address.ipv4_mapped if isinstance(address, IPv6Address) else None) or address


async def _looked_up(host: str, port: int) -> Sequence[str]:
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(place[0]) for *_, place in found]


def _reason(error: Exception) -> str:
    """What went wrong, in the words of the system: certificates are mended by whoever runs the other side."""
    return str(error) or type(error).__name__
