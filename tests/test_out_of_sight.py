"""What was done may lead out of what the caller may read: it is done, told once, and the record is theirs to see no more (PER-4)."""

import pytest

from tests.documents import (
    CHANGE_STATUS,
    CREATE_CUSTOMER,
    CREATE_ORDER,
    CREATE_PRODUCT,
    DEFINE_ROLE,
    UPDATE_CUSTOMER,
    UPDATE_ORDER,
    UPDATE_PRODUCT,
    VOID_ORDER,
    an_order,
    ask,
    done,
    mutation,
    read,
    refused,
    unchanged,
)
from tests.harness import Client, Company
from tests.test_row_scopes import role, scoped

pytestmark = pytest.mark.anyio

STATUS = "query($id: ID!) { result: order(id: $id) { status { key } voidedAt history { totalCount } owner { id } } }"
LINES = [{"name": "Work", "unitPrice": "10.00"}]
OWNER = "query($id: ID!) { result: customer(id: $id) { owner { id } } }"


async def test_a_step_leads_out_of_sight(company: Company, client: Client) -> None:
    """The payload says that it was done and has no record; a repetition by its key does nothing."""
    drafts = {"where": {"status": {"in": ["draft"]}}}
    customers = {"object": "customer", "actions": ["read"]}
    await role(company, "desk", scoped(drafts, "read", "change_status", "transition.*", "void"), customers)
    desk = await company.add_person("desk")
    order, voided = await an_order(company), await an_order(company)
    for _ in range(2):
        values = {"id": order["id"], "status": "confirmed", "idempotencyKey": "k"}
        assert await ask(company, CHANGE_STATUS, desk, **values) == {"__typename": "OrderPayload", "order": None}
    told = await ask(company, VOID_ORDER, desk, id=voided["id"], reason="other", note="x")
    assert told == {"__typename": "OrderPayload", "order": None}
    found = [await read(company, STATUS, one["id"]) for one in (order, voided)]
    assert [(one["status"]["key"], one["history"]["totalCount"]) for one in found] == [("confirmed", 2), ("void", 2)]
    assert (await refused(company, VOID_ORDER, desk, id=order["id"], reason="other", note="x"))["code"] == "NOT_FOUND"


async def test_what_is_given_away_is_out_of_sight(company: Company, client: Client) -> None:
    """Orders and customers that somebody makes for others, and those that they hand to others."""
    everything = [{"object": name, "actions": ["create", "update"]} for name in ("order", "customer")]
    await role(company, "giver", scoped("own"), scoped("own", name="customer"), *everything)
    giver, friend = await company.add_person("giver"), await company.add_person("member")
    for create, update, line in (
        (CREATE_ORDER, UPDATE_ORDER, {"lines": LINES}),
        (CREATE_CUSTOMER, UPDATE_CUSTOMER, {"name": "Ann"}),
    ):
        own = await ask(company, create, giver, **line)
        kind = "order" if create == CREATE_ORDER else "customer"
        given = {"__typename": own["__typename"], kind: None}
        assert await ask(company, update, giver, id=own[kind]["id"], ownerId=str(friend.id)) == given
        assert await ask(company, create, giver, **line, ownerId=str(friend.id)) == given
        document = STATUS if create == CREATE_ORDER else OWNER
        assert (await read(company, document, own[kind]["id"]))["owner"] == {"id": str(friend.id)}


async def test_who_creates_a_customer_is_its_owner(company: Company, client: Client) -> None:
    """As of an order; so a right to one's own customers is enough to make one, also inside of an order. None is none."""
    await role(company, "seller", scoped("own", "read", "create"), scoped("own", "read", "create", name="customer"))
    seller = await company.add_person("seller")
    made = await done(company, CREATE_CUSTOMER, seller, name="Ann")
    order = await done(company, CREATE_ORDER, seller, lines=LINES, customer={"name": "Ben"})
    for customer_id in (made["id"], order["customer"]["id"]):
        assert (await read(company, OWNER, customer_id))["owner"] == {"id": str(seller.id)}
    nobodys = await done(company, CREATE_CUSTOMER, name="Cid", ownerId=None)
    assert (await read(company, OWNER, nobodys["id"]))["owner"] is None


async def test_who_may_not_read_changes_nothing(company: Company, client: Client) -> None:
    """A right to change, without any to read, would open more than one with a right to read of some."""
    kinds = ("order", "customer", "product")
    await role(
        company,
        "blind",
        *(
            {"object": name, "actions": ["create", "update", "void", "change_status", "transition.*"]}
            for name in kinds[:1]
        ),
    )
    await role(
        company,
        "teller",
        *({"object": name, "actions": ["update"]} for name in kinds[1:]),
        {"object": "product", "actions": ["read"], "effect": "deny"},
    )
    blind = await company.add_person("blind", "teller")
    order = await an_order(company)
    customer = await done(company, CREATE_CUSTOMER, name="Ann")
    product = await done(company, CREATE_PRODUCT, sku="A", name="Apple", price="1.00")
    async with unchanged(company):
        for document, kind, values in (
            (UPDATE_ORDER, "order", {"id": order["id"], "notes": "x"}),
            (CHANGE_STATUS, "order", {"id": order["id"], "status": "confirmed"}),
            (VOID_ORDER, "order", {"id": order["id"], "reason": "other", "note": "x"}),
            (UPDATE_CUSTOMER, "customer", {"id": customer["id"], "name": "Eve"}),
            (UPDATE_PRODUCT, "product", {"id": product["id"], "name": "Pear"}),
        ):
            problem = await refused(company, document, blind, **values)
            assert (problem["code"], problem["right"]) == ("NOT_ALLOWED", f"{kind}.read")


async def test_who_may_not_read_names_nothing(company: Company, client: Client) -> None:
    """What an order copies from a product or a customer would be told by it; of members everybody knows themselves."""
    denials = [{"object": name, "actions": ["read"], "effect": "deny"} for name in ("product", "member")]
    taking = {"object": "order", "actions": ["read", "create", "update"]}
    await done(company, DEFINE_ROLE, key="taker", label={"en": "Taker"}, grants=[taking, *denials])
    taker = await company.add_person("taker")
    customer = await done(company, CREATE_CUSTOMER, name="Ann", addresses=[{"city": "Berlin"}])
    product = await done(company, CREATE_PRODUCT, sku="A", name="Apple", price="1.00")
    async with unchanged(company):
        given = {
            "lines": [{"productId": product["id"]}],
            "customerId": customer["id"],
            "ownerId": str(company.owner.id),
        }
        problem = await refused(company, CREATE_ORDER, taker, **given)
        messages = {".".join(map(str, error["path"])): error["message"] for error in problem["errors"]}
        assert messages.keys() == {"lines.0.productId", "customerId", "ownerId"}
        for path, right in (("lines.0.productId", "product"), ("customerId", "customer"), ("ownerId", "member")):
            assert messages[path].startswith(f"You lack the right '{right}.read', so you cannot fill this in.")
    own = await ask(
        company, mutation("createOrder", "Order", "order { id }"), taker, lines=LINES, ownerId=str(taker.id)
    )
    assert own["__typename"] == "OrderPayload"
