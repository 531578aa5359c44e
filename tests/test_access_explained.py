"""Access explained (PER-6, X-23, X-32, D-08): who may do what, by which rule, what is missing and who can grant it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenants.access.explaining import explained
from tenants.access.rules import Right, rules
from tenants.config import change_sets
from tenants.config.definitions import Role
from tenants.permissions import Policy
from tenants.transaction import new_id
from tests.documents import CREATE_ORDER, DEFINE_ROLE, UPDATE_MEMBER, an_order, done, refused, unchanged
from tests.harness import Client, Company, Person, Row
from tests.test_field_rights_matrix import KEYS, PATHS, ROLES

pytestmark = pytest.mark.anyio

EXPLAIN = """
query($member: ID, $action: String!, $field: String, $record: ID) {
  result: explainAccess(member: $member, action: $action, field: $field, record: $record) {
    allowed reason sentence right roles rules { role inherited allows decides grant } closedBy grantedTo canGrant rows } }
"""


async def explain(company: Company, action: str, *, asker: Person | None = None, **more: object) -> Row:
    data = await company.data(EXPLAIN, {"action": action, **more}, person=asker)
    found: Row = data["result"]
    return found


async def roles_in_a_row(company: Company) -> None:
    """A role that inherits from a role that inherits from member, and one that takes away."""
    read = {"object": "order", "actions": ["read", "update"]}
    await done(company, DEFINE_ROLE, key="clerk", label={"en": "Clerk"}, inherits=["member"])
    await done(
        company,
        DEFINE_ROLE,
        key="senior",
        label={"en": "Senior"},
        inherits=["clerk"],
        grants=[{"object": "order", "actions": ["void"]}],
    )
    await done(
        company,
        DEFINE_ROLE,
        key="no_voiding",
        label={"en": "No voiding"},
        grants=[
            {"object": "order", "actions": ["void"], "effect": "deny"},
            {"object": "order", "actions": ["read"], "fields": ["total"], "effect": "deny"},
        ],
    )
    await done(company, DEFINE_ROLE, key="temp", label={"en": "T"}, grants=[read], closedFields=["order"])


async def define_scoped(company: Company, key: str, *grants: Row) -> None:
    """A role whose grants have scopes."""
    async with company.begin() as tx:
        role = change_sets.define(tx.config, "role", key, {"label": {"en": key}, "grants": list(grants)})
        await change_sets.apply(tx, [role])


async def test_what_a_role_grants_is_told_with_the_way_to_it(company: Company, client: Client) -> None:
    await roles_in_a_row(company)
    person = await company.add_person("senior", name="Sue Senior")
    found = await explain(company, "order.create", member=str(person.id))
    assert (found["allowed"], found["reason"], found["roles"]) == (True, "GRANTED", ["senior"])
    assert found["rules"] == [
        {
            "role": "member",
            "inherited": ["senior", "clerk", "member"],
            "allows": True,
            "decides": True,
            "grant": {"object": "order", "actions": ["create", "update", "change_status", "transition.*"]},
        }
    ]
    assert found["sentence"] == "Sue Senior may: the role member grants 'order.create' (senior > clerk > member)."


async def test_a_denial_decides_over_what_is_granted(company: Company, client: Client) -> None:
    await roles_in_a_row(company)
    person = await company.add_person("senior", "no_voiding", name="Sue Senior")
    found = await explain(company, "order.void", member=str(person.id))
    assert (found["allowed"], found["reason"]) == (False, "DENIED")
    assert [(rule["role"], rule["allows"], rule["decides"]) for rule in found["rules"]] == [
        ("no_voiding", False, True),
        ("senior", True, False),
    ]
    assert found["grantedTo"] == ["owner", "admin", "senior"]
    assert found["canGrant"] == ["Olga Owner"]
    assert found["sentence"] == (
        "Sue Senior may not: the role no_voiding denies 'order.void' (no_voiding), and a denial wins."
    )


async def test_a_right_that_no_role_grants(company: Company, client: Client) -> None:
    found = await explain(company, "order.void", asker=company.member)
    assert (found["allowed"], found["reason"], found["rules"]) == (False, "NOT_GRANTED", [])
    assert (found["grantedTo"], found["canGrant"]) == (["owner", "admin"], ["Olga Owner"])
    assert found["sentence"] == (
        "Max Member may not: none of their roles grants 'order.void'. Roles that have it: owner, admin."
    )


async def test_a_field_is_explained_with_what_it_takes(company: Company, client: Client) -> None:
    """Updating a field takes the right to the order, to read the field, and to write it: the first that is missing is told."""
    await roles_in_a_row(company)
    denied = await company.add_person("member", "no_voiding")
    found = await explain(company, "order.update", field="total", member=str(denied.id))
    assert (found["reason"], found["right"]) == ("DENIED", "order.read.total")
    temp = await company.add_person("temp")
    found = await explain(company, "order.read", field="notes", member=str(temp.id))
    assert (found["reason"], found["right"], found["closedBy"]) == ("CLOSED", "order.read.notes", ["temp"])
    assert found["grantedTo"] == ["owner", "admin", "member", "read_only", "clerk", "senior"]
    found = await explain(company, "order.update", field="notes", member=str(company.read_only.id))
    assert (found["reason"], found["right"]) == ("NOT_GRANTED", "order.update")
    found = await explain(company, "order.update", field="notes", member=str(company.member.id))
    assert (found["allowed"], found["right"]) == (True, "order.write.notes")
    # As a refusal names it.
    found = await explain(company, "order.read.total", member=str(denied.id))
    assert (found["reason"], found["right"]) == ("DENIED", "order.read.total")


async def test_a_step_takes_two_rights(company: Company, client: Client) -> None:
    grants = [{"object": "order", "actions": ["read", "transition.confirm"]}]
    await done(company, DEFINE_ROLE, key="half", label={"en": "H"}, grants=grants)
    half = await company.add_person("half")
    found = await explain(company, "order.transition.confirm", member=str(half.id))
    assert (found["allowed"], found["right"]) == (False, "order.change_status")


async def test_a_change_takes_the_right_to_read(company: Company, client: Client) -> None:
    """What cannot be seen cannot be changed: that is the right that is missing."""
    await done(
        company, DEFINE_ROLE, key="blind", label={"en": "B"}, grants=[{"object": "customer", "actions": ["update"]}]
    )
    blind = await company.add_person("blind")
    for field in (None, "name"):
        found = await explain(company, "customer.update", field=field, member=str(blind.id))
        assert (found["allowed"], found["right"]) == (False, "customer.read")


async def test_records_and_members_that_are_not_there(company: Company, client: Client) -> None:
    order = await an_order(company)
    found = await explain(company, "order.update", record=order["id"], asker=company.member)
    assert (found["allowed"], found["reason"]) == (True, "GRANTED")
    for record in (str(new_id()), "nonsense", str(company.owner.id)):
        found = await explain(company, "order.update", record=record, asker=company.member)
        assert (found["allowed"], found["reason"]) == (False, "NO_RECORD")
    answer = await company.graphql(EXPLAIN, {"action": "order.read", "member": str(new_id())})
    assert answer["errors"][0]["extensions"]["code"] == "NOT_FOUND"
    await done(company, UPDATE_MEMBER, id=str(company.member.id), active=False)
    found = await explain(company, "order.read", member=str(company.member.id))
    assert (found["allowed"], found["reason"]) == (False, "INACTIVE")
    # What is no id is answered as one that nobody has, without a word that was not given.
    chinese = await company.add_person("owner", language="zh")
    for person, sentence in ((company.owner, "There is no member with that id."), (chinese, "没有该 ID 对应的成员。")):
        answer = await company.graphql(EXPLAIN, {"action": "order.read", "member": "x"}, person=person)
        assert answer["errors"][0]["message"] == sentence


@pytest.mark.parametrize("asked", [("order.fly", None), ("planet.read", None), ("order.read", "mass"), ("", None)])
async def test_a_right_that_does_not_exist(company: Company, client: Client, asked: tuple[str, str | None]) -> None:
    answer = await company.graphql(EXPLAIN, {"action": asked[0], "field": asked[1]})
    (error,) = answer["errors"]
    assert (error["extensions"]["code"], error["extensions"]["reason"]) == ("INVALID_INPUT", "INVALID_INPUT")
    assert "There is no right" in error["message"]


async def test_somebody_else_is_for_who_may_read_the_configuration(company: Company, client: Client) -> None:
    answer = await company.graphql(
        EXPLAIN, {"action": "order.read", "member": str(company.owner.id)}, person=company.member
    )
    (error,) = answer["errors"]
    assert error["extensions"] == {
        "code": "NOT_ALLOWED",
        "reason": "NOT_ALLOWED",
        "right": "configuration.read",
        "grantedTo": ["owner", "admin"],
        "canGrant": ["Olga Owner"],
    }


async def test_another_company_is_not_explained(company: Company, client: Client, new_company: object) -> None:
    other = await new_company()  # type: ignore[operator]
    order = await an_order(other)
    found = await explain(company, "order.read", record=order["id"])
    assert found["reason"] == "NO_RECORD"
    answer = await company.graphql(EXPLAIN, {"action": "order.read", "member": str(other.owner.id)})
    assert answer["errors"][0]["extensions"]["code"] == "NOT_FOUND"


async def test_refusals_name_who_can_grant(company: Company, client: Client) -> None:
    """At most three: those who may change roles, or give them and hold the right; nobody who cannot, or has left."""
    grants = [{"object": "member", "actions": ["*"]}]
    await done(company, DEFINE_ROLE, key="people", label={"en": "P"}, grants=grants)
    await done(company, DEFINE_ROLE, key="lead", label={"en": "L"}, inherits=["people", "member"])
    people, lead = (
        await company.add_person("people", name="Pia People"),
        await company.add_person("lead", name="Leo Lead"),
    )
    document = CREATE_ORDER.replace("right grantedTo", "right grantedTo canGrant")
    async with unchanged(company):
        result = await refused(company, document, company.read_only, lines=[])
    # Who gives roles and holds the right themselves can, who does not hold it cannot.
    assert result["right"] == "order.create"
    assert result["canGrant"] == ["Olga Owner", "Leo Lead"]
    await done(company, UPDATE_MEMBER, id=str(lead.id), active=False)
    assert (await refused(company, document, people, lines=[]))["canGrant"] == ["Olga Owner"]
    for name in ("Ada", "Bea", "Cleo"):
        await company.add_person("admin", name=name)
    assert (await refused(company, document, people, lines=[]))["canGrant"] == ["Olga Owner", "Ada", "Bea"]


SLOWLY = settings(deadline=None, max_examples=50)
RIGHT = st.one_of(
    st.builds(Right, st.sampled_from(("order", "customer")), st.sampled_from(("read", "update", "create", "export"))),
    st.builds(Right, st.sampled_from(("order",)), st.sampled_from(("read", "write")), st.sampled_from(PATHS)),
)


@SLOWLY
@given(roles=ROLES, held=st.sets(st.sampled_from((*KEYS, "member")), max_size=3), right=RIGHT)
def test_the_rules_that_are_told_are_those_by_which_it_was_decided(
    roles: dict[str, Role], held: set[str], right: Right
) -> None:
    """What the told rules come to, deny before allow, is what the compiled access says of each right on the way."""
    access = Policy(roles, ()).access(held)
    member = {"id": new_id(), "name": "M", "roles": sorted(held), "active": True}
    for each in right.needed:
        found = explained(access, member, each, rules(access.policy, sorted(held), each))
        by_rules = any(rule.allows for rule in found.rules) and all(rule.allows for rule in found.rules)
        if each.field and each.action == "write":
            by_rules &= access.has_field(each.object, "read", each.field)
        if each.field and each.action == "read":
            by_rules &= access.allows(f"{each.object}.read")
        assert found.allowed == by_rules, each


async def test_rights_to_some_records(company: Company, client: Client) -> None:
    """Which records in words; of one record, whether it is among them; and what may not be seen is not told apart from what is not there."""
    everything = {"object": "order", "actions": ["read"]}
    own = {"object": "order", "actions": ["update"], "scope": "own"}
    await define_scoped(company, "seller", everything, own)
    await define_scoped(company, "keeper", {**everything, "scope": "own"}, {"object": "order", "actions": ["update"]})
    seller = await company.add_person("seller", name="Sam Seller")
    keeper = await company.add_person("keeper", name="Kim Keeper")
    mine = await an_order(company, ownerId=str(seller.id))
    other = await an_order(company)
    found = await explain(company, "order.update", asker=seller)
    assert (found["allowed"], found["reason"], found["rows"]) == (True, "PARTLY", "their own")
    assert found["sentence"] == "Sam Seller may, of some records: 'order.update' is of their own."
    found = await explain(company, "order.update", asker=seller, record=mine["id"])
    assert (found["allowed"], found["reason"]) == (True, "GRANTED")
    assert found["rules"][0]["grant"] == {"object": "order", "actions": ["update"], "scope": "own"}
    for asker in (seller, company.owner):
        found = await explain(company, "order.update", asker=asker, record=other["id"], member=str(seller.id))
        assert (found["allowed"], found["reason"], found["rules"]) == (False, "OUT_OF_SCOPE", [])
    # Who may not read it is told as of no record at all; who may is told why.
    found = await explain(company, "order.read", asker=keeper, record=mine["id"])
    assert (found["allowed"], found["reason"]) == (False, "NO_RECORD")
    assert found == await explain(company, "order.read", asker=keeper, record=str(new_id()))
    found = await explain(company, "order.read", record=mine["id"], member=str(keeper.id))
    assert (found["reason"], found["right"]) == ("OUT_OF_SCOPE", "order.read")


async def test_a_denial_of_some_records(company: Company, client: Client) -> None:
    where = {"channel": {"eq": "web"}}
    reading = {"object": "order", "actions": ["read"]}
    await define_scoped(company, "shop", reading, {**reading, "scope": {"where": where}, "effect": "deny"})
    shop = await company.add_person("shop")
    web, phone = await an_order(company, channel="web"), await an_order(company, channel="phone")
    found = await explain(company, "order.read", member=str(shop.id))
    assert (found["reason"], found["rows"]) == ("PARTLY", "all, but not those where channel is web")
    found = await explain(company, "order.read", member=str(shop.id), record=web["id"])
    assert (found["reason"], found["rules"][0]["allows"], found["rules"][0]["decides"]) == ("DENIED", False, True)
    found = await explain(company, "order.read", member=str(shop.id), record=phone["id"])
    assert (found["reason"], [rule["allows"] for rule in found["rules"]]) == ("GRANTED", [True])
