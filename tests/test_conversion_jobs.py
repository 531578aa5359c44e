"""Conversions of fields with many records, by a job, while people go on working."""

import asyncio
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from tenants import jobs
from tenants.actors import system
from tenants.conversions import converting, running
from tenants.field_values import building
from tenants.transaction import begin
from tests.documents import DEFINE_FIELD, UPDATE_ORDER, an_order, bad_values, done, refused, unchanged
from tests.harness import Client, Company, Drain, Row
from tests.test_conversions import (
    CONVERSIONS,
    CONVERT,
    FAILURES,
    REVERT,
    a_field,
    convert,
    found_by,
    orders_with,
    values_of,
)
from workers import conversions

pytestmark = pytest.mark.usefixtures("small_steps")


@pytest.fixture
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything by a job, two records a commit."""
    monkeypatch.setattr(converting, "AT_ONCE", 0)
    monkeypatch.setattr(running, "BATCH", 2)
    monkeypatch.setattr(running, "SEARCH_BATCH", 2)


async def told(company: Company) -> list[Row]:
    rows: list[Row] = (await company.data(CONVERSIONS))["fieldConversions"]
    return rows


async def do_batches(company: Company, count: int) -> None:
    """So many batches of the last conversion, as a worker does them, and no more."""
    conversion_id = UUID((await told(company))[0]["id"])
    for _ in range(count):
        caller = await company.callers.acting(company.id, system("worker"))
        async with begin(company.database, caller, automations=False) as tx:
            assert await running.next_batch(tx, conversion_id)


async def kept(company: Company) -> list[Any]:
    """What the orders hold in the database."""
    rows = await company.rows("SELECT custom FROM orders WHERE tenant_id = %(tenant)s ORDER BY number")
    return [row["custom"] for row in rows]


async def test_people_go_on_working(company: Company, client: Client, work: Drain) -> None:
    """Until the switch everybody reads and writes the old type; what is written meanwhile, before and behind the batches, is converted."""
    await a_field(company, "weight")
    ids = await orders_with(company, "weight", "1", "2", "3", "4", "5")
    begun = await convert(company, "weight", "integer", otherwise="LEAVE_EMPTY")
    assert (begun["state"], begun["total"], begun["version"]) == ("FILLING", 5, None)
    await do_batches(company, 1)
    assert await kept(company) == [
        {"weight": "1", "weight~": 1}, {"weight": "2", "weight~": 2}, {"weight": "3"}, {"weight": "4"}, {"weight": "5"},
    ]  # fmt: skip
    assert [(row["state"], row["done"]) for row in await told(company)] == [("FILLING", 2)]
    assert await values_of(company, "weight") == ["1", "2", "3", "4", "5"]
    for order, value in ((ids[0], "10"), (ids[1], None), (ids[4], "50")):
        await done(company, UPDATE_ORDER, id=order, custom={"weight": value})
    await an_order(company, custom={"weight": "60"})
    await an_order(company, custom={"weight": "many"})
    assert await values_of(company, "weight") == ["10", None, "3", "4", "50", "60", "many"]
    await work()
    assert await values_of(company, "weight") == [10, None, 3, 4, 50, 60, None]
    ((row),) = await told(company)
    assert (row["state"], row["failed"], row["version"] is not None) == ("DONE", 1, True)
    assert [each["value"] for each in (await company.data(FAILURES, {"id": row["id"]}))["failures"]] == ["many"]
    assert await company.rows("SELECT * FROM conversion_changes WHERE tenant_id = %(tenant)s") == []
    assert await found_by(company, "{custom: {weight: {gt: 9}}}") == 3
    back = await done(company, REVERT, id=begun["id"])
    await done(company, UPDATE_ORDER, id=ids[2], custom={"weight": 33})
    await work()
    assert (await told(company))[0]["id"] == back["id"]
    assert await values_of(company, "weight") == ["10", None, "33", "4", "50", "60", "many"]


async def test_a_worker_that_dies_in_the_middle(
    company: Company, client: Client, work: Drain, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What its last commit did is not done again, and the rest is."""
    await a_field(company, "weight")
    await orders_with(company, "weight", "1", "2", "3", "4", "5")
    await convert(company, "weight", "integer")
    real, count = running._make, 0

    async def dying(*given: Any) -> bool:
        nonlocal count
        made = await real(*given)
        count += 1
        if count == 2:
            raise ZeroDivisionError
        return made

    with monkeypatch.context() as patch:
        patch.setattr(running, "_make", dying)
        with pytest.raises(ZeroDivisionError):
            await work()
    assert [sorted(custom) for custom in await kept(company)] == [["weight", "weight~"]] * 2 + [["weight"]] * 3
    assert await values_of(company, "weight") == ["1", "2", "3", "4", "5"]
    await work(overdue=True)
    assert await values_of(company, "weight") == [1, 2, 3, 4, 5]
    assert [row["state"] for row in await told(company)] == ["DONE"]


async def test_a_conversion_is_refused_as_a_whole(company: Company, client: Client, work: Drain) -> None:
    """All values are looked at before one is made: the report names each that does not fit, and the last conversion can still go back."""
    await a_field(company, "weight")
    await orders_with(company, "weight", "01", "02", "3")
    first = await convert(company, "weight", "integer")
    await work()
    await an_order(company, custom={"weight": 2})
    before = await kept(company)
    begun = await convert(company, "weight", "boolean")
    assert begun["state"] == "CHECKING"
    await work()
    row = (await told(company))[0]
    assert (row["state"], row["failed"], row["problems"]) == ("REFUSED", 3, [])
    assert await kept(company) == before
    await done(company, DEFINE_FIELD, object="order", key="weight", type="integer", label={"en": "Mass"})
    await done(company, REVERT, id=first["id"])
    await work()
    assert await values_of(company, "weight") == ["01", "02", "3", "2"]


async def test_a_value_that_comes_between(company: Company, client: Client, work: Drain) -> None:
    """All looked well until somebody wrote a value that does not fit: nothing is converted, and nothing is left behind."""
    await a_field(company, "weight")
    await orders_with(company, "weight", "1", "2", "3")
    await convert(company, "weight", "integer")
    await do_batches(company, 4)
    assert (await told(company))[0]["state"] == "SWITCHING"
    await an_order(company, custom={"weight": "some"})
    await work()
    row = (await told(company))[0]
    assert (row["state"], row["failed"]) == ("CLEARED", 1)
    assert await kept(company) == [{"weight": value} for value in ("1", "2", "3", "some")]
    assert await values_of(company, "weight") == ["1", "2", "3", "some"]


async def test_what_comes_to_depend_on_the_field(company: Company, client: Client, work: Drain) -> None:
    """A formula that was defined meanwhile, and would make no sense over the new type, ends the conversion, and says so."""
    await a_field(company, "weight", "decimal")
    await orders_with(company, "weight", "1.5", "2")
    await convert(company, "weight", "text", comment="words")
    await a_field(company, "double", "formula", expression="custom.weight * 2")
    await work()
    row = (await told(company))[0]
    assert row["state"] == "CLEARED"
    assert len(row["problems"]) == 1
    texts = await company.rows("SELECT text FROM notifications WHERE tenant_id = %(tenant)s")
    assert [each["text"].startswith("The conversion of 'order.weight' was given up: ") for each in texts] == [True]
    assert await kept(company) == [{"weight": "1.5"}, {"weight": "2"}]


async def test_one_at_a_time(company: Company, client: Client, work: Drain) -> None:
    """While it is under way the field keeps its definition, and there is no second conversion; it can be given up."""
    await a_field(company, "weight")
    await orders_with(company, "weight", "1", "2", "3")
    begun = await convert(company, "weight", "integer", otherwise="LEAVE_EMPTY")
    await do_batches(company, 1)
    async with unchanged(company):
        problem = await refused(company, CONVERT, object="order", key="weight", type="decimal")
        assert problem["code"] == "CONVERSION_UNDER_WAY"
        label = {"en": "Mass"}
        problem = await refused(company, DEFINE_FIELD, object="order", key="weight", type="text", label=label)
        assert bad_values(problem) == {"field.order.weight": "CONVERSION_UNDER_WAY"}
    given_up = await done(company, REVERT, id=begun["id"])
    assert (given_up["id"], given_up["state"]) == (begun["id"], "CLEARING")
    await work()
    assert [row["state"] for row in await told(company)] == ["CLEARED"]
    assert await kept(company) == [{"weight": "1"}, {"weight": "2"}, {"weight": "3"}]
    await convert(company, "weight", "integer")
    await work()
    assert await values_of(company, "weight") == [1, 2, 3]


async def test_an_index_follows_by_its_job(
    company: Company, client: Client, work: Drain, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lists are right before and after it is complete, and no row of the old type stays."""
    await a_field(company, "weight", indexed=True)
    await orders_with(company, "weight", "10", "9", "100")
    monkeypatch.setattr(building, "AT_ONCE", 2)
    await convert(company, "weight", "integer")
    await do_batches(company, 5)
    assert (await told(company))[0]["state"] == "SEARCHING"
    assert await values_of(company, "weight") == [10, 9, 100]
    ordered = "{ orders(orderBy: [{custom: {weight: ASC}}]) { nodes { custom { weight } } } }"
    before = await company.data(ordered)
    assert [node["custom"]["weight"] for node in before["orders"]["nodes"]] == [9, 10, 100]
    await work()
    assert await company.data(ordered) == before
    assert await company.rows("SELECT * FROM order_texts WHERE tenant_id = %(tenant)s") == []
    assert len(await company.rows("SELECT * FROM order_numbers WHERE tenant_id = %(tenant)s")) == 3
    states = await company.rows("SELECT state FROM field_indexes WHERE tenant_id = %(tenant)s")
    assert states == [{"state": "ready"}]


async def test_a_conversion_that_never_ends_is_parked(
    company: Company, client: Client, work: Drain, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After so many attempts; people go on with the old type, and whoever may is told how to take it back."""
    await a_field(company, "weight")
    await orders_with(company, "weight", "1", "2", "3")
    begun = await convert(company, "weight", "integer")

    async def broken(*_: Any) -> bool:
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr(conversions, "_CONVERSIONS", replace(conversions._CONVERSIONS, next_batch=broken))
        for _ in range(jobs.MOST_ATTEMPTS):
            with pytest.raises(ZeroDivisionError):
                await work(overdue=True)
        assert await work(overdue=True) == 1
    texts = await company.rows("SELECT text FROM notifications WHERE tenant_id = %(tenant)s")
    text = "A conversion of a field was given up after 8 attempts. Take it back with revertFieldConversion."
    assert [each["text"] for each in texts] == [text]
    await done(company, REVERT, id=begun["id"])
    await work()
    assert await values_of(company, "weight") == ["1", "2", "3"]
    assert [row["state"] for row in await told(company)] == ["CLEARED"]


async def test_many_write_at_once(company: Company, client: Client, work: Drain) -> None:
    """Whatever is written while batches are done and the names change places is there in the new type."""
    await a_field(company, "weight")
    ids = await orders_with(company, "weight", *(str(number) for number in range(12)))
    await convert(company, "weight", "long_text")

    async def write(order: str, number: int) -> None:
        for step in range(3):
            await done(company, UPDATE_ORDER, id=order, custom={"weight": f"{number} {step}"})

    await asyncio.gather(work(), *(write(order, number) for number, order in enumerate(ids)))
    await work()
    assert await values_of(company, "weight") == [f"{number} 2" for number in range(12)]
    assert [row["state"] for row in await told(company)] == ["DONE"]
    assert {tuple(sorted(custom)) for custom in await kept(company)} == {("weight", "weight~")}
