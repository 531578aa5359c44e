"""What a scale run asks: one named GraphQL operation per line of its table."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

PAGE = """query Page($where: OrderFilter, $by: [OrderOrderBy!], $after: String, $voided: VoidedOrders, $search: String) {
  orders(where: $where, orderBy: $by, after: $after, voided: $voided, search: $search) {
    nodes { id number status { key } channel priority orderedAt total { amount currency } tags customer { id name } } } }"""
CURSOR = """query End($by: [OrderOrderBy!], $where: OrderFilter) {
  orders(orderBy: $by, where: $where, last: 100) { edges { cursor } } }"""
NESTED = """query Nested { customers { nodes { id name
  orders(first: 5) { nodes { number total { amount } lines { nodes { name } } } } } } }"""
ONE = "query One($id: ID, $number: String) { order(id: $id, number: $number) { id number customer { name } lines { nodes { name } } } }"
COUNT = "query Count($where: OrderFilter) { orders(where: $where) { totalCount } }"
ESTIMATE = "query Count($where: OrderFilter) { orders(where: $where) { totalCount(estimate: true) } }"
SAMPLE = """query Sample { orders(last: 200) { nodes { id number externalId customer { id name externalId } owner { id }
  total { amount } custom { score installDate reference } } } }"""


@dataclass(frozen=True)
class Work:
    """One line of the table. ``deep`` works begin behind a cursor near the end of their order; ``held`` ones must stay within
    twice their time at the smaller size."""

    name: str
    document: str
    variables: Mapping[str, Any] = field(default_factory=dict)
    deep: bool = False
    held: bool = True


def _sorted(label: str, *by: Any, held: bool = True, where: Any = None) -> Iterator[Work]:
    variables = {"by": list(by)} | ({"where": where} if where else {})
    yield Work(f"{label}: first page", PAGE, variables, held=held)
    yield Work(f"{label}: deep page", PAGE, variables, deep=True, held=held)


def works(sample: Mapping[str, Any]) -> Iterator[Work]:
    """All lines; ``sample`` is one order of the tenant, whose values the filters take."""
    yield Work("newest 20", PAGE)
    yield Work("newest 20, deep page", PAGE, deep=True)
    for column in ("number", "orderedAt", "createdAt", "updatedAt", "promisedAt", "total"):
        for direction in ("ASC", "DESC"):
            yield from _sorted(f"by {column} {direction}", {column: direction})
    for column in ("channel", "priority"):
        yield from _sorted(f"by {column} and orderedAt", {column: "DESC"}, {"orderedAt": "DESC"})
    custom, total = sample["custom"], sample["total"]["amount"]
    near = str(round(float(total), 2) + 5)
    filters: dict[str, Any] = {
        "number": {"number": {"eq": sample["number"]}},
        "number range": {"number": {"gte": sample["number"]}},
        "externalId": {"externalId": {"eq": sample["externalId"]}},
        "status": {"status": {"in": ["draft"]}},
        "orderedAt of a day": {"orderedAt": {"gte": "2020-01-10T00:00:00Z", "lt": "2020-01-11T00:00:00Z"}},
        "createdAt of a day": {"createdAt": {"gte": "2020-01-10T00:00:00Z", "lt": "2020-01-11T00:00:00Z"}},
        "updatedAt of an hour": {"updatedAt": {"gte": "2020-01-10T00:00:00Z", "lt": "2020-01-10T01:00:00Z"}},
        "promisedAt of an hour": {"promisedAt": {"gte": "2020-01-10T00:00:00Z", "lt": "2020-01-10T01:00:00Z"}},
        "promisedAt absent": {"promisedAt": {"isNull": True}},
        "total range": {"total": {"gte": total, "lt": near}},
        "total alone": {"total": {"eq": total}},
        "channel": {"channel": {"eq": "shop"}},
        "priority": {"priority": {"eq": "URGENT"}},
        "customer": {"customer": {"id": {"eq": sample["customer"]["id"]}}},
        "customer's external id": {"customer": {"externalId": {"eq": sample["customer"]["externalId"]}}},
        "customer's name": {"customer": {"name": {"eq": sample["customer"]["name"]}}},
        "owner": {"owner": {"id": {"eq": sample["owner"]["id"]}}},
    }
    for label, where in filters.items():
        yield Work(f"where {label}", PAGE, {"where": where})
    yield Work("void orders only", PAGE, {"voided": "ONLY"})
    yield Work("where status, by total", PAGE, {"where": filters["status"], "by": [{"total": "DESC"}]})
    yield Work("where status and channel", PAGE, {"where": {**filters["status"], **filters["channel"]}})
    for key in ("score", "installDate", "reference"):
        for direction in ("ASC", "DESC"):
            yield from _sorted(f"by custom {key} {direction}", {"custom": {key: direction}})
        yield Work(f"where custom {key}", PAGE, {"where": {"custom": {key: {"eq": custom[key]}}}})
        yield Work(
            f"where custom {key} range, sorted",
            PAGE,
            {"where": {"custom": {key: {"gte": custom[key]}}}, "by": [{"custom": {key: "ASC"}}]},
        )
    reference = custom["reference"]
    for label, prefix in (("rare", reference[:6]), ("common", reference[:2]), ("absent", "zzz")):
        yield Work(
            f"where custom reference starts, {label}",
            PAGE,
            {"where": {"custom": {"reference": {"startsWith": prefix}}}},
        )
    yield Work("where custom segment", PAGE, {"where": {"custom": {"segment": {"eq": "gold"}}}})
    yield Work("customers with 5 orders each", NESTED)
    for direction in ("ASC", "DESC"):
        yield from _sorted(f"by status {direction}", {"status": direction})
        yield from _sorted(f"by customer name {direction}", {"customer": {"name": direction}})
    yield Work("one order by id", ONE, {"id": sample["id"]})
    yield Work("one order by number", ONE, {"number": sample["number"]})
    for query in (sample["number"].lower(), "8613800", sample["customer"]["name"]):
        yield Work(f"search '{query[:12]}'", PAGE, {"search": query})
    yield Work("totalCount, exact", COUNT, held=False)
    # Exact at the smaller size, from a sample at the larger: the goal is 50 ms, and no ratio.
    yield Work("totalCount, estimate", ESTIMATE, held=False)
    yield Work("totalCount of a status, estimate", ESTIMATE, {"where": filters["status"]}, held=False)
    # No index holds these orders: every row is looked at.
    yield Work("totalCount, exact", COUNT, held=False)
    for column in ("externalId", "channel"):
        yield from _sorted(f"by {column} DESC", {column: "DESC"}, held=False)
