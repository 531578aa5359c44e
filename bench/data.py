"""An order book of any size, made by PostgreSQL itself in seconds."""

from uuid import UUID

import psycopg

_CUSTOMERS = """
INSERT INTO customers (tenant_id, id, kind, name, search_text, created_at, updated_at)
SELECT %(tenant)s, gen_random_uuid(), 'company', 'Customer ' || n, 'customer ' || n, moment, moment
FROM generate_series(1, %(customers)s) n, LATERAL (SELECT timestamptz '2026-01-01' + n * interval '1 second' AS moment) m
"""
_PRODUCTS = """
INSERT INTO products (tenant_id, id, sku, name, price, currency, tax_rate, search_text, created_at, updated_at)
SELECT %(tenant)s, gen_random_uuid(), 'P-' || n, 'Product ' || n, 10 + n %% 90, 'EUR', 0.19, 'p-' || n, now(), now()
FROM generate_series(1, 1000) n
"""
_ORDERS = """
INSERT INTO orders (tenant_id, id, number, status, customer_id, currency, channel, priority, ordered_at, subtotal,
                    discount_total, tax_total, total, search_text, created_at, updated_at, custom)
SELECT %(tenant)s, gen_random_uuid(), 'B-' || lpad(n::text, 7, '0'),
       (ARRAY['draft', 'confirmed', 'shipped', 'completed'])[1 + n %% 4], c.id, 'EUR', 'web', 'normal', moment, 30.00, 0.00,
       5.70, 35.70, 'b-' || n, moment, moment, '{}'
FROM generate_series(1, %(orders)s) n
JOIN (SELECT id, row_number() OVER (ORDER BY created_at) AS place FROM customers WHERE tenant_id = %(tenant)s) c
  ON c.place = 1 + n %% %(customers)s,
LATERAL (SELECT timestamptz '2026-01-01' + n * interval '1 minute' AS moment) m
"""
_LINES = """
INSERT INTO order_lines (tenant_id, id, order_id, position, product_id, sku, name, currency, quantity, unit_price,
                         discount_rate, discount_amount, tax_rate, tax_amount, net_amount, total)
SELECT %(tenant)s, gen_random_uuid(), o.id, step, p.id, p.sku, p.name, 'EUR', 1, 10.00, 0, 0.00, 0.19, 1.90, 10.00, 11.90
FROM (SELECT id, row_number() OVER () AS place FROM orders WHERE tenant_id = %(tenant)s) o
CROSS JOIN generate_series(1, 3) step
JOIN (SELECT id, sku, name, row_number() OVER () AS row FROM products WHERE tenant_id = %(tenant)s) p
  ON p.row = 1 + (o.place * 3 + step) %% 1000
"""


def load(owner_url: str, tenant_id: UUID, *, orders: int, customers: int) -> None:
    """Fill a tenant with products, customers and orders of three lines each, past the save path: only reads look at them."""
    scope = {"tenant": tenant_id, "orders": orders, "customers": customers}
    with psycopg.connect(owner_url) as connection:
        connection.execute("SELECT set_config('app.tenant_id', %s, false)", [str(tenant_id)])
        # The rows are consistent by construction; checking each foreign key would take most of the time.
        connection.execute("SET session_replication_role = replica")
        for statement in (_CUSTOMERS, _PRODUCTS, _ORDERS, _LINES):
            connection.execute(statement, scope)
        connection.commit()
        connection.autocommit = True
        connection.execute("VACUUM ANALYZE")
