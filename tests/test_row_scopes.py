"""Rights of some records alone (PER-4, X-25): what is not in somebody's scope is not there for them, on no way."""

from typing import Any

import orjson
import pytest

from tenants.exports import export_records
from tests.documents import (
    CHANGE_STATUS,
    CREATE_CUSTOMER,
    CREATE_ORDER,
    CREATE_PRODUCT,
    DEFINE_ROLE,
    READ_ORDER,
    UPDATE_CUSTOMER,
    UPDATE_ORDER,
    VOID_ORDER,
    an_order,
    bad_values,
    done,
    mutation,
    read,
    refused,
    unchanged,
)
from tests.examples import define_fields
from tests.harness import Client, Company, Person, Row

pytestmark = pytest.mark.anyio

LABEL = {"en": "Role"}
OTHERS = [{"object": name, "actions": ["read"]} for name in ("product", "member", "automation")]
ALL_STEPS = ["read", "create", "update", "change_status", "void", "export", "share", "transition.*"]
CREATE_TEAM = mutation("createTeam", "Team", "team { id version name }")
UPDATE_TEAM = mutation("updateTeam", "Team", "team { id version name archivedAt }")
LIST = "{ orders(first: 100, orderBy: [{createdAt: ASC}]) { totalCount nodes { id } } }"


async def role(company: Company, key: str, *grants: Row) -> None:
    await done(company, DEFINE_ROLE, key=key, label=LABEL, grants=[*grants, *OTHERS])


def scoped(scope: Any, *actions: str, name: str = "order", **more: Any) -> Row:
    return {"object": name, "actions": list(actions or ("read",)), "scope": scope, **more}


async def seen(company: Company, person: Person) -> set[str]:
    """The ids of the orders that somebody's list has, which are as many as it counts."""
    found = (await company.data(LIST, person=person))["orders"]
    assert found["totalCount"] == len(found["nodes"])
    return {node["id"] for node in found["nodes"]}


async def with_own(company: Company) -> tuple[Person, Row, Row]:
    """A seller with rights to their own orders and customers, one order of theirs and one of the owner's, each with a customer."""
    await role(company, "seller", scoped("own", *ALL_STEPS), scoped("own", "*", name="customer"))
    seller = await company.add_person("seller", name="Sal")
    mine = await done(company, CREATE_CUSTOMER, name="Mine Ltd", ownerId=str(seller.id), externalId="mine")
    theirs = await done(company, CREATE_CUSTOMER, name="Zeta Secret", ownerId=str(company.owner.id), externalId="hid")
    line = {"name": "Work", "unitPrice": "10.00"}
    own = await an_order(company, ownerId=str(seller.id), customerId=mine["id"], lines=[line])
    other = await an_order(company, ownerId=str(company.owner.id), customerId=theirs["id"], lines=[line])
    return seller, own, other


async def test_one_sees_ones_own(company: Company, client: Client) -> None:
    """Lists, counts, groups, single records, nodes, filters, search, relations, summaries, exports: all of the same orders."""
    seller, own, other = await with_own(company)
    assert await seen(company, seller) == {own["id"]}
    assert await seen(company, company.owner) == {own["id"], other["id"]}
    for order_id, found in ((own["id"], own["id"]), (other["id"], None)):
        data = await company.data(
            "query($id: ID!) { order(id: $id) { id } node(id: $id) { id } byId: orders(where: {id: {eq: $id}}) { totalCount } }",
            {"id": order_id},
            person=seller,
        )
        assert data == {
            "order": found and {"id": found},
            "node": found and {"id": found},
            "byId": {"totalCount": 1 if found else 0},
        }
    groups = 'orderGroups(groupBy: "customer") { key label count } statuses: orderGroups(groupBy: "status") { count }'
    data = await company.data(f"{{ {groups} }}", person=seller)
    assert data["orderGroups"] == [{"key": own["customer"]["id"], "label": "Mine Ltd", "count": 1}]
    assert data["statuses"] == [{"count": 1}]
    assert (await company.data('{ orders(search: "Secret") { totalCount } }', person=seller))["orders"][
        "totalCount"
    ] == 0
    assert (await company.data('{ orders(search: "Mine") { totalCount } }', person=seller))["orders"]["totalCount"] == 1
    assert (await company.data('{ orders(search: "Secret") { totalCount } }'))["orders"]["totalCount"] == 1
    exported = [
        orjson.loads(line)["id"]
        async for line in export_records(company.database, await company.caller(seller), "order")
    ]
    assert exported == [own["id"]]


async def test_what_is_near_is_cut_as_well(company: Company, client: Client) -> None:
    """From an order to its customer, from a customer to their orders, from a product to its lines, and every filter on the way."""
    seller, own, other = await with_own(company)
    hidden, mine = other["customer"]["id"], own["customer"]["id"]
    # An order of one's own for a customer of somebody else, and the other way round.
    mixed = await an_order(company, ownerId=str(seller.id), customerId=hidden)
    foreign = await an_order(company, ownerId=str(company.owner.id), customerId=mine)
    data = await company.data(
        "query($id: ID!) { order(id: $id) { customer { name } lines { totalCount } } }",
        {"id": mixed["id"]},
        person=seller,
    )
    assert data["order"] == {"customer": None, "lines": {"totalCount": 1}}
    document = "query($id: ID!) { customer(id: $id) { orders { totalCount nodes { id } } orderSummary { count totals { total { amount } } } } }"
    assert (await company.data(document, {"id": hidden}, person=seller))["customer"] is None
    assert (await company.data(document, {"id": mine}, person=seller))["customer"] == {
        "orders": {"totalCount": 1, "nodes": [{"id": own["id"]}]},
        "orderSummary": {"count": 1, "totals": [{"total": {"amount": "10.00"}}]},
    }
    assert (await company.data(document, {"id": mine}))["customer"]["orderSummary"]["count"] == 2
    counts = {
        'orders(where: {customer: {name: {contains: "Secret"}}})': 0,
        'orders(where: {customer: {not: {name: {eq: "Mine Ltd"}}}})': 0,
        "customers(where: {orders: {count: {gte: 2}}})": 0,
        "customers(where: {orders: {none: {id: {eq: $id}}}})": 1,
        'customers(where: {orders: {sum: {total: {gt: "15"}}}})': 0,
        "customers(where: {orders: {every: {owner: {isMe: {eq: true}}}}})": 1,
    }
    for listed, count in counts.items():
        asked = listed.replace("$id", f'"{foreign["id"]}"')
        assert (await company.data(f"{{ found: {asked} {{ totalCount }} }}", person=seller))["found"] == {
            "totalCount": count
        }, listed
    # Sorted by a name that is not for them, the order is as if there were none.
    by_name = "{ orders(orderBy: [{customer: {name: ASC}}]) { nodes { id } edges { cursor } } }"
    found = (await company.data(by_name, person=seller))["orders"]
    assert [node["id"] for node in found["nodes"]] == [own["id"], mixed["id"]]
    assert "Secret" not in orjson.dumps(found).decode()
    groups = await company.data('{ orderGroups(groupBy: "customer.name") { key count } }', person=seller)
    assert sorted(groups["orderGroups"], key=lambda group: str(group["key"])) == [
        {"key": "Mine Ltd", "count": 1},
        {"key": None, "count": 1},
    ]


async def test_lines_of_orders_out_of_sight(company: Company, client: Client) -> None:
    """A product tells of the lines of one's own orders alone."""
    seller, _, _ = await with_own(company)
    product = await done(company, CREATE_PRODUCT, sku="A", name="Apple", price="2")
    for person in (seller, company.owner):
        await an_order(company, ownerId=str(person.id), lines=[{"productId": product["id"]}])
    document = "query($id: ID!) { product(id: $id) { orderLines { totalCount nodes { order { owner { id } } } } } }"
    found = (await company.data(document, {"id": product["id"]}, person=seller))["product"]["orderLines"]
    assert found == {"totalCount": 1, "nodes": [{"order": {"owner": {"id": str(seller.id)}}}]}
    filtered = "{ products(where: {orderLines: {count: {gte: 2}}}) { totalCount } }"
    assert (await company.data(filtered, person=seller))["products"]["totalCount"] == 0
    assert (await company.data(filtered))["products"]["totalCount"] == 1


async def test_writes_out_of_sight_find_nothing(company: Company, client: Client) -> None:
    """Byte for byte what is said of an id that never was, and nothing is changed."""
    seller, own, other = await with_own(company)
    unknown = "01890000-0000-7000-8000-000000000000"
    inputs: list[tuple[str, Row]] = [
        (UPDATE_ORDER, {"notes": "x"}),
        (CHANGE_STATUS, {"status": "confirmed"}),
        (VOID_ORDER, {"reason": "out_of_stock"}),
    ]
    async with unchanged(company):
        for document, values in inputs:
            told = [
                orjson.dumps(await refused(company, document, seller, id=each, **values)).decode().replace(each, "")
                for each in (other["id"], unknown)
            ]
            assert told[0] == told[1]
            assert "NOT_FOUND" in told[0]
        customers = (other["customer"]["id"], unknown)
        told = [
            orjson.dumps(await refused(company, UPDATE_ORDER, seller, id=own["id"], customerId=each)).decode()
            for each in customers
        ]
        assert told[0].replace(customers[0], "") == told[1].replace(customers[1], "")
        assert bad_values(orjson.loads(told[0])) == {"customerId": "VALUE_UNKNOWN_RECORD"}
        problem = await refused(company, UPDATE_CUSTOMER, seller, id=other["customer"]["id"], name="x")
        assert problem["code"] == "NOT_FOUND"
    assert (await done(company, UPDATE_ORDER, seller, id=own["id"], notes="x"))["notes"] == "x"
    assert (await done(company, CHANGE_STATUS, seller, id=own["id"], status="confirmed"))["status"][
        "key"
    ] == "confirmed"


async def test_what_one_changes_stays_ones_own(company: Company, client: Client) -> None:
    """Nobody gives an order away, or makes one for somebody else, with a right that is of their own alone."""
    seller, own, _ = await with_own(company)
    async with unchanged(company):
        for document, values in (
            (UPDATE_ORDER, {"id": own["id"], "ownerId": str(company.owner.id)}),
            (UPDATE_ORDER, {"id": own["id"], "ownerId": None}),
        ):
            problem = await refused(company, document, seller, **values)
            assert (problem["__typename"], problem["right"], problem["grantedTo"]) == (
                "NotAllowed",
                "order.update",
                ["owner", "admin", "member"],
            )
            assert problem["message"] == (
                "Your right 'order.update' is not of this record, or not of what it would become. Roles that have it of all: owner, admin,"
                " member. Who can give it to you: Olga Owner."
            )
    orders = "SELECT count(*) AS n FROM orders WHERE tenant_id = %(tenant)s"
    before = await company.rows(orders)
    line = {"name": "Work", "unitPrice": "1"}
    problem = await refused(company, CREATE_ORDER, seller, lines=[line], ownerId=str(company.owner.id))
    assert (problem["__typename"], problem["right"]) == ("NotAllowed", "order.create")
    assert await company.rows(orders) == before
    assert (await done(company, CREATE_ORDER, seller, lines=[line]))["owner"] == {"id": str(seller.id)}


async def test_rights_of_different_records(company: Company, client: Client) -> None:
    """Reading all and changing one's own: what is readable but not one's own is refused by name, and told before it is tried."""
    steps = scoped("own", "update", "change_status", "void", "transition.confirm")
    reading = [{"object": name, "actions": ["read"]} for name in ("order", "customer")]
    await role(company, "helper", *reading, steps)
    helper = await company.add_person("helper")
    own, other = await an_order(company, ownerId=str(helper.id)), await an_order(company)
    assert await seen(company, helper) == {own["id"], other["id"]}
    async with unchanged(company):
        for document, values, right in (
            (UPDATE_ORDER, {"notes": "x"}, "order.update"),
            (CHANGE_STATUS, {"status": "confirmed"}, "order.change_status"),
            (VOID_ORDER, {"reason": "out_of_stock"}, "order.void"),
        ):
            problem = await refused(company, document, helper, id=other["id"], **values)
            assert (problem["__typename"], problem["right"]) == ("NotAllowed", right)
    told = "query($id: ID!) { order(id: $id) { nextSteps { key allowed refusal } voiding { allowed refusal } } }"
    mine = (await company.data(told, {"id": own["id"]}, person=helper))["order"]
    theirs = (await company.data(told, {"id": other["id"]}, person=helper))["order"]
    assert mine == {
        "nextSteps": [{"key": "confirm", "allowed": True, "refusal": None}],
        "voiding": {"allowed": True, "refusal": None},
    }
    (step,) = theirs["nextSteps"]
    assert (step["allowed"], theirs["voiding"]["allowed"]) == (False, False)
    assert "'order.change_status'" in step["refusal"]
    assert "'order.void'" in theirs["voiding"]["refusal"]
    await done(company, VOID_ORDER, helper, id=own["id"], reason="out_of_stock")


async def test_conditions_over_any_field(company: Company, client: Client) -> None:
    """X-25: a condition over a company's own field, over the member who asks, and one that takes away."""
    await define_fields(company, {"order.region": {"type": "text"}, "order.seller": {"type": "member"}})
    await role(
        company,
        "north",
        scoped({"where": {"custom": {"region": {"eq": "north"}}}}),
        scoped({"where": {"custom": {"seller": {"isMe": {"eq": True}}}}}),
        scoped({"where": {"priority": {"in": ["urgent"]}}}, effect="deny"),
    )
    person = await company.add_person("north")
    in_north = await an_order(company, custom={"region": "north"})
    as_seller = await an_order(company, custom={"region": "south", "seller": str(person.id)})
    await an_order(company, custom={"region": "south", "seller": str(company.owner.id)})
    urgent = await an_order(company, custom={"region": "north"}, priority="URGENT")
    assert await seen(company, person) == {in_north["id"], as_seller["id"]}
    await done(company, UPDATE_ORDER, id=urgent["id"], priority="LOW")
    assert await seen(company, person) == {in_north["id"], as_seller["id"], urgent["id"]}


async def test_several_roles_add_up(company: Company, client: Client) -> None:
    """With one role of one's own orders and one of all, all are there; a denial of any role takes away."""
    await role(company, "own_ones", scoped("own"))
    await role(company, "every", {"object": "order", "actions": ["read"]})
    await role(company, "no_urgent", scoped({"where": {"priority": {"eq": "urgent"}}}, effect="deny"))
    one = await company.add_person("own_ones")
    both = await company.add_person("own_ones", "every")
    less = await company.add_person("every", "no_urgent")
    own = await an_order(company, ownerId=str(one.id))
    urgent = await an_order(company, priority="URGENT")
    assert await seen(company, one) == {own["id"]}
    assert await seen(company, both) == {own["id"], urgent["id"]}
    assert await seen(company, less) == {own["id"]}


BAD: dict[str, tuple[Row, str, str]] = {
    "of a field that is always there": (scoped("own", "read", fields=["total"]), "fields", "CONFIG_FIELD_IN_PART"),
    "of members": (scoped("own", "read", name="member"), "scope", "CONFIG_NO_SCOPE"),
    "of everything": (scoped("own", "read", name="*"), "scope", "CONFIG_NO_SCOPE"),
    "of products": (scoped("own", "read", name="product"), "scope", "CONFIG_UNKNOWN_SCOPE"),
    "of an import": (scoped("own", "import"), "scope", "CONFIG_ACTION_WITHOUT_SCOPE"),
    "of no field": (scoped({"where": {"colour": {"eq": "red"}}}), "scope.where.colour", "VALUE_UNKNOWN_FIELD"),
}


@pytest.mark.parametrize(("grant", "path", "code"), BAD.values(), ids=BAD)
async def test_scopes_that_mean_nothing_are_refused(
    company: Company, client: Client, grant: Row, path: str, code: str
) -> None:
    async with unchanged(company):
        problem = await refused(company, DEFINE_ROLE, key="r", label=LABEL, grants=[grant])
        assert bad_values(problem) == {f"role.r.grants.0.{path}": code}, problem


async def test_a_scope_is_said_in_words(company: Company, client: Client) -> None:
    grants = [scoped("own"), scoped("team", "update"), scoped({"where": {"priority": {"eq": "urgent"}}}, "void")]
    changed = await done(company, DEFINE_ROLE, key="r", label=LABEL, grants=grants)
    (sentence,) = [change["sentence"] for change in changed["changes"]]
    assert "r" in sentence
    changed = await done(company, DEFINE_ROLE, key="r", label=LABEL, grants=[scoped("team", "read")])
    (sentence,) = [change["sentence"] for change in changed["changes"]]
    for part in ("order.read of their own", "order.update of their teams", "order.void where priority is urgent"):
        assert part in sentence, sentence


async def test_history_of_an_order_is_there_with_it(company: Company, client: Client) -> None:
    seller, own, other = await with_own(company)
    assert (await read(company, READ_ORDER, own["id"], seller))["history"]["nodes"][0]["kind"] == "CREATED"
    assert await company.data(READ_ORDER, {"id": other["id"]}, person=seller) == {"result": None}
