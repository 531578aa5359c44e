"""The data that is measured on: one large company and many small ones, each shaped by fields of its own.

The large company is founded by the product's own commands; the small ones, and all records, are written by PostgreSQL itself in
seconds, as rows that the save path would leave (a record's first history entry included).
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb

import migrations
from server.embedded import Services
from server.settings import app_database_url
from tenants.callers import Callers, token_hash
from tenants.companies import NewCompany, create_company
from tenants.config import change_sets
from tenants.database import Database
from tenants.people import member_by_email
from tenants.sign_in.sessions import open_session
from tenants.transaction import begin, new_id

SMALL_TENANTS = 199
# The name of every company's owner.
ACTOR = "Bench"
# The two fields that works filter and sort by, and two more with the same values, to be marked as indexed.
SCORE, INSTALLED = "score", "install_date"
INDEXED_SCORE, INDEXED_INSTALLED = "indexed_score", "indexed_install_date"


@dataclass(frozen=True)
class Size:
    """How much is loaded; every order has three lines."""

    orders: int
    customers: int
    small_orders: int
    small_customers: int = 20


FULL = Size(orders=100_000, customers=20_000, small_orders=300)
QUICK = Size(orders=10_000, customers=2_000, small_orders=60)


@dataclass(frozen=True)
class Tenant:
    """One company: its id, its owner and a session of theirs, and the keys of its own fields of orders."""

    id: UUID
    member: UUID
    token: str
    fields: tuple[str, ...]


@dataclass(frozen=True)
class Loaded:
    """Everything that was loaded."""

    large: Tenant
    small: tuple[Tenant, ...]


_CUSTOMERS = """
INSERT INTO customers (tenant_id, id, kind, name, search_text, created_at, updated_at)
SELECT %(tenant)s, gen_random_uuid(), 'company', 'Customer ' || n, 'customer ' || n, moment, moment
FROM generate_series(1, %(customers)s) n, LATERAL (SELECT timestamptz '2026-01-01' + n * interval '1 second' AS moment) m
"""
_PRODUCTS = """
INSERT INTO products (tenant_id, id, sku, name, price, currency, tax_rate, search_text, created_at, updated_at)
SELECT %(tenant)s, gen_random_uuid(), 'P-' || n, 'Product ' || n, 10 + n %% 90, 'EUR', 0.19, 'p-' || n || ' product ' || n,
       now(), now()
FROM generate_series(1, %(products)s) n
"""
# %(custom)s maps the key of each own field to its kind.
_ORDERS = """
INSERT INTO orders (tenant_id, id, number, status, customer_id, currency, channel, priority, owner_id, tags, ordered_at,
                    subtotal, discount_total, tax_total, total, search_text, created_at, updated_at, custom)
SELECT %(tenant)s, gen_random_uuid(), 'B-' || lpad(n::text, 7, '0'),
       (ARRAY['draft', 'confirmed', 'shipped', 'completed'])[1 + n %% 4], c.id, 'EUR', 'web',
       (ARRAY['normal', 'high', 'low'])[1 + n %% 3], %(member)s, ARRAY['bench'], moment,
       30.00, 0.00, 5.70, 35.70, 'b-' || lpad(n::text, 7, '0'), moment, moment,
       (SELECT jsonb_object_agg(key, CASE kind
                 WHEN 'decimal' THEN to_jsonb(((n * 7919::bigint %% 100000) / 100.0)::numeric(10, 2)::text)
                 WHEN 'date' THEN to_jsonb((date '2026-01-01' + n * 31 %% 365)::text)
                 WHEN 'integer' THEN to_jsonb(n %% 100)
                 ELSE to_jsonb('text ' || n) END)
        FROM jsonb_each_text(%(custom)s) AS own(key, kind))
FROM generate_series(1, %(orders)s) n
JOIN (SELECT id, row_number() OVER (ORDER BY created_at) AS place FROM customers WHERE tenant_id = %(tenant)s) c
  ON c.place = 1 + n %% %(customers)s,
LATERAL (SELECT timestamptz '2026-01-01' + n * interval '1 minute' AS moment) m
"""
_LINES = """
INSERT INTO order_lines (tenant_id, id, order_id, position, product_id, sku, name, currency, quantity, unit_price,
                         discount_rate, discount_amount, tax_rate, tax_amount, net_amount, total)
SELECT %(tenant)s, gen_random_uuid(), o.id, step, p.id, p.sku, p.name, 'EUR', 1, 10.00, 0, 0.00, 0.19, 1.90, 10.00, 11.90
FROM (SELECT id, row_number() OVER (ORDER BY ordered_at) AS place FROM orders WHERE tenant_id = %(tenant)s) o
CROSS JOIN generate_series(1, 3) step
JOIN (SELECT id, sku, name, row_number() OVER (ORDER BY sku) AS row FROM products WHERE tenant_id = %(tenant)s) p
  ON p.row = 1 + (o.place * 3 + step) %% %(products)s
"""
_EVENTS = """
INSERT INTO events (tenant_id, id, kind, record_type, record_id, record_version, at, actor_kind, actor_id, actor_name,
                    changes, hash)
SELECT %(tenant)s, gen_random_uuid(), 'created', 'order', o.id, 1, o.created_at, 'member', %(member)s, 'Bench', c.changes,
       sha256(convert_to(c.changes::text, 'UTF8'))
FROM orders o, LATERAL (SELECT jsonb_build_array(jsonb_build_object('field', 'number', 'old', NULL, 'new', o.number),
                                                 jsonb_build_object('field', 'total', 'old', NULL, 'new', o.total::text))
                        AS changes) c
WHERE o.tenant_id = %(tenant)s
"""
_TEXTS = """
INSERT INTO search_texts (tenant_id, id, record_type, text)
SELECT tenant_id, id, 'customer', search_text FROM customers WHERE tenant_id = %(tenant)s
UNION ALL SELECT tenant_id, id, 'product', search_text FROM products WHERE tenant_id = %(tenant)s
UNION ALL SELECT tenant_id, id, 'order', search_text FROM orders WHERE tenant_id = %(tenant)s
"""
# A small company is a copy of the large one's, with fields of its own.
_SMALL_TENANTS = """
INSERT INTO tenants (id, slug, name, language, time_zone, currency, config_version, created_at)
SELECT n.id, n.slug, n.slug, t.language, t.time_zone, t.currency, 1, now()
FROM jsonb_to_recordset(%(small)s) AS n(id uuid, slug text), tenants t WHERE t.id = %(tenant)s
"""
_SMALL_MEMBERS = """
INSERT INTO members (tenant_id, id, user_id, name, email, roles, created_at, updated_at)
SELECT n.id, n.member, m.user_id, m.name, m.email, m.roles, now(), now()
FROM jsonb_to_recordset(%(small)s) AS n(id uuid, member uuid), members m WHERE m.tenant_id = %(tenant)s
"""
_SMALL_SESSIONS = """
INSERT INTO sessions (token_hash, tenant_id, member_id, created_at, expires_at)
SELECT decode(n.hash, 'hex'), n.id, n.member, now(), now() + interval '1 day'
FROM jsonb_to_recordset(%(small)s) AS n(id uuid, member uuid, hash text)
"""
_SMALL_DEFINITIONS = """
INSERT INTO definitions (tenant_id, kind, key, body)
SELECT n.id, d.kind, d.key, d.body FROM jsonb_to_recordset(%(small)s) AS n(id uuid), definitions d
WHERE d.tenant_id = %(tenant)s AND d.kind <> 'field'
UNION ALL
SELECT n.id, 'field', 'order.' || f.key, f.value FROM jsonb_to_recordset(%(small)s) AS n(id uuid, fields jsonb),
     LATERAL jsonb_each(n.fields) f
"""


async def load(services: Services, size: Size) -> Loaded:
    """Make the tables, found the companies and fill them. Raises what PostgreSQL raises."""
    app_url = app_database_url(services.database_url)
    migrations.upgrade(services.database_url, app_password=urlsplit(app_url).password)
    database = await Database.open(app_url)
    try:
        return await _load(services, database, size)
    finally:
        await database.close()


async def _load(services: Services, database: Database, size: Size) -> Loaded:
    company = NewCompany("bench", "Bench", "bench@example.com", ACTOR, "bench-password")
    tenant_id = await create_company(database, company)
    member = await member_by_email(database, tenant_id, None)
    session = await open_session(database, tenant_id, member)
    fields = await _shape(database, session.token)
    with psycopg.connect(services.superuser_url) as connection:
        # The rows are consistent by construction; checking each foreign key would take most of the time.
        connection.execute("SET session_replication_role = replica")
        _fill(connection, tenant_id, member, fields, orders=size.orders, customers=size.customers, products=1_000)
        small = _small_tenants(connection, tenant_id)
        for tenant, own in small:
            own_fields = {key: body["type"] for key, body in own.items()}
            _fill(
                connection, tenant.id, tenant.member, own_fields,
                orders=size.small_orders, customers=size.small_customers, products=20,
            )  # fmt: skip
    with psycopg.connect(services.superuser_url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
        connection.execute("CHECKPOINT")
    return Loaded(Tenant(tenant_id, member, session.token, tuple(fields)), tuple(tenant for tenant, _ in small))


async def _shape(database: Database, token: str) -> dict[str, str]:
    """Give the large company its own fields and a life cycle with a way back; returns the fields' types by key."""
    fields = {SCORE: "decimal", INSTALLED: "date", INDEXED_SCORE: "decimal", INDEXED_INSTALLED: "date"}
    async with begin(database, await Callers(database).by_token(token)) as tx:
        reopen = {"label": {"en": "Reopen"}, "sources": ["confirmed"], "target": "draft"}
        changes = [change_sets.define(tx.config, "transition", "reopen", reopen)]
        for key, kind in fields.items():
            body = {"label": {"en": key}, "type": kind}
            changes.append(change_sets.define(tx.config, "field", f"order.{key}", body))
        await change_sets.apply(tx, changes)
    return fields


def _fill(
    connection: psycopg.Connection, tenant_id: UUID, member: UUID, fields: Mapping[str, str], **counts: int
) -> None:
    connection.execute("SELECT set_config('app.tenant_id', %s, false)", [str(tenant_id)])
    scope = {"tenant": tenant_id, "member": member, "custom": Jsonb(dict(fields)), **counts}
    for statement in (_CUSTOMERS, _PRODUCTS, _ORDERS, _LINES, _EVENTS, _TEXTS):
        connection.execute(statement, scope)
    connection.commit()


def _small_tenants(
    connection: psycopg.Connection, large: UUID
) -> Sequence[tuple[Tenant, Mapping[str, Mapping[str, Any]]]]:
    """Found the small companies: each with the definitions of its fields by key."""
    found, rows = [], []
    for number in range(SMALL_TENANTS):
        tenant_id, member, token = new_id(), new_id(), "ol_" + secrets.token_urlsafe(32)
        own = _own_fields(number)
        found.append((Tenant(tenant_id, member, token, tuple(own)), own))
        rows.append(
            {
                "id": str(tenant_id),
                "member": str(member),
                "slug": f"small-{number}",
                "hash": token_hash(token).hex(),
                "fields": own,
            }
        )
    for statement in (_SMALL_TENANTS, _SMALL_MEMBERS, _SMALL_SESSIONS, _SMALL_DEFINITIONS):
        connection.execute(statement, {"small": Jsonb(rows), "tenant": large})
    connection.commit()
    return found


def _own_fields(number: int) -> dict[str, dict[str, Any]]:
    """Four fields that no other company has, of other kinds from company to company."""
    kinds = ("decimal", "date", "integer", "text")
    keys = [f"field_{number}_{letter}" for letter in "abcd"]
    return {
        key: {"label": {"en": f"Field {key}"}, "type": kinds[(number + place) % len(kinds)]}
        for place, key in enumerate(keys)
    }
