"""What an import can fill: the inputs of the commands by their GraphQL names, with the kind of value each takes."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Union

from tenants.config.definitions import Category, CustomField
from tenants.config.own_attributes import settings_of, target_of
from tenants.config.snapshot import TenantConfig
from tenants.field_types import PLAIN, Settings, field_type
from tenants.imports.formats import FileFormat
from tenants.life_cycles.cycles import order_types
from tenants.models import ADDRESS_PARTS
from tenants.names import camel
from tenants.records.customers import ADDRESS_KINDS, KINDS
from tenants.records.orders import PRIORITIES


@dataclass(frozen=True, slots=True)
class Leaf:
    """One value of a field type."""

    type: str
    settings: Settings = PLAIN

    def check(self, value: Any) -> None:
        """Raises :class:`tenants.field_types.BadValue` for a value that the field can never take."""
        field_type(self.type).parse(value, self.settings)

    def from_text(self, text: str, form: FileFormat, date_format: str | None) -> Any:
        """A cell's text as the command takes it. Raises :class:`tenants.field_types.BadValue`."""
        return field_type(self.type).from_text(text, form, date_format)


@dataclass(frozen=True, slots=True)
class Link:
    """Another record, named by what it is known by where the data comes from; ``input`` is the command's name for it."""

    input: str
    record: str


@dataclass(frozen=True, slots=True)
class Links:
    """Several other records, named in one text with semicolons between them."""

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


Target = Union[Leaf, Link, Links, Group, Many]  # noqa: UP007  (Group and Many refer to it)

_TEXT, _DECIMAL, _MOMENT, _TAGS = Leaf("text"), Leaf("decimal"), Leaf("date_time"), Leaf("tags")


def _choice(keys: Collection[str]) -> Leaf:
    return Leaf("select", Settings(keys))


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
        "kind": _choice(KINDS),
        "name": _TEXT,
        "company": Link("companyId", "customer"),
        "owner": _OWNER,
        "language": _TEXT,
        "notes": _TEXT,
        "tags": _TAGS,
        "phones": _CONTACTS,
        "emails": _CONTACTS,
        "addresses": Many(Group({"kind": _choice(ADDRESS_KINDS), "label": _TEXT, **_ADDRESS})),
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
        "priority": _choice(PRIORITIES),
        "tags": _TAGS,
        "notes": _TEXT,
        "orderedAt": _MOMENT,
        "promisedAt": _MOMENT,
        "shippingAddress": Group(_ADDRESS),
    },
}


def _own_target(config: TenantConfig, key: str, field: CustomField) -> Target:
    match field_type(field.type).shape:
        case "structure":
            return Group(_ADDRESS)
        case "record":
            return Link(key, target_of(field))
        case "records":
            return Links(key, target_of(field))
    return Leaf(field.type, settings_of(field, config.currency, to_choose=True))


def targets(record: str, config: TenantConfig) -> Group:
    """The fields of a record that can be filled, the tenant's own among them."""
    fields = dict(_BUILT_IN[record])
    if record == "order":
        open_statuses = [key for key, status in config.statuses.items() if status.category is not Category.VOID]
        fields["status"] = _choice(open_statuses)
        fields["type"] = _choice(list(order_types(config)))
    custom: dict[str, Target] = {
        key: _own_target(config, key, field)
        for key, field in config.fields.get(record, {}).items()
        if field_type(field.type).graphql_input is not None
    }
    return Group({**fields, "custom": Group(custom, optional=False)}, optional=False)
