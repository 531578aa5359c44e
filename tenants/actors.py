"""Who acts. Every transaction has exactly one actor, and every event names it."""

from dataclasses import dataclass
from uuid import UUID

MEMBER, KEY, AUTOMATION, SYSTEM, STRANGER = "member", "key", "automation", "system", "stranger"
# As they are told of in the log.
ACTOR_KINDS = (MEMBER, KEY, AUTOMATION, SYSTEM, STRANGER)


@dataclass(frozen=True, slots=True)
class Actor:
    """A member, a program with a key, an automation or the system itself (command line, seeds), with the roles it acts under; of a
    stranger nobody knows who they are.

    ``cause_id`` and ``depth`` place an automation's acts in the chain of events that led to them; ``automation`` is its key.
    """

    kind: str
    id: UUID | None
    name: str
    roles: tuple[str, ...]
    language: str = "en"
    cause_id: UUID | None = None
    depth: int = 0
    automation: str = ""


# Who has not signed in, or not yet.
SOMEBODY = Actor(STRANGER, None, "?", ())


def system(name: str, language: str = "en") -> Actor:
    """The operator's own hand: acts as owner. Only the command line makes one."""
    return Actor(SYSTEM, None, name, ("owner",), language)
