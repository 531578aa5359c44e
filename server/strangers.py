"""How much may be asked for without a token that holds: leaky buckets for each client address, in each process by itself.

Whoever has not signed in can have documents parsed and passwords hashed, and nothing else. A **point** stands for a tenth of a
millisecond of this process, as in :mod:`schema.costs`. Behind a proxy all clients have its address, so a bucket holds enough for
many people who sign in at once; ``ANONYMOUS_COST_RATE`` sets it. Tokens that nobody has are paid for from buckets of their own:
a program that goes on with an old token keeps nobody at its address from signing in.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from functools import lru_cache
from ipaddress import IPv6Address, ip_address
from typing import Any

import psycopg
from psycopg_pool import PoolTimeout

from schema.costs import RateLimited
from tenants.callers import Callers, token_hash
from tenants.database import Database
from tenants.remembering import Remembered
from tenants.sign_in.sessions import open_sessions
from workers.ending import end

# In points: what any request takes; how many characters are parsed for one; what a password's hash takes; a wrong token.
REQUEST = 10
CHARACTERS = 12
SIGN_IN = 500
# Founding a company: its password's hash, and the definitions of its template.
FOUNDING = 5_000
WRONG_TOKEN = 100
# No more sign-ins than root fields are run, however often a document says so.
MOST_SIGN_INS = 20
_SIGN_INS = (
    *("signIn", "confirmSignIn", "requestPasswordReset", "resetPassword", "finishSingleSignOn"),
    *("signUp", "acceptInvitation", "confirmEmailChange"),
)
# What an idle bucket holds, in seconds of its rate.
HOLDS_SECONDS = 20
MOST_ADDRESSES = 10_000
# Who has one address of IPv6 has all that begin like it.
OWN_PREFIX = 64
# Doubtful tokens are looked up together, so often, and no more of them at once.
BETWEEN_LOOKS = 0.1
MOST_DOUBTFUL = 1_000

Address = Sequence[Any] | None


class Buckets:
    """One bucket for each address; ``rate`` is in points a second. Clients are an address and a port, as ASGI tells them."""

    def __init__(self, rate: int, clock: Callable[[], float]) -> None:
        self._rate = rate
        self._clock = clock
        # When each bucket will be full again.
        self._full: Remembered[str, float] = Remembered(MOST_ADDRESSES)

    def lacks(self, client: Address) -> float:
        """Seconds until something may be taken from the client's bucket; 0 when it may be now."""
        return max(0.0, self._waiting(client) - HOLDS_SECONDS)

    def take(self, client: Address, points: int) -> None:
        """Take so much, and overdraw the bucket if need be."""
        self._full.put(_owner(client), self._clock() + self._waiting(client) + points / self._rate)

    def _waiting(self, client: Address) -> float:
        now = self._clock()
        return max(0.0, (self._full.get(_owner(client)) or now) - now)


class Strangers:
    """What is asked for without a token, in one process."""

    def __init__(self, rate: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._buckets = Buckets(rate, clock)

    def admit(self, client: Address, document: str | None) -> None:
        """Take the cost of running a document, or None for one that is named by its hash, for a client without a token.

        Raises :class:`RateLimited`.
        """
        seconds = self._buckets.lacks(client)
        if seconds:
            raise RateLimited(seconds)
        self._buckets.take(client, price(document))


class Guesses:
    """Tokens that nobody has, in one process.

    Once too many came from an address, its tokens that this process does not know are looked up together with one statement,
    and only those that hold are let through: whoever guesses is refused, and a member at the same address is served.
    """

    def __init__(
        self, rate: int, database: Database, callers: Callers, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._buckets = Buckets(rate, clock)
        self._database = database
        self._callers = callers
        self._doubtful: dict[bytes, asyncio.Future[bool]] = {}
        self._task: asyncio.Task[None] | None = None
        # Most processes never see a wrong token, and then nothing is asked of any request.
        self.any = False

    async def close(self) -> None:
        """Stop looking tokens up."""
        if self._task is not None:
            await end(self._task)

    def count(self, client: Address) -> None:
        """Take what a wrong token costs."""
        self.any = True
        self._buckets.take(client, WRONG_TOKEN)

    async def admit(self, client: Address, token: str) -> None:
        """Raises :class:`RateLimited` for a token that nobody has, or that cannot be looked up for all the others, from an address
        from which too many came."""
        seconds = self._buckets.lacks(client)
        if seconds and not self._callers.knows(token) and not await self._holds(token_hash(token)):
            raise RateLimited(seconds)

    async def _holds(self, hashed: bytes) -> bool:
        found = self._doubtful.get(hashed)
        if found is None:
            if len(self._doubtful) >= MOST_DOUBTFUL:
                return False
            found = self._doubtful[hashed] = asyncio.get_running_loop().create_future()
            if self._task is None or self._task.done():
                self._task = asyncio.create_task(self._look())
        # Others may wait for the same token when one of them leaves.
        return await asyncio.shield(found)

    async def _look(self) -> None:
        while self._doubtful:
            await asyncio.sleep(BETWEEN_LOOKS)
            doubtful, self._doubtful = self._doubtful, {}
            try:
                held = await open_sessions(self._database, doubtful)
            except (psycopg.Error, PoolTimeout):
                # The operation itself finds out what is wrong with the database, and says so.
                held = set(doubtful)
            for hashed, found in doubtful.items():
                found.set_result(hashed in held)


def price(document: str | None) -> int:
    """What a document may cost, in points, told from its text alone; one that is named by its hash is a sign-in."""
    if document is None:
        return REQUEST + SIGN_IN
    sign_ins = sum(map(document.count, _SIGN_INS))
    foundings = document.count("confirmSignUp")
    dear = SIGN_IN * min(sign_ins, MOST_SIGN_INS) + FOUNDING * min(foundings, MOST_SIGN_INS)
    return REQUEST + len(document) // CHARACTERS + dear


def _owner(client: Address) -> str:
    return _network(client[0]) if client else ""


@lru_cache(maxsize=MOST_ADDRESSES)
def _network(host: str) -> str:
    """What one client has of the address space: an address of IPv4, a network of IPv6."""
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if not isinstance(address, IPv6Address) or address.ipv4_mapped:
        return host
    return str(int(address) >> (128 - OWN_PREFIX))
