"""Filters in Python over plain rows: a reading of ``where`` of its own, for ``plain_execution``."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

from tests.plain_own_fields import is_record

if TYPE_CHECKING:
    from tests.plain_execution import Book, Record

QUANTIFIERS = ("some", "none", "every")
ONES = {
    *("customer", "owner", "voidedBy", "product", "company", "order", "event"),
    *("member", "team", "parent", "createdBy"),
}
# Fields that are filtered by the key of what they show.
KEYED = {("Order", "status"): "status", ("Order", "voidReason"): "void_reason", ("Order", "type"): "type"}
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
    if (record.type, name) in KEYED:
        return _operators(record.row[KEYED[record.type, name]], wanted)
    value = book.value(record, name)
    if name == "custom":
        return all(
            _fits(book, value[key], part, is_one=is_record(book, record.type, key)) for key, part in wanted.items()
        )
    if name in ("shippingAddress", "actor", "lifeCycle"):
        return _members(value, wanted)
    if (record.type, name) in ENUMS:
        value = value.upper()
    return _fits(book, value, wanted, is_one=name in ONES)


def _fits(book: "Book", value: Any, wanted: Mapping[str, Any], *, is_one: bool) -> bool:
    """Whether what a field holds, which may be one other record, fits its part of a filter."""
    if callable(value):
        value = list(value({"first": 10_000, "voided": "INCLUDE"}).records)
    if isinstance(value, list) and set(wanted) <= set(QUANTIFIERS):
        return all(_quantified(book, value, quantifier, part) for quantifier, part in wanted.items())
    if is_one:
        return value is not None and holds(book, value, wanted)
    if isinstance(value, Mapping) and "amount" in value:
        return _operators(value["amount"], wanted)
    return _operators(value, wanted) if set(wanted) <= set(TESTS) else _members(value, wanted)


def _members(value: Mapping[str, Any] | None, wanted: Mapping[str, Any]) -> bool:
    return all(_operators((value or {}).get(part), operators) for part, operators in wanted.items())


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
