"""A draft is judged as it will be: what a rule says of it before the save is what a list's filter says after it."""

import dataclasses
from typing import Any

from hypothesis import strategies as st

from tenants.aggregates import ORDER, Record
from tenants.conditions import parse_condition
from tenants.expressions import parse_expression
from tenants.judging import Draft, Verdicts
from tenants.occasion import Occasion
from tenants.records import REGISTRY
from tenants.rules.book import Holds
from tenants.saving import load
from tenants.transaction import Transaction
from tests.documents import CREATE_ORDER, UPDATE_ORDER, an_order, done
from tests.examples import FIELDS, create_orders, define_fields
from tests.harness import Client, Company, Statements
from tests.test_conditions import RECORDS, found_by_sql, samples, trees
from tests.test_related_conditions import OF_LINES, TREES, a_book
from tests.test_rules import LINES, define

CHECKS = (
    "total > 5",
    "sum(lines.quantity) > 2",
    'notes = "" or promisedAt > orderedAt',
    "count(lines) = 1",
    "max(lines.unitPrice) >= 3 and not (total < 7)",
    'if(channel = "web", total, 100) > 6',
)


async def records(tx: Transaction, company: Company) -> list[Record]:
    rows = await company.rows("SELECT id FROM orders WHERE tenant_id = %(tenant)s ORDER BY id")
    return [await load(tx, ORDER, row["id"]) for row in rows]


async def test_a_draft_is_judged_by_what_it_will_be(company: Company) -> None:
    """Each order takes the place of another, and is judged as its own content: columns, own fields, and its lines."""
    await define_fields(company, {key: {**body, "indexed": True} for key, body in FIELDS.items()})
    await create_orders(company, samples(RECORDS, 15))
    config = dataclasses.replace((await company.caller()).config, complete_indexes=frozenset())
    both = st.one_of(trees(config), st.fixed_dictionaries({"lines": OF_LINES}))
    conditions = [parse_condition(REGISTRY["order"], config, tree) for tree in samples(both, 80)]
    decided = set[bool]()
    async with company.begin() as tx:
        found = await records(tx, company)
        occasion = Occasion(tx.now, tx.caller.member_id)
        expected = [await found_by_sql(company.database, company.id, condition, occasion) for condition in conditions]
        for place, record in enumerate(found):
            other = found[place - 1]
            draft = Draft(ORDER, Record({**record.row, "id": other.id}, record.children))
            # All of them as PostgreSQL sees the draft, those that the row decides as well.
            verdicts = await Verdicts(tx, draft)._look_up(conditions)
            for number, ids in enumerate(expected):
                assert verdicts[f"v{number}"] == (record.id in ids), number
                decided.add(record.id in ids)
    assert decided == {True, False}


async def test_related_records_are_as_they_are(company: Company, client: Client) -> None:
    await a_book(company)
    config = (await company.caller()).config
    conditions = [parse_condition(REGISTRY["order"], config, tree) for tree in samples(TREES, 60)]
    async with company.begin() as tx:
        occasion = Occasion(tx.now, tx.caller.member_id)
        expected = [await found_by_sql(company.database, company.id, condition, occasion) for condition in conditions]
        for record in await records(tx, company):
            verdicts = Verdicts(tx, Draft(ORDER, record))
            await verdicts.ask(conditions)
            assert [verdicts[condition] for condition in conditions] == [record.id in ids for ids in expected]


async def test_checks_are_judged_alike(company: Company, client: Client) -> None:
    """An expression over the row in Python, and the same in PostgreSQL; over lines in PostgreSQL alone."""
    await a_book(company)
    config = (await company.caller()).config
    checks = [Holds(parse_expression(text, REGISTRY["order"], config)) for text in CHECKS]
    assert [check.is_local for check in checks] == [True, False, True, False, False, True]
    decided = set[bool]()
    async with company.begin() as tx:
        for record in await records(tx, company):
            expected: dict[str, Any] = await Verdicts(tx, Draft(ORDER, record))._look_up(checks)
            verdicts = Verdicts(tx, Draft(ORDER, record))
            await verdicts.ask(checks)
            assert [verdicts[check] for check in checks] == list(expected.values())
            decided.update(expected.values())
    assert decided == {True, False}


async def test_what_rules_cost(company: Company, client: Client, statements: Statements) -> None:
    """Nothing where the row decides; one statement for all that look further."""
    order = await an_order(company)

    async def sent() -> list[int]:
        counts = []
        for document, given in ((CREATE_ORDER, {"lines": LINES}), (UPDATE_ORDER, {"id": order["id"], "notes": "n"})):
            statements.clear()
            await done(company, document, **given)
            counts.append(len(statements.work))
        return counts

    await sent()
    bare = await sent()
    await define(company, "near", "CHECK", ["notes"], check='notes != "bad"', when={"channel": {"ne": "fax"}})
    await sent()
    assert await sent() == bare
    await define(company, "far", "CHECK", ["lines"], check="sum(lines.quantity) < 9")
    await define(company, "farther", "REQUIRE", ["notes"], when={"customer": {"kind": {"eq": "company"}}})
    await sent()
    assert await sent() == [count + 1 for count in bare]
