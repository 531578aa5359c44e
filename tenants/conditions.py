"""The one condition language, with two readings: :meth:`Condition.sql` and :meth:`Condition.matches`.

A condition is written as the record type's filter: ``{"status": {"in": ["paid"]}, "custom": {"score": {"gt": 5}},
"customer": {"name": {"contains": "Li"}}, "or": [...]}``. It is parsed against the record type and the tenant's fields, so a
condition that parses is one that runs. Both readings agree on every record (a property test holds them to it).
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

from tenants.config.snapshot import TenantConfig
from tenants.field_types import BadValue
from tenants.field_types.operators import FLAG, LIST, Operator
from tenants.permissions import Access
from tenants.problems import FieldError, InvalidInput
from tenants.reading.plan import Parameters
from tenants.reading.selection import Leaf, constant
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

DEEPEST = 10
MOST_PARTS = 200
SOME, NONE, EVERY = "some", "none", "every"


class SqlContext:
    """What the SQL reading needs: where to bind parameters, and fresh aliases for related tables."""

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters
        self._aliases = count()

    def alias(self) -> str:
        return f"c{next(self._aliases)}"


class Condition(ABC):
    """A predicate over one record."""

    @abstractmethod
    def sql(self, alias: str, context: SqlContext) -> str:
        """The predicate over the row called ``alias``; NULL stands for false."""

    @abstractmethod
    def matches(self, row: Mapping[str, Any]) -> bool:
        """Whether it holds for a row; related rows are found under the relation's name."""

    @property
    def is_local(self) -> bool:
        """Whether the row alone decides, without related records."""
        return True


@dataclass(frozen=True, slots=True)
class All(Condition):
    parts: tuple[Condition, ...]

    def sql(self, alias: str, context: SqlContext) -> str:
        return " AND ".join(f"({part.sql(alias, context)})" for part in self.parts) or "TRUE"

    def matches(self, row: Mapping[str, Any]) -> bool:
        return all(part.matches(row) for part in self.parts)

    @property
    def is_local(self) -> bool:
        return all(part.is_local for part in self.parts)


@dataclass(frozen=True, slots=True)
class AnyOf(Condition):
    parts: tuple[Condition, ...]

    def sql(self, alias: str, context: SqlContext) -> str:
        return " OR ".join(f"({part.sql(alias, context)})" for part in self.parts) or "FALSE"

    def matches(self, row: Mapping[str, Any]) -> bool:
        return any(part.matches(row) for part in self.parts)

    @property
    def is_local(self) -> bool:
        return all(part.is_local for part in self.parts)


@dataclass(frozen=True, slots=True)
class Negation(Condition):
    part: Condition

    def sql(self, alias: str, context: SqlContext) -> str:
        # A comparison with an absent value is NULL in SQL and false here; fold it before it is turned round.
        return f"NOT coalesce(({self.part.sql(alias, context)}), FALSE)"

    def matches(self, row: Mapping[str, Any]) -> bool:
        return not self.part.matches(row)

    @property
    def is_local(self) -> bool:
        return self.part.is_local


@dataclass(frozen=True, slots=True)
class Comparison(Condition):
    column: Column
    operator: Operator
    leaf: Leaf
    config: TenantConfig

    def sql(self, alias: str, context: SqlContext) -> str:
        expression = self.column.expression(alias)
        if self.operator.argument == FLAG:
            predicate = self.operator.sql.format(x=expression)
            return predicate if self.leaf.value else f"NOT ({predicate})"
        placeholder = context.parameters.bind(self.leaf, self.argument, self.column.type.parameter_type(self.operator))
        return self.operator.sql.format(x=expression, p=placeholder)

    def matches(self, row: Mapping[str, Any]) -> bool:
        wanted = self.leaf.value if self.operator.argument == FLAG else self._parse(self.leaf.value)
        return self.operator.matches(self.column.value(row), wanted)

    @property
    def is_local(self) -> bool:
        """A computed column has no value in a row that was not read for it."""
        return bool(self.column.source)

    def argument(self, value: Any) -> Any:
        """What PostgreSQL is sent for the argument. Raises :class:`InvalidInput`."""
        try:
            return self.operator.prepare(self._parse(value))
        except BadValue as bad:
            raise InvalidInput.at((self.column.name, self.operator.name), bad.code, **bad.data) from None

    def _parse(self, value: Any) -> Any:
        if value is None:
            raise BadValue("value.no_null")
        if self.operator.argument == LIST:
            if self.column.type.many:
                return self.column.parse(value, self.config)
            values = value if isinstance(value, list | tuple) else [value]
            return [self._parse_one(item) for item in values]
        return self._parse_one(value)

    def _parse_one(self, value: Any) -> Any:
        if value is None:
            raise BadValue("value.no_null")
        parsed = self.column.parse(value, self.config)
        return "" if parsed is None else parsed


@dataclass(frozen=True, slots=True)
class Related(Condition):
    relation: Relation
    quantifier: str
    part: Condition

    def sql(self, alias: str, context: SqlContext) -> str:
        target = REGISTRY[self.relation.target]
        other = context.alias()
        join = self.relation.join.replace("{x}", other).replace("{t}", alias)
        inner = self.part.sql(other, context)
        if self.quantifier == EVERY:
            inner = f"NOT coalesce(({inner}), FALSE)"
        found = f"EXISTS (SELECT 1 FROM {target.table} {other} WHERE {other}.tenant_id = %(tenant)s AND {join} AND ({inner}))"
        return found if self.quantifier == SOME else f"NOT {found}"

    def matches(self, row: Mapping[str, Any]) -> bool:
        related = row.get(self.relation.name)
        others = related if isinstance(related, Sequence) else [] if related is None else [related]
        if self.quantifier == EVERY:
            return all(self.part.matches(other) for other in others)
        found = any(self.part.matches(other) for other in others)
        return found if self.quantifier == SOME else not found

    @property
    def is_local(self) -> bool:
        return False


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


class _Parser:
    def __init__(self, config: TenantConfig, access: Access | None) -> None:
        self.config = config
        self.access = access
        self.errors: list[FieldError] = []
        self.parts = 0

    def _fail(self, path: tuple[str | int, ...], code: str, **data: Any) -> Condition:
        self.errors.append(FieldError(path, code, data))
        return All(())

    def record(self, record: RecordType, tree: Any, path: tuple[str | int, ...]) -> Condition:
        if not isinstance(tree, Mapping):
            return self._fail(path, "value.no_null")
        if len(path) > DEEPEST * 2:
            return self._fail(path[:4], "value.too_deep", most=DEEPEST)
        self.parts += len(tree)
        if self.parts > MOST_PARTS:
            return self._fail(path[:4], "value.too_large", most=MOST_PARTS)
        return All(tuple(self._entry(record, name, value, (*path, name)) for name, value in tree.items()))

    def _entry(self, record: RecordType, name: str, value: Any, path: tuple[str | int, ...]) -> Condition:
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
        return self._attribute(record, attribute, value, path)

    def _attribute(
        self, record: RecordType, attribute: Attribute, value: Any, path: tuple[str | int, ...]
    ) -> Condition:
        match attribute:
            case Column() if attribute.filterable:
                return self._operators(attribute, value, path)
            case Money():
                return self._operators(attribute.amount, value, path)
            case Lookup() if attribute.key is not None:
                return self._operators(attribute.key, value, path)
            case Structure():
                return self._members({member.name: member for member in attribute.members}, value, path)
            case Custom():
                return self._members(self.config.custom_columns.get(record.name, {}), value, path)
            case Relation():
                return self._relation(attribute, value, path)
        return self._fail(path, "value.unknown_field", name=attribute.name)

    def _members(self, members: Mapping[str, Attribute], tree: Any, path: tuple[str | int, ...]) -> Condition:
        if not isinstance(tree, Mapping):
            return self._fail(path, "value.no_null")
        parts = []
        for name, value in tree.items():
            member = members.get(name)
            known = isinstance(member, Column) and member.filterable
            parts.append(
                self._operators(member, value, (*path, name))
                if known and isinstance(member, Column)
                else self._fail((*path, name), "value.unknown_field", name=name)
            )
        return All(tuple(parts))

    def _relation(self, relation: Relation, value: Any, path: tuple[str | int, ...]) -> Condition:
        target = REGISTRY[relation.target]
        if self.access is not None:
            self.access.require_to_read(target.right)
        if not relation.many:
            return Related(relation, SOME, self.record(target, value, path))
        if not isinstance(value, Mapping):
            return self._fail(path, "value.no_null")
        parts = []
        for quantifier, tree in value.items():
            if quantifier not in (SOME, NONE, EVERY):
                parts.append(self._fail((*path, quantifier), "value.unknown_field", name=quantifier))
            else:
                parts.append(Related(relation, quantifier, self.record(target, tree, (*path, quantifier))))
        return All(tuple(parts))

    def _operators(self, column: Column, tree: Any, path: tuple[str | int, ...]) -> Condition:
        if not isinstance(tree, Mapping):
            return self._fail(path, "value.no_null")
        return All(tuple(self._operator(column, name, value, (*path, name)) for name, value in tree.items()))

    def _operator(self, column: Column, name: str, value: Any, path: tuple[str | int, ...]) -> Condition:
        operator = column.type.operator_by_name.get(name)
        if operator is None:
            return self._fail(path, "value.unknown_field", name=name)
        leaf = value if isinstance(value, Leaf) else constant(value)
        if leaf.value is None or (operator.argument == FLAG and not isinstance(leaf.value, bool)):
            return self._fail(path, "value.no_null")
        comparison = Comparison(column, operator, leaf, self.config)
        if operator.argument != FLAG:
            try:
                comparison.argument(leaf.value)
            except InvalidInput as problem:
                self.errors.extend(FieldError(path, error.code, error.data) for error in problem.errors)
        return comparison
