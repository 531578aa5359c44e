"""Filters in Python over plain rows: a reading of ``where`` of its own, for ``plain_execution``."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

if TYPE_CHECKING:
    from tests.plain_execution import Book, Record

QUANTIFIERS = ("some", "none", "every")
ONES = {"customer", "owner", "voidedBy", "product", "company", "order", "event"}
ENUMS = {
    ("Order", "priority"),
    ("Customer", "kind"),
    ("Address", "kind"),
    ("HistoryEntry", "kind"),
    ("AutomationRun", "status"),
    ("Delivery", "status"),
}


def holds(book: "Book", record: "Record", tree: Mapping[str, Any]) -> bool:
    """Whether a record fits a filter."""
    return all(_entry(book, record, name, value) for name, value in tree.items())


def _entry(book: "Book", record: "Record", name: str, wanted: Any) -> bool:
    if name == "and":
        return all(holds(book, record, part) for part in wanted)
    if name == "or":
        return any(holds(book, record, part) for part in wanted)
    if name == "not":
        return not holds(book, record, wanted)
    if record.type == "Order" and name in ("status", "voidReason"):
        return _operators(record.row["status" if name == "status" else "void_reason"], wanted)
    value = book.value(record, name)
    if callable(value):
        value = list(value({"first": 10_000, "voided": "INCLUDE"}).records)
    if name in ("phones", "emails", "addresses") or (isinstance(value, list) and set(wanted) <= set(QUANTIFIERS)):
        return all(_quantified(book, value, quantifier, part) for quantifier, part in wanted.items())
    if hasattr(value, "row"):
        return holds(book, value, wanted)
    if name in ("shippingAddress", "actor", "custom"):
        return all(_operators((value or {}).get(member), part) for member, part in wanted.items())
    if isinstance(value, Mapping):
        value = value["amount"]
    if value is None and name in ONES:
        return False
    if (record.type, name) in ENUMS:
        value = value.upper()
    return _operators(value, wanted)


def _quantified(book: "Book", records: list["Record"], quantifier: str, part: Mapping[str, Any]) -> bool:
    fitting = [record for record in records if holds(book, record, part)]
    if quantifier == "every":
        return len(fitting) == len(records)
    return bool(fitting) == (quantifier == "some")


def _operators(actual: Any, wanted: Mapping[str, Any]) -> bool:
    return all(TESTS[name](actual, _like(actual, value)) for name, value in wanted.items())


def _like(actual: Any, wanted: Any) -> Any:
    """The argument as a value of the same kind as the actual one."""
    if isinstance(wanted, list):
        return [_like(actual, item) for item in wanted]
    if isinstance(actual, UUID | Decimal) and isinstance(wanted, str):
        return type(actual)(wanted)
    if isinstance(actual, datetime) and isinstance(wanted, str):
        return datetime.fromisoformat(wanted)
    if isinstance(actual, date) and isinstance(wanted, str):
        return date.fromisoformat(wanted)
    return wanted


def _present(test: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    return lambda actual, wanted: actual is not None and test(actual, wanted)


TESTS: Mapping[str, Callable[[Any, Any], bool]] = {
    "eq": _present(lambda a, b: bool(a == b)),
    "ne": lambda a, b: bool(a != b),
    "in": _present(lambda a, b: a in b),
    "notIn": lambda a, b: a not in b,
    "gt": _present(lambda a, b: bool(a > b)),
    "gte": _present(lambda a, b: bool(a >= b)),
    "lt": _present(lambda a, b: bool(a < b)),
    "lte": _present(lambda a, b: bool(a <= b)),
    "contains": _present(lambda a, b: b.lower() in a.lower()),
    "startsWith": _present(lambda a, b: a.lower().startswith(b.lower())),
    "endsWith": _present(lambda a, b: a.lower().endswith(b.lower())),
    "isNull": lambda a, b: (a is None) is b,
    "isEmpty": lambda a, b: (not a) is b,
    "containsAny": lambda a, b: not set(a or ()).isdisjoint(b),
    "containsAll": _present(lambda a, b: set(a).issuperset(b)),
}
