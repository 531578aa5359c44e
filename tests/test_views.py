"""Views of one's own: saved, changed, run and grouped by; what cannot be saved; how many one may have."""

from typing import Any

import pytest

from tenants.views.saving import MOST_PRIVATE
from tests.harness import Client, Company, Row, Statements
from tests.viewing import (
    CREATE,
    DELETE,
    GROUPS,
    RUN,
    SHARE,
    UNKNOWN,
    UPDATE,
    URGENT,
    asked,
    fill,
    notes,
    saved,
    seen,
    stored,
)

pytestmark = pytest.mark.anyio


@pytest.fixture
async def five(company: Company, client: Client) -> Company:
    """A company with two fields of its own and five orders."""
    await fill(company)
    return company


async def test_a_view_of_ones_own(five: Company) -> None:
    """Any member keeps, changes and deletes views; nobody else sees them, and the configuration stays as it is."""
    before = await stored(five)
    view = await saved(five, person=five.member)
    assert view == {
        "id": view["id"],
        "audience": "PRIVATE",
        "recordType": "ORDER",
        "name": "Urgent",
        "label": {"en": "Urgent", "zh": "加急"},
        "columns": [
            {"path": "number", "width": None, "label": "Number"},
            {"path": "customer.name", "width": 200, "label": "Customer name"},
            {"path": "custom.region", "width": None, "label": "order.region"},
        ],
        "where": URGENT["orders"]["where"],
        "orderBy": URGENT["orders"]["orderBy"],
        "groupBy": "status",
        "search": None,
        "voided": None,
        "pageSize": 2,
        "position": 0,
        "roles": [],
        "defaultFor": [],
        "isDefault": False,
        "changeable": True,
        "problems": [],
    }
    assert await seen(five, five.member) == ["Urgent"]
    assert await seen(five, five.owner) == []
    for document, change in ((UPDATE, {"position": 3}), (DELETE, {})):
        refused = await asked(five, document, {"id": view["id"], **change})
        assert (refused["__typename"], refused["code"]) == ("NotFound", "NOT_FOUND")
    changed = await asked(five, UPDATE, {"id": view["id"], "groupBy": None, "label": {"en": "Mine"}}, five.member)
    assert changed["view"] == view | {"groupBy": None, "name": "Mine", "label": {"en": "Mine", "zh": None}}
    narrowed = await asked(five, UPDATE, {"id": view["id"], "orders": {"search": "A"}}, five.member)
    assert (narrowed["view"]["where"], narrowed["view"]["orderBy"], narrowed["view"]["search"]) == ({}, [], "A")
    assert await asked(five, DELETE, {"id": view["id"]}, five.member) == {"id": view["id"]}
    assert await stored(five) == before


async def test_running_a_view(five: Company, statements: Statements) -> None:
    """Its filter and the given one; its order and page size unless others are given. A shared view costs no statement more."""
    own = (await saved(five))["id"]
    assert await notes(five, view=own) == "BD"
    assert await notes(five, view=own, first=10) == "BDA"
    assert await notes(five, view=own, first=10, order=[{"notes": "ASC"}]) == "ABD"
    assert await notes(five, view=own, where={"custom": {"score": {"lt": 3}}}) == "DA"
    assert await notes(five, view=None, order=[{"notes": "ASC"}]) == "ABCDE"
    other = (
        await saved(five, {"label": {"en": "South"}, "orders": {"where": {"custom": {"region": {"eq": "south"}}}}})
    )["id"]
    assert await notes(five, view=other) == "C"
    assert await notes(five, view=own) == "BD"
    await asked(five, UPDATE, {"id": own, "pageSize": 1})
    assert await notes(five, view=own) == "B"
    shared = (await asked(five, SHARE, {"id": own, "audience": "EVERYBODY", "key": "urgent"}))["view"]["id"]
    assert shared == "urgent"
    for place in (own, shared):
        data = await five.graphql(f'{{ orders(view: "{place}") {{ nodes {{ notes }} }} }}')
        assert [error["extensions"]["code"] for error in data.get("errors", [])] == (
            [] if place == shared else ["INVALID_INPUT"]
        )
    assert await notes(five, person=five.read_only, view=shared) == "B"
    for view, reads in ((shared, 0), (other, 1)):
        statements.clear()
        await notes(five, view=view)
        assert len([text for text in statements.texts if "FROM orders" in text]) == 1
        assert len([text for text in statements.texts if "private_views" in text]) == reads


async def test_a_view_of_other_records(five: Company) -> None:
    """Customers and products have views too; a view of one list does not run on another."""
    view = await saved(five, {"label": {"en": "A"}, "customers": {"where": {"orders": {"count": {"gte": 1}}}}})
    assert view["recordType"] == "CUSTOMER"
    document = "query ($view: ID) { customers(view: $view) { nodes { name } } }"
    assert (await five.data(document, {"view": view["id"]})) == {"customers": {"nodes": [{"name": "Ann"}]}}
    for document in (RUN, "query ($view: ID) { products(view: $view) { nodes { name } } }"):
        answer = await five.graphql(document, {"view": view["id"]})
        (error,) = answer["errors"]
        assert error["extensions"]["errors"][0]["message"] == UNKNOWN.format(view["id"])
    refused = await asked(five, UPDATE, {"id": view["id"], "orders": {}})
    assert refused["errors"][0]["code"] == "VIEW_OTHER_LIST"


async def test_groups(five: Company, statements: Statements) -> None:
    """How many there are of each value, under the view's filter, in one statement."""
    view = await saved(five)
    key = (await asked(five, SHARE, {"id": view["id"], "audience": "EVERYBODY"}))["view"]["id"]
    assert (await five.data(GROUPS, {"view": key}))["orderGroups"] == [{"key": "draft", "label": "Draft", "count": 3}]
    cases: list[tuple[str, list[tuple[Any, Any, int]]]] = [
        ("custom.region", [("north", "North", 4), ("south", "South", 1)]),
        ("priority", [("LOW", "LOW", 1), ("HIGH", "HIGH", 3), ("URGENT", "URGENT", 1)]),
        ("custom.score", [("1", "1", 1), ("2", "2", 1), ("3", "3", 1), ("7", "7", 1), ("9", "9", 1)]),
        ("owner", [(str(five.owner.id), "Olga Owner", 5)]),
        ("customer.name", [(None, None, 4), ("Ann", "Ann", 1)]),
        ("customer.kind", [("PERSON", "PERSON", 1), (None, None, 4)]),
        ("isVoided", [("false", "false", 5)]),
        ("voidReason", [(None, None, 5)]),
        ("customer.owner", [(None, None, 4), (str(five.owner.id), "Olga Owner", 1)]),
    ]
    for path, expected in cases:
        groups = (await five.data(GROUPS, {"by": path}))["orderGroups"]
        assert [(group["key"], group["label"], group["count"]) for group in groups] == expected, path
    (day,) = (await five.data(GROUPS, {"by": "orderedAt"}))["orderGroups"]
    assert (day["label"], day["count"]) == (day["key"], 5)
    data = await five.data(GROUPS, {"by": "priority", "where": {"custom": {"score": {"gt": 5}}}})
    assert [group["key"] for group in data["orderGroups"]] == ["LOW", "HIGH"]
    for path in (
        "total",
        "tags",
        "lines",
        "nothing",
        "custom",
        "custom.gone",
        "shippingAddress",
        "nextSteps",
        "a.b.c.d.e",
        "",
    ):
        answer = await five.graphql(GROUPS, {"by": path})
        (error,) = answer["errors"][0]["extensions"]["errors"]
        assert error["message"].startswith(f"This list (order) cannot be grouped by '{path}'.")
    answer = await five.graphql(GROUPS)
    (error,) = answer["errors"][0]["extensions"]["errors"]
    assert error["message"] == "Say what the groups are of: give groupBy, or a view that has one."
    statements.clear()
    await five.data(GROUPS, {"view": key})
    assert len([text for text in statements.texts if "FROM orders" in text]) == 1
    assert not any("private_views" in text for text in statements.texts)


BAD: list[tuple[Row, dict[str, str]]] = [
    ({"orders": {}, "customers": {}}, {"customers": "VALUE_ONE_KEY"}),
    ({}, {"": "VALUE_ONE_KEY"}),
    ({"orders": {}, "columns": [{"path": "custom.gone"}]}, {"columns.0.path": "VIEW_UNKNOWN_FIELD"}),
    ({"orders": {}, "columns": [{"path": "custom"}]}, {"columns.0.path": "VIEW_UNKNOWN_FIELD"}),
    ({"orders": {}, "columns": [{"path": "lines.name"}]}, {"columns.0.path": "VIEW_UNKNOWN_FIELD"}),
    ({"orders": {}, "columns": [{"path": "number"}] * 2}, {"columns.1.path": "VIEW_DOUBLE_COLUMN"}),
    ({"orders": {}, "columns": [{"path": "x; DROP"}]}, {"columns.0.path": "CONFIG_BAD_FORM"}),
    ({"orders": {}, "columns": [{"path": "number", "width": 1}]}, {"columns.0.width": "CONFIG_TOO_SMALL"}),
    ({"orders": {}, "groupBy": "total"}, {"groupBy": "VIEW_NOT_GROUPABLE"}),
    ({"orders": {}, "pageSize": 201}, {"pageSize": "CONFIG_TOO_BIG"}),
    ({"orders": {"where": {"number": {"eq": "x" * 10_001}}}}, {"orders.where.number.eq": "VALUE_TOO_LONG"}),
    ({"orders": {"where": {"number": {"in": ["x" * 5_000] * 5}}}}, {"": "VIEW_TOO_LARGE"}),
    ({"orders": {"orderBy": [{"number": "ASC", "notes": "ASC"}]}}, {"orders.orderBy.0": "VALUE_ONE_PER_ENTRY"}),
    ({"orders": {"search": ""}}, {"orders.search": "VALUE_REQUIRED"}),
    ({"orders": {}, "label": {}}, {"label": "VALUE_REQUIRED"}),
]


@pytest.mark.parametrize(("given", "errors"), BAD)
async def test_what_cannot_be_saved(company: Company, client: Client, given: Row, errors: dict[str, str]) -> None:
    """Every bad part is named by its place in the input, and nothing is kept."""
    before = await stored(company)
    refused = await asked(company, CREATE, {"label": {"en": "x"}, **given})
    found = {".".join(error["path"]): error["code"] for error in refused["errors"]}
    assert errors.items() <= found.items()
    assert await stored(company) == before


async def test_as_many_as_one_may_have(company: Company, client: Client) -> None:
    """The limit is each member's own."""
    await company.rows(
        "INSERT INTO private_views (tenant_id, id, member_id, body, created_at, updated_at)"
        ' SELECT %(tenant)s, gen_random_uuid(), %(member)s, \'{"label": {"en": "x"}}\', now(), now()'
        " FROM generate_series(2, %(most)s) RETURNING id",
        member=company.member.id,
        most=MOST_PRIVATE,
    )
    given = {"label": {"en": "last"}, "products": {}}
    assert "view" in await asked(company, CREATE, given, company.member)
    before = await stored(company)
    refused = await asked(company, CREATE, given, company.member)
    assert (refused["__typename"], refused["code"]) == ("LimitExceeded", "VIEW_TOO_MANY")
    assert await stored(company) == before
    assert "view" in await asked(company, CREATE, given)


async def test_again_creates_nothing(company: Company, client: Client) -> None:
    given = {"label": {"en": "x"}, "orders": {}, "idempotencyKey": "k"}
    first, again = await saved(company, given), await saved(company, given)
    assert first == again
    assert (await stored(company))[0]["views"] == 1


async def test_isolation_of_private_views(company: Company, client: Client, new_company: Any) -> None:
    """Another company's view, and another member's, is one that never existed."""
    view = await saved(company, {"label": {"en": "x"}, "orders": {}}, company.member)
    other = await new_company()
    for stranger, person in ((other, other.owner), (company, company.owner)):
        answer = await stranger.graphql(RUN, {"view": view["id"]}, person=person)
        assert answer["errors"][0]["extensions"]["errors"][0]["message"] == UNKNOWN.format(view["id"])
        found = await stranger.data("query ($id: ID!) { view(id: $id) { id } }", {"id": view["id"]}, person=person)
        assert found == {"view": None}
    found = await company.data("query ($id: ID!) { view(id: $id) { id } }", {"id": view["id"]}, person=company.member)
    assert found == {"view": {"id": view["id"]}}


PARTS: list[tuple[Row, str]] = [
    ({"priority": {"in": ["HIGH", "URGENT"]}, "orderedAt": {"during": "THIS_YEAR"}}, "DCBA"),
    ({"or": [{"custom": {"region": {"eq": "south"}}}, {"not": {"priority": {"ne": "LOW"}}}]}, "EC"),
    ({"customer": {"kind": {"eq": "PERSON"}, "orders": {"max": {"orderedAt": {"during": "TODAY"}}}}}, "A"),
    ({"lines": {"where": {"order": {"priority": {"eq": "LOW"}}}, "count": {"gte": 1}}}, "E"),
    ({"history": {"some": {"kind": {"eq": "CREATED"}, "actor": {"kind": {"eq": "MEMBER"}}}}}, "EDCBA"),
]


@pytest.mark.parametrize(("where", "expected"), PARTS)
async def test_a_saved_filter_is_a_filter(five: Company, where: Row, expected: str) -> None:
    """What a view shows as its `where` and `orderBy` can be given to the list as it stands, enums, periods and figures too."""
    view = await saved(five, {"label": {"en": "x"}, "orders": {"where": where, "orderBy": [{"notes": "DESC"}]}})
    assert (view["where"], view["orderBy"]) == (where, [{"notes": "DESC"}])
    assert await notes(five, view=view["id"]) == expected
    assert await notes(five, where=view["where"], order=view["orderBy"]) == expected
