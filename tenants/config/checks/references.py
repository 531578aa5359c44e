"""Which definitions conditions, paths and texts need: read from their form alone, so that what is missing is named as well.

A reference to an option is ``("option", "<record type>.<field>.<option>")``.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tenants.config.checks.base import Link, Links, Reference
from tenants.config.definitions import CustomField, split_field_key
from tenants.config.own_attributes import target_of
from tenants.records import REGISTRY, Attribute, Custom, Lookup, RecordType, Relation, Structure

# What names a definition by its key, by the attribute of the record and the member of it.
_KINDS = {
    ("status", ""): "status",
    ("voidReason", ""): "void_reason",
    ("type", ""): "order_type",
    ("lifeCycle", "key"): "life_cycle",
}
_PATH = r"(?<![\w.])[A-Za-z]\w*(?:\.[A-Za-z]\w*)*"
_LITERAL = r"(?:\"(\w+)\"|'(\w+)')"
_PATHS = re.compile(_PATH, re.ASCII)
_LITERALS = re.compile(_LITERAL, re.ASCII)
# In expressions and in templates alike: what stands on either side of a sign, in a list, or in contains().
_COMPARED = tuple(
    re.compile(pattern, re.ASCII)
    for pattern in (
        rf"({_PATH})\s*(?:==?|!=|contains\b)\s*({_LITERAL})",
        rf"({_PATH})\s+in\s*\[([^\[\]]{{1,2000}})\]",
        rf"contains\(\s*({_PATH})\s*,\s*({_LITERAL})",
    )
)
_COMPARED_BEFORE = re.compile(rf"({_LITERAL})\s*(?:==?|!=)\s*({_PATH})", re.ASCII)
_BRACKETS = re.compile(rf"(?<=\w)(?<!\bin)\[\s*{_LITERAL}\s*\]", re.ASCII)


def links_of(fields: Mapping[str, Any]) -> dict[str, Link]:
    """All links among the definitions of fields, by ``<record type>.<key>``; those that show the other side are there under its key."""
    found = {}
    for key, field in fields.items():
        if isinstance(field, CustomField) and (target := target_of(field)):
            found[key] = Link(key, target)
            if field.reverse is not None:
                found[f"{target}.{field.reverse.key}"] = Link(key, split_field_key(key)[0])
    return found


def in_path(record_type: str, path: str | None, links: Links) -> Iterator[Reference]:
    """The own fields that a path such as ``customer.custom.level`` goes through."""
    for needed, _ in _walk(record_type, path or "", links):
        if needed:
            yield needed


def _walk(record_type: str, path: str, links: Links) -> Iterator[tuple[Reference | None, str]]:
    """Each step of a path: the own field that it is, and what a value at its end names: a kind of definition, or a field's option."""
    record, parts = REGISTRY.get(record_type), path.split(".")
    while record is not None and parts:
        name, *parts = parts
        attribute: Attribute | None = record.by_name.get(name)
        if isinstance(attribute, Custom) and parts:
            key, *parts = parts
            own = f"{record.name}.{key}"
            link = links.get(own)
            yield ("field", link.field if link else own), f"option {own}."
            record = REGISTRY.get(link.target) if link else None
        elif isinstance(attribute, Relation):
            record = REGISTRY[attribute.target]
        else:
            member = parts[0] if parts and isinstance(attribute, Structure) else ""
            yield None, _KINDS.get((name, member), "")
            return


def leads_to(record_type: str, relation: str, links: Links) -> str:
    """The type of the records that a relation or a link leads to; empty where it leads nowhere."""
    if relation.startswith("custom."):
        link = links.get(f"{record_type}.{relation.removeprefix('custom.')}")
        return link.target if link else ""
    record = REGISTRY.get(record_type)
    attribute = record.by_name.get(relation) if record else None
    return attribute.target if isinstance(attribute, Relation) else ""


def in_condition(record_type: str, tree: Any, links: Links) -> Iterator[Reference]:
    """Own fields, their options and keys of definitions in a condition, or in an order such as ``{custom: {score: ASC}}``."""
    record = REGISTRY.get(record_type)
    if record is not None:
        yield from _within(record, tree, links)


def _within(record: RecordType, tree: Any, links: Links) -> Iterator[Reference]:
    if isinstance(tree, Sequence) and not isinstance(tree, str):
        for part in tree:
            yield from _within(record, part, links)
    if not isinstance(tree, Mapping):
        return
    for name, value in tree.items():
        attribute = record.by_name.get(name)
        if isinstance(attribute, Custom) and isinstance(value, Mapping):
            for key, inner in value.items():
                yield from _within_own(f"{record.name}.{key}", inner, links)
        elif isinstance(attribute, Relation):
            yield from _within(REGISTRY[attribute.target], value, links)
        elif isinstance(attribute, Lookup) and (name, "") in _KINDS and isinstance(value, Mapping):
            yield from ((_KINDS[name, ""], key) for key in _texts(value))
        elif isinstance(attribute, Structure) and isinstance(value, Mapping):
            members = ((_KINDS.get((name, member)), inner) for member, inner in value.items())
            yield from ((kind, key) for kind, inner in members if kind for key in _texts(inner))
        elif attribute is None:
            # and, or, not, quantifiers, figures.
            yield from _within(record, value, links)


def _within_own(own: str, value: Any, links: Links) -> Iterator[Reference]:
    link = links.get(own)
    yield "field", link.field if link else own
    if link is None:
        yield from (("option", f"{own}.{text}") for text in _texts(value))
    else:
        yield from in_condition(link.target, value, links)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, Sequence):
        for inner in value:
            yield from _texts(inner)


def in_text(record_type: str, value: Any, links: Links) -> Iterator[Reference]:
    """What templates and expressions name, in all texts of a tree: own fields, such as ``custom.score`` or
    ``order.customer.custom.level``, and the options, statuses and the like that they compare them with."""
    for text in _texts(value):
        plain = _BRACKETS.sub(lambda found: f".{found[1] or found[2]}", text)
        for path in _PATHS.findall(plain):
            yield from in_path(record_type, path.removeprefix(f"{record_type}."), links)
        for path, literals in _compared(plain):
            yield from _named(record_type, path.removeprefix(f"{record_type}."), literals, links)


def _compared(text: str) -> Iterator[tuple[str, str]]:
    """Paths, each with the texts that it is compared with."""
    for pattern in _COMPARED:
        yield from ((found[1], found[2]) for found in pattern.finditer(text))
    yield from ((found[4], found[1]) for found in _COMPARED_BEFORE.finditer(text))


def _named(record_type: str, path: str, literals: str, links: Links) -> Iterator[Reference]:
    walked = [names for _, names in _walk(record_type, path, links)]
    kind, _, start = walked[-1].partition(" ") if walked else ("", "", "")
    if kind:
        yield from ((kind, f"{start}{found[1] or found[2]}") for found in _LITERALS.finditer(literals))
