"""The tables, as SQLAlchemy Core describes them: the single source of columns, keys and indexes.

Alembic compares them with the database; the run-time SQL names the same columns. Two kinds of table exist:

* tenant tables (``tenant_table``): ``tenant_id`` leads the primary key, every unique key and every foreign key, and
  row security is forced on them;
* the four tables of :data:`SHARED_TABLES`, which must be readable before the tenant of a call is known.
"""

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
    text,
)
from sqlalchemy.types import BigInteger

from tenants.columns import (
    belongs_to,
    count_column,
    flag_column,
    json_column,
    metadata,
    number_column,
    tenant_table,
    text_column,
    texts_column,
    time_column,
    unique,
    uuid_column,
)

SHARED_TABLES = {
    "tenants": "found by slug at sign-in; its policies let a tenant change only its own row",
    "users": "one person may belong to several tenants, and signs in before one is chosen",
    "sessions": "a token names its tenant; only the SHA-256 of the token is kept",
    "jobs": "the relay drains the work of all tenants in one statement; rows hold ids and times only",
}


tenants = Table(
    "tenants",
    metadata,
    uuid_column("id"),
    text_column("slug"),
    text_column("name"),
    text_column("language", default="en"),
    text_column("time_zone", default="UTC"),
    text_column("currency", default="EUR"),
    Column("config_version", BigInteger, nullable=False, server_default=text("0")),
    time_column("created_at"),
    PrimaryKeyConstraint("id"),
    UniqueConstraint("slug"),
)

users = Table(
    "users",
    metadata,
    uuid_column("id"),
    text_column("email"),
    text_column("password_hash"),
    text_column("name"),
    time_column("created_at"),
    PrimaryKeyConstraint("id"),
    UniqueConstraint("email"),
)

sessions = Table(
    "sessions",
    metadata,
    Column("token_hash", LargeBinary, nullable=False),
    uuid_column("tenant_id", ForeignKey("tenants.id", ondelete="CASCADE")),
    uuid_column("member_id"),
    count_column("stamp", 1),
    time_column("created_at"),
    time_column("expires_at"),
    time_column("revoked_at", nullable=True),
    PrimaryKeyConstraint("token_hash"),
    ForeignKeyConstraint(["tenant_id", "member_id"], ["members.tenant_id", "members.id"], ondelete="CASCADE"),
    Index("sessions_member_id_idx", "tenant_id", "member_id"),
)

jobs = Table(
    "jobs",
    metadata,
    uuid_column("id"),
    uuid_column("tenant_id", ForeignKey("tenants.id", ondelete="CASCADE")),
    text_column("kind"),
    uuid_column("subject_id"),
    time_column("due_at"),
    count_column("attempts"),
    time_column("parked_at", nullable=True),
    PrimaryKeyConstraint("id"),
    Index("jobs_due_idx", "due_at", postgresql_where=text("parked_at IS NULL")),
)

definitions = tenant_table(
    "definitions",
    text_column("kind"),
    text_column("key"),
    json_column("body"),
    key=("kind", "key"),
)

change_sets = tenant_table(
    "change_sets",
    Column("version", BigInteger, nullable=False),
    text_column("author_kind"),
    uuid_column("author_id", nullable=True),
    text_column("author_name"),
    text_column("comment", default=""),
    json_column("changes", "[]"),
    time_column("created_at"),
    unique("version"),
)

members = tenant_table(
    "members",
    uuid_column("user_id", ForeignKey("users.id")),
    count_column("version", 1),
    text_column("name"),
    text_column("email"),
    texts_column("roles"),
    text_column("language", default="en"),
    flag_column("active", True),
    time_column("created_at"),
    time_column("updated_at"),
    unique("user_id"),
    # Sign-in asks for all memberships of one user before a tenant is chosen.
    Index("members_user_id_idx", "user_id"),
)

customers = tenant_table(
    "customers",
    count_column("version", 1),
    text_column("kind"),
    text_column("name"),
    uuid_column("company_id", nullable=True),
    uuid_column("owner_id", nullable=True),
    text_column("external_id", nullable=True),
    text_column("notes", default=""),
    texts_column("tags"),
    json_column("custom"),
    text_column("search_text", default=""),
    time_column("created_at"),
    time_column("updated_at"),
    CheckConstraint("kind IN ('person', 'company')", name="kind"),
    belongs_to("customers", "company_id"),
    belongs_to("members", "owner_id"),
    unique("external_id"),
    Index("customers_name_idx", "tenant_id", "name", "id"),
    Index("customers_created_at_idx", "tenant_id", "created_at", "id"),
    Index("customers_company_id_idx", "tenant_id", "company_id"),
    Index(
        "customers_search_idx",
        "tenant_id",
        "search_text",
        postgresql_using="gin",
        postgresql_ops={"search_text": "gin_trgm_ops"},
    ),
)

contact_points = tenant_table(
    "contact_points",
    uuid_column("customer_id"),
    text_column("kind"),
    text_column("label", default=""),
    text_column("value"),
    count_column("position"),
    CheckConstraint("kind IN ('phone', 'email')", name="kind"),
    belongs_to("customers", "customer_id", ondelete="CASCADE"),
    Index("contact_points_customer_id_idx", "tenant_id", "customer_id", "position"),
)

ADDRESS_PARTS = ("recipient", "phone", "line1", "line2", "district", "city", "region", "postal_code", "country")

addresses = tenant_table(
    "addresses",
    uuid_column("customer_id"),
    text_column("kind", default="delivery"),
    text_column("label", default=""),
    *(text_column(part, default="") for part in ADDRESS_PARTS),
    count_column("position"),
    CheckConstraint("kind IN ('delivery', 'billing', 'other')", name="kind"),
    belongs_to("customers", "customer_id", ondelete="CASCADE"),
    Index("addresses_customer_id_idx", "tenant_id", "customer_id", "position"),
)

products = tenant_table(
    "products",
    count_column("version", 1),
    text_column("sku"),
    text_column("name"),
    text_column("specification", default=""),
    text_column("unit", default=""),
    number_column("price", nullable=True),
    text_column("currency"),
    number_column("tax_rate"),
    flag_column("active", True),
    text_column("external_id", nullable=True),
    json_column("custom"),
    text_column("search_text", default=""),
    time_column("created_at"),
    time_column("updated_at"),
    unique("sku"),
    unique("external_id"),
    Index("products_name_idx", "tenant_id", "name", "id"),
    Index("products_created_at_idx", "tenant_id", "created_at", "id"),
    Index(
        "products_search_idx",
        "tenant_id",
        "search_text",
        postgresql_using="gin",
        postgresql_ops={"search_text": "gin_trgm_ops"},
    ),
)

orders = tenant_table(
    "orders",
    count_column("version", 1),
    text_column("number"),
    text_column("external_id", nullable=True),
    text_column("status"),
    uuid_column("customer_id", nullable=True),
    text_column("currency"),
    text_column("channel", default=""),
    text_column("priority", default="normal"),
    uuid_column("owner_id", nullable=True),
    texts_column("tags"),
    text_column("notes", default=""),
    json_column("shipping_address", None, nullable=True),
    time_column("ordered_at"),
    time_column("promised_at", nullable=True),
    number_column("subtotal"),
    number_column("discount_total"),
    number_column("tax_total"),
    number_column("total"),
    time_column("voided_at", nullable=True),
    uuid_column("voided_by_id", nullable=True),
    text_column("void_reason", nullable=True),
    text_column("void_note", nullable=True),
    json_column("custom"),
    text_column("search_text", default=""),
    time_column("created_at"),
    time_column("updated_at"),
    CheckConstraint("priority IN ('low', 'normal', 'high', 'urgent')", name="priority"),
    belongs_to("customers", "customer_id"),
    belongs_to("members", "owner_id"),
    belongs_to("members", "voided_by_id"),
    unique("number"),
    unique("external_id"),
    Index("orders_ordered_at_idx", "tenant_id", "ordered_at", "id"),
    Index("orders_created_at_idx", "tenant_id", "created_at", "id"),
    Index("orders_status_idx", "tenant_id", "status", "ordered_at", "id"),
    Index("orders_customer_id_idx", "tenant_id", "customer_id", "ordered_at", "id"),
    Index("orders_owner_id_idx", "tenant_id", "owner_id", "ordered_at", "id"),
    Index(
        "orders_search_idx",
        "tenant_id",
        "search_text",
        postgresql_using="gin",
        postgresql_ops={"search_text": "gin_trgm_ops"},
    ),
)

order_lines = tenant_table(
    "order_lines",
    uuid_column("order_id"),
    count_column("position"),
    uuid_column("product_id", nullable=True),
    text_column("sku", default=""),
    text_column("name"),
    text_column("specification", default=""),
    text_column("unit", default=""),
    text_column("currency"),
    number_column("quantity"),
    number_column("unit_price"),
    number_column("discount_rate"),
    number_column("discount_amount"),
    number_column("tax_rate"),
    number_column("tax_amount"),
    number_column("net_amount"),
    number_column("total"),
    text_column("external_id", nullable=True),
    belongs_to("orders", "order_id", ondelete="CASCADE"),
    belongs_to("products", "product_id"),
    unique("order_id", "external_id"),
    Index("order_lines_order_id_idx", "tenant_id", "order_id", "position"),
    Index("order_lines_product_id_idx", "tenant_id", "product_id"),
)

events = tenant_table(
    "events",
    text_column("kind"),
    text_column("record_type"),
    uuid_column("record_id"),
    count_column("record_version"),
    time_column("at"),
    text_column("actor_kind"),
    uuid_column("actor_id", nullable=True),
    text_column("actor_name"),
    uuid_column("cause_id", nullable=True),
    count_column("depth"),
    json_column("changes", "[]"),
    text_column("note", nullable=True),
    Column("hash", LargeBinary, nullable=False),
    unique("record_type", "record_id", "record_version"),
)

counters = tenant_table("counters", text_column("key"), Column("value", BigInteger, nullable=False), key=("key",))

idempotency_keys = tenant_table(
    "idempotency_keys",
    uuid_column("actor_id"),
    text_column("key"),
    Column("request_hash", LargeBinary, nullable=False),
    json_column("result", None, nullable=True),
    time_column("created_at"),
    key=("actor_id", "key"),
)

automation_runs = tenant_table(
    "automation_runs",
    text_column("automation"),
    uuid_column("event_id"),
    text_column("record_type"),
    uuid_column("record_id"),
    text_column("status"),
    json_column("steps", "[]"),
    text_column("message", default=""),
    count_column("attempts"),
    time_column("created_at"),
    time_column("finished_at", nullable=True),
    CheckConstraint("status IN ('pending', 'succeeded', 'failed', 'stopped', 'parked')", name="status"),
    belongs_to("events", "event_id"),
    unique("event_id", "automation"),
    Index("automation_runs_created_at_idx", "tenant_id", "created_at", "id"),
    Index("automation_runs_record_id_idx", "tenant_id", "record_id"),
)

notifications = tenant_table(
    "notifications",
    uuid_column("member_id"),
    text_column("text"),
    text_column("record_type", nullable=True),
    uuid_column("record_id", nullable=True),
    uuid_column("run_id", nullable=True),
    time_column("created_at"),
    time_column("read_at", nullable=True),
    belongs_to("members", "member_id", ondelete="CASCADE"),
    belongs_to("automation_runs", "run_id"),
    Index("notifications_member_id_idx", "tenant_id", "member_id", "created_at", "id"),
)

deliveries = tenant_table(
    "deliveries",
    text_column("channel"),
    text_column("recipient"),
    text_column("subject", default=""),
    text_column("body", default=""),
    text_column("status"),
    count_column("attempts"),
    text_column("last_error", default=""),
    uuid_column("run_id", nullable=True),
    time_column("created_at"),
    time_column("sent_at", nullable=True),
    CheckConstraint("status IN ('pending', 'sent', 'failed')", name="status"),
    belongs_to("automation_runs", "run_id"),
    Index("deliveries_created_at_idx", "tenant_id", "created_at", "id"),
)

# The run-time and the migrations take the description of the tables from here, where all of them are known.
ALL_TABLES = metadata
TENANT_TABLES = tuple(table for table in metadata.tables.values() if table.name not in SHARED_TABLES)
