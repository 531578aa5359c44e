"""Who is a person at a customer (PER-1, issue 5), what a link to one gives, and the scope ``customer`` explained, compared and used to write."""

from typing import Any
from uuid import uuid4

import pytest

from tests.conftest import NewCompany
from tests.documents import (
    APPLY_CONFIGURATION,
    CREATE_CUSTOMER,
    DEACTIVATE_MEMBER,
    DEFINE_ROLE,
    INVITE_MEMBER,
    UPDATE_CUSTOMER,
    UPDATE_MEMBER,
    bad_values,
    done,
    mutation,
    refused,
    unchanged,
)
from tests.harness import Client, Company, Drain, Outbox, Row
from tests.test_access_explained import EXPLAIN
from tests.test_access_plans import simulate
from tests.test_invitations import ACCEPT, RESEND, new_address, secret_of
from tests.test_keys import CREATE, a_key, as_person
from tests.test_portal import at, link, market
from tests.test_row_scopes import seen

pytestmark = pytest.mark.anyio

OWN = {"object": "order", "scope": "customer"}
CREATE_ORDER_BARE = mutation("createOrder", "Order", "order { id customer { id } total { amount } }")
UPDATE_ORDER_BARE = mutation("updateOrder", "Order", "order { id }")
VOID_BARE = mutation("voidOrder", "Order", "order { id }")


async def test_who_is_a_person_at_a_customer(
    company: Company, client: Client, new_company: NewCompany, work: Drain, outbox: Outbox
) -> None:
    """Linked when made, invited or changed, to a customer that one may read; it holds at once and is in the audit log."""
    petra, made = await market(company)
    foreign = await done(await new_company(), CREATE_CUSTOMER, name="Foreign")
    unknown = {"customerId": "VALUE_UNKNOWN_RECORD"}
    async with unchanged(company):
        for customer_id in (str(uuid4()), foreign["id"], "nonsense", made["own"]["id"]):
            wanted: Row = {"customerId": customer_id}
            assert bad_values(await refused(company, UPDATE_MEMBER, id=str(petra.id), **wanted)) == unknown
            assert bad_values(await refused(company, INVITE_MEMBER, email=new_address(), **wanted)) == unknown
    # It holds from the next request on, and back.
    assert await seen(company, petra) == {made["own"]["id"]}
    assert (await link(company, petra, made["zoe"]))["customer"] == {"name": "Zoe Secret"}
    assert await seen(company, petra) == {made["other"]["id"]}
    assert (await link(company, petra, None))["customer"] is None
    assert await seen(company, petra) == set()
    unlinked = await company.data("{ customers { totalCount } products { totalCount } }", person=petra)
    assert unlinked == {"customers": {"totalCount": 0}, "products": {"totalCount": 1}}
    entries = '{ auditEntries(where: {kind: {eq: MEMBER_CHANGED}}) { nodes { details { field from to } } } }'  # fmt: skip
    told = (await company.data(entries))["auditEntries"]["nodes"]
    ada, zoe = made["ada"]["id"], made["zoe"]["id"]
    changed = [detail for entry in told for detail in entry["details"] if detail["field"] == "customer"]
    assert sorted((str(each["from"]), str(each["to"])) for each in changed) == sorted(
        [("None", ada), (ada, zoe), (zoe, "None")]
    )
    # Who comes by an invitation is linked when they have joined, also when they come back.
    email, at_customer = new_address(), "{ members(where: {customer: {name: {eq: %s}}}) { nodes { id email } } }"
    for customer, name in ((ada, '"Ada Ltd"'), (zoe, '"Zoe Secret"')):
        await done(company, INVITE_MEMBER, email=email, name="Ivy", roles=["portal"], customerId=customer)
        invited = (await company.data("{ invitations { email customerId } }"))["invitations"]
        assert invited[0] == {"email": email, "customerId": customer}
        outbox.sent.clear()
        await work.mail()
        (mail,) = [sent for sent in outbox.sent if sent["recipient"] == email]
        given = {"token": secret_of(mail), "name": "Ivy", "password": "words of some kind"}
        answer = await client.graphql(ACCEPT, {"input": given})
        assert answer["data"]["result"]["email"] == email
        (member,) = (await company.data(at_customer % name))["members"]["nodes"]
        assert member["email"] == email
        await done(company, DEACTIVATE_MEMBER, id=member["id"])
    made_member = await company.add_member(name="N", roles=["portal"], email=new_address(), customerId=ada)
    linked = (await company.data(at_customer % '"Ada Ltd"'))["members"]["nodes"]
    assert [node["email"] for node in linked] == [made_member["email"]]


async def test_a_link_gives_no_right_that_its_giver_lacks(
    company: Company, client: Client, work: Drain, outbox: Outbox
) -> None:
    """Somebody who manages members may make nobody, themselves neither, a person at a customer to read what they may not read."""
    petra, made = await market(company)
    manage = [{"object": "member", "actions": ["read", "invite", "update"]}]
    await done(company, DEFINE_ROLE, key="blind", label={"en": "B"}, inherits=["portal"], grants=manage)
    await done(
        company,
        DEFINE_ROLE,
        key="keeper",
        label={"en": "K"},
        grants=[*manage, {"object": "customer", "actions": ["read"]}],
    )
    keeper, blind = await company.add_person("keeper"), await at(company, made["ada"], "blind")
    invited = await done(company, INVITE_MEMBER, email=new_address(), roles=["portal"], customerId=made["zoe"]["id"])
    async with unchanged(company):
        assert bad_values(await refused(company, RESEND, blind, id=invited["id"])) == {
            "customerId": "VALUE_UNKNOWN_RECORD"
        }
        problem = await refused(company, UPDATE_MEMBER, keeper, id=str(petra.id), customerId=made["zoe"]["id"])
        assert bad_values(problem) == {"roles": "LIMIT_ROLE_GRANT"}, problem
        # A customer that they may not read is none for them.
        for person_id in (petra.id, blind.id):
            problem = await refused(company, UPDATE_MEMBER, blind, id=str(person_id), customerId=made["zoe"]["id"])
            assert bad_values(problem) == {"customerId": "VALUE_UNKNOWN_RECORD"}, problem
    # Their own they may give, for they have it.
    colleague = await company.add_person("portal")
    await done(company, UPDATE_MEMBER, blind, id=str(colleague.id), customerId=made["ada"]["id"])
    assert await seen(company, colleague) == {made["own"]["id"]}
    # Nor does an invitation give more than whoever sent it may give when it is accepted.
    email = new_address()
    await done(company, INVITE_MEMBER, blind, email=email, roles=["portal"], customerId=made["ada"]["id"])
    outbox.sent.clear()
    await work.mail()
    (mail,) = [sent for sent in outbox.sent if sent["recipient"] == email]
    given = {"input": {"token": secret_of(mail), "name": "Ivy", "password": "words of some kind"}}
    await link(company, blind, made["zoe"])
    answer = await client.graphql(ACCEPT, given)
    assert (answer["data"]["result"]["__typename"], answer["data"]["result"]["code"]) == (
        "Conflict",
        "PEOPLE_INVITER_LACKS",
    )
    await link(company, blind, made["ada"])
    assert (await client.graphql(ACCEPT, given))["data"]["result"]["email"] == email


async def test_orders_that_they_enter_are_their_customers(company: Company, client: Client) -> None:
    """A role that inherits from portal and may create: for its own customer alone; nothing is moved to another, or taken from one."""
    _, made = await market(company)
    fields = ["customer", "shippingAddress", "lines", "lines.product", "lines.quantity"]
    writing = {"object": "order", "actions": ["write"], "fields": fields}
    await done(
        company, DEFINE_ROLE, key="shop", label={"en": "Shop"}, inherits=["portal"], closedFields=["order"],
        grants=[{**OWN, "actions": ["create", "update"]}, writing],
    )  # fmt: skip
    buyer = await at(company, made["ada"], "shop")
    ada, zoe, line = made["ada"]["id"], made["zoe"]["id"], {"productId": made["on_sale"]["id"], "quantity": "2"}
    own = await done(company, CREATE_ORDER_BARE, buyer, customerId=ada, lines=[line])
    assert (own["customer"], own["total"]) == ({"id": ada}, {"amount": "6.00"})
    assert await seen(company, buyer) == {made["own"]["id"], own["id"]}
    async with unchanged(company, without=("counters",)):
        # Somebody else's customer is none that they know of; and an order of nobody's is not theirs.
        problem = await refused(company, CREATE_ORDER_BARE, buyer, customerId=zoe, lines=[line])
        assert bad_values(problem) == {"customerId": "VALUE_UNKNOWN_RECORD"}
        for given in ({**line, "unitPrice": "0.01"}, {**line, "discountRate": "1"}):
            problem = await refused(company, CREATE_ORDER_BARE, buyer, customerId=ada, lines=[given])
            assert set(bad_values(problem).values()) == {"VALUE_NOT_WRITABLE"}
        problem = await refused(
            company, CREATE_ORDER_BARE, buyer, customerId=ada, lines=[{**line, "productId": made["gone"]["id"]}]
        )
        assert bad_values(problem) == {"lines.0.productId": "VALUE_UNKNOWN_RECORD"}
        problem = await refused(company, CREATE_ORDER_BARE, buyer, lines=[line])
        assert (problem["__typename"], problem["right"]) == ("NotAllowed", "order.create")
        problem = await refused(company, UPDATE_ORDER_BARE, buyer, id=own["id"], customerId=zoe)
        assert bad_values(problem) == {"customerId": "VALUE_UNKNOWN_RECORD"}
        problem = await refused(company, UPDATE_ORDER_BARE, buyer, id=own["id"], customerId=None)
        assert (problem["__typename"], problem["right"]) == ("NotAllowed", "order.update")
        problem = await refused(company, UPDATE_ORDER_BARE, buyer, id=made["other"]["id"], lines=[])
        assert problem["code"] == "NOT_FOUND"
        problem = await refused(company, UPDATE_ORDER_BARE, buyer, id=own["id"], notes="x")
        assert bad_values(problem) == {"notes": "VALUE_NOT_WRITABLE"}
        problem = await refused(company, UPDATE_CUSTOMER, buyer, id=ada, name="Me")
        assert problem["right"] == "customer.update"


CONFIGURED = """
orderloom: 1
roles:
  shop:
    label: {en: Shop}
    inherits: [portal]
    grants:
      - {object: order, actions: [update], scope: customer}
      - {object: order, actions: [void], scope: {where: {customer: {isMine: {eq: true}}}}}
"""


async def test_the_scope_is_explained_compared_and_told(company: Company, client: Client) -> None:
    """In YAML and in the sentences of change sets, by explainAccess of a record, and by simulateRoles with its records."""
    petra, made = await market(company)
    chinese = await company.add_person("admin", language="zh")
    await done(company, DEFINE_ROLE, key="shop", label={"en": "Shop"}, inherits=["portal"])
    changed: Any = await done(company, APPLY_CONFIGURATION, document=CONFIGURED, merge=True)
    (sentence,) = [change["sentence"] for change in changed["changes"]]
    assert "order.update of the customer they belong to" in sentence
    log = "{ changeSets(first: 1) { nodes { changes { sentence } } } }"
    (change,) = (await company.data(log, person=chinese))["changeSets"]["nodes"][0]["changes"]
    assert "order.update（仅所属客户的）" in change["sentence"]
    exported = (await company.data("{ configuration { document } }"))["configuration"]["document"]
    assert "scope: customer" in exported
    reasons = {}
    for name in ("own", "other", "bare"):
        variables = {"member": str(petra.id), "action": "order.read", "record": made[name]["id"]}
        found = (await company.data(EXPLAIN, variables))["result"]
        reasons[name] = (found["allowed"], found["reason"], found["rows"])
    rows = "those of the customer they belong to"
    assert reasons == {
        "own": (True, "GRANTED", rows),
        "other": (False, "OUT_OF_SCOPE", rows),
        "bare": (False, "OUT_OF_SCOPE", rows),
    }
    planned = await simulate(company, members=[{"member": str(petra.id), "roles": ["shop"]}])
    (gain,) = planned["members"]
    assert {"order.update", "order.void"} <= set(gain["gains"])
    assert gain["losses"] == []
    counted = {each["right"]: (each["before"], each["after"]) for each in gain["records"]}
    assert (counted["order.update"], counted["order.void"]) == ((0, 1), (0, 1))
    await done(company, UPDATE_MEMBER, id=str(petra.id), roles=["shop"])
    voided = await refused(company, VOID_BARE, petra, id=made["other"]["id"], reason="out_of_stock")
    assert voided["code"] == "NOT_FOUND"
    assert (await done(company, VOID_BARE, petra, id=made["own"]["id"], reason="out_of_stock"))["id"] == made["own"][
        "id"
    ]
    grant = {"object": "product", "actions": ["read"], "scope": "customer"}
    async with unchanged(company):
        problem = await refused(company, DEFINE_ROLE, key="r", label={"en": "R"}, grants=[grant])
    assert bad_values(problem) == {"role.r.grants.0.scope": "CONFIG_UNKNOWN_SCOPE"}


async def test_a_key_is_nobody(company: Company, client: Client) -> None:
    """A program is no person at a customer: it is not given the scope, and of the role what is on sale alone."""
    await market(company)
    async with unchanged(company):
        assert bad_values(await refused(company, CREATE, name="Shop", roles=["portal"])) == {"roles": "KEY_OF_MEMBERS"}
    program = as_person(await a_key(company, roles=["portal"], recordTypes=["product"]))
    assert await company.data("{ products { totalCount } }", person=program) == {"products": {"totalCount": 1}}
    for document in ("{ orders { totalCount } }", "{ customers { totalCount } }"):
        answer = await company.graphql(document, person=program)
        assert [error["extensions"]["code"] for error in answer["errors"]] == ["NOT_ALLOWED"]
