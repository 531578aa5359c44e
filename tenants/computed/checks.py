"""What is judged of computed fields when the configuration is saved."""

from collections.abc import Iterator

from tenants.computed.indexing import is_indexable
from tenants.config.checks.base import Proposal
from tenants.config.definitions import CustomField, split_field_key
from tenants.problems import FieldError

# Settings that say something of values that are given.
_OF_GIVEN = ("required", "unique", "default", "default_expression", "minimum", "maximum", "pattern")


def computed_errors(proposal: Proposal) -> Iterator[FieldError]:
    """Expressions that say nothing, fields that depend on themselves, and settings that make no sense."""
    planned, errors = proposal.planned, proposal.planned.computed.errors
    results = {f"{record_type}.{column.name}": column for record_type, column in planned.computed.columns()}
    before = {f"{record_type}.{column.name}": column for record_type, column in proposal.config.computed.columns()}
    for key, field in proposal.of(CustomField):
        path = ("field", key)
        if not field.is_computed or field.archived:
            continue
        yield from (error.below(*path) for error in errors.get(key, ()))
        for name in _OF_GIVEN:
            if getattr(field, name) not in (None, False):
                yield FieldError((*path, name), "computed.no_setting", {"name": name})
        column = results.get(key)
        if column is None or not field.is_indexed:
            continue
        record_type, _ = split_field_key(key)
        if not is_indexable(record_type, column.formula):
            reach = ", ".join(sorted(column.formula.reach)) or "now()"
            yield FieldError((*path, "indexed"), "computed.not_indexable", {"reach": reach})
        old, definition = before.get(key), proposal.config.definitions["field"].get(key)
        was_indexed = isinstance(definition, CustomField) and definition.is_indexed
        if old is not None and was_indexed and old.type.index != column.type.index:
            data = {"old": old.type.key, "new": column.type.key}
            yield FieldError((*path, "expression"), "computed.result_change", data)
