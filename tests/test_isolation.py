"""Two companies in one database: an id of the other is answered exactly as one that never existed (RELIABILITY T1, T2).

Every place of the schema that takes an id is found by walking the schema (`server/isolation/`, which the live instance uses too), and is
given ids of the other company's rows, of the kind that it means and of others by turns. The answers must be equal to the byte to those for
unknown ids, and nothing may change anywhere. The same must hold with the statements' own tenant filter taken away, so that row security
alone holds, and with row security made to show everything, so that the filters alone hold.
"""

from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import replace
from typing import NamedTuple
from urllib.parse import urlsplit
from uuid import uuid4

import orjson
import psycopg
import pytest

from schema.execution import House
from server.embedded import Services
from server.isolation.canaries import Canary, furnished
from server.isolation.places import Place, Row, places
from server.isolation.prover import KINDS
from server.isolation.replay import Ask, chosen, document_of, try_ids
from server.settings import app_database_url
from tenants.callers import Callers
from tenants.database import Database
from tenants.models.tables import TENANT_TABLES
from tenants.sign_in.sessions import open_session
from tests.documents import stored
from tests.harness import Company, Person, found_company
from tests.services import fresh_database
from tests.walls import DirectClient, take_filters_away

pytestmark = pytest.mark.anyio

FILTERS_GONE, POLICIES_GONE = "row security alone", "filters alone"
HOUSES = ("both", FILTERS_GONE, POLICIES_GONE)
PLACES = places()


def test_the_walk_finds_the_ids() -> None:
    """Finders, filters, and inputs with their lists."""
    found = {str(place) for place in PLACES}
    assert {
        "node.id",
        "orders.where.id.eq",
        "orders.where.customer.id.notIn.[]",
        "createOrder.input.customerId",
        "createOrder.input.lines.[].productId",
        "updateCustomer.input.addresses.[].id",
        "markNotificationRead.input.id",
    } <= found
    # T1: at least a thousand, in three houses.
    assert len(PLACES) * KINDS * len(HOUSES) > 6_000


@pytest.fixture(scope="module")
async def open_database(services: Services, worker_id: str) -> AsyncIterator[Database]:
    """A copy of the database whose policies show everything to everybody."""
    name = f"open_{worker_id}"
    url = fresh_database(services, name)
    superuser = urlsplit(services.superuser_url)._replace(path=f"/{name}").geturl()
    with psycopg.connect(superuser, autocommit=True) as connection:
        for table in TENANT_TABLES:
            connection.execute(f"ALTER POLICY tenant_isolation ON {table.name} USING (true) WITH CHECK (true)".encode())
    database = await Database.open(app_database_url(url), size=4)
    yield database
    await database.close()


@pytest.fixture(params=HOUSES)
async def house(
    request: pytest.FixtureRequest,
    database: Database,
    callers: Callers,
    open_database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> House:
    """The whole house, and the house with one of its two walls taken away."""
    if request.param == POLICIES_GONE:
        return House(open_database, Callers(open_database))
    if request.param == FILTERS_GONE:
        take_filters_away(monkeypatch)
    return House(database, callers)


class Pair(NamedTuple):
    """Two companies of one house, with a row of each kind."""

    company: Company
    mine: Canary
    other: Company
    others: Canary

    member: Person

    async def ask(self, document: str, variables: Row) -> bytes:
        """Ask as the owner of the first."""
        return orjson.dumps(await self.company.graphql(document, variables))

    async def ask_as_member(self, document: str, variables: Row) -> bytes:
        return orjson.dumps(await self.company.graphql(document, variables, person=self.member))

    @property
    def asks(self) -> tuple[Ask, Ask]:
        return self.ask, self.ask_as_member


async def pair_in(house: House) -> Pair:
    companies = [await found_company(house.database, house.callers) for _ in range(2)]
    company, other = (replace(company, client=DirectClient(house)) for company in companies)
    mine, others = [await furnished(house.database, house.callers, company.id) for company in companies]
    assert mine.member.id is not None
    member = await open_session(house.database, company.id, mine.member.id)
    return Pair(company, mine, other, others, Person(mine.member.id, "", member.token))


@pytest.fixture(scope="module")
async def pairs(database: Database, callers: Callers, open_database: Database) -> dict[int, Pair]:
    """One pair for each database: what is refused leaves them as they are."""
    closed, opened = House(database, callers), House(open_database, Callers(open_database))
    return {id(house.database): await pair_in(house) for house in (closed, opened)}


async def test_a_pair_has_a_row_of_every_kind(database: Database, pairs: Mapping[int, Pair]) -> None:
    """With a mark in its texts; and nothing is left for a worker, who would change it."""
    pair = pairs[id(database)]
    for canary in (pair.mine, pair.others):
        assert {table.name for table in TENANT_TABLES if "id" in table.columns} <= set(canary.ids)
    rows = await pair.company.rows("SELECT name FROM customers UNION ALL SELECT text FROM notifications")
    assert [row["name"] for row in rows] == [pair.mine.mark] * 2
    async with database.connection() as connection:
        jobs = await connection.execute(
            "SELECT 1 FROM jobs WHERE tenant_id = ANY(%s)", [[pair.company.id, pair.other.id]]
        )
        assert jobs.rowcount == 0


async def all_tried(pair: Pair, kind: str) -> int:
    """Try ids of the other company in all places of queries or mutations; how many there were."""
    before = await stored(pair.company), await stored(pair.other)
    attempts = 0
    tried = [place for place in PLACES if place.kind == kind]
    for number, place in enumerate(tried):
        ids = chosen(place, pair.others.ids, number, KINDS)
        found = await try_ids(pair.asks, place, ids, pair.mine.ids)
        assert found.differing == (), (place, found)
        # Else the equal answers would say nothing.
        assert (found.looked, found.broke) == (True, False), (place, found)
        attempts += len(ids)
        if kind == "mutation" and [each.field for each in tried[number + 1 : number + 2]] != [place.field]:
            assert (await stored(pair.company), await stored(pair.other)) == before, place
    assert (await stored(pair.company), await stored(pair.other)) == before
    return attempts


async def test_foreign_ids_in_queries_are_unknown_ids(house: House, pairs: Mapping[int, Pair]) -> None:
    """In finders, filters, arguments and previews, whichever wall is gone."""
    assert await all_tried(pairs[id(house.database)], "query") > 1_500


async def test_foreign_ids_in_mutations_are_unknown_ids(house: House, pairs: Mapping[int, Pair]) -> None:
    """As what is changed, and as what is pointed at, whichever wall is gone."""
    assert await all_tried(pairs[id(house.database)], "mutation") > 250


async def answered(pair: Pair, place: Place, record_id: str) -> Row:
    document, variables = document_of(place, [record_id], pair.mine.ids)
    answer: Row = orjson.loads(await pair.ask(document, variables))
    found: Row = answer["data"]["a0"]
    return found


FINDERS = {
    **{name: f"{name}s" for name in ("order", "customer", "product", "member", "notification", "team")},
    "automationRun": "automation_runs",
    "changeSet": "change_sets",
    "delivery": "deliveries",
    "configurationDraft": "configuration_drafts",
    "apiKey": "api_keys",
}
# What mutations of one record are about, where it is no order.
ABOUT = {
    "markNotificationRead": "notifications",
    **dict.fromkeys(("updateProduct", "shareProduct"), "products"),
    **dict.fromkeys(("updateCustomer", "shareCustomer", "unshareCustomer"), "customers"),
    "updateTeam": "teams",
    **dict.fromkeys(("updateMember", "deactivateMember"), "members"),
    "revokeApiKey": "api_keys",
    **dict.fromkeys(("updateIdentityProvider", "removeIdentityProvider"), "identity_providers"),
    **dict.fromkeys(("updateView", "shareView", "deleteView"), "private_views"),
    **dict.fromkeys(("updateDraft", "submitDraft", "scheduleDraft", "deleteDraft"), "configuration_drafts"),
}
# These want more than a row that is made up, and their own tests have it.
MORE = frozenset(
    {
        *(
            "unshareOrder",
            "unshareProduct",
            "revokeSession",
            "resendInvitation",
            "withdrawInvitation",
            "testIdentityProvider",
        ),
        "rotateApiKey",
        *("applyDraft", "approveDraft", "rejectDraft", "revertLifeCycleMigration", "revertFieldConversion"),
    }
)


async def test_own_ids_are_known(house: House) -> None:
    """The same requests find what they should when the ids are the company's own: the tests above do look."""
    pair = await pair_in(house)
    for field, table in (*FINDERS.items(), ("view", "private_views")):
        for asked in (field, "node") if table != "private_views" else (field,):
            found = await answered(pair, Place("query", asked, "id", ()), pair.mine.ids[table])
            assert found["id"] == pair.mine.ids[table], field
    done = set()
    for place in PLACES:
        if place.kind == "mutation" and place.path == ("id",) and place.field not in MORE:
            found = await answered(pair, place, pair.mine.ids[ABOUT.get(place.field, "orders")])
            assert found["__typename"].endswith("Payload"), (place, found)
            done.add(place.field)
    assert set(ABOUT) <= done


async def test_without_both_walls_there_is_a_leak(open_database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """With filters and policies gone the very same requests do tell: the tests above would see it."""
    pair = await pair_in(House(open_database, Callers(open_database)))
    take_filters_away(monkeypatch)
    # Of notifications, each member sees their own.
    finders = [Place("query", field, "id", ()) for field in FINDERS if field != "notification"]
    for place in (*finders, Place("query", "orders", "where", ("customer", "id", "eq"))):
        ids = [pair.others.ids["customers" if place.path else FINDERS[place.field]]]
        assert (await try_ids(pair.asks, place, ids, pair.mine.ids)).differing == tuple(ids), place
    assert await answered(pair, finders[0], str(uuid4())) is None


def names(rows: Iterable[str]) -> str:
    return " ".join(f"{name} {{ totalCount nodes {{ id }} }}" for name in rows)


async def test_lists_and_counts_are_ones_own(house: House) -> None:
    """Lists, counts, searches, summaries and numbers know nothing of the other company."""
    company = replace(await found_company(house.database, house.callers), client=DirectClient(house))
    other = await found_company(house.database, house.callers)
    others = await furnished(house.database, house.callers, other.id)
    found = await company.data(f"""
        {{ orders(search: "{others.mark}", voided: INCLUDE) {{ totalCount nodes {{ id }} }} members {{ totalCount }}
           {names(("customers", "products", "notifications", "automationRuns", "deliveries", "teams", "apiKeys"))}
           order(externalId: "{others.mark}") {{ id }} product(sku: "{others.mark}") {{ id }} }}
    """)
    nothing: Row = {"totalCount": 0, "nodes": []}
    lists = ("orders", "customers", "products", "notifications", "automationRuns", "deliveries", "teams", "apiKeys")
    assert found == {
        **dict.fromkeys(lists, nothing),
        "members": {"totalCount": 3},
        "order": None,
        "product": None,
    }
    # The first number is free here.
    mine = await furnished(house.database, house.callers, company.id)
    data = await company.data("query ($id: ID!) { order(id: $id) { number externalId } }", {"id": mine.ids["orders"]})
    assert (data["order"]["externalId"], data["order"]["number"][-6:]) == (mine.mark, "-00001")
