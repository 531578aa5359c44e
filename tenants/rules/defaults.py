"""Defaults that are expressions: worked out for a new record that is given nothing for the field, from what else it has.

One may use another, so they are worked out in the order in which they need each other. They look at the record itself only. Beside the
functions of all expressions there is ``me()``, the member who makes the record.
"""

import dataclasses
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from graphlib import CycleError, TopologicalSorter
from typing import Any

from tenants.config.definitions import CustomField
from tenants.config.own_attributes import settings_of
from tenants.config.snapshot import TenantConfig
from tenants.expressions import ComputedColumn, Expression, Kind
from tenants.expressions.functions import FUNCTIONS
from tenants.expressions.nodes import KINDS_BY_SQL, Applied, Node
from tenants.expressions.parser import Function, Parser, Piece
from tenants.expressions.times import day_of
from tenants.field_types import BadValue, FieldType, field_type
from tenants.field_types.currencies import currency_places
from tenants.occasion import Occasion
from tenants.problems import FieldError, InvalidInput
from tenants.records import REGISTRY

OWN = "custom."
# Nobody gives these as a single value that an expression could be.
_WITHOUT = frozenset({"auto_number", "duration"})
_WHOLE = Decimal(1)


@dataclass(frozen=True, slots=True)
class _Me(Node):
    """The id of the member who asks; absent where nobody does."""

    kind = Kind.TEXT

    def sql(self, alias: str) -> str:
        return "(%(member)s::uuid)::text"

    def value(self, row: Mapping[str, Any], occasion: Occasion) -> Any:
        return None if occasion.member_id is None else str(occasion.member_id)


def _me(parser: Parser, whole: Piece, given: list[Piece]) -> Node:
    return _Me()


_FUNCTIONS = {**FUNCTIONS, "me": Function(0, 0, _me)}


@dataclass(frozen=True, slots=True)
class WorkedOut:
    """The default of the field ``key``, as values of its type are given."""

    key: str
    definition: CustomField
    expression: Expression

    def given(self, row: Mapping[str, Any], occasion: Occasion, currency: str) -> Any:
        """The value for a record; amounts are rounded to the places of their currency, by default the company's, and whole numbers to
        these, half up."""
        found = self.expression.value(row, occasion)
        if not isinstance(found, Decimal):
            return found
        unit = {
            "integer": _WHOLE,
            "money": _WHOLE.scaleb(-currency_places(self.definition.currency or currency)),
        }.get(self.definition.type)
        rounded = found if unit is None else found.quantize(unit, ROUND_HALF_UP)
        return format(rounded.normalize() + 0, "f")


def defaults_for(config: TenantConfig, record_type: str) -> tuple[WorkedOut, ...]:
    """The defaults to be worked out for a new record, each behind those that it uses."""
    return config.derived("defaults", _all_defaults).get(record_type, ())


def _all_defaults(config: TenantConfig) -> dict[str, tuple[WorkedOut, ...]]:
    found = {}
    for record_type, fields in config.fields.items():
        read = {
            key: _read(config, record_type, key, field) for key, field in fields.items() if field.default_expression
        }
        if read:
            order = TopologicalSorter(_needs(config, record_type, read)).static_order()
            found[record_type] = tuple(read[key] for key in order)
    return found


def _read(config: TenantConfig, record_type: str, key: str, field: CustomField) -> WorkedOut:
    """Raises :class:`InvalidInput` for an expression that cannot be the field's default."""
    kind, text = field_type(field.type), field.default_expression or ""
    parser = Parser(text, REGISTRY[record_type], config, lambda name: config.own.get(name, {}), _FUNCTIONS)
    expression = parser.expression()
    if expression.reach:
        raise InvalidInput.at((), "field.default_far", reach=", ".join(sorted(expression.reach)))
    wanted = _kind_of(kind)
    if wanted is Kind.DAY and expression.kind is Kind.MOMENT:
        day = Applied(Kind.DAY, day_of(config.time_zone), (expression.root,))
        expression = dataclasses.replace(expression, root=day)
    if wanted is None or expression.kind is not wanted:
        raise InvalidInput.at((), "field.default_kind", kind=expression.kind, type=field.type)
    return WorkedOut(key, field, expression)


def _kind_of(kind: FieldType) -> Kind | None:
    """What an expression must be to be a value of the type; None where none can."""
    if kind.graphql_input is None or kind.key in _WITHOUT:
        return None
    return Kind.TEXT if kind.key == "member" else KINDS_BY_SQL.get(kind.sql)


def _needs(config: TenantConfig, record_type: str, read: Mapping[str, WorkedOut]) -> dict[str, set[str]]:
    """Which defaults each of them uses, by the keys of the fields."""
    own = config.own.get(record_type, {})

    def used(expression: Expression) -> Iterator[str]:
        for name in expression.uses:
            key = name.removeprefix(OWN).partition(".")[0]
            if name.startswith(OWN):
                yield key
                column = own.get(key)
                if isinstance(column, ComputedColumn):
                    yield from used(column.formula)

    return {key: {name for name in used(each.expression) if name in read} for key, each in read.items()}


def _require_value(config: TenantConfig, default: WorkedOut) -> None:
    """Raises ``BadValue`` for one that is the same for all records and no value of the field."""
    if default.expression.uses or default.expression.is_volatile:
        return
    given = default.given({}, Occasion(datetime.now(UTC)), config.currency)
    if given is not None:
        settings = settings_of(default.definition, config.currency, to_choose=True)
        field_type(default.definition.type).parse(given, settings)


def default_errors(planned: TenantConfig) -> Iterator[tuple[str, FieldError]]:
    """What is wrong with the defaults of a configuration, by the keys of the fields in the document: no values of their type, or such that
    need themselves."""
    for record_type, fields in planned.fields.items():
        read = dict[str, WorkedOut]()
        for key, field in fields.items():
            if field.default_expression is None or field.is_computed:
                continue
            name = f"{record_type}.{key}"
            if field.default is not None:
                yield name, FieldError((), "field.two_defaults")
            try:
                read[key] = _read(planned, record_type, key, field)
                _require_value(planned, read[key])
            except InvalidInput as problem:
                yield from ((name, error) for error in problem.errors)
            except BadValue as bad:
                yield name, FieldError((), bad.code, bad.data)
        sorter = TopologicalSorter(_needs(planned, record_type, read))
        try:
            sorter.prepare()
        except CycleError as cycle:
            way: Collection[str] = cycle.args[1][::-1]
            shown = " → ".join(f"{record_type}.{key}" for key in way)
            yield from ((f"{record_type}.{key}", FieldError((), "computed.cycle", {"way": shown})) for key in set(way))
