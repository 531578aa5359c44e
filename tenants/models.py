"""The tables, as SQLAlchemy Core describes them: the single source of columns, keys and indexes.

Alembic compares them with the database; the run-time SQL names the same columns. Two kinds of table exist:

* tenant tables (:func:`tenant_table`): ``tenant_id`` leads the primary key, every unique key and every foreign key, and
  row security is forced on them;
* the four tables of :data:`SHARED_TABLES`, which must be readable before the tenant of a call is known.
"""

from typing import Any

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, UUID
from sqlalchemy.types import BigInteger

metadata = MetaData(
    naming_convention={
        "pk": "%(table_name)s_pkey",
        "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "ix": "%(table_name)s_%(column_0_N_name)s_idx",
        "ck": "%(table_name)s_%(constraint_name)s_check",
    }
)

SHARED_TABLES = {
    "tenants": "found by slug at sign-in; its policies let a tenant change only its own row",
    "users": "one person may belong to several tenants, and signs in before one is chosen",
    "sessions": "a token names its tenant; only the SHA-256 of the token is kept",
    "jobs": "the relay drains the work of all tenants in one statement; rows hold ids and times only",
}


def _uuid(name: str, *args: Any, nullable: bool = False) -> Column[Any]:
    return Column(name, UUID(as_uuid=True), *args, nullable=nullable)


def _text(name: str, *, nullable: bool = False, default: str | None = None) -> Column[Any]:
    return Column(name, Text, nullable=nullable, server_default=default)


def _time(name: str, *, nullable: bool = False) -> Column[Any]:
    return Column(name, DateTime(timezone=True), nullable=nullable)


def _number(name: str, *, nullable: bool = False) -> Column[Any]:
    return Column(name, Numeric, nullable=nullable)


def _flag(name: str, default: bool) -> Column[Any]:
    return Column(name, Boolean, nullable=False, server_default=text(str(default).lower()))


def _count(name: str, default: int = 0, *, nullable: bool = False) -> Column[Any]:
    return Column(name, Integer, nullable=nullable, server_default=text(str(default)))


def _json(name: str, default: str | None = "{}", *, nullable: bool = False) -> Column[Any]:
    server_default = None if default is None else text(f"'{default}'::jsonb")
    return Column(name, JSONB, nullable=nullable, server_default=server_default)


def _texts(name: str) -> Column[Any]:
    return Column(name, ARRAY(Text), nullable=False, server_default=text("'{}'::text[]"))


def tenant_table(name: str, *parts: Any, key: tuple[str, ...] = ("id",)) -> Table:
    """A table that row security guards: adds ``tenant_id``, ``id`` where it is the key, and the composite primary key."""
    identity = [_uuid("id")] if key == ("id",) else []
    return Table(
        name,
        metadata,
        _uuid("tenant_id", ForeignKey("tenants.id", ondelete="CASCADE")),
        *identity,
        *parts,
        PrimaryKeyConstraint("tenant_id", *key),
    )


def belongs_to(table: str, column: str, *, ondelete: str | None = None) -> ForeignKeyConstraint:
    """A foreign key that cannot point into another tenant: PostgreSQL checks foreign keys past row security."""
    return ForeignKeyConstraint(["tenant_id", column], [f"{table}.tenant_id", f"{table}.id"], ondelete=ondelete)


def unique(*columns: str) -> UniqueConstraint:
    return UniqueConstraint("tenant_id", *columns)


tenants = Table(
    "tenants",
    metadata,
    _uuid("id"),
    _text("slug"),
    _text("name"),
    _text("language", default="en"),
    _text("time_zone", default="UTC"),
    _text("currency", default="EUR"),
    Column("config_version", BigInteger, nullable=False, server_default=text("0")),
    _time("created_at"),
    PrimaryKeyConstraint("id"),
    UniqueConstraint("slug"),
)

users = Table(
    "users",
    metadata,
    _uuid("id"),
    _text("email"),
    _text("password_hash"),
    _text("name"),
    _time("created_at"),
    PrimaryKeyConstraint("id"),
    UniqueConstraint("email"),
)

sessions = Table(
    "sessions",
    metadata,
    Column("token_hash", LargeBinary, nullable=False),
    _uuid("tenant_id", ForeignKey("tenants.id", ondelete="CASCADE")),
    _uuid("member_id"),
    _time("created_at"),
    _time("expires_at"),
    _time("revoked_at", nullable=True),
    PrimaryKeyConstraint("token_hash"),
    ForeignKeyConstraint(["tenant_id", "member_id"], ["members.tenant_id", "members.id"], ondelete="CASCADE"),
)

jobs = Table(
    "jobs",
    metadata,
    _uuid("id"),
    _uuid("tenant_id", ForeignKey("tenants.id", ondelete="CASCADE")),
    _text("kind"),
    _uuid("subject_id"),
    _time("due_at"),
    _count("attempts"),
    _time("parked_at", nullable=True),
    PrimaryKeyConstraint("id"),
    Index("jobs_due_idx", "due_at", postgresql_where=text("parked_at IS NULL")),
)

definitions = tenant_table(
    "definitions",
    _text("kind"),
    _text("key"),
    _json("body"),
    key=("kind", "key"),
)

change_sets = tenant_table(
    "change_sets",
    Column("version", BigInteger, nullable=False),
    _text("author_kind"),
    _uuid("author_id", nullable=True),
    _text("author_name"),
    _text("comment", default=""),
    _json("changes", "[]"),
    _time("created_at"),
    unique("version"),
)

members = tenant_table(
    "members",
    _uuid("user_id", ForeignKey("users.id")),
    _count("version", 1),
    _text("name"),
    _text("email"),
    _texts("roles"),
    _text("language", default="en"),
    _flag("active", True),
    _time("created_at"),
    _time("updated_at"),
    unique("user_id"),
    # Sign-in asks for all memberships of one user before a tenant is chosen.
    Index("members_user_id_idx", "user_id"),
)

customers = tenant_table(
    "customers",
    _count("version", 1),
    _text("kind"),
    _text("name"),
    _uuid("company_id", nullable=True),
    _uuid("owner_id", nullable=True),
    _text("external_id", nullable=True),
    _text("notes", default=""),
    _texts("tags"),
    _json("custom"),
    _text("search_text", default=""),
    _time("created_at"),
    _time("updated_at"),
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
        text("search_text gin_trgm_ops"),
        postgresql_using="gin",
    ),
)

contact_points = tenant_table(
    "contact_points",
    _uuid("customer_id"),
    _text("kind"),
    _text("label", default=""),
    _text("value"),
    _count("position"),
    CheckConstraint("kind IN ('phone', 'email')", name="kind"),
    belongs_to("customers", "customer_id", ondelete="CASCADE"),
    Index("contact_points_customer_id_idx", "tenant_id", "customer_id", "position"),
)

ADDRESS_PARTS = ("recipient", "phone", "line1", "line2", "district", "city", "region", "postal_code", "country")

addresses = tenant_table(
    "addresses",
    _uuid("customer_id"),
    _text("kind", default="delivery"),
    _text("label", default=""),
    *(_text(part, default="") for part in ADDRESS_PARTS),
    _count("position"),
    CheckConstraint("kind IN ('delivery', 'billing', 'other')", name="kind"),
    belongs_to("customers", "customer_id", ondelete="CASCADE"),
    Index("addresses_customer_id_idx", "tenant_id", "customer_id", "position"),
)

products = tenant_table(
    "products",
    _count("version", 1),
    _text("sku"),
    _text("name"),
    _text("specification", default=""),
    _text("unit", default=""),
    _number("price", nullable=True),
    _text("currency"),
    _number("tax_rate"),
    _flag("active", True),
    _text("external_id", nullable=True),
    _json("custom"),
    _text("search_text", default=""),
    _time("created_at"),
    _time("updated_at"),
    unique("sku"),
    unique("external_id"),
    Index("products_name_idx", "tenant_id", "name", "id"),
    Index("products_created_at_idx", "tenant_id", "created_at", "id"),
    Index("products_search_idx", "tenant_id", text("search_text gin_trgm_ops"), postgresql_using="gin"),
)

orders = tenant_table(
    "orders",
    _count("version", 1),
    _text("number"),
    _text("external_id", nullable=True),
    _text("status"),
    _uuid("customer_id", nullable=True),
    _text("currency"),
    _text("channel", default=""),
    _text("priority", default="normal"),
    _uuid("owner_id", nullable=True),
    _texts("tags"),
    _text("notes", default=""),
    _json("shipping_address", None, nullable=True),
    _time("ordered_at"),
    _time("promised_at", nullable=True),
    _number("subtotal"),
    _number("discount_total"),
    _number("tax_total"),
    _number("total"),
    _time("voided_at", nullable=True),
    _uuid("voided_by_id", nullable=True),
    _text("void_reason", nullable=True),
    _text("void_note", nullable=True),
    _json("custom"),
    _text("search_text", default=""),
    _time("created_at"),
    _time("updated_at"),
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
    Index("orders_search_idx", "tenant_id", text("search_text gin_trgm_ops"), postgresql_using="gin"),
)

order_lines = tenant_table(
    "order_lines",
    _uuid("order_id"),
    _count("position"),
    _uuid("product_id", nullable=True),
    _text("sku", default=""),
    _text("name"),
    _text("specification", default=""),
    _text("unit", default=""),
    _text("currency"),
    _number("quantity"),
    _number("unit_price"),
    _number("discount_rate"),
    _number("discount_amount"),
    _number("tax_rate"),
    _number("tax_amount"),
    _number("net_amount"),
    _number("total"),
    _text("external_id", nullable=True),
    belongs_to("orders", "order_id", ondelete="CASCADE"),
    belongs_to("products", "product_id"),
    unique("order_id", "external_id"),
    Index("order_lines_order_id_idx", "tenant_id", "order_id", "position"),
    Index("order_lines_product_id_idx", "tenant_id", "product_id"),
)

events = tenant_table(
    "events",
    _text("kind"),
    _text("record_type"),
    _uuid("record_id"),
    _count("record_version"),
    _time("at"),
    _text("actor_kind"),
    _uuid("actor_id", nullable=True),
    _text("actor_name"),
    _uuid("cause_id", nullable=True),
    _count("depth"),
    _json("changes", "[]"),
    _text("note", nullable=True),
    Column("hash", LargeBinary, nullable=False),
    unique("record_type", "record_id", "record_version"),
)

counters = tenant_table("counters", _text("key"), Column("value", BigInteger, nullable=False), key=("key",))

idempotency_keys = tenant_table(
    "idempotency_keys",
    _uuid("actor_id"),
    _text("key"),
    Column("request_hash", LargeBinary, nullable=False),
    _json("result", None, nullable=True),
    _time("created_at"),
    key=("actor_id", "key"),
)

automation_runs = tenant_table(
    "automation_runs",
    _text("automation"),
    _uuid("event_id"),
    _text("record_type"),
    _uuid("record_id"),
    _text("status"),
    _json("steps", "[]"),
    _text("message", default=""),
    _count("attempts"),
    _time("created_at"),
    _time("finished_at", nullable=True),
    CheckConstraint("status IN ('pending', 'succeeded', 'failed', 'stopped', 'parked')", name="status"),
    belongs_to("events", "event_id"),
    unique("event_id", "automation"),
    Index("automation_runs_created_at_idx", "tenant_id", "created_at", "id"),
    Index("automation_runs_record_id_idx", "tenant_id", "record_id"),
)

notifications = tenant_table(
    "notifications",
    _uuid("member_id"),
    _text("text"),
    _text("record_type", nullable=True),
    _uuid("record_id", nullable=True),
    _uuid("run_id", nullable=True),
    _time("created_at"),
    _time("read_at", nullable=True),
    belongs_to("members", "member_id", ondelete="CASCADE"),
    belongs_to("automation_runs", "run_id"),
    Index("notifications_member_id_idx", "tenant_id", "member_id", "created_at", "id"),
)

deliveries = tenant_table(
    "deliveries",
    _text("channel"),
    _text("recipient"),
    _text("subject", default=""),
    _text("body", default=""),
    _text("status"),
    _count("attempts"),
    _text("last_error", default=""),
    _uuid("run_id", nullable=True),
    _time("created_at"),
    _time("sent_at", nullable=True),
    CheckConstraint("status IN ('pending', 'sent', 'failed')", name="status"),
    belongs_to("automation_runs", "run_id"),
    Index("deliveries_created_at_idx", "tenant_id", "created_at", "id"),
)

TENANT_TABLES = tuple(table for table in metadata.tables.values() if table.name not in SHARED_TABLES)
