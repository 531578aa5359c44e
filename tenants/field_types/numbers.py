"""What types that are numbers have in common: how an index table holds them, and how PostgreSQL writes them."""

import decimal
import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

from tenants.field_types.base import NUMBERS, FieldType

if TYPE_CHECKING:
    from tenants.imports.formats import FileFormat

DIGITS = 30
PLACES = 10
# Decimals have at most 20 digits before the point and 10 behind it; above zero, all written alike, they sort as text.
_SHIFT = Decimal(10) ** (DIGITS - PLACES)
_FORM = f"FM{'0' * (DIGITS - PLACES + 1)}.{'0' * PLACES}"


def number_key(value: Decimal | int) -> str:
    """The text that an index keeps for a number."""
    with decimal.localcontext(prec=40):
        return format(value + _SHIFT, "032.10f")


class Number(FieldType):
    """A type whose values compare, add up and are indexed as numbers."""

    index: ClassVar[str | None] = NUMBERS
    cursor: ClassVar[re.Pattern[str] | None] = re.compile(r"-?[0-9]{1,100}(\.[0-9]{1,100})?")
    additive: ClassVar[bool] = True
    ranged: ClassVar[bool] = True

    def indexed(self, stored: Any) -> Any:
        return None if stored is None else number_key(Decimal(stored))

    def indexed_sql(self, expression: str) -> str:
        return f"to_char({expression}::numeric + {_SHIFT:f}, '{_FORM}')"

    def all_indexed_sql(self, array: str) -> str:
        return f"ARRAY(SELECT {self.indexed_sql('n.value')} FROM unnest({array}) AS n(value))"

    def from_text(self, text: str, form: "FileFormat", date_format: str | None) -> Any:
        value = form.decimal(text)
        # The command would refuse it too, but only once nothing else is wrong with the row.
        self.parse(value)
        return value
