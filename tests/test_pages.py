"""Pages: Relay connections in both directions, over any order, while rows come and go.

https://relay.dev/graphql/connections.htm: a walk by pages visits every row once, in the right order, and ``hasNextPage`` and
``hasPreviousPage`` are exact. Absent values come last in either direction.
"""

import base64
from collections.abc import Sequence
from itertools import chain
from typing import Any

import orjson
import pytest

from tests.conftest import NewCompany
from tests.documents import an_order
from tests.examples import FIELDS, create_orders, define_fields
from tests.harness import Client, Company, Row, Statements

pytestmark = pytest.mark.anyio

PAGE = """
query ($first: Int, $after: String, $last: Int, $before: String, $by: [OrderOrderBy!]) {
  orders(first: $first, after: $after, last: $last, before: $before, orderBy: $by) {
    edges { cursor node { id } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}
"""
# Channels tie, promised days and notes of a custom field are partly absent, and two orders have no customer.
ROWS: Sequence[Row] = (
    {"channel": "b", "promisedAt": "2026-03-01T00:00:00Z", "custom": {"a_decimal": "2"}, "customer": {"name": "Zoe"}},
    {"channel": "a", "custom": {"a_decimal": "10"}, "customer": {"name": "Ann"}},
    {"channel": "b", "promisedAt": "2026-01-01T00:00:00.5Z", "customer": {"name": "Ann"}},
    {"channel": "a", "promisedAt": "2026-03-01T00:00:00Z", "custom": {"a_decimal": "2", "one": "red"}},
    {"channel": "c", "custom": {"a_decimal": "-1.5", "one": "blue"}, "customer": {"name": "Bob"}},
    {"channel": "b", "custom": {"a_text": 'é \\ " 张 50%', "one": "red"}, "customer": {"name": "Ann"}},
    {"channel": "a", "promisedAt": "2026-02-01T00:00:00Z", "custom": {"a_flag": True, "a_day": "2026-01-31"}},
)
ORDERS: dict[str, list[Row]] = {
    "the usual": [],
    "ties": [{"channel": "ASC"}],
    "ties, descending": [{"channel": "DESC"}],
    "absent values": [{"promisedAt": "ASC"}],
    "absent values, descending": [{"promisedAt": "DESC"}],
    "mixed directions": [{"channel": "ASC"}, {"promisedAt": "DESC"}, {"number": "ASC"}],
    "mixed directions and absent values": [
        {"promisedAt": "DESC"},
        {"channel": "ASC"},
        {"custom": {"a_decimal": "ASC"}},
    ],
    "own number": [{"custom": {"a_decimal": "ASC"}}],
    "own number, descending": [{"custom": {"a_decimal": "DESC"}}],
    "own text": [{"custom": {"a_text": "DESC"}}, {"custom": {"one": "ASC"}}],
    "own flag and day": [{"custom": {"a_flag": "ASC"}}, {"custom": {"a_day": "DESC"}}],
    "money": [{"total": "DESC"}, {"version": "ASC"}],
    "status": [{"status": "ASC"}, {"priority": "DESC"}],
    "a relation": [{"customer": {"name": "ASC"}}],
    "a relation, descending, then a column": [{"customer": {"name": "DESC"}}, {"number": "ASC"}],
    "a relation of a relation": [{"customer": {"owner": {"name": "ASC"}}}, {"owner": {"email": "DESC"}}],
    "id": [{"id": "DESC"}],
}


async def example(company: Company) -> list[str]:
    await define_fields(company, FIELDS)
    return await create_orders(company, ROWS)


async def page(company: Company, **variables: Any) -> Row:
    """A page, flattened: ids, cursors and page info."""
    found = (await company.data(PAGE, variables))["orders"]
    edges = found["edges"]
    cursors = [edge["cursor"] for edge in edges]
    info = found["pageInfo"]
    assert (info["startCursor"], info["endCursor"]) == ((cursors[0], cursors[-1]) if cursors else (None, None))
    return {
        "ids": [edge["node"]["id"] for edge in edges],
        "cursors": cursors,
        "next": info["hasNextPage"],
        "previous": info["hasPreviousPage"],
    }


async def walk(company: Company, size: int, by: list[Row], *, backward: bool = False) -> list[Row]:
    """All pages from one end to the other, in the order of the walk."""
    pages: list[Row] = []
    bound: dict[str, Any] = {}
    while not pages or pages[-1]["previous" if backward else "next"]:
        size_argument = {"last": size} if backward else {"first": size}
        pages.append(await page(company, by=by, **size_argument, **bound))
        assert len(pages) < 20
        bound = {"before": pages[-1]["cursors"][0]} if backward else {"after": pages[-1]["cursors"][-1]}
    return pages


@pytest.mark.parametrize("by", ORDERS.values(), ids=ORDERS.keys())
async def test_walks_visit_every_row_once_and_in_order(company: Company, client: Client, by: list[Row]) -> None:
    """Forwards and backwards by pages of one, three and all; the flags are exact on every page."""
    made = await example(company)
    whole = await page(company, by=by, first=50)
    assert sorted(whole["ids"]) == sorted(made)
    assert (whole["next"], whole["previous"]) == (False, False)
    for size in (1, 3, 7):
        forwards = await walk(company, size, by)
        assert list(chain.from_iterable(found["ids"] for found in forwards)) == whole["ids"]
        assert [found["previous"] for found in forwards] == [False] + [True] * (len(forwards) - 1)
        backwards = await walk(company, size, by, backward=True)
        assert list(chain.from_iterable(found["ids"] for found in reversed(backwards))) == whole["ids"]
        assert [found["next"] for found in backwards] == [False] + [True] * (len(backwards) - 1)
        assert len(forwards) == len(backwards) == -(-len(made) // size)


async def test_absent_values_come_last_either_way(company: Company, client: Client) -> None:
    """And among equals the id decides, in the direction of the last term."""
    made = await example(company)
    a, b, c, d, e, f, g = made
    for by, expected in (
        ([{"promisedAt": "ASC"}], [c, g, a, d, b, e, f]),
        ([{"promisedAt": "DESC"}], [d, a, g, c, f, e, b]),
        ([{"custom": {"a_decimal": "ASC"}}], [e, a, d, b, c, f, g]),
        ([{"custom": {"a_decimal": "DESC"}}], [b, d, a, e, g, f, c]),
        ([{"customer": {"name": "ASC"}}], [b, c, f, e, a, d, g]),
        ([{"customer": {"name": "DESC"}}, {"number": "ASC"}], [a, e, b, c, f, d, g]),
        ([{"channel": "ASC"}, {"promisedAt": "DESC"}], [d, g, b, a, c, f, e]),
        ([], [g, f, e, d, c, b, a]),
    ):
        assert (await page(company, by=by, first=50))["ids"] == expected, by


async def test_every_window_is_exact(company: Company, client: Client) -> None:
    """All combinations of after, before and a size from either end, against plain slicing."""
    await example(company)
    by = [{"promisedAt": "DESC"}]
    whole = await page(company, by=by, first=50)
    ids, cursors = whole["ids"], whole["cursors"]
    total = len(ids)
    for after in (None, 0, 3):
        for before in (None, 5, total - 1):
            start, end = 0 if after is None else after + 1, total if before is None else before
            bounds = {
                "after": None if after is None else cursors[after],
                "before": None if before is None else cursors[before],
            }
            for size in (0, 1, 2, 10):
                first = await page(company, by=by, first=size, **bounds)
                assert first["ids"] == ids[start:end][:size]
                assert first["next"] is (start + size < end or before is not None)
                assert first["previous"] is (after is not None)
                last = await page(company, by=by, last=size, **bounds)
                assert last["ids"] == (ids[start:end][-size:] if size else [])
                assert last["previous"] is (end - size > start or after is not None)
                assert last["next"] is (before is not None)


async def test_cursors_hold_while_rows_come_and_go(company: Company, client: Client) -> None:
    """A walk sees every row that was there all along exactly once, whatever is inserted or leaves between the pages."""
    made = await create_orders(company, [{"channel": channel} for channel in "bdfhjl"])
    by = [{"channel": "ASC"}]
    first = await page(company, by=by, first=3)
    assert first["ids"] == made[:3]
    (behind, ahead) = await create_orders(company, [{"channel": "a"}, {"channel": "g"}])
    # The very row that the cursor stands on leaves the list.
    async with company.begin() as tx:
        await tx.execute("UPDATE orders SET voided_at = now() WHERE tenant_id = %(tenant)s AND id = %(id)s", id=made[2])
    second = await page(company, by=by, first=3, after=first["cursors"][-1])
    assert second["ids"] == [ahead, *made[3:5]]
    back = await page(company, by=by, last=10, before=second["cursors"][0])
    assert back["ids"] == [behind, *made[:2]]


async def test_pages_inside_a_record(company: Company, client: Client, statements: Statements) -> None:
    """Lines have pages and cursors of their own below each order, still in one statement."""
    lines = [{"name": name, "unitPrice": "1"} for name in "abcde"]
    await create_orders(company, [{"lines": lines}, {"lines": lines[:2]}])
    document = """
        query ($after: String) { orders(orderBy: [{number: ASC}]) { nodes {
          lines(first: 2, after: $after) { nodes { name } totalCount pageInfo { hasNextPage hasPreviousPage endCursor } }
        } } }
    """
    await company.data("{ viewer { rights } }")
    statements.clear()
    five, two = (await company.data(document))["orders"]["nodes"]
    assert len(statements.work) == 1
    cursor = five["lines"]["pageInfo"].pop("endCursor")
    two["lines"]["pageInfo"].pop("endCursor")
    page_info = {"hasNextPage": True, "hasPreviousPage": False}
    assert five == {"lines": {"nodes": [{"name": "a"}, {"name": "b"}], "totalCount": 5, "pageInfo": page_info}}
    page_info = {"hasNextPage": False, "hasPreviousPage": False}
    assert two == {"lines": {"nodes": [{"name": "a"}, {"name": "b"}], "totalCount": 2, "pageInfo": page_info}}
    five, _ = (await company.data(document, {"after": cursor}))["orders"]["nodes"]
    assert [node["name"] for node in five["lines"]["nodes"]] == ["c", "d"]
    assert five["lines"]["pageInfo"]["hasNextPage"] is five["lines"]["pageInfo"]["hasPreviousPage"] is True


async def test_counted_only_when_asked_for(company: Company, client: Client, statements: Statements) -> None:
    """``totalCount`` costs a count of the whole list, so nothing else may ask for it; void orders and filters apply."""
    await create_orders(company, [{"channel": channel} for channel in "aab"])
    await company.data("{ viewer { rights } }")
    statements.clear()
    await company.data("{ orders(first: 2) { nodes { id } edges { cursor } } }")
    assert "count(*)" not in statements.work[0]
    statements.clear()
    data = await company.data('{ orders(first: 2, where: {channel: {eq: "a"}}) { totalCount nodes { id } } }')
    assert statements.work[0].count("count(*)") == 1
    assert data["orders"]["totalCount"] == 2
    assert await company.data("{ orders(first: 0) { totalCount __typename } }") == {
        "orders": {"totalCount": 3, "__typename": "OrderConnection"}
    }


async def refusal(company: Company, arguments: str, variables: Row | None = None) -> tuple[list[str], str]:
    answer = await company.graphql(
        f"query ($c: String) {{ orders({arguments}) {{ nodes {{ id }} }} unused: members(after: $c, first: 0) {{ __typename }} }}",
        variables,
    )
    error = answer["errors"][0]
    assert answer["data"] is None
    assert error["extensions"]["code"] == "INVALID_INPUT"
    (bad,) = error["extensions"]["errors"]
    assert bad["message"] == error["message"]
    return bad["path"], bad["message"]


NO_CURSOR = "This cursor does not belong to this list and order. Start again without it."


def forged(values: Any) -> str:
    return base64.b64encode(orjson.dumps(values)).decode()


@pytest.mark.parametrize("argument", ["after", "before"])
async def test_cursors_of_another_list_or_order_and_forged_ones(
    company: Company, client: Client, argument: str
) -> None:
    """Each is refused by name; none reaches PostgreSQL to fail there."""
    await an_order(company)
    (good,) = (await page(company, first=1))["cursors"]
    mark, moment, row_id = orjson.loads(base64.b64decode(good))
    (by_total,) = (await page(company, first=1, by=[{"total": "ASC"}]))["cursors"]
    (ascending,) = (await page(company, first=1, by=[{"orderedAt": "ASC"}]))["cursors"]
    members = await company.data("{ members(first: 1) { edges { cursor } } }")
    bad = [
        "",
        "xx",
        "é",
        good[:-4],
        good + "AAAA",
        by_total,
        ascending,
        members["members"]["edges"][0]["cursor"],
        forged([]),
        forged({}),
        forged("text"),
        forged([mark, moment]),
        forged([mark, moment, row_id, row_id]),
        forged([mark, None, row_id]),
        forged([mark, "soon", row_id]),
        forged([mark, "2026-13-01 00:00:00+00", row_id]),
        forged([mark, moment, "1; DROP TABLE orders"]),
        forged([mark, moment, 7]),
        forged([mark, [moment], row_id]),
        forged([None, moment, row_id]),
    ]
    for cursor in bad:
        assert await refusal(company, f"{argument}: $c", {"c": cursor}) == ([argument], NO_CURSOR), cursor
    for direction in ("first", "last"):
        data = await company.data(PAGE, {argument: good, direction: 5})
        assert data["orders"]["edges"] == []


async def test_page_sizes(company: Company, client: Client) -> None:
    """20 unless told, 200 at most, never negative, and not from both ends at once; null is as good as nothing."""
    await create_orders(company, [{}] * 21)
    assert len((await page(company))["ids"]) == 20
    assert len((await page(company, first=None, last=None, after=None, before=None, by=None))["ids"]) == 20
    assert len((await page(company, first=200))["ids"]) == 21
    assert len((await page(company, last=200))["ids"]) == 21
    assert await refusal(company, "first: 201") == (["first"], "A page of 201 is not possible; ask for 0 to 200.")
    assert await refusal(company, "first: -1") == (["first"], "A page of -1 is not possible; ask for 0 to 200.")
    assert await refusal(company, "last: 201") == (["last"], "A page of 201 is not possible; ask for 0 to 200.")
    assert await refusal(company, "first: 1, last: 1") == (["first"], "Give first or last, not both.")


async def test_bad_orders(company: Company, client: Client) -> None:
    """Each entry names one field; five at most."""
    one = "Each entry of orderBy holds exactly one field."
    assert await refusal(company, "orderBy: [{number: ASC, channel: ASC}]") == (["orderBy", "0"], one)
    assert await refusal(company, "orderBy: [{number: ASC}, {}]") == (["orderBy", "1"], one)
    assert await refusal(company, "orderBy: [{number: null}]") == (["orderBy", "0"], one)
    assert await refusal(company, "orderBy: [{customer: {}}]") == (["orderBy", "0", "customer"], one)
    assert await refusal(company, f"orderBy: [{'{number: ASC} ' * 6}]") == (
        ["orderBy"],
        "6 entries; at most 5 are allowed.",
    )


async def test_an_order_is_worth_nothing_in_another_company(
    company: Company, client: Client, new_company: NewCompany
) -> None:
    """A cursor of one company, used in another, only ever shows that one's own rows."""
    other = await new_company()
    await create_orders(company, [{}] * 2)
    (mine,) = await create_orders(other, [{}])
    newest = (await page(company, first=1))["cursors"][0]
    assert (await page(other, first=5, after=newest))["ids"] in ([], [mine])
    assert (await page(other, last=5, before=newest))["ids"] in ([], [mine])
