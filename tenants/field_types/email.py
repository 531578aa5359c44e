"""Mail addresses, in their normal form."""

from typing import Any

from tenants.field_types.base import PLAIN, Settings, register
from tenants.field_types.contacts import email_address
from tenants.field_types.text import FormalText


@register
class Email(FormalText):
    key = "email"

    def parse(self, value: Any, settings: Settings = PLAIN) -> str:
        return email_address(value)
