"""What the tests of views share: documents, a view of urgent orders, five orders, and how they ask."""

from collections.abc import Sequence
from typing import Any

from tests.documents import REFUSED
from tests.examples import create_orders, define_fields
from tests.harness import Company, Person, Row

VIEW = """
id audience recordType name label { en zh } columns { path width label } where orderBy groupBy search voided pageSize position
roles defaultFor isDefault changeable problems
"""
CREATE = f"mutation ($input: CreateViewInput!) {{ result: createView(input: $input) {{ ...Refused ... on ViewPayload {{ view {{ {VIEW} }} }} }} }} {REFUSED}"
UPDATE = CREATE.replace("CreateViewInput", "UpdateViewInput").replace("createView", "updateView")
SHARE = CREATE.replace("CreateViewInput", "ShareViewInput").replace("createView", "shareView")
DELETE = f"mutation ($input: DeleteViewInput!) {{ result: deleteView(input: $input) {{ ...Refused ... on DeleteViewPayload {{ id }} }} }} {REFUSED}"
LIST = f"query ($type: ViewedRecord) {{ views(recordType: $type) {{ {VIEW} }} }}"
RUN = "query ($view: ID, $where: OrderFilter, $order: [OrderOrderBy!], $first: Int) { orders(view: $view, where: $where, orderBy: $order, first: $first) { nodes { notes } totalCount } }"
GROUPS = "query ($view: ID, $by: String, $where: OrderFilter) { orderGroups(view: $view, groupBy: $by, where: $where) { key label count } }"
URGENT: Row = {
    "label": {"en": "Urgent", "zh": "加急"},
    "orders": {
        "where": {"priority": {"in": ["HIGH", "URGENT"]}, "custom": {"region": {"eq": "north"}}},
        "orderBy": [{"custom": {"score": "DESC"}}, {"notes": "ASC"}],
    },
    "columns": [{"path": "number"}, {"path": "customer.name", "width": 200}, {"path": "custom.region"}],
    "groupBy": "status",
    "pageSize": 2,
}
UNKNOWN = "There is no view '{}' of this list that you can see."
ORDERS: Sequence[Row] = (
    {"notes": "A", "priority": "HIGH", "custom": {"region": "north", "score": 1}, "customer": {"name": "Ann"}},
    {"notes": "B", "priority": "URGENT", "custom": {"region": "north", "score": 3}},
    {"notes": "C", "priority": "HIGH", "custom": {"region": "south", "score": 9}},
    {"notes": "D", "priority": "HIGH", "custom": {"region": "north", "score": 2}},
    {"notes": "E", "priority": "LOW", "custom": {"region": "north", "score": 7}},
)


async def asked(company: Company, document: str, given: Row, person: Person | None = None) -> Row:
    result: Row = (await company.data(document, {"input": given}, person=person))["result"]
    return result


async def saved(company: Company, given: Row = URGENT, person: Person | None = None) -> Row:
    result = await asked(company, CREATE, given, person)
    assert "view" in result, result
    view: Row = result["view"]
    return view


async def notes(company: Company, person: Person | None = None, **variables: Any) -> str:
    data = await company.data(RUN, variables, person=person)
    return "".join(node["notes"] for node in data["orders"]["nodes"])


async def seen(company: Company, person: Person) -> list[str]:
    return [view["name"] for view in (await company.data(LIST, person=person))["views"]]


async def stored(company: Company) -> list[Row]:
    return await company.rows(
        "SELECT (SELECT config_version FROM tenants WHERE id = %(tenant)s) AS version, count(*) AS views,"
        " coalesce(jsonb_agg(body ORDER BY id), '[]') AS bodies,"
        " (SELECT count(*) FROM definitions WHERE tenant_id = %(tenant)s AND kind = 'view') AS shared"
        " FROM private_views WHERE tenant_id = %(tenant)s"
    )


async def fill(company: Company) -> None:
    """Two fields of the company's own, and the five orders."""
    await define_fields(
        company, {"order.region": {"type": "select", "options": ["north", "south"]}, "order.score": {"type": "integer"}}
    )
    await create_orders(company, ORDERS)
