"""Customers, their contact points and addresses, as they can be read."""

from tenants.models import ADDRESS_PARTS
from tenants.names import camel
from tenants.records.attributes import (
    Custom,
    Items,
    Money,
    Permissions,
    RecordType,
    Relation,
    Search,
    Structure,
    column,
)
from tenants.records.files import files_of
from tenants.records.teams import shares_of

KINDS = ("person", "company")
ADDRESS_KINDS = ("delivery", "billing", "other")

# At whom the reader is a person.
MY_CUSTOMER = "(SELECT wc.customer_id FROM members wc WHERE wc.tenant_id = %(tenant)s AND wc.id = %(member)s::uuid)"
# Stands for the test whether the reader may read the order ``s``.
SEEN_ORDERS = "{seen orders}"
_VALID_ORDERS = (
    "FROM orders s WHERE s.tenant_id = {t}.tenant_id AND s.customer_id = {t}.id AND s.voided_at IS NULL"
    f"{SEEN_ORDERS}"
)

ORDER_SUMMARY = Structure(
    name="orderSummary",
    description="The customer's orders in figures; void orders do not count.",
    graphql="OrderSummary",
    members=(
        column(
            "count",
            "integer",
            "How many orders.",
            sql=f"(SELECT count(*) {_VALID_ORDERS})",
            filterable=False,
            sortable=False,
        ),
        column(
            "lastOrderedAt",
            "date_time",
            "When the customer last ordered.",
            sql=f"(SELECT max(s.ordered_at) {_VALID_ORDERS})",
            nullable=True,
            filterable=False,
            sortable=False,
        ),
        Items(
            name="totals",
            description="What was ordered in all, per currency.",
            graphql="CurrencyTotal",
            source=f"(SELECT s.currency, sum(s.total) AS total {_VALID_ORDERS} GROUP BY s.currency ORDER BY s.currency) {{x}}",
            members=(
                Money(
                    name="total",
                    description="Sum in this currency.",
                    amount=column("total", "decimal", "The amount."),
                    currency="{t}.currency",
                ),
            ),
        ),
    ),
)

CUSTOMER = RecordType(
    name="customer",
    graphql="Customer",
    plural="customers",
    table="customers",
    description="A person or a company that orders.",
    right="customer.read",
    by=("externalId",),
    search=Search(),
    attributes=(
        column("id", "id", "Opaque id."),
        column("version", "integer", "Grows by one with each change; give it as expectedVersion."),
        Permissions(),
        column(
            "isMine",
            "boolean",
            "Whether it is the customer at whom you are a person; false for staff.",
            # Never NULL, and yet a plain comparison, which leads PostgreSQL to the row by index.
            sql=f"({{t}}.id = {MY_CUSTOMER} AND {MY_CUSTOMER} IS NOT NULL)",
            sortable=False,
        ),
        column("kind", "text", "A person or a company.", enum="CustomerKind", choices=KINDS),
        column("name", "text", "Full name.", indexed=True),
        column("externalId", "text", "The id of the customer in the system it came from.", nullable=True),
        Relation(
            name="company",
            description="The company that the person belongs to.",
            target="customer",
            join="{x}.id = {t}.company_id",
            nullable=True,
        ),
        Relation(
            name="people",
            description="The people of the company.",
            target="customer",
            join="{x}.company_id = {t}.id",
            many=True,
        ),
        Relation(
            name="owner",
            description="The member in charge.",
            target="member",
            join="{x}.id = {t}.owner_id",
            nullable=True,
        ),
        column("language", "text", "The language of messages to the customer; the company's, if null.", nullable=True),
        column("notes", "text", "Needs and remarks."),
        column("tags", "tags", "Free labels."),
        Relation(
            name="phones",
            description="Phone numbers, in international form, the preferred one first.",
            target="contact_point",
            join="{x}.customer_id = {t}.id AND {x}.kind = 'phone'",
            many=True,
            paged=False,
        ),
        Relation(
            name="emails",
            description="E-mail addresses, the preferred one first.",
            target="contact_point",
            join="{x}.customer_id = {t}.id AND {x}.kind = 'email'",
            many=True,
            paged=False,
        ),
        Relation(
            name="addresses",
            description="The address book, the preferred one first.",
            target="address",
            join="{x}.customer_id = {t}.id",
            many=True,
            paged=False,
        ),
        Relation(
            name="orders",
            description="The customer's orders.",
            target="order",
            join="{x}.customer_id = {t}.id",
            many=True,
        ),
        ORDER_SUMMARY,
        Relation(
            name="history",
            description="Everything that happened to the customer's record, oldest first.",
            target="history_entry",
            join="{x}.record_type = 'customer' AND {x}.record_id = {t}.id",
            many=True,
        ),
        files_of("customer"),
        shares_of("customer"),
        Custom(name="custom", description="The company's own fields."),
        column("createdAt", "date_time", "When the customer was entered.", indexed=True),
        column("updatedAt", "date_time", "When the customer was last changed."),
    ),
)

CONTACT_POINT = RecordType(
    name="contact_point",
    graphql="ContactPoint",
    plural="contactPoints",
    table="contact_points",
    description="A phone number or an e-mail address.",
    right="customer.read",
    root=False,
    order=(("position", False),),
    attributes=(
        column("id", "id", "Opaque id."),
        column("label", "text", "What it is for, such as office or mobile."),
        column("value", "text", "The number or address."),
        column("position", "integer", "Place in the list, from 1."),
    ),
)

ADDRESS = RecordType(
    name="address",
    graphql="Address",
    plural="addresses",
    table="addresses",
    description="An entry of a customer's address book.",
    right="customer.read",
    root=False,
    order=(("position", False),),
    attributes=(
        column("id", "id", "Opaque id."),
        column("kind", "text", "What it is used for.", enum="AddressKind", choices=ADDRESS_KINDS),
        column("label", "text", "Its name in the book."),
        *(
            column(
                camel(part),
                "text",
                f"The {part.replace('_', ' ')} of the address.",
            )
            for part in ADDRESS_PARTS
        ),
        column("position", "integer", "Place in the book, from 1."),
    ),
)
