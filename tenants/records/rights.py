"""Which right to a field each attribute of a record asks for."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from tenants.field_rights import READ, WRITE
from tenants.problems import NotAllowed
from tenants.records import REGISTRY
from tenants.records.attributes import Attribute, Column, Money, RecordType, Relation, Structure

if TYPE_CHECKING:
    from tenants.permissions import Access

OWN = "custom."
# The object that a record type's fields belong to, and how their paths begin.
GUARDED: Mapping[str, tuple[str, str]] = {
    "order": ("order", ""),
    "order_line": ("order", "lines."),
    "customer": ("customer", ""),
    "product": ("product", ""),
    "member": ("member", ""),
}
# What each record is known by and addressed with, what holds fields with rights of their own, and what the reader themselves may do.
FREE = frozenset({"id", "version", "position", "custom", "history", "order", "isMe", "isMine", "permissions"})
# What shows fields of other records, or says the same as another field.
_SHOWS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "order.nextSteps": (("order", "status"),),
    "order.voiding": (("order", "status"),),
    "customer.orders": (("order", "customer"),),
    "customer.people": (("customer", "company"),),
    "customer.orderSummary": (("order", "customer"), ("order", "total"), ("order", "orderedAt")),
    "product.orderLines": (("order", "lines"), ("order", "lines.product")),
    "history_entry.actor": (("member", "name"),),
    "history_entry.note": (("order", "voidNote"),),
    "order_line.order": (("order", "lines"),),
}


def fields_needed(record: RecordType, path: str, attribute: Attribute) -> Iterator[tuple[str, str]]:
    """Object and field of each right to read that an attribute asks for. ``path`` is where the record has it: its name, or for a field
    of the company's own ``custom.<key>``."""
    guarded = GUARDED.get(record.name)
    if guarded is not None and path not in FREE:
        yield guarded[0], f"{guarded[1]}{path}"
    yield from _SHOWS.get(f"{record.name}.{path}", ())
    if isinstance(attribute, Relation) and attribute.follows:
        yield attribute.target, attribute.follows


def built_in_fields(name: str) -> Iterator[tuple[str, RecordType, Attribute]]:
    """The built-in fields of an object to which there are rights: path, and where it is."""
    for record_type, (owner, beginning) in GUARDED.items():
        if owner == name:
            record = REGISTRY[record_type]
            yield from (
                (f"{beginning}{attribute.name}", record, attribute)
                for attribute in record.attributes
                if attribute.name not in FREE
            )


def require_to_read(access: "Access", record: RecordType, path: str, attribute: Attribute) -> None:
    """Raise :class:`NotAllowed` for a field that may not be read."""
    if access.closed:
        for name, needed in fields_needed(record, path, attribute):
            access.require_field(name, READ, needed)


def can_be_absent(attribute: Attribute) -> bool:
    """Whether a field can be read of some records and be absent from others: one that always has a value cannot, nor can a file, which
    is given out by itself."""
    match attribute:
        case Column() | Money() | Structure():
            return attribute.nullable
        case Relation():
            return not (attribute.follows or (attribute.paged and attribute.many) or attribute.target == "file")
    return False


def part_to_read(access: "Access", record: RecordType, path: str, attribute: Attribute) -> str:
    """The right by which a field may be read of some records alone; nothing where it may be so of all. Raises :class:`NotAllowed` for one
    that may not be read at all."""
    part = ""
    guarded = GUARDED.get(record.name)
    for name, needed in fields_needed(record, path, attribute) if access.closed else ():
        if not access.has_field(name, READ, needed):
            is_its_own = guarded is not None and (name, needed) == (guarded[0], f"{guarded[1]}{path}")
            part = access.field_part(name, READ, needed) if is_its_own and can_be_absent(attribute) else ""
            if not part:
                access.require_field(name, READ, needed)
    return part


def may_read(access: "Access", record: RecordType, path: str, attribute: Attribute) -> bool:
    """Whether a field may be read of all records."""
    return not access.closed or all(
        access.has_field(name, READ, needed) for name, needed in fields_needed(record, path, attribute)
    )


def may_read_some(access: "Access", record: RecordType, path: str, attribute: Attribute) -> bool:
    """Whether a field may be read, if only of some records."""
    try:
        part_to_read(access, record, path, attribute)
    except NotAllowed:
        return False
    return True


def own_told(access: "Access", name: str, own: Mapping[str, Attribute]) -> dict[str, Attribute]:
    """The company's own fields of an object by key that somebody may know of: all, but for a person at a customer, whom only those that they
    may read concern."""
    return {
        key: attribute
        for key, attribute in own.items()
        if not access.is_outside or may_read_some(access, REGISTRY[name], f"{OWN}{key}", attribute)
    }


def closed_paths(access: "Access", name: str, own: Mapping[str, Attribute]) -> tuple[list[str], list[str]]:
    """The fields of an object that may not be read, and those that may not be written, of no record. ``own`` are the company's own by
    key."""
    record = REGISTRY[name]
    fields = [*built_in_fields(name), *((f"{OWN}{key}", record, attribute) for key, attribute in own.items())]
    return (
        [
            path
            for path, holder, attribute in fields
            if not may_read_some(access, holder, path if path.startswith(OWN) else attribute.name, attribute)
        ],
        [path for path, _, _ in fields if not access.has_some(name, WRITE, path)],
    )
