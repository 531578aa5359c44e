"""What configuration costs: own fields beside built-in columns, many companies beside few, and what an indexed field adds to a save.

Each line compares two circumstances of the product in turn, round by round: what a request costs in the one, over what it costs in the
other, by the clock and by the processor time of the server and PostgreSQL together.
"""

import asyncio
import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import psycopg

from bench import access, companies
from bench.companies import AMOUNT, CODE, DUE, Founded
from bench.data import Tenant
from bench.load import Load, write_requests
from bench.rounds import CONNECTIONS, Timed, timed
from bench.servers import Postgres, Server, start_product
from server.embedded import Services

OWN, MANY, WRITES, PARTS = "C1", "C2", "C3", "C4"
KEYS = (OWN, MANY, WRITES, PARTS)
OWN_GOAL, MANY_GOAL, PARTS_GOAL = 2.0, 1.1, 1.3
FEW_COMPANIES = 10
INDEXED = (0, 10, 50)
ASKS = 200
# Some of the built-in columns that an index serves, and the own fields of the same values.
TWINS = (("total", AMOUNT), ("number", CODE), ("promisedAt", DUE))

PAGE = """query Page($where: OrderFilter, $by: [OrderOrderBy!], $after: String) { orders(where: $where, orderBy: $by, after: $after) {
  nodes { id number status { key } channel priority orderedAt total { amount currency } tags customer { id name } } } }"""
CURSOR = "query End($where: OrderFilter, $by: [OrderOrderBy!]) { orders(where: $where, orderBy: $by, last: 100) { edges { cursor } } }"
NEWEST = """query Newest { orders(first: 20) { nodes { id number status { key } channel priority orderedAt total { amount currency }
  customer { id name } lines(first: 3) { nodes { name quantity total { amount } } } } } }"""
CREATE = """mutation Take($input: CreateOrderInput!) { createOrder(input: $input) {
  ... on OrderPayload { order { id number } } ... on Problem { message } } }"""
UPDATE = """mutation Change($input: UpdateOrderInput!) { updateOrder(input: $input) {
  ... on OrderPayload { order { id number } } ... on Problem { message } } }"""
MARKER = '"number"'
_VALUES = """
SELECT total::text, number, to_char(promised_at, 'YYYY-MM-DD"T"HH24:MI:SS"Z"') FROM orders WHERE tenant_id = %s AND number LIKE %s
ORDER BY hashint4(right(number, 7)::integer) LIMIT %s
"""
_IDS = "SELECT id::text FROM orders WHERE tenant_id = %s ORDER BY number LIMIT 2000"


@dataclass
class Compared:
    """One line of the report: what is compared with what, the most that the ratio shall be, and the rounds of both."""

    key: str
    title: str
    goal: float | None
    rounds: tuple[list[Timed], list[Timed]] = field(default_factory=lambda: ([], []))

    def ratios(self, cost: Callable[[Timed], float]) -> list[float]:
        """The first's cost over the second's, round by round."""
        return [cost(one) / cost(two) for one, two in zip(*self.rounds, strict=True)]

    @property
    def errors(self) -> int:
        return sum(one.measured.errors for rounds in self.rounds for one in rounds)

    @property
    def example(self) -> str:
        """One of the answers that were not as they should be."""
        return next((one.measured.example for rounds in self.rounds for one in rounds if one.measured.example), "")

    @property
    def is_reached(self) -> bool:
        """Whether the goal is, by processor time: what else the machine does disturbs it least."""
        return self.goal is None or statistics.median(self.ratios(processor)) <= self.goal


def processor(one: Timed) -> float:
    """Microseconds of processor time for a request, of server and PostgreSQL together."""
    return one.server_cpu + one.database_cpu


def clock(one: Timed) -> float:
    """Seconds for a request, with all connections busy."""
    return 1 / one.measured.rate


@dataclass(frozen=True)
class Side:
    """One of two circumstances: a server and what it is asked."""

    server: Server
    load: Load


Pair = tuple[Compared, Side, Side]


@dataclass(frozen=True)
class Configured:
    """Measures the works: of a company with ``orders`` orders and many fields, and of so many ``companies``."""

    services: Services
    folder: Path
    orders: int
    companies: int
    rounds: int
    seconds: int
    say: Callable[[str], None]

    @contextmanager
    def measured(self, keys: Sequence[str]) -> Iterator[tuple[list[Compared], Mapping[str, Server]]]:
        """The works of these keys, and the servers that did them, which end with the block."""
        with ExitStack() as stack:
            servers: dict[str, Server] = {}

            def serve(founded: Founded, name: str) -> Server:
                servers[name] = start_product(founded.services, self.folder, name)
                stack.callback(servers[name].end)
                return servers[name]

            found: list[Compared] = []
            if OWN in keys or WRITES in keys:
                found += self._fields(keys, serve)
            if MANY in keys:
                found += self._many(serve)
            if PARTS in keys:
                found += self._parts(serve)
            yield found, servers

    def _fields(self, keys: Sequence[str], serve: Callable[[Founded, str], Server]) -> list[Compared]:
        self.say("loading companies with 50 own fields")
        sizes = dict.fromkeys(INDEXED, self.orders // 5)
        sizes[INDEXED[1]] = self.orders
        founded = asyncio.run(companies.with_fields(self.services, sizes))
        tenants = dict(zip(sizes, founded.tenants, strict=True))
        server = serve(founded, "50 fields")
        with psycopg.connect(founded.services.superuser_url, autocommit=True) as connection:
            postgres, found = Postgres(connection), list[Compared]()
            if OWN in keys:
                self.say("own fields beside built-in columns")
                found += self._compare(postgres, list(self._own(server, tenants[INDEXED[1]], connection)))
            if WRITES in keys:
                self.say("writes with indexed own fields")
                found += self._compare(postgres, list(self._writes(server, tenants, connection)))
        return found

    def _own(self, server: Server, tenant: Tenant, connection: psycopg.Connection[Any]) -> Iterator[Pair]:
        """The same lists by a built-in column and by the own field of the same values."""
        values = connection.execute(_VALUES, [tenant.id, "B-%", ASKS]).fetchall()
        for place, (column, key) in enumerate(TWINS):
            given = [value[place] for value in values]
            shapes: dict[str, list[tuple[Any, Any]]] = {
                "equal to a value": [({"eq": one}, None) for one in given],
                "order, first page": [(None, "ASC"), (None, "DESC")],
                "order, deep page": [(None, "ASC"), (None, "DESC")],
            }
            if key != CODE:
                shapes["range, newest first"] = [({"gte": one, "lt": _after(key, one)}, None) for one in given]
                shapes["range, in its order"] = [({"gte": one}, "ASC") for one in given]
            for title, asked in shapes.items():
                compared = Compared(OWN, f"own field over {column}: {title}", OWN_GOAL)
                sides = [
                    self._page_side(
                        server, tenant, f"{title}-{name}", [_shaped(name, *one) for one in asked], "deep" in title
                    )
                    for name in (f"custom.{key}", column)
                ]
                yield compared, sides[0], sides[1]

    def _page_side(
        self, server: Server, tenant: Tenant, name: str, asked: Sequence[dict[str, Any]], deep: bool
    ) -> Side:
        if deep:
            asked = [{**one, "after": _late_cursor(server, tenant, one)} for one in asked]
        bodies = [orjson.dumps({"query": PAGE, "variables": one}) for one in asked]
        return self._side(server, name, [(tenant.token, body) for body in bodies], '"data"')

    def _writes(
        self, server: Server, tenants: Mapping[int, Tenant], connection: psycopg.Connection[Any]
    ) -> Iterator[Pair]:
        """An order with all fields filled, and one field changed: by how many of the fields are indexed."""
        sides: dict[tuple[str, int], Side] = {}
        for indexed, tenant in tenants.items():
            creates, changes = [], []
            for number, (order,) in enumerate(connection.execute(_IDS, [tenant.id]).fetchall()):
                custom = {key: _value(place, number) for place, key in enumerate(tenant.fields)}
                taken = {"lines": [{"name": "Line", "quantity": "1", "unitPrice": "10.00"}], "custom": custom}
                creates.append((tenant.token, orjson.dumps({"query": CREATE, "variables": {"input": taken}})))
                changed = {"id": order, "custom": {AMOUNT: _value(0, number + 7)}}
                changes.append((tenant.token, orjson.dumps({"query": UPDATE, "variables": {"input": changed}})))
            sides["create an order", indexed] = self._side(server, f"create-{indexed}", creates)
            sides["change one field", indexed] = self._side(server, f"change-{indexed}", changes)
        none, *some = INDEXED
        for work in ("create an order", "change one field"):
            for indexed in some:
                title = f"{work}: {indexed} of 50 own fields indexed, over none"
                yield Compared(WRITES, title, None), sides[work, indexed], sides[work, none]

    def _many(self, serve: Callable[[Founded, str], Server]) -> list[Compared]:
        self.say(f"loading {self.companies} companies")
        names = {FEW_COMPANIES: "few", self.companies: "many"}
        sides: dict[tuple[int, int], Side] = {}
        with ExitStack() as stack:
            for count, name in names.items():
                founded = asyncio.run(companies.many(self.services, name, count))
                server = serve(founded, f"{count} companies")
                body = orjson.dumps({"query": NEWEST})
                for spread in {FEW_COMPANIES, count}:
                    asked = [(tenant.token, body) for tenant in founded.tenants[:spread]]
                    sides[count, spread] = self._side(server, f"newest-{name}-{spread}", asked)
            connection = stack.enter_context(psycopg.connect(self.services.superuser_url, autocommit=True))
            few, (all_of_them) = sides[FEW_COMPANIES, FEW_COMPANIES], sides[self.companies, self.companies]
            self.say("many companies beside few")
            postgres = Postgres(connection)
            # Each has been asked for once before anything is timed.
            timed(all_of_them.server, postgres, all_of_them.load, CONNECTIONS, max(5, self.companies // 600))
            return self._compare(
                postgres,
                [
                    (
                        Compared(
                            MANY,
                            f"{FEW_COMPANIES} of {self.companies} companies, over {FEW_COMPANIES} alone",
                            MANY_GOAL,
                        ),
                        sides[self.companies, FEW_COMPANIES],
                        few,
                    ),
                    (
                        Compared(MANY, f"all {self.companies} in turn, over {FEW_COMPANIES} alone", MANY_GOAL),
                        all_of_them,
                        few,
                    ),
                ],
            )

    def _parts(self, serve: Callable[[Founded, str], Server]) -> list[Compared]:
        """The same lists asked by a member who sees a part of the orders and of their fields, and by an owner."""
        self.say("loading a company with members who see a part")
        readers = access.found(self.services, self.orders)
        server = serve(readers.founded, "parts")
        pairs: list[Pair] = []
        for number, (title, body) in enumerate(readers.bodies().items()):
            member, owner = (
                self._side(server, f"parts-{number}-{name}", [(token, body)])
                for name, token in (("member", readers.member), ("owner", readers.owner))
            )
            pairs.append((Compared(PARTS, f"own or team, 20 of 60 fields hidden: {title}", PARTS_GOAL), member, owner))
        with psycopg.connect(readers.founded.services.superuser_url, autocommit=True) as connection:
            return self._compare(Postgres(connection), pairs)

    def _compare(self, postgres: Postgres, pairs: Sequence[Pair]) -> list[Compared]:
        """Time both sides of each pair in turn, each first in every other round; one second each to get warm."""
        for number in range(self.rounds + 1):
            self.say(f"round {number} of {self.rounds}" if number else "warming up")
            for compared, *sides in pairs:
                for place in (0, 1) if number % 2 else (1, 0):
                    side = sides[place]
                    one = timed(side.server, postgres, side.load, CONNECTIONS, self.seconds if number else 1)
                    if number:
                        compared.rounds[place].append(one)
        return [compared for compared, *_ in pairs]

    def _side(self, server: Server, name: str, requests: Sequence[tuple[str, bytes]], marker: str = MARKER) -> Side:
        file = self.folder / f"configured-{name}".replace(" ", "-")
        write_requests(file, requests)
        return Side(server, Load(server.url(""), file, marker))


def _shaped(name: str, test: Mapping[str, Any] | None, direction: str | None) -> dict[str, Any]:
    """The variables of a list by a column, or by an own field that is named as ``custom.<key>``."""

    def at(value: Any) -> Any:
        key = name.removeprefix("custom.")
        return {"custom": {key: value}} if key != name else {key: value}

    return ({"where": at(test)} if test else {}) | ({"by": [at(direction)]} if direction else {})


def _late_cursor(server: Server, tenant: Tenant, variables: Mapping[str, Any]) -> str:
    answer = server.ask("", orjson.dumps({"query": CURSOR, "variables": variables}), tenant.token)
    cursor: str = answer["data"]["orders"]["edges"][0]["cursor"]
    return cursor


def _after(key: str, value: str) -> str:
    """The end of a narrow range that begins with the value: half a unit of money, or four hours later."""
    if key == AMOUNT:
        return f"{float(value) + 0.5:.2f}"
    return (datetime.fromisoformat(value) + timedelta(hours=4)).isoformat()


def _value(place: int, number: int) -> Any:
    """A value of the field at that place."""
    day = f"2026-{1 + number % 12:02}-{1 + number % 28:02}"
    values = {
        "decimal": f"{number % 1000}.50",
        "text": f"text {number}",
        "date": day,
        "integer": number,
        "date_time": f"{day}T10:00:00Z",
    }
    return values[companies.KINDS[place % len(companies.KINDS)]]


def print_compared(found: Sequence[Compared]) -> None:
    """One line each: the ratio by processor time, which the goals are held against, and by the clock."""
    print(
        "\nconfiguration: what a request costs, as a ratio; by processor time of server + PostgreSQL: median (range), by the clock: median"
    )
    for one in found:
        ratios = one.ratios(processor)
        goal = (
            "" if one.goal is None else f"  {'reached' if one.is_reached else 'NOT reached'}, goal under {one.goal:g}"
        )
        ours, other = map(_spent, one.rounds)
        errors = f"; ERRORS: {one.errors}, {one.example!r}" if one.errors else ""
        print(
            f"{one.key:3} {one.title:62} {ours:>11} /{other:>11} us = {statistics.median(ratios):.2f}"
            f" ({min(ratios):.2f} to {max(ratios):.2f}); {statistics.median(one.ratios(clock)):.2f}{goal}{errors}"
        )


def _spent(rounds: Sequence[Timed]) -> str:
    server = statistics.median(one.server_cpu for one in rounds)
    database = statistics.median(one.database_cpu for one in rounds)
    return f"{server:.0f} + {database:.0f}"


def as_data(found: Sequence[Compared]) -> list[dict[str, Any]]:
    """The same for programs."""
    return [
        {
            "key": one.key,
            "title": one.title,
            "goal": one.goal,
            "processor": one.ratios(processor),
            "clock": one.ratios(clock),
        }
        for one in found
    ]
