"""Fields of a company's own: of a type there is, on a record that takes them, and never so that values are lost."""

from collections import Counter
from collections.abc import Iterator

from tenants.computed.checks import computed_errors
from tenants.config.checks.base import RESERVED, Check, Links, Path, Proposal, Reference, register
from tenants.config.checks.field_settings import part_errors, settings_errors
from tenants.config.checks.links import link_errors
from tenants.config.checks.numbering import own_parts
from tenants.config.checks.references import in_condition, in_path, in_text, leads_to
from tenants.config.definitions import FIELD_KEY, CustomField, split_field_key
from tenants.field_types import REGISTRY as FIELD_TYPES
from tenants.field_types.base import SETS
from tenants.names import nearest
from tenants.problems import FieldError
from tenants.records import CUSTOMISABLE
from tenants.rules.defaults import default_errors

# Each is written with every record of its type.
MOST_INDEXED = 100


@register
class FieldCheck(Check):
    kind = "field"

    def form(self, proposal: Proposal) -> Iterator[FieldError]:
        for key, field in proposal.of(CustomField):
            if FIELD_KEY.match(key):
                old = proposal.config.definitions["field"].get(key)
                yield from _field(("field", key), key, field)
                if isinstance(old, CustomField) and key not in proposal.converted:
                    yield from _field_change(("field", key), key, old, field)
                    if old != field and key in proposal.config.converting_fields:
                        yield FieldError(("field", key), "conversion.under_way", {"key": key})
                if (kind := FIELD_TYPES.get(field.type)) is not None:
                    fields = proposal.definitions["field"]
                    yield from link_errors(("field", key), key, field, kind, old, fields)
        yield from _indexes(proposal)

    def meaning(self, proposal: Proposal) -> Iterator[FieldError]:
        yield from computed_errors(proposal)
        yield from part_errors(proposal)
        for key, error in default_errors(proposal.planned):
            yield error.below("field", key, "default_expression")

    def references(self, key: str, definition: CustomField, links: Links) -> Iterator[Reference]:
        record_type, _ = split_field_key(key)
        yield from in_text(record_type, [definition.expression or "", definition.default_expression or ""], links)
        yield from own_parts(record_type, definition.numbering or "")
        for option in definition.options:
            yield from in_condition(record_type, option.when, links)
        if (rollup := definition.rollup) is not None:
            yield from in_path(record_type, rollup.over, links)
            yield from in_text(
                leads_to(record_type, rollup.over, links), [rollup.field, rollup.where, rollup.by], links
            )


def _field(path: Path, key: str, field: CustomField) -> Iterator[FieldError]:
    configurable = {name: kind for name, kind in FIELD_TYPES.items() if kind.configurable}
    record_type, _ = split_field_key(key)
    if record_type not in CUSTOMISABLE:
        yield FieldError(path, "config.unknown_object", {"object": record_type, "objects": ", ".join(CUSTOMISABLE)})
    kind = configurable.get(field.type)
    if kind is None:
        if near := nearest(field.type, configurable):
            yield FieldError((*path, "type"), "config.unknown_type_near", {"type": field.type, "near": near})
            return
        types = ", ".join(configurable)
        yield FieldError((*path, "type"), "config.unknown_type", {"type": field.type, "types": types})
        return
    yield from _options(path, field, kind.has_options)
    if field.unique and kind.many:
        yield FieldError((*path, "unique"), "config.unique_list", {"type": field.type})
    if field.unique and kind.index in SETS and not kind.many:
        yield FieldError((*path, "unique"), "field.not_unique", {"type": field.type})
    yield from settings_errors(path, field, kind)


def _indexes(proposal: Proposal) -> Iterator[FieldError]:
    indexed = Counter(
        split_field_key(key)[0] for key, field in proposal.of(CustomField) if field.is_indexed and FIELD_KEY.match(key)
    )
    for record_type, count in indexed.items():
        if count > MOST_INDEXED:
            data = {"type": record_type, "count": count, "most": MOST_INDEXED}
            yield FieldError(("field",), "config.too_many_indexed", data)


def _options(path: Path, field: CustomField, expected: bool) -> Iterator[FieldError]:
    if expected and not field.options:
        yield FieldError((*path, "options"), "config.no_options")
    if not expected and field.options:
        yield FieldError((*path, "options"), "config.has_options", {"type": field.type})
    seen: set[str] = set()
    for place, option in enumerate(field.options):
        if option.key in seen:
            yield FieldError((*path, "options", place), "config.double_option", {"key": option.key})
        if option.key.lower() in RESERVED:
            yield FieldError((*path, "options", place), "config.reserved_key", {"key": option.key})
        seen.add(option.key)


def _field_change(path: Path, key: str, old: CustomField, new: CustomField) -> Iterator[FieldError]:
    if old.type != new.type:
        yield FieldError((*path, "type"), "config.type_change", {"key": key, "old": old.type, "new": new.type})
        return
    for option in old.option_keys:
        if option not in new.option_keys:
            yield FieldError((*path, "options"), "config.option_removed", {"option": option})
