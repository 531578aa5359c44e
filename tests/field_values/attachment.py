"""Files."""

from uuid import UUID

from tests.field_values.base import Bad, Good
from tests.field_values.id import ID

OTHER = ID.replace("0a", "0b")
GOOD: Good = (
    ([], []),
    ([ID], [UUID(ID)]),
    ([OTHER, ID], [UUID(OTHER), UUID(ID)]),
    ([ID, ID.upper()], [UUID(ID)]),
)
BAD: Bad = (
    (["zz"], "value.unknown_record"),
    (7, "value.not_list"),
    ([f"0198c1a0-0000-7000-8000-0000000000{place:02x}" for place in range(21)], "value.too_many"),
)
