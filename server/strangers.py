"""How much may be asked for without a token: a leaky bucket for each client address, in each process by itself.

Whoever has not signed in can have documents parsed and passwords hashed, and nothing else. A **point** stands for a tenth of a
millisecond of this process, as in :mod:`schema.costs`. Behind a proxy all clients have its address, so a bucket holds enough for
many people who sign in at once; ``ANONYMOUS_COST_RATE`` sets it.
"""

import time
from collections.abc import Callable, Sequence
from functools import lru_cache
from ipaddress import IPv6Address, ip_address
from typing import Any

from schema.costs import RateLimited
from tenants.callers import Remembered

# In points: what any request takes; how many characters are parsed for one; what a password's hash takes.
REQUEST = 10
CHARACTERS = 12
SIGN_IN = 500
# No more sign-ins than root fields are run, however often a document says so.
MOST_SIGN_INS = 20
# What an idle bucket holds, in seconds of its rate.
HOLDS_SECONDS = 20
MOST_ADDRESSES = 10_000
# Who has one address of IPv6 has all that begin like it.
OWN_PREFIX = 64


class Strangers:
    """The buckets of one process; ``rate`` is in points a second."""

    def __init__(self, rate: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._clock = clock
        # When each bucket will be full again.
        self._full: Remembered[str, float] = Remembered(MOST_ADDRESSES)

    def admit(self, client: Sequence[Any] | None, document: str | None) -> None:
        """Take the cost of running a document, or None for one that is named by its hash, for a client without a token.

        ``client`` is its address and port, as ASGI tells them. Raises :class:`RateLimited`.
        """
        now, address = self._clock(), _owner(client[0] if client else "")
        waiting = max(0.0, (self._full.get(address) or now) - now)
        if waiting > HOLDS_SECONDS:
            raise RateLimited(waiting - HOLDS_SECONDS)
        self._full.put(address, now + waiting + price(document) / self._rate)


def price(document: str | None) -> int:
    """What a document may cost, in points, told from its text alone; one that is named by its hash is a sign-in."""
    if document is None:
        return REQUEST + SIGN_IN
    return REQUEST + len(document) // CHARACTERS + SIGN_IN * min(document.count("signIn"), MOST_SIGN_INS)


@lru_cache(maxsize=MOST_ADDRESSES)
def _owner(host: str) -> str:
    """What one client has of the address space: an address of IPv4, a network of IPv6."""
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if not isinstance(address, IPv6Address) or address.ipv4_mapped:
        return host
    return str(int(address) >> (128 - OWN_PREFIX))
