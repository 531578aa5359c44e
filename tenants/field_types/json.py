"""Any JSON value, shown as it is. Conditions ask only whether there is one."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import orjson

from tenants.field_types.base import PLAIN, BadValue, FieldType, Settings, register
from tenants.field_types.operators import IS_NULL

if TYPE_CHECKING:
    from tenants.config.definitions import CustomField
    from tenants.imports.formats import FileFormat

LARGEST = 20_000
DEEPEST = 20


def _is_deep(value: Any) -> bool:
    """Whether objects and lists hold each other deeper than :data:`DEEPEST` levels; looked at level by level, so that none is
    too deep to be looked at."""
    level = [value]
    for _ in range(DEEPEST):
        nested = [item for item in level if isinstance(item, dict | list)]
        if not nested:
            return False
        level = [inner for item in nested for inner in (item.values() if isinstance(item, dict) else item)]
    return bool(level)


@register
class Json(FieldType):
    key = "json"
    graphql = "JSON"
    filter = "JSONFilter"
    sql = "jsonb"
    operators = IS_NULL
    groupable = False
    sortable = False

    def parse(self, value: Any, settings: Settings = PLAIN) -> Any:
        if _is_deep(value):
            raise BadValue("value.json_deep", deepest=DEEPEST)
        try:
            written = orjson.dumps(value)
        except TypeError:
            raise BadValue("value.not_json", value=value) from None
        if len(written) > LARGEST:
            raise BadValue("value.json_large", size=len(written), largest=LARGEST)
        # What PostgreSQL cannot keep in a text.
        if b"\\u0000" in written:
            raise BadValue("value.unprintable")
        return value

    def from_text(self, text: str, form: "FileFormat", date_format: str | None) -> Any:
        if len(text) > LARGEST:
            raise BadValue("value.json_large", size=len(text), largest=LARGEST)
        try:
            return orjson.loads(text)
        except orjson.JSONDecodeError:
            raise BadValue("value.not_json", value=text) from None

    def stored_sql(self, column: str, key: str) -> str:
        return f"nullif({column}->'{key}', 'null')"

    def words(self, stored: Any, definition: "CustomField") -> Iterator[str]:
        """It is for programs."""
        yield from ()
