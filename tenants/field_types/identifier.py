"""Ids of records: opaque to clients, UUIDs inside. Built-in columns only."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from tenants.field_types.base import BadValue, FieldType, register
from tenants.field_types.operators import EQUALITY, IS_NULL, MEMBERSHIP


@register
class Identifier(FieldType):
    key = "id"
    graphql = "ID"
    sql = "uuid"
    operators = (*EQUALITY, *MEMBERSHIP, *IS_NULL)
    configurable = False

    def parse(self, value: Any, options: Collection[str] = ()) -> UUID:
        if isinstance(value, UUID):
            return value
        try:
            return UUID(str(value))
        except ValueError:
            raise BadValue("value.not_id", value=value) from None
