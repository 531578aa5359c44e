"""Free labels: any number of short texts, each once, in the order they were given."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from tenants.field_types.base import OPTIONS, PLAIN, BadValue, FieldType, Settings, register
from tenants.field_types.operators import IS_EMPTY, SETS
from tenants.field_types.text import clean_text

if TYPE_CHECKING:
    from tenants.config.definitions import CustomField

MOST = 50
LONGEST = 60


@register
class Tags(FieldType):
    key = "tags"
    graphql = "String"
    filter = "TagsFilter"
    sql = "text[]"
    operators = (*SETS, *IS_EMPTY)
    index = OPTIONS
    many = True
    groupable = False
    sortable = False

    def parse(self, value: Any, settings: Settings = PLAIN) -> list[str]:
        values = value.split(";") if isinstance(value, str) else value
        if not isinstance(values, list | tuple):
            raise BadValue("value.not_list", value=value)
        if len(values) > MOST:
            raise BadValue("value.too_many", count=len(values), most=MOST)
        return [tag for tag in dict.fromkeys(clean_text(item, LONGEST) for item in values) if tag]

    def stored_sql(self, column: str, key: str) -> str:
        return (
            f"(CASE WHEN jsonb_typeof({column}->'{key}') = 'array'"
            f" THEN ARRAY(SELECT jsonb_array_elements_text({column}->'{key}')) END)"
        )

    def words(self, stored: Any, definition: "CustomField") -> Iterator[str]:
        yield from stored
