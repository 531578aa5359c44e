"""Run the benchmark: ``python -m bench.run [--quick] [--only W1,W5] [--works-alone] [--no-postgraphile] [--json FILE]``.

Starts an embedded PostgreSQL and Redis of its own, loads the companies, checks that all servers answer the same, measures them
in turn, and prints rates, latencies, memory and shares beside the goals.
"""

import argparse
import asyncio
import contextlib
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from bench import access, configured, data, indexing, report
from bench.checks import Differs, check
from bench.load import LoadError, require_wrk
from bench.npm import AbsentError
from bench.rounds import CONNECTIONS, Measuring
from bench.servers import LIMIT, PRODUCT, Postgres, Server, ServerError, start_limit, start_product, start_rival
from bench.spellings import fastest
from bench.works import INDEXED, Asks, Work, indexed_work, works
from server.embedded import Embedded, Services


@dataclass(frozen=True)
class Plan:
    """How much is measured: seconds are those of one run of wrk, ``warm_seconds`` those before all companies are timed."""

    size: data.Size
    rounds: int
    few_rounds: int
    seconds: int
    warm_seconds: int
    companies: int


FULL = Plan(data.FULL, rounds=5, few_rounds=3, seconds=3, warm_seconds=25, companies=10_000)
QUICK = Plan(data.QUICK, rounds=3, few_rounds=1, seconds=1, warm_seconds=6, companies=1_000)


def say(text: str) -> None:
    """Tell the person who waits how far it is; the report alone goes to standard output."""
    print(text, file=sys.stderr, flush=True)


@dataclass
class Bench:
    """The running services, what was loaded into them, and the servers by name."""

    plan: Plan
    services: Services
    folder: Path
    loaded: data.Loaded
    connection: psycopg.Connection[Any]
    asks: Asks
    servers: dict[str, Server]

    @property
    def measuring(self) -> Measuring:
        return Measuring(
            self.servers, self.loaded, self.asks, self.folder, self.plan.seconds, Postgres(self.connection)
        )

    def start(self, chosen: Sequence[Work], *, rival: bool) -> None:
        """Start the servers. Raises ServerError."""
        self.servers[PRODUCT] = start_product(self.services, self.folder)
        self.start_limit(chosen)
        if not rival:
            return
        try:
            server = start_rival(self.services, self.folder)
        except AbsentError as absent:
            print(f"PostGraphile is left out: {absent}")
        else:
            self.servers[server.name] = server

    def start_limit(self, chosen: Sequence[Work]) -> None:
        """Start the limit, with the spelling of each read's statement that answers soonest."""
        large = self.loaded.large
        reads = {
            work.key: {"field": work.field, "sql": fastest(self.connection, large.id, work, self.asks)}
            for work in chosen
            if work.statements
        }
        task = {"tenant": str(large.id), "member": str(large.member), "actor": data.ACTOR, "reads": reads}
        self.servers[LIMIT] = start_limit(self.services, self.folder, task)

    def check(self, chosen: Sequence[Work]) -> None:
        """Raises Differs and ServerError."""
        check(self.servers.values(), chosen, self.asks, self.loaded.large, self.connection)

    def measure(self, chosen: Sequence[Work]) -> dict[str, Any]:
        """The works, by all servers."""
        results = self.measuring.compare(chosen, self.plan.rounds, say)
        report.print_works(results, CONNECTIONS)
        return report.as_data(results)

    def measure_more(self, chosen: Sequence[Work]) -> dict[str, Any]:
        """What is asked of the product beside its share: one connection, many connections, many companies."""
        measuring, rounds = self.measuring, self.plan.few_rounds
        say("one connection")
        single = measuring.single(chosen, rounds)
        report.print_single(single)
        found: dict[str, Any] = {"one_connection": report.as_data(single)}
        if reads := [work for work in chosen if work.key in ("W1", "W2")]:
            say("many connections")
            many = measuring.many(reads, rounds)
            report.print_pairs("32 connections over 8, requests/s of the product", many, "32", "8", report.MANY_GOAL)
            found["many_connections"] = report.as_data(many)
        if newest := [work for work in chosen if work.key == "W1"]:
            say("many companies")
            cycle = [measuring.cycling(newest[0], rounds, self.plan.warm_seconds)]
            title = f"{data.SMALL_TENANTS} companies in turn over one of them, requests/s of the product"
            report.print_pairs(title, cycle, "all", "one", report.CYCLE_GOAL)
            found["many_companies"] = report.as_data(cycle)
        return found

    def measure_indexed(self) -> dict[str, Any]:
        """The own fields once more, when they are indexed. The limit starts anew, to see which statement is now the fastest."""
        say("building the indexes of own fields")
        asyncio.run(indexing.mark(self.services, self.loaded.large))
        indexing.build(self.services, self.loaded.large, self.connection, self.folder)
        self.servers[LIMIT].end()
        chosen = [indexed_work()]
        self.start_limit(chosen)
        self.check(chosen)
        return self.measure(chosen)

    def end(self) -> None:
        for server in self.servers.values():
            server.end()
            if said := server.said():
                print(f"\n{server.name} said at last: {said}")


def _measure_configuration(plan: Plan, services: Services, folder: Path, keys: Sequence[str]) -> dict[str, Any]:
    """What configuration costs, in databases and by servers of its own."""
    seconds = max(1, plan.seconds // 2)
    measuring = configured.Configured(services, folder, plan.size.orders, plan.companies, plan.few_rounds, seconds, say)
    with measuring.measured(keys) as (found, servers):
        configured.print_compared(found)
        memory = report.print_memory("after the works on configuration", servers, products=tuple(servers))
    if configured.PARTS in keys:
        access.print_compiling(access.compiling(plan.few_rounds * 3))
    return {"configuration": configured.as_data(found), "memory_of_configuration": memory}


@contextlib.contextmanager
def _services() -> Iterator[tuple[Services, Path]]:
    # fsync stays on: a write that need not reach the disk would measure nothing.
    with tempfile.TemporaryDirectory(prefix="orderloom-bench-") as folder, Embedded(Path(folder) / "data") as embedded:
        yield embedded.services, Path(folder)


@contextlib.contextmanager
def _opened(plan: Plan, services: Services, folder: Path) -> Iterator[Bench]:
    with contextlib.ExitStack() as stack:
        begun = time.perf_counter()
        loaded = asyncio.run(data.load(services, plan.size))
        print(
            f"loaded in {time.perf_counter() - begun:.0f} s: one company with {plan.size.orders} orders,"
            f" {plan.size.orders * 3} lines, {plan.size.customers} customers; {data.SMALL_TENANTS} with"
            f" {plan.size.small_orders} orders each and fields of their own"
        )
        connection = stack.enter_context(psycopg.connect(services.superuser_url, autocommit=True))
        bench = Bench(plan, services, folder, loaded, connection, Asks(connection, loaded.large), {})
        stack.callback(bench.end)
        yield bench


def _keys(text: str) -> list[str]:
    known = [*(work.key for work in works()), INDEXED, *configured.KEYS]
    keys = text.split(",")
    if unknown := [key for key in keys if key not in known]:
        raise argparse.ArgumentTypeError(f"no such work: {', '.join(unknown)}; there are {', '.join(known)}")
    return keys


def _run(options: argparse.Namespace) -> dict[str, Any]:
    wanted = set(options.only)
    chosen = [work for work in works() if not wanted or work.key in wanted]
    begun = time.perf_counter()
    print(f"load of the machine before: {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")
    plan, found = QUICK if options.quick else FULL, dict[str, Any]()
    with _services() as (services, folder):
        if not wanted or wanted - set(configured.KEYS):
            found |= _measure_works(plan, services, folder, options, chosen)
        if keys := [key for key in configured.KEYS if key in wanted or (not wanted and not options.works_alone)]:
            found |= _measure_configuration(plan, services, folder, keys)
    print(f"\ntook {time.perf_counter() - begun:.0f} s")
    return found


def _measure_works(
    plan: Plan, services: Services, folder: Path, options: argparse.Namespace, chosen: Sequence[Work]
) -> dict[str, Any]:
    """The works beside the limit and PostGraphile, and what is asked of the product beside its shares."""
    with _opened(plan, services, folder) as bench:
        bench.start(chosen, rival=not options.no_postgraphile)
        bench.check(chosen)
        print("all servers answer the same to the same requests, and leave the same rows")
        found: dict[str, Any] = {"works": bench.measure(chosen) if chosen else {}}
        found["memory"] = report.print_memory("after the works", bench.servers)
        if not options.works_alone:
            found |= bench.measure_more(chosen)
        if not options.only or INDEXED in options.only:
            found["works"] |= bench.measure_indexed()
        found["memory_at_last"] = report.print_memory("after all of it", bench.servers)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a tenth of the data and shorter rounds")
    parser.add_argument("--only", type=_keys, default=[], metavar="W1,W5", help="measure these works alone")
    parser.add_argument(
        "--works-alone",
        action="store_true",
        help="leave out what follows the works: 1 and 32 connections, companies, configuration",
    )
    parser.add_argument("--no-postgraphile", action="store_true", help="leave PostGraphile out")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every round's figures there too")
    options = parser.parse_args()
    try:
        require_wrk()
        found = _run(options)
    except (LoadError, ServerError, Differs) as error:
        sys.exit(f"bench: {error}")
    if options.json:
        options.json.write_text(json.dumps(found, indent=1), "utf-8")


if __name__ == "__main__":
    main()
