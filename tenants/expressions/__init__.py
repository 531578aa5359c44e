"""The one expression language, with two readings: :meth:`Expression.sql` and :meth:`Expression.value`.

It is what is known from a spreadsheet: ``round(total * 0.19, 2)``, ``if(customer.kind = "company", "B", "C")``,
``addDays(promisedAt, 3)``, ``sum(lines.quantity * lines.unitPrice)``. It is typed: an expression that parses is one that works for every
record. There are no loops, no powers, no patterns and no repetition, so that its cost is bounded by its length.

Values are absent where a field is empty, and so are most results of absent values; ``and`` and ``or`` have a value where the other
side decides it, and ``if`` takes absent as false. Numbers are exact decimals: products to 20 places, quotients and averages to 10, half up; from 10^20 on they are absent.
"""

from typing import TYPE_CHECKING

from tenants.expressions.expression import ComputedColumn, Expression
from tenants.expressions.fields import OwnFields
from tenants.expressions.functions import FUNCTIONS
from tenants.expressions.nodes import Kind
from tenants.expressions.parser import DEEPEST, MOST_NODES, Parser
from tenants.expressions.tokens import LONGEST
from tenants.records import RecordType

if TYPE_CHECKING:
    from tenants.config.snapshot import TenantConfig


def parse_expression(
    text: str, record: RecordType, config: "TenantConfig", *, own: OwnFields | None = None
) -> Expression:
    """The expression over a record of that type. ``own`` gives the company's own fields by record type, where they are not those in
    force.

    Raises :class:`InvalidInput` for one that cannot be read or makes no sense, naming the place by line and column.
    """
    return Parser(text, record, config, own or (lambda name: config.own.get(name, {})), FUNCTIONS).expression()


__all__ = ["DEEPEST", "LONGEST", "MOST_NODES", "ComputedColumn", "Expression", "Kind", "OwnFields", "parse_expression"]
