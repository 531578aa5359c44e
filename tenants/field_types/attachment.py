"""Files that hang on a record, kept by their ids, in the order they were given."""

from typing import Any
from uuid import UUID

from tenants.field_types.base import PLAIN, BadValue, Settings, register
from tenants.field_types.link import Links

MOST = 20


@register
class Attachment(Links):
    key = "attachment"
    target = "file"
    takes = frozenset()
    # A file knows the record that it hangs on.
    index = None
    always_indexed = False

    def parse(self, value: Any, settings: Settings = PLAIN) -> list[UUID]:
        found = super().parse(value, Settings(target=self.target))
        if len(found) > MOST:
            raise BadValue("value.too_many", count=len(found), most=MOST)
        return found
