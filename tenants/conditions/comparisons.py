"""Predicates over one value of a record: compared with a given one, or with the moment of the call."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from tenants.conditions.indexed import test_sql
from tenants.conditions.tree import Condition, SqlContext
from tenants.config.snapshot import TenantConfig
from tenants.field_types import BadValue
from tenants.field_types.operators import FLAG, LIST, PERIOD, STARTS_WITH, Operator, RelativeOperator, prefix_range
from tenants.occasion import Occasion
from tenants.periods import PERIODS, Span, parse_period, parse_span
from tenants.problems import InvalidInput
from tenants.reading.selection import Leaf
from tenants.records import Column, CustomColumn


@dataclass(frozen=True, slots=True)
class Comparison(Condition):
    column: Column
    operator: Operator
    leaf: Leaf
    config: TenantConfig

    def sql(self, alias: str, context: SqlContext) -> str:
        if self.operator.argument == FLAG:
            predicate = self.operator.sql if self.leaf.value else f"NOT ({self.operator.sql})"
            return test_sql(self.column, self.operator, predicate, alias, context)
        placeholder = context.parameters.bind(self.leaf, self.argument, self.column.type.parameter_type(self.operator))
        placeholders = {"p": placeholder}
        if self.operator.name == STARTS_WITH and isinstance(self.column, CustomColumn) and self.column.index:
            for place, name in enumerate(("least", "above")):
                placeholders[name] = context.parameters.bind(self.leaf, partial(self._prefix_bound, place), "text")
        return test_sql(self.column, self.operator, self.operator.sql, alias, context, **placeholders)

    def _prefix_bound(self, place: int, value: Any) -> str:
        self.argument(value)
        return prefix_range(self._parse(value))[place]

    def matches(self, row: Mapping[str, Any], occasion: Occasion) -> bool:
        wanted = self.leaf.value if self.operator.argument == FLAG else self._parse(self.leaf.value)
        return self.operator.matches(self.column.value(row, occasion), wanted)

    @property
    def is_local(self) -> bool:
        return self.column.is_local

    def check(self) -> None:
        """Raises :class:`InvalidInput` for an argument that the operator cannot take."""
        if self.operator.argument != FLAG:
            self.argument(self.leaf.value)

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
class RelativeTime(Condition):
    """A time compared with the moment of the call. Its statement holds no moment: the bounds are parameters."""

    column: Column
    operator: RelativeOperator
    leaf: Leaf
    config: TenantConfig

    def sql(self, alias: str, context: SqlContext) -> str:
        bounds = {
            name: context.parameters.bind_to_moment(self.leaf, partial(self._bound, place), self.column.type.sql)
            for place, name in enumerate(("from_", "to"))
            if f"{{{name}}}" in self.operator.sql
        }
        return test_sql(self.column, self.operator, self.operator.sql, alias, context, **bounds)

    def _bound(self, place: int, value: Any, now: datetime) -> Any:
        return self.bounds(value, now)[place]

    def matches(self, row: Mapping[str, Any], occasion: Occasion) -> bool:
        value = self.column.value(row, occasion)
        return value is not None and self.operator.matches(value, *self.bounds(self.leaf.value, occasion.now))

    @property
    def is_local(self) -> bool:
        return self.column.is_local

    def check(self) -> None:
        """Raises :class:`InvalidInput` for what is no period or duration."""
        self._parse(self.leaf.value)

    def bounds(self, value: Any, now: datetime) -> tuple[Any, Any]:
        """From when to when, at that moment. Raises :class:`InvalidInput` like :meth:`check`."""
        assert self.column.type.clock is not None
        return self.operator.bounds(self.column.type.clock(now, self.config.time_zone), self._parse(value))

    def _parse(self, value: Any) -> str | Span:
        is_period = self.operator.argument == PERIOD
        place = (self.column.name, self.operator.name)
        try:
            parsed = parse_period(value) if is_period else parse_span(value)
        except ValueError:
            if is_period:
                raise InvalidInput.at(place, "value.not_option", value=value, options=", ".join(PERIODS)) from None
            raise InvalidInput.at(place, "value.not_duration", value=value) from None
        if isinstance(parsed, Span) and parsed.seconds and self.column.type.sql == "date":
            raise InvalidInput.at(place, "value.duration_of_days", value=value)
        return parsed
