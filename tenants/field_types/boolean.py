"""Yes or no."""

from collections.abc import Collection
from typing import Any

from tenants.field_types.base import BadValue, FieldType, register
from tenants.field_types.operators import EQUALITY, IS_NULL

_WORDS = {
    **dict.fromkeys(("true", "yes", "y", "1", "是"), True),
    **dict.fromkeys(("false", "no", "n", "0", "否"), False),
}


@register
class Boolean(FieldType):
    key = "boolean"
    graphql = "Boolean"
    sql = "boolean"
    operators = (*EQUALITY, *IS_NULL)

    def parse(self, value: Any, options: Collection[str] = ()) -> bool:
        if isinstance(value, bool):
            return value
        if isinstance(value, str) and (word := value.strip().lower()) in _WORDS:
            return _WORDS[word]
        raise BadValue("value.not_boolean", value=value)
