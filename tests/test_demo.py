"""The demo companies: what a newcomer finds, and that seeding never repeats, undoes or loses anything."""

from collections import Counter
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest

from server import demo
from server.demo import COMPANIES, FIRST_QUERY, PASSWORD, read_demo, seed, seed_company
from tenants.actors import system
from tenants.callers import Callers
from tenants.companies import NewCompany, company_id, create_company
from tenants.database import ENTER, Database
from tenants.orders import void_order
from tenants.products import update_product
from tenants.transaction import begin, new_id
from tests.harness import Client, Drain, Outbox, Row
from workers.work import Work

SIGN_IN = """
mutation ($email: String!, $password: String!) {
  signIn(input: {email: $email, password: $password}) {
    ... on SignInPayload { token member { name roles } tenant { slug currency language } }
    ... on Problem { message }
  }
}"""
STATUSES = """
{
  orders(first: 200, voided: INCLUDE) { nodes { status { key } isVoided history(first: 50) { totalCount } } }
  customers(first: 200) { totalCount nodes { kind } }
  products { totalCount }
}"""


class Demos:
    """Seeds companies, and looks into them past the API."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.slugs: list[str] = []

    def fresh(self, name: str, *orders: str) -> dict[str, Any]:
        """The data of a demo company under a short name of its own, with these orders only."""
        slug = f"d{new_id().hex[-20:]}"
        self.slugs.append(slug)
        found = read_demo(name, **{name: slug})
        found["orders"] = {key: found["orders"][key] for key in orders}
        return found

    async def rows(self, slug: str, sql: str) -> list[Row]:
        scope = {"tenant": await company_id(self.database, slug)}
        async with self.database.connection() as connection, connection.pipeline():
            await connection.execute(ENTER, scope)
            return await (await connection.execute(sql, scope)).fetchall()

    async def contents(self, slug: str) -> dict[str, list[Row]]:
        """Everything of a company that seeding touches."""
        tables = ("members", "products", "customers", "orders", "order_lines", "events", "definitions", "counters")
        return {table: await self.rows(slug, f"SELECT to_jsonb(t) AS row FROM {table} t") for table in tables}

    async def order(self, slug: str, key: str) -> Row:
        rows = await self.rows(slug, f"SELECT * FROM orders WHERE external_id = '{key}'")
        return rows[0]


@pytest.fixture
async def demos(database: Database) -> AsyncIterator[Demos]:
    """Unfinished jobs go with the test: other tests' workers would do them."""
    found = Demos(database)
    yield found
    async with database.connection() as connection:
        await connection.execute(
            "DELETE FROM jobs WHERE tenant_id IN (SELECT id FROM tenants WHERE slug = ANY(%s))", [found.slugs]
        )


@pytest.fixture(scope="module")
async def seeded(database: Database, callers: Callers) -> tuple[str, Outbox]:
    """The two companies as `make run` leaves them a moment after it is ready: what seeding said, and the mails."""
    text, outbox = await seed(database, "http://127.0.0.1:8000"), Outbox()
    await Drain(Work(database, callers, outbox.send))()
    return text, outbox


async def signed_in(client: Client, email: str) -> Row:
    answer = await client.graphql(SIGN_IN, {"email": email, "password": PASSWORD})
    found: Row = answer["data"]["signIn"]
    return found


async def test_a_newcomer_signs_in_and_asks_the_first_query(seeded: tuple[str, Outbox], client: Client) -> None:
    """Every sign-in that the text promises works, and so does its query, in both companies."""
    text, _ = seeded
    assert "http://127.0.0.1:8000/graphql" in text
    assert "http://127.0.0.1:8000/mailbox" in text
    assert PASSWORD in text
    for slug, language, currency in (("cedar", "en", "EUR"), ("longjing", "zh", "CNY")):
        tokens = []
        for person in read_demo(slug)["people"].values():
            assert person["email"] in text
            session = await signed_in(client, person["email"])
            assert session["member"] == {"name": person["name"], "roles": person["roles"]}
            assert session["tenant"] == {"slug": slug, "language": language, "currency": currency}
            tokens.append(session["token"])
        answer = await client.graphql(FIRST_QUERY, token=tokens[-1])
        assert answer.keys() == {"data"}
        assert len(answer["data"]["orders"]["nodes"]) == 5


async def test_what_the_companies_hold(seeded: tuple[str, Outbox], demos: Demos, client: Client) -> None:
    """Each has customers of both kinds, products, and orders in every status of a sale with their history, one of them void."""
    for slug, email, orders in (
        ("cedar", "orla@cedar.example.com", 39),
        ("longjing", "ruoxi@longjing.example.com", 40),
    ):
        token = (await signed_in(client, email))["token"]
        data = (await client.graphql(STATUSES, token=token))["data"]
        statuses = Counter(order["status"]["key"] for order in data["orders"]["nodes"])
        assert len(data["orders"]["nodes"]) == orders
        found = await demos.rows(slug, "SELECT key FROM definitions WHERE kind = 'status'")
        returns = {"return_requested", "return_agreed", "goods_back", "credited", "return_declined"}
        assert statuses.keys() == {row["key"] for row in found} - returns
        assert [order["isVoided"] for order in data["orders"]["nodes"]].count(True) == 1
        assert max(order["history"]["totalCount"] for order in data["orders"]["nodes"]) >= 6
        assert data["customers"]["totalCount"] == 12
        assert {node["kind"] for node in data["customers"]["nodes"]} == {"PERSON", "COMPANY"}
        assert data["products"]["totalCount"] >= 15


async def test_the_automations_ran(seeded: tuple[str, Outbox], demos: Demos) -> None:
    """What the demo orders set off succeeded to the last run: there is something to see, and nothing that looks broken."""
    expected = {
        "cedar": {"urgent_order": 3, "big_job": 2, "ready_to_collect": 5},
        "longjing": {
            "wholesale_small_vip": 2,
            "wholesale_large": 4,
            "wholesale_urgent": 2,
            "wholesale_shipped": 6,
        },
    }
    for slug, runs in expected.items():
        rows = await demos.rows(slug, "SELECT automation, status, message FROM automation_runs")
        assert Counter(row["automation"] for row in rows) == runs
        assert {(row["status"], row["message"]) for row in rows} == {("succeeded", "")}
    assert (await demos.order("cedar", "R-214"))["priority"] == "high"
    assert (await demos.order("longjing", "D-218"))["status"] == "approved"
    assert len(await demos.rows("cedar", "SELECT 1 FROM notifications")) == 3 * 2 + 2
    sent = seeded[1].sent
    assert len(sent) == 3 + 5 + 2 + 6
    assert not [mail for mail in sent if "{{" in mail["subject"] + mail["body"] or "None" in mail["body"]]


async def test_again_changes_nothing(seeded: tuple[str, Outbox], demos: Demos) -> None:
    before = {slug: await demos.contents(slug) for slug in COMPANIES}
    assert await seed(demos.database, "http://127.0.0.1:8000") == seeded[0]
    assert {slug: await demos.contents(slug) for slug in COMPANIES} == before


async def test_a_crash_is_completed(demos: Demos, monkeypatch: pytest.MonkeyPatch) -> None:
    """Seeding that broke off anywhere, even between two steps of one order, ends as if it had not."""
    whole = demos.fresh("cedar", "R-101", "R-201", "R-221")
    await seed_company(demos.database, whole)
    broken = demos.fresh("cedar", "R-101", "R-201", "R-221")
    for name, calls in (("create_member", 2), ("create_customer", 5), ("create_order", 1), ("change_status", 2)):
        with monkeypatch.context() as patch:
            patch.setattr(demo, name, _breaking(getattr(demo, name), calls))
            with pytest.raises(ZeroDivisionError):
                await seed_company(demos.database, broken)
    await seed_company(demos.database, broken)
    count = (
        "SELECT (SELECT count(*) FROM members) m, (SELECT count(*) FROM customers) c, (SELECT count(*) FROM products) p"
    )
    slugs = whole["company"]["slug"], broken["company"]["slug"]
    assert await demos.rows(slugs[1], count) == await demos.rows(slugs[0], count) == [{"m": 6, "c": 12, "p": 16}]
    story = (
        "SELECT o.external_id, e.record_version, e.kind, e.actor_name, e.note FROM orders o"
        " JOIN events e ON e.tenant_id = o.tenant_id AND e.record_id = o.id ORDER BY 1, 2"
    )
    assert await demos.rows(slugs[1], story) == await demos.rows(slugs[0], story)
    assert (await demos.order(slugs[1], "R-201"))["status"] == "collected"


def _breaking(command: Any, calls: int) -> Any:
    left = calls

    async def breaking(*arguments: Any, **named: Any) -> UUID:
        nonlocal left
        if left == 0:
            raise ZeroDivisionError
        left -= 1
        found: UUID = await command(*arguments, **named)
        return found

    return breaking


async def test_what_people_did_stays(demos: Demos, callers: Callers) -> None:
    """A record that was renamed or voided is not made again and not set back."""
    data = demos.fresh("cedar", "R-218", "R-221")
    slug = data["company"]["slug"]
    await seed_company(demos.database, data)
    caller = await callers.acting(await company_id(demos.database, slug), system("test"))
    product = (await demos.rows(slug, "SELECT id FROM products WHERE sku = 'LIGHTS'"))[0]
    order = await demos.order(slug, "R-218")
    async with begin(demos.database, caller) as tx:
        await update_product(tx, product["id"], {"sku": "LAMPS", "price": "41.00"})
    async with begin(demos.database, caller) as tx:
        await void_order(tx, order["id"], "entered_twice")
    before = await demos.contents(slug)
    await seed_company(demos.database, data)
    assert await demos.contents(slug) == before


async def test_a_company_of_the_same_name_is_left_alone(demos: Demos) -> None:
    """Whoever already uses the short name keeps their company as it is, and is not told of sign-ins that do not exist."""
    data = demos.fresh("cedar", "R-101")
    slug = data["company"]["slug"]
    mine = NewCompany(slug, "Cedar Timber", f"{slug}@example.com", "Tim Timber", "correct-horse-battery")
    await create_company(demos.database, mine)
    before = await demos.contents(slug)
    assert await seed_company(demos.database, data) == ""
    assert await demos.contents(slug) == before
