"""Marking a field indexed or unique when there are records already, and taking the mark away: at once, or by a job."""

import asyncio
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from tenants import jobs
from tenants.field_types.numbers import number_key
from tenants.field_values import building
from tenants.problems import InvalidInput
from tests.documents import (
    CREATE_ORDER,
    DEFINE_FIELD,
    REMOVE_DEFINITION,
    UPDATE_ORDER,
    an_order,
    bad_values,
    done,
    refused,
    unchanged,
)
from tests.examples import FIELDS, create_orders, define_fields
from tests.harness import Client, Company, Drain, Row, Statements
from workers import field_indexes

pytestmark = pytest.mark.anyio

SORTED = "{ orders(orderBy: [{custom: {score: ASC}}]) { nodes { custom { score } } } }"


async def define(company: Company, key: str = "score", type_key: str = "integer", **flags: bool) -> Row:
    label = {"en": key}
    return await done(company, DEFINE_FIELD, object="order", key=key, type=type_key, label=label, **flags)


async def scores(company: Company) -> list[int | None]:
    data = await company.data(SORTED)
    return [node["custom"]["score"] for node in data["orders"]["nodes"]]


async def index_rows(company: Company) -> list[Row]:
    return await company.rows(
        "SELECT o.custom->'score' AS held, v.value AS kept FROM order_numbers v"
        " JOIN orders o ON o.tenant_id = v.tenant_id AND o.id = v.record_id"
        " WHERE v.tenant_id = %(tenant)s AND v.field = 'score' ORDER BY o.number"
    )


async def is_complete(company: Company) -> bool:
    """Every order has its row, with its value."""
    rows = await index_rows(company)
    (count,) = await company.rows("SELECT count(*) AS found FROM orders WHERE tenant_id = %(tenant)s")
    kept = [None if row["held"] is None else number_key(row["held"]) for row in rows]
    return len(rows) == count["found"] and kept == [row["kept"] for row in rows]


async def states(company: Company) -> list[tuple[str, str]]:
    rows = await company.rows("SELECT field, state FROM field_indexes WHERE tenant_id = %(tenant)s ORDER BY field")
    return [(row["field"], row["state"]) for row in rows]


async def test_at_once(company: Company, client: Client, statements: Statements) -> None:
    """The change set that marks a field makes the rows of all types of value, and the next list is read by them."""
    await define_fields(company, {**FIELDS, "order.score": {"type": "integer"}})
    values = [{"score": 3, "some": ["x"], "labels": ["p", "q"], "a_text": "t", "a_flag": True}, {}, {"score": -1}]
    await create_orders(company, [{"custom": custom} for custom in values])
    await define_fields(company, {key: {**body, "indexed": True} for key, body in FIELDS.items()})
    await define(company, indexed=True)
    assert [row["kept"] for row in await index_rows(company)] == [
        "100000000000000000003.0000000000",
        None,
        "099999999999999999999.0000000000",
    ]
    options = await company.rows("SELECT field, value FROM order_options WHERE tenant_id = %(tenant)s ORDER BY 1, 2")
    assert [(row["field"], row["value"]) for row in options] == [("labels", "p"), ("labels", "q"), ("some", "x")]
    texts = await company.rows(
        "SELECT value FROM order_texts WHERE tenant_id = %(tenant)s AND field = 'a_text' ORDER BY 1"
    )
    assert [row["value"] for row in texts] == ["t", None, None]
    statements.clear()
    assert await scores(company) == [-1, 3, None]
    assert "FROM order_numbers" in statements.work[-1]


async def test_the_mark_is_taken_away(company: Company, client: Client, statements: Statements) -> None:
    """By the mark itself or with the field; then the rows are gone, and the list is the same."""
    await define(company, indexed=True)
    await create_orders(company, [{"custom": {"score": 5}}, {"custom": {"score": 2}}])
    await define(company, indexed=False)
    assert await index_rows(company) == []
    assert await states(company) == []
    statements.clear()
    assert await scores(company) == [2, 5]
    assert "order_numbers" not in statements.work[-1]
    await define(company, unique=True)
    assert len(await index_rows(company)) == 2
    await done(company, REMOVE_DEFINITION, kind="field", key="order.score")
    assert await index_rows(company) == []
    await done(company, UPDATE_ORDER, **await newest(company), notes="x")
    # A field that comes back gets its rows back.
    await define(company, indexed=True)
    assert await is_complete(company)


async def newest(company: Company) -> Row:
    data = await company.data("{ orders(first: 1) { nodes { id version } } }")
    node = data["orders"]["nodes"][0]
    return {"id": node["id"], "expectedVersion": node["version"]}


async def test_unique_over_values_that_are_not(company: Company, client: Client) -> None:
    """Refused with the values that are there more than once, the most frequent first; nothing has changed."""
    await define(company)
    await create_orders(company, [{"custom": {"score": value}} for value in (1, 1, 2, 3, 3, 3, 4, 4, 5, 5)])
    async with unchanged(company):
        problem = await refused(
            company, DEFINE_FIELD, object="order", key="score", type="integer", label={"en": "score"}, unique=True
        )
    assert bad_values(problem) == {"field.order.score.unique": "CONFIG_NOT_UNIQUE"}
    assert problem["message"] == (
        "'order.score' cannot be unique, because several records have the same value: 3 (3), 1 (2), 4 (2)."
        " Change these first."
    )


async def test_unique_is_switched(company: Company, client: Client) -> None:
    await define(company, indexed=True)
    _, second = await create_orders(company, [{"custom": {"score": 1}}, {"custom": {"score": 2}}])
    await define(company, indexed=True, unique=True)
    problem = await refused(company, UPDATE_ORDER, id=second, expectedVersion=1, custom={"score": 1})
    assert bad_values(problem) == {"custom.score": "VALUE_TAKEN"}
    await define(company, indexed=True, unique=False)
    await done(company, UPDATE_ORDER, id=second, expectedVersion=1, custom={"score": 1})
    assert await scores(company) == [1, 1]


async def test_marks_that_cannot_be(company: Company, client: Client) -> None:
    """Lists are not unique, long texts not indexed, and not everything is."""
    field: Row = {"object": "order", "key": "labels", "label": {"en": "Labels"}}
    problem = await refused(company, DEFINE_FIELD, **field, type="tags", unique=True)
    assert bad_values(problem) == {"field.order.labels.unique": "CONFIG_UNIQUE_LIST"}
    assert problem["message"] == "A field of the type tags holds several values and cannot be unique."
    await define(company, "story", "text")
    await an_order(company, custom={"story": "x" * 501})
    async with unchanged(company):
        problem = await refused(company, DEFINE_FIELD, **{**field, "key": "story"}, type="text", indexed=True)
    assert bad_values(problem) == {"field.order.story.indexed": "CONFIG_TOO_LONG_TO_INDEX"}
    with pytest.raises(InvalidInput, match="101 fields"):
        await define_fields(company, {f"customer.f{n}": {"type": "text", "indexed": True} for n in range(101)})


async def test_many_records_by_a_job(
    company: Company, client: Client, work: Drain, statements: Statements, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lists are read from the records until the index is complete, which takes effect without anybody's doing; what is saved
    meanwhile is in it."""
    await define(company)
    ids = await create_orders(company, [{"custom": {"score": number}} for number in (5, 3, 9, 1, 7)])
    monkeypatch.setattr(building, "AT_ONCE", 4)
    monkeypatch.setattr(building, "BATCH", 2)
    await define(company, indexed=True)
    assert await states(company) == [("order.score", "building")]
    assert await index_rows(company) == []
    await an_order(company, custom={"score": 4})
    await done(company, UPDATE_ORDER, id=ids[1], expectedVersion=1, custom={"score": 30})
    statements.clear()
    assert await scores(company) == [1, 4, 5, 7, 9, 30]
    assert "order_numbers" not in statements.work[-1]
    assert await work() == 1
    assert await states(company) == [("order.score", "ready")]
    assert await is_complete(company)
    statements.clear()
    assert await scores(company) == [1, 4, 5, 7, 9, 30]
    assert "FROM order_numbers" in statements.work[-1]
    await define(company, indexed=False)
    assert await states(company) == [("order.score", "removing")]
    statements.clear()
    assert await scores(company) == [1, 4, 5, 7, 9, 30]
    assert "order_numbers" not in statements.work[-1]
    # Wanted again before the job has come to it: the same job makes it, and a second finds nothing to do.
    await define(company, indexed=True)
    await work()
    assert await states(company) == [("order.score", "ready")]
    assert await is_complete(company)
    await define(company, indexed=False)
    await work()
    assert await states(company) == []
    assert await index_rows(company) == []


async def test_a_turn_ends_and_goes_on(
    company: Company, client: Client, work: Drain, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Work that outlasts a turn is queued anew, where it stopped."""
    await define(company)
    await create_orders(company, [{"custom": {"score": number}} for number in range(5)])
    monkeypatch.setattr(building, "AT_ONCE", 1)
    monkeypatch.setattr(building, "BATCH", 2)
    monkeypatch.setattr("workers.batches.LONGEST_TURN", -1.0)
    await define(company, indexed=True)
    assert await work() == 3
    assert await is_complete(company)
    assert await states(company) == [("order.score", "ready")]


UNIQUE = "order.score"


async def is_unique(company: Company) -> bool:
    (row,) = await company.rows(
        "SELECT body->'unique' AS marked FROM definitions WHERE tenant_id = %(tenant)s AND key = %(key)s", key=UNIQUE
    )
    return bool(row["marked"])


async def told(company: Company) -> list[tuple[UUID, str]]:
    rows = await company.rows(
        "SELECT member_id, text FROM notifications WHERE tenant_id = %(tenant)s ORDER BY created_at, member_id"
    )
    return [(row["member_id"], row["text"]) for row in rows]


@pytest.fixture
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """More than two records are many, and a batch has two."""
    monkeypatch.setattr(building, "AT_ONCE", 2)
    monkeypatch.setattr(building, "BATCH", 2)


@pytest.mark.usefixtures("small_steps")
async def test_unique_over_many_records(company: Company, client: Client, work: Drain) -> None:
    """A job claims the values that are there; what is saved meanwhile claims its own. When it is complete, no value is taken twice."""
    await define(company)
    ids = await create_orders(company, [{"custom": {"score": number}} for number in (1, 2, 3, 4, 5)])
    await create_orders(company, [{}, {}])
    await define(company, unique=True)
    assert await states(company) == [(UNIQUE, "building")]
    await an_order(company, custom={"score": 6})
    problem = await refused(company, UPDATE_ORDER, id=ids[1], expectedVersion=1, custom={"score": 6})
    assert bad_values(problem) == {"custom.score": "VALUE_TAKEN"}
    await work()
    assert await states(company) == [(UNIQUE, "ready")]
    assert await is_complete(company)
    for value in (1, 5, 6):
        problem = await refused(company, UPDATE_ORDER, id=ids[1], expectedVersion=1, custom={"score": value})
        assert bad_values(problem) == {"custom.score": "VALUE_TAKEN"}
    await done(company, UPDATE_ORDER, id=ids[1], expectedVersion=1, custom={"score": 7})
    assert await told(company) == []


@pytest.mark.usefixtures("small_steps")
@pytest.mark.parametrize("indexed", [True, False])
@pytest.mark.parametrize("values", [(3, 3, 1, 2, 4), (1, 2, 3, 4, 3)], ids=["in a batch", "across batches"])
async def test_unique_over_many_that_are_not(
    company: Company, client: Client, work: Drain, values: tuple[int, ...], *, indexed: bool
) -> None:
    """The mark is taken back by a change set that says why, and who may change the configuration is told; the rest stays."""
    admin = await company.add_person("admin", language="zh")
    await define(company, indexed=indexed)
    ids = await create_orders(company, [{"custom": {"score": value}} for value in values])
    await work()
    await define(company, indexed=indexed, unique=True)
    await work()
    assert not await is_unique(company)
    text = "'order.score' cannot be unique, because several records have the same value: 3. Change these first."
    chinese = "“order.score”不能设为唯一，有多条记录的值相同：3。请先修改这些记录。"
    assert await told(company) == [(company.owner.id, text), (admin.id, chinese)]
    (change,) = await company.rows(
        "SELECT author_kind, comment FROM change_sets WHERE tenant_id = %(tenant)s ORDER BY version DESC LIMIT 1"
    )
    assert change == {"author_kind": "system", "comment": text}
    assert await states(company) == ([(UNIQUE, "ready")] if indexed else [])
    assert await company.rows("SELECT FROM order_numbers WHERE tenant_id = %(tenant)s AND is_unique") == []
    # Values may be equal, as before.
    await done(company, UPDATE_ORDER, id=ids[3], expectedVersion=1, custom={"score": 1})
    assert await scores(company) == sorted(1 if place == 3 else value for place, value in enumerate(values))
    for name, value in zip(ids, (10, 11, 12, 13, 14), strict=True):
        await done(company, UPDATE_ORDER, id=name, custom={"score": value})
    await define(company, indexed=indexed, unique=True)
    await work()
    assert (await is_unique(company), await states(company)) == (True, [(UNIQUE, "ready")])


@pytest.mark.usefixtures("small_steps")
async def test_a_value_that_is_entered_twice_while_it_is_claimed(company: Company, client: Client, work: Drain) -> None:
    """A save may enter what a record holds that the job has not come to; the job finds both."""
    await define(company)
    await create_orders(company, [{"custom": {"score": number}} for number in (1, 2, 3)])
    await define(company, unique=True)
    await an_order(company, custom={"score": 3})
    await work()
    assert not await is_unique(company)
    assert [member for member, _ in await told(company)] == [company.owner.id]


async def test_a_job_that_never_ends_is_parked(
    company: Company, client: Client, work: Drain, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After so many attempts; the lists go on without the index, and whoever can mark the field anew is told."""
    await define(company)
    await create_orders(company, [{"custom": {"score": number}} for number in (2, 1, 3)])
    monkeypatch.setattr(building, "AT_ONCE", 2)
    await define(company, indexed=True)

    async def broken(*_: Any) -> bool:
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr(field_indexes, "_INDEXES", replace(field_indexes._INDEXES, next_batch=broken))
        for _ in range(jobs.MOST_ATTEMPTS):
            with pytest.raises(ZeroDivisionError):
                await work(overdue=True)
        assert await told(company) == []
        assert await work(overdue=True) == 1
    (job,) = await company.rows("SELECT kind, parked_at FROM jobs WHERE tenant_id = %(tenant)s")
    assert (job["kind"], job["parked_at"] is None) == (jobs.FIELD_INDEX, False)
    text = "The index of 'order.score' was not completed in 8 attempts; lists are read without it. Mark the field anew."
    assert await told(company) == [(company.owner.id, text)]
    assert await scores(company) == [1, 2, 3]
    await define(company, indexed=False)
    await define(company, indexed=True)
    await work()
    assert await states(company) == [(UNIQUE, "ready")]
    assert await is_complete(company)


async def test_a_new_field_is_unique_at_once(
    company: Company, client: Client, work: Drain, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the number of records: no value is there yet."""
    await create_orders(company, [{}, {}, {}])
    monkeypatch.setattr(building, "AT_ONCE", 2)
    await define(company, "mark", "text", unique=True)
    first = await an_order(company, custom={"mark": "a"})
    await work()
    lines = [{"name": "Work", "unitPrice": "1"}]
    problem = await refused(company, CREATE_ORDER, lines=lines, custom={"mark": "a"})
    assert bad_values(problem) == {"custom.mark": "VALUE_TAKEN"}
    data = await company.data('{ orders(where: {custom: {mark: {eq: "a"}}}) { nodes { id } } }')
    assert data["orders"]["nodes"] == [{"id": first["id"]}]


async def test_while_others_write(company: Company, client: Client) -> None:
    """No order that is taken while a field is being marked is left out of its index."""
    await define(company)
    orders = [an_order(company, custom={"score": number}) for number in range(12)]
    await asyncio.gather(*orders[:6], define(company, indexed=True), *orders[6:])
    assert await is_complete(company)
    assert await scores(company) == list(range(12))
