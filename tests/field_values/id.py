"""Ids."""

from uuid import UUID

from tests.field_values.base import Bad, Good

ID = "0198c1a0-0000-7000-8000-00000000000a"
GOOD: Good = ((ID, UUID(ID)), (ID.replace("0a", "0b"), UUID(ID.replace("0a", "0b"))), (UUID(ID), UUID(ID)))
BAD: Bad = (("zz", "value.not_id"), (7, "value.not_id"), ("", "value.not_id"))
