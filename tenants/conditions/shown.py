"""A condition as it is kept, written as GraphQL's ``where`` takes it: enum values in upper case."""

from collections.abc import Mapping, Sequence
from typing import Any

from tenants.conditions.aggregates import COUNT, FIGURES
from tenants.conditions.tree import QUANTIFIERS
from tenants.field_types.operators import DURING
from tenants.records import REGISTRY, Attribute, Column, RecordType, Relation, Structure


def as_input(record: RecordType, tree: Any) -> Any:
    """The same filter with the names that the GraphQL enums have; what is not known is left as it is."""
    if not isinstance(tree, Mapping):
        return tree
    return {name: _entry(record, name, value) for name, value in tree.items()}


def _entry(record: RecordType, name: str, value: Any) -> Any:
    if name in ("and", "or") and isinstance(value, Sequence):
        return [as_input(record, part) for part in value]
    if name == "not":
        return as_input(record, value)
    return _attribute(record.by_name.get(name), value)


def _attribute(attribute: Attribute | None, value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    match attribute:
        case Column(choices=choices) if choices:
            return {operator: _upper(argument) for operator, argument in value.items()}
        case Relation(many=False):
            return as_input(REGISTRY[attribute.target], value)
        case Relation():
            return {name: _listed(REGISTRY[attribute.target], name, inner) for name, inner in value.items()}
        case Structure():
            members = {member.name: member for member in attribute.members}
            return {name: _attribute(members.get(name), inner) for name, inner in value.items()}
    return _periods(value)


def _listed(target: RecordType, name: str, value: Any) -> Any:
    if name in (*QUANTIFIERS, "where"):
        return as_input(target, value)
    return _periods(value) if name in (COUNT, *FIGURES) else value


def _periods(value: Any) -> Any:
    """Periods stand beside operators of any column, at any depth of a company's own fields and of figures."""
    if not isinstance(value, Mapping):
        return value
    return {
        name: inner.upper() if isinstance(inner, str) and name == DURING else _periods(inner)
        for name, inner in value.items()
    }


def _upper(value: Any) -> Any:
    if isinstance(value, list):
        return [_upper(item) for item in value]
    return value.upper() if isinstance(value, str) else value
