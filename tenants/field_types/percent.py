"""Percentages, exact as decimals are: 12.5 is 12.5 %."""

from decimal import Decimal as Exact
from typing import TYPE_CHECKING, Any

from tenants.field_types.base import PLAIN, Settings, register
from tenants.field_types.decimal import Decimal, exact

if TYPE_CHECKING:
    from tenants.imports.formats import FileFormat


def _number(text: str) -> str:
    return text.strip().removesuffix("%").removesuffix("％").strip()


@register
class Percent(Decimal):
    key = "percent"

    def parse(self, value: Any, settings: Settings = PLAIN) -> Exact:
        return exact(_number(value) if isinstance(value, str) else value)

    def from_text(self, text: str, form: "FileFormat", date_format: str | None) -> Any:
        return super().from_text(_number(text), form, date_format)
