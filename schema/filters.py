"""Filter and ordering inputs, made from the record types."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, cast

from graphql import (
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLEnumValue,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
)

from schema.lens import put_under_lens
from tenants.conditions.aggregates import ADDED, COUNT, FIGURES, columns_for, figure
from tenants.field_types import REGISTRY as FIELD_TYPES
from tenants.field_types import FieldType
from tenants.field_types.operators import FLAG, LIST, PERIOD
from tenants.periods import PERIODS
from tenants.records import (
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

NamedTypes = dict[str, GraphQLNamedType]
FIGURE_DESCRIPTIONS = {
    "sum": "Their sum; 0 when there are none.",
    "avg": "Their average, to 10 places; absent when there are none.",
    "min": "The smallest or earliest; absent when there are none.",
    "max": "The largest or latest; absent when there are none.",
}


class Direction(StrEnum):
    """The two directions of an ordering; an enum inside too, because it shapes the statement."""

    ASC = "ASC"
    DESC = "DESC"


class Voided(StrEnum):
    """What a list does with void records."""

    EXCLUDE = "EXCLUDE"
    INCLUDE = "INCLUDE"
    ONLY = "ONLY"


def shaping_enums() -> NamedTypes:
    """The enums whose values shape a statement instead of being bound to it."""
    return {
        "SortDirection": GraphQLEnumType(
            "SortDirection",
            {"ASC": GraphQLEnumValue(Direction.ASC), "DESC": GraphQLEnumValue(Direction.DESC)},
            description="Ascending or descending; absent values come last either way.",
        ),
        "VoidedOrders": GraphQLEnumType(
            "VoidedOrders",
            {
                "EXCLUDE": GraphQLEnumValue(Voided.EXCLUDE, description="Leave void orders out."),
                "INCLUDE": GraphQLEnumValue(Voided.INCLUDE, description="Void orders too."),
                "ONLY": GraphQLEnumValue(Voided.ONLY, description="Void orders only."),
            },
            description="What a list does with void orders.",
        ),
    }


def enum_type(name: str, values: dict[str, str], description: str) -> GraphQLEnumType:
    """An enum of GraphQL names to stored values."""
    return GraphQLEnumType(
        name, {shown: GraphQLEnumValue(stored) for shown, stored in values.items()}, description=description
    )


def periods_enum() -> GraphQLEnumType:
    """The periods of the calendar that a time can be compared with."""
    return GraphQLEnumType(
        "Period",
        {period.upper(): GraphQLEnumValue(period, description=_period_description(period)) for period in PERIODS},
        description="A period of the calendar, in the company's time zone. Weeks begin on Monday.",
    )


def _period_description(period: str) -> str:
    which, _, unit = period.partition("_")
    return f"The {which} {unit}.".replace("The this", "This") if unit else f"{which.title()}."


def operators_input(
    name: str, value_type: GraphQLNamedType, kind: FieldType, known: Mapping[str, GraphQLNamedType]
) -> GraphQLInputObjectType:
    """The filter of one field type: its operators, over values of ``value_type``."""
    fields = {}
    for operator in kind.operators:
        if operator.argument == FLAG:
            kind_of_argument: Any = GraphQLBoolean
        elif operator.argument == LIST:
            kind_of_argument = GraphQLList(GraphQLNonNull(cast(Any, value_type)))
        else:
            kind_of_argument = value_type
        fields[operator.name] = GraphQLInputField(kind_of_argument, description=operator.description)
    for relative in kind.relative:
        told = known["Period" if relative.argument == PERIOD else "Duration"]
        fields[relative.name] = GraphQLInputField(cast(Any, told), description=relative.description)
    return GraphQLInputObjectType(name, fields, description="All given operators must hold.")


def figures_name(graphql: str, function: str) -> str:
    """Sums and averages are numbers; the smallest and the largest are of the column's own type."""
    return f"{graphql}{'Sum' if function in ADDED else 'Range'}Filter"


def figure_fields(
    function: str, columns: Mapping[str, Column | Money], known: Mapping[str, GraphQLNamedType]
) -> dict[str, GraphQLInputField]:
    """The operators over one figure of each of some columns."""
    return {
        name: GraphQLInputField(
            cast(GraphQLInputObjectType, known[figure(function, column).type.filter]),
            description=column.description,
        )
        for name, column in columns.items()
    }


def filter_name(attribute: Attribute) -> str | None:
    """The name of the input that filters by an attribute; None where nothing does."""
    match attribute:
        case CustomColumn(enum=enum) if enum:
            # The underscore keeps the keys of fields apart from the suffixes of generated names.
            return enum.replace("Field_", "FieldFilter_", 1)
        case Column(enum=enum) if attribute.filterable and enum:
            return f"{enum}Filter"
        case Column() if attribute.filterable:
            return attribute.type.filter
        case Money():
            return filter_name(attribute.amount)
        case Lookup() if attribute.key is not None:
            return filter_name(attribute.key)
        case Structure():
            return f"{attribute.graphql}Filter"
        case Relation():
            return f"{REGISTRY[attribute.target].graphql}{'List' if attribute.many else ''}Filter"
    return None


def order_name(attribute: Attribute) -> str | None:
    """The name of what sorts by an attribute; None where nothing does."""
    match attribute:
        case Column(sortable=True) if attribute.type.sortable:
            return "SortDirection"
        case Money():
            return "SortDirection"
        case Lookup() if attribute.position is not None:
            return "SortDirection"
        case Relation(many=False):
            return f"{REGISTRY[attribute.target].graphql}OrderBy"
    return None


class FilterTypes:
    """Makes ``<Record>Filter`` and ``<Record>OrderBy`` for every record type, and remembers the shared ones."""

    def __init__(self, known: NamedTypes) -> None:
        self.types = known
        self.types["Period"] = periods_enum()
        # A tenant's own fields may be of a type that no built-in column has.
        for kind in FIELD_TYPES.values():
            if kind.configurable and kind.shape == "column" and not kind.has_options:
                self._operators(kind.filter, kind.graphql, kind)

    def scalar_filter(self, column: Column) -> GraphQLInputObjectType:
        """The operators input of a column's type, made once."""
        if column.choices:
            return self._operators(f"{column.enum}Filter", column.enum, column.type)
        return self._operators(column.type.filter, column.type.graphql, column.type)

    def _operators(self, name: str, value_type: str, kind: FieldType) -> GraphQLInputObjectType:
        if name not in self.types:
            self.types[name] = operators_input(name, self.types[value_type], kind, self.types)
        found = self.types[name]
        assert isinstance(found, GraphQLInputObjectType)
        return found

    def record_filter(self, record: RecordType) -> GraphQLInputObjectType:
        name = f"{record.graphql}Filter"
        if name not in self.types:
            self.types[name] = GraphQLInputObjectType(
                name, lambda: self._filter_fields(record), description="All given conditions must hold."
            )
        found = self.types[name]
        assert isinstance(found, GraphQLInputObjectType)
        return found

    def _filter_fields(self, record: RecordType) -> dict[str, GraphQLInputField]:
        own = self.record_filter(record)
        listed = GraphQLList(GraphQLNonNull(own))
        fields = {
            "and": GraphQLInputField(listed, description="All of these hold."),
            "or": GraphQLInputField(listed, description="At least one of these holds."),
            "not": GraphQLInputField(own, description="This does not hold."),
        }
        for attribute in record.attributes:
            made = self.attribute_filter(attribute)
            if made is not None:
                fields[attribute.name] = GraphQLInputField(made, description=attribute.description)
        return fields

    def attribute_filter(self, attribute: Attribute) -> GraphQLInputObjectType | None:
        match attribute:
            case Column() if attribute.filterable:
                return self.scalar_filter(attribute)
            case Money():
                return self.scalar_filter(attribute.amount)
            case Lookup() if attribute.key is not None:
                return self.scalar_filter(attribute.key)
            case Structure():
                return self._structure_filter(attribute)
            case Relation(many=True):
                return self.quantified(REGISTRY[attribute.target])
            case Relation():
                return self.record_filter(REGISTRY[attribute.target])
        return None

    def _structure_filter(self, structure: Structure) -> GraphQLInputObjectType | None:
        members = [member for member in structure.members if isinstance(member, Column) and member.filterable]
        name = f"{structure.graphql}Filter"
        if members and name not in self.types:
            fields = {
                member.name: GraphQLInputField(self.scalar_filter(member), description=member.description)
                for member in members
            }
            self.types[name] = GraphQLInputObjectType(name, fields, description="All given conditions must hold.")
        found = self.types.get(name)
        return found if isinstance(found, GraphQLInputObjectType) else None

    def quantified(self, record: RecordType) -> GraphQLInputObjectType:
        name = f"{record.graphql}ListFilter"
        if name not in self.types:
            inner = self.record_filter(record)
            fields = {
                "where": GraphQLInputField(inner, description="Only these are meant by all that stands beside it."),
                "some": GraphQLInputField(inner, description="At least one matches."),
                "none": GraphQLInputField(inner, description="None matches."),
                "every": GraphQLInputField(inner, description="Each one matches."),
                COUNT: GraphQLInputField(self.scalar_filter(figure(COUNT)), description="How many there are."),
            }
            for function in FIGURES:
                figures = self.figures(record, function)
                if figures is not None:
                    fields[function] = GraphQLInputField(figures, description=FIGURE_DESCRIPTIONS[function])
            self.types[name] = GraphQLInputObjectType(name, fields, description="A condition on a list of records.")
        found = self.types[name]
        assert isinstance(found, GraphQLInputObjectType)
        return found

    def figures(self, record: RecordType, function: str) -> GraphQLInputObjectType | None:
        """The filter over one figure of each column that has it; None where no column has."""
        name = figures_name(record.graphql, function)
        columns = columns_for(function, record.attributes)
        if columns and name not in self.types:
            fields = figure_fields(function, columns, self.types)
            self.types[name] = GraphQLInputObjectType(name, fields, description="All given conditions must hold.")
        found = self.types.get(name)
        return found if isinstance(found, GraphQLInputObjectType) else None

    def record_order(self, record: RecordType) -> GraphQLInputObjectType:
        name = f"{record.graphql}OrderBy"
        if name not in self.types:
            self.types[name] = GraphQLInputObjectType(
                name,
                lambda: self._order_fields(record),
                description="One field to sort by; give several entries to break ties.",
            )
        found = self.types[name]
        assert isinstance(found, GraphQLInputObjectType)
        return found

    def _order_fields(self, record: RecordType) -> dict[str, GraphQLInputField]:
        fields = {}
        for attribute in record.attributes:
            name = order_name(attribute)
            if isinstance(attribute, Relation) and not attribute.many:
                self.record_order(REGISTRY[attribute.target])
            if name is not None:
                sort = cast(GraphQLInputObjectType, self.types[name])
                fields[attribute.name] = GraphQLInputField(sort, description=attribute.description)
        return fields

    def put_under_lens(self) -> None:
        """Let tenants' own fields show in the filters and orderings of the records that take them."""
        for record in REGISTRY.values():
            if any(isinstance(attribute, Custom) for attribute in record.attributes):
                put_under_lens(self.record_filter(record))
                put_under_lens(self.record_order(record))
                figures = [self.figures(record, function) for function in FIGURES]
                for made in {made.name: made for made in figures if made is not None}.values():
                    put_under_lens(made)
