"""Rights to fields by role (X-24): what may not be read cannot be learnt on any way.

``CLERK`` may do all with orders but read or write ``custom.margin`` and ``total``; ``TEMP`` has fields closed but for a few.
"""

import orjson
import pytest

from tenants.config import change_sets
from tenants.exports import export_records
from tests.documents import (
    CREATE_CUSTOMER,
    DEFINE_ROLE,
    UPDATE_ORDER,
    an_order,
    done,
)
from tests.examples import define_fields
from tests.harness import Client, Company, Person, Row

pytestmark = pytest.mark.anyio

LABEL = {"en": "Role"}
READING = [{"object": name, "actions": ["read"]} for name in ("customer", "product", "member")]
CLERK: list[Row] = [
    {"object": "order", "actions": ["read", "create", "update", "export", "change_status", "transition.*"]},
    {"object": "customer", "actions": ["export", "create"]},
    {"object": "order", "actions": ["*"], "fields": ["custom.margin", "total", "custom.secret"], "effect": "deny"},
    *READING,
]
TEMP: list[Row] = [
    {"object": "order", "actions": ["read", "create", "update"]},
    {
        "object": "order",
        "actions": ["read"],
        "fields": ["number", "custom.open", "lines", "lines.name", "lines.unitPrice"],
    },
    {"object": "order", "actions": ["write"], "fields": ["lines", "lines.name", "lines.unitPrice", "custom.open"]},
    *READING,
]
BAD_CURSOR = "This cursor does not belong to this list and order. Start again without it."
FIELDS: dict[str, Row] = {
    "order.margin": {"type": "decimal", "indexed": True},
    "order.secret": {"type": "text"},
    "order.open": {"type": "text"},
    "order.twice": {"type": "formula", "expression": "custom.margin * 2"},
    "order.buyer": {"type": "link", "target": "customer", "reverse": {"key": "bought", "label": {"en": "Bought"}}},
    "order.grade": {"type": "select", "options": ["good", "bad"]},
}


async def people(company: Company) -> tuple[Person, Person]:
    """A clerk and a temp, with the fields that they may and may not see."""
    await define_fields(company, FIELDS)
    await done(company, DEFINE_ROLE, key="clerk", label=LABEL, grants=CLERK)
    await done(company, DEFINE_ROLE, key="temp", label=LABEL, grants=TEMP, closedFields=["order"])
    return await company.add_person("clerk"), await company.add_person("temp")


async def refusal(company: Company, document: str, person: Person, variables: Row | None = None) -> Row:
    """The right that a query was refused for want of, and the roles that hold it."""
    answer = await company.graphql(document, variables, person=person)
    (error,) = answer["errors"]
    extensions: Row = error["extensions"]
    assert extensions["code"] == "NOT_ALLOWED", answer
    return extensions


REFUSED = {
    "a selection": "{ orders { nodes { custom { margin } } } }",
    "a nested selection": "{ customers { nodes { orders { nodes { custom { margin } } } } } }",
    "a filter": "{ orders(where: {custom: {margin: {gt: 5}}}) { totalCount } }",
    "a filter inside another": "{ orders(where: {or: [{not: {custom: {margin: {isNull: true}}}}]}) { totalCount } }",
    "a filter of a related record": "{ customers(where: {orders: {some: {custom: {margin: {gt: 5}}}}}) { totalCount } }",
    "a figure": "{ customers(where: {orders: {sum: {custom: {margin: {gt: 5}}}}}) { totalCount } }",
    "an order": "{ orders(orderBy: [{custom: {margin: ASC}}]) { nodes { number } } }",
    "an order with a cursor": '{ orders(orderBy: [{custom: {margin: ASC}}], after: "x") { edges { cursor } } }',
}


@pytest.mark.parametrize("document", REFUSED.values(), ids=REFUSED)
async def test_a_field_that_is_denied_is_refused_everywhere(company: Company, client: Client, document: str) -> None:
    clerk, _ = await people(company)
    extensions = await refusal(company, document, clerk)
    assert (extensions["right"], extensions["grantedTo"]) == (
        "order.read.custom.margin",
        ["owner", "admin", "member", "read_only"],
    )
    assert "errors" not in await company.graphql(document.replace(', after: "x"', ""))


BUILT_IN = {
    "order.read.total": (
        "{ orders { nodes { total { amount } } } }",
        '{ orders(where: {total: {gt: "5"}}) { totalCount } }',
        "{ orders(orderBy: [{total: ASC}]) { nodes { number } } }",
        '{ customers(where: {orders: {max: {total: {gt: "5"}}}}) { totalCount } }',
        "{ customers { nodes { orderSummary { count } } } }",
        "{ node(id: %s) { ... on Order { total { amount } } } }",
    ),
}


async def test_built_in_fields_are_refused_too(company: Company, client: Client) -> None:
    """With the sums that show them: a customer's totals are what the orders say."""
    clerk, _ = await people(company)
    order = await an_order(company)
    for right, documents in BUILT_IN.items():
        for document in documents:
            asked = document.replace("%s", f'"{order["id"]}"')
            assert (await refusal(company, asked, clerk))["right"] == right, document
            assert "errors" not in await company.graphql(asked), document


async def test_what_is_closed_is_refused_unless_granted(company: Company, client: Client) -> None:
    """X-24: a field that comes later is closed to a role with closed fields, and open to one without."""
    clerk, temp = await people(company)
    await an_order(company, custom={"open": "yes"})
    granted = "{ orders { nodes { id version number custom { open } lines { nodes { name } } } } }"
    (node,) = (await company.data(granted, person=temp))["orders"]["nodes"]
    assert (node["custom"], node["lines"]) == ({"open": "yes"}, {"nodes": [{"name": "Work"}]})
    await define_fields(company, {"order.later": {"type": "text"}})
    later = "{ orders { nodes { custom { later } } } }"
    assert (await refusal(company, later, temp))["right"] == "order.read.custom.later"
    assert (await company.data(later, person=clerk))["orders"]["nodes"] == [{"custom": {"later": None}}]
    for part, right in (
        ("status { key }", "order.read.status"),
        ("nextSteps { key }", "order.read.nextSteps"),
        ("customer { name }", "order.read.customer"),
        ("lines { nodes { taxRate } }", "order.read.lines.taxRate"),
        ("notes", "order.read.notes"),
    ):
        assert (await refusal(company, f"{{ orders {{ nodes {{ {part} }} }} }}", temp))["right"] == right
    grouped = '{ orderGroups(groupBy: "status") { key } }'
    assert (await refusal(company, grouped, temp))["right"] == "order.read.status"
    assert (await refusal(company, '{ orderGroups(groupBy: "custom.grade") { key } }', temp))["right"] == (
        "order.read.custom.grade"
    )


async def test_groups_do_not_tell_hidden_names(company: Company, client: Client) -> None:
    """Groups by a record are told by its name, and those behind a way need each step of it."""
    await people(company)
    hidden = [{"object": "member", "actions": ["read"], "fields": ["name"], "effect": "deny"}]
    hidden.append({"object": "customer", "actions": ["read"], "fields": ["kind"], "effect": "deny"})
    await done(company, DEFINE_ROLE, key="nameless", label=LABEL, inherits=["read_only"], grants=hidden)
    nameless = await company.add_person("nameless")
    for by, right in (("owner", "member.read.name"), ("customer.kind", "customer.read.kind")):
        document = f'{{ orderGroups(groupBy: "{by}") {{ label count }} }}'
        assert (await refusal(company, document, nameless))["right"] == right
        assert "errors" not in await company.graphql(document)


async def test_the_usual_order_does_not_leak(company: Company, client: Client) -> None:
    """Lists are ordered by when orders were placed; who may not know that gets them as they were entered, and no cursor tells."""
    _, temp = await people(company)
    first = await an_order(company, orderedAt="2030-01-01T00:00:00Z")
    second = await an_order(company, orderedAt="2020-01-01T00:00:00Z")
    document = "query($after: String) { orders(first: 1, after: $after) { nodes { number } pageInfo { endCursor } } }"
    usual = await company.data(document)
    assert usual["orders"]["nodes"] == [{"number": first["number"]}]
    page = (await company.data(document, person=temp))["orders"]
    assert page["nodes"] == [{"number": second["number"]}]
    after = page["pageInfo"]["endCursor"]
    assert (await company.data(document, {"after": after}, person=temp))["orders"]["nodes"] == [
        {"number": first["number"]}
    ]
    foreign = await company.graphql(document, {"after": usual["orders"]["pageInfo"]["endCursor"]}, person=temp)
    (error,) = foreign["errors"]
    assert error["extensions"]["errors"] == [{"path": ["after"], "message": BAD_CURSOR}]


async def numbers(company: Company, text: str, person: Person | None = None) -> list[str]:
    data = await company.data(
        "query($text: String) { orders(search: $text) { totalCount nodes { number } } }", {"text": text}, person=person
    )
    found = [node["number"] for node in data["orders"]["nodes"]]
    assert data["orders"]["totalCount"] == len(found)
    return found


async def test_a_text_in_a_hidden_field_is_not_found(company: Company, client: Client) -> None:
    """Nor with words of other fields beside it; what stands in readable fields is found, by words, parts and customers."""
    clerk, temp = await people(company)
    customer = await done(company, CREATE_CUSTOMER, name="Ångström Optik", phones=[{"value": "+86 138 0013 8000"}])
    order = await an_order(
        company,
        customerId=customer["id"],
        notes="Blue vases",
        custom={"secret": "Rembrandt", "margin": "77.25", "open": "Vermeer", "grade": "good"},
        lines=[{"name": "Kettle", "specification": "A-4711", "unitPrice": "10.00"}],
    )
    number = order["number"]
    for text in ("rembrandt", "77.25", "vermeer rembrandt", "embran"):
        assert await numbers(company, text) == [number], text
        assert await numbers(company, text, clerk) == [], text
    for text in ("vermeer", "blue vases", "kettle", "4711", "angstrom", "13800138000", "Good", number):
        assert await numbers(company, text, clerk) == [number], text
    # A word that a readable field has too is found, whatever the hidden one says.
    await done(company, UPDATE_ORDER, id=order["id"], notes="like Rembrandt")
    assert await numbers(company, "rembrandt", clerk) == [number]
    assert [await numbers(company, text, temp) for text in ("vermeer", "kettle", number)] == [[number]] * 3
    for text in ("angstrom", "13800138000", "4711", "rembrandt"):
        assert await numbers(company, text, temp) == [], text


HISTORY = (
    "query($id: ID!) { order(id: $id) { history(first: 50) { totalCount nodes { kind changes { field from to } } } } }"
)


async def test_the_history_leaves_out_what_is_hidden(company: Company, client: Client) -> None:
    """Changes of hidden fields, what a line says of them, and entries that tell nothing else."""
    clerk, temp = await people(company)
    order = await an_order(company, notes="a", custom={"margin": "1.5", "open": "x"})
    await done(company, UPDATE_ORDER, id=order["id"], custom={"margin": "2.5"})
    await done(company, UPDATE_ORDER, id=order["id"], custom={"margin": "3.5", "open": "y"}, notes="b")
    line = order["lines"]["nodes"][0]["id"]
    await done(company, UPDATE_ORDER, id=order["id"], lines=[{"id": line, "name": "Paint", "unitPrice": "12.00"}])

    async def read(person: Person | None) -> list[Row]:
        history = (await company.data(HISTORY, {"id": order["id"]}, person=person))["order"]["history"]
        assert history["totalCount"] == len(history["nodes"])
        return list(history["nodes"])

    assert len(await read(None)) == 4
    found = await read(clerk)
    assert [entry["kind"] for entry in found] == ["CREATED", "UPDATED", "UPDATED"]
    names = [change["field"] for entry in found for change in entry["changes"]]
    assert {"custom.margin", "total"}.isdisjoint(names)
    assert found[1]["changes"] == [
        {"field": "notes", "from": "a", "to": "b"},
        {"field": "custom.open", "from": "x", "to": "y"},
    ]
    assert {"subtotal", "lines.1.unitPrice", "lines.1.name"} <= set(names)
    found = await read(temp)
    shown = {change["field"]: change["to"] for change in found[0]["changes"]}
    first = {"name": "Work", "unitPrice": "10.00", "id": line, "position": 1}
    assert shown == {"number": order["number"], "custom.open": "x", "lines": first}
    assert [entry["changes"] for entry in found[1:]] == [
        [{"field": "custom.open", "from": "x", "to": "y"}],
        [
            {"field": "lines.1.name", "from": "Work", "to": "Paint"},
            {"field": "lines.1.unitPrice", "from": "10.00", "to": "12.00"},
        ],
    ]


async def test_an_export_leaves_out_what_is_hidden(company: Company, client: Client) -> None:
    clerk, _ = await people(company)
    await done(company, DEFINE_ROLE, key="buyer", label=LABEL, closedFields=["*"], grants=[
        {"object": "order", "actions": ["read", "export"]},
        {"object": "order", "actions": ["read"], "fields": ["number", "customer"]},
        {"object": "customer", "actions": ["read"]},
    ])  # fmt: skip
    customer = await done(company, CREATE_CUSTOMER, name="Ann")
    order = await an_order(company, customerId=customer["id"], custom={"margin": "1", "open": "x"})

    async def exported(person: Person) -> Row:
        caller = await company.caller(person)
        (line,) = [line async for line in export_records(company.database, caller, "order")]
        found: Row = orjson.loads(line)
        return found

    clerks, whole = await exported(clerk), await exported(company.owner)
    assert set(whole) - set(clerks) == {"total"}
    assert set(whole["custom"]) - set(clerks["custom"]) == {"margin", "secret"}
    assert await exported(await company.add_person("buyer")) == {
        "id": order["id"],
        "version": 1,
        "number": order["number"],
        "customer": {"id": customer["id"]},
        "custom": {},
    }


async def test_links_are_hidden_on_both_sides(company: Company, client: Client) -> None:
    """The other side of a hidden link says the same as the link."""
    await people(company)
    denied = {"object": "order", "actions": ["read"], "fields": ["custom.buyer", "customer"], "effect": "deny"}
    await done(company, DEFINE_ROLE, key="blind", label=LABEL, inherits=["read_only"], grants=[denied])
    blind = await company.add_person("blind")
    for document, right in (
        ("{ customers { nodes { custom { bought { totalCount } } } } }", "order.read.custom.buyer"),
        ("{ customers(where: {custom: {bought: {some: {}}}}) { totalCount } }", "order.read.custom.buyer"),
        ("{ customers { nodes { orders { totalCount } } } }", "order.read.customer"),
        ("{ customers(where: {orders: {some: {}}}) { totalCount } }", "order.read.customer"),
        ("{ orders(orderBy: [{customer: {name: ASC}}]) { nodes { number } } }", "order.read.customer"),
    ):
        assert (await refusal(company, document, blind))["right"] == right, document
        assert "errors" not in await company.graphql(document), document


async def test_a_formula_is_a_field_of_its_own(company: Company, client: Client) -> None:
    clerk, _ = await people(company)
    await an_order(company, custom={"margin": "4"})
    read = await company.data("{ orders { nodes { custom { twice } } } }", person=clerk)
    assert read["orders"]["nodes"] == [{"custom": {"twice": "8"}}]


async def test_members_own_data_stays_theirs(company: Company, client: Client) -> None:
    """Personal data of members can be denied like any field; everybody may know their own."""
    denied = {"object": "member", "actions": ["read"], "fields": ["email"], "effect": "deny"}
    await done(company, DEFINE_ROLE, key="guest", label=LABEL, inherits=["read_only"], grants=[denied])
    guest = await company.add_person("guest")
    for document in (
        "{ members { nodes { email } } }",
        '{ members(where: {email: {startsWith: "a"}}) { totalCount } }',
        '{ orders(where: {owner: {email: {startsWith: "a"}}}) { totalCount } }',
    ):
        assert (await refusal(company, document, guest))["right"] == "member.read.email", document
    own = await company.data("{ viewer { member { email } } }", person=guest)
    assert own == {"viewer": {"member": {"email": guest.email}}}


async def test_a_frontend_is_told(company: Company, client: Client) -> None:
    """PER-7: which fields are closed, per object, and for each field of the company's own."""
    clerk, temp = await people(company)
    document = """{ viewer { closedFields { object unreadable unwritable } }
      fieldDefinitions(object: "order") { key readable writable } }"""
    data = await company.data(document, person=clerk)
    orders = next(found for found in data["viewer"]["closedFields"] if found["object"] == "order")
    assert orders == {
        "object": "order",
        "unreadable": ["total", "custom.margin", "custom.secret"],
        "unwritable": ["total", "custom.margin", "custom.secret"],
    }
    told = {found["key"]: (found["readable"], found["writable"]) for found in data["fieldDefinitions"]}
    assert told == {
        **dict.fromkeys(("margin", "secret"), (False, False)),
        **dict.fromkeys(("open", "buyer", "grade"), (True, True)),
        "twice": (True, False),
    }
    data = await company.data(document, person=temp)
    told = {found["key"]: (found["readable"], found["writable"]) for found in data["fieldDefinitions"]}
    assert [key for key, closed in told.items() if closed != (False, False)] == ["open"]
    assert (await company.data(document))["viewer"]["closedFields"] == []


async def test_the_states_of_hidden_fields_are_not_told(company: Company, client: Client) -> None:
    clerk, _ = await people(company)
    async with company.begin() as tx:
        needed = {"record_type": "order", "effect": "require", "fields": ["custom.secret", "custom.open"]}
        await change_sets.apply(tx, [change_sets.define(tx.config, "rule", "need", needed)])
    document = (
        """query($input: CreateOrderInput!) { previewCreateOrder(input: $input) { fieldStates { path required } } }"""
    )
    given = {"input": {"lines": [{"name": "A", "unitPrice": "1"}]}}
    data = await company.data(document, given, person=clerk)
    assert data["previewCreateOrder"]["fieldStates"] == [{"path": ["custom", "open"], "required": True}]
