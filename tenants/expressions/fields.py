"""What a name in an expression means: a field of the record, or of one that it is related to."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tenants.expressions.currencies import currency_of
from tenants.expressions.expression import ComputedColumn
from tenants.expressions.nodes import KINDS_BY_SQL, EveryRow, Field, Node, Step
from tenants.names import nearest
from tenants.records import (
    CUSTOMISABLE,
    REGISTRY,
    Attribute,
    Column,
    Custom,
    CustomColumn,
    Lookup,
    Money,
    RecordType,
    Relation,
    Structure,
)

if TYPE_CHECKING:
    from tenants.config.snapshot import TenantConfig

FARTHEST = 4


@dataclass(frozen=True, slots=True)
class Found:
    """A value by its way: ``hops`` lead to one record each, then ``over`` to many, and ``beyond`` from each of these to one. ``currency``
    is that of an amount, of the record at the end."""

    field: Field | EveryRow
    hops: tuple[Step, ...] = ()
    over: Step | None = None
    beyond: tuple[Step, ...] = ()
    currency: Node | None = None

    @property
    def way(self) -> tuple[str, ...]:
        return tuple(step.name for step in (*self.hops, self.over, *self.beyond) if step is not None)


OwnFields = Callable[[str], Mapping[str, Attribute]]


def find_field(record: RecordType, path: Sequence[str], config: "TenantConfig", own: OwnFields) -> Found | None:
    """The value that the names lead to from a record; None where there is none that an expression can use."""
    if len(path) > FARTHEST:
        return None
    return _in(record.by_name, record, path, config, own)


def near_field(record: RecordType, path: Sequence[str], own: OwnFields) -> str | None:
    """The field that was probably meant by the last of the names: one of those that the others lead to. The company's own are found
    without ``custom`` before them as well."""
    attributes: Mapping[str, Attribute] = record.by_name
    for name in path[:-1]:
        match attribute := attributes.get(name):
            case Custom():
                attributes = own(record.name)
            case Structure():
                attributes = {member.name: member for member in attribute.members}
            case Relation():
                record = REGISTRY[attribute.target]
                attributes = record.by_name
            case _:
                return None
    # By their names alone: a formula among them may be the one that is being read.
    names = {name: name for name in attributes}
    if attributes is record.by_name and record.name in CUSTOMISABLE:
        names = {**{name: f"custom.{name}" for name in own(record.name)}, **names}
        del names["custom"]
    names.pop(path[-1], None)
    found = nearest(path[-1], names)
    return ".".join((*path[:-1], names[found])) if found is not None else None


def _in(
    attributes: Mapping[str, Attribute],
    record: RecordType,
    path: Sequence[str],
    config: "TenantConfig",
    own: OwnFields,
    prefix: str = "",
) -> Found | None:
    if not path:
        return None
    attribute, rest = attributes.get(path[0]), path[1:]
    match attribute:
        case Custom():
            return _in(own(record.name), record, rest, config, own, "custom.")
        case Structure():
            return _in({member.name: member for member in attribute.members}, record, rest, config, own)
        case Relation():
            return _along(Step(f"{prefix}{attribute.name}", attribute), rest, config, own)
        case Lookup() if attribute.key is not None and not rest:
            return _column(attribute.key, config)
        case Money() if not rest:
            return _column(attribute.amount, config, currency_of(attribute))
        case Column() if not rest:
            return _column(attribute, config)
    return None


def _along(step: Step, rest: Sequence[str], config: "TenantConfig", own: OwnFields) -> Found | None:
    relation = step.relation
    if relation.many and not rest:
        return Found(EveryRow(), over=step)
    target = REGISTRY[relation.target]
    found = _in(target.by_name, target, rest, config, own)
    if found is None:
        return None
    if not relation.many:
        return replace(found, hops=(step, *found.hops))
    if found.over is not None:
        return None
    return Found(found.field, (), step, found.hops, found.currency)


def _column(column: Column, config: "TenantConfig", currency: Node | None = None) -> Found | None:
    kind = KINDS_BY_SQL.get(column.type.sql)
    if kind is None or not column.filterable or not (column.is_local or isinstance(column, ComputedColumn)):
        return None
    if isinstance(column, CustomColumn):
        options = tuple(column.settings.options)
    else:
        options = column.choices or tuple(column.options(config) if column.options else ())
    if isinstance(column, ComputedColumn):
        currency = column.formula.currency
    return Found(Field(kind, column, options), currency=currency)
