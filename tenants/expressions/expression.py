"""An expression that was read, and the column that it is where it is a field of the company's own."""

import decimal
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tenants.expressions.nodes import Kind, Node
from tenants.occasion import Occasion
from tenants.records import CustomColumn

# A product of two numbers within the bounds, and a quotient of them, are exact before they are rounded.
_EXACT = decimal.Context(prec=200, rounding=decimal.ROUND_HALF_UP)


@dataclass(frozen=True, slots=True)
class Expression:
    """A typed value over one record.

    ``uses`` are the fields that it names, ``reach`` the relations by which it leaves the record, such as
    ``customer`` and ``customer.orders``. A ``is_volatile`` one depends on the moment of the call. ``weight`` counts its parts, and
    ``level`` how often in a row it goes from records to others, those of the formulas that it uses included. ``currency`` is that of an
    amount; None for all else.
    """

    root: Node
    uses: frozenset[str]
    reach: frozenset[str]
    is_volatile: bool
    weight: int
    level: int
    currency: Node | None = None

    @property
    def kind(self) -> Kind:
        return self.root.kind

    def sql(self, alias: str) -> str:
        """The value as an SQL expression over the row called ``alias``, which may be a placeholder such as ``{t}``. Its only
        parameter is ``%(tenant)s``, if it has one."""
        return self.root.sql(alias)

    def value(self, row: Mapping[str, Any], occasion: Occasion) -> Any:
        """The value for a row; related rows, of all relations in ``reach``, are found under the relation's name."""
        with decimal.localcontext(_EXACT):
            return self.root.value(row, occasion)


@dataclass(frozen=True, slots=True, kw_only=True)
class ComputedColumn(CustomColumn):
    """A field of the company's own that is worked out from others. ``index`` names the table that keeps its values as well."""

    formula: Expression

    @property
    def is_local(self) -> bool:
        return not self.formula.reach

    def value(self, row: Mapping[str, Any], occasion: Occasion) -> Any:
        found = self.formula.value(row, occasion)
        return int(found) if found is not None and self.type.sql == "integer" else found
