"""One of the options that the tenant lists; kept by the option's key, so that renaming it keeps the data."""

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, Any

from tenants.field_types.base import PLAIN, TEXTS, BadValue, FieldType, Settings, register
from tenants.field_types.operators import EQUALITY, IS_NULL, MEMBERSHIP

if TYPE_CHECKING:
    from tenants.config.definitions import CustomField


def option_key(value: Any, options: Collection[str]) -> str:
    """The key of an option. Raises :class:`BadValue` that lists the options for any other value."""
    if not isinstance(value, str) or value.strip() not in options:
        raise BadValue("value.not_option", value=value, options=", ".join(options))
    return value.strip()


def option_words(key: str, definition: "CustomField") -> Iterator[str]:
    """The labels of an option in all languages, as a person would type them; the key of one that is gone."""
    option = next((option for option in definition.options if option.key == key), None)
    yield from option.label.values() if option is not None else (key,)


@register
class Select(FieldType):
    key = "select"
    graphql = "String"
    filter = "KeyFilter"
    sql = "text"
    operators = (*EQUALITY, *MEMBERSHIP, *IS_NULL)
    index = TEXTS
    has_options = True

    def parse(self, value: Any, settings: Settings = PLAIN) -> str:
        return option_key(value, settings.options)

    def stored_sql(self, column: str, key: str) -> str:
        return f"({column}->>'{key}')"

    def words(self, stored: Any, definition: "CustomField") -> Iterator[str]:
        yield from option_words(stored, definition)
