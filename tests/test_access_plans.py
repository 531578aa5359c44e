"""Planned roles (D-08): who would gain and lose what; and what a viewer is told of their rights."""

import pytest

from tenants.config import change_sets
from tenants.permissions import RIGHTS
from tenants.transaction import new_id
from tests.documents import DEFINE_ROLE, UPDATE_MEMBER, UPDATE_ORDER, an_order, ask, done, unchanged
from tests.harness import Client, Company, Row, Statements

pytestmark = pytest.mark.anyio

SIMULATE = """
query($document: String, $merge: Boolean! = true, $draft: ID, $members: [MemberRolesInput!]) {
  result: simulateRoles(document: $document, merge: $merge, draft: $draft, members: $members) {
    affected
    members { member name rolesBefore rolesAfter gains losses records { right before after rowsBefore rowsAfter } }
    roles { role gains losses }
    problems { path code message }
  }
}
"""


async def simulate(company: Company, **variables: object) -> Row:
    found: Row = (await company.data(SIMULATE, variables))["result"]
    return found


async def test_a_planned_role_tells_who_gains_and_loses(company: Company, client: Client) -> None:
    """Clerks lose a right and gain another, and are to see their own orders alone; others are not named; nothing is done."""
    grants = [{"object": "order", "actions": ["read", "update"]}, {"object": "customer", "actions": ["read"]}]
    await done(company, DEFINE_ROLE, key="clerk", label={"en": "Clerk"}, grants=grants)
    ann, ben = await company.add_person("clerk", name="Ann"), await company.add_person("clerk", "read_only", name="Ben")
    await an_order(company, ownerId=str(ann.id))
    for _ in range(2):
        await an_order(company)
    planned = """
orderloom: 1
roles:
  clerk:
    label: {en: Clerk}
    grants:
      - {object: order, actions: [read, void], scope: own}
      - {object: customer, actions: [read]}
"""
    async with unchanged(company):
        found = await simulate(company, document=planned)
    assert (found["affected"], found["problems"]) == (2, [])
    # Whoever changes no orders writes none of their fields.
    writing = ["order.write.*", "order.write.custom.*", "order.write.lines.*"]
    gains, losses = ["order.void"], ["order.read", "order.update", *writing]
    assert found["roles"] == [{"role": "clerk", "gains": gains, "losses": losses}]
    first, second = found["members"]
    assert first == {
        "member": str(ann.id),
        "name": "Ann",
        "rolesBefore": ["clerk"],
        "rolesAfter": ["clerk"],
        "gains": gains,
        "losses": losses,
        "records": [
            {"right": "order.read", "before": 3, "after": 1, "rowsBefore": None, "rowsAfter": "their own"},
            {"right": "order.update", "before": 3, "after": 0, "rowsBefore": None, "rowsAfter": None},
            {"right": "order.void", "before": 0, "after": 1, "rowsBefore": None, "rowsAfter": "their own"},
        ],
    }
    # Ben reads all orders by his other role.
    assert (second["name"], second["gains"], second["losses"]) == ("Ben", ["order.void"], ["order.update", *writing])
    assert [second["records"][1][key] for key in ("right", "before", "after")] == ["order.void", 0, 0]
    assert str(ben.id) == second["member"]


async def test_what_is_simulated_is_what_then_holds(company: Company, client: Client) -> None:
    """After the plan is carried out, a member's rights are those that they had, less the losses and with the gains."""
    member = company.member
    before = (await company.data("{ viewer { rights } }", person=member))["viewer"]["rights"]
    found = await simulate(company, members=[{"member": str(member.id), "roles": ["read_only"]}])
    (change,) = found["members"]
    assert (change["rolesAfter"], change["gains"]) == (["read_only"], [])
    assert "order.create" in change["losses"]
    assert [counted["right"] for counted in change["records"] if counted["right"] == "order.create"] == []
    await done(company, UPDATE_MEMBER, id=str(member.id), roles=["read_only"])
    after = (await company.data("{ viewer { rights } }", person=member))["viewer"]["rights"]
    assert set(after) == set(before) - {loss for loss in change["losses"] if ".write." not in loss}


async def test_fields_and_whole_documents(company: Company, client: Client) -> None:
    """Closing a field takes rights to it; a document that is the whole takes away the roles that it lacks."""
    await done(company, DEFINE_ROLE, key="clerk", label={"en": "Clerk"}, inherits=["member"])
    await company.add_person("clerk", name="Ann")
    denial = "{object: order, actions: [read], fields: [total], effect: deny}"
    roles = f"orderloom: 1\nroles: {{clerk: {{label: {{en: Clerk}}, inherits: [member], grants: [{denial}]}}}}"
    found = await simulate(company, document=roles)
    (change,) = found["members"]
    assert (change["name"], change["gains"], change["losses"]) == ("Ann", [], ["order.read.total", "order.write.total"])
    assert change["records"] == []
    document = (await company.data("{ configuration { document } }"))["configuration"]["document"]
    without = document[: document.index("\n# Roles")]
    found = await simulate(company, document=without, merge=False)
    # Removing a role archives it, and archived roles grant nothing.
    (change,) = found["members"]
    assert (change["name"], change["gains"]) == ("Ann", [])
    assert {"order.read", "order.create"} < set(change["losses"])


async def test_a_draft_can_be_simulated(company: Company, client: Client) -> None:
    create = """mutation($input: CreateDraftInput!) { result: createDraft(input: $input) {
      __typename ... on DraftPayload { draft { id } } ... on Problem { message } } }"""
    document = (
        "orderloom: 1\nroles: {void: {label: {en: V}, inherits: [member], grants: [{object: order, actions: [void]}]}}"
    )
    draft = await done(company, create, name="Later", document=document, merge=True)
    found = await simulate(company, draft=draft["id"])
    assert (found["affected"], found["members"]) == (0, [])
    (role,) = [each for each in found["roles"] if each["role"] == "void"]
    assert "order.void" in role["gains"]
    assert role["losses"] == []
    answer = await company.graphql(SIMULATE, {"draft": draft["id"], "document": document})
    assert answer["errors"][0]["extensions"]["code"] == "INVALID_INPUT"


async def test_a_plan_that_could_not_be_made(company: Company, client: Client) -> None:
    stranger = str(new_id())
    found = await simulate(company, members=[{"member": stranger, "roles": ["member", "ghost"]}])
    assert [(problem["path"], problem["code"]) for problem in found["problems"]] == [
        (["members", "0", "member"], "NOT_FOUND"),
        (["members", "0", "roles"], "CONFIG_UNKNOWN_ROLE"),
    ]
    assert (found["affected"], found["members"], found["roles"]) == (0, [], [])
    answer = await company.graphql(SIMULATE, {"members": [{"member": "nonsense", "roles": []}]})
    assert answer["errors"][0]["extensions"]["code"] == "NOT_FOUND"
    found = await simulate(company, document="orderloom: 1\nroles: {a: {label: {en: A}, inherits: [b]}}")
    assert [problem["code"] for problem in found["problems"]] == ["CONFIG_UNKNOWN_ROLE"]


async def test_what_the_viewer_may_do_is_told_object_by_object(company: Company, client: Client) -> None:
    asked = """{ viewer { permissions { object actions { action allowed rows } steps { key allowed missing }
      fields { path readable writable } } } }"""
    grants = [
        {"object": "order", "actions": ["read", "update"]},
        {"object": "order", "actions": ["read"], "fields": ["total"], "effect": "deny"},
        {"object": "order", "actions": ["write"], "fields": ["notes"], "effect": "deny"},
    ]
    await done(company, DEFINE_ROLE, key="clerk", label={"en": "C"}, grants=grants)
    clerk = await company.add_person("clerk")
    found = {each["object"]: each for each in (await company.data(asked, person=clerk))["viewer"]["permissions"]}
    order = found["order"]
    allowed = {each["action"] for each in order["actions"] if each["allowed"]}
    assert allowed == {"read", "update"}
    fields = {each["path"]: (each["readable"], each["writable"]) for each in order["fields"]}
    assert (fields["total"], fields["notes"], fields["channel"]) == ((False, False), (True, False), (True, True))
    assert {step["missing"] for step in order["steps"]} == {"order.change_status"}
    assert all(not field["readable"] for field in found["customer"]["fields"])
    steps = next(
        each["steps"]
        for each in (await company.data(asked, person=company.member))["viewer"]["permissions"]
        if each["object"] == "order"
    )
    assert {step["key"] for step in steps if step["allowed"]} == {"confirm", "ship", "take_back", "complete"}


LIST = "{ orders(first: 50) { nodes { number permissions } } }"


async def test_a_record_tells_what_may_be_done_with_it(
    company: Company, client: Client, statements: Statements
) -> None:
    """By the rights of whoever asks, row by row where a right is of some records, and in the statement of the list."""
    ours = {"object": "order", "actions": ["update", "void"], "scope": "own"}
    async with company.begin() as tx:
        seen = {"object": "*", "actions": ["read"]}
        body = {
            "label": {"en": "S"},
            "grants": [seen, ours],
        }
        await change_sets.apply(tx, [change_sets.define(tx.config, "role", "seller", body)])
    seller = await company.add_person("seller")
    mine = await an_order(company, ownerId=str(seller.id))
    other = await an_order(company)
    await company.data(LIST, person=seller)
    statements.clear()
    found = await company.data(LIST, person=seller)
    assert len(statements.work) == 1
    assert {node["number"]: node["permissions"] for node in found["orders"]["nodes"]} == {
        mine["number"]: ["read", "update", "void"],
        other["number"]: ["read"],
    }
    whole = {*RIGHTS["order"], *(f"transition.{key}" for key in ("complete", "confirm", "ship", "take_back"))}
    (node, _) = (await company.data(LIST))["orders"]["nodes"]
    assert set(node["permissions"]) == whole - {"create", "import"}
    (node, _) = (await company.data(LIST, person=company.read_only))["orders"]["nodes"]
    assert node["permissions"] == ["read"]
    # What is told is what then happens.
    update = {"notes": "n"}
    assert (await ask(company, UPDATE_ORDER, seller, id=mine["id"], **update))["__typename"] == "OrderPayload"
    async with unchanged(company):
        assert (await ask(company, UPDATE_ORDER, seller, id=other["id"], **update))["__typename"] != "OrderPayload"
