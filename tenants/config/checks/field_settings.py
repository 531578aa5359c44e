"""What is asked of a field's values beside their type: it must make sense for the type, and be something that values can be."""

from collections.abc import Iterator
from typing import Any

from tenants.config.checks.base import Path, Proposal
from tenants.config.checks.numbering import unknown_parts
from tenants.config.definitions import CustomField, split_field_key
from tenants.config.own_attributes import settings_of
from tenants.field_types import BadValue, FieldType
from tenants.field_types.limits import BadPattern, bound, can_be_limited, can_have_pattern, compiled, require_within
from tenants.numbering import is_pattern, naming_fields
from tenants.problems import FieldError

# Those that only the types have which take them.
_TAKEN = ("region", "numbering", "gapless", "target", "reverse", "currency", "expression", "rollup")


def settings_errors(path: Path, field: CustomField, kind: FieldType) -> Iterator[FieldError]:
    """What is wrong with the settings of a field of that type."""
    for name in _TAKEN:
        if getattr(field, name) and name not in kind.takes:
            yield FieldError((*path, name), "field.no_setting", {"type": kind.key, "name": name})
    if kind.index is None and (field.indexed or field.unique):
        yield FieldError((*path, "indexed"), "field.not_indexable", {"type": kind.key})
    if "numbering" in kind.takes:
        yield from _numbering(path, field)
    limits = [*_limits(path, field, kind), *_pattern(path, field, kind)]
    yield from limits
    if field.default is not None and not limits:
        yield from _default(path, field, kind)


def _numbering(path: Path, field: CustomField) -> Iterator[FieldError]:
    if field.numbering is None:
        yield FieldError((*path, "numbering"), "field.numbering_missing")
    elif not is_pattern(field.numbering):
        yield FieldError((*path, "numbering"), "config.bad_pattern", {"pattern": field.numbering})
    if field.required or field.default is not None or field.default_expression:
        yield FieldError((*path, "required"), "field.given", {"name": path[-1]})


def _limits(path: Path, field: CustomField, kind: FieldType) -> Iterator[FieldError]:
    found: list[Any] = []
    for name in ("minimum", "maximum"):
        given = getattr(field, name)
        if given is None:
            continue
        if not can_be_limited(kind):
            yield FieldError((*path, name), "field.no_setting", {"type": kind.key, "name": name})
            continue
        try:
            found.append(bound(kind, given, settings_of(field)))
        except BadValue as bad:
            yield FieldError((*path, name), bad.code, bad.data)
    if len(found) == 2 and found[0] > found[1]:
        data = {"least": field.minimum, "most": field.maximum}
        yield FieldError((*path, "minimum"), "field.limits_cross", data)


def _pattern(path: Path, field: CustomField, kind: FieldType) -> Iterator[FieldError]:
    if field.pattern is None:
        return
    if not can_have_pattern(kind):
        yield FieldError((*path, "pattern"), "field.no_setting", {"type": kind.key, "name": "pattern"})
        return
    try:
        compiled(field.pattern)
    except BadPattern as bad:
        yield FieldError((*path, "pattern"), "field.bad_pattern", {"pattern": field.pattern, "reason": str(bad)})


def _default(path: Path, field: CustomField, kind: FieldType) -> Iterator[FieldError]:
    settings = settings_of(field, to_choose=True)
    try:
        require_within(field, kind, kind.parse(field.default, settings), settings)
    except BadValue as bad:
        yield FieldError((*path, "default"), bad.code, bad.data)


def part_errors(proposal: Proposal) -> Iterator[FieldError]:
    """The parts of automatic numbers that there are not; asked once all fields are sound."""
    for key, field in proposal.of(CustomField):
        if field.numbering is not None:
            known = naming_fields(proposal.planned, split_field_key(key)[0])
            yield from unknown_parts(("field", key, "numbering"), field.numbering, known)
