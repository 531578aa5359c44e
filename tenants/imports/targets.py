"""What an import can fill: the inputs of the commands by their GraphQL names, with the kind of value each takes."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Union

from tenants.config.definitions import Category
from tenants.config.snapshot import TenantConfig
from tenants.field_types import field_type
from tenants.imports.formats import FileFormat
from tenants.models import ADDRESS_PARTS
from tenants.names import camel
from tenants.records.customers import ADDRESS_KINDS, KINDS
from tenants.records.orders import PRIORITIES


@dataclass(frozen=True, slots=True)
class Leaf:
    """One value of a field type."""

    type: str
    options: Collection[str] = ()

    def check(self, value: Any) -> None:
        """Raises :class:`tenants.field_types.BadValue` for a value that the field can never take."""
        field_type(self.type).parse(value, self.options)

    def from_text(self, text: str, form: FileFormat, date_format: str | None) -> str:
        """A cell's text as the command takes it. Raises :class:`tenants.field_types.BadValue`."""
        match self.type:
            case "decimal" | "integer":
                value = form.decimal(text)
            case "date":
                value = form.date(text, date_format)
            case "date_time":
                value = form.date_time(text, date_format)
            case "boolean":
                value = text
            case _:
                return text
        # The command would refuse it too, but only once nothing else is wrong with the row.
        self.check(value)
        return value


@dataclass(frozen=True, slots=True)
class Link:
    """Another record, named by what it is known by where the data comes from; ``input`` is the command's name for it."""

    input: str
    record: str


@dataclass(frozen=True, slots=True)
class Group:
    """An object. An ``optional`` one is absent where no cell fills it."""

    fields: Mapping[str, "Target"]
    optional: bool = True


@dataclass(frozen=True, slots=True)
class Many:
    """A list of objects, of which those that no cell fills are left out."""

    entry: Group


Target = Union[Leaf, Link, Group, Many]  # noqa: UP007  (Group and Many refer to it)

_TEXT, _DECIMAL, _MOMENT, _TAGS = Leaf("text"), Leaf("decimal"), Leaf("date_time"), Leaf("tags")
_OWNER = Link("ownerId", "member")


_ADDRESS: dict[str, Target] = {camel(part): _TEXT for part in ADDRESS_PARTS}
_CONTACTS = Many(Group({"label": _TEXT, "value": _TEXT}))

LINE: dict[str, Target] = {
    "product": Link("productId", "product"),
    **dict.fromkeys(("sku", "name", "specification", "unit"), _TEXT),
    **dict.fromkeys(("quantity", "unitPrice", "discountRate", "discountAmount", "taxRate"), _DECIMAL),
}

_BUILT_IN: dict[str, dict[str, Target]] = {
    "customer": {
        "kind": Leaf("select", KINDS),
        "name": _TEXT,
        "company": Link("companyId", "customer"),
        "owner": _OWNER,
        "notes": _TEXT,
        "tags": _TAGS,
        "phones": _CONTACTS,
        "emails": _CONTACTS,
        "addresses": Many(Group({"kind": Leaf("select", ADDRESS_KINDS), "label": _TEXT, **_ADDRESS})),
    },
    "product": {
        **dict.fromkeys(("sku", "name", "specification", "unit", "currency"), _TEXT),
        **dict.fromkeys(("price", "taxRate"), _DECIMAL),
        "active": Leaf("boolean"),
    },
    "order": {
        "customer": Link("customerId", "customer"),
        "owner": _OWNER,
        "currency": _TEXT,
        "channel": _TEXT,
        "priority": Leaf("select", PRIORITIES),
        "tags": _TAGS,
        "notes": _TEXT,
        "orderedAt": _MOMENT,
        "promisedAt": _MOMENT,
        "shippingAddress": Group(_ADDRESS),
    },
}


def targets(record: str, config: TenantConfig) -> Group:
    """The fields of a record that can be filled, the tenant's own among them."""
    fields = dict(_BUILT_IN[record])
    if record == "order":
        open_statuses = [key for key, status in config.statuses.items() if status.category is not Category.VOID]
        fields["status"] = Leaf("select", open_statuses)
    custom: dict[str, Target] = {
        key: Leaf(field.type, field.open_options) for key, field in config.fields.get(record, {}).items()
    }
    return Group({**fields, "custom": Group(custom, optional=False)}, optional=False)
