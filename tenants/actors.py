"""Who acts. Every transaction has exactly one actor, and every event names it."""

from dataclasses import dataclass
from uuid import UUID

MEMBER, AUTOMATION, SYSTEM = "member", "automation", "system"


@dataclass(frozen=True, slots=True)
class Actor:
    """A member, an automation or the system itself (command line, seeds), with the roles it acts under.

    ``cause_id`` and ``depth`` place an automation's acts in the chain of events that led to them.
    """

    kind: str
    id: UUID | None
    name: str
    roles: tuple[str, ...]
    language: str = "en"
    cause_id: UUID | None = None
    depth: int = 0


def system(name: str, language: str = "en") -> Actor:
    """The operator's own hand: acts as owner. Only the command line makes one."""
    return Actor(SYSTEM, None, name, ("owner",), language)
