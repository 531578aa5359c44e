"""Orders by status and by a customer's name are read in parts, each of them in the order of an index: the same as by sorting."""

from collections.abc import Callable
from itertools import product
from typing import Any
from uuid import UUID

import pytest

from tests.documents import CREATE_CUSTOMER, done
from tests.examples import create_orders
from tests.harness import Client, Company, Row, Statements

pytestmark = pytest.mark.anyio

PAGE = """
query ($first: Int, $after: String, $last: Int, $before: String, $by: [OrderOrderBy!], $where: OrderFilter, $search: String) {
  orders(first: $first, after: $after, last: $last, before: $before, orderBy: $by, where: $where, search: $search) {
    edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage }
  }
}
"""
Key = Callable[[Row], Any]


async def is_paged(company: Company, by: list[Row], expected: list[str], **more: Any) -> None:
    """Every window between two cursors, from either end, holds what plain slicing of ``expected`` gives."""
    whole = (await company.data(PAGE, {"first": 50, "by": by, **more}))["orders"]["edges"]
    assert [edge["node"]["id"] for edge in whole] == expected, by
    places = (None, *range(0, len(whole), 3))
    for start, end in product(places, places):
        bounds = {
            "after": None if start is None else whole[start]["cursor"],
            "before": None if end is None else whole[end]["cursor"],
        }
        wanted = whole[0 if start is None else start + 1 : end]
        first = (await company.data(PAGE, {"first": 3, "by": by, **bounds, **more}))["orders"]
        assert first["edges"] == wanted[:3], (by, start, end)
        last = (await company.data(PAGE, {"last": 3, "by": by, **bounds, **more}))["orders"]
        assert last["edges"] == wanted[-3:], (by, start, end)
        assert first["pageInfo"] == {
            "hasNextPage": end is not None or len(wanted) > 3,
            "hasPreviousPage": start is not None,
        }


def ranked(rows: list[Row], value: Key, *, descending: bool, then: Key, then_descending: bool) -> list[str]:
    """Ids by a value, absent ones last, and by what follows."""
    ordered = sorted(rows, key=then, reverse=then_descending)
    present = sorted((row for row in ordered if value(row) is not None), key=value, reverse=descending)
    return [row["id"] for row in present] + [row["id"] for row in ordered if value(row) is None]


async def test_by_status(company: Company, client: Client) -> None:
    """In the order of the life cycle, a status of which the configuration knows nothing last, and empty ones in between."""
    config = (await company.caller()).config
    known = list(config.all_statuses)
    channels = "bacbacbacb"
    ids = await create_orders(company, [{"channel": channel} for channel in channels])
    held = [known[0], known[-1], known[2], "gone", known[0], known[-1], "gone", "away", known[2], known[0]]
    async with company.begin() as tx:
        for order, status in zip(ids, held, strict=True):
            await tx.execute(
                "UPDATE orders SET status = %(status)s WHERE tenant_id = %(tenant)s AND id = %(id)s",
                id=UUID(order),
                status=status,
            )
    places = {key: place for place, key in enumerate(known)}
    rows = [
        {"id": order, "place": places.get(status), "channel": channel}
        for order, status, channel in zip(ids, held, channels, strict=True)
    ]
    for descending in (False, True):
        direction = "DESC" if descending else "ASC"

        def place(row: Row) -> Any:
            return row["place"]

        expected = ranked(rows, place, descending=descending, then=lambda row: row["id"], then_descending=descending)
        await is_paged(company, [{"status": direction}], expected)
        # What follows the status may have a direction of its own, and may be absent.
        expected = ranked(
            rows, place, descending=descending, then=lambda row: (row["channel"], row["id"]), then_descending=True
        )
        await is_paged(company, [{"status": direction}, {"channel": "DESC"}], expected)
        expected = ranked(rows, place, descending=descending, then=lambda row: row["id"], then_descending=False)
        await is_paged(company, [{"status": direction}, {"promisedAt": "ASC"}], expected)


async def test_by_the_name_of_the_customer(company: Company, client: Client, statements: Statements) -> None:
    """Orders without a customer come last; of namesakes and of one customer the next term decides. One statement, which finds the
    orders along the customers."""
    names = ("Bob", "Ann", "Ann", "Zoe")
    customers = [(await done(company, CREATE_CUSTOMER, name=name))["id"] for name in names]
    held = [3, 1, None, 2, 1, 0, None, 2, 1]
    channels = "abababcab"
    ids = await create_orders(
        company,
        [
            {"channel": channel, **({} if place is None else {"customerId": customers[place]})}
            for place, channel in zip(held, channels, strict=True)
        ],
    )
    rows = [
        {"id": order, "name": None if place is None else names[place], "channel": channel}
        for order, place, channel in zip(ids, held, channels, strict=True)
    ]

    def name(row: Row) -> Any:
        return row["name"]

    for descending in (False, True):
        by = {"customer": {"name": "DESC" if descending else "ASC"}}
        expected = ranked(rows, name, descending=descending, then=lambda row: row["id"], then_descending=descending)
        statements.clear()
        await is_paged(company, [by], expected)
        pages = [text for text in statements.work if "'edges'" in text]
        assert len(pages) > 20
        assert all("JOIN customers t1r ON" in text for text in pages)
        expected = ranked(
            rows, name, descending=descending, then=lambda row: (row["channel"], row["id"]), then_descending=False
        )
        await is_paged(company, [by, {"channel": "ASC"}], expected)
        few = [row for row in rows if row["channel"] == "a"]
        expected = ranked(few, name, descending=descending, then=lambda row: row["id"], then_descending=descending)
        await is_paged(company, [by], expected, where={"channel": {"eq": "a"}})
        anns = [row for row in rows if row["name"] == "Ann"]
        expected = ranked(anns, name, descending=descending, then=lambda row: row["id"], then_descending=descending)
        await is_paged(company, [by], expected, search="ann")
