"""Leaving, and handing over what one had (X-33), through GraphQL."""

from typing import Any

import pytest

from tenants import hand_overs, jobs
from tenants.problems import InvalidInput
from tenants.rules.settling import settle
from tenants.saving import save
from tenants.transaction import new_id
from tests.documents import (
    CREATE_CUSTOMER,
    DEACTIVATE_MEMBER,
    DEFINE_ROLE,
    READ_ORDER,
    UPDATE_MEMBER,
    VOID_ORDER,
    an_order,
    bad_values,
    done,
    mutation,
    read,
    refused,
    unchanged,
)
from tests.harness import Client, Company, Drain, Person, Row

pytestmark = pytest.mark.anyio

HAND = "id fromMember toMember author state total done kept"
HAND_OVER = mutation("handOver", "HandOver", f"handOver {{ {HAND} }}")
LIST = f"{{ handOvers {{ {HAND} finishedAt }} }}"
THINGS = "memberId name active orders customers drafts teams views notifications automations"
BELONGINGS = f"query($id: ID!) {{ result: memberBelongings(memberId: $id) {{ {THINGS} }} }}"
LEFT = f"{{ leftBehind {{ {THINGS} }} }}"
CREATE_VIEW = mutation("createView", "View", "view { id }")
CREATE_DRAFT = mutation("createDraft", "Draft", "draft { id version }")
SCHEDULE = mutation("scheduleDraft", "Draft", "draft { id }")
AUDIT = "{ auditEntries { nodes { kind } } }"
CREATE_TEAM = mutation("createTeam", "Team", "team { id }")
AUTOMATION = """mutation { defineAutomation(input: {key: "tidy", label: {en: "Tidy"}, events: [UPDATED],
  actions: [{setField: {field: "channel", value: "web"}}]}) { __typename } }"""
OWNED = (
    "SELECT count(*) AS found FROM orders WHERE tenant_id = %(tenant)s AND owner_id = %(owner)s AND voided_at IS NULL"
)


async def leaver(company: Company, orders: int = 3) -> Person:
    """A member with orders, a customer, a view, a scheduled draft, an automation and an unread notification."""
    person = await company.add_person("admin", name="Lea Leaver")
    for _ in range(orders):
        await an_order(company, person)
    voided = await an_order(company, person)
    await done(company, VOID_ORDER, person, id=voided["id"], reason="out_of_stock")
    await done(company, CREATE_CUSTOMER, person, name="Ann", ownerId=str(person.id))
    await done(company, CREATE_VIEW, person, label={"en": "Mine"}, orders={})
    document = "orderloom: 1\nroles: {clerk: {label: {en: Clerk}}}"
    draft = await done(company, CREATE_DRAFT, person, name="Later", document=document, merge=True)
    await done(company, SCHEDULE, person, id=draft["id"], applyAt="2099-01-01T00:00:00Z")
    await company.data(AUTOMATION, person=person)
    async with company.begin() as tx:
        note = {"member_id": person.id, "text": "Read me", "created_at": tx.now}
        await tx.insert("notifications", {"id": new_id(), **note})
    return person


async def belongings(company: Company, person: Person) -> Row:
    return await read(company, BELONGINGS, str(person.id))


async def test_what_a_member_has_is_told(company: Company, client: Client) -> None:
    person = await leaver(company)
    expected = {
        "memberId": str(person.id),
        "name": "Lea Leaver",
        "active": True,
        "orders": 3,
        "customers": 1,
        "drafts": 1,
        "teams": 0,
        "views": 1,
        "notifications": 1,
        "automations": 1,
    }
    assert await belongings(company, person) == expected
    # Whoever changed it last has written it.
    await company.data(AUTOMATION.replace("web", "shop"))
    assert (await belongings(company, person))["automations"] == 0
    for document in (LEFT, LIST):
        answer = await company.graphql(document, person=company.member)
        assert answer["errors"][0]["extensions"]["right"] == "member.update"
    answer = await company.graphql(BELONGINGS, {"id": str(person.id)}, person=company.member)
    assert answer["errors"][0]["extensions"]["right"] == "member.update"


async def test_who_has_something_leaves_only_with_a_word_about_it(company: Company, client: Client) -> None:
    """It is said what there is; who keeps it is listed until somebody takes it over."""
    person = await leaver(company)
    async with unchanged(company):
        for document in (UPDATE_MEMBER, DEACTIVATE_MEMBER):
            more = {"active": False} if document == UPDATE_MEMBER else {}
            refusal = await refused(company, document, id=str(person.id), **more)
            assert (refusal["__typename"], refusal["code"]) == ("Conflict", "PEOPLE_HAS_THINGS")
            assert refusal["message"].startswith(
                "Lea Leaver still has 3 orders, 1 customers, 1 scheduled drafts and 0 teams to lead. Say what becomes of them"
            )
        stale = await refused(company, DEACTIVATE_MEMBER, id=str(person.id), keep=True, expectedVersion=7)
        assert stale["code"] == "STALE_VERSION"
        lacking = await refused(company, DEACTIVATE_MEMBER, company.member, id=str(person.id), keep=True)
        assert (lacking["__typename"], lacking["right"]) == ("NotAllowed", "member.update")
    gone = await done(company, DEACTIVATE_MEMBER, id=str(person.id), keep=True)
    assert (gone["active"], gone["version"]) == (False, 2)
    assert (await company.graphql("{ viewer { rights } }", person=person))["errors"]
    (left,) = (await company.data(LEFT))["leftBehind"]
    assert (left["memberId"], left["orders"], left["active"]) == (str(person.id), 3, False)
    # Who has nothing goes as before.
    assert (await done(company, UPDATE_MEMBER, id=str(company.read_only.id), active=False))["active"] is False
    assert len((await company.data(LEFT))["leftBehind"]) == 1


async def test_leaving_with_a_hand_over(company: Company, client: Client, work: Drain) -> None:
    """They are out at once; a job gives each thing to the receiver, with an entry in its history, and sets off no automation."""
    person = await leaver(company)
    order = await an_order(company, person, notes="the last one")
    gone = await done(company, DEACTIVATE_MEMBER, id=str(person.id), handOverTo=str(company.member.id))
    assert gone["active"] is False
    (begun,) = (await company.data(LIST))["handOvers"]
    assert {**begun, "id": ""} == {
        "id": "",
        "fromMember": "Lea Leaver",
        "toMember": "Max Member",
        "author": "Olga Owner",
        "state": "RUNNING",
        "total": 6,
        "done": 0,
        "kept": 0,
        "finishedAt": None,
    }
    assert await work() == 1
    (over,) = (await company.data(LIST))["handOvers"]
    # The draft stays: who gets it may not change the configuration.
    assert (over["state"], over["total"], over["done"], over["kept"]) == ("DONE", 6, 5, 1)
    found = await read(company, READ_ORDER, order["id"])
    assert (found["owner"]["id"], found["version"], found["channel"]) == (str(company.member.id), 2, "")
    entry = found["history"]["nodes"][-1]
    changes = [{"field": "ownerId", "from": str(person.id), "to": str(company.member.id)}]
    assert (entry["kind"], entry["note"]) == ("UPDATED", "Handed over from Lea Leaver by Olga Owner.")
    assert entry["changes"] == changes
    left = await belongings(company, person)
    assert [left[name] for name in ("orders", "customers", "drafts", "views")] == [0, 0, 1, 1]
    entries = (await company.data(AUDIT))["auditEntries"]["nodes"]
    assert {"MEMBER_LEFT", "HANDED_OVER"} <= {each["kind"] for each in entries}
    # What is void stays as it was.
    assert await company.rows("SELECT 1 FROM orders WHERE owner_id = %(id)s AND voided_at IS NOT NULL", id=person.id)


async def test_handing_over_some_of_it(company: Company, client: Client, work: Drain) -> None:
    """Views and drafts too, to who may have them; the member stays."""
    person, admin = await leaver(company), await company.add_person("admin", name="Anna")
    asked = {"fromId": str(person.id), "toId": str(admin.id)}
    made = await done(company, HAND_OVER, **asked, what=["VIEWS", "DRAFTS"])
    assert (made["total"], made["state"]) == (2, "RUNNING")
    assert (await refused(company, HAND_OVER, **asked))["code"] == "PEOPLE_HAND_OVER_RUNS"
    await work()
    (over,) = (await company.data(LIST))["handOvers"]
    assert (over["state"], over["done"], over["kept"]) == ("DONE", 2, 0)
    left, got = await belongings(company, person), await belongings(company, admin)
    assert [left[name] for name in ("orders", "customers", "drafts", "views")] == [3, 1, 0, 0]
    assert [got[name] for name in ("orders", "customers", "drafts", "views")] == [0, 0, 1, 1]
    refusal = await refused(company, HAND_OVER, **asked, what=["VIEWS"])
    assert (refusal["__typename"], refusal["code"]) == ("Conflict", "PEOPLE_NOTHING_TO_HAND_OVER")


async def test_what_cannot_be_handed_over(company: Company, client: Client) -> None:
    """By whom, to whom; nothing changes."""
    person = await leaver(company)
    gone = await company.add_person("member", name="Gone")
    await done(company, UPDATE_MEMBER, id=str(gone.id), active=False)
    grants = [{"object": "member", "actions": ["update"]}]
    await done(company, DEFINE_ROLE, key="staff", label={"en": "Staff"}, inherits=["read_only"], grants=grants)
    staff = await company.add_person("staff")
    giver, receiver = str(person.id), str(company.member.id)
    async with unchanged(company):
        refusal = await refused(company, HAND_OVER, company.member, fromId=giver, toId=receiver)
        assert (refusal["__typename"], refusal["right"]) == ("NotAllowed", "member.update")
        for what, right in (
            ("ORDERS", "order.update"),
            ("CUSTOMERS", "customer.update"),
            ("DRAFTS", "configuration.update"),
        ):
            refusal = await refused(company, HAND_OVER, staff, fromId=giver, toId=receiver, what=[what])
            assert (refusal["__typename"], refusal["right"]) == ("NotAllowed", right)
        for to, code in (
            (giver, "PEOPLE_SAME_MEMBER"),
            (str(gone.id), "PEOPLE_RECEIVER_INACTIVE"),
            ("x", "VALUE_UNKNOWN_RECORD"),
        ):
            assert bad_values(await refused(company, HAND_OVER, fromId=giver, toId=to)) == {"toId": code}
            assert (await refused(company, DEACTIVATE_MEMBER, id=giver, handOverTo=to))["__typename"] == "InvalidInput"
        assert (await refused(company, HAND_OVER, fromId="x", toId=receiver))["code"] == "NOT_FOUND"


async def test_each_thing_once_though_the_worker_dies(
    company: Company, client: Client, work: Drain, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Batches that were committed stay, one that was not is done again, and each order has one entry of it."""
    monkeypatch.setattr(hand_overs, "BATCH", 2)
    person = await company.add_person("member", name="Lea")
    orders = [await an_order(company, person) for _ in range(5)]
    await done(company, HAND_OVER, fromId=str(person.id), toId=str(company.member.id), what=["ORDERS"])
    calls = 0

    async def dying(*arguments: Any) -> bool:
        nonlocal calls
        calls += 1
        if calls == 4:
            raise RuntimeError("the worker dies")
        return await save(*arguments)

    monkeypatch.setattr(hand_overs, "save", dying)
    with pytest.raises(RuntimeError):
        await work()
    (row,) = await company.rows(OWNED, owner=person.id)
    assert row["found"] == 3
    assert await work(overdue=True) == 1
    (row,) = await company.rows(OWNED, owner=person.id)
    assert row["found"] == 0
    (over,) = (await company.data(LIST))["handOvers"]
    assert (over["state"], over["total"], over["done"], over["kept"]) == ("DONE", 5, 5, 0)
    versions = await company.rows("SELECT version FROM orders WHERE owner_id = %(id)s", id=company.member.id)
    assert [row["version"] for row in versions] == [2] * 5
    assert len(orders) == 5


async def test_what_a_rule_forbids_stays(
    company: Company, client: Client, work: Drain, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And is counted; the others are handed over."""
    person = await company.add_person("member", name="Lea")
    first, _ = await an_order(company, person), await an_order(company, person)
    await done(company, HAND_OVER, fromId=str(person.id), toId=str(company.member.id))

    async def judged(tx: Any, aggregate: Any, before: Any, after: Any, **more: Any) -> Any:
        if str(before.id) == first["id"]:
            raise InvalidInput.at(("ownerId",), "value.required")
        return await settle(tx, aggregate, before, after, **more)

    monkeypatch.setattr(hand_overs, "settle", judged)
    await work()
    (over,) = (await company.data(LIST))["handOvers"]
    assert (over["state"], over["done"], over["kept"]) == ("DONE", 1, 1)
    assert (await belongings(company, person))["orders"] == 1


async def test_a_receiver_who_leaves_stops_it(company: Company, client: Client, work: Drain) -> None:
    """What is left stays where it is, and whoever can do something about it is told."""
    person, receiver = await leaver(company), await company.add_person("member", name="Ron")
    await done(company, HAND_OVER, fromId=str(person.id), toId=str(receiver.id))
    await done(company, UPDATE_MEMBER, id=str(receiver.id), active=False)
    await work()
    (over,) = (await company.data(LIST))["handOvers"]
    assert (over["state"], over["done"]) == ("STOPPED", 0)
    assert over["finishedAt"] is not None
    told = await company.rows("SELECT text FROM notifications WHERE member_id = %(id)s", id=company.owner.id)
    assert [row["text"] for row in told] == [
        "A hand-over to Ron has stopped, because they may not sign in any more. Hand the rest over to somebody else."
    ]
    assert (await belongings(company, person))["orders"] == 3
    assert not await company.rows("SELECT 1 FROM jobs WHERE tenant_id = %(tenant)s AND kind = %(k)s", k=jobs.HAND_OVER)


async def test_by_rule_to_the_lead_of_the_team(company: Company, client: Client, work: Drain) -> None:
    """Of their own team, or of the nearest above it that somebody else leads who is there; what they led themselves goes along."""
    leaving, boss, gone = [await company.add_person("member", name=name) for name in ("Lea", "Bea", "Gus")]
    top = await done(company, CREATE_TEAM, name="Sales", members=[{"memberId": str(boss.id), "isLead": True}])
    people = [{"memberId": str(leaving.id), "isLead": True}, {"memberId": str(gone.id), "isLead": True}]
    team = await done(company, CREATE_TEAM, name="North", parentId=top["id"], members=people)
    await done(company, DEACTIVATE_MEMBER, id=str(gone.id), keep=True)
    await an_order(company, leaving)
    both = {"toId": str(boss.id), "toTeamLead": True}
    assert bad_values(await refused(company, HAND_OVER, fromId=str(leaving.id), **both)) == {"toId": "VALUE_EXCLUSIVE"}
    alone = await refused(company, HAND_OVER, fromId=str(company.member.id), toTeamLead=True)
    assert bad_values(alone) == {"toTeamLead": "PEOPLE_NO_LEAD"}
    assert (await belongings(company, leaving))["teams"] == 1
    await done(company, DEACTIVATE_MEMBER, id=str(leaving.id), toTeamLead=True)
    await work()
    (over,) = (await company.data(LIST))["handOvers"]
    assert (over["toMember"], over["state"], over["total"], over["done"]) == ("Bea", "DONE", 2, 2)
    left, got = await belongings(company, leaving), await belongings(company, boss)
    assert [(each["orders"], each["teams"]) for each in (left, got)] == [(0, 0), (1, 2)]
    (row,) = await company.rows("SELECT version FROM teams WHERE id = %(id)s", id=team["id"])
    assert row["version"] == 2
