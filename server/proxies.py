"""Whose address a request has that came through proxies of the operator: they add it to ``X-Forwarded-For``, and nobody else is believed."""

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from starlette.types import Scope

Network = IPv4Network | IPv6Network
# Longer headers are no chain of proxies.
MOST_HOPS = 20


class Proxies:
    """The networks of proxies whose word counts; there is nothing to do where there are ``none``."""

    def __init__(self, networks: Iterable[Network]) -> None:
        self._networks = tuple(networks)
        self.none = not self._networks
        # What is asked of each request, of few addresses.
        self._is_one = lru_cache(maxsize=10_000)(self._lies_within)

    def unwrap(self, scope: Scope) -> None:
        """Let the client of a request be the last in the chain that is no proxy of ours: whatever stands before may be made up."""
        client = scope["client"]
        if client is None or not self._is_one(client[0]):
            return
        given = b",".join(value for name, value in scope["headers"] if name == b"x-forwarded-for")
        found = None
        for hop in reversed(given.decode("latin-1").split(",")[-MOST_HOPS:]):
            address = _address(hop)
            if address is None:
                break
            found = str(address)
            if not self._is_one(found):
                break
        if found is not None:
            scope["client"] = (found, 0)

    def _lies_within(self, text: str) -> bool:
        address = _address(text)
        return address is not None and any(address in network for network in self._networks)


def _address(text: str) -> IPv4Address | IPv6Address | None:
    """The address that a proxy wrote down, some with a port: ``192.0.2.7``, ``192.0.2.7:4711``, ``2001:db8::7``, ``[2001:db8::7]:4711``."""
    plain = text.strip()
    if plain.startswith("["):
        plain = plain[1:].partition("]")[0]
    elif plain.count(":") == 1:
        plain = plain.partition(":")[0]
    try:
        found = ip_address(plain)
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found
