"""People at a customer (PER-1, POR-1): the role ``portal``, the scope ``customer``, and that they learn nothing of staff."""

import asyncio

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette

from tenants.access.grantors import grantors
from tenants.config import change_sets
from tests.documents import (
    CHANGE_STATUS,
    CREATE_CUSTOMER,
    CREATE_ORDER,
    CREATE_PRODUCT,
    DEFINE_ROLE,
    UPDATE_ORDER,
    an_order,
    done,
    mutation,
    unchanged,
)
from tests.examples import define_fields
from tests.harness import Client, Company, Person, Row, Statements
from tests.test_access_explained import EXPLAIN
from tests.test_files import PNG, download, uploaded
from tests.test_row_scopes import LIST, seen
from tests.test_websocket import CHANGES, listening, signed_in

pytestmark = pytest.mark.anyio

LINKED = mutation("updateMember", "Member", "member { id version customer { name } }")


async def link(company: Company, person: Person, customer: Row | None) -> Row:
    return await done(company, LINKED, id=str(person.id), customerId=customer and customer["id"])


async def at(company: Company, customer: Row, *roles: str) -> Person:
    """A person at a customer, who may use the portal unless they have other roles."""
    person = await company.add_person(*(roles or ("portal",)), name="Petra Portal")
    await link(company, person, customer)
    return person


async def market(company: Company) -> tuple[Person, dict[str, Row]]:
    """Two customers with an order each, one of which is Petra's; a product on sale, and one that is not; fields of the company's own."""
    await define_fields(
        company,
        {f"{name}.margin": {"type": "text"} for name in ("order", "customer", "product")}
        | {"order.papers": {"type": "attachment"}},
    )
    ada = await done(company, CREATE_CUSTOMER, name="Ada Ltd", notes="pays late", custom={"margin": "low"})
    zoe = await done(company, CREATE_CUSTOMER, name="Zoe Secret")
    on_sale = await done(company, CREATE_PRODUCT, sku="A", name="Apple", price="3.00", custom={"margin": "high"})
    gone = await done(company, CREATE_PRODUCT, sku="B", name="Banana", active=False)
    lines = [{"productId": product["id"], "unitPrice": "10.00"} for product in (on_sale, gone)]
    own = await an_order(company, customerId=ada["id"], notes="hush", lines=lines, custom={"margin": "low"})
    other = await an_order(company, customerId=zoe["id"])
    bare = await an_order(company)
    return await at(company, ada), {
        "ada": ada,
        "zoe": zoe,
        "on_sale": on_sale,
        "gone": gone,
        "own": own,
        "other": other,
        "bare": bare,
    }


EVERYTHING = """query($own: ID!, $other: ID!) {
  viewer { member { name email customer { name } } rights permissions { object actions { action allowed rows } } }
  orders { totalCount nodes { number customer { name isMine } total { amount } } }
  own: order(id: $own) {
    status { key label } promisedAt permissions lines { nodes { sku name quantity total { amount } product { name } } }
    history { nodes { kind at changes { field to } } } files { nodes { name } } }
  other: order(id: $other) { id }
  node(id: $other) { id }
  mine: orders(where: {customer: {isMine: {eq: true}}}) { totalCount }
  theirs: orders(where: {not: {customer: {isMine: {eq: true}}}}) { totalCount }
  hushed: orders(search: "hush") { totalCount }
  found: orders(search: "Secret") { totalCount }
  byName: orders(search: "Ada") { totalCount }
  orderGroups(groupBy: "customer") { label count }
  customers { nodes { name isMine orders { totalCount } orderSummary { count } } }
  products { nodes { sku price { amount } } }
  lately: customers(search: "late") { totalCount }
  fieldDefinitions(object: "order") { key }
  views { id }
}"""


async def test_what_a_person_at_a_customer_sees(company: Company, client: Client, statements: Statements) -> None:
    """Their customer's orders with lines and steps, their customer, what is on sale; of staff and of others nothing."""
    petra, made = await market(company)
    await done(company, UPDATE_ORDER, id=made["own"]["id"], notes="more", promisedAt="2026-12-01T10:00:00Z")
    await done(company, CHANGE_STATUS, id=made["own"]["id"], status="confirmed")
    async with company.begin() as tx:
        label: Row = {"label": {"en": "View"}}
        views = {"all": label, "staff": {**label, "roles": ["member"]}, "theirs": {**label, "roles": ["portal"]}}
        await change_sets.apply(tx, [change_sets.define(tx.config, "view", key, body) for key, body in views.items()])
    asked = {"own": made["own"]["id"], "other": made["other"]["id"]}
    data = await company.data(EVERYTHING, asked, person=petra)
    lines, history = data["own"].pop("lines")["nodes"], data["own"].pop("history")["nodes"]
    assert [(line["sku"], line["product"]) for line in lines] == [("A", {"name": "Apple"}), ("B", None)]
    assert [entry["kind"] for entry in history] == ["CREATED", "STATUS_CHANGED"]
    told = {change["field"] for entry in history for change in entry["changes"]}
    assert told >= {"number", "status", "customerId", "total"}
    assert told.isdisjoint({"notes", "ownerId", "custom.margin", "channel", "priority", "tags", "externalId"})
    actions = {each["object"]: {act["action"]: act["rows"] for act in each["actions"] if act["allowed"]}
               for each in data["viewer"].pop("permissions")}  # fmt: skip
    rows = "those of the customer they belong to"
    assert {name: acts for name, acts in actions.items() if acts} == {
        "order": {"read": rows},
        "customer": {"read": rows},
        "product": {"read": "those where active is yes"},
    }
    listed = {
        "number": made["own"]["number"],
        "customer": {"name": "Ada Ltd", "isMine": True},
        "total": {"amount": "20.00"},
    }
    assert data == {
        "viewer": {
            "member": {"name": "Petra Portal", "email": petra.email, "customer": {"name": "Ada Ltd"}},
            "rights": ["customer.read", "order.read", "product.read"],
        },
        "orders": {"totalCount": 1, "nodes": [listed]},
        "own": {
            "status": {"key": "confirmed", "label": "Confirmed"},
            "promisedAt": "2026-12-01T10:00:00+00:00",
            "permissions": ["read"],
            "files": {"nodes": []},
        },
        "other": None,
        "node": None,
        "mine": {"totalCount": 1},
        "theirs": {"totalCount": 0},
        "hushed": {"totalCount": 0},
        "found": {"totalCount": 0},
        "byName": {"totalCount": 1},
        "orderGroups": [{"label": "Ada Ltd", "count": 1}],
        "customers": {
            "nodes": [{"name": "Ada Ltd", "isMine": True, "orders": {"totalCount": 1}, "orderSummary": {"count": 1}}]
        },
        "products": {"nodes": [{"sku": "A", "price": {"amount": "3.00"}}]},
        "lately": {"totalCount": 0},
        "fieldDefinitions": [],
        "views": [{"id": "theirs"}],
    }
    staff = (await company.data(EVERYTHING, asked))["own"]["history"]["nodes"]
    assert [entry["kind"] for entry in staff] == ["CREATED", "UPDATED", "STATUS_CHANGED"]
    # Which customer is theirs is looked up by the statement that reads, and for nobody else.
    for person, is_asked in ((petra, True), (company.owner, False)):
        statements.clear()
        await company.data("{ orders { totalCount nodes { number } } }", person=person)
        (sent,) = statements.work
        assert ("wc.customer_id" in sent) is is_asked


# What a portal user asks for in vain: the right that they lack.
CLOSED = {
    "orders { nodes { notes } }": "order.read.notes",
    "orders { nodes { owner { name } } }": "order.read.owner",
    'orders(where: {notes: {contains: "h"}}) { totalCount }': "order.read.notes",
    "orders(orderBy: [{priority: ASC}]) { totalCount }": "order.read.priority",
    'orderGroups(groupBy: "owner") { count }': "order.read.owner",
    'orderGroups(groupBy: "custom.margin") { count }': "order.read.custom.margin",
    "orders { nodes { nextSteps { refusal } } }": "order.read.nextSteps",
    "orders { nodes { shares { totalCount } } }": "order.read.shares",
    "orders { nodes { automationRuns { totalCount } } }": "order.read.automationRuns",
    "orders { nodes { history { nodes { actor { name } } } } }": "member.read.name",
    "orders { nodes { history { nodes { note } } } }": "order.read.voidNote",
    "orders { nodes { files { nodes { createdBy { name } } } } }": "member.read",
    "customers { nodes { notes } }": "customer.read.notes",
    "customers { nodes { people { totalCount } } }": "customer.read.people",
    "products { nodes { orderLines { totalCount } } }": "product.read.orderLines",
    "viewer { member { teams { nodes { team { name } } } } }": "member.read",
    "members { nodes { email } }": "member.read",
    "teams { nodes { name } }": "member.read",
    "automationRuns { totalCount }": "automation.read",
    "configuration { document }": "configuration.read",
    "configurationTemplates { name }": "configuration.read",
    "configurationDrafts { totalCount }": "configuration.read",
    "invitations { email }": "member.invite",
    "auditEntries { totalCount }": "audit.read",
}


async def test_what_is_closed_to_them(company: Company, client: Client) -> None:
    """Each is refused, by a right, and with no word of who could give it; new fields are closed from the beginning."""
    petra, made = await market(company)
    async with unchanged(company, without=("events", "audit_chains")):
        for document, right in CLOSED.items():
            answer = await company.graphql(f"{{ {document} }}", person=petra)
            found = {(error["extensions"]["right"], *error["extensions"]["canGrant"]) for error in answer["errors"]}
            assert found == {(right,)}, (document, answer)
        for wanted in (company.owner, company.member):
            data = await company.data("query($id: ID!) { node(id: $id) { id } }", {"id": str(wanted.id)}, person=petra)
            assert data == {"node": None}
        problem = await company.data(
            "mutation($input: UpdateOrderInput!) { result: updateOrder(input: $input) { ... on NotAllowed { right canGrant } } }",
            {"input": {"id": made["own"]["id"], "promisedAt": None}},
            person=petra,
        )
        assert problem["result"] == {"right": "order.update", "canGrant": []}
        explained = (await company.data(EXPLAIN, {"action": "order.void"}, person=petra))["result"]
        assert (explained["allowed"], explained["canGrant"]) == (False, [])
    # One whose roles say nothing of customers, but who is a person at one, is told of no staff either; nor are they staff to be asked.
    boss = await company.add_person("admin", name="Outside Admin")
    right = "order.void"
    asked = await grantors(company.database, await company.caller(company.member), (right,))
    assert asked == {right: ("Olga Owner", "Outside Admin")}
    for person in (company.member, boss):
        await link(company, person, made["zoe"])
    assert await grantors(company.database, await company.caller(company.member), (right,)) == {right: ()}
    asked = await grantors(company.database, await company.caller(company.read_only), (right,))
    assert asked == {right: ("Olga Owner",)}


OWN_FIELDS = """{
  __type(name: "OrderCustom") { fields { name } } filter: __type(name: "OrderCustomFilter") { inputFields { name } }
  fieldDefinitions(object: "order") { key }
  viewer { closedFields { object unreadable } permissions { object fields { path } } }
}"""


async def own_fields(company: Company, person: Person) -> set[str]:
    """The company's own fields that somebody can find out about."""
    data = await company.data(OWN_FIELDS, person=person)
    typed, filtered, viewer = data["__type"], data["filter"], data["viewer"]
    paths = {path for each in viewer["closedFields"] for path in each["unreadable"]}
    paths |= {field["path"] for each in viewer["permissions"] for field in each["fields"]}
    told = [
        {field["name"] for field in typed["fields"]} if typed else set(),
        {field["name"] for field in filtered["inputFields"]} if filtered else set(),
        {field["key"] for field in data["fieldDefinitions"]},
        {path.removeprefix("custom.") for path in paths if path.startswith("custom.")},
    ]
    return set[str]().union(*told)


async def test_own_fields_are_not_there_unless_they_are_opened(company: Company, client: Client) -> None:
    """For a person at a customer the schema itself has no field that is closed to them, also none that is made later."""
    petra, made = await market(company)
    assert await own_fields(company, company.owner) == {"margin", "papers"}
    assert await own_fields(company, petra) == set()
    await define_fields(company, {"order.later": {"type": "text"}})
    assert await own_fields(company, petra) == set()
    opened = {"object": "order", "actions": ["read"], "fields": ["custom.later"]}
    await done(company, DEFINE_ROLE, key="guest", label={"en": "Guest"}, inherits=["portal"], grants=[opened])
    guest = await at(company, made["ada"], "guest")
    assert await own_fields(company, guest) == {"later"}
    assert await own_fields(company, company.owner) == {"margin", "papers", "later"}
    data = await company.data("{ orders { nodes { custom { later } } } }", person=guest)
    assert data["orders"]["nodes"] == [{"custom": {"later": None}}]
    for person, name in ((petra, "later"), (petra, "margin"), (guest, "margin")):
        for document in (
            f"{{ orders {{ nodes {{ custom {{ {name} }} }} }} }}",
            f'{{ orders(where: {{custom: {{{name}: {{eq: "low"}}}}}}) {{ totalCount }} }}',
        ):
            answer = await company.graphql(document, person=person)
            assert "data" not in answer, document
            assert {error["extensions"]["code"] for error in answer["errors"]} == {"GRAPHQL_VALIDATION_FAILED"}, answer
    asked = {"action": "order.read", "field": "custom.margin"}
    answer = await company.graphql(EXPLAIN, asked, person=petra)
    assert answer["errors"][0]["extensions"]["code"] == "INVALID_INPUT"
    assert (await company.data(EXPLAIN, asked))["result"]["allowed"]


async def test_documents_of_their_orders(company: Company, client: Client) -> None:
    """Files of an order are given out with the order, unless they hang in a field that is closed."""
    petra, made = await market(company)
    shown, hidden, other = [await uploaded(company, PNG + bytes([place]), name=f"{place}.png") for place in range(3)]
    await done(company, UPDATE_ORDER, id=made["own"]["id"], custom={"papers": [str(hidden)]})
    rows = [(shown, made["own"], "files"), (other, made["other"], "files")]
    for file_id, order, place in rows:
        await company.rows(
            "UPDATE stored_files SET record_type = 'order', record_id = %(order)s, place = %(place)s, loose_since = NULL"
            " WHERE tenant_id = %(tenant)s AND id = %(file)s RETURNING id",
            order=order["id"], place=place, file=file_id,
        )  # fmt: skip
    data = await company.data("{ orders { nodes { files { nodes { id } } } } }", person=petra)
    assert data["orders"]["nodes"] == [{"files": {"nodes": [{"id": str(shown)}]}}]
    assert [(await download(company, each, petra)).status_code for each in (shown, hidden, other)] == [200, 404, 404]


async def test_news_of_their_orders(address: str, app: Starlette, company: Company, client: Client) -> None:
    """Orders of others are not told of, and a link that is taken away ends what relied on it."""
    petra, made = await market(company)
    one = f'subscription {{ orderChanged(id: "{made["own"]["id"]}") {{ kind order {{ number }} }} }}'
    async with signed_in(address, petra) as socket, signed_in(address, petra) as follower:
        await socket.subscribe(CHANGES)
        await listening(socket, app, company)
        await follower.subscribe(one)
        await listening(follower, app, company)
        await an_order(company, customerId=made["zoe"]["id"])
        own = await an_order(company, customerId=made["ada"]["id"])
        message = await socket.receive()
        assert message["payload"]["data"]["orderChanged"]["order"] == {"number": own["number"]}
        await link(company, petra, made["zoe"])
        message = await follower.receive()
        errors = message["payload"] if message["type"] == "error" else message["payload"]["errors"]
        assert [error["extensions"]["code"] for error in errors] == ["NOT_FOUND"]
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(socket.connection.recv(), 0.2)


FILTERS: dict[str, Row] = {
    "void": {"isVoided": {"eq": False}},
    "big": {"total": {"gt": "15"}},
    "draft": {"status": {"eq": "draft"}},
    "mine": {"customer": {"isMine": {"eq": True}}},
    "theirs": {"customer": {"isMine": {"eq": False}}},
}


async def test_their_list_is_a_plain_reading_of_all_orders(company: Company, client: Client) -> None:
    """Whatever customer the person belongs to, and whatever they filter by, list, count and groups are what plain Python finds."""
    customers = [await done(company, CREATE_CUSTOMER, name=name) for name in ("One", "Two", "Three")]
    person = await company.add_person("portal")
    orders = []
    for number in range(12):
        customer = [*customers, None][number % 4]
        price = "10.00" if number % 3 else "20.00"
        values = {"customerId": customer and customer["id"], "lines": [{"name": "x", "unitPrice": price}]}
        made = await done(company, CREATE_ORDER, **values)
        if number % 5 == 0:
            await done(company, CHANGE_STATUS, id=made["id"], status="confirmed")
        orders.append(
            {
                "id": made["id"],
                "customer": customer and customer["name"],
                "void": True,
                "big": number % 3 == 0,
                "draft": number % 5 != 0,
            }
        )
    examples: list[tuple[int | None, list[tuple[str, bool]]]] = []

    @settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
    @given(
        st.sampled_from((None, 0, 1, 2)),
        st.lists(st.tuples(st.sampled_from(tuple(FILTERS)), st.booleans()), max_size=3),
    )
    def drawn(place: int | None, chosen: list[tuple[str, bool]]) -> None:
        examples.append((place, chosen))

    drawn()
    linked: int | None = None
    for place, chosen in sorted(examples, key=lambda example: -1 if example[0] is None else example[0]):
        if place != linked:
            await link(company, person, None if place is None else customers[place])
            linked = place
        mine = None if place is None else customers[place]["name"]
        expected = [
            order for order in orders if mine is not None and order["customer"] == mine
            and all({**order, "mine": True, "theirs": False}[name] is wanted for name, wanted in chosen)
        ]  # fmt: skip
        where = {"and": [FILTERS[name] if wanted else {"not": FILTERS[name]} for name, wanted in chosen]}
        data = await company.data(
            "query($where: OrderFilter) { orders(first: 100, where: $where) { totalCount nodes { id } }"
            ' orderGroups(groupBy: "customer", where: $where) { label count } }',
            {"where": where},
            person=person,
        )
        assert {node["id"] for node in data["orders"]["nodes"]} == {order["id"] for order in expected}, chosen
        assert data["orders"]["totalCount"] == len(expected)
        assert data["orderGroups"] == ([{"label": mine, "count": len(expected)}] if expected else [])
    assert len(await seen(company, company.owner)) == len(orders), LIST
