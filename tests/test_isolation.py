"""Two companies in one database: an id of the other is answered exactly as one that never existed (RELIABILITY T1, T2).

Every place of the schema that takes an id is found by walking the schema, and is given the ids of every kind of row that the
other company has. The answers must be equal to the byte to those for unknown ids, and nothing may change anywhere. The same
must hold with the statements' own tenant filter taken away, so that row security alone holds, and with row security
made to show everything, so that the filters alone hold.
"""

from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import replace
from typing import Any, NamedTuple
from urllib.parse import urlsplit
from uuid import uuid4

import orjson
import psycopg
import pytest
from graphql import (
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLUnionType,
    get_named_type,
)

from schema.execution import SCHEMA, House
from server.embedded import Services
from server.settings import app_database_url
from tenants.callers import Callers
from tenants.config.drafts import create_draft
from tenants.database import Database
from tenants.export_files import begin_export
from tenants.invitations import invite
from tenants.keys.managing import create_key
from tenants.models.tables import TENANT_TABLES
from tenants.transaction import new_id
from tenants.views.saving import create_view
from tests.documents import CREATE_CUSTOMER, CREATE_PRODUCT, REFUSED, an_order, done, stored
from tests.examples import define_fields
from tests.harness import Company, Row, found_company
from tests.services import fresh_database
from tests.test_conversions import a_conversion
from tests.test_teams import CREATE_TEAM, SHARE_CUSTOMER
from tests.walls import DirectClient, take_filters_away

pytestmark = pytest.mark.anyio

FILTERS_GONE, POLICIES_GONE = "row security alone", "filters alone"
# Relations that a filter may follow before it names an id; deeper ones are compiled by the same few lines.
DEEPEST_FILTER = 4


class Place(NamedTuple):
    """Where an id goes in: a root field, one of its arguments, and the way inside of it."""

    kind: str
    field: str
    argument: str
    path: tuple[str, ...]

    def __str__(self) -> str:
        return ".".join((self.field, self.argument, *self.path))


def paths(kind: Any, path: tuple[str, ...] = (), seen: frozenset[str] = frozenset()) -> Iterator[tuple[str, ...]]:
    """The ways to every ID inside an input type; lists are written ``[]``."""
    if isinstance(kind, GraphQLNonNull):
        yield from paths(kind.of_type, path, seen)
    elif isinstance(kind, GraphQLList):
        yield from paths(kind.of_type, (*path, "[]"), seen)
    elif kind.name == "ID":
        yield path
    elif isinstance(kind, GraphQLInputObjectType) and kind.name not in seen and len(path) < DEEPEST_FILTER:
        for name, field in kind.fields.items():
            # All operators at first hand; of related records one is as good as another.
            if len(path) < 2 or kind.name != "IDFilter" or name in ("eq", "notIn"):
                yield from paths(field.type, (*path, name), seen | {kind.name})


def places() -> list[Place]:
    return [
        Place(kind, name, argument, path)
        for kind, root in (("query", SCHEMA.query_type), ("mutation", SCHEMA.mutation_type))
        for name, field in (root.fields if root else {}).items()
        for argument, given in field.args.items()
        for path in paths(given.type)
        # The condition of an automation and the filter of a view are kept, and refer to nothing before they are run.
        if not (kind == "mutation" and {"condition", "where"}.intersection(path))
    ]


PLACES = places()
FIELDS = sorted({(place.kind, place.field) for place in PLACES})


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
    # With ids of twelve kinds and more, in three houses.
    assert len(PLACES) * 12 * 3 > 1_000


def nested(path: tuple[str, ...], value: Any, base: Any) -> Any:
    """``base`` with the value at the end of the path."""
    if not path:
        return value
    if path[0] == "[]":
        return [nested(path[1:], value, base[0] if base else {})]
    return {**(base or {}), path[0]: nested(path[1:], value, (base or {}).get(path[0]))}


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


@pytest.fixture(params=["both", FILTERS_GONE, POLICIES_GONE])
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


async def found(house: House) -> Company:
    company = await found_company(house.database, house.callers)
    return replace(company, client=DirectClient(house))


async def furnished(company: Company) -> dict[str, str]:
    """One row of every kind, by table; the company's own order, customer and so on."""
    product = await done(company, CREATE_PRODUCT, sku="A-1", name="Apple", price="2.50")
    phones, addresses = [{"value": "+4930123456"}], [{"city": "Berlin", "country": "DE"}]
    customer = await done(company, CREATE_CUSTOMER, name="Ann", phones=phones, addresses=addresses)
    lines = [{"productId": product["id"], "externalId": "l"}]
    await an_order(company, customerId=customer["id"], externalId="ext", lines=lines)
    await define_fields(company, {"order.colour": {"type": "text", "indexed": True}})
    await a_conversion(company)
    async with company.begin() as tx:
        event = await tx.fetch_one("SELECT * FROM events WHERE tenant_id = %(tenant)s LIMIT 1")
        assert event is not None
        about = {"record_type": event["record_type"], "record_id": event["record_id"]}
        run = {"id": new_id(), "automation": "a", "event_id": event["id"], **about, "status": "failed"}
        await tx.insert("automation_runs", {**run, "created_at": tx.now})
        note = {"id": new_id(), "member_id": company.owner.id, "text": "t", **about, "created_at": tx.now}
        await tx.insert("notifications", note)
        sent = {"id": new_id(), "channel": "email", "recipient": "r", "status": "sent"}
        await tx.insert("deliveries", {**sent, "created_at": tx.now})
        await create_view(tx, {"label": {"en": "View"}})
        await create_draft(tx, "Draft", "orderloom: 1", merge=True)
        file = {"id": new_id(), "name": "f.txt", "content_type": "text/plain", "created_by_id": company.owner.id}
        await tx.insert("stored_files", {**file, "created_at": tx.now})
        await begin_export(tx, "order", "csv")
        await create_key(tx, {"name": "ERP", "roles": ["read_only"]})
        moved = {"id": new_id(), "source": "", "target": "", "author_name": "a", "state": "done", "created_at": tx.now}
        await tx.insert("life_cycle_migrations", moved)
        provider = {"key": "login", "name": "P", "issuer": "https://login.invalid", "client_id": "us"}
        await tx.insert("identity_providers", {"id": new_id(), **provider, "created_at": tx.now, "updated_at": tx.now})
        await invite(tx, {"email": "someone@example.com"})
        times = {"author_name": "a", "state": "done", "created_at": tx.now}
        both = {"from_id": company.owner.id, "to_id": company.member.id}
        await tx.insert("hand_overs", {"id": new_id(), **both, **times})
        await tx.insert("backfills", {"id": new_id(), "kind": "auto_number", "key": "order.no", "state": "done"})
    members = [{"memberId": str(company.owner.id)}]
    team = await done(company, CREATE_TEAM, name="Team", members=members)
    await done(company, SHARE_CUSTOMER, id=customer["id"], teamId=team["id"])
    ids = {"tenants": str(company.id)}
    for table in TENANT_TABLES:
        if "id" in table.columns:
            rows = await company.rows(
                f"SELECT id FROM {table.name} WHERE tenant_id = %(wanted)s ORDER BY id LIMIT 1", wanted=company.id
            )
            assert rows, table.name
            ids[table.name] = str(rows[0]["id"])
    return ids


def bases(own: Mapping[str, str]) -> dict[str, Row]:
    """What else each mutation needs to get as far as looking at an id: only the company's own."""
    line: Row = {"name": "x", "unitPrice": "1"}
    return {
        "createOrder": {"lines": [line], "customerId": own["customers"]},
        "updateOrder": {"id": own["orders"], "notes": "changed"},
        "changeOrderStatus": {"status": "confirmed"},
        "voidOrder": {"reason": "other", "note": "x"},
        "createCustomer": {"name": "New"},
        "updateCustomer": {"id": own["customers"], "name": "changed"},
        "updateProduct": {"name": "changed"},
        "updateMember": {"name": "changed"},
        "handOver": {"fromId": own["members"]},
        "deactivateMember": {"id": own["members"]},
        "createTeam": {"name": "New"},
        "updateTeam": {"name": "changed"},
        **{key: {"memberId": own["members"]} for key in ("shareOrder", "shareCustomer")},
        "unshareOrder": {"id": own["orders"], "shareId": own["record_shares"]},
        "unshareCustomer": {"id": own["customers"], "shareId": own["record_shares"]},
        "updateView": {"position": 2},
        "shareView": {"audience": "PRIVATE"},
        "approveDraft": {"expectedVersion": 1},
        "rejectDraft": {"expectedVersion": 1, "comment": "No"},
        "scheduleDraft": {"applyAt": None},
    }


def given(place: Place, record_id: str, own: Mapping[str, str]) -> Any:
    base = bases(own).get(place.field, {}) if place.kind == "mutation" else {}
    if place.path[:1] == ("customer",) and place.field == "createOrder":
        base = {"lines": base["lines"], "customer": {"name": "New"}}
    return nested(place.path, record_id, base) if place.path else record_id


def selection(field: GraphQLField) -> str:
    kind = get_named_type(field.type)
    if isinstance(kind, GraphQLUnionType):
        return "{ __typename ...Refused }"
    if isinstance(kind, GraphQLObjectType) and kind.name.endswith("Connection"):
        return "{ __typename nodes { __typename id } totalCount pageInfo { hasNextPage hasPreviousPage } }"
    if isinstance(kind, GraphQLObjectType) and kind.name == "RecordGroup":
        return "{ __typename key count }"
    return "{ __typename id }"


def request(place: Place, ids: list[str], own: Mapping[str, str]) -> tuple[str, Row]:
    """One document that tries all the ids in one place."""
    root = SCHEMA.query_type if place.kind == "query" else SCHEMA.mutation_type
    assert root is not None
    field = root.fields[place.field]
    kind = field.args[place.argument].type
    declared = " ".join(f"$v{number}: {kind}" for number in range(len(ids)))
    fields = " ".join(
        f"a{number}: {place.field}({place.argument}: $v{number}) {selection(field)}" for number in range(len(ids))
    )
    variables = {f"v{number}": given(place, record_id, own) for number, record_id in enumerate(ids)}
    more = REFUSED if "...Refused" in fields else ""
    return f"{place.kind} ({declared}) {{ {fields} }} {more}", variables


async def answer(company: Company, place: Place, ids: list[str], own: Mapping[str, str]) -> bytes:
    """The answer with every id that was tried replaced by its number."""
    document, variables = request(place, ids, own)
    text = orjson.dumps(await company.graphql(document, variables)).decode()
    for number, record_id in enumerate(ids):
        text = text.replace(record_id, f"<{number}>")
    return text.encode()


class Pair(NamedTuple):
    """Two companies of one house, and the ids of one row of each kind that each has."""

    company: Company
    own: dict[str, str]
    other: Company
    foreign: dict[str, str]


async def pair_in(house: House) -> Pair:
    company, other = await found(house), await found(house)
    return Pair(company, await furnished(company), other, await furnished(other))


@pytest.fixture(scope="module")
async def pairs(database: Database, callers: Callers, open_database: Database) -> dict[int, Pair]:
    """One pair for each database: what is refused leaves them as they are."""
    closed, opened = House(database, callers), House(open_database, Callers(open_database))
    return {id(house.database): await pair_in(house) for house in (closed, opened)}


@pytest.mark.parametrize(("kind", "field"), FIELDS)
async def test_foreign_ids_are_unknown_ids(house: House, pairs: Mapping[int, Pair], kind: str, field: str) -> None:
    """For every place of this root field and every id, whichever wall is gone."""
    company, own, other, foreign = pairs[id(house.database)]
    # Some tables are keyed by the ids of another.
    ids = list(dict.fromkeys(foreign.values()))
    unknown = [str(uuid4()) for _ in ids]
    before = await stored(company), await stored(other)
    for place in PLACES:
        if (place.kind, place.field) == (kind, field):
            expected = await answer(company, place, unknown, own)
            assert b"INTERNAL_ERROR" not in expected, (place, expected)
            assert await answer(company, place, ids, own) == expected, place
            # The other company's mark is nowhere: it has the same names of everything but ids.
            assert not any(record_id.encode() in expected for record_id in ids)
    assert (await stored(company), await stored(other)) == before


async def test_own_ids_are_known(house: House) -> None:
    """The same requests find what they should when the ids are the company's own: the test above does look."""
    company = await found(house)
    own = await furnished(company)
    tables = {name: f"{name}s" for name in ("order", "customer", "product", "member", "notification")}
    tables |= {"automationRun": "automation_runs", "changeSet": "change_sets", "delivery": "deliveries"}
    tables |= {"configurationDraft": "configuration_drafts"}
    for field, table in tables.items():
        for asked in (field, "node"):
            told = await answer(company, Place("query", asked, "id", ()), [own[table]], own)
            assert orjson.loads(told)["data"]["a0"]["id"] == "<0>", field
    view = await answer(company, Place("query", "view", "id", ()), [own["private_views"]], own)
    assert orjson.loads(view)["data"]["a0"]["id"] == "<0>"
    # They have no record of their own in a tenant's table, or would change who asks.
    others = (
        "unshareOrder",
        "updateMember",
        "deactivateMember",
        "applyDraft",
        "approveDraft",
        "rejectDraft",
        "revokeSession",
    )
    for place in PLACES:
        if place.kind == "mutation" and place.path == ("id",) and place.field not in others:
            table = {
                "markNotificationRead": "notifications",
                "updateProduct": "products",
                "updateCustomer": "customers",
                **dict.fromkeys(("shareCustomer", "unshareCustomer"), "customers"),
                "updateTeam": "teams",
                **dict.fromkeys(("rotateApiKey", "revokeApiKey"), "api_keys"),
                **dict.fromkeys(("resendInvitation", "withdrawInvitation"), "invitations"),
                **dict.fromkeys(("updateIdentityProvider", "testIdentityProvider"), "identity_providers"),
                "removeIdentityProvider": "identity_providers",
                **dict.fromkeys(("updateView", "shareView", "deleteView"), "private_views"),
                "revertLifeCycleMigration": "life_cycle_migrations",
                "revertFieldConversion": "field_conversions",
                **dict.fromkeys(("updateDraft", "submitDraft", "scheduleDraft", "deleteDraft"), "configuration_drafts"),
            }.get(place.field, "orders")
            done_one = orjson.loads(await answer(company, place, [own[table]], own))
            assert done_one["data"]["a0"]["__typename"].endswith("Payload"), (place, done_one)


async def test_without_both_walls_there_is_a_leak(open_database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """With filters and policies gone the very same requests do tell: the tests above would see it."""
    company, own, _, foreign = await pair_in(House(open_database, Callers(open_database)))
    take_filters_away(monkeypatch)
    place = Place("query", "order", "id", ())
    told = await answer(company, place, [foreign["orders"]], own)
    assert told != await answer(company, place, [str(uuid4())], own)


async def test_lists_and_counts_are_ones_own(house: House) -> None:
    """Lists, counts, searches, summaries and numbers know nothing of the other company."""
    company, other = await found(house), await found(house)
    await furnished(other)
    document = """
        { orders(search: "Apple", voided: INCLUDE) { totalCount nodes { id } } customers { totalCount nodes { id } }
          products { totalCount } members { totalCount } notifications { totalCount } automationRuns { totalCount }
          deliveries { totalCount } order(externalId: "ext") { id } product(sku: "A-1") { id } }
    """
    nothing: Row = {"totalCount": 0, "nodes": []}
    assert await company.data(document) == {
        "orders": nothing,
        "customers": nothing,
        **{name: {"totalCount": 0} for name in ("products", "notifications", "automationRuns", "deliveries")},
        "members": {"totalCount": 3},
        "order": None,
        "product": None,
    }
    # The same unique values as the other company's, and the first number, are free here.
    own = await furnished(company)
    data = await company.data("query ($id: ID!) { order(id: $id) { number externalId } }", {"id": own["orders"]})
    assert (data["order"]["externalId"], data["order"]["number"][-6:]) == ("ext", "-00001")
