"""The history names no record that the reader may not read (PER-4, PER-8): its id is left out, as the relation to it is null."""

from typing import Any

import pytest

from tests.documents import (
    CREATE_CUSTOMER,
    CREATE_PRODUCT,
    DEFINE_ROLE,
    DEFINE_TRANSITION,
    UPDATE_ORDER,
    done,
)
from tests.examples import define_fields
from tests.harness import Client, Company, Person, Row
from tests.test_conversions import CONVERT
from tests.test_row_scopes import LABEL, scoped

pytestmark = pytest.mark.anyio

HISTORY = """query($id: ID!) { order(id: $id) { lines { nodes { id } }
  history(first: 9) { nodes { changes { field from to } } } } }"""
PREVIEW = """query($input: PreviewStatusChangeInput!) { previewStatusChange(input: $input) {
  accepted changes { field from to } } }"""
CREATE_ORDER = "mutation($input: CreateOrderInput!) { result: createOrder(input: $input) { __typename ... on OrderPayload { order { id } } } }"
FIELDS = {
    "order.buyer": {"type": "link", "target": "customer"},
    "order.checker": {"type": "member"},
    "order.others": {"type": "links", "target": "customer"},
}
TOLD = ("ownerId", "customerId", "custom.buyer", "custom.checker", "custom.others")


async def changes(company: Company, order_id: str, person: Person) -> list[dict[str, Any]]:
    """What the history tells somebody: of each entry, from and to by field; of lines their products."""
    order = (await company.data(HISTORY, {"id": order_id}, person=person))["order"]
    found = []
    for entry in order["history"]["nodes"]:
        told = {each["field"]: [each["from"], each["to"]] for each in entry["changes"] if each["field"] in TOLD}
        for each in entry["changes"]:
            if each["field"].startswith("lines"):
                key = (
                    "products" if each["field"] == "lines" else each["field"].replace(each["field"].split(".")[1], "N")
                )
                told.setdefault(key, []).append(
                    [
                        value.get("productId") if isinstance(value, dict) else value
                        for value in (each["from"], each["to"])
                    ]
                )
        found.append(told)
    return found


async def test_ids_of_hidden_records_are_left_out(company: Company, client: Client) -> None:
    """Of customers, products and members, in links and lines, where they are out of scope or not to be read at all."""
    await define_fields(company, FIELDS)
    step = {"key": "confirm", "label": LABEL, "sources": ["draft"], "target": "confirmed", "fields": ["custom.buyer"]}
    await done(company, DEFINE_TRANSITION, **step)
    own_orders = scoped("own", "read", "change_status", "update", "transition.*")
    own: list[Row] = [
        own_orders,
        scoped("own", name="customer"),
        scoped({"where": {"sku": {"eq": "OPEN"}}}, name="product"),
    ]
    await done(
        company, DEFINE_ROLE, key="seller", label=LABEL, grants=[*own, {"object": "member", "actions": ["read"]}]
    )
    await done(company, DEFINE_ROLE, key="bare", label=LABEL, grants=[{"object": "order", "actions": ["read"]}])
    seller, bare = await company.add_person("seller"), await company.add_person("bare")
    mine = (await done(company, CREATE_CUSTOMER, name="Mine", ownerId=str(seller.id)))["id"]
    theirs = (await done(company, CREATE_CUSTOMER, name="Zeta"))["id"]
    shown, hidden = [
        (await done(company, CREATE_PRODUCT, sku=sku, name="P", price="9.00"))["id"] for sku in ("OPEN", "HID")
    ]
    me, boss = str(seller.id), str(company.owner.id)
    order = await done(
        company,
        CREATE_ORDER,
        ownerId=me,
        customerId=theirs,
        lines=[{"productId": hidden}, {"productId": shown}],
        custom={"buyer": theirs, "checker": boss, "others": [theirs, mine]},
    )
    (line, _) = (await company.data(HISTORY, {"id": order["id"]}))["order"]["lines"]["nodes"]
    moved = {"customerId": mine, "custom": {"others": [mine]}, "lines": [{"id": line["id"], "productId": shown}]}
    await done(company, UPDATE_ORDER, id=order["id"], **moved)

    whole = await changes(company, order["id"], company.owner)
    first, second = whole
    assert first == {
        "ownerId": [None, me],
        "customerId": [None, theirs],
        "custom.buyer": [None, theirs],
        "custom.checker": [None, boss],
        "custom.others": [None, [theirs, mine]],
        "products": [[None, hidden], [None, shown]],
    }
    assert (second["customerId"], second["custom.others"]) == ([theirs, mine], [[theirs, mine], [mine]])
    assert [hidden, shown] in second["lines.N.productId"]

    first, second = await changes(company, order["id"], seller)
    assert first == {
        "ownerId": [None, me],
        "customerId": [None, None],
        "custom.buyer": [None, None],
        "custom.checker": [None, boss],
        "custom.others": [None, [mine]],
        "products": [[None, None], [None, shown]],
    }
    assert (second["customerId"], second["custom.others"]) == ([None, mine], [[mine], [mine]])
    assert second["lines.N.productId"] == [[None, shown]]
    assert whole[1].keys() == second.keys()

    # Whoever may not read them at all.
    told = str(await changes(company, order["id"], bare))
    assert [each for each in (mine, theirs, shown, hidden, me, boss) if each in told] == []

    given = {"id": order["id"], "status": "confirmed", "values": {"custom": {"buyer": mine}}}
    for person, before in ((company.owner, theirs), (seller, None)):
        preview = (await company.data(PREVIEW, {"input": given}, person=person))["previewStatusChange"]
        assert preview["accepted"]
        assert {"field": "custom.buyer", "from": before, "to": mine} in preview["changes"]


async def test_what_a_field_held_before_it_led_to_members_is_told(company: Company, client: Client) -> None:
    """Texts are no ids: of a field that was converted they stay in the history."""
    await define_fields(company, {"order.buyer": {"type": "text"}})
    order = await done(company, CREATE_ORDER, lines=[{"name": "Work", "unitPrice": "1"}], custom={"buyer": "Nobody"})
    await done(company, CONVERT, object="order", key="buyer", type="member", otherwise="LEAVE_EMPTY")
    await done(company, DEFINE_ROLE, key="bare", label=LABEL, grants=[{"object": "order", "actions": ["read"]}])
    bare = await company.add_person("bare")
    entries = await changes(company, order["id"], bare)
    assert entries[0]["custom.buyer"] == [None, "Nobody"]
