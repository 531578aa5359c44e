"""The order books of the scale runs, made by PostgreSQL itself: one line per order, values spread as in real books."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import psycopg

from tenants.field_types import field_type
from tenants.field_values.kinds import index_table
from tenants.models.field_values import value_tables

# Fields of the company's own, all but the last one indexed: definitions by key.
FIELDS: dict[str, dict[str, Any]] = {
    "score": {"type": "decimal", "indexed": True},
    "installDate": {"type": "date", "indexed": True},
    "reference": {"type": "text", "indexed": True},
    "segment": {
        "type": "select",
        "options": [{"key": key, "label": {"en": key.title()}} for key in ("gold", "silver", "bronze")],
        "indexed": True,
    },
    "remark": {"type": "text"},
}
# hashint4 spreads the row numbers, the same in every run.
_SPREAD = "(hashint4(n)::bigint & 2147483647)"
_MEMBERS = """
INSERT INTO users (id, email, name, password_hash, created_at)
SELECT gen_random_uuid(), 'm' || n || '@' || %(tenant)s || '.example', 'Member ' || n, '!', now()
FROM generate_series(1, 20) n
"""
_JOINED = """
INSERT INTO members (tenant_id, id, user_id, name, email, roles, language, created_at, updated_at)
SELECT %(tenant)s, gen_random_uuid(), id, name, email, '{member}', 'en', now(), now()
FROM users WHERE email LIKE '%%@' || %(tenant)s || '.example'
"""
_CUSTOMERS = f"""
INSERT INTO customers (tenant_id, id, kind, name, external_id, search_text, created_at, updated_at)
SELECT %(tenant)s, gen_random_uuid(), 'company', name, 'C' || n, ' ' || lower(name) || ' ' || phone, moment, moment
FROM generate_series(1, %(customers)s) n,
LATERAL (SELECT (ARRAY['Nordwind','Sunrise','Golden Gate','Alpen','Blue River','Harbour','Kranich','Lotus'])[1 + {_SPREAD} %% 8]
                || ' ' || (ARRAY['Trading','Logistics','Foods','Textil','Machines'])[1 + {_SPREAD} / 8 %% 5] || ' ' || n AS name,
                '86138' || lpad(({_SPREAD} %% 100000000)::text, 8, '0') AS phone,
                timestamptz '2020-01-01' + n * interval '9 minutes' AS moment) m
"""
_PRODUCTS = """
INSERT INTO products (tenant_id, id, sku, name, price, currency, tax_rate, search_text, created_at, updated_at)
SELECT %(tenant)s, gen_random_uuid(), 'P-' || n, 'Product ' || n, 10 + n %% 90, 'EUR', 0.19, ' p-' || n || ' product ' || n,
       now(), now()
FROM generate_series(1, 1000) n
"""
_ORDERS = f"""
INSERT INTO orders (tenant_id, id, number, external_id, status, customer_id, owner_id, currency, channel, priority, ordered_at,
                    promised_at, subtotal, discount_total, tax_total, total, search_text, created_at, updated_at,
                    voided_at, void_reason, custom)
SELECT %(tenant)s, gen_random_uuid(), 'B-' || lpad(n::text, 7, '0'), CASE WHEN n %% 2 = 0 THEN 'X' || {_SPREAD} || '-' || n END,
       CASE WHEN h %% 50 = 7 THEN 'void' ELSE (ARRAY['draft','confirmed','completed','completed','completed'])[1 + h %% 5] END,
       c.id, m.id, 'EUR', (ARRAY['phone','web','web','web','shop'])[1 + h / 11 %% 5],
       (ARRAY['normal','normal','normal','low','high','urgent'])[1 + h / 5 %% 6], moment,
       CASE WHEN h %% 10 < 7 THEN moment + (h %% 3000) * interval '1 hour' END,
       amount, 0.00, round(amount * 0.19, 2), round(amount * 1.19, 2),
       ' b-' || lpad(n::text, 7, '0') || ' product ' || 1 + n %% 1000 || ' p-' || 1 + n %% 1000, moment,
       moment + (h %% 500) * interval '1 hour', CASE WHEN h %% 50 = 7 THEN moment END, CASE WHEN h %% 50 = 7 THEN 'mistake' END,
       jsonb_strip_nulls(jsonb_build_object(
         'score', CASE WHEN h %% 8 > 0 THEN (h %% 100000 / 100.0)::numeric(9,2)::text END,
         'installDate', CASE WHEN h %% 8 > 1 THEN (date '2024-01-01' + (h %% 900)::integer)::text END,
         'reference', CASE WHEN h %% 8 > 2 THEN 'R' || h END,
         'segment', (ARRAY['gold','silver','bronze'])[1 + h %% 3], 'remark', 'remark ' || h))
FROM (SELECT n, {_SPREAD} AS h FROM generate_series(1, %(orders)s) n) n
CROSS JOIN LATERAL (SELECT timestamptz '2020-01-01' + n * interval '3 minutes' AS moment, (h %% 500000 / 100.0)::numeric(9,2) AS amount) v
JOIN (SELECT id, row_number() OVER (ORDER BY created_at, id) AS place FROM customers WHERE tenant_id = %(tenant)s) c
  ON c.place = 1 + h %% %(customers)s
JOIN (SELECT id, row_number() OVER (ORDER BY email) AS place FROM members WHERE tenant_id = %(tenant)s AND email LIKE 'm%%') m
  ON m.place = 1 + h %% 20
ORDER BY n
"""
_LINES = """
INSERT INTO order_lines (tenant_id, id, order_id, position, product_id, sku, name, currency, quantity, unit_price,
                         discount_rate, discount_amount, tax_rate, tax_amount, net_amount, total)
SELECT %(tenant)s, gen_random_uuid(), o.id, 1, p.id, p.sku, p.name, 'EUR', 1, o.subtotal, 0, 0.00, 0.19, o.tax_total,
       o.subtotal, o.total
FROM (SELECT id, subtotal, tax_total, total, 1 + right(number, 7)::integer % 1000 AS place
      FROM orders WHERE tenant_id = %(tenant)s) o
JOIN (SELECT id, sku, name, substr(sku, 3)::integer AS place FROM products WHERE tenant_id = %(tenant)s) p USING (place)
""".replace("% 1000", "%% 1000")
# What search looks through; without the spellings by which it forgives slips.
_SEARCHED = """
INSERT INTO search_texts (tenant_id, id, record_type, text)
SELECT tenant_id, id, 'order', search_text FROM orders WHERE tenant_id = %(tenant)s
UNION ALL SELECT tenant_id, id, 'customer', search_text FROM customers WHERE tenant_id = %(tenant)s
"""
_TABLES = ("customers", "products", "orders", "order_lines", "search_texts", *value_tables)


def load(superuser_url: str, sizes: Mapping[UUID, int]) -> None:
    """Fill tenants, which have :data:`FIELDS`, with so many orders each, past the save path: only reads look at them."""
    with psycopg.connect(superuser_url, autocommit=True, cursor_factory=psycopg.ClientCursor) as connection:
        # The rows are consistent by construction; checking each foreign key would take most of the time.
        for setting in (
            "session_replication_role = replica",
            "maintenance_work_mem = '1GB'",
            "synchronous_commit = off",
        ):
            connection.execute(f"SET {setting}")
        with _without_indexes(connection):
            for tenant, orders in sizes.items():
                scope = {"tenant": str(tenant), "orders": orders, "customers": max(orders // 5, 10)}
                for statement in (_MEMBERS, _JOINED, _CUSTOMERS, _PRODUCTS, _ORDERS, _LINES, _SEARCHED):
                    connection.execute(statement, scope)
                index_rows(connection, tenant, FIELDS)
        connection.execute("VACUUM ANALYZE")


@contextmanager
def _without_indexes(connection: psycopg.Connection[Any]) -> Iterator[None]:
    """Indexes that no constraint needs are taken away and built anew afterwards, which is quicker than keeping them."""
    found = connection.execute(
        "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index WHERE NOT indisunique"
        " AND indrelid = ANY(%s::regclass[])",
        [list(_TABLES)],
    ).fetchall()
    for name, _ in found:
        connection.execute(f"DROP INDEX {name}")
    yield
    for _, definition in found:
        connection.execute(definition)


def index_rows(connection: psycopg.Connection[Any], tenant: UUID, fields: Mapping[str, Mapping[str, Any]]) -> None:
    """The index rows of these fields of orders, as the save path keeps them."""
    for key, body in fields.items():
        kind = field_type(body["type"])
        table = index_table("order", kind)
        if body.get("indexed") and table:
            value = kind.indexed_sql(kind.stored_sql("o.custom", key))
            connection.execute(
                f"INSERT INTO {table} (tenant_id, record_id, field, value)"
                f" SELECT o.tenant_id, o.id, '{key}', {value} FROM orders o WHERE o.tenant_id = %(tenant)s",
                {"tenant": str(tenant)},
            )
