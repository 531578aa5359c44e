"""Work on records that were there before a definition: claims of a unique rule (X-13), automatic numbers (NCF-2), and how far it has come."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from tenants import jobs
from tenants.field_values import building as index_building
from tenants.rules import building, numbering_existing
from tests.documents import (
    CREATE_CUSTOMER,
    REMOVE_DEFINITION,
    UPDATE_CUSTOMER,
    an_order,
    bad_values,
    done,
    mutation,
    refused,
    unchanged,
)
from tests.examples import create_orders, define_fields
from tests.harness import Client, Company, Drain, Row
from tests.test_rules import DEFINE_RULE
from workers import backfills as worker

pytestmark = pytest.mark.anyio

BACKFILLS = "{ backfills { kind key running total done } }"
NUMBER_EXISTING = mutation("numberExisting", "Backfill", "backfill { kind key running total done }")
NAME = {"object": "customer", "key": "name", "effect": "UNIQUE", "fields": ["name"]}


@pytest.fixture(autouse=True)
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """More than two records are many, and a batch has two."""
    for module in (building, numbering_existing, index_building):
        monkeypatch.setattr(module, "BATCH", 2)
    for module in (building, index_building):
        monkeypatch.setattr(module, "AT_ONCE", 2)


async def backfills(company: Company) -> list[tuple[Any, ...]]:
    return [tuple(found.values()) for found in (await company.data(BACKFILLS))["backfills"]]


async def customers(company: Company, *names: str) -> list[str]:
    return [(await done(company, CREATE_CUSTOMER, name=name))["id"] for name in names]


async def claims(company: Company) -> list[str]:
    """The names of the customers that claim a value."""
    rows = await company.rows(
        "SELECT c.name FROM unique_values v JOIN customers c ON c.tenant_id = v.tenant_id AND c.id = v.record_id"
        " WHERE v.tenant_id = %(tenant)s ORDER BY 1"
    )
    return [row["name"] for row in rows]


async def told(company: Company) -> list[str]:
    rows = await company.rows("SELECT text FROM notifications WHERE tenant_id = %(tenant)s ORDER BY created_at")
    return [row["text"] for row in rows]


async def test_claims_of_many_records_by_a_job(company: Company, client: Client, work: Drain) -> None:
    """What is saved meanwhile claims its own; when it is over, all is claimed. A change of the rule begins anew, its end takes all away."""
    ids = await customers(company, "Ann", "Bob", "Cem", "Dan", "Eve")
    await done(company, DEFINE_RULE, **NAME)
    assert await backfills(company) == [("UNIQUE_RULE", "name", True, 5, 0)]
    assert await claims(company) == []
    await customers(company, "Fay")
    async with unchanged(company):
        problem = await refused(company, UPDATE_CUSTOMER, id=ids[1], name="Fay")
        assert bad_values(problem) == {"name": "RULE_TAKEN"}
    await done(company, UPDATE_CUSTOMER, id=ids[4], name="Eva")
    assert await claims(company) == ["Eva", "Fay"]
    await work()
    assert await backfills(company) == [("UNIQUE_RULE", "name", False, 5, 6)]
    assert await claims(company) == ["Ann", "Bob", "Cem", "Dan", "Eva", "Fay"]
    problem = await refused(company, UPDATE_CUSTOMER, id=ids[1], name="Ann")
    assert bad_values(problem) == {"name": "RULE_TAKEN"}
    await done(company, UPDATE_CUSTOMER, id=ids[1], name="ann")
    await done(company, UPDATE_CUSTOMER, id=ids[1], name="Bob")
    await done(company, DEFINE_RULE, **NAME, ignoreCase=True)
    assert (await backfills(company), await claims(company)) == ([("UNIQUE_RULE", "name", True, 6, 0)], [])
    await work()
    problem = await refused(company, UPDATE_CUSTOMER, id=ids[1], name="ANN")
    assert bad_values(problem) == {"name": "RULE_TAKEN"}
    await done(company, REMOVE_DEFINITION, kind="rule", key="name")
    assert (await backfills(company), await claims(company)) == ([], [])


@pytest.mark.parametrize(
    "names", [("Ann", "Ann", "Bob", "Cem"), ("Ann", "Bob", "Cem", "Ann")], ids=["one batch", "two"]
)
async def test_a_rule_that_records_break_is_switched_off(
    company: Company, client: Client, work: Drain, names: tuple[str, ...]
) -> None:
    """By a change set that names the values, and whoever may change the configuration is told; once they differ it can hold."""
    ids = await customers(company, *names)
    await done(company, DEFINE_RULE, **NAME)
    await work()
    text = "The rule 'name' was switched off, because several records have the same values: Ann. Change these first."
    assert await told(company) == [text]
    (change,) = await company.rows(
        "SELECT author_kind, comment FROM change_sets WHERE tenant_id = %(tenant)s ORDER BY version DESC LIMIT 1"
    )
    assert change == {"author_kind": "system", "comment": text}
    assert (await backfills(company), await claims(company)) == ([], [])
    await done(company, UPDATE_CUSTOMER, id=ids[1], name="Ann")
    for number, one in enumerate(ids):
        await done(company, UPDATE_CUSTOMER, id=one, name=f"N{number}")
    await done(company, DEFINE_RULE, **NAME)
    await work()
    assert await backfills(company) == [("UNIQUE_RULE", "name", False, 4, 4)]
    assert len(await claims(company)) == 4


async def test_a_value_entered_twice_while_claims_are_made(company: Company, client: Client, work: Drain) -> None:
    """A save may enter what a record has that the job has not come to; the job finds both."""
    await customers(company, "Ann", "Bob", "Cem")
    await done(company, DEFINE_RULE, **NAME)
    await customers(company, "Cem")
    await work()
    assert len(await told(company)) == 1
    assert await claims(company) == []


async def test_claims_while_others_write(company: Company, client: Client, work: Drain) -> None:
    """Whatever is saved at once with the job, no claim is missing in the end."""
    ids = await customers(company, *(f"C{number}" for number in range(8)))
    await done(company, DEFINE_RULE, **NAME)
    renamed = [done(company, UPDATE_CUSTOMER, id=one, name=f"R{number}") for number, one in enumerate(ids[::2])]
    await asyncio.gather(work(), *renamed)
    await work()
    assert await claims(company) == ["C1", "C3", "C5", "C7", "R0", "R1", "R2", "R3"]
    assert await told(company) == []


async def test_work_that_never_ends_is_parked(
    company: Company, client: Client, work: Drain, monkeypatch: pytest.MonkeyPatch
) -> None:
    await customers(company, "Ann", "Bob", "Cem")
    await done(company, DEFINE_RULE, **NAME)

    async def broken(*_: Any) -> bool:
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr(worker, "_BACKFILLS", replace(worker._BACKFILLS, next_batch=broken))
        for _ in range(jobs.MOST_ATTEMPTS):
            with pytest.raises(ZeroDivisionError):
                await work(overdue=True)
        assert await work(overdue=True) == 1
    text = "The work for 'name' on existing records was not completed in 8 attempts. Ask for it anew."
    assert await told(company) == [text]
    assert await backfills(company) == [("UNIQUE_RULE", "name", True, 3, 0)]


async def numbers(company: Company, table: str = "orders") -> list[str | None]:
    rows = await company.rows(f"SELECT custom->>'no' AS no FROM {table} WHERE tenant_id = %(tenant)s ORDER BY id")
    return [row["no"] for row in rows]


@pytest.mark.parametrize("gapless", [False, True])
async def test_existing_records_are_numbered(company: Company, client: Client, work: Drain, *, gapless: bool) -> None:
    """In the order of their creation, by the day of it, with an entry in the history; what has a number keeps it; search finds it."""
    first, *_ = await create_orders(company, [{"channel": f"c{number}"} for number in range(5)])
    async with company.begin() as tx:
        await tx.execute(
            "UPDATE orders SET created_at = '2024-12-31T23:30:00Z' WHERE tenant_id = %(tenant)s AND id = %(id)s",
            id=first,
        )
    numbering = {"type": "auto_number", "numbering": "K{year}-{seq:2}", "gapless": gapless, "unique": True}
    await define_fields(company, {"order.no": numbering})
    year = (await company.rows("SELECT extract(year FROM now())::text AS year"))[0]["year"]
    await an_order(company)
    assert await numbers(company) == [None] * 5 + [f"K{year}-01"]
    begun = await done(company, NUMBER_EXISTING, object="order", key="no")
    assert begun == {"kind": "AUTO_NUMBER", "key": "order.no", "running": True, "total": 5, "done": 0}
    await work()
    expected = ["K2024-01", *(f"K{year}-0{number}" for number in range(2, 6)), f"K{year}-01"]
    assert await numbers(company) == expected
    assert ("AUTO_NUMBER", "order.no", False, 5, 5) in await backfills(company)
    entries = "history(first: 5) { nodes { kind note actor { kind } changes { field to } } }"
    document = f'{{ orders(search: "K2024-01") {{ nodes {{ id version {entries} }} }} }}'
    (found,) = (await company.data(document))["orders"]["nodes"]
    assert (found["id"], found["version"]) == (first, 2)
    (event,) = [event for event in found["history"]["nodes"] if event["kind"] == "UPDATED"]
    assert event == {
        "kind": "UPDATED",
        "note": "Numbered in 'order.no'",
        "actor": {"kind": "SYSTEM"},
        "changes": [{"field": "custom.no", "to": "K2024-01"}],
    }
    # Again is nothing.
    async with unchanged(company, without={"backfills"}):
        await done(company, NUMBER_EXISTING, object="order", key="no")
        await work()
    await an_order(company)
    assert (await numbers(company))[-1] == f"K{year}-06"


async def test_customers_and_products_are_numbered(company: Company, client: Client, work: Drain) -> None:
    await customers(company, "Ann", "Bob", "Cem")
    await define_fields(company, {"customer.no": {"type": "auto_number", "numbering": "C{seq}"}})
    await done(company, NUMBER_EXISTING, object="customer", key="no")
    await work()
    assert await numbers(company, "customers") == ["C1", "C2", "C3"]


async def test_what_cannot_be_numbered(company: Company, client: Client) -> None:
    await define_fields(company, {"order.score": {"type": "integer"}})
    async with unchanged(company):
        for key in ("score", "nothing"):
            problem = await refused(company, NUMBER_EXISTING, object="order", key=key)
            assert bad_values(problem) == {"key": "FIELD_NO_AUTO_NUMBER"}
        await refused(company, NUMBER_EXISTING, company.member, object="order", key="score")


async def test_the_way_of_an_index_is_shown(company: Company, client: Client, work: Drain) -> None:
    await define_fields(company, {"order.score": {"type": "integer"}})
    await create_orders(company, [{"custom": {"score": number}} for number in range(5)])
    await define_fields(company, {"order.score": {"type": "integer", "indexed": True}})
    assert await backfills(company) == [("FIELD_INDEX", "order.score", True, 5, 0)]
    await work()
    assert await backfills(company) == [("FIELD_INDEX", "order.score", False, 5, 5)]


async def test_only_who_reads_the_configuration_sees_it(company: Company, client: Client) -> None:
    answer: Row = await company.graphql(BACKFILLS, person=company.member)
    assert answer["errors"][0]["extensions"]["code"] == "NOT_ALLOWED"


async def test_a_plan_tells_what_a_unique_rule_would_do(
    company: Company, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """X-60: of few records whether it could hold, of many that a job will find out."""
    await customers(company, "Ann", "Ann", "Bob")
    asked = "query($document: String!) { planConfiguration(document: $document, merge: true) { changes { remarks } problems { path code } } }"
    rule = "rules: {name: {record_type: customer, effect: unique, fields: [name]}}"
    document = {"document": f"orderloom: 1\n{rule}\n"}
    async with unchanged(company):
        found = (await company.data(asked, document))["planConfiguration"]
        remark = (
            "The values of 3 records are compared by a job; where two are the same, the rule is switched off again."
        )
        assert found == {"changes": [{"remarks": [remark]}], "problems": []}
        monkeypatch.setattr(building, "AT_ONCE", 10)
        found = (await company.data(asked, document))["planConfiguration"]
        problem = {"path": ["rule", "name"], "code": "CONFIG_RULE_DUPLICATES"}
        assert found == {"changes": [{"remarks": []}], "problems": [problem]}
