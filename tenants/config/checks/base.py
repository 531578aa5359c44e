"""What a check of one kind of definition is, and the registry of checks."""

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

from tenants.config.snapshot import Definitions, TenantConfig
from tenants.permissions import Access
from tenants.problems import FieldError

# GraphQL gives these names a meaning of their own.
RESERVED = frozenset({"true", "false", "null", "and", "or", "not"})
Path = tuple[str | int, ...]
# A definition that another one needs: its kind and key.
Reference = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Link:
    """An own field that leads to other records: its definition, and the type of the records that it leads to."""

    field: str
    target: str


# By `<record type>.<key>`, on either side that shows it.
Links = Mapping[str, Link]


@dataclass(frozen=True)
class Proposal:
    """The configuration in force, and the definitions of the next one.

    ``author`` bounds what roles are given and the roles of new or changed automations; None is for templates, which have no author yet. Fields
    that are ``converted`` may change their type.
    """

    config: TenantConfig
    definitions: Definitions
    author: Access | None
    converted: frozenset[str] = frozenset()

    def of(self, kind: type[Any]) -> Iterator[tuple[str, Any]]:
        """The next definitions of a kind, by key."""
        return iter(self.definitions[kind.kind].items())

    @cached_property
    def planned(self) -> TenantConfig:
        """The next configuration, as the second pass sees it."""
        return dataclasses.replace(self.config, definitions=self.definitions)


class Check:
    """What must hold of the definitions of one kind. Errors are told at ``(kind, key, ...)``."""

    kind: str

    def form(self, proposal: Proposal) -> Iterator[FieldError]:
        """First pass: what can be said without reading a condition or a path. Nothing has been checked yet."""
        return iter(())

    def meaning(self, proposal: Proposal) -> Iterator[FieldError]:
        """Second pass: what is judged against fields, roles and statuses, whose form is known to be sound."""
        return iter(())

    def references(self, key: str, definition: Any, links: Links) -> Iterator[Reference]:
        """What the definition needs, whether it is there or not; ``links`` are the company's own fields that lead to other records."""
        return iter(())


CHECKS: dict[str, Check] = {}
Kind = TypeVar("Kind", bound=type[Check])


def register(check: Kind) -> Kind:
    """Puts the check of a kind into the registry."""
    CHECKS[check.kind] = check()
    return check
