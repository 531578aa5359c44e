"""From a filter to a condition: every part is checked against the record type and the tenant's fields."""

from collections.abc import Mapping, Sequence
from typing import Any

from tenants.conditions.aggregates import COUNT, FIGURES, Aggregate, columns_for, figure
from tenants.conditions.comparisons import Comparison, RelativeTime
from tenants.conditions.row_tests import RowTests, known_tests
from tenants.conditions.tree import QUANTIFIERS, SOME, All, AnyOf, Condition, Negation, Related
from tenants.config.snapshot import TenantConfig
from tenants.field_types.operators import FLAG
from tenants.permissions import Access
from tenants.problems import FieldError, InvalidInput
from tenants.reading.in_part import readable
from tenants.reading.selection import Leaf, constant
from tenants.reading.withheld import related
from tenants.records import (
    REGISTRY,
    Attribute,
    Column,
    Custom,
    Lookup,
    Money,
    RecordType,
    Relation,
    Structure,
)
from tenants.records.rights import OWN

DEEPEST = 10
MOST_PARTS = 200
WITHIN = "where"
Path = tuple[str | int, ...]


def parse_condition(
    record: RecordType, config: TenantConfig, tree: Mapping[str, Any], access: Access | None = None
) -> Condition:
    """The condition that a filter describes. Scalars in ``tree`` may be plain values or leaves.

    ``access`` is the reader's: what may not be read cannot be filtered by either; None is for conditions that the
    configuration holds. Raises :class:`InvalidInput` naming every bad part by its path, and :class:`NotAllowed`.
    """
    parser = _Parser(config, access)
    condition = parser.record(record, tree, ())
    if parser.errors:
        raise InvalidInput(parser.errors)
    return condition


def row_tests(config: TenantConfig, access: Access) -> RowTests | None:
    """What the reader's rights say of single records; None for who has no scopes."""
    if not (access.rows or access.field_rows):
        return None
    return known_tests(config, access, lambda name, tree: parse_condition(REGISTRY[name], config, tree))


class _Parser:
    def __init__(self, config: TenantConfig, access: Access | None) -> None:
        self.config = config
        self.access = access
        self.errors: list[FieldError] = []
        self.parts = 0

    def _fail(self, path: Path, code: str, **data: Any) -> Condition:
        self.errors.append(FieldError(path, code, data))
        return All(())

    def record(self, record: RecordType, tree: Any, path: Path) -> Condition:
        if not isinstance(tree, Mapping):
            return self._fail(path, "value.no_null")
        if len(path) > DEEPEST * 2:
            return self._fail(path[:4], "value.too_deep", most=DEEPEST)
        self.parts += len(tree)
        if self.parts > MOST_PARTS:
            return self._fail(path[:4], "value.too_large", most=MOST_PARTS)
        return All(tuple(self._entry(record, name, value, (*path, name)) for name, value in tree.items()))

    def _entry(self, record: RecordType, name: str, value: Any, path: Path) -> Condition:
        if name in ("and", "or"):
            if not isinstance(value, Sequence) or isinstance(value, str):
                return self._fail(path, "value.not_list", value=name)
            parts = tuple(self.record(record, part, (*path, index)) for index, part in enumerate(value))
            return All(parts) if name == "and" else AnyOf(parts)
        if name == "not":
            return Negation(self.record(record, value, path))
        attribute = record.by_name.get(name)
        if attribute is None:
            return self._fail(path, "value.unknown_field", name=name)
        return self._attribute(record, self._readable(record, name, attribute), value, path)

    def _readable(self, record: RecordType, name: str, attribute: Attribute) -> Attribute:
        if self.access is None:
            return attribute
        return readable(self.access, row_tests(self.config, self.access), record, name, attribute)

    def _own(self, record: RecordType, tree: Any) -> Mapping[str, Attribute]:
        """The company's own fields that the filter names."""
        own = self.config.own.get(record.name, {})
        named = [name for name in own if name in tree] if isinstance(tree, Mapping) else []
        return {name: self._readable(record, f"{OWN}{name}", own[name]) for name in named}

    def _attribute(self, record: RecordType, attribute: Attribute, value: Any, path: Path) -> Condition:
        match attribute:
            case Column() if attribute.filterable:
                return self._operators(attribute, value, path)
            case Money():
                return self._operators(attribute.amount, value, path)
            case Lookup() if attribute.key is not None:
                return self._operators(attribute.key, value, path)
            case Structure():
                return self._members(record, {member.name: member for member in attribute.members}, value, path)
            case Custom():
                return self._members(record, self._own(record, value), value, path)
            case Relation():
                return self._relation(record, attribute, value, path)
        return self._fail(path, "value.unknown_field", name=attribute.name)

    def _members(self, record: RecordType, members: Mapping[str, Attribute], tree: Any, path: Path) -> Condition:
        if not isinstance(tree, Mapping):
            return self._fail(path, "value.no_null")
        parts = []
        for name, value in tree.items():
            member = members.get(name)
            parts.append(
                self._attribute(record, member, value, (*path, name))
                if member is not None
                else self._fail((*path, name), "value.unknown_field", name=name)
            )
        return All(tuple(parts))

    def _relation(self, record: RecordType, relation: Relation, value: Any, path: Path) -> Condition:
        target = REGISTRY[relation.target]
        if self.access is not None:
            self.access.require_to_read(target.right)
            relation = related(relation, self.access)
            tests = row_tests(self.config, self.access)
            relation = tests.related(relation, record) if tests else relation
        if not relation.many:
            return Related(relation, SOME, self.record(target, value, path))
        if not isinstance(value, Mapping):
            return self._fail(path, "value.no_null")
        return self._list(relation, target, value, path)

    def _list(self, relation: Relation, target: RecordType, value: Mapping[str, Any], path: Path) -> Condition:
        within: Condition = All(())
        if WITHIN in value:
            within = self.record(target, value[WITHIN], (*path, WITHIN))
            if len(value) == 1:
                return self._fail(path, "value.where_alone")
        parts: list[Condition] = []
        figures: list[Condition] = []
        for name, tree in value.items():
            if name in QUANTIFIERS:
                parts.append(Related(relation, name, self.record(target, tree, (*path, name)), within))
            elif name == COUNT:
                figures.append(self._operators(figure(COUNT), tree, (*path, name)))
            elif name in FIGURES:
                figures.append(self._figures(name, target, tree, (*path, name)))
            elif name != WITHIN:
                parts.append(self._fail((*path, name), "value.unknown_field", name=name))
        if figures:
            parts.append(Aggregate(relation, All(tuple(figures)), within))
        return All(tuple(parts))

    def _figures(self, function: str, record: RecordType, tree: Any, path: Path) -> Condition:
        """Conditions on one figure of each of several columns."""
        if not isinstance(tree, Mapping):
            return self._fail(path, "value.no_null")
        self.parts += len(tree)
        has_own = any(isinstance(attribute, Custom) for attribute in record.attributes)
        parts = []
        for name, value in tree.items():
            if name == "custom" and has_own:
                own = columns_for(function, self._own(record, value).values())
                parts.append(self._over(function, own, value, (*path, name)))
            else:
                built_in = [self._readable(record, name, record.by_name[name])] if name in record.by_name else []
                parts.append(self._over(function, columns_for(function, built_in), {name: value}, path))
        return All(tuple(parts))

    def _over(self, function: str, columns: Mapping[str, Column | Money], tree: Any, path: Path) -> Condition:
        if not isinstance(tree, Mapping):
            return self._fail(path, "value.no_null")
        return All(
            tuple(
                self._operators(figure(function, columns[name]), value, (*path, name))
                if name in columns
                else self._fail((*path, name), "value.unknown_field", name=name)
                for name, value in tree.items()
            )
        )

    def _operators(self, column: Column, tree: Any, path: Path) -> Condition:
        if not isinstance(tree, Mapping):
            return self._fail(path, "value.no_null")
        return All(tuple(self._operator(column, name, value, (*path, name)) for name, value in tree.items()))

    def _operator(self, column: Column, name: str, value: Any, path: Path) -> Condition:
        leaf = value if isinstance(value, Leaf) else constant(value)
        for relative in column.type.relative:
            if relative.name == name:
                return self._checked(RelativeTime(column, relative, leaf, self.config), path)
        operator = column.type.operator_by_name.get(name)
        if operator is None:
            return self._fail(path, "value.unknown_field", name=name)
        if leaf.value is None or (operator.argument == FLAG and not isinstance(leaf.value, bool)):
            return self._fail(path, "value.no_null")
        return self._checked(Comparison(column, operator, leaf, self.config), path)

    def _checked(self, comparison: Comparison | RelativeTime, path: Path) -> Condition:
        try:
            comparison.check()
        except InvalidInput as problem:
            self.errors.extend(FieldError(path, error.code, error.data) for error in problem.errors)
        return comparison
