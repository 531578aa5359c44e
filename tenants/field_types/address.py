"""Postal addresses, part by part."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from tenants.field_types.base import PLAIN, BadValue, FieldType, Settings, register
from tenants.field_types.contacts import COUNTRIES, phone_number
from tenants.field_types.text import clean_text
from tenants.models import ADDRESS_PARTS
from tenants.names import snake

if TYPE_CHECKING:
    from tenants.config.definitions import CustomField

LONGEST_PART = 500


@register
class Address(FieldType):
    """An object of parts by their names; one without any part is no address."""

    key = "address"
    shape = "structure"
    graphql = "PostalAddress"
    graphql_input = "PostalAddressInput"
    filter = "PostalAddressFilter"
    sql = "jsonb"
    operators = ()
    groupable = False
    sortable = False

    def parse(self, value: Any, settings: Settings = PLAIN) -> dict[str, str] | None:
        if not isinstance(value, Mapping) or not all(isinstance(name, str) for name in value):
            raise BadValue("value.not_address", value=value)
        given = {snake(name): part for name, part in value.items()}
        unknown = next((name for name in given if name not in ADDRESS_PARTS), None)
        if unknown is not None:
            raise BadValue("value.unknown_field", name=unknown)
        parts = {name: _part(name, given[name], given) for name in ADDRESS_PARTS if given.get(name) is not None}
        return {name: part for name, part in parts.items() if part} or None

    def stored_sql(self, column: str, key: str) -> str:
        return f"nullif({column}->'{key}', 'null')"

    def words(self, stored: Any, definition: "CustomField") -> Iterator[str]:
        yield from stored.values()


def _part(name: str, value: Any, given: Mapping[str, Any]) -> str:
    text = clean_text(value, LONGEST_PART)
    if name == "country" and text:
        text = text.upper()
        if text not in COUNTRIES:
            raise BadValue("value.not_country", value=text)
    if name == "phone" and text:
        country = given.get("country")
        return phone_number(text, country.upper() if isinstance(country, str) else None)
    return text
