"""Any number of the options that the tenant lists, in the order they were given."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from tenants.field_types.base import OPTIONS, PLAIN, BadValue, FieldType, Settings, register
from tenants.field_types.operators import IS_EMPTY, SETS
from tenants.field_types.select import option_key, option_words

if TYPE_CHECKING:
    from tenants.config.definitions import CustomField

MOST = 100


@register
class MultiSelect(FieldType):
    key = "multi_select"
    graphql = "String"
    filter = "TagsFilter"
    sql = "text[]"
    operators = (*SETS, *IS_EMPTY)
    index = OPTIONS
    many = True
    groupable = False
    sortable = False
    has_options = True

    def parse(self, value: Any, settings: Settings = PLAIN) -> list[str]:
        values = [part for part in value.split(";") if part.strip()] if isinstance(value, str) else value
        if not isinstance(values, list | tuple):
            raise BadValue("value.not_list", value=value)
        if len(values) > MOST:
            raise BadValue("value.too_many", count=len(values), most=MOST)
        return list(dict.fromkeys(option_key(item, settings.options) for item in values))

    def stored_sql(self, column: str, key: str) -> str:
        return (
            f"(CASE WHEN jsonb_typeof({column}->'{key}') = 'array'"
            f" THEN ARRAY(SELECT jsonb_array_elements_text({column}->'{key}')) END)"
        )

    def words(self, stored: Any, definition: "CustomField") -> Iterator[str]:
        for value in stored:
            yield from option_words(value, definition)
