"""Rights to fields of some records alone (PER-5, "optionally per status"): written only there, and absent everywhere else.

The clerk may write ``promisedAt`` and ``custom.slot`` while an order is new, and read ``custom.margin`` of their own orders alone.
"""

from collections.abc import Mapping
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tenants.exports import export_records
from tests.documents import (
    CHANGE_STATUS,
    CREATE_CUSTOMER,
    CREATE_ORDER,
    DEFINE_ROLE,
    UPDATE_ORDER,
    an_order,
    bad_values,
    done,
    refused,
    unchanged,
)
from tests.examples import define_fields
from tests.harness import Client, Company, Person, Row

pytestmark = pytest.mark.anyio

LABEL = {"en": "Clerk"}
IS_NEW = {"where": {"status": {"eq": "draft"}}}
NOT_NEW = {"where": {"not": {"status": {"eq": "draft"}}}}
DAY = "2027-03-01T00:00:00Z"
ALL_OF_IT = [{"object": name, "actions": ["*"]} for name in ("order", "customer", "product", "member")]
FIELDS: dict[str, Row] = {
    "order.margin": {"type": "decimal", "indexed": True},
    "order.slot": {"type": "text"},
    "order.fee": {"type": "money"},
    "order.place": {"type": "address"},
    "order.marks": {"type": "tags"},
    "order.buyer": {"type": "link", "target": "customer"},
}


async def clerk(company: Company, *grants: Row, key: str = "clerk", **more: Any) -> Person:
    await done(company, DEFINE_ROLE, key=key, label=LABEL, grants=[*ALL_OF_IT, *grants], **more)
    return await company.add_person(key, name="Clara")


def fields_in(scope: Any, action: str, *fields: str, effect: str = "deny") -> Row:
    return {"object": "order", "actions": [action], "fields": list(fields), "scope": scope, "effect": effect}


async def test_a_field_is_written_only_in_a_status(company: Company, client: Client) -> None:
    """Changed while the order is new, and refused at its path once it is not; a step may take the value along as it leaves."""
    await define_fields(company, {"order.slot": {"type": "text"}})
    person = await clerk(company, fields_in(NOT_NEW, "write", "promisedAt", "custom.slot"))
    made = await done(
        company,
        CREATE_ORDER,
        person,
        lines=[{"name": "Work", "unitPrice": "1"}],
        promisedAt=DAY,
        custom={"slot": "early"},
    )
    await done(company, UPDATE_ORDER, person, id=made["id"], promisedAt=None, notes="both")
    await done(company, CHANGE_STATUS, id=made["id"], status="confirmed")
    async with unchanged(company, without=("counters",)):
        values = {"promisedAt": DAY, "custom": {"slot": "late"}, "notes": "more"}
        problem = await refused(company, UPDATE_ORDER, person, id=made["id"], **values)
        code = "VALUE_NOT_WRITABLE_HERE"
        assert bad_values(problem) == {"promisedAt": code, "custom.slot": code}
        assert "'order.write.promisedAt'" in problem["errors"][0]["message"]
    await done(company, UPDATE_ORDER, person, id=made["id"], notes="more")
    # Whoever has it of all records is not asked.
    await done(company, UPDATE_ORDER, id=made["id"], promisedAt=DAY)
    states = """query($input: UpdateOrderInput!) { previewUpdateOrder(input: $input) { accepted errors { path code }
          fieldStates { path readOnly } } }"""
    found = await company.data(states, {"input": {"id": made["id"], "promisedAt": None}}, person=person)
    assert found["previewUpdateOrder"] == {
        "accepted": False,
        "errors": [{"path": ["promisedAt"], "code": code}],
        "fieldStates": [
            {"path": ["custom", "slot"], "readOnly": True},
            {"path": ["promisedAt"], "readOnly": True},
        ],
    }
    draft = await an_order(company)
    found = await company.data(states, {"input": {"id": draft["id"], "promisedAt": None}}, person=person)
    assert found["previewUpdateOrder"] == {"accepted": True, "errors": [], "fieldStates": []}
    rights = "{ viewer { permissions { object fields { path readable writable readableRows writableRows } } closedFields { object unwritable } } }"
    told = (await company.data(rights, person=person))["viewer"]
    order = next(entry for entry in told["permissions"] if entry["object"] == "order")
    assert next(field for field in order["fields"] if field["path"] == "promisedAt") == {
        "path": "promisedAt",
        "readable": True,
        "writable": True,
        "readableRows": None,
        "writableRows": "all, but not those where not (status is draft)",
    }
    assert "promisedAt" not in str(told["closedFields"])


async def test_a_new_record_must_be_one_of_the_right(company: Company, client: Client) -> None:
    """Of fields that are closed but for some records: granted where the order is for the web, created and changed so."""
    grants = [
        {"object": "order", "actions": ["read", "create", "update"]},
        *({"object": name, "actions": ["read"]} for name in ("customer", "product", "member")),
        {"object": "order", "actions": ["read"], "fields": ["*", "lines.*"]},
        {"object": "order", "actions": ["write"], "fields": ["channel", "lines", "lines.*", "owner"]},
        fields_in({"where": {"channel": {"eq": "web"}}}, "write", "notes", effect="allow"),
    ]
    await done(company, DEFINE_ROLE, key="web", label=LABEL, grants=grants, closedFields=["order"])
    person = await company.add_person("web")
    lines = [{"name": "Work", "unitPrice": "1"}]
    async with unchanged(company, without=("counters",)):
        problem = await refused(company, CREATE_ORDER, person, lines=lines, channel="shop", notes="No")
        assert bad_values(problem) == {"notes": "VALUE_NOT_WRITABLE_HERE"}
    made = await done(company, CREATE_ORDER, person, lines=lines, channel="web", notes="Yes")
    # Nobody takes the record out of it with the value.
    async with unchanged(company, without=("counters",)):
        problem = await refused(company, UPDATE_ORDER, person, id=made["id"], channel="shop", notes="No")
        assert bad_values(problem) == {"notes": "VALUE_NOT_WRITABLE_HERE"}
    await done(company, UPDATE_ORDER, person, id=made["id"], channel="shop")


HIDDEN: Mapping[str, Any] = {"margin": "5", "fee": {"amount": "9.00", "currency": "EUR"}, "marks": ["vip"]}
SELECTED = """{ orders(orderBy: [{createdAt: ASC}]) { nodes { promisedAt shippingAddress { city } custom {
  margin fee { amount } place { city } marks buyer { name } } history(first: 50) { nodes { changes { field } } } } } }"""


async def test_a_field_is_read_of_some_records(company: Company, client: Client) -> None:
    """Selections show nothing in others; filters, orders, groups, sums, searches, exports and the history tell nothing of them."""
    await define_fields(company, FIELDS)
    buyer = (await done(company, CREATE_CUSTOMER, name="Bea"))["id"]
    paths = (
        "promisedAt",
        "shippingAddress",
        *(f"custom.{key.partition('.')[2]}" for key in FIELDS if "slot" not in key),
    )
    person = await clerk(company, fields_in({"where": {"not": {"owner": {"isMe": {"eq": True}}}}}, "read", *paths))
    given = {
        "promisedAt": DAY,
        "shippingAddress": {"city": "Oslo"},
        "custom": {**HIDDEN, "place": {"city": "Rome"}, "buyer": buyer},
    }
    await an_order(company, ownerId=str(company.owner.id), **given)
    await an_order(company, ownerId=str(person.id), **given)
    theirs, own = (await company.data(SELECTED, person=person))["orders"]["nodes"]
    history = [theirs.pop("history"), own.pop("history")]
    nothing = {"margin": None, "fee": None, "place": None, "marks": None, "buyer": None}
    assert theirs == {"promisedAt": None, "shippingAddress": None, "custom": nothing}
    assert own["shippingAddress"] == {"city": "Oslo"}
    assert own["custom"] == {
        "margin": "5",
        "fee": {"amount": "9.00"},
        "place": {"city": "Rome"},
        "marks": ["vip"],
        "buyer": {"name": "Bea"},
    }
    told = {change["field"] for page in history for node in page["nodes"] for change in node["changes"]}
    assert told.isdisjoint({"promisedAt", "shippingAddress", "custom.margin"})
    filters = {
        "{custom: {margin: {eq: 5}}}": 1,
        "{custom: {margin: {isNull: true}}}": 1,
        "{not: {custom: {margin: {eq: 5}}}}": 1,
        "{custom: {fee: {gt: 1}}}": 1,
        '{custom: {place: {city: {eq: "Rome"}}}}': 1,
        '{shippingAddress: {city: {eq: "Oslo"}}}': 1,
        '{custom: {marks: {containsAny: ["vip"]}}}': 1,
        '{custom: {buyer: {name: {eq: "Bea"}}}}': 1,
        f'{{promisedAt: {{gte: "{DAY}"}}}}': 1,
    }
    for where, count in filters.items():
        data = await company.data(f"{{ orders(where: {where}) {{ totalCount }} }}", person=person)
        assert data["orders"]["totalCount"] == count, where
    groups = {
        "custom.buyer": "Bea",
        "custom.buyer.name": "Bea",
        "shippingAddress.city": "Oslo",
        "custom.place.city": "Rome",
        "promisedAt": "2027-03-01",
    }
    for group, label in groups.items():
        data = await company.data(f'{{ orderGroups(groupBy: "{group}") {{ label count }} }}', person=person)
        assert {entry["label"]: entry["count"] for entry in data["orderGroups"]} == {label: 1, None: 1}, group
    for search in ("Oslo", "vip"):
        data = await company.data(f'{{ orders(search: "{search}") {{ totalCount }} }}', person=person)
        assert data["orders"]["totalCount"] == 0
    caller = await company.caller(person)
    exported = [orjson.loads(line) async for line in export_records(company.database, caller, "order")]
    assert [row["custom"]["margin"] for row in exported] == [None, "5"]
    assert [row["promisedAt"] is None for row in exported] == [True, False]
    explained = """query($record: ID!, $member: ID!) { explainAccess(member: $member, action: "order.read",
      field: "custom.margin", record: $record) { allowed reason right } }"""
    orders = (await company.data("{ orders(orderBy: [{createdAt: ASC}]) { nodes { id } } }"))["orders"]["nodes"]
    verdicts = [
        (await company.data(explained, {"record": order["id"], "member": str(person.id)}))["explainAccess"]
        for order in orders
    ]
    assert [verdict["allowed"] for verdict in verdicts] == [False, True]
    assert verdicts[0] == {"allowed": False, "reason": "DENIED", "right": "order.read.custom.margin"}


async def test_what_is_always_there_cannot_be_read_in_part(company: Company, client: Client) -> None:
    """A value that a schema promises cannot be absent from some records; writing it can be of some."""
    await define_fields(company, {"order.scan": {"type": "attachment"}})
    for field in ("total", "custom.scan", "lines", "*"):
        async with unchanged(company):
            problem = await refused(
                company, DEFINE_ROLE, key="r", label=LABEL, grants=[*ALL_OF_IT, fields_in("own", "read", field)]
            )
            assert bad_values(problem) == {"role.r.grants.4.fields": "CONFIG_FIELD_IN_PART"}, field
    await done(company, DEFINE_ROLE, key="r", label=LABEL, grants=[*ALL_OF_IT, fields_in("own", "write", "*")])
    # Nobody gives what they have of some records alone as if it were of all.
    changed = await done(
        company, DEFINE_ROLE, key="r", label=LABEL, grants=[*ALL_OF_IT, fields_in(IS_NEW, "write", "notes")]
    )
    assert "may no longer write order.notes where status is draft" in changed["changes"][0]["sentence"], changed


SCOPES: Mapping[str, Any] = {
    "own": "own",
    "new": IS_NEW,
    "web": {"where": {"channel": {"eq": "web"}}},
    "rich": {"where": {"custom": {"margin": {"gt": 4}}}},
}


async def test_all_ways_tell_the_same_values(company: Company, client: Client) -> None:
    """Random scopes of a field: what is selected, filtered, ordered, grouped and added up is what plain Python says is there."""
    await define_fields(company, {"order.margin": {"type": "integer", "indexed": True}})
    reader = await company.add_person("tried")
    orders: list[dict[str, Any]] = []
    customer = (await done(company, CREATE_CUSTOMER, name="Cus"))["id"]
    for number in range(8):
        is_own, is_web, margin = number % 2 == 0, number % 3 == 0, (number * 5) % 8
        made = await an_order(
            company,
            ownerId=str((reader if is_own else company.owner).id),
            channel="web" if is_web else "shop",
            customerId=customer,
            custom={"margin": margin},
        )
        is_new = number % 4 != 3
        if not is_new:
            await done(company, CHANGE_STATUS, id=made["id"], status="confirmed")
        orders.append(
            {"id": made["id"], "own": is_own, "new": is_new, "web": is_web, "rich": margin > 4, "margin": margin}
        )
    examples: list[tuple[list[tuple[str, bool]], bool]] = []

    @settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
    @given(
        st.lists(st.tuples(st.sampled_from(list(SCOPES)), st.booleans()), min_size=1, max_size=3, unique=True),
        st.booleans(),
    )
    def drawn(scopes: list[tuple[str, bool]], is_open: bool) -> None:
        examples.append((scopes, is_open))

    drawn()
    for scopes, is_open in examples:
        await _holds_for(company, reader, orders, scopes, is_open=is_open)


def _shows(order: Row, scopes: list[tuple[str, bool]], *, is_open: bool) -> bool:
    """Whether the margin of an order is to be seen, in plain Python."""
    granted = is_open or any(order[name] for name, allows in scopes if allows and (name, False) not in scopes)
    return granted and not any(order[name] for name, allows in scopes if not allows)


async def _holds_for(
    company: Company, reader: Person, orders: list[dict[str, Any]], scopes: list[tuple[str, bool]], *, is_open: bool
) -> None:
    grants = [
        {"object": "order", "actions": ["read"]},
        {"object": "customer", "actions": ["read"]},
        {"object": "order", "actions": ["read"], "fields": ["number", "customer"]},
        *(
            fields_in(SCOPES[name], "read", "custom.margin", effect="allow" if allows else "deny")
            for name, allows in scopes
        ),
    ]
    await done(company, DEFINE_ROLE, key="tried", label=LABEL, grants=grants, closedFields=[] if is_open else ["order"])
    shown = {order["id"]: order["margin"] if _shows(order, scopes, is_open=is_open) else None for order in orders}
    is_closed = not is_open and not any(allows and (name, False) not in scopes for name, allows in scopes)
    document = """{ listed: orders(orderBy: [{custom: {margin: ASC}}]) { nodes { id custom { margin } } }
      above: orders(where: {custom: {margin: {gte: 3}}}) { nodes { id } }
      absent: orders(where: {custom: {margin: {isNull: true}}}) { totalCount }
      figures: customers(where: {orders: {sum: {custom: {margin: {eq: SUM}}}}}) { totalCount } }"""
    known = [value for value in shown.values() if value is not None]
    answer = await company.graphql(document.replace("SUM", str(sum(known))), person=reader)
    if is_closed:
        assert {error["extensions"]["code"] for error in answer["errors"]} == {"NOT_ALLOWED"}, (scopes, answer)
        return
    assert "errors" not in answer, (scopes, is_open, answer)
    data = answer["data"]
    listed = {node["id"]: node["custom"]["margin"] for node in data["listed"]["nodes"]}
    assert listed == shown, (scopes, is_open)
    values = [value for value in listed.values() if value is not None]
    assert list(listed.values()) == [*sorted(values), *[None] * (len(listed) - len(values))]
    assert {node["id"] for node in data["above"]["nodes"]} == {key for key, value in shown.items() if (value or 0) >= 3}
    assert data["absent"]["totalCount"] == len(shown) - len(known)
    assert data["figures"]["totalCount"] == 1
