"""A link to a record."""

from uuid import UUID

from tests.field_values.base import Bad, Good
from tests.field_values.id import ID

GOOD: Good = ((ID, UUID(ID)), (ID.upper(), UUID(ID)), (UUID(ID), UUID(ID)))
BAD: Bad = (("zz", "value.unknown_record"), (7, "value.unknown_record"), ("", "value.unknown_record"))
