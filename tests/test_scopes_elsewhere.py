"""Rights of some records on the ways that are no list (D-09): files, runs, replays, cursors, shared views, plans of conversions, copies."""

import pytest

from tests.documents import (
    CREATE_CUSTOMER,
    CREATE_ORDER,
    DEFINE_ROLE,
    UPDATE_MEMBER,
    UPDATE_ORDER,
    an_order,
    ask,
    bad_values,
    done,
    refused,
    unchanged,
)
from tests.examples import define_fields
from tests.harness import Client, Company, Drain, Person
from tests.test_conversions import CONVERT, PLAN
from tests.test_files import download, uploaded
from tests.test_row_scopes import LABEL, role, scoped
from tests.viewing import CREATE as CREATE_VIEW
from tests.viewing import SHARE as SHARE_VIEW
from tests.viewing import asked

pytestmark = pytest.mark.anyio

LINES = [{"name": "Work", "unitPrice": "10.00"}]
ADDRESS = {"kind": "DELIVERY", "city": "Oslo"}


async def seller_in(company: Company) -> Person:
    """Somebody with rights to their own orders and customers."""
    grants = [scoped("own", "read", "create", "update", "export"), scoped("own", "read", "create", name="customer")]
    await role(company, "seller", *grants)
    return await company.add_person("seller", name="Sal")


async def test_files_and_runs_of_others_are_not_there(company: Company, client: Client, work: Drain) -> None:
    """Files of a hidden order are neither listed nor given out; runs about it, and what they send, are in no list."""
    await define_fields(company, {"order.scan": {"type": "attachment"}})
    seller = await seller_in(company)
    automation = """mutation { defineAutomation(input: {key: "note", label: {en: "Note"}, events: [CREATED], role: "owner",
      actions: [{sendEmail: {to: "a@example.com", subject: "New {number}", body: "x"}}]}) { __typename } }"""
    assert (await company.data(automation))["defineAutomation"]["__typename"] == "ConfigurationPayload"
    files = [await uploaded(company), await uploaded(company)]
    own = await an_order(company, ownerId=str(seller.id), custom={"scan": [str(files[0])]})
    await an_order(company, custom={"scan": [str(files[1])]})
    await work()
    assert [(await download(company, each, seller)).status_code for each in files] == [200, 404]
    document = """query($id: ID!) { order(id: $id) { files { nodes { id } } } automationRuns { totalCount }
      deliveries { totalCount } }"""
    found = await company.data(document, {"id": own["id"]}, person=seller)
    assert found == {
        "order": {"files": {"nodes": [{"id": str(files[0])}]}},
        "automationRuns": {"totalCount": 1},
        "deliveries": {"totalCount": 1},
    }
    assert (await company.data(document, {"id": own["id"]}))["deliveries"] == {"totalCount": 2}


async def test_a_replay_tells_nothing_that_was_withdrawn(company: Company, client: Client) -> None:
    """The same key brings the first answer to who may still read it, and nothing of it to who may not."""
    seller = await seller_in(company)
    given = {"lines": LINES, "notes": "told once", "idempotencyKey": "k"}
    made = await done(company, CREATE_ORDER, seller, **given)
    await done(company, UPDATE_ORDER, id=made["id"], ownerId=str(company.owner.id))
    async with unchanged(company):
        again = await company.graphql(CREATE_ORDER, {"input": given}, person=seller)
        assert again == {"data": {"result": {"__typename": "OrderPayload", "order": None}}}
    # What is left of the answer to who may read no orders at all is that there was one.
    await done(company, UPDATE_MEMBER, id=str(seller.id), roles=[])
    async with unchanged(company):
        again = await company.graphql(CREATE_ORDER, {"input": given}, person=seller)
        assert again["data"] == {"result": {"__typename": "OrderPayload", "order": None}}
        assert [error["extensions"]["right"] for error in again["errors"]] == ["order.read"]


async def test_cursors_and_views_give_nothing_away(company: Company, client: Client) -> None:
    """A cursor from before tells only where to go on; a view shared by somebody with all rights shows what the reader may read."""
    seller = await company.add_person("member", name="Sal")
    for number in range(3):
        await an_order(company, ownerId=str(seller.id if number == 1 else company.owner.id), notes=f"n{number}")
    page = "query($after: String) { orders(first: 1, after: $after, orderBy: [{createdAt: ASC}]) { totalCount edges { cursor node { notes } } } }"
    first = (await company.data(page, person=seller))["orders"]
    assert first["totalCount"] == 3
    cursor = first["edges"][0]["cursor"]
    view = await asked(
        company, CREATE_VIEW, {"label": {"en": "All"}, "orders": {"where": {"notes": {"contains": "n"}}}}
    )
    key = (await asked(company, SHARE_VIEW, {"id": view["view"]["id"], "audience": "EVERYBODY"}))["view"]["id"]
    await role(company, "seller", scoped("own"))
    await done(company, UPDATE_MEMBER, id=str(seller.id), roles=["seller"])
    second = (await company.data(page, {"after": cursor}, person=seller))["orders"]
    assert (second["totalCount"], [edge["node"]["notes"] for edge in second["edges"]]) == (1, ["n1"])
    seen = f'{{ orders(view: "{key}") {{ totalCount nodes {{ notes }} }} }}'
    assert (await company.data(seen, person=seller))["orders"] == {"totalCount": 1, "nodes": [{"notes": "n1"}]}
    assert (await company.data(seen))["orders"]["totalCount"] == 3
    history = '{ historyEntries: node(id: "%s") { ... on Order { history { nodes { kind } } } } }'
    hidden = await an_order(company)
    assert (await company.data(history % hidden["id"], person=seller))["historyEntries"] is None


async def test_an_address_that_one_may_not_read_is_not_copied(company: Company, client: Client) -> None:
    """Neither by its id nor as the usual one: an order shows it to whoever may read the order."""
    seller = await seller_in(company)
    await done(
        company,
        DEFINE_ROLE,
        key="blind",
        label=LABEL,
        inherits=["member"],
        grants=[{"object": "customer", "actions": ["read"], "fields": ["addresses"], "effect": "deny"}],
    )
    blind = await company.add_person("blind")
    theirs = await done(company, CREATE_CUSTOMER, name="Zeta", addresses=[ADDRESS])
    mine = await done(company, CREATE_CUSTOMER, seller, name="Mine", ownerId=str(seller.id), addresses=[ADDRESS])
    book = {row["customer_id"]: row["id"] for row in await company.rows("SELECT customer_id, id FROM addresses")}
    address = {str(customer): str(each) for customer, each in book.items()}
    order = await an_order(company, seller, customerId=mine["id"])
    assert order["shippingAddress"]["city"] == "Oslo"
    # The order is theirs, its customer is not.
    await done(company, UPDATE_ORDER, id=order["id"], customerId=theirs["id"], shippingAddress=None)
    async with unchanged(company, without=("counters",)):
        for person, document, values in (
            (seller, UPDATE_ORDER, {"id": order["id"], "shippingAddressId": address[theirs["id"]]}),
            (
                blind,
                CREATE_ORDER,
                {"lines": LINES, "customerId": theirs["id"], "shippingAddressId": address[theirs["id"]]},
            ),
        ):
            problem = await refused(company, document, person, **values)
            assert bad_values(problem) == {"shippingAddressId": "ORDER_UNKNOWN_ADDRESS"}
    assert (await an_order(company, blind, customerId=theirs["id"]))["shippingAddress"] is None
    assert (await an_order(company, customerId=theirs["id"]))["shippingAddress"]["city"] == "Oslo"


async def test_a_plan_of_a_conversion_quotes_what_one_may_read(company: Company, client: Client) -> None:
    """The values that cannot be converted are named of the orders alone that the reader may read, and counted for who may read all."""
    await define_fields(company, {"order.weight": {"type": "text"}})
    configure = {"object": "configuration", "actions": ["*"]}
    await role(company, "admin_of_own", scoped("own"), configure)
    hidden = {"object": "order", "actions": ["read"], "fields": ["custom.weight"], "effect": "deny"}
    await role(company, "blind", {"object": "order", "actions": ["read"]}, hidden, configure)
    person, blind = await company.add_person("admin_of_own"), await company.add_person("blind")
    own = await an_order(company, ownerId=str(person.id), custom={"weight": "mine"})
    await an_order(company, custom={"weight": "hidden"})
    given = {"of": {"object": "order", "key": "weight", "type": "decimal"}}
    plan = (await company.data(PLAN, given, person=person))["plan"]
    assert [plan[name] for name in ("records", "values", "converted", "failed")] == [None] * 4
    assert [failure["recordId"] for failure in plan["failures"]] == [own["id"]]
    assert "hidden" not in str(plan)
    answer = await company.graphql(PLAN, given, person=blind)
    assert [error["extensions"]["right"] for error in answer["errors"]] == ["order.read.custom.weight"]
    await done(company, UPDATE_ORDER, id=own["id"], custom={"weight": "1"})
    result = await ask(company, CONVERT, person, object="order", key="weight", type="decimal")
    assert result["__typename"] == "InvalidInput"
    assert "some values cannot be converted" in result["errors"][0]["message"]
    assert "hidden" not in str(result)
    # Options would be the values themselves.
    made = {"object": "order", "key": "weight", "type": "select", "makeOptions": True}
    (error,) = (await company.graphql(PLAN, {"of": made}, person=person))["errors"]
    assert error["extensions"]["code"] == "INVALID_INPUT"
    problem = await refused(company, CONVERT, person, **made)
    assert bad_values(problem) == {"makeOptions": "CONVERSION_HIDDEN_OPTIONS"}
    plan = (await company.data(PLAN, {"of": made}))["plan"]
    assert (plan["values"], [option["key"] for option in plan["madeOptions"]]) == (2, ["o_1", "hidden"])
