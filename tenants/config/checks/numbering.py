"""Numberings: there is one, with a pattern that counts."""

from collections.abc import Collection, Iterator
from typing import Any

from tenants.config.checks.base import Check, Links, Path, Proposal, Reference, register
from tenants.config.definitions import NUMBERING_KEY, Numbering
from tenants.numbering import OWN, fields_of, is_pattern, naming_fields
from tenants.problems import FieldError


@register
class NumberingCheck(Check):
    kind = "numbering"

    def form(self, proposal: Proposal) -> Iterator[FieldError]:
        for key, numbering in proposal.of(Numbering):
            if key != NUMBERING_KEY:
                yield FieldError(
                    ("numbering", key), "config.only_key", {"section": "numbering", "key": key, "known": NUMBERING_KEY}
                )
            elif not is_pattern(numbering.pattern):
                yield FieldError(("numbering", key, "pattern"), "config.bad_pattern", {"pattern": numbering.pattern})

    def meaning(self, proposal: Proposal) -> Iterator[FieldError]:
        known = naming_fields(proposal.planned, NUMBERING_KEY)
        for key, numbering in proposal.of(Numbering):
            yield from unknown_parts(("numbering", key, "pattern"), numbering.pattern, known)

    def references(self, key: str, definition: Any, links: Links) -> Iterator[Reference]:
        yield from own_parts(NUMBERING_KEY, definition.pattern)


def unknown_parts(path: Path, pattern: str, known: Collection[str]) -> Iterator[FieldError]:
    """The fields of a pattern that cannot be part of a number."""
    for name in fields_of(pattern):
        if name not in known:
            yield FieldError(path, "config.unknown_part", {"part": name, "parts": ", ".join(known) or "-"})


def own_parts(record_type: str, pattern: str) -> Iterator[Reference]:
    """The company's own fields that a pattern needs."""
    for name in fields_of(pattern):
        if name.startswith(OWN):
            yield "field", f"{record_type}.{name.removeprefix(OWN)}"
