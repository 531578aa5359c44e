"""Links between records: they lead to records of one type for good, which may show them the other way round."""

from collections.abc import Iterator, Mapping

from tenants.config.checks.base import RESERVED, Path
from tenants.config.definitions import CustomField, Definition
from tenants.field_types import FieldType
from tenants.field_types.currencies import CURRENCIES
from tenants.problems import FieldError


def link_errors(
    path: Path, key: str, field: CustomField, kind: FieldType, old: object, fields: Mapping[str, Definition]
) -> Iterator[FieldError]:
    """What is wrong with where a field's links lead; ``fields`` are all that there will be."""
    if field.currency is not None and field.currency not in CURRENCIES:
        yield FieldError((*path, "currency"), "value.not_currency", {"value": field.currency})
    if "target" not in kind.takes:
        return
    if field.target is None:
        yield FieldError((*path, "target"), "field.no_target")
        return
    if isinstance(old, CustomField) and old.type == field.type and old.target != field.target:
        yield FieldError((*path, "target"), "field.target_changed", {"old": old.target, "new": field.target})
    if field.reverse is not None and not field.archived:
        yield from _reverse_errors((*path, "reverse"), key, field, fields)


def _reverse_errors(path: Path, key: str, field: CustomField, fields: Mapping[str, Definition]) -> Iterator[FieldError]:
    assert field.reverse is not None
    name = field.reverse.key
    if name.lower() in RESERVED:
        yield FieldError((*path, "key"), "config.reserved_key", {"key": name})
    shown = {
        f"{other.target}.{other.reverse.key}"
        for other_key, other in fields.items()
        if isinstance(other, CustomField) and other.reverse is not None and other_key < key and not other.archived
    }
    place = f"{field.target}.{name}"
    if place in fields or place in shown:
        yield FieldError((*path, "key"), "field.reverse_taken", {"key": name, "target": field.target})
