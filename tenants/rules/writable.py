"""Values given for fields that whoever gives them may not write, or not in this record."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from tenants.aggregates import Aggregate, Record
from tenants.field_rights import WRITE
from tenants.forms import Form
from tenants.permissions import Access
from tenants.problems import FieldError
from tenants.records.rights import OWN
from tenants.rules.places import Place, find_place
from tenants.saving import rights_of_row
from tenants.transaction import Transaction

# The built-in fields that people give values for; all others follow from what is done. Of the company's own, those are written that are not
# worked out, or given by us.
WRITTEN: Mapping[str, frozenset[str]] = {
    "order": frozenset(
        (
            *("type", "customer", "externalId", "currency", "channel", "priority", "owner", "tags", "notes"),
            *("shippingAddress", "orderedAt", "promisedAt", "lines", "lines.product", "lines.externalId", "lines.sku"),
            *("lines.name", "lines.specification", "lines.unit", "lines.quantity", "lines.unitPrice"),
            *("lines.discountRate", "lines.discountAmount", "lines.taxRate"),
        )
    ),
    "customer": frozenset(
        (
            *("kind", "name", "language", "externalId", "company", "owner", "notes", "tags", "phones", "emails"),
            "addresses",
        )
    ),
    "product": frozenset(("sku", "name", "externalId", "specification", "unit", "price", "taxRate", "active")),
    "member": frozenset(("name", "email", "roles", "language", "active", "customer")),
}
# Inputs under other names than the fields that they write.
_INPUTS: Mapping[str, str] = {
    "customerId": "customer",
    "ownerId": "owner",
    "companyId": "company",
    "shippingAddressId": "shippingAddress",
}
_LINE_INPUTS: Mapping[str, str] = {"productId": "product"}
# The currency of a product is a part of its price.
_OF_PRODUCTS: Mapping[str, str] = {"currency": "price"}
# What says which line is meant.
_LINE_ID = "id"
# Inputs that are no fields of the record.
_NO_FIELDS = frozenset({"password"})


async def rights_to_parts(tx: Transaction, aggregate: Aggregate, before: Record | None) -> Collection[str]:
    """The rights to fields of some records alone that the caller has of this one; of a new record, all that it could come to have."""
    if not tx.access.field_rows:
        return ()
    known = [right for right in tx.access.field_rows if right.startswith(f"{aggregate.record_type}.")]
    return known if before is None else await rights_of_row(tx, aggregate, before.id, known)


def closed_here(tx: Transaction, record_type: str, parts: Collection[str]) -> Iterator[Place]:
    """The fields that the caller may write in some records, of which the one at hand, by its ``parts``, is none."""
    for right in tx.access.field_rows:
        name, action, path = right.split(".", 2)
        if (name, action) == (record_type, WRITE) and right not in parts:
            place = find_place(tx.config, record_type, path)
            if place is not None:
                yield place


def unwritable(access: Access, record_type: str, form: Form, parts: Collection[str] = ()) -> Iterator[FieldError]:
    """An error at each value in the form for a field that may not be written. ``parts`` are the rights to fields that are of some records
    alone, and of this one."""
    for field, path in _closed(access, record_type, form):
        part = access.field_part(record_type, WRITE, field)
        if part not in parts:
            yield _error(access, record_type, field, path, in_part=bool(part))


def written_in_part(access: Access, record_type: str, form: Form) -> Mapping[str, Sequence[FieldError]]:
    """The rights to fields of some records alone that the form makes use of, and what is to be said where the record is none of these."""
    found: dict[str, list[FieldError]] = {}
    for field, path in _closed(access, record_type, form) if access.field_rows else ():
        part = access.field_part(record_type, WRITE, field)
        if part:
            found.setdefault(part, []).append(_error(access, record_type, field, path, in_part=True))
    return found


def _closed(access: Access, record_type: str, form: Form) -> Iterator[tuple[str, tuple[str | int, ...]]]:
    """The fields that values were given for and that may not be written in all records, each with its place."""
    fields = access.closed.get((record_type, WRITE))
    if fields is None:
        return
    names = {**_INPUTS, **_OF_PRODUCTS} if record_type == "product" else _INPUTS
    for name, value in form.values.items():
        for field, path in _given(names, name, value):
            if field not in fields and field not in _NO_FIELDS:
                yield field, (*form.path, *path)


def _given(names: Mapping[str, str], name: str, value: Any) -> Iterator[tuple[str, tuple[str | int, ...]]]:
    """The fields that an input gives values for, each with its place."""
    if name == "custom":
        yield from ((f"{OWN}{key}", (name, key)) for key in value or {})
    elif name == "lines":
        yield from _of_lines(value or ())
    else:
        yield names.get(name, name), (name,)


def _of_lines(entries: Any) -> Iterator[tuple[str, tuple[str | int, ...]]]:
    yield "lines", ("lines",)
    for place, entry in enumerate(entries):
        for name in entry:
            if name != _LINE_ID:
                yield f"lines.{_LINE_INPUTS.get(name, name)}", ("lines", place, name)


def _error(access: Access, record_type: str, field: str, path: tuple[str | int, ...], *, in_part: bool) -> FieldError:
    holders = access.policy.full_field_holders if in_part else access.policy.field_holders
    roles = holders(record_type, WRITE, field)
    code = "value.not_writable_here" if in_part else "value.not_writable"
    return FieldError(path, code, {"right": f"{record_type}.{WRITE}.{field}", "roles": roles})
