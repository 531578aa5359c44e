"""The call under way: who makes it, what it asks for, what it has cost. Logs, metrics and traces tell of it.

A door begins it; whoever learns something of it adds to it. Nothing is decided by it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from uuid import UUID


@dataclass(slots=True)
class Call:
    """``id`` is what a user can quote; ``kind`` and ``field`` are the operation's, from the schema; ``statements`` is how
    many SQL statements were sent; ``address`` and ``user_agent`` are whence it came and what the program calls itself."""

    id: str = ""
    tenant_id: UUID | None = None
    tenant: str = ""
    member_id: UUID | None = None
    kind: str = ""
    field: str = ""
    cost: int = 0
    statements: int = 0
    address: str = ""
    user_agent: str = ""


# Takes what is said outside of any call.
_OUTSIDE = Call()
UNDER_WAY: ContextVar[Call] = ContextVar("call")


def current() -> Call:
    """The call under way, to add to; outside of any, what is added goes nowhere."""
    return UNDER_WAY.get(_OUTSIDE)


@contextmanager
def under_way(call: Call) -> Iterator[Call]:
    """Make it the current call."""
    token = UNDER_WAY.set(call)
    try:
        yield call
    finally:
        UNDER_WAY.reset(token)
