"""Run the benchmark: ``python -m bench.run [--quick]``.

Starts an embedded PostgreSQL and Redis of its own, loads one tenant, serves it by the product and by the bare route (one
process each), and measures both in turn, several rounds; prints medians and the product's share of the limit.
"""

import argparse
import asyncio
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import orjson

import migrations
from bench.data import load
from bench.load import Round, ask, measure, request_bytes
from schema.execution import House, Operation, execute
from server.embedded import Embedded, Services
from server.settings import app_database_url
from tenants.callers import Callers
from tenants.companies import NewCompany, create_company
from tenants.database import Caller, Database
from tenants.people import member_by_email, open_session

READ = """query Newest($first: Int) { orders(first: $first) { nodes {
  id number status { key label } channel priority orderedAt total { amount currency } tags
  customer { id name } lines(first: 3) { nodes { sku name quantity total { amount } } } } } }"""
CREATE = """mutation Take($input: CreateOrderInput!) { createOrder(input: $input) {
  __typename ... on OrderPayload { order { id number } } ... on Problem { message } } }"""
ORDER = {"lines": [{"name": "Line", "unitPrice": "10.00", "taxRate": "0.19"}] * 3, "channel": "web"}


@dataclass(frozen=True)
class Bench:
    """What is being measured: ports, the token, and the prepared requests."""

    services: Services
    tenant_id: UUID
    token: str
    sql: str
    parameters: dict[str, Any]


class _Listening(Database):
    """Hands a statement over instead of running it."""

    heard: tuple[str, dict[str, Any]]

    async def read(self, caller: Caller, sql: str, parameters: Any) -> bytes | None:
        self.heard = (sql, dict(parameters))
        return await super().read(caller, sql, parameters)


async def _prepare(services: Services, orders: int, customers: int) -> Bench:
    owner_url = services.database_url
    app_url = app_database_url(owner_url)
    migrations.upgrade(owner_url, app_password=urlsplit(app_url).password)
    database = await Database.open(app_url)
    company = NewCompany("bench", "Bench", "bench@example.com", "Bench", "bench-password", template="minimal")
    tenant_id = await create_company(database, company)
    await asyncio.to_thread(load, services.superuser_url, tenant_id, orders=orders, customers=customers)
    session = await open_session(database, tenant_id, await member_by_email(database, tenant_id, None))
    listening = _Listening(database.pool, database.aside)
    house = House(listening, Callers(listening))
    operation = Operation(READ, None, {"first": 50})
    answer = await execute(house, operation, token=session.token, language="en", request_id="bench")
    assert answer.code is None, answer.body
    sql, parameters = listening.heard
    await database.close()
    return Bench(services, tenant_id, session.token, sql, {name: _plain(value) for name, value in parameters.items()})


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, UUID) else value


def _serve(bench: Bench, port: int, bare_port: int) -> list[subprocess.Popen[bytes]]:
    environment = {
        **os.environ,
        "APP_DATABASE_URL": app_database_url(bench.services.database_url),
        "DATABASE_URL": bench.services.database_url,
        "REDIS_URL": bench.services.redis_url,
        "PORT": str(port),
        "LOG_LEVEL": "WARNING",
    }
    task = {
        "url": bench.services.superuser_url,
        "sql": bench.sql,
        "parameters": bench.parameters,
        "tenant": str(bench.tenant_id),
        "changes": json.dumps([{"field": "lines", "old": None, "new": ORDER["lines"]}]),
    }
    bare = [sys.executable, "-m", "uvicorn", "bench.bare:app", "--port", str(bare_port), "--log-level", "warning"]
    bare += ["--no-access-log", "--loop", "uvloop", "--http", "httptools"]
    return [
        subprocess.Popen([sys.executable, "-m", "server.cli", "serve"], env=environment),
        subprocess.Popen(bare, env={**environment, "BARE": json.dumps(task)}),
    ]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def _wait(port: int) -> None:
    for _ in range(200):
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            return
        except OSError:
            await asyncio.sleep(0.1)
    raise SystemExit(f"nothing answers on port {port}")


async def _compare(bench: Bench, port: int, bare_port: int, *, rounds: int, seconds: float, connections: int) -> None:
    read = orjson.dumps({"query": READ, "variables": {"first": 50}})
    create = orjson.dumps({"query": CREATE, "variables": {"input": ORDER}})
    works = {
        "newest 50 orders, customer, 3 lines each": ("/read", read, b'"number"'),
        "create an order with 3 lines": ("/create", create, b'"number"'),
    }
    product_read = orjson.loads(await ask(port, request_bytes(port, "/graphql", read, bench.token)))
    bare_read = orjson.loads(await ask(bare_port, request_bytes(bare_port, "/read", b"{}")))
    if product_read["data"]["orders"] != bare_read:
        raise SystemExit("the two servers do not answer the same")
    print(f"\n{connections} connections, {rounds} rounds of {seconds:g} s each in turn; medians of the rounds\n")
    print(f"{'work':42} {'product/s':>10} {'limit/s':>9} {'share':>6} {'p50 ms':>14} {'p99 ms':>14} {'errors':>6}")
    for name, (path, body, marker) in works.items():
        product, bare = request_bytes(port, "/graphql", body, bench.token), request_bytes(bare_port, path, b"{}")
        ours, limits = [], []
        for place in range(rounds + 1):
            one = await measure(port, product, connections=connections, seconds=seconds, marker=marker)
            two = await measure(bare_port, bare, connections=connections, seconds=seconds, marker=marker)
            # The first round warms caches, plans and prepared statements.
            if place:
                ours.append(one)
                limits.append(two)
        _print_row(name, ours, limits)


def _print_row(name: str, ours: list[Round], limits: list[Round]) -> None:
    share = statistics.median(one.rate / two.rate for one, two in zip(ours, limits, strict=True))
    rates = [statistics.median(one.rate for one in side) for side in (ours, limits)]
    halves = [statistics.median(one.percentile(0.5) for one in side) for side in (ours, limits)]
    tails = [statistics.median(one.percentile(0.99) for one in side) for side in (ours, limits)]
    errors = sum(one.errors for one in (*ours, *limits))
    middle, tail = (f"{pair[0]:.1f} / {pair[1]:.1f}" for pair in (halves, tails))
    print(f"{name:42} {rates[0]:10.0f} {rates[1]:9.0f} {share:6.2f} {middle:>14} {tail:>14} {errors:6}")


async def _main(quick: bool) -> None:
    orders, customers = (10_000, 2_000) if quick else (100_000, 20_000)
    rounds, seconds = (3, 2.0) if quick else (5, 4.0)
    # fsync stays on: a create that need not reach the disk would measure nothing.
    with tempfile.TemporaryDirectory(prefix="orderloom-bench-") as folder, Embedded(Path(folder) / "data") as embedded:
        begun = time.perf_counter()
        bench = await _prepare(embedded.services, orders, customers)
        print(f"{orders} orders with {orders * 3} lines loaded in {time.perf_counter() - begun:.1f} s")
        port, bare_port = _free_port(), _free_port()
        children = _serve(bench, port, bare_port)
        try:
            await _wait(port)
            await _wait(bare_port)
            await _compare(bench, port, bare_port, rounds=rounds, seconds=seconds, connections=8)
        finally:
            for child in children:
                child.terminate()
            for child in children:
                child.wait(timeout=20)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the data and shorter rounds")
    asyncio.run(_main(parser.parse_args().quick))
