"""Calls to the outside: what the house wants of whoever makes them.

There is one door for all addresses that companies name (``server/outgoing.py``): it decides which of them may be called at all. The
house never opens a connection itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from tenants.problems import Problem


class NoAnswer(Problem):
    """The address may not be called, or did not answer in time, in size or at all; the text says which, in plain words."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: a status, whichever it is, and the whole body."""

    status: int
    body: bytes


class Outgoing(Protocol):
    """One call. Redirects are not followed: they are answers. Raises :class:`NoAnswer`."""

    async def __call__(
        self, method: str, address: str, headers: Mapping[str, str] | None = None, content: bytes = b""
    ) -> Answer: ...


async def nobody(method: str, address: str, headers: Mapping[str, str] | None = None, content: bytes = b"") -> Answer:
    """The door of a process that calls nobody."""
    raise NoAnswer("outgoing.closed", address=address)
