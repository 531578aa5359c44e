"""Telephone numbers in international form (E.164), such as +8613800138000."""

from typing import TYPE_CHECKING, Any

from tenants.field_types.base import PLAIN, BadValue, Settings, register
from tenants.field_types.contacts import phone_number
from tenants.field_types.text import FormalText

if TYPE_CHECKING:
    from tenants.imports.formats import FileFormat


@register
class Phone(FormalText):
    key = "phone"
    takes = frozenset({"region"})

    def parse(self, value: Any, settings: Settings = PLAIN) -> str:
        number = phone_number(value, settings.region or None)
        if not number.startswith("+"):
            raise BadValue("value.no_country_code", value=value)
        return number

    def from_text(self, text: str, form: "FileFormat", date_format: str | None) -> str:
        """As it is: the field knows the country, which the table need not say."""
        return text
