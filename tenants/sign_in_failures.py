"""How often signing in may fail: guessing the password of an account must not be cheap.

Counted per address and per process, in memory: an instance of several processes allows as many times more, which still is
far too few to guess.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from math import ceil

from tenants.problems import LimitExceeded
from tenants.remembering import Remembered

MOST = 10
SECONDS = 15 * 60.0


@dataclass
class SignInFailures:
    """The failures of the last minutes, by address."""

    clock: Callable[[], float] = time.monotonic
    _times: Remembered[str, list[float]] = field(default_factory=lambda: Remembered(100_000))

    def check(self, address: str) -> None:
        """Raise :class:`LimitExceeded` when the address has to wait, whatever password comes with it."""
        times = self._recent(address)
        if len(times) >= MOST:
            wait = times[0] + SECONDS - self.clock()
            raise LimitExceeded("limit.sign_in", minutes=max(1, ceil(wait / 60)))

    def add(self, address: str) -> None:
        self._times.put(address, [*self._recent(address), self.clock()])

    def clear(self, address: str) -> None:
        """Forget the failures of an address: its owner was there."""
        self._times.drop(address)

    def _recent(self, address: str) -> list[float]:
        since = self.clock() - SECONDS
        return [moment for moment in self._times.get(address) or () if moment > since]
