"""Any number of the options that the tenant lists, in the order they were given."""

from collections.abc import Collection
from typing import Any

from tenants.field_types.base import BadValue, FieldType, register
from tenants.field_types.operators import IS_EMPTY, SETS
from tenants.field_types.select import option_key

MOST = 100


@register
class MultiSelect(FieldType):
    key = "multi_select"
    graphql = "String"
    sql = "text[]"
    operators = (*SETS, *IS_EMPTY)
    many = True
    has_options = True

    def parse(self, value: Any, options: Collection[str] = ()) -> list[str]:
        values = [part for part in value.split(";") if part.strip()] if isinstance(value, str) else value
        if not isinstance(values, list | tuple):
            raise BadValue("value.not_list", value=value)
        if len(values) > MOST:
            raise BadValue("value.too_many", count=len(values), most=MOST)
        return list(dict.fromkeys(option_key(item, options) for item in values))

    def stored_sql(self, column: str, key: str) -> str:
        return (
            f"(CASE WHEN jsonb_typeof({column}->'{key}') = 'array'"
            f" THEN ARRAY(SELECT jsonb_array_elements_text({column}->'{key}')) END)"
        )
