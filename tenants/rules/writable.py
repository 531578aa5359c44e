"""Values given for fields that whoever gives them may not write."""

from collections.abc import Iterator, Mapping
from typing import Any

from tenants.field_rights import WRITE
from tenants.forms import Form
from tenants.permissions import Access
from tenants.problems import FieldError
from tenants.records.rights import OWN

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


def unwritable(access: Access, record_type: str, form: Form) -> Iterator[FieldError]:
    """An error at each value in the form for a field that may not be written."""
    fields = access.closed.get((record_type, WRITE))
    if fields is None:
        return
    names = {**_INPUTS, **_OF_PRODUCTS} if record_type == "product" else _INPUTS
    for name, value in form.values.items():
        for field, path in _given(names, name, value):
            if field not in fields and field not in _NO_FIELDS:
                yield _error(access, record_type, field, (*form.path, *path))


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


def _error(access: Access, record_type: str, field: str, path: tuple[str | int, ...]) -> FieldError:
    roles = ", ".join(access.policy.field_holders(record_type, WRITE, field)) or "-"
    return FieldError(path, "value.not_writable", {"right": f"{record_type}.{WRITE}.{field}", "roles": roles})
