"""Orders and their lines, as they can be read."""

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from tenants.config.definitions import OrderType, label
from tenants.messages import render
from tenants.models import ADDRESS_PARTS
from tenants.names import camel
from tenants.problems import NotAllowed
from tenants.records.attributes import (
    Custom,
    Lookup,
    Permissions,
    RecordType,
    Relation,
    Search,
    Steps,
    Structure,
    column,
    money,
)
from tenants.records.files import files_of
from tenants.records.teams import shares_of

if TYPE_CHECKING:
    from tenants.config.snapshot import TenantConfig
    from tenants.permissions import Access

PRIORITIES = ("low", "normal", "high", "urgent")


def _statuses(config: "TenantConfig", _access: "Access", language: str) -> Mapping[str, Any]:
    return {
        key: {
            "key": key,
            "label": label(status.label, language, key),
            "colour": status.colour,
            "category": status.category.upper(),
            "description": label(status.description, language) or None,
        }
        for key, status in config.all_statuses.items()
    }


def _types(config: "TenantConfig", _access: "Access", language: str) -> Mapping[str, Any]:
    return {
        key: {"key": key, "label": label(each.label, language, key)}
        for key, each in config.definitions["order_type"].items()
        if isinstance(each, OrderType)
    }


def _lacking(access: "Access", language: str, right: str) -> str:
    return NotAllowed(right, access.policy.holders(right)).text(language)


def _voiding(config: "TenantConfig", access: "Access", language: str) -> Mapping[str, Any]:
    return {key: _void_verdict(config, access, language, key) for key in config.statuses}


def _void_verdict(config: "TenantConfig", access: "Access", language: str, key: str) -> dict[str, Any]:
    status = config.statuses[key]
    refusal = None
    if status.void_blocked:
        data = {"status": label(status.label, language, key), "hint": label(status.void_blocked, language)}
        refusal = render("order.void_blocked", language, data)
    elif not access.allows("order.void"):
        refusal = _lacking(access, language, "order.void")
    elif status.category == "void":
        refusal = render("order.no_next_steps", language, {"source": label(status.label, language, key)})
    return {"allowed": refusal is None, "refusal": refusal}


def _void_reasons(config: "TenantConfig", _access: "Access", language: str) -> Mapping[str, Any]:
    return {
        key: {"key": key, "label": label(reason.label, language, key), "noteRequired": reason.note_required}
        for key, reason in config.all_void_reasons.items()
    }


def _part_of_address(part: str, row: Mapping[str, Any]) -> str | None:
    address = row.get("shipping_address")
    return address.get(part) if address else None


STATUS = Lookup(
    name="status",
    description="Where the order stands in the company's life cycle.",
    graphql="Status",
    members={
        "key": "String!",
        "label": "String!",
        "colour": "String!",
        "category": "StatusCategory!",
        "description": "String",
    },
    by="{t}.status",
    entries=_statuses,
    key=column("status", "select", "The key of the status.", options=lambda config: config.all_statuses),
    position=lambda config: list(config.all_statuses),
    indexed=True,
)

TYPE = Lookup(
    name="type",
    description="What type of order it is; the type chooses the life cycle.",
    nullable=True,
    graphql="OrderType",
    members={"key": "String!", "label": "String!"},
    by="{t}.type",
    entries=_types,
    key=column(
        "type", "select", "The key of the type.", nullable=True, options=lambda config: config.definitions["order_type"]
    ),
    position=lambda config: list(config.definitions["order_type"]),
)

LIFE_CYCLE = Structure(
    name="lifeCycle",
    description="Which life cycle the order is in.",
    graphql="OrderLifeCycle",
    members=(
        column("key", "text", "Its key; empty for the one of all statuses.", sql="{t}.life_cycle"),
        column(
            "version",
            "integer",
            "The version the order is held to; 0 where it follows the one in force.",
            sql="{t}.life_cycle_version",
        ),
    ),
)

SHIPPING_ADDRESS = Structure(
    name="shippingAddress",
    description="Where the order goes: a snapshot, so that a later change of the customer's address does not rewrite history.",
    nullable=True,
    graphql="ShippingAddress",
    present="{t}.shipping_address IS NOT NULL",
    members=tuple(
        column(
            camel(part),
            "text",
            f"The {part.replace('_', ' ')} of the address.",
            sql=f"({{t}}.shipping_address->>'{part}')",
            reads=partial(_part_of_address, part),
            nullable=True,
            sortable=False,
        )
        for part in ADDRESS_PARTS
    ),
)

ORDER = RecordType(
    name="order",
    graphql="Order",
    plural="orders",
    table="orders",
    description="A customer's order.",
    right="order.read",
    order=(("orderedAt", True),),
    by=("number", "externalId"),
    voidable=True,
    search=Search(with_customer=True),
    attributes=(
        column("id", "id", "Opaque id."),
        column("version", "integer", "Grows by one with each change; give it as expectedVersion."),
        Permissions(),
        column("number", "text", "The order number, from the company's numbering pattern.", indexed=True),
        column("externalId", "text", "The id of the order in the system it came from.", nullable=True),
        STATUS,
        column(
            "statusSince",
            "date_time",
            "Since when the order stands there.",
            # Orders that stand there since before that was kept have it in their history.
            sql="coalesce({t}.status_since, (SELECT max(e.at) FROM events e WHERE e.tenant_id = {t}.tenant_id"
            " AND e.record_type = 'order' AND e.record_id = {t}.id AND e.kind IN ('created', 'status_changed', 'voided')),"
            " {t}.created_at)",
        ),
        column(
            "statusDueAt",
            "date_time",
            "Until when the order should have left it, by the status's time limit; overdue are those with olderThan PT0S.",
            nullable=True,
        ),
        column("statusReason", "text", "The key of the reason that was given with the last step.", nullable=True),
        TYPE,
        LIFE_CYCLE,
        Steps(
            name="nextSteps",
            description="The steps that the life cycle allows from here, with what each needs, and for those that cannot be taken, why. Whether a rule refuses a step is told by previewStatusChange; what rules require of every order in the next status is among requires.",
            graphql="NextStep",
            members={
                "key": "String!",
                "label": "String!",
                "status": "String!",
                "statusLabel": "String!",
                "allowed": "Boolean!",
                "refusal": "String",
                "noteRequired": "Boolean!",
                "attachmentRequired": "Boolean!",
                "confirm": "String",
            },
            lists={
                "requires": ("StepField", {"path": "String!", "label": "String!"}),
                "reasons": ("StepReason", {"key": "String!", "label": "String!"}),
            },
        ),
        Lookup(
            name="voiding",
            description="Whether you may void the order as it stands, and if not, what must be done first.",
            graphql="Voiding",
            members={"allowed": "Boolean!", "refusal": "String"},
            by="{t}.status",
            entries=_voiding,
            right="order.void",
        ),
        Relation(
            name="customer",
            description="Who ordered.",
            target="customer",
            join="{x}.id = {t}.customer_id",
            nullable=True,
        ),
        column("currency", "text", "The currency of all amounts, by ISO 4217."),
        column("channel", "text", "How the order came in, such as phone, web or shop."),
        column("priority", "text", "How urgent the order is.", enum="OrderPriority", choices=PRIORITIES),
        Relation(
            name="owner",
            description="The member in charge.",
            target="member",
            join="{x}.id = {t}.owner_id",
            nullable=True,
        ),
        column("tags", "tags", "Free labels."),
        column("notes", "text", "Remarks."),
        SHIPPING_ADDRESS,
        column("orderedAt", "date_time", "When the customer ordered.", indexed=True),
        column("promisedAt", "date_time", "When delivery was promised.", nullable=True, indexed=True),
        money("subtotal", "Sum of the lines after discount, before tax."),
        money("discountTotal", "Sum of the lines' discounts."),
        money("taxTotal", "Sum of the lines' taxes."),
        money("total", "What the customer pays: subtotal and tax.", rank="{t}.total_rank"),
        column(
            "isVoided",
            "boolean",
            "Whether the order is void.",
            sql="({t}.voided_at IS NOT NULL)",
            reads=lambda row: row.get("voided_at") is not None,
        ),
        column("voidedAt", "date_time", "When the order was voided.", nullable=True),
        Relation(
            name="voidedBy",
            description="Who voided the order.",
            target="member",
            join="{x}.id = {t}.voided_by_id",
            nullable=True,
        ),
        Lookup(
            name="voidReason",
            description="Why the order was voided.",
            nullable=True,
            graphql="VoidReason",
            members={"key": "String!", "label": "String!", "noteRequired": "Boolean!"},
            by="{t}.void_reason",
            entries=_void_reasons,
            key=column(
                "voidReason",
                "select",
                "The key of the reason.",
                nullable=True,
                options=lambda config: config.all_void_reasons,
            ),
            position=lambda config: list(config.all_void_reasons),
        ),
        column("voidNote", "text", "What was said about the void.", nullable=True),
        Relation(
            name="lines",
            description="What was ordered.",
            target="order_line",
            join="{x}.order_id = {t}.id",
            many=True,
        ),
        Relation(
            name="history",
            description="Everything that happened to the order, oldest first.",
            target="history_entry",
            join="{x}.record_type = 'order' AND {x}.record_id = {t}.id",
            many=True,
        ),
        Relation(
            name="automationRuns",
            description="What automations did because of this order.",
            target="automation_run",
            join="{x}.record_type = 'order' AND {x}.record_id = {t}.id",
            many=True,
        ),
        files_of("order"),
        shares_of("order"),
        Custom(name="custom", description="The company's own fields."),
        column("createdAt", "date_time", "When the order was entered.", indexed=True),
        column("updatedAt", "date_time", "When the order was last changed.", indexed=True),
    ),
)

ORDER_LINE = RecordType(
    name="order_line",
    graphql="OrderLine",
    plural="orderLines",
    table="order_lines",
    description="One line of an order; product data is a snapshot of the moment it was ordered.",
    right="order.read",
    root=False,
    order=(("position", False),),
    attributes=(
        column("id", "id", "Opaque id."),
        column("position", "integer", "Place in the order, from 1."),
        Relation(name="order", description="The order.", target="order", join="{x}.id = {t}.order_id"),
        Relation(
            name="product",
            description="The product as it is today; null for a free line.",
            target="product",
            join="{x}.id = {t}.product_id",
            nullable=True,
        ),
        column("externalId", "text", "The id of the line in the system it came from.", nullable=True),
        column("sku", "text", "Article number as ordered."),
        column("name", "text", "Name as ordered."),
        column("specification", "text", "Specification as ordered."),
        column("unit", "text", "Unit as ordered."),
        column("quantity", "decimal", "How many units."),
        money("unitPrice", "Price of one unit, before discount and tax."),
        column("discountRate", "decimal", "Discount as a share of quantity times unit price, 0 to 1."),
        money("discountAmount", "The discount in money."),
        column("taxRate", "decimal", "Tax as a share of the net amount, 0 to 1."),
        money("netAmount", "Quantity times unit price less discount."),
        money("taxAmount", "The tax in money."),
        money("total", "Net amount and tax."),
    ),
)
