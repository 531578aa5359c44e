"""Any JSON value, shown as it is; built-in columns only, never filtered."""

from collections.abc import Collection
from typing import Any

from tenants.field_types.base import FieldType, register
from tenants.field_types.operators import IS_NULL


@register
class Json(FieldType):
    key = "json"
    graphql = "JSON"
    sql = "jsonb"
    operators = IS_NULL
    configurable = False

    def parse(self, value: Any, options: Collection[str] = ()) -> Any:
        return value

    @property
    def sortable(self) -> bool:
        return False
