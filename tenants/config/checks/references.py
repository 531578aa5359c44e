"""Which definitions conditions, paths and texts need: read from their form alone, so that what is missing is named as well."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tenants.config.checks.base import Reference
from tenants.records import REGISTRY, Custom, Lookup, RecordType, Relation

# Lookups that name a definition by its key.
_KINDS = {"status": "status", "voidReason": "void_reason", "type": "order_type"}
# A path that leads to an own field.
_IN_TEXT = re.compile(r"(?<![\w.])(?:[A-Za-z]\w*\.)*custom\.[A-Za-z]\w*")


def in_path(record_type: str, path: str | None) -> Iterator[Reference]:
    """The own field at the end of a path such as ``customer.custom.level``."""
    record = REGISTRY.get(record_type)
    parts = (path or "").split(".")
    for place, part in enumerate(parts):
        attribute = record.by_name.get(part) if record else None
        if record and isinstance(attribute, Custom) and len(parts) > place + 1:
            yield "field", f"{record.name}.{parts[place + 1]}"
        if not isinstance(attribute, Relation):
            return
        record = REGISTRY[attribute.target]


def leads_to(record_type: str, relation: str) -> str:
    """The type of the records that a relation leads to; empty where it is a link of the company's own, or none."""
    record = REGISTRY.get(record_type)
    attribute = record.by_name.get(relation) if record else None
    return attribute.target if isinstance(attribute, Relation) else ""


def in_condition(record_type: str, tree: Any) -> Iterator[Reference]:
    """Own fields and keys of definitions in a condition, or in an order such as ``{custom: {score: ASC}}``."""
    record = REGISTRY.get(record_type)
    if record is not None:
        yield from _within(record, tree)


def _within(record: RecordType, tree: Any) -> Iterator[Reference]:
    if isinstance(tree, Sequence) and not isinstance(tree, str):
        for part in tree:
            yield from _within(record, part)
    if not isinstance(tree, Mapping):
        return
    for name, value in tree.items():
        attribute = record.by_name.get(name)
        if isinstance(attribute, Custom) and isinstance(value, Mapping):
            yield from (("field", f"{record.name}.{key}") for key in value)
        elif isinstance(attribute, Relation):
            yield from _within(REGISTRY[attribute.target], value)
        elif isinstance(attribute, Lookup) and name in _KINDS and isinstance(value, Mapping):
            yield from ((_KINDS[name], key) for key in _texts(value))
        elif attribute is None:
            # and, or, not, quantifiers, figures.
            yield from _within(record, value)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, Sequence):
        for inner in value:
            yield from _texts(inner)


def in_text(record_type: str, value: Any) -> Iterator[Reference]:
    """Own fields that templates and expressions name, such as ``custom.score`` or ``order.customer.custom.level``, in all texts of a
    tree."""
    for text in _texts(value):
        for path in _IN_TEXT.findall(text):
            yield from in_path(record_type, path.removeprefix(f"{record_type}."))
