"""How many records there are of each value of a field: what a list is grouped by, as SQL."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from tenants.conditions import row_tests
from tenants.config.definitions import CustomField, label
from tenants.config.snapshot import TenantConfig
from tenants.permissions import Access
from tenants.problems import InvalidInput
from tenants.reading.in_part import readable
from tenants.reading.json_sql import literal
from tenants.reading.paths import owner_of, path_of, require_way, resolve
from tenants.reading.selection import Leaf
from tenants.records import (
    REGISTRY,
    Attribute,
    Column,
    Custom,
    CustomColumn,
    Lookup,
    RecordType,
    Relation,
    Structure,
)
from tenants.records.rights import require_to_read

MOST_GROUPS = 200
# A relation whose key the row itself holds; a foreign key sees to it that there is such a record.
_OWN_KEY = re.compile(r"\{x\}\.id = \{t\}\.(\w+)")


@dataclass(frozen=True, slots=True)
class Grouping:
    """What a list is grouped by: the attributes along the way to it, the last of them the field itself."""

    record: RecordType
    attributes: tuple[Attribute, ...]

    def require_to_read(self, access: Access) -> None:
        """Raise :class:`NotAllowed` when the way leads through records or fields that may not be read."""
        require_way(self.record, self.attributes, access)
        last = self.attributes[-1]
        if isinstance(last, Relation):
            # Its groups are told by name.
            target = REGISTRY[last.target]
            require_to_read(access, target, "name", target.by_name["name"])

    def key_sql(self, config: TenantConfig, access: Access, alias: str) -> str:
        """The group of a row as text, as a filter takes it; NULL for rows without a value, or with one that is not for the reader.

        Moments are grouped by their day in the company's time zone.
        """
        return self._step(config, alias, self._within_sight(config, access))

    def _within_sight(self, config: TenantConfig, access: Access) -> tuple[Attribute, ...]:
        """The way to the field, along records that the reader may read, by fields as they may read them."""
        tests, record = row_tests(config, access), self.record
        if tests is None:
            return self.attributes
        found: list[Attribute] = []
        for attribute in self.attributes:
            seen, before = attribute, found[-1] if found else None
            if isinstance(before, Structure):
                seen = next(member for member in before.members if member.name == attribute.name)
            elif not isinstance(attribute, Custom):
                seen = readable(access, tests, record, path_of(attribute, before), attribute)
            if isinstance(seen, Relation):
                seen, record = tests.related(seen, record), REGISTRY[seen.target]
            found.append(seen)
        return tuple(found)

    def _step(self, config: TenantConfig, alias: str, attributes: tuple[Attribute, ...]) -> str:
        first, *rest = attributes
        if not rest:
            return _key_sql(config, alias, first)
        if isinstance(first, Relation):
            other = f"{alias}g"
            join = first.join.replace("{x}", other).replace("{t}", alias)
            inner = self._step(config, other, tuple(rest))
            return f"(SELECT {inner} FROM {REGISTRY[first.target].table} {other} WHERE {other}.tenant_id = %(tenant)s AND {join})"
        return self._step(config, alias, tuple(rest))

    def label_sql(self, config: TenantConfig, access: Access, language: str, key: str) -> str:
        """The name of a group for people, from the SQL of its key."""
        last = self.attributes[-1]
        if isinstance(last, Relation):
            table = REGISTRY[last.target].table
            return f"(SELECT x.name FROM {table} x WHERE x.tenant_id = %(tenant)s AND x.id = ({key})::uuid)"
        labels = self._labels(config, access, language)
        if not labels:
            return key
        found = literal(orjson.dumps(dict(labels)).decode())
        return f"coalesce({found}::jsonb->>({key}), {key})"

    def order_sql(self, config: TenantConfig, key: str, count: str) -> str:
        """Options and states in the order that the configuration gives them; else the largest groups first."""
        last = self.attributes[-1]
        keys: list[str] = []
        if isinstance(last, Lookup) and last.position is not None:
            keys = last.position(config)
        elif isinstance(last, CustomColumn):
            keys = list(last.settings.options)
        elif isinstance(last, Column):
            keys = [choice.upper() for choice in last.choices]
        by_count = f"{count} DESC, {key} NULLS LAST"
        if not keys:
            return by_count
        return f"array_position(ARRAY[{', '.join(map(literal, keys))}]::text[], {key}) NULLS LAST, {by_count}"

    def _labels(self, config: TenantConfig, access: Access, language: str) -> Mapping[str, Any]:
        last = self.attributes[-1]
        if isinstance(last, Lookup):
            return {key: entry["label"] for key, entry in last.entries(config, access, language).items()}
        if isinstance(last, CustomColumn) and last.type.has_options:
            return _option_labels(config.fields[owner_of(self.record, self.attributes).name][last.name], language)
        return {}


def find_grouping(record: RecordType, config: TenantConfig, path: str) -> Grouping | None:
    """What a path groups by; None where it leads nowhere, or to what has no groups: lists, amounts and objects."""
    attributes = resolve(record, config, path)
    if attributes is None:
        return None
    match attributes[-1]:
        case Column() as column if column.type.groupable:
            return Grouping(record, attributes)
        case Lookup(key=Column(), many=False):
            return Grouping(record, attributes)
        case Relation(many=False) as relation if "name" in REGISTRY[relation.target].by_name:
            return Grouping(record, attributes)
    return None


def grouping(record: RecordType, config: TenantConfig, path: Any) -> Grouping:
    """What the argument ``groupBy`` of a list groups by. Raises :class:`InvalidInput`."""
    if not isinstance(path, Leaf) or path.value is None:
        raise InvalidInput.at(("groupBy",), "view.no_group")
    found = find_grouping(record, config, str(path.value))
    if found is None:
        raise InvalidInput.at(("groupBy",), "view.not_groupable", field=path.value, type=record.name)
    return found


def _key_sql(config: TenantConfig, alias: str, last: Attribute) -> str:
    match last:
        case Lookup(key=Column() as key):
            return key.expression(alias)
        case Relation():
            own = _OWN_KEY.fullmatch(last.join)
            if own is not None:
                return f"{alias}.{own.group(1)}::text"
            other = f"{alias}g"
            join = last.join.replace("{x}", other).replace("{t}", alias)
            target = REGISTRY[last.target].table
            return f"(SELECT {other}.id::text FROM {target} {other} WHERE {other}.tenant_id = %(tenant)s AND {join})"
        case Column(choices=choices) if choices:
            return f"upper({last.expression(alias)})"
        case Column():
            return last.type.group_sql(last.expression(alias), literal(config.time_zone))
    raise TypeError(last)


def _option_labels(definition: CustomField, language: str) -> dict[str, str]:
    return {option.key: label(option.label, language, option.key) for option in definition.options}
