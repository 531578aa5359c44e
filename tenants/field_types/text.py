"""Text of any language, kept as typed but for surrounding white space."""

from typing import TYPE_CHECKING, Any, ClassVar

from tenants.field_types.base import PLAIN, TEXTS, BadValue, FieldType, Settings, register
from tenants.field_types.operators import EQUALITY, IS_NULL, MEMBERSHIP, ORDER, TEXT_SEARCH

if TYPE_CHECKING:
    from tenants.imports.formats import FileFormat

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
    filter = "TextFilter"
    sql = "text"
    operators = (*EQUALITY, *MEMBERSHIP, *ORDER, *TEXT_SEARCH, *IS_NULL)
    index: ClassVar[str | None] = TEXTS

    def parse(self, value: Any, settings: Settings = PLAIN) -> str | None:
        return clean_text(value) or None

    def stored_sql(self, column: str, key: str) -> str:
        return f"({column}->>'{key}')"


class FormalText(Text):
    """Texts of a certain form, such as addresses. They are looked for by parts as well, which have no form."""

    def sought(self, value: Any, settings: Settings = PLAIN) -> Any:
        try:
            return self.parse(value, settings)
        except BadValue:
            return clean_text(value)

    def from_text(self, text: str, form: "FileFormat", date_format: str | None) -> Any:
        # The command would refuse it too, but only once nothing else is wrong with the row.
        self.parse(text)
        return text
