"""Links to other records, kept by their ids: a customer, an order or a product, and members."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID

from tenants.field_types.base import LINKS, PLAIN, BadValue, FieldType, Settings, register
from tenants.field_types.identifier import record_id

if TYPE_CHECKING:
    from tenants.config.definitions import CustomField

MOST = 100


class Reference(FieldType):
    """What links have in common: the record type in ``settings.target`` or, where there is no choice, in ``target``.

    They are filtered and sorted by what can be read of the other record. Whether there is such a record is found out as the value
    is saved.
    """

    graphql = "ID"
    filter = ""
    operators = ()
    index: ClassVar[str | None] = LINKS
    always_indexed: ClassVar[bool] = True
    target: ClassVar[str] = ""
    groupable = False
    sortable = False

    def words(self, stored: Any, definition: "CustomField") -> Iterator[str]:
        """Ids are for programs."""
        yield from ()


class ToOne(Reference):
    shape = "record"
    sql = "uuid"

    def parse(self, value: Any, settings: Settings = PLAIN) -> UUID:
        return record_id(value, self.target or settings.target)

    def store(self, value: Any) -> str:
        return str(value)


@register
class Link(ToOne):
    key = "link"
    takes = frozenset({"target", "reverse"})


@register
class Member(ToOne):
    key = "member"
    target = "member"


@register
class Links(Reference):
    """Several records, in the order they were given."""

    key = "links"
    shape = "records"
    sql = "uuid[]"
    takes = frozenset({"target", "reverse"})
    many = True

    def parse(self, value: Any, settings: Settings = PLAIN) -> list[UUID]:
        values = [part.strip() for part in value.split(";") if part.strip()] if isinstance(value, str) else value
        if not isinstance(values, list | tuple):
            raise BadValue("value.not_list", value=value)
        if len(values) > MOST:
            raise BadValue("value.too_many", count=len(values), most=MOST)
        return list(dict.fromkeys(record_id(item, settings.target) for item in values))

    def store(self, value: Any) -> list[str]:
        return [str(item) for item in value]

    def stored_sql(self, column: str, key: str) -> str:
        return (
            f"(CASE WHEN jsonb_typeof({column}->'{key}') = 'array'"
            f" THEN ARRAY(SELECT jsonb_array_elements_text({column}->'{key}')::uuid) END)"
        )
