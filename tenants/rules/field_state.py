"""How a field of a record stands, for whoever fills it in."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FieldState:
    """What rules say of one field: whether it needs a value, keeps the one it has, or is not for this record at all; which of its
    options can be chosen, None where it has none or all can; and why, in sentences."""

    path: tuple[str | int, ...]
    is_required: bool
    is_read_only: bool
    is_hidden: bool
    options: tuple[str, ...] | None
    reasons: tuple[str, ...]
