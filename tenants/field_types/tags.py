"""Free labels: any number of short texts, each once, in the order they were given."""

from collections.abc import Collection
from typing import Any

from tenants.field_types.base import BadValue, FieldType, register
from tenants.field_types.operators import IS_EMPTY, SETS
from tenants.field_types.text import clean_text

MOST = 50
LONGEST = 60


@register
class Tags(FieldType):
    key = "tags"
    graphql = "String"
    sql = "text[]"
    operators = (*SETS, *IS_EMPTY)
    many = True

    def parse(self, value: Any, options: Collection[str] = ()) -> list[str]:
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
