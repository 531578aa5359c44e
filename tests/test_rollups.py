"""Rollups: figures over related records, read, filtered and sorted by, and kept in an index with every save that changes them."""

import asyncio
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import pytest

from tenants import customers, orders
from tenants.config import change_sets
from tenants.config.change_sets import plan
from tenants.config.documents import export_document, read_document
from tenants.expressions import ComputedColumn
from tenants.field_values import building
from tests.harness import Client, Company, Drain, Row, Statements
from tests.test_formulas import define, define_well, order

pytestmark = pytest.mark.anyio

SPENT = {"over": "orders", "function": "sum", "field": "total", "where": "not isVoided"}


async def customer(company: Company, name: str, **values: Any) -> str:
    async with company.begin() as tx:
        return str(await customers.create_customer(tx, {"name": name, **values}))


async def shown(company: Company, *keys: str) -> dict[str, Row]:
    """Own fields of all customers, by name."""
    found = await company.data(f"{{ customers {{ nodes {{ name custom {{ {' '.join(keys)} }} }} }} }}")
    return {node["name"]: node["custom"] for node in found["customers"]["nodes"]}


async def index_of(company: Company, key: str) -> str:
    """The table that lists of customers are read by; empty while there is none."""
    column = (await company.caller()).config.own["customer"][key]
    assert isinstance(column, ComputedColumn)
    return column.index


async def indexed(company: Company, key: str, table: str = "customer_numbers") -> list[Any]:
    """The index rows of a field of customers, as lists see them: the names in the order of the values, NULL last."""
    rows = await company.rows(
        f"SELECT c.name FROM {table} v JOIN customers c ON c.tenant_id = v.tenant_id AND c.id = v.record_id"
        " WHERE v.tenant_id = %(tenant)s AND v.field = %(key)s ORDER BY v.value NULLS LAST, c.name",
        key=key,
    )
    return [row["name"] for row in rows]


async def agrees(company: Company, key: str, table: str = "customer_numbers") -> bool:
    """Whether the index rows of a field of customers hold what is worked out for a reader at this moment."""
    config = (await company.caller()).config
    column = config.own["customer"][key]
    assert isinstance(column, ComputedColumn)
    wanted = column.type.indexed_sql(column.expression("c"))
    rows = await company.rows(
        f"SELECT v.value AS kept, {wanted} AS wanted FROM customers c LEFT JOIN {table} v"
        " ON v.tenant_id = c.tenant_id AND v.record_id = c.id AND v.field = %(key)s WHERE c.tenant_id = %(tenant)s",
        key=key,
    )
    return bool(rows) and all(row["kept"] == row["wanted"] for row in rows)


async def test_every_function(company: Company, client: Client) -> None:
    """Count, sum, average, smallest, largest and last, with filters; of nothing as well."""
    ann, _ = await customer(company, "Ann"), await customer(company, "Bob")
    await order(company, ("2", "10"), customerId=ann, channel="web", orderedAt="2026-01-02T10:00:00Z")
    await order(company, ("1", "30"), customerId=ann, channel="phone", orderedAt="2026-01-03T10:00:00Z")
    await order(company, ("1", "5"), customerId=ann, channel="web", orderedAt="2026-01-01T10:00:00Z")
    for key, rollup in {
        "number": {"function": "count"},
        "web": {"function": "count", "where": 'channel = "web"'},
        "spent": {"function": "sum", "field": "total"},
        "mean": {"function": "avg", "field": "total"},
        "least": {"function": "min", "field": "total"},
        "newest": {"function": "max", "field": "date(orderedAt)"},
        "last": {"function": "last", "field": "channel"},
        "dearest": {"function": "last", "field": "channel", "by": "total"},
        "last_web": {"function": "last", "field": "total", "where": 'channel = "web"'},
    }.items():
        await define_well(company, f"customer.{key}", type="rollup", rollup={"over": "orders", **rollup})
    names = ("number", "web", "spent", "mean", "least", "newest", "last", "dearest", "last_web")
    assert await shown(company, *names) == {
        "Ann": {
            "number": 3,
            "web": 2,
            "spent": "55",
            "mean": "18.3333333333",
            "least": "5",
            "newest": "2026-01-03",
            "last": "phone",
            "dearest": "phone",
            "last_web": "20",
        },
        "Bob": {
            "number": 0,
            "web": 0,
            "spent": "0",
            "mean": None,
            "least": None,
            "newest": None,
            "last": None,
            "dearest": None,
            "last_web": None,
        },
    }
    found = await company.data(
        "{ customers(where: {custom: {number: {gte: 1}, spent: {gt: 50}}}, orderBy: [{custom: {mean: ASC}}]) { nodes { name } } }"
    )
    assert found == {"customers": {"nodes": [{"name": "Ann"}]}}


@pytest.mark.parametrize("marked", ["before", "after"])
async def test_an_index_is_kept_with_every_save(company: Company, client: Client, marked: str) -> None:
    """New order, changed lines, another customer, void: the customers whose orders these are have the right rows at once, and no version or
    history of theirs has changed."""
    mark = {"type": "rollup", "rollup": SPENT, "indexed": True}
    if marked == "before":
        await define_well(company, "customer.spent", **mark)
    ann, bob = await customer(company, "Ann"), await customer(company, "Bob")
    first = await order(company, ("1", "10"), customerId=ann)
    second = await order(company, ("1", "20"), customerId=bob)
    if marked == "after":
        await define_well(company, "customer.spent", **mark)
    assert await index_of(company, "spent") == "customer_numbers"
    assert await indexed(company, "spent") == ["Ann", "Bob"]
    before = await company.rows("SELECT id, version FROM customers WHERE tenant_id = %(tenant)s ORDER BY id")
    async with company.begin() as tx:
        await orders.update_order(tx, UUID(first), {"lines": [{"name": "Work", "unitPrice": "25"}]})
    assert await indexed(company, "spent") == ["Bob", "Ann"]
    assert await agrees(company, "spent")
    async with company.begin() as tx:
        await orders.update_order(tx, UUID(first), {"customerId": bob})
    assert await shown(company, "spent") == {"Ann": {"spent": "0"}, "Bob": {"spent": "45"}}
    assert await indexed(company, "spent") == ["Ann", "Bob"]
    assert await agrees(company, "spent")
    async with company.begin() as tx:
        await orders.void_order(tx, UUID(second), "other", note="Wrong")
    assert await shown(company, "spent") == {"Ann": {"spent": "0"}, "Bob": {"spent": "25"}}
    assert await agrees(company, "spent")
    assert await company.rows("SELECT id, version FROM customers WHERE tenant_id = %(tenant)s ORDER BY id") == before
    found = await company.data(
        '{ customers(where: {custom: {spent: {gt: "1"}}}, orderBy: [{custom: {spent: DESC}}]) { nodes { name } } }'
    )
    assert found == {"customers": {"nodes": [{"name": "Bob"}]}}


async def test_an_index_follows_what_it_is_made_of(company: Company, client: Client) -> None:
    """A formula that an indexed one uses is changed: the index rows of old records follow; an archived one leaves no row."""
    await customer(company, "Ann", custom={})
    await define_well(company, "customer.weight", type="decimal")
    bob = await customer(company, "Bob", custom={"weight": "3"})
    await define_well(company, "customer.base", type="formula", expression="coalesce(custom.weight, 5)")
    await define_well(company, "customer.rank", type="formula", expression="custom.base * 2", indexed=True)
    assert await indexed(company, "rank") == ["Bob", "Ann"]
    await define_well(company, "customer.base", type="formula", expression="coalesce(custom.weight, 1)")
    assert await indexed(company, "rank") == ["Ann", "Bob"]
    async with company.begin() as tx:
        await customers.update_customer(tx, UUID(bob), {"custom": {"weight": "0.5"}})
    assert await indexed(company, "rank") == ["Bob", "Ann"]
    assert await agrees(company, "rank")
    refused = await define(company, "customer.rank", type="formula", expression='"x"', indexed=True)
    assert [error["code"] for error in refused["errors"]] == ["COMPUTED_RESULT_CHANGE"]
    await company.data('mutation { removeDefinition(input: {kind: "field", key: "customer.rank"}) { __typename } }')
    assert await indexed(company, "rank") == []


async def test_very_many_records_are_seen_to_by_a_job(
    company: Company, client: Client, work: Drain, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until it is done, lists are right without the index; saves meanwhile keep theirs."""
    monkeypatch.setattr(building, "AT_ONCE", 2)
    monkeypatch.setattr(building, "BATCH", 2)
    ids = [await customer(company, name) for name in ("Ann", "Bob", "Cem", "Dan", "Eve")]
    for place, one in enumerate(ids):
        await order(company, ("1", str(10 * (5 - place))), customerId=one)
    await define_well(company, "customer.spent", type="rollup", rollup=SPENT, indexed=True)
    assert await index_of(company, "spent") == ""
    ordered = "{ customers(orderBy: [{custom: {spent: ASC}}]) { nodes { name } } }"
    before = [node["name"] for node in (await company.data(ordered))["customers"]["nodes"]]
    assert before == ["Eve", "Dan", "Cem", "Bob", "Ann"]
    await order(company, ("1", "100"), customerId=ids[4])
    await work()
    assert await index_of(company, "spent") == "customer_numbers"
    assert await indexed(company, "spent") == ["Dan", "Cem", "Bob", "Ann", "Eve"]
    assert await agrees(company, "spent")
    await company.data('mutation { removeDefinition(input: {kind: "field", key: "customer.spent"}) { __typename } }')
    await work()
    assert await indexed(company, "spent") == []


async def test_orders_taken_at_once_are_all_counted(company: Company, client: Client) -> None:
    """Two for one customer: the second waits for the first to commit, and then sees what it has written."""
    await define_well(company, "customer.spent", type="rollup", rollup=SPENT, indexed=True)
    ann = await customer(company, "Ann")
    given = {"customerId": ann, "lines": [{"name": "Work", "unitPrice": "10"}]}
    async with company.begin() as tx:
        await orders.create_order(tx, given)
        # Writes the index rows, as the end would.
        assert await tx.fetch_one("SELECT count(*) AS found FROM customer_numbers") == {"found": 1}
        second = asyncio.create_task(order(company, ("1", "30"), customerId=ann))
        while not await company.rows("SELECT 1 FROM pg_locks WHERE NOT granted"):
            assert not second.done()
    await second
    assert await shown(company, "spent") == {"Ann": {"spent": "40"}}
    assert await agrees(company, "spent")


async def test_products_know_their_lines(company: Company, client: Client) -> None:
    """A rollup of products over order lines, which are saved with their order."""
    answer = await company.data(
        """mutation { createProduct(input: {sku: "T", name: "Tea", price: "2"}) {
             ... on ProductPayload { product { id } } } }"""
    )
    tea = answer["createProduct"]["product"]["id"]
    rollup = {"over": "orderLines", "function": "sum", "field": "quantity"}
    await define_well(company, "product.sold", type="rollup", rollup=rollup, indexed=True)
    async with company.begin() as tx:
        made = await orders.create_order(tx, {"lines": [{"productId": tea, "quantity": "3"}]})
    async with company.begin() as tx:
        await orders.update_order(tx, made, {"lines": [{"productId": tea, "quantity": "7"}]})
    rows = await company.rows("SELECT value FROM product_numbers WHERE tenant_id = %(tenant)s AND field = 'sold'")
    found = await company.data('{ products(where: {custom: {sold: {eq: "7"}}}) { nodes { custom { sold } } } }')
    assert len(rows) == 1
    assert found == {"products": {"nodes": [{"custom": {"sold": "7"}}]}}


async def test_who_has_no_indexed_formula_pays_nothing(
    company: Company, client: Client, statements: Statements
) -> None:
    """The same statements for an order with formulas and rollups that are not indexed as without any."""
    formulas: Mapping[str, Row] = {
        "order.twice": {"type": "formula", "expression": "total * 2"},
        "customer.spent": {"type": "rollup", "rollup": SPENT},
    }
    await order(company)
    statements.clear()
    await order(company)
    before = len(statements.work)
    for key, body in formulas.items():
        await define_well(company, key, **body)
    await order(company)
    statements.clear()
    await order(company)
    assert len(statements.work) == before


async def test_computed_fields_travel_in_documents(company: Company, client: Client) -> None:
    """The configuration exports with them, and imports again to no change at all."""
    await define_well(company, "customer.spent", type="rollup", rollup=SPENT, indexed=True)
    await define_well(company, "customer.rank", type="formula", expression='if(custom.spent > 100, "A", "B")')
    config = (await company.caller()).config
    document = export_document(config.definitions)
    assert "over: orders" in document
    assert plan(config, read_document(document)) == []


async def test_a_step_and_an_automation_see_them(company: Company, client: Client, work: Drain) -> None:
    """A step of an order's life loads little of it, and yet what hangs on its status follows; so do conditions of automations."""
    open_orders = {"over": "orders", "function": "count", "where": 'status = "draft"'}
    await define_well(company, "customer.drafts", type="rollup", rollup=open_orders, indexed=True)
    await define_well(company, "order.stage", type="formula", expression='concat(status, " ", channel)', indexed=True)
    automation = {
        "label": {"en": "Mark"},
        "events": ["status_changed"],
        "condition": {"custom": {"stage": {"eq": "confirmed web"}}, "customer": {"custom": {"drafts": {"eq": 0}}}},
        "actions": [{"type": "set_field", "field": "notes", "value": "seen"}],
    }
    async with company.begin() as tx:
        await change_sets.apply(tx, [change_sets.define(tx.config, "automation", "mark", automation)])
    ann = await customer(company, "Ann")
    made = await order(company, ("1", "10"), customerId=ann, channel="web")
    assert await shown(company, "drafts") == {"Ann": {"drafts": 1}}
    async with company.begin() as tx:
        await orders.change_status(tx, UUID(made), "confirmed")
    await work()
    assert await shown(company, "drafts") == {"Ann": {"drafts": 0}}
    assert await agrees(company, "drafts")
    found = await company.data(
        '{ orders(where: {custom: {stage: {eq: "confirmed web"}}}) { nodes { notes custom { stage } } } }'
    )
    assert found["orders"]["nodes"] == [{"notes": "seen", "custom": {"stage": "confirmed web"}}]


async def test_many_saves_of_one_transaction_are_worked_out_once(
    company: Company, client: Client, statements: Statements
) -> None:
    """However many orders of a customer are saved together, their figures are read once; whoever looks sooner finds them right."""
    await define_well(company, "customer.spent", type="rollup", rollup=SPENT, indexed=True)
    ann = await customer(company, "Ann")
    statements.clear()
    async with company.begin() as tx:
        for price in range(1, 21):
            await orders.create_order(tx, {"customerId": ann, "lines": [{"name": "Work", "unitPrice": str(price)}]})
    assert len([text for text in statements.texts if "INSERT INTO customer_numbers" in text]) == 1
    assert await shown(company, "spent") == {"Ann": {"spent": "210"}}
    assert await agrees(company, "spent")
    async with company.begin() as tx:
        await orders.create_order(tx, {"customerId": ann, "lines": [{"name": "Work", "unitPrice": "90"}]})
        row = await tx.fetch_one("SELECT value FROM customer_numbers WHERE tenant_id = %(tenant)s AND field = 'spent'")
        assert row is not None
        assert row["value"].startswith("100000000000000000300.")
