"""The states of a record's fields, as a change leaves them."""

from collections.abc import Collection, Iterable, Iterator, Mapping

from tenants.config.definitions import CustomField, Effect
from tenants.field_rights import READ, WRITE
from tenants.permissions import Access
from tenants.rules.enforcing import Change, rule_error
from tenants.rules.field_state import FieldState
from tenants.rules.places import OWN, Place

_CODES = {Effect.REQUIRE: "rule.required", Effect.READ_ONLY: "rule.read_only", Effect.HIDE: "rule.hidden"}


def field_states(
    change: Change,
    fields: Mapping[str, CustomField],
    record_type: str,
    access: Access,
    parts: Collection[str],
    closed: Iterable[Place],
    language: str,
) -> Iterator[FieldState]:
    """One state for each field of which there is anything to say to that reader, after the change was judged. ``parts`` are the rights to
    fields of some records alone that they have of this one; by those that they have of others, the fields ``closed`` are read-only."""
    in_force = [(rule, place) for rule in change.rules for place in rule.places if change.is_in_force(rule)]
    paths = {place.path: place.name for _, place in in_force}
    paths |= {options.place.path: options.place.name for options in change.options}
    paths |= {place.path: place.name for place in closed}
    paths |= {("custom", key): f"{OWN}{key}" for key, definition in fields.items() if definition.required}
    for path, name in paths.items():
        if not _has(access, parts, record_type, READ, name):
            continue
        here = [rule for rule, place in in_force if place.name == name]
        effects = {rule.effect for rule in here}
        own = fields.get(name.removeprefix(OWN)) if name.startswith(OWN) else None
        is_hidden = Effect.HIDE in effects
        yield FieldState(
            (*change.prefix, *path),
            is_required=not is_hidden and (Effect.REQUIRE in effects or bool(own and own.required)),
            is_read_only=Effect.READ_ONLY in effects or not _has(access, parts, record_type, WRITE, name),
            is_hidden=is_hidden,
            options=_options(change, name, own),
            reasons=tuple(rule_error(rule, path, _CODES[rule.effect]).text(language) for rule in here),
        )


def _has(access: Access, parts: Collection[str], record_type: str, action: str, name: str) -> bool:
    return access.has_field(record_type, action, name) or access.field_part(record_type, action, name) in parts


def _options(change: Change, name: str, definition: CustomField | None) -> tuple[str, ...] | None:
    for options in change.options:
        if options.place.name == name and definition is not None:
            return tuple(key for key in definition.open_options if change.can_be_chosen(options, key))
    return None
