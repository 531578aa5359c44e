"""Numbers that records get by themselves when they are new, by a pattern of the field's own. Nobody gives them."""

from typing import Any

from tenants.field_types.base import PLAIN, Settings, register
from tenants.field_types.text import Text, clean_text


@register
class AutoNumber(Text):
    key = "auto_number"
    graphql_input = None
    takes = frozenset({"numbering", "gapless"})
    groupable = False

    def parse(self, value: Any, settings: Settings = PLAIN) -> str | None:
        return clean_text(value) or None
