"""What people call a field that a path leads to, built in or the company's own."""

from collections.abc import Iterable, Iterator

from tenants.config.definitions import label
from tenants.config.snapshot import TenantConfig
from tenants.languages import product_language
from tenants.messages.field_names import FIELD_NAMES
from tenants.records import REGISTRY, RecordType, Relation

_OWN = "custom"


def field_label(config: TenantConfig, record_type: str, path: str, language: str) -> str:
    """Such as ``Promised at`` of promisedAt, ``Customer name`` of customer.name, and of a company's own field its label. Names of inputs,
    such as customerId, are called like the field that they fill. What leads nowhere is the path itself."""
    words = list(_words(config, REGISTRY[record_type], path, language))
    if None in words:
        return path
    first, *rest = (word for word in words if word is not None)
    if product_language(language) == "zh":
        return "".join((first, *rest))
    return " ".join((first, *(f"{word[0].lower()}{word[1:]}" if word[1:2].islower() else word for word in rest)))


def field_labels(config: TenantConfig, record_type: str, paths: Iterable[str], language: str) -> str:
    """Those of several fields, as a list."""
    found = (field_label(config, record_type, path, language) for path in paths)
    return ("、" if product_language(language) == "zh" else ", ").join(found)


def _words(config: TenantConfig, record: RecordType, path: str, language: str) -> Iterator[str | None]:
    is_own = False
    for name in path.split("."):
        if is_own:
            definition = config.fields.get(record.name, {}).get(name)
            yield None if definition is None else label(definition.label, language, name)
            record = record if definition is None or definition.target is None else REGISTRY[definition.target]
            is_own = False
        elif name == _OWN:
            is_own = True
        else:
            named = name if name in FIELD_NAMES else name.removesuffix("Id")
            yield FIELD_NAMES[named][product_language(language) == "zh"] if named in FIELD_NAMES else None
            attribute = record.by_name.get(named)
            record = REGISTRY[attribute.target] if isinstance(attribute, Relation) else record
