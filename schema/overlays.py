"""What a tenant's lens shows: the types of its own fields, in outputs, inputs, filters and orderings.

Made once per version of a tenant's configuration; the fields of built-in types come from ``generated``.
"""

from collections import ChainMap
from collections.abc import Callable, Iterator, Mapping
from typing import Any, cast

from graphql import (
    GraphQLEnumType,
    GraphQLEnumValue,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
)

from schema.filters import figure_fields, figures_name, filter_name, operators_input, order_name
from schema.generated import attribute_field
from schema.lens import CLEAR, Lens, remembered_documents
from tenants.conditions.aggregates import FIGURES, columns_for
from tenants.config.definitions import label
from tenants.config.snapshot import TenantConfig
from tenants.database import Caller
from tenants.field_types import field_type
from tenants.permissions import Access
from tenants.records import REGISTRY, Attribute, CustomColumn, RecordType
from tenants.records.rights import own_told

# Inputs whose ``custom`` field is the record type's.
INPUTS = {
    "CreateOrderInput": "order",
    "UpdateOrderInput": "order",
    "StepValuesInput": "order",
    "NewCustomerInput": "customer",
    "CreateCustomerInput": "customer",
    "UpdateCustomerInput": "customer",
    "CreateProductInput": "product",
    "UpdateProductInput": "product",
}

LENS = "lens"
# What an own field takes of memory, in bytes, as an attribute and in the types of a lens.
FIELD = 1_800


class Overlays:
    """Makes the lens of each configuration, which goes with it."""

    def __init__(self, static: Mapping[str, GraphQLNamedType]) -> None:
        self._static = dict(static)

    def lens(self, config: TenantConfig | None, access: Access | None = None) -> Lens:
        """What this configuration adds, as far as whoever has that ``access`` may know of it; the clear lens when that is nothing."""
        if config is None or not config.fields:
            return CLEAR
        if access is None or not access.is_outside:
            return config.derived(LENS, self._make)
        return config.derived(f"{LENS} {' '.join(access.roles)}", lambda config: self._make(config, access))

    def seen_by(self, caller: Caller | None) -> Lens:
        """What a caller sees the schema through."""
        return self.lens(caller.config, caller.access) if caller else CLEAR

    def _make(self, config: TenantConfig, access: Access | None = None) -> Lens:
        own: Mapping[str, Mapping[str, Attribute]] = config.own
        if access is not None:
            own = {name: own_told(access, name, attributes) for name, attributes in own.items()}
        types: dict[str, GraphQLNamedType] = {}
        fields: dict[str, dict[str, Any]] = {}
        for name, attributes in own.items():
            if attributes:
                maker = _Overlay(self._static, REGISTRY[name], attributes, config)
                types.update(maker.types)
                fields.update(maker.fields)
        config.weight.add(FIELD * sum(map(len, own.values())))
        return Lens(types, fields, documents=remembered_documents(config.weight))


class _Overlay:
    """The types of one record type's own fields in one tenant."""

    def __init__(
        self,
        static: Mapping[str, GraphQLNamedType],
        record: RecordType,
        attributes: Mapping[str, Attribute],
        config: TenantConfig,
    ) -> None:
        self.record = record
        self.attributes = attributes
        self.definitions = config.fields.get(record.name, {})
        self.language = config.language
        self.types: dict[str, GraphQLNamedType] = {}
        self.known = ChainMap(self.types, cast(dict[str, GraphQLNamedType], static))
        self.fields: dict[str, dict[str, Any]] = {}
        self.about = f"The company's own fields of a {record.name}."
        self._options()
        outputs = {key: attribute_field(attribute, self.known) for key, attribute in attributes.items()}
        made = GraphQLObjectType(f"{record.graphql}Custom", outputs, description=self.about)
        self.types[made.name] = made
        self.fields[record.graphql] = {"custom": GraphQLField(GraphQLNonNull(made), description=self.about)}
        self._show("Input", dict(self._inputs()), *(name for name, kind in INPUTS.items() if kind == record.name))
        self._show("Filter", dict(self._named(filter_name)), f"{record.graphql}Filter")
        self._show("OrderBy", dict(self._named(order_name)), f"{record.graphql}OrderBy")
        for function in FIGURES:
            place = figures_name(record.graphql, function)
            if place not in self.fields:
                columns = columns_for(function, attributes.values())
                self._show(figures_name("", function), figure_fields(function, columns, self.known), place)

    def _show(self, suffix: str, fields: dict[str, GraphQLInputField], *places: str) -> None:
        """Put an input of the company's own fields into the built-in ones; none where no field belongs there."""
        if fields:
            made = GraphQLInputObjectType(f"{self.record.graphql}Custom{suffix}", fields, description=self.about)
            self.types[made.name] = made
            for place in places:
                self.fields[place] = {"custom": GraphQLInputField(made, description=self.about)}

    def _options(self) -> None:
        """The enums of fields that have options, and their filters."""
        for key, column in self.attributes.items():
            if isinstance(column, CustomColumn) and column.type.has_options:
                values = {
                    option.key: GraphQLEnumValue(
                        option.key,
                        description=label(option.label, self.language),
                        deprecation_reason="Archived: kept by old records, not to be chosen anew."
                        if option.archived
                        else None,
                    )
                    for option in self.definitions[key].options
                }
                enum = GraphQLEnumType(column.enum, values, description=column.description)
                self.types[enum.name] = enum
                name = filter_name(column)
                assert name is not None
                self.types[name] = operators_input(name, enum, column.type, self.known)

    def _inputs(self) -> Iterator[tuple[str, GraphQLInputField]]:
        for key, definition in self.definitions.items():
            if key not in self.attributes:
                continue
            kind, attribute = field_type(definition.type), self.attributes[key]
            enum = attribute.enum if isinstance(attribute, CustomColumn) else ""
            if kind.graphql_input is not None:
                given = cast(GraphQLInputObjectType, self.known[enum or kind.graphql_input or kind.graphql])
                typed = GraphQLList(GraphQLNonNull(given)) if kind.many else given
                yield key, GraphQLInputField(typed, description=attribute.description)

    def _named(self, name_of: Callable[[Attribute], str | None]) -> Iterator[tuple[str, GraphQLInputField]]:
        for key, attribute in self.attributes.items():
            found = self.known.get(name_of(attribute) or "")
            if found is not None:
                yield key, GraphQLInputField(cast(Any, found), description=attribute.description)
