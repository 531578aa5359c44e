"""The limit: bare Starlette routes that run one SQL statement through psycopg, return its JSON, and do nothing else.

No token, no tenant, no rights, no GraphQL, no row security (it connects as a superuser): what the machine could do at best.
The environment's ``BARE`` says what to do: JSON of the database's URL, the reads by path, and for whom the writes are made.
"""

import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from decimal import Decimal
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
from uuid_utils.compat import uuid7

from bench import statements

TASK: dict[str, Any] = json.loads(os.environ["BARE"])
CENT = Decimal("0.01")


class _Raw(Loader):
    def load(self, data: Buffer) -> bytes:
        return bytes(data)


async def _configure(connection: AsyncConnection[Any]) -> None:
    # Each statement answers with one column, the JSON, as functions of JSON or as text.
    connection.adapters.register_loader("json", _Raw)
    connection.adapters.register_loader("text", _Raw)


POOL: AsyncConnectionPool[AsyncConnection[Any]] = AsyncConnectionPool(
    TASK["url"],
    kwargs={"autocommit": True, "prepare_threshold": 0},
    min_size=1,
    max_size=10,
    configure=_configure,
    open=False,
)


@asynccontextmanager
async def _lifespan(_app: Starlette) -> AsyncIterator[None]:
    await POOL.open()
    yield
    await POOL.close()


def _answer(field: bytes, json_text: bytes) -> Response:
    return Response(b'{"data":{"%s":%s}}' % (field, json_text), media_type="application/json")


def read(field: str, sql: str) -> Any:
    """A route for one statement, whose parameters are the request's body."""
    name = field.encode()

    async def route(request: Request) -> Response:
        parameters = orjson.loads(await request.body())
        async with POOL.connection() as connection:
            row = await (await connection.execute(sql, parameters)).fetchone()
        assert row is not None
        return _answer(name, row[0])

    return route


CREATE = statements.CREATE.replace(":tenant", f"'{TASK['tenant']}'")
CHANGE = statements.CHANGE.replace(":tenant", f"'{TASK['tenant']}'")
NUMBER = statements.NUMBER.replace(":tenant", f"'{TASK['tenant']}'")


async def create(request: Request) -> Response:
    """An order with its lines, its history and its number, in two transactions as in the product, so that orders do not wait
    for one another's number. Two round trips: one pipeline of both costs psycopg more than the second round trip."""
    parameters = _order(orjson.loads(await request.body()))
    year = parameters["now"].year
    async with POOL.connection() as connection:
        await connection.execute(NUMBER, {"key": f"order:SO-{year}-#", "prefix": f"SO-{year}-"})
        row = await (await connection.execute(CREATE, parameters)).fetchone()
    assert row is not None
    return _answer(b"createOrder", row[0])


def _order(given: dict[str, Any]) -> dict[str, Any]:
    """The values of an order's rows, from a request's body."""
    order_id, now = str(uuid7()), datetime.now(UTC)
    lines = [_line(order_id, place, line) for place, line in enumerate(given["lines"], 1)]
    net, tax = sum(line["net_amount"] for line in lines), sum(line["tax_amount"] for line in lines)
    values = {
        "id": order_id,
        "now": now,
        "customer": given["customerId"],
        "member": TASK["member"],
        "actor": TASK["actor"],
        "subtotal": net,
        "discount_total": Decimal("0.00"),
        "tax_total": tax,
        "total": net + tax,
        "names": " ".join(line["name"].lower() for line in lines),
    }
    return {
        **values,
        "event": str(uuid7()),
        "lines": orjson.dumps(lines, default=str).decode(),
        "changes": orjson.dumps(_changes(values, lines), default=str).decode(),
    }


def _line(order_id: str, place: int, given: dict[str, Any]) -> dict[str, Any]:
    quantity, price, rate = Decimal(given["quantity"]), Decimal(given["unitPrice"]), Decimal(given["taxRate"])
    net = (quantity * price).quantize(CENT)
    tax = (net * rate).quantize(CENT)
    return {
        "id": str(uuid7()),
        "order_id": order_id,
        "position": place,
        "name": given["name"],
        "currency": "EUR",
        "quantity": quantity,
        "unit_price": price,
        "discount_rate": 0,
        "discount_amount": "0.00",
        "tax_rate": rate,
        "tax_amount": tax,
        "net_amount": net,
        "total": net + tax,
    }


def _changes(values: dict[str, Any], lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The history's words for a new order; the number is added where it is known."""
    fields = {
        "status": "draft",
        "currency": "EUR",
        "priority": "normal",
        "orderedAt": values["now"],
        "ownerId": values["member"],
        "customerId": values["customer"],
        "subtotal": values["subtotal"],
        "discountTotal": values["discount_total"],
        "taxTotal": values["tax_total"],
        "total": values["total"],
    }
    changes: list[dict[str, Any]] = [{"field": name, "old": None, "new": value} for name, value in fields.items()]
    for line in lines:
        shown = {
            "id": line["id"],
            "position": line["position"],
            "name": line["name"],
            "currency": line["currency"],
            "quantity": line["quantity"],
            "unitPrice": line["unit_price"],
            "discountRate": "0",
            "discountAmount": "0.00",
            "taxRate": line["tax_rate"],
            "taxAmount": line["tax_amount"],
            "netAmount": line["net_amount"],
            "total": line["total"],
        }
        changes.append({"field": "lines", "old": None, "new": shown})
    return changes


async def change_status(request: Request) -> Response:
    """The order's new status and its history entry, in one statement."""
    given = orjson.loads(await request.body())
    parameters = {**given, "event": str(uuid7()), "member": TASK["member"], "actor": TASK["actor"]}
    async with POOL.connection() as connection:
        row = await (await connection.execute(CHANGE, parameters)).fetchone()
    assert row is not None
    return _answer(b"changeOrderStatus", row[0])


app = Starlette(
    routes=[
        *(
            Route(f"/{name}", read(task["field"], task["sql"]), methods=["POST"])
            for name, task in TASK["reads"].items()
        ),
        Route("/W5", create, methods=["POST"]),
        Route("/W6", change_status, methods=["POST"]),
    ],
    lifespan=_lifespan,
)
