"""A company's own fields in plain rows: what they hold, computed in Python, for ``plain_execution``."""

from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

from tenants.config.definitions import CustomField

if TYPE_CHECKING:
    from tests.plain_execution import Book, Record

PARTS = ("recipient", "phone", "line1", "line2", "district", "city", "region", "postal_code", "country")
KINDS = {"order": "Order", "customer": "Customer", "product": "Product", "member": "Member"}


def own_values(book: "Book", record: "Record") -> dict[str, Any]:
    """What each field of the record's own holds, and the pages of records that are linked to it."""
    record_type = record.type.lower()
    found: dict[str, Any] = {
        key: _value(book, definition, record.row["custom"].get(key))
        for key, definition in book.config.fields.get(record_type, {}).items()
    }
    for other, definitions in book.config.fields.items():
        for key, definition in definitions.items():
            if definition.reverse is not None and definition.target == record_type:
                linked = [
                    one for one in book.records[KINDS[other]] if str(record.id) in _ids(one.row["custom"].get(key))
                ]
                found[definition.reverse.key] = book.paged(KINDS[other], linked)
    return found


def _ids(stored: Any) -> list[str]:
    return stored if isinstance(stored, list) else [stored]


def _value(book: "Book", definition: CustomField, stored: Any) -> Any:
    if definition.type == "links":
        kind = KINDS[str(definition.target)]
        linked = [found for one in stored or () if (found := book.find(kind, UUID(one)))]
        return book.page(kind, linked, {"first": 1_000, "voided": "INCLUDE"}).records
    if stored is None:
        return None
    match definition.type:
        case "link" | "member":
            return book.find(KINDS[definition.target or "member"], UUID(stored))
        case "money":
            return {"amount": Decimal(stored["amount"]), "currency": stored["currency"]}
        case "address":
            return {_camel(part): stored.get(part) for part in PARTS}
        case "decimal" | "percent":
            return Decimal(stored)
        case "date":
            return date.fromisoformat(stored)
        case "date_time":
            return datetime.fromisoformat(stored)
    return stored


def _camel(name: str) -> str:
    return "postalCode" if name == "postal_code" else name


def is_record(book: "Book", record_type: str, key: str) -> bool:
    """Whether a field holds another record, or none."""
    definition: CustomField | None = book.config.fields.get(record_type.lower(), {}).get(key)
    return definition is not None and definition.type in ("link", "member")
