"""Prose of several lines. It is searched, but neither sorted by nor indexed."""

from typing import Any

from tenants.field_types.base import PLAIN, Settings, register
from tenants.field_types.text import Text, clean_text

LONGEST = 20_000


@register
class LongText(Text):
    key = "long_text"
    index = None
    groupable = False
    sortable = False

    def parse(self, value: Any, settings: Settings = PLAIN) -> str | None:
        return clean_text(value.replace("\r\n", "\n") if isinstance(value, str) else value, LONGEST) or None
