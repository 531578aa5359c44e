"""What a computed field shows of what its expression finds."""

import dataclasses
from collections.abc import Mapping
from decimal import Decimal

from tenants.expressions import Expression, Kind
from tenants.expressions.nodes import Applied, Operation
from tenants.expressions.operations import kept, kept_sql
from tenants.field_types.numbers import PLACES
from tenants.field_values.kinds import LONGEST_TEXT

RESULT_TYPES: Mapping[Kind, str] = {
    Kind.NUMBER: "decimal",
    Kind.TEXT: "text",
    Kind.FLAG: "boolean",
    Kind.DAY: "date",
    Kind.MOMENT: "date_time",
    Kind.TIME: "time",
}
_UNIT = Decimal(1).scaleb(-PLACES)
_FINISHES = {
    Kind.NUMBER: Operation(
        lambda sql: f"trim_scale({kept_sql(f'round({sql}, {PLACES})')})", lambda number: kept(number.quantize(_UNIT))
    ),
    Kind.TEXT: Operation(
        lambda sql: f"nullif(left({sql}, {LONGEST_TEXT}), '')", lambda text: text[:LONGEST_TEXT] or None
    ),
}


def finished(expression: Expression) -> Expression:
    """The expression as a field's value: numbers rounded half up to as many places as decimals have, texts no longer than an index
    takes."""
    finish = _FINISHES.get(expression.kind)
    if finish is None:
        return expression
    return dataclasses.replace(expression, root=Applied(expression.kind, finish, (expression.root,)))
