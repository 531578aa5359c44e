"""The works that are measured: what each server is asked, and with which values."""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import psycopg

from bench import data, rival, statements

# Different requests of one work; wrk sends them in turn.
ASKS = 300
# Orders whose status is changed in turn, there and back again.
STEPPED = 1_000
DAYS = 2
INDEXED = "W4i"


@dataclass(frozen=True)
class Work:
    """One work: the product's document, the limit's statements (none where it writes), the rival's document, and the goal
    as a share of the limit."""

    key: str
    title: str
    goal: float | None
    field: str
    document: str
    statements: tuple[str, ...]
    rival: str
    writes: bool = False
    own_fields: tuple[str, ...] = ()

    @property
    def marker(self) -> str:
        """What every good answer holds: an order."""
        return '"number"' if self.key != "W6" else '"version"'


@dataclass(frozen=True)
class Ask:
    """One request: the product's variables, the limit's body, the rival's variables."""

    product: Mapping[str, Any]
    bare: Mapping[str, Any]
    rival: Mapping[str, Any]


_ORDER = "id number status { key } channel priority orderedAt total { amount currency } tags"
W1 = f"""query Newest($first: Int!) {{ orders(first: $first) {{ nodes {{
  {_ORDER} customer {{ id name }} lines(first: 3) {{ nodes {{ sku name quantity total {{ amount }} }} }} }} }} }}"""
W2 = f"""query One($id: ID!) {{ order(id: $id) {{
  {_ORDER} notes customer {{ id name }} lines {{ nodes {{ sku name quantity unitPrice {{ amount }} total {{ amount }} }} }} }} }}"""
W3 = """query Filtered($status: String!, $from: DateTime!, $to: DateTime!) {
  orders(where: {status: {eq: $status}, orderedAt: {gte: $from, lt: $to}}, orderBy: [{orderedAt: DESC}], first: 20) {
    totalCount nodes { id number status { key } orderedAt total { amount currency } customer { id name } } } }"""
W5 = """mutation Take($input: CreateOrderInput!) { createOrder(input: $input) {
  ... on OrderPayload { order { id number status { key } total { amount currency } } } ... on Problem { message } } }"""
W6 = """mutation Step($id: ID!, $status: String!) { changeOrderStatus(input: {id: $id, status: $status}) {
  ... on OrderPayload { order { id version status { key } } } ... on Problem { message } } }"""


def _own_fields(score: str, installed: str) -> str:
    return f"""query Own($least: Decimal!, $most: Decimal!) {{
  orders(where: {{custom: {{{score}: {{gte: $least, lt: $most}}}}}}, orderBy: [{{custom: {{{installed}: ASC}}}}], first: 20) {{
    nodes {{ id number status {{ key }} custom {{ {score} {installed} }} }} }} }}"""


def works() -> list[Work]:
    """The works of every run, in the order of their keys."""
    return [
        Work("W1", "newest 50 orders, 8 fields, customer, 3 lines", 0.50, "orders", W1, statements.W1, rival.W1),
        Work("W2", "one order by id, customer, lines", 0.60, "order", W2, statements.W2, rival.W2),
        Work("W3", "status and date filter, 20 rows, total count", 0.50, "orders", W3, statements.W3, rival.W3),
        own_fields_work("W4", "filter and sort by own fields, 20 rows", data.SCORE, data.INSTALLED),
        Work("W5", "create an order with 3 lines", 0.60, "createOrder", W5, (), rival.W5, writes=True),
        Work("W6", "change the status of one order", 0.65, "changeOrderStatus", W6, (), rival.W6, writes=True),
    ]


def own_fields_work(key: str, title: str, score: str, installed: str, *, indexed: bool = False) -> Work:
    """The work that filters and sorts by two own fields."""
    sql = statements.indexed_fields if indexed else statements.own_fields
    texts = _own_fields(score, installed), sql(score, installed), rival.own_fields(score, installed)
    return Work(key, title, 0.60, "orders", *texts, own_fields=(score, installed))


def indexed_work() -> Work:
    """The same by fields that are marked as indexed."""
    title = "filter and sort by own fields that are indexed"
    return own_fields_work(INDEXED, title, data.INDEXED_SCORE, data.INDEXED_INSTALLED, indexed=True)


class Asks:
    """The requests of each work, from the loaded data; the same in every run with the same data's size."""

    def __init__(self, connection: psycopg.Connection[Any], tenant: data.Tenant) -> None:
        self._connection = connection
        self._random = random.Random(20)
        self._id = tenant.id
        # What the rival is told instead of a token.
        self._tenant = {"tenant": str(tenant.id)}
        self._actor = {**self._tenant, "member": str(tenant.member), "actor": data.ACTOR}

    def of(self, work: Work) -> list[Ask]:
        make = {"W1": self._newest, "W2": self._one, "W3": self._filtered, "W5": self._new, "W6": self._step}
        return list(make.get(work.key, self._own)())

    def _newest(self) -> Iterator[Ask]:
        yield Ask({"first": 50}, {"first": 50}, {"first": 50, **self._tenant})

    def _one(self) -> Iterator[Ask]:
        for (order,) in self._rows("SELECT id::text FROM orders WHERE tenant_id = %s ORDER BY number LIMIT 20000"):
            yield Ask({"id": order}, {"id": order}, {"id": order, **self._tenant})

    def _filtered(self) -> Iterator[Ask]:
        # Orders taken while measuring are of the day of the run; the window is laid into what was loaded.
        sql = "SELECT min(ordered_at), max(ordered_at) FROM orders WHERE tenant_id = %s AND number LIKE 'B-%%'"
        (first, last), *_ = self._rows(sql)
        days = max(1, (last - first).days - DAYS)
        for _ in range(ASKS):
            start = first + timedelta(days=self._random.randrange(days), hours=self._random.randrange(24))
            values = {
                "status": self._random.choice(["shipped", "completed"]),
                "from": start.isoformat(),
                "to": (start + timedelta(days=DAYS)).isoformat(),
            }
            yield Ask(values, values, {**values, **self._tenant})

    def _own(self) -> Iterator[Ask]:
        for _ in range(ASKS):
            least = self._random.randrange(980)
            values = {"least": str(least), "most": str(least + 20)}
            yield Ask(values, values, {**values, **self._tenant})

    def _new(self) -> Iterator[Ask]:
        customers = self._rows("SELECT id::text FROM customers WHERE tenant_id = %s ORDER BY name LIMIT 5000")
        for number, (customer,) in enumerate(customers):
            lines = [
                {"name": f"Line {number % 7} {place}", "quantity": "2", "unitPrice": "10.00", "taxRate": "0.19"}
                for place in (1, 2, 3)
            ]
            body = {"customerId": customer, "lines": lines}
            yield Ask({"input": body}, body, {"customer": customer, "lines": lines, **self._actor})

    def _step(self) -> Iterator[Ask]:
        """Orders step to the other of two statuses and, when all have, back: from where they stand now, so that every
        request is a change."""
        sql = """SELECT id::text, status FROM orders WHERE tenant_id = %s AND status IN ('draft', 'confirmed')
                 ORDER BY number LIMIT 20000"""
        other = {"draft": "confirmed", "confirmed": "draft"}
        orders = self._rows(sql, STEPPED)
        steps = [(order, other[status]) for order, status in orders] + list(orders)
        for order, status in steps:
            values = {"id": order, "status": status}
            yield Ask(values, values, {**values, **self._actor})

    def _rows(self, sql: str, most: int = ASKS) -> Sequence[tuple[Any, ...]]:
        """Some of the rows, spread over all that there are."""
        rows = self._connection.execute(sql.encode(), [self._id]).fetchall()
        return rows[:: max(1, len(rows) // most)][:most]
