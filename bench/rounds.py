"""Measuring: each work by each server in turn, round after round, so that shares are taken under the same conditions."""

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import orjson

from bench.data import Loaded, Tenant
from bench.load import Load, Measured, run_wrk, write_requests
from bench.servers import LIMIT, PRODUCT, Postgres, Server
from bench.works import Ask, Asks, Work

CONNECTIONS = 8


@dataclass(frozen=True)
class Timed:
    """One run, with the processor time that the server and PostgreSQL spent on each request, in microseconds."""

    measured: Measured
    server_cpu: float
    database_cpu: float


@dataclass
class Result:
    """All rounds of one work, by server."""

    work: Work
    rounds: dict[str, list[Timed]] = field(default_factory=dict)

    def shares(self, of: str, ours: str = PRODUCT) -> list[float]:
        """Our rate divided by another server's, round by round; empty where it was not measured."""
        pairs = zip(self.rounds.get(ours, ()), self.rounds.get(of, ()), strict=False)
        return [one.measured.rate / two.measured.rate for one, two in pairs if two.measured.rate]

    def cpu_shares(self, of: str, ours: str = PRODUCT) -> list[float]:
        """What another server and PostgreSQL spend on a request, divided by what we spend, round by round."""
        pairs = zip(self.rounds.get(of, ()), self.rounds.get(ours, ()), strict=False)
        return [
            (one.server_cpu + one.database_cpu) / (two.server_cpu + two.database_cpu)
            for one, two in pairs
            if two.server_cpu + two.database_cpu
        ]

    def median(self, server: str, value: Callable[[Timed], float]) -> float:
        return statistics.median(value(one) for one in self.rounds[server])

    @property
    def errors(self) -> int:
        return sum(one.measured.errors for rounds in self.rounds.values() for one in rounds)


def body_of(server: Server, work: Work, ask: Ask) -> bytes:
    """What a server is sent for one request."""
    if server.name == LIMIT:
        return orjson.dumps(ask.bare)
    if server.name == PRODUCT:
        return product_body(work, ask)
    return orjson.dumps({"query": work.rival, "variables": ask.rival})


def product_body(work: Work, ask: Ask) -> bytes:
    """What the product is sent for one request."""
    return orjson.dumps({"query": work.document, "variables": ask.product})


def timed(server: Server, postgres: Postgres, load: Load, connections: int, seconds: int) -> Timed:
    """One run of wrk, and what the server and PostgreSQL spent on it."""
    before = server.cpu_seconds(), postgres.cpu_seconds()
    measured = run_wrk(load, connections=connections, seconds=seconds)
    after = server.cpu_seconds(), postgres.cpu_seconds()
    each = [(late - early) * 1e6 / max(1, measured.requests) for early, late in zip(before, after, strict=True)]
    return Timed(measured, *each)


@dataclass
class Measuring:
    """What is measured with: the servers by name, the data, a folder for the requests, and the database's processes."""

    servers: Mapping[str, Server]
    loaded: Loaded
    asks: Asks
    folder: Path
    seconds: int
    postgres: Postgres

    def timed(self, server: Server, load: Load, connections: int, seconds: int | None = None) -> Timed:
        return timed(server, self.postgres, load, connections, seconds or self.seconds)

    def load_of(self, server: Server, work: Work) -> Load:
        """The requests of a work, written for wrk; steps of the life cycle go on from where the orders stand."""
        file = self.folder / f"{work.key}-{server.name}"
        if work.key == "W6":
            # The last steps of the run before may still be under way, and these begin where those end.
            self.postgres.rest()
        if work.key == "W6" or not file.exists():
            token = self.loaded.large.token if server.name == PRODUCT else ""
            write_requests(file, [(token, body_of(server, work, ask)) for ask in self.asks.of(work)])
        return Load(server.url(work.key), file, work.marker)

    def compare(self, works: Sequence[Work], rounds: int, say: Callable[[str], None]) -> list[Result]:
        """Every work at eight connections, after one second each to get warm."""
        results = [Result(work) for work in works]
        for number in range(rounds + 1):
            say(f"round {number} of {rounds}" if number else "warming up")
            for result in results:
                for server in self._in_turn(number):
                    load = self.load_of(server, result.work)
                    timed = self.timed(server, load, CONNECTIONS, None if number else 1)
                    if number:
                        result.rounds.setdefault(server.name, []).append(timed)
        return results

    def _in_turn(self, number: int) -> list[Server]:
        """The servers in an order that is another in each round: none always comes after the same one."""
        servers = list(self.servers.values())
        start = number % len(servers)
        return servers[start:] + servers[:start]

    def single(self, works: Sequence[Work], rounds: int) -> list[Result]:
        """The product and the limit at one connection."""
        results = [Result(work) for work in works]
        for _ in range(rounds):
            for result in results:
                for name in (PRODUCT, LIMIT):
                    server = self.servers[name]
                    timed = self.timed(server, self.load_of(server, result.work), 1, max(1, self.seconds // 2))
                    result.rounds.setdefault(name, []).append(timed)
        return results

    def many(self, works: Sequence[Work], rounds: int) -> list[Result]:
        """The product at 8 and at 32 connections, named so."""
        results = [Result(work) for work in works]
        product = self.servers[PRODUCT]
        for _ in range(rounds):
            for result in results:
                for connections in (8, 32):
                    timed = self.timed(product, self.load_of(product, result.work), connections)
                    result.rounds.setdefault(str(connections), []).append(timed)
        return results

    def cycling(self, newest: Work, rounds: int, warm_seconds: int) -> Result:
        """The product asked for the newest orders by one small company, and by all of them in turn: every other request
        asks for own fields too. Both are warm: each request has been answered, over most connections."""
        result, product = Result(newest), self.servers[PRODUCT]
        small = self.loaded.small
        loads = {
            "one": self._load_as(newest, "one", [small[0]] * len(small)),
            "all": self._load_as(newest, "all", small),
        }
        self.timed(product, loads["one"], CONNECTIONS, 1)
        self.timed(product, loads["all"], CONNECTIONS, warm_seconds)
        for _ in range(rounds):
            for name, load in loads.items():
                timed = self.timed(product, load, CONNECTIONS)
                result.rounds.setdefault(name, []).append(timed)
        return result

    def _load_as(self, newest: Work, name: str, tenants: Sequence[Tenant]) -> Load:
        file = self.folder / f"cycle-{name}"
        requests = []
        for place, tenant in enumerate(tenants):
            own = f"custom {{ {' '.join(tenant.fields)} }} " if place % 2 else ""
            document = newest.document.replace("nodes {", f"nodes {{ {own}", 1)
            requests.append((tenant.token, orjson.dumps({"query": document, "variables": {"first": 50}})))
        write_requests(file, requests)
        return Load(self.servers[PRODUCT].url(newest.key), file, newest.marker)
