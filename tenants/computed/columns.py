"""Computed fields as columns, which reading, filters and orderings use like those that hold their values."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from tenants.computed.results import RESULT_TYPES, finished
from tenants.computed.rollups import read_rollup
from tenants.config.definitions import CustomField
from tenants.config.own_attributes import description_of
from tenants.expressions import ComputedColumn, Expression, parse_expression
from tenants.field_types import field_type
from tenants.field_values.kinds import index_table
from tenants.problems import FieldError, InvalidInput
from tenants.records import REGISTRY, Attribute

if TYPE_CHECKING:
    from tenants.config.snapshot import TenantConfig

HEAVIEST = 1_000
HIGHEST = 3
CYCLE = "computed.cycle"
Own = dict[str, dict[str, Attribute]]


class ComputedFields:
    """The computed fields of a configuration. ``attributes`` are all fields of the company's own by record type and key, those given as
    ``held`` among them; ``errors`` says what is wrong with those that are left out, by their key in the document."""

    def __init__(self, config: "TenantConfig", held: Own) -> None:
        self._config = config
        self._held = held
        self._made: Own = {record_type: {} for record_type in config.fields}
        self._begun: list[str] = []
        self.errors: dict[str, list[FieldError]] = {}
        for record_type, definitions in config.fields.items():
            for key, definition in definitions.items():
                if definition.is_computed:
                    self.find(record_type, key)
        self.attributes = self._in_order()

    def columns(self) -> Iterator[tuple[str, ComputedColumn]]:
        """Record type and column of each computed field."""
        for record_type, attributes in self._made.items():
            yield from ((record_type, column) for column in attributes.values() if isinstance(column, ComputedColumn))

    def find(self, record_type: str, key: str) -> Attribute | None:
        """The field of that key; None where there is none that makes sense. Raises :class:`InvalidInput` for one that is being read
        already, and so depends on itself."""
        held = self._held.get(record_type, {}).get(key) or self._made.get(record_type, {}).get(key)
        definition = self._config.fields.get(record_type, {}).get(key)
        name = f"{record_type}.{key}"
        if held is not None or definition is None or not definition.is_computed or name in self.errors:
            return held
        if name in self._begun:
            way = " → ".join([*self._begun[self._begun.index(name) :], name])
            raise InvalidInput.at((), CYCLE, way=way)
        self._begun.append(name)
        try:
            column = self._column(record_type, key, definition)
        except InvalidInput as problem:
            around = next((error for error in problem.errors if error.code == CYCLE), None)
            self.errors[name] = list(problem.errors) if around is None else [FieldError((), CYCLE, around.data)]
            # All on the way round depend on themselves.
            if around is not None and self._begun[:-1]:
                raise
            return None
        finally:
            self._begun.pop()
        self._made[record_type][key] = column
        return column

    def _column(self, record_type: str, key: str, definition: CustomField) -> ComputedColumn:
        found = self._read(record_type, definition)
        if found.weight > HEAVIEST:
            raise InvalidInput.at((), "computed.too_heavy", weight=found.weight, most=HEAVIEST)
        if found.level > HIGHEST:
            raise InvalidInput.at((), "computed.too_many_levels", most=HIGHEST)
        if found.kind not in RESULT_TYPES:
            raise InvalidInput.at((), "computed.no_result")
        is_count = definition.rollup is not None and definition.rollup.function == "count"
        kind = field_type("integer" if is_count else RESULT_TYPES[found.kind])
        formula = finished(found)
        is_read = definition.is_indexed and f"{record_type}.{key}" in self._config.complete_indexes
        return ComputedColumn(
            name=key,
            description=description_of(definition, self._config.language),
            nullable=True,
            type=kind,
            sql=f"({formula.sql('{t}')})::{kind.sql}",
            source=key,
            index=(index_table(record_type, kind) or "") if is_read else "",
            formula=formula,
        )

    def _read(self, record_type: str, definition: CustomField) -> Expression:
        record, own = REGISTRY[record_type], self._fields_of
        if definition.rollup is not None:
            return read_rollup(definition.rollup, record, self._config, own)
        if definition.expression is None:
            raise InvalidInput.at((), "computed.nothing", type=definition.type)
        try:
            return parse_expression(definition.expression, record, self._config, own=own)
        except InvalidInput as problem:
            raise InvalidInput(error.below("expression") for error in problem.errors) from None

    def _fields_of(self, record_type: str) -> Mapping[str, Attribute]:
        return _Fields(self, record_type)

    def names(self, record_type: str) -> list[str]:
        return [*self._config.fields.get(record_type, {}), *self._held.get(record_type, {})]

    def _in_order(self) -> Own:
        found: Own = {}
        for record_type in dict.fromkeys((*self._config.fields, *self._held)):
            held, made = self._held.get(record_type, {}), self._made.get(record_type, {})
            order = dict.fromkeys((*self._config.fields.get(record_type, {}), *held))
            found[record_type] = {
                key: attribute for key in order if (attribute := held.get(key) or made.get(key)) is not None
            }
        return found


class _Fields(Mapping[str, Attribute]):
    """The fields of one record type, each read when it is asked for."""

    def __init__(self, fields: ComputedFields, record_type: str) -> None:
        self._fields = fields
        self._record_type = record_type

    def __getitem__(self, key: str) -> Attribute:
        found = self._fields.find(self._record_type, key)
        if found is None:
            raise KeyError(key)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields.names(self._record_type))

    def __len__(self) -> int:
        return len(self._fields.names(self._record_type))
