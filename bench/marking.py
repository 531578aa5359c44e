"""What it does to writes that a field is marked as indexed on very many orders: ``make bench-marking``.

Loads a company with 500,000 orders, marks one of its own fields as an administrator would, lets a worker and a clock build the index, and
changes orders all the while, through GraphQL over HTTP. Prints how long the building took and how it told of itself, and how long writes
took before it and meanwhile, with the longest of all.
"""

import argparse
import asyncio
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import psycopg

from bench import companies, indexing
from bench.configured import UPDATE
from bench.data import Tenant
from bench.servers import Server, start_product
from server.embedded import Embedded, Services

ORDERS, WRITERS = 500_000, 2
KEY = "f0"
USUAL_SECONDS = 5.0
MOST_SECONDS = 3_600.0
PAUSE = 0.02
_IDS = "SELECT id::text FROM orders WHERE tenant_id = %s ORDER BY number LIMIT 5000"
_PROGRESS = "SELECT state, total, done FROM field_indexes WHERE tenant_id = %s AND field = %s"
_ROWS = "SELECT count(*) FROM order_numbers WHERE tenant_id = %s AND field = %s"
_UNLIKE = """
SELECT count(*) FROM orders o WHERE o.tenant_id = %s AND NOT EXISTS (
  SELECT 1 FROM order_numbers v WHERE v.tenant_id = o.tenant_id AND v.record_id = o.id AND v.field = %s)
"""


@dataclass
class Writer:
    """Changes the marked field of one order after the other, and notes how long each change took, in seconds."""

    server: Server
    tenant: Tenant
    orders: Sequence[str]
    times: list[float] = field(default_factory=list)
    wrong: str = ""
    ended: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        for number in range(1_000_000):
            if self.ended.is_set():
                return
            given = {"id": self.orders[number % len(self.orders)], "custom": {KEY: f"{number % 1000}.25"}}
            begun = time.perf_counter()
            answer = self.server.ask(
                "", orjson.dumps({"query": UPDATE, "variables": {"input": given}}), self.tenant.token
            )
            self.times.append(time.perf_counter() - begun)
            if "order" not in (answer.get("data") or {}).get("updateOrder", {}):
                self.wrong = str(answer)[:300]
                return
            # Writers that never paused would measure how long they wait for each other.
            time.sleep(PAUSE)


def _said(times: Sequence[float]) -> str:
    ordered = [1000 * one for one in sorted(times)]
    at = [ordered[int(len(ordered) * share)] for share in (0.5, 0.99)]
    return (
        f"{len(ordered)} writes: median {at[0]:.0f} ms, 99 of 100 within {at[1]:.0f} ms, longest {ordered[-1]:.0f} ms"
    )


def _measure(services: Services, folder: Path, orders: int) -> None:
    founded, tenant = asyncio.run(companies.unmarked(services, orders))
    with ExitStack() as stack:
        connection = stack.enter_context(psycopg.connect(founded.superuser_url, autocommit=True))
        server = start_product(founded, folder)
        stack.callback(server.end)
        ids = [row[0] for row in connection.execute(_IDS, [tenant.id]).fetchall()]
        writers = [Writer(server, tenant, ids[place::WRITERS]) for place in range(WRITERS)]
        threads = [threading.Thread(target=writer.run, daemon=True) for writer in writers]
        for thread in threads:
            thread.start()
        # How long a write takes while nothing is marked is what the rest is measured against.
        time.sleep(USUAL_SECONDS)
        usual = [time_ for writer in writers for time_ in writer.times[5:]]
        before = [len(writer.times) for writer in writers]
        begun = time.perf_counter()
        with indexing.workers(founded, folder):
            asyncio.run(indexing.mark(founded, tenant, [KEY]))
            told = _watch(connection, tenant)
        taken = time.perf_counter() - begun
        for writer, thread in zip(writers, threads, strict=True):
            writer.ended.set()
            thread.join()
        meanwhile = [time_ for writer, count in zip(writers, before, strict=True) for time_ in writer.times[count:]]
        (rows,), (missing,) = (connection.execute(sql, [tenant.id, KEY]).fetchone() or (0,) for sql in (_ROWS, _UNLIKE))
    print(f"{orders} orders: the index was complete after {taken:.0f} s, with {rows} rows; {missing} orders have none")
    print(f"told of its progress: {', '.join(told)}")
    print(f"before:    {_said(usual)}")
    print(f"meanwhile: {_said(meanwhile)}")
    for writer in writers:
        if writer.wrong:
            print(f"A WRITE WAS REFUSED: {writer.wrong}")


def _watch(connection: psycopg.Connection[Any], tenant: Tenant) -> list[str]:
    """Follow the building to its end; what it told, ten times at most. Raises ServerError where it does not end."""
    told: list[str] = []

    def is_ready() -> bool:
        state, total, done = connection.execute(_PROGRESS, [tenant.id, f"order.{KEY}"]).fetchone() or ("", 0, 0)
        share = f"{state} {100 * done // max(total, 1)} %"
        if share not in told:
            told.append(share)
        return bool(state == "ready")

    indexing.wait_for(is_ready, MOST_SECONDS)
    return [*told[:: len(told) // 10 + 1], told[-1]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--orders", type=int, default=ORDERS)
    given = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="orderloom-marking-") as folder,
        Embedded(Path(folder) / "data") as embedded,
    ):
        _measure(embedded.services, Path(folder), given.orders)


if __name__ == "__main__":
    main()
