"""What a tenant's lens shows: the types of its own fields, in outputs, inputs, filters and orderings.

Made once per version of a tenant's configuration; the fields of built-in types come from ``generated``.
"""

from collections.abc import Iterator, Mapping
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

from schema.filters import figure_fields, figures_name, filter_name, operators_input
from schema.lens import CLEAR, Lens
from tenants.callers import Remembered
from tenants.conditions.aggregates import FIGURES, own_columns_for
from tenants.config.definitions import CustomField, label
from tenants.config.snapshot import TenantConfig
from tenants.records import REGISTRY, CustomColumn, RecordType

# Inputs whose ``custom`` field is the record type's.
INPUTS = {
    "CreateOrderInput": "order",
    "UpdateOrderInput": "order",
    "NewCustomerInput": "customer",
    "CreateCustomerInput": "customer",
    "UpdateCustomerInput": "customer",
    "CreateProductInput": "product",
    "UpdateProductInput": "product",
}


class Overlays:
    """The lenses of one process, by configuration."""

    def __init__(self, static: Mapping[str, GraphQLNamedType]) -> None:
        self._static = dict(static)
        self._known: Remembered[TenantConfig, Lens] = Remembered(2_000)

    def lens(self, config: TenantConfig | None) -> Lens:
        """What this configuration adds; the clear lens when it adds nothing."""
        if config is None or not config.fields:
            return CLEAR
        return self._known.get(config) or self._known.put(config, self._make(config))

    def _make(self, config: TenantConfig) -> Lens:
        types: dict[str, GraphQLNamedType] = {}
        fields: dict[str, dict[str, Any]] = {}
        for name, columns in config.custom_columns.items():
            maker = _Overlay(self._static, REGISTRY[name], columns, config)
            types.update(maker.types)
            fields.update(maker.fields)
        return Lens(types, fields)


class _Overlay:
    """The types of one record type's own fields in one tenant."""

    def __init__(
        self,
        static: Mapping[str, GraphQLNamedType],
        record: RecordType,
        columns: Mapping[str, CustomColumn],
        config: TenantConfig,
    ) -> None:
        self.static = static
        self.record = record
        self.definitions = config.fields[record.name]
        self.language = config.language
        self.types: dict[str, GraphQLNamedType] = {}
        self.fields: dict[str, dict[str, Any]] = {}
        name, about = f"{record.graphql}Custom", f"The company's own fields of a {record.name}."
        output = GraphQLObjectType(name, dict(self._outputs(columns)), description=about)
        given = GraphQLInputObjectType(f"{name}Input", dict(self._inputs(columns)), description=about)
        filters = GraphQLInputObjectType(f"{name}Filter", dict(self._filters(columns)), description=about)
        self._add(output, given, filters)
        self.fields[record.graphql] = {"custom": GraphQLField(GraphQLNonNull(output), description=about)}
        self.fields[f"{record.graphql}Filter"] = {"custom": GraphQLInputField(filters, description=about)}
        self._add_figures(columns, about)
        sortable = dict(self._orders(columns))
        if sortable:
            order = GraphQLInputObjectType(f"{name}OrderBy", sortable, description=about)
            self._add(order)
            self.fields[f"{record.graphql}OrderBy"] = {"custom": GraphQLInputField(order, description=about)}
        for input_name, record_name in INPUTS.items():
            if record_name == record.name:
                self.fields[input_name] = {"custom": GraphQLInputField(given, description=about)}

    def _add_figures(self, columns: Mapping[str, CustomColumn], about: str) -> None:
        for function in FIGURES:
            found = own_columns_for(function, columns)
            name = figures_name(f"{self.record.graphql}Custom", function)
            if found and name not in self.types:
                figures = GraphQLInputObjectType(name, figure_fields(function, found, self.static), description=about)
                self._add(figures)
                self.fields[figures_name(self.record.graphql, function)] = {
                    "custom": GraphQLInputField(figures, description=about)
                }

    def _add(self, *types: GraphQLNamedType) -> None:
        self.types.update({made.name: made for made in types})

    def _describe(self, definition: CustomField) -> str:
        about = label(definition.help, self.language)
        name = label(definition.label, self.language)
        return f"{name}: {about}" if about else name

    def _value_type(self, key: str, column: CustomColumn) -> GraphQLNamedType:
        definition = self.definitions[key]
        if not column.type.has_options:
            return self.static[column.type.graphql]
        # The underscore keeps field keys apart from the suffixes of other generated names.
        name = f"{self.record.graphql}Field_{key}"
        if name not in self.types:
            values = {
                option.key: GraphQLEnumValue(
                    option.key,
                    description=label(option.label, self.language),
                    deprecation_reason="Archived: kept by old records, not to be chosen anew."
                    if option.archived
                    else None,
                )
                for option in definition.options
            }
            self._add(GraphQLEnumType(name, values, description=self._describe(definition)))
        return self.types[name]

    def _typed(self, key: str, column: CustomColumn) -> Any:
        kind = self._value_type(key, column)
        return GraphQLList(GraphQLNonNull(cast(Any, kind))) if column.type.many else kind

    def _outputs(self, columns: Mapping[str, CustomColumn]) -> Iterator[tuple[str, GraphQLField]]:
        for key, column in columns.items():
            yield key, GraphQLField(self._typed(key, column), description=self._describe(self.definitions[key]))

    def _inputs(self, columns: Mapping[str, CustomColumn]) -> Iterator[tuple[str, GraphQLInputField]]:
        for key, column in columns.items():
            yield key, GraphQLInputField(self._typed(key, column), description=self._describe(self.definitions[key]))

    def _filters(self, columns: Mapping[str, CustomColumn]) -> Iterator[tuple[str, GraphQLInputField]]:
        for key, column in columns.items():
            described = self._describe(self.definitions[key])
            if column.type.has_options:
                name = f"{self.record.graphql}FieldFilter_{key}"
                self._add(operators_input(name, self._value_type(key, column), column.type, self.static))
                found = self.types[name]
            else:
                found = self.static[filter_name(column.type)]
            yield key, GraphQLInputField(cast(GraphQLInputObjectType, found), description=described)

    def _orders(self, columns: Mapping[str, CustomColumn]) -> Iterator[tuple[str, GraphQLInputField]]:
        direction = cast(GraphQLEnumType, self.static["SortDirection"])
        for key, column in columns.items():
            if column.sortable:
                yield key, GraphQLInputField(direction, description=self._describe(self.definitions[key]))
