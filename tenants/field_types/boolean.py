"""Yes or no."""

import re
from typing import TYPE_CHECKING, Any

from tenants.field_types.base import FLAGS, PLAIN, BadValue, FieldType, Settings, register
from tenants.field_types.operators import EQUALITY, IS_NULL

if TYPE_CHECKING:
    from tenants.imports.formats import FileFormat

_WORDS = {
    **dict.fromkeys(("true", "yes", "y", "1", "是"), True),
    **dict.fromkeys(("false", "no", "n", "0", "否"), False),
}


@register
class Boolean(FieldType):
    key = "boolean"
    graphql = "Boolean"
    filter = "BooleanFilter"
    sql = "boolean"
    operators = (*EQUALITY, *IS_NULL)
    index = FLAGS
    cursor = re.compile(r"true|false")

    def parse(self, value: Any, settings: Settings = PLAIN) -> bool:
        if isinstance(value, bool):
            return value
        if isinstance(value, str) and (word := value.strip().lower()) in _WORDS:
            return _WORDS[word]
        raise BadValue("value.not_boolean", value=value)

    def from_text(self, text: str, form: "FileFormat", date_format: str | None) -> str:
        self.parse(text)
        return text
