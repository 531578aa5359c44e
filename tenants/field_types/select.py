"""One of the options that the tenant lists; kept by the option's key, so that renaming it keeps the data."""

from collections.abc import Collection
from typing import Any

from tenants.field_types.base import BadValue, FieldType, register
from tenants.field_types.operators import EQUALITY, IS_NULL, MEMBERSHIP


def option_key(value: Any, options: Collection[str]) -> str:
    """The key of an option. Raises :class:`BadValue` that lists the options for any other value."""
    if not isinstance(value, str) or value.strip() not in options:
        raise BadValue("value.not_option", value=value, options=", ".join(options))
    return value.strip()


@register
class Select(FieldType):
    key = "select"
    graphql = "String"
    sql = "text"
    operators = (*EQUALITY, *MEMBERSHIP, *IS_NULL)
    has_options = True

    def parse(self, value: Any, options: Collection[str] = ()) -> str:
        return option_key(value, options)

    def stored_sql(self, column: str, key: str) -> str:
        return f"({column}->>'{key}')"
