"""The refusals of the house. Every other exception is a bug.

A problem carries a code and data, not a sentence: the door renders it in the caller's language with
:func:`tenants.messages.render`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any
from uuid import UUID

from tenants.messages import render

# Names of members who can give a right, by right. They are no part of a problem: it may be remembered with a plan that companies share.
CanGrant = Mapping[str, Sequence[str]]
NOBODY: CanGrant = MappingProxyType({})


def whom_to_ask(right: str, can_grant: CanGrant, language: str) -> str:
    """What to do for a right that one lacks."""
    names = can_grant.get(right, ())
    if names:
        return render("ask.members", language, {"names": ", ".join(names)})
    return render("ask.administrator", language, {})


class Problem(Exception):
    """A refusal that the caller can act on; nothing of the call has been done.

    ``code`` names the sentence in ``tenants.messages``; ``data`` fills its placeholders.
    """

    def __init__(self, code: str, **data: Any) -> None:
        super().__init__(code)
        self.code = code
        self.data = data

    def text(self, language: str, can_grant: CanGrant = NOBODY) -> str:
        """The sentence for people, who are told who ``can_grant`` what they lack."""
        return render(self.code, language, self.data)

    @property
    def lacking(self) -> tuple[str, ...]:
        """The rights for want of which it was refused."""
        return ()

    def __str__(self) -> str:
        return self.text("en")


@dataclass(frozen=True, slots=True)
class FieldError:
    """One bad value: the input path that holds it (GraphQL names and list positions), and why it is bad."""

    path: tuple[str | int, ...]
    code: str
    data: dict[str, Any] = field(default_factory=dict)

    @property
    def right(self) -> str | None:
        """The right for want of which the value is refused: the roles that hold it are told with it."""
        return self.data["right"] if {"right", "roles"} <= self.data.keys() else None

    def text(self, language: str, can_grant: CanGrant = NOBODY) -> str:
        ask = {"ask": whom_to_ask(self.right, can_grant, language)} if self.right else {}
        return render(self.code, language, {**self.data, **ask})

    def below(self, *prefix: str | int) -> "FieldError":
        return FieldError((*prefix, *self.path), self.code, self.data)


class InvalidInput(Problem):
    """The input breaks a rule; ``errors`` names every bad field at once."""

    def __init__(self, errors: Iterable[FieldError]) -> None:
        self.errors = tuple(errors)
        super().__init__("invalid_input", count=len(self.errors))

    @classmethod
    def at(cls, path: tuple[str | int, ...], code: str, **data: Any) -> "InvalidInput":
        return cls([FieldError(path, code, data)])

    def text(self, language: str, can_grant: CanGrant = NOBODY) -> str:
        return " ".join(error.text(language, can_grant) for error in self.errors) or super().text(language)

    @property
    def lacking(self) -> tuple[str, ...]:
        return tuple(error.right for error in self.errors if error.right)


class NotAllowed(Problem):
    """The actor lacks a right. ``right`` is its name (``order.void``); ``granted_to`` lists the roles that hold it."""

    def __init__(self, right: str, granted_to: Iterable[str] = (), code: str = "not_allowed", **data: Any) -> None:
        self.right = right
        self.granted_to = tuple(granted_to)
        super().__init__(code, right=right, roles=self.granted_to, **data)

    def text(self, language: str, can_grant: CanGrant = NOBODY) -> str:
        return render(self.code, language, {**self.data, "ask": whom_to_ask(self.right, can_grant, language)})

    @property
    def lacking(self) -> tuple[str, ...]:
        return (self.right,)


class NotSignedIn(Problem):
    """No valid token came with the call."""

    def __init__(self, code: str = "not_signed_in") -> None:
        super().__init__(code)


class SecondFactorDue(Problem):
    """The company wants a second factor of members with these roles, and this session has shown one only."""

    def __init__(self) -> None:
        super().__init__("second_factor.due")


class NotForKeys(Problem):
    """Only a person who is signed in can do it, no program with a key."""

    def __init__(self) -> None:
        super().__init__("key.person_only")


class NotFound(Problem):
    """No such record in this tenant, whether or not another tenant has one with that id."""

    def __init__(self, record_type: str, record_id: object) -> None:
        self.record_type = record_type
        self.record_id = record_id
        super().__init__("not_found", type=record_type, id=str(record_id))

    def text(self, language: str, can_grant: CanGrant = NOBODY) -> str:
        # What was given may have been no id at all.
        return render(self.code if self.record_id else "not_found_by_that", language, self.data)


class Conflict(Problem):
    """The record's state forbids it. ``current`` is the record as it stands: (record type, id, version)."""

    def __init__(self, code: str, *, current: tuple[str, UUID, int] | None = None, **data: Any) -> None:
        self.current = current
        super().__init__(code, **data)


class LimitExceeded(Problem):
    """A bound of the instance or of the tenant would be broken; the text names the bound."""
