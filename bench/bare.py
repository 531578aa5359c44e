"""The limit: a bare Starlette route that runs given SQL through psycopg and returns the JSON, and does nothing else.

No token, no tenant, no rights, no GraphQL, no row security (it connects as a superuser): what the machine could do at best.
Run with ``BARE`` in the environment: JSON of the URL, the read's SQL and parameters, and the tenant.
"""

import json
import os
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import orjson
from psycopg import AsyncConnection
from psycopg.abc import Buffer
from psycopg.adapt import Loader
from psycopg_pool import AsyncConnectionPool
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

TASK: dict[str, Any] = json.loads(os.environ["BARE"])
POOL: AsyncConnectionPool[AsyncConnection[Any]] = AsyncConnectionPool(
    TASK["url"], kwargs={"autocommit": True, "prepare_threshold": 2}, min_size=1, max_size=8, open=False
)


class _Raw(Loader):
    def load(self, data: Buffer) -> bytes:
        return bytes(data)


@asynccontextmanager
async def _lifespan(_app: Starlette) -> AsyncIterator[None]:
    await POOL.open()
    yield
    await POOL.close()


async def read(_request: Request) -> Response:
    """The read's statement, once per request."""
    async with POOL.connection() as connection:
        connection.adapters.register_loader("json", _Raw)
        cursor = await connection.execute(TASK["sql"], TASK["parameters"])
        row = await cursor.fetchone()
    assert row is not None
    return Response(row[0], media_type="application/json")


_NUMBER = """
INSERT INTO counters (tenant_id, key, value) VALUES (%(tenant)s, 'bare', 1)
ON CONFLICT (tenant_id, key) DO UPDATE SET value = counters.value + 1 RETURNING value
"""
_ORDER = """
INSERT INTO orders (tenant_id, id, number, status, currency, ordered_at, subtotal, discount_total, tax_total, total,
                    search_text, created_at, updated_at, version)
VALUES (%(tenant)s, %(id)s, %(number)s, 'draft', 'EUR', now(), 30, 0, 5.7, 35.7, %(number)s, now(), now(), 1)
"""
_LINES = """
INSERT INTO order_lines (tenant_id, id, order_id, position, name, currency, quantity, unit_price, discount_rate,
                         discount_amount, tax_rate, tax_amount, net_amount, total)
SELECT %(tenant)s, gen_random_uuid(), %(id)s, place, 'Line', 'EUR', 1, 10, 0, 0, 0.19, 1.9, 10, 11.9
FROM generate_series(1, 3) place
"""
_EVENT = """
INSERT INTO events (tenant_id, id, kind, record_type, record_id, record_version, at, actor_kind, actor_name, changes, hash)
VALUES (%(tenant)s, gen_random_uuid(), 'created', 'order', %(id)s, 1, now(), 'member', 'Bare', %(changes)s, sha256(''))
"""


async def create(_request: Request) -> Response:
    """The rows that an order with three lines leaves: number, order, lines, history."""
    order_id = uuid.uuid4()
    scope: dict[str, Any] = {"tenant": TASK["tenant"], "id": order_id, "changes": TASK["changes"]}
    async with POOL.connection() as connection, connection.pipeline():
        counted = await (await connection.execute(_NUMBER, scope)).fetchone()
        assert counted is not None
        scope["number"] = f"BARE-{counted[0]:07}"
        await connection.execute("BEGIN")
        for statement in (_ORDER, _LINES, _EVENT):
            await connection.execute(statement, scope)
        await connection.execute("COMMIT")
    body = orjson.dumps({"data": {"createOrder": {"order": {"id": str(order_id), "number": scope["number"]}}}})
    return Response(body, media_type="application/json")


app = Starlette(
    routes=[Route("/read", read, methods=["POST"]), Route("/create", create, methods=["POST"])], lifespan=_lifespan
)
