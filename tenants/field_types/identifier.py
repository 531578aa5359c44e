"""Ids of records: opaque to clients, UUIDs inside. Built-in columns only."""

import re
from typing import Any
from uuid import UUID

from tenants.field_types.base import PLAIN, BadValue, FieldType, Settings, register
from tenants.field_types.operators import EQUALITY, IS_NULL, MEMBERSHIP


def record_id(value: Any, record_type: str) -> UUID:
    """The id, where an ill-formed one is one that never existed. Raises :class:`BadValue`."""
    try:
        return UUID(str(value))
    except ValueError:
        raise BadValue("value.unknown_record", type=record_type, id=value) from None


@register
class Identifier(FieldType):
    key = "id"
    graphql = "ID"
    filter = "IDFilter"
    sql = "uuid"
    operators = (*EQUALITY, *MEMBERSHIP, *IS_NULL)
    cursor = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
    configurable = False

    def parse(self, value: Any, settings: Settings = PLAIN) -> UUID:
        if isinstance(value, UUID):
            return value
        try:
            return UUID(str(value))
        except ValueError:
            raise BadValue("value.not_id", value=value) from None
