"""Values that are worked out from related records: how many there are, the sum of a field, its last value. Nobody gives them."""

from tenants.field_types.base import register
from tenants.field_types.text import Text


@register
class RollupField(Text):
    key = "rollup"
    graphql_input = None
    shape = "computed"
    takes = frozenset({"rollup"})
