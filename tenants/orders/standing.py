"""What all changes of an order look at first: whether it is void, and the note."""

from uuid import UUID

from tenants.aggregates import Row
from tenants.field_types import BadValue
from tenants.field_types.text import clean_text
from tenants.problems import Conflict, FieldError

LONGEST_NOTE = 2_000


def refuse_voided(row: Row) -> None:
    """Raise :class:`Conflict` for an order that is void."""
    if row["voided_at"] is not None:
        raise Conflict("order.voided", current=as_it_is(row), at=row["voided_at"].isoformat())


def as_it_is(row: Row) -> tuple[str, UUID, int]:
    """What a conflict shows of the order: the record as it stands."""
    return ("order", row["id"], row["version"])


def checked_note(note: str | None, errors: list[FieldError]) -> str | None:
    """The note without blanks around it, None for an empty one; what is wrong with it goes to the errors."""
    try:
        return clean_text(note or "", LONGEST_NOTE) or None
    except BadValue as bad:
        errors.append(FieldError(("note",), bad.code, bad.data))
        return None
