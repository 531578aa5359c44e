"""Where on a record a rule can stand: what people give in its input, built in or a field of the company's own."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from tenants.aggregates import Record
from tenants.config.snapshot import TenantConfig
from tenants.names import snake

OWN = "custom."


@dataclass(frozen=True, slots=True)
class Place:
    """One value, or one list of them. ``name`` is what a rule calls it, ``path`` is where an input has it. It is in a ``column`` of the
    record's row, or in its children that ``child`` names."""

    name: str
    path: tuple[str, ...]
    read: Callable[[Record], Any]
    many: bool = False
    child: str = ""
    column: str = ""

    def is_empty(self, record: Record) -> bool:
        return self.read(record) in (None, "", [], {})


def _column(column: str, record: Record) -> Any:
    return record.row.get(column)


def _own(key: str, record: Record) -> Any:
    return (record.row.get("custom") or {}).get(key)


def _contacts(kind: str, record: Record) -> list[Any]:
    return [row.get("value") for row in record.children["contacts"] if row["kind"] == kind]


# A child's own bookkeeping says nothing about what people gave.
_KEPT = frozenset({"id", "tenant_id", "position", "order_id", "customer_id"})


def _entries(child: str, record: Record) -> list[Any]:
    return [
        {name: value for name, value in row.items() if name not in _KEPT and value is not None}
        for row in record.children[child]
    ]


def _columns(*names: str) -> tuple[Place, ...]:
    return tuple(
        Place(name, (name,), partial(_column, column), name == "tags", column=column)
        for name, column in ((name, snake(name)) for name in names)
    )


def _links(*names: str) -> tuple[Place, ...]:
    return tuple(
        Place(name, (f"{name}Id",), partial(_column, column), column=column)
        for name, column in ((name, f"{snake(name)}_id") for name in names)
    )


_BUILT_IN: Mapping[str, Mapping[str, Place]] = {
    record_type: {place.name: place for place in places}
    for record_type, places in {
        "order": (
            *_columns("externalId", "currency", "channel", "priority", "tags", "notes", "orderedAt", "promisedAt"),
            *_columns("shippingAddress"),
            *_links("customer", "owner"),
            Place("lines", ("lines",), partial(_entries, "lines"), True, "lines"),
        ),
        "customer": (
            *_columns("kind", "name", "externalId", "notes", "tags"),
            *_links("company", "owner"),
            Place("phones", ("phones",), partial(_contacts, "phone"), True, "contacts"),
            Place("emails", ("emails",), partial(_contacts, "email"), True, "contacts"),
            Place("addresses", ("addresses",), partial(_entries, "addresses"), True, "addresses"),
        ),
        "product": _columns(
            *("sku", "name", "specification", "unit", "externalId", "currency", "price", "taxRate", "active")
        ),
    }.items()
}


def find_place(config: TenantConfig, record_type: str, name: str) -> Place | None:
    """The place that a rule names; None where there is none, or no longer."""
    if not name.startswith(OWN):
        return _BUILT_IN[record_type].get(name)
    key = name.removeprefix(OWN)
    definition = config.fields.get(record_type, {}).get(key)
    # What is computed is never given: a rule on it is told where its sources are.
    if definition is None or definition.is_computed:
        return None
    return Place(name, ("custom", key), partial(_own, key), column="custom")


def places_of(record_type: str) -> tuple[str, ...]:
    """The names of the built-in places."""
    return tuple(_BUILT_IN[record_type])
