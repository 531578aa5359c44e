"""Marking a field indexed or unique when there are records already, and taking the mark away: at once, or by a job."""

import asyncio

import pytest

from tenants.field_values import building
from tenants.field_values.kinds import number_key
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
    monkeypatch.setattr("workers.field_indexes.LONGEST_TURN", -1.0)
    await define(company, indexed=True)
    assert await work() == 3
    assert await is_complete(company)
    assert await states(company) == [("order.score", "ready")]


async def test_unique_over_many_records(
    company: Company, client: Client, work: Drain, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not for values that are there; a new field can be unique whatever the number of records."""
    await define(company)
    await create_orders(company, [{"custom": {"score": number}} for number in range(3)])
    monkeypatch.setattr(building, "AT_ONCE", 2)
    label = {"en": "score"}
    async with unchanged(company):
        problem = await refused(
            company, DEFINE_FIELD, object="order", key="score", type="integer", label=label, unique=True
        )
    assert (problem["__typename"], problem["code"]) == ("LimitExceeded", "CONFIG_UNIQUE_OVER_MANY")
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
