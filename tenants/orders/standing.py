"""What all changes of an order look at first: whether it is void, and the note."""

from uuid import UUID
from zoneinfo import ZoneInfo

from tenants.aggregates import Row
from tenants.field_types import BadValue
from tenants.field_types.text import clean_text
from tenants.problems import Conflict, FieldError
from tenants.transaction import Transaction

LONGEST_NOTE = 2_000


def refuse_voided(tx: Transaction, row: Row) -> None:
    """Raise :class:`Conflict` for an order that is void, saying since when by the company's clock."""
    if row["voided_at"] is not None:
        at = row["voided_at"].astimezone(ZoneInfo(tx.config.time_zone))
        raise Conflict("order.voided", current=as_it_is(row), at=f"{at:%Y-%m-%d %H:%M}")


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
