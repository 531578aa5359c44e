"""Whether reading stays quick as a company grows: ``make bench-scale``.

Loads one PostgreSQL with a company of 10,000 orders, one of 1,000,000 and 48 small ones, and asks both the same through
GraphQL over HTTP, in process, in turn. Prints median and 95th percentile for each, and the ratio of the lower quartiles, which
the machine's other work disturbs least; the goal is at most 2. Orders have one line each, to keep disk and time in hand. ``--keep FOLDER`` leaves the data for the next run.
"""

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import httpx2
import orjson

import migrations
from bench.scale_data import FIELDS, load
from bench.scale_works import CURSOR, SAMPLE, Work, works
from server.app import create_app
from server.embedded import Embedded, Services
from server.settings import Settings, app_database_url
from tenants.callers import Callers
from tenants.companies import NewCompany, create_company
from tenants.config import change_sets
from tenants.database import Database
from tenants.people import member_by_email
from tenants.sign_in.sessions import open_session
from tenants.transaction import begin

GOAL = 2.0
# Answers that are not counted: plans and caches are made for them, and PostgreSQL settles on a plan after five.
WARMING = 6
MOST_SECONDS = 6.0


class Refused(Exception):
    """An answer with errors; the first one's message."""


COMPANIES = 50
SETTINGS = {"fsync": "off", "max_wal_size": "8GB", "shared_buffers": "1GB"}


@dataclass(frozen=True)
class Asked:
    """What a company is asked with: its client, its token, and the work's variables by name."""

    http: httpx2.AsyncClient
    token: str

    async def ask(self, document: str, variables: Mapping[str, Any]) -> tuple[float, dict[str, Any]]:
        """The milliseconds that the answer took, and the answer. Raises :class:`Refused` for one with errors."""
        body = orjson.dumps({"query": document, "variables": variables})
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self.token}"}
        begun = time.perf_counter()
        response = await self.http.post("/graphql", content=body, headers=headers)
        taken = (time.perf_counter() - begun) * 1000
        answer: dict[str, Any] = orjson.loads(response.content)
        if "errors" in answer:
            raise Refused(answer["errors"][0]["message"])
        return taken, answer["data"]

    async def variables(self, work: Work) -> dict[str, Any]:
        """The work's variables, with a cursor a hundred rows before the end for a deep page."""
        found = dict(work.variables)
        if work.deep:
            _, data = await self.ask(CURSOR, {name: found[name] for name in ("by", "where") if name in found})
            found["after"] = data["orders"]["edges"][0]["cursor"]
        return found


def _percentile(times: list[float], share: float) -> float:
    ordered = sorted(times)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


async def _found(services: Services, sizes: Mapping[str, int]) -> dict[str, UUID]:
    """Found the companies and fill them."""
    app_url = app_database_url(services.database_url)
    migrations.upgrade(services.database_url, app_password=urlsplit(app_url).password)
    database = await Database.open(app_url)
    tenants = {}
    for name in sizes:
        company = NewCompany(name, name, f"{name}@example.com", name, "bench-password", template="minimal")
        tenants[name] = await create_company(database, company)
        caller = await Callers(database).by_token(await _token(database, name), fresh=True)
        async with begin(database, caller) as tx:
            bodies = {f"order.{key}": {"label": {"en": key}, **body} for key, body in FIELDS.items()}
            await change_sets.apply(tx, [change_sets.define(tx.config, "field", *body) for body in bodies.items()])
    await database.close()
    await asyncio.to_thread(load, services.superuser_url, {tenants[name]: size for name, size in sizes.items()})
    return tenants


async def _token(database: Database, slug: str) -> str:
    async with database.connection() as connection:
        row = await (
            await connection.execute("SELECT id FROM tenants WHERE slug = %(slug)s", {"slug": slug})
        ).fetchone()
    assert row is not None
    session = await open_session(database, row["id"], await member_by_email(database, row["id"], None))
    return session.token


async def _measure(small: Asked, large: Asked, work: tuple[Work, Work], rounds: int) -> tuple[list[float], list[float]]:
    """Times at both sizes, in turn."""
    sides = [(side, one.document, await side.variables(one)) for side, one in zip((small, large), work, strict=True)]
    times: tuple[list[float], list[float]] = ([], [])
    spent = 0.0
    for _ in range(rounds + WARMING):
        for (side, document, variables), found in zip(sides, times, strict=True):
            taken, _ = await side.ask(document, variables)
            spent += taken / 1000
            found.append(taken)
        if spent > MOST_SECONDS:
            break
    for found in times:
        # What is slow even when warm is shown by few answers as well.
        del found[: min(WARMING, len(found) - 1)]
    return times


async def _run(services: Services, only: str, rounds: int) -> int:
    """Print the table; the number of works over the goal."""
    url = app_database_url(services.database_url)
    settings = Settings.model_validate(
        {
            "database_url": services.database_url,
            "app_database_url": url,
            "redis_url": services.redis_url,
            # What is measured is the database, not how much of it a company may use.
            "operation_cost": 10**9,
            "company_cost_rate": 10**9,
            "company_cost_burst": 10**12,
        }
    )
    database = await Database.open(url, size=2)
    tokens = [await _token(database, name) for name in ("small", "large")]
    await database.close()
    app = create_app(settings)
    over = 0
    print(f"{'work':44} {'10k p50':>9} {'p95':>9} {'1M p50':>9} {'p95':>9} {'ratio':>6}   (ms)")
    async with app.router.lifespan_context(app):
        transport = httpx2.ASGITransport(app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://orderloom.test") as http:
            small, large = (Asked(http, token) for token in tokens)
            samples = [(await side.ask(SAMPLE, {}))[1]["orders"]["nodes"] for side in (small, large)]
            lists = [list(works(_complete(nodes))) for nodes in samples]
            for pair in zip(*lists, strict=True):
                if only not in pair[0].name:
                    continue
                try:
                    over += _print_row(pair[0], *await _measure(small, large, pair, rounds))
                except Refused as refused:
                    over += pair[0].held
                    print(f"{pair[0].name:44} {refused}", flush=True)
    return over


def _complete(nodes: list[dict[str, Any]]) -> dict[str, Any]:
    """The first order that has a value everywhere."""
    return next(node for node in nodes if node["externalId"] and all(node["custom"].values()))


def _print_row(work: Work, small: list[float], large: list[float]) -> bool:
    halves = [statistics.median(times) for times in (small, large)]
    tails = [_percentile(times, 0.95) for times in (small, large)]
    ratio = _percentile(large, 0.25) / _percentile(small, 0.25)
    is_over = work.held and ratio > GOAL
    mark = "over" if is_over else "" if work.held else "not held"
    print(
        f"{work.name:44} {halves[0]:9.2f} {tails[0]:9.2f} {halves[1]:9.2f} {tails[1]:9.2f} {ratio:6.2f} {mark}",
        flush=True,
    )
    return is_over


async def _main(keep: Path | None, only: str, rounds: int, orders: int) -> None:
    with tempfile.TemporaryDirectory(prefix="orderloom-scale-") as fresh:
        folder = keep or Path(fresh)
        folder.mkdir(parents=True, exist_ok=True)
        marker = folder / "loaded"
        with Embedded(folder / "data", extra_settings=SETTINGS) as embedded:
            if not marker.exists():
                begun = time.perf_counter()
                small = {f"other{place}": 200 for place in range(COMPANIES - 2)}
                await _found(embedded.services, {"small": orders // 100, "large": orders, **small})
                marker.touch()
                print(f"{orders} orders with one line each loaded in {time.perf_counter() - begun:.0f} s")
            over = await _run(embedded.services, only, rounds)
    print(f"{over} over the goal of {GOAL:g} times" if over else f"All within {GOAL:g} times.")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keep", type=Path, help="a folder for the data, used again by the next run")
    parser.add_argument("--only", default="", help="only works whose name holds this")
    parser.add_argument("--rounds", type=int, default=25)
    parser.add_argument("--orders", type=int, default=1_000_000)
    given = parser.parse_args()
    asyncio.run(_main(given.keep, given.only, given.rounds, given.orders))
