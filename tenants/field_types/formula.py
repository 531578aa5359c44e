"""Values that are worked out from others by an expression. Nobody gives them; they are shown and compared as the expression's result."""

from tenants.field_types.base import register
from tenants.field_types.text import Text


@register
class Formula(Text):
    key = "formula"
    graphql_input = None
    shape = "computed"
    takes = frozenset({"expression"})
