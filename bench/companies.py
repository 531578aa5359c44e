"""The data of the works on configuration: companies with many own fields, and very many companies that say the same.

Each kind has a database of its own in the same PostgreSQL, so that the other works are measured without it. All rows are written by
PostgreSQL itself, as the save path would leave them.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb

import migrations
from bench.data import Tenant
from bench.scale_data import index_rows
from server.embedded import Services
from server.embedded.postgres import EXTENSIONS
from server.settings import app_database_url
from tenants.callers import Callers, token_hash
from tenants.companies import NewCompany, create_company
from tenants.config import change_sets
from tenants.database import Database
from tenants.people import member_by_email
from tenants.sign_in.sessions import open_session
from tenants.transaction import begin, new_id

KINDS = ("decimal", "text", "date", "integer", "date_time")
FIELDS = 50
# The own fields that say the same as a built-in column: an amount, a text and a moment.
AMOUNT, CODE, DUE = "f0", "f1", "f4"
ORDERS_EACH = 20
DATABASE = "bench_{}"

# %(custom)s maps the key of each own field to its kind.
_CUSTOMERS = """
INSERT INTO customers (tenant_id, id, kind, name, search_text, created_at, updated_at)
SELECT t.id, gen_random_uuid(), 'company', 'Customer ' || n, 'customer ' || n, now(), now()
FROM unnest(%(tenants)s::uuid[]) t(id), generate_series(1, %(customers)s) n
"""
_ORDERS = """
INSERT INTO orders (tenant_id, id, number, status, customer_id, currency, channel, priority, tags, ordered_at, promised_at,
                    subtotal, discount_total, tax_total, total, search_text, created_at, updated_at, custom)
SELECT t.id, gen_random_uuid(), 'B-' || lpad(n::text, 7, '0'), 'draft', c.id, 'EUR', 'web', 'normal', ARRAY['bench'], moment,
       moment + h %% 900 * interval '1 hour', amount, 0.00, 0.00, amount, 'b-' || lpad(n::text, 7, '0'), moment, moment,
       coalesce((SELECT jsonb_object_agg(key, CASE
           WHEN key = 'f0' THEN to_jsonb(amount::text)
           WHEN key = 'f1' THEN to_jsonb('B-' || lpad(n::text, 7, '0'))
           WHEN key = 'f4' THEN to_jsonb(to_char(moment + h %% 900 * interval '1 hour', 'YYYY-MM-DD"T"HH24:MI:SS"+00:00"'))
           WHEN kind = 'decimal' THEN to_jsonb((h %% 100000 / 100.0)::numeric(10, 2)::text)
           WHEN kind = 'date' THEN to_jsonb((date '2024-01-01' + (h %% 900)::integer)::text)
           WHEN kind = 'integer' THEN to_jsonb(h %% 1000)
           WHEN kind = 'date_time' THEN to_jsonb(to_char(moment, 'YYYY-MM-DD"T"HH24:MI:SS"+00:00"'))
           ELSE to_jsonb('text ' || h) END) FROM jsonb_each_text(%(custom)s) AS own(key, kind)), '{}')
FROM unnest(%(tenants)s::uuid[]) t(id)
CROSS JOIN (SELECT n, hashint4(n)::bigint & 2147483647 AS h FROM generate_series(1, %(orders)s) n) n
CROSS JOIN LATERAL (SELECT timestamptz '2020-01-01' + n * interval '3 minutes' AS moment,
                           (h %% 500000 / 100.0)::numeric(9, 2) AS amount) v
JOIN (SELECT tenant_id, id, row_number() OVER (PARTITION BY tenant_id ORDER BY id) AS place FROM customers
      WHERE tenant_id = ANY(%(tenants)s)) c ON c.tenant_id = t.id AND c.place = 1 + h %% %(customers)s
"""
_LINES = """
INSERT INTO order_lines (tenant_id, id, order_id, position, name, currency, quantity, unit_price, discount_rate, discount_amount,
                         tax_rate, tax_amount, net_amount, total)
SELECT o.tenant_id, gen_random_uuid(), o.id, step, 'Line ' || step, 'EUR', 1, 10.00, 0, 0.00, 0, 0.00, 10.00, 10.00
FROM orders o, generate_series(1, %(lines)s) step WHERE o.tenant_id = ANY(%(tenants)s)
"""
# Companies that are what the first one is.
_TENANTS = """
INSERT INTO tenants (id, slug, name, language, time_zone, currency, config_version, created_at)
SELECT n.id, n.slug, n.slug, t.language, t.time_zone, t.currency, t.config_version, now()
FROM jsonb_to_recordset(%(more)s) AS n(id uuid, slug text), tenants t WHERE t.id = %(first)s
"""
_MEMBERS = """
INSERT INTO members (tenant_id, id, user_id, name, email, roles, created_at, updated_at)
SELECT n.id, n.member, m.user_id, m.name, m.email, m.roles, now(), now()
FROM jsonb_to_recordset(%(more)s) AS n(id uuid, member uuid), members m WHERE m.tenant_id = %(first)s
"""
_SESSIONS = """
INSERT INTO sessions (token_hash, tenant_id, member_id, created_at, expires_at)
SELECT decode(n.hash, 'hex'), n.id, n.member, now(), now() + interval '1 day'
FROM jsonb_to_recordset(%(more)s) AS n(id uuid, member uuid, hash text)
"""
_DEFINITIONS = """
INSERT INTO definitions (tenant_id, kind, key, body)
SELECT n.id, d.kind, d.key, d.body FROM jsonb_to_recordset(%(more)s) AS n(id uuid), definitions d WHERE d.tenant_id = %(first)s
"""
_OWN_DEFINITIONS = """
INSERT INTO definitions (tenant_id, kind, key, body)
SELECT n.id, 'field', 'order.' || f.key, f.value FROM jsonb_to_recordset(%(more)s) AS n(id uuid, fields jsonb),
     LATERAL jsonb_each(n.fields) f
"""


@dataclass(frozen=True)
class Founded:
    """A database with companies: where it is, and who they are."""

    services: Services
    tenants: tuple[Tenant, ...]


def database(services: Services, name: str) -> Services:
    """A fresh database beside the others, with its tables."""
    name = DATABASE.format(name)
    with psycopg.connect(services.superuser_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} OWNER {urlsplit(services.database_url).username}".encode())
    found = replace(
        services,
        database_url=_elsewhere(services.database_url, name),
        superuser_url=_elsewhere(services.superuser_url, name),
    )
    with psycopg.connect(found.superuser_url, autocommit=True) as connection:
        for extension in EXTENSIONS:
            connection.execute(f"CREATE EXTENSION {extension}".encode())
    migrations.upgrade(found.database_url, app_password=urlsplit(app_database_url(found.database_url)).password)
    return found


def _elsewhere(url: str, name: str) -> str:
    return urlsplit(url)._replace(path=f"/{name}").geturl()


async def first_company(services: Services, slug: str, fields: Mapping[str, Mapping[str, Any]]) -> Tenant:
    """Found a company as an operator would, and give it its own fields of orders."""
    opened = await Database.open(app_database_url(services.database_url))
    try:
        tenant_id = await create_company(
            opened, NewCompany(slug, slug, f"{slug}@example.com", "Bench", "bench-password")
        )
        member = await member_by_email(opened, tenant_id, None)
        token = (await open_session(opened, tenant_id, member)).token
        if fields:
            async with begin(opened, await Callers(opened).by_token(token)) as tx:
                changes = [change_sets.define(tx.config, "field", f"order.{key}", body) for key, body in fields.items()]
                await change_sets.apply(tx, changes)
    finally:
        await opened.close()
    return Tenant(tenant_id, member, token, tuple(fields))


def own_fields(indexed: int, count: int = FIELDS, prefix: str = "f") -> dict[str, dict[str, Any]]:
    """So many own fields of several kinds, the first of them indexed."""
    return {
        f"{prefix}{place}": {
            "label": {"en": f"Field {prefix}{place}"},
            "type": KINDS[place % len(KINDS)],
            "indexed": place < indexed,
        }
        for place in range(count)
    }


async def with_fields(services: Services, sizes: Mapping[int, int]) -> Founded:
    """Companies with :data:`FIELDS` own fields each, and so many orders by how many of the fields are indexed."""
    found = database(services, "fields")
    tenants = []
    for indexed, orders in sizes.items():
        fields = own_fields(indexed)
        tenant = await first_company(found, f"indexed-{indexed}", fields)
        with _loading(found) as connection:
            _fill(connection, [tenant.id], {key: body["type"] for key, body in fields.items()}, orders, orders // 5)
            index_rows(connection, tenant.id, fields)
        tenants.append(tenant)
    _settle(found)
    return Founded(found, tuple(tenants))


async def with_own_fields(services: Services, name: str, count: int, orders: int) -> Founded:
    """A company with so many orders and so many own fields, none of which is indexed."""
    found = database(services, name)
    fields = own_fields(0, count)
    tenant = await first_company(found, name, fields)
    with _loading(found) as connection:
        _fill(connection, [tenant.id], {key: body["type"] for key, body in fields.items()}, orders, orders // 5, 1)
    _settle(found)
    return Founded(found, (tenant,))


async def unmarked(services: Services, orders: int) -> tuple[Services, Tenant]:
    """A company with so many orders and a few own fields, none of which is indexed."""
    found = database(services, "unmarked")
    fields = own_fields(0, len(KINDS))
    tenant = await first_company(found, "unmarked", fields)
    with _loading(found) as connection:
        _fill(
            connection, [tenant.id], {key: body["type"] for key, body in fields.items()}, orders, orders // 5, lines=1
        )
    _settle(found)
    return found, tenant


async def many(services: Services, name: str, count: int, orders: int = ORDERS_EACH, own: int = 0) -> Founded:
    """Companies that are all alike, with so many orders each; with ``own``, each has so many fields that no other has."""
    found = database(services, name)
    first = await first_company(found, f"{name}-0", own_fields(0, own, "first_"))
    more = [Tenant(new_id(), new_id(), "ol_" + secrets.token_urlsafe(32), ()) for _ in range(count - 1)]
    rows = [
        {
            "id": str(tenant.id),
            "member": str(tenant.member),
            "slug": f"{name}-{place}",
            "hash": token_hash(tenant.token).hex(),
            "fields": own_fields(0, own, f"own_{place}_"),
        }
        for place, tenant in enumerate(more, 1)
    ]
    with _loading(found) as connection:
        others = f"{_DEFINITIONS} AND d.kind <> 'field'" if own else _DEFINITIONS
        for statement in (_TENANTS, _MEMBERS, _SESSIONS, others, *([_OWN_DEFINITIONS] if own else ())):
            connection.execute(statement, {"more": Jsonb(rows), "first": first.id})
        _fill(connection, [first.id, *(tenant.id for tenant in more)], {}, orders, 2)
    _settle(found)
    return Founded(found, (first, *more))


def _loading(services: Services) -> psycopg.Connection[Any]:
    """A connection whose rows are consistent by construction: checking each foreign key would take most of the time."""
    connection = psycopg.connect(services.superuser_url)
    connection.execute("SET session_replication_role = replica")
    return connection


def _fill(
    connection: psycopg.Connection[Any],
    tenants: Sequence[UUID],
    custom: Mapping[str, str],
    orders: int,
    customers: int,
    lines: int = 3,
) -> None:
    scope = {
        "tenants": list(tenants),
        "custom": Jsonb(dict(custom)),
        "orders": orders,
        "customers": customers,
        "lines": lines,
    }
    for statement in (_CUSTOMERS, _ORDERS, _LINES):
        connection.execute(statement, scope)
    connection.commit()


def _settle(services: Services) -> None:
    with psycopg.connect(services.superuser_url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
        connection.execute("CHECKPOINT")
