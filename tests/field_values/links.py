"""Links to several records."""

from uuid import UUID

from tests.field_values.base import Bad, Good
from tests.field_values.id import ID

OTHER = ID.replace("0a", "0b")
GOOD: Good = (
    ([], []),
    ([ID], [UUID(ID)]),
    ([OTHER, ID], [UUID(OTHER), UUID(ID)]),
    ([ID, ID.upper()], [UUID(ID)]),
    (f"{ID}; {OTHER}", [UUID(ID), UUID(OTHER)]),
)
BAD: Bad = (
    (["zz"], "value.unknown_record"),
    ([None], "value.unknown_record"),
    (7, "value.not_list"),
    ([ID] * 101, "value.too_many"),
)
