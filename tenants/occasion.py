"""When, and by whom, something is asked: what "today" and "me" mean."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Occasion:
    """The moment of a call, with an offset, and the member who makes it; None is nobody, such as an automation."""

    now: datetime
    member_id: UUID | None = None
