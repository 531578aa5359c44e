"""Text of any language, kept as typed but for surrounding white space."""

from collections.abc import Collection
from typing import Any

from tenants.field_types.base import BadValue, FieldType, register
from tenants.field_types.operators import EQUALITY, IS_NULL, MEMBERSHIP, ORDER, TEXT_SEARCH

LONGEST = 10_000


def clean_text(value: Any, longest: int = LONGEST) -> str:
    """Trimmed text. Raises :class:`BadValue` for what is no text, is too long, or holds what PostgreSQL cannot keep."""
    if not isinstance(value, str):
        raise BadValue("value.not_text", value=value)
    text = value.strip()
    if len(text) > longest:
        raise BadValue("value.too_long", length=len(text), longest=longest)
    if "\x00" in text or any("\ud800" <= char <= "\udfff" for char in text):
        raise BadValue("value.unprintable")
    return text


@register
class Text(FieldType):
    key = "text"
    graphql = "String"
    sql = "text"
    operators = (*EQUALITY, *MEMBERSHIP, *ORDER, *TEXT_SEARCH, *IS_NULL)

    def parse(self, value: Any, options: Collection[str] = ()) -> str | None:
        return clean_text(value) or None

    def stored_sql(self, column: str, key: str) -> str:
        return f"({column}->>'{key}')"
