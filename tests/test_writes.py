"""What a write costs and keeps: round trips, statements, one commit for the record and its answer, and numbers for many at once."""

import asyncio
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from functools import wraps
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenants import numbering
from tenants.database import ENTERING, Outdated
from tenants.problems import Conflict
from tenants.transaction import SHARE, Transaction, begin
from tenants.wire import Bound, WireConnection
from tenants.writes import DELETE, INSERT, UPDATE, Change, Writes
from tests.documents import (
    CHANGE_STATUS,
    CREATE_CUSTOMER,
    CREATE_ORDER,
    CREATE_PRODUCT,
    SET_NUMBERING,
    UPDATE_ORDER,
    VOID_ORDER,
    an_order,
    done,
    refused,
    unchanged,
)
from tests.harness import Client, Company, Row

LINES = [{"name": "Work", "unitPrice": "10.00"}]
AROUND = {ENTERING.text.decode(), SHARE.text.decode(), "BEGIN", "COMMIT", "ROLLBACK"}


@dataclass
class Trips:
    """The round trips to PostgreSQL since the last :meth:`clear`, each as the statements that it carried."""

    made: list[list[str]] = field(default_factory=list)

    def clear(self) -> None:
        self.made.clear()


@pytest.fixture
def trips(monkeypatch: pytest.MonkeyPatch) -> Trips:
    counted = Trips()
    exchange = WireConnection.exchange

    @wraps(exchange)
    async def counting(self: WireConnection, *sent: Bound) -> Any:
        counted.made.append([statement.text.decode() for statement, _ in sent])
        return await exchange(self, *sent)

    monkeypatch.setattr(WireConnection, "exchange", counting)
    return counted


async def test_an_order_is_a_number_and_one_round_trip(company: Company, client: Client, trips: Trips) -> None:
    """All rows of the order, of its customer, and the answer travel with the commit."""
    await an_order(company, customer={"name": "Ada", "phones": [{"value": "+49301234567"}]})
    trips.clear()
    await done(company, CREATE_ORDER, lines=LINES, customer={"name": "Ada", "phones": [{"value": "+49301234567"}]})
    number, write = trips.made
    assert [text.split("(")[0].strip() for text in number] == ["SELECT set_config", "INSERT INTO counters"]
    assert "BEGIN" not in write
    assert "COMMIT" not in write
    changes, answer = (text for text in write if text not in AROUND)
    for table in ("orders", "order_lines", "customers", "contact_points", "events"):
        assert changes.count(f"INSERT INTO {table} ") == 1, table
    assert answer.startswith("SELECT json_build_object('id'")


async def test_what_an_order_names_is_one_more_round_trip(company: Company, client: Client, trips: Trips) -> None:
    customer = await done(company, CREATE_CUSTOMER, name="Ada", addresses=[{"line1": "Street 1"}])
    product = await done(company, CREATE_PRODUCT, sku="A", name="Apple", price="1.00")
    named = {
        "customerId": customer["id"],
        "ownerId": str(company.member.id),
        "lines": [{"productId": product["id"]}, *LINES],
    }
    await done(company, CREATE_ORDER, **named)
    trips.clear()
    await done(company, CREATE_ORDER, **named)
    read, _number, write = trips.made
    assert [text.partition(" FROM ")[2].split()[0] for text in read if text.startswith("SELECT") and " FROM " in text][
        -4:
    ] == ["members", "customers", "addresses", "products"]
    assert read[0] == "BEGIN"
    assert write[-1] == "COMMIT"
    assert len(write) == 3


async def test_changes_are_two_round_trips(company: Company, client: Client, trips: Trips) -> None:
    """What must be known first, and all that is written with its answer and the commit."""
    order = await an_order(company)
    other = await an_order(company)
    calls: list[tuple[str, dict[str, Any], list[str], int]] = [
        (UPDATE_ORDER, {"id": order["id"], "notes": "n"}, ["orders", "order_lines"], 1),
        (UPDATE_ORDER, {"id": order["id"], "lines": LINES}, ["orders", "order_lines"], 2),
        (CHANGE_STATUS, {"id": order["id"], "status": "confirmed"}, ["orders"], 1),
        (VOID_ORDER, {"id": other["id"], "reason": "out_of_stock"}, ["orders"], 1),
    ]
    for document, values, tables, statements in calls:
        trips.clear()
        await done(company, document, **values)
        read, write = trips.made
        selects = [text for text in read if text not in AROUND]
        assert [text.split(" FROM ")[1].split()[0] for text in selects] == tables
        assert len(write) == statements + 2, write
        assert write[-2].startswith("SELECT json_build_object('id'")
        assert write[-1] == "COMMIT"
        # The entry of the history follows the one before by its hash, in the same statement.
        assert sum("sha256(coalesce((SELECT e.hash FROM events e" in text for text in write) == 1


async def test_a_refusal_writes_nothing_and_counts_nothing(company: Company, client: Client, trips: Trips) -> None:
    order = await an_order(company)
    async with unchanged(company):
        trips.clear()
        await refused(company, CREATE_ORDER, lines=[])
        assert [set(trip) <= AROUND for trip in trips.made] == [True]
        trips.clear()
        await refused(company, CHANGE_STATUS, id=order["id"], status="nowhere")
        assert [trip[-1] for trip in trips.made][-1] == "ROLLBACK"


async def test_the_answer_belongs_to_the_mutation(company: Company, client: Client) -> None:
    """Aliases and fragments on the payload, the union or the interface are answered alike, and what may not be read is the error
    of its field alone."""
    document = """
    mutation($input: CreateOrderInput!, $some: Boolean!) {
      result: createOrder(input: $input) {
        ... on OrderResult { ... on OrderPayload { order { number } } }
        ... on OrderPayload { order { lines(first: 1) { nodes { name } } other: notes @include(if: $some) } again: order { ...Its } }
      }
    }
    fragment Its on Order { status { key } version }
    """
    data = await company.data(document, {"input": {"lines": LINES, "notes": "n"}, "some": True})
    number = data["result"]["order"]["number"]
    assert data == {
        "result": {
            "order": {"number": number, "lines": {"nodes": [{"name": "Work"}]}, "other": "n"},
            "again": {"status": {"key": "draft"}, "version": 1},
        }
    }
    data = await company.data(document, {"input": {"lines": LINES}, "some": False})
    assert set(data["result"]["order"]) == {"number", "lines"}


async def test_a_payload_that_asks_too_much_takes_nothing_back(company: Company, client: Client) -> None:
    document = """
    mutation($input: CreateOrderInput!, $n: Int!) {
      result: createOrder(input: $input) { ... on OrderPayload { order { lines(first: $n) { nodes { name } } } } }
    }
    """
    answer = await company.graphql(document, {"input": {"lines": LINES, "notes": "kept"}, "n": 1_000_000})
    assert [error["path"] for error in answer["errors"]] == [["result", "order"]]
    assert await company.rows("SELECT notes FROM orders") == [{"notes": "kept"}]


async def test_an_outdated_caller_writes_nothing(company: Company, client: Client) -> None:
    """The commit is sent without waiting for the word that the caller still holds; for one that does not, all of it fails."""
    caller = await company.caller()
    await done(company, SET_NUMBERING, pattern="B-{seq}")
    async with unchanged(company):
        with pytest.raises(Outdated):
            await _write(begin(company.database, caller), {"id": company.id})
        with pytest.raises(Outdated):
            await _refuse(begin(company.database, caller))
    jobs = await company.rows("SELECT 1 FROM jobs WHERE tenant_id = %(tenant)s")
    assert jobs == []


async def test_what_is_written_amid_a_transaction_is_taken_back(company: Company) -> None:
    for breaks_after_reading in (False, True):
        with pytest.raises(ZeroDivisionError):
            await _break(company, breaks_after_reading)
        assert await company.rows("SELECT 1 FROM counters WHERE key = 'x'") == []


async def _write(opening: AbstractAsyncContextManager[Transaction], job: Row) -> None:
    async with opening as tx:
        await tx.insert("counters", {"key": "x", "value": 1})
        await tx.insert("jobs", {**job, "kind": "x", "subject_id": job["id"], "due_at": "now"})


async def _refuse(opening: AbstractAsyncContextManager[Transaction]) -> None:
    async with opening:
        raise Conflict("busy")


async def _break(company: Company, after_reading: bool) -> None:
    async with company.begin() as tx:
        await tx.insert("counters", {"key": "x", "value": 1})
        if after_reading:
            assert await tx.fetch_all("SELECT value FROM counters WHERE key = 'x'") == [{"value": 1}]
        raise ZeroDivisionError


async def test_rows_change_one_way_after_another(company: Company) -> None:
    """What is put in, changed, taken out and put in again in one transaction ends as the last of these left it."""
    customer = {"kind": "person", "search_text": "", "created_at": "now", "updated_at": "now"}
    async with company.begin() as tx:
        await tx.insert("customers", {"id": company.id, "name": "A", "external_id": "k", **customer})
        await tx.update("customers", ("name",), {"id": company.id, "name": "B"})
        await tx.update("customers", ("name",), {"id": company.id, "name": "C"})
        await tx.delete("customers", {"external_id": "k"})
        await tx.insert("customers", {"id": company.id, "name": "D", "external_id": "k", **customer})
    assert await company.rows("SELECT name FROM customers") == [{"name": "D"}]


ROWS = st.lists(
    st.tuples(st.sampled_from([INSERT, UPDATE, DELETE]), st.sampled_from(["a", "b"]), st.integers(1, 3)), max_size=12
)


@given(ROWS)
def test_no_statement_touches_a_row_twice(changes: list[tuple[str, str, int]]) -> None:
    """However changes come, those of one statement are independent of one another, and none is lost or overtakes another."""
    writes = Writes({"a": frozenset({"key"})})
    sent: list[list[tuple[str, str, int]]] = [[]]
    for kind, table, row_id in changes:
        change, row = Change(kind, table, ("id", "name")), {"id": row_id}
        if not writes.fits(change, [row]):
            writes.take()
            sent.append([])
        writes.add(change, [row])
        sent[-1].append((kind, table, row_id))
    assert [entry for statement in sent for entry in statement] == changes
    for statement in sent:
        kinds = {(table, kind) for kind, table, _ in statement}
        assert len({table for table, _ in kinds}) == len(kinds)
        touched = [(table, row_id) for kind, table, row_id in statement if kind != INSERT]
        assert len(touched) == len(set(touched))


async def test_a_unique_value_does_not_move_within_a_statement() -> None:
    writes = Writes({"products": frozenset({"sku"})})
    moving, other = Change(UPDATE, "products", ("id", "sku")), Change(UPDATE, "products", ("id", "name"))
    writes.add(other, [{"id": 1}])
    assert writes.fits(other, [{"id": 2}])
    assert not writes.fits(moving, [{"id": 2}])


@pytest.mark.parametrize("counts", [[1] * 60, [1, 7, 1, 3, 40, 2] * 5])
async def test_numbers_for_many_at_once(company: Company, trips: Trips, counts: list[int]) -> None:
    """Whoever waits at the same time is served by one statement: no number twice, none lost."""

    async def take(count: int) -> list[int]:
        last = await numbering._counted_apart(company.database, company.id, "k", count)
        return list(range(last - count + 1, last + 1))

    taken = [number for numbers in await asyncio.gather(*map(take, counts)) for number in numbers]
    assert sorted(taken) == list(range(1, sum(counts) + 1))
    assert await company.rows("SELECT value FROM counters WHERE key = 'k'") == [{"value": sum(counts)}]
    # All asked before the first was served.
    assert len([trip for trip in trips.made if any("INTO counters" in text for text in trip)]) == 1


async def test_numbers_of_calls_that_were_cut_off(company: Company) -> None:
    """Who no longer waits gets none, and the others theirs."""

    async def take() -> int:
        return await numbering._counted_apart(company.database, company.id, "k", 1)

    tasks = [asyncio.create_task(take()) for _ in range(9)]
    await asyncio.sleep(0)
    for task in tasks[::3]:
        task.cancel()
    found = await asyncio.gather(*tasks, return_exceptions=True)
    numbers = [number for number in found if isinstance(number, int)]
    assert len(numbers) == 6
    assert len(set(numbers)) == 6
    assert await take() not in numbers


async def test_a_counter_that_cannot_be_reached_fails_all_who_wait(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the next one finds it working."""

    async def take() -> int:
        return await numbering._counted_apart(company.database, company.id, "k", 1)

    async def broken(*_: object) -> int:
        raise ConnectionError

    with monkeypatch.context() as patch:
        patch.setattr(numbering, "_take", broken)
        found = await asyncio.gather(*(take() for _ in range(5)), return_exceptions=True)
    assert [type(error) for error in found] == [ConnectionError] * 5
    assert await take() == 1
