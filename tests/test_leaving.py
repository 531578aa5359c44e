"""Leaving a company by one's own will, and the keys that leavers go on knowing (X-33), through GraphQL."""

from typing import Any

import pytest

from tests.conftest import NewCompany
from tests.documents import (
    CREATE_CUSTOMER,
    DEACTIVATE_MEMBER,
    UPDATE_MEMBER,
    an_order,
    ask,
    bad_values,
    done,
    mutation,
    read,
    refused,
    unchanged,
)
from tests.harness import PASSWORD, Client, Company, Drain, Person, Row
from tests.test_people import sign_in
from tests.test_sign_in import is_in

pytestmark = pytest.mark.anyio

LEAVE = mutation("leaveCompany", "LeaveCompany", "tenant")
CHANGE_PASSWORD = mutation("changePassword", "ChangePassword", "changed")
CREATE_KEY = mutation("createApiKey", "ApiKeySecret", "apiKey { id } secret")
ROTATE_KEY = mutation("rotateApiKey", "ApiKeySecret", "apiKey { id } secret")
KNOWN = "query($id: ID!) { result: memberBelongings(memberId: $id) { name apiKeys } }"
LEFT = "{ leftBehind { name active orders customers apiKeys } }"
CUSTOMERS = "{ customers { nodes { name owner { id } } } }"
NOTES = "{ notifications { nodes { text } } }"


async def leave(company: Company, person: Person | None = None, /, **values: Any) -> None:
    assert await ask(company, LEAVE, person, **values) == {"__typename": "LeaveCompanyPayload", "tenant": company.slug}


async def notes(company: Company, person: Person | None = None) -> list[str]:
    found = await company.data(NOTES, person=person)
    return [row["text"] for row in found["notifications"]["nodes"]]


async def known(company: Company, person: Person) -> int:
    return int((await read(company, KNOWN, str(person.id)))["apiKeys"])


async def test_a_member_leaves_by_themselves(
    company: Company, new_company: NewCompany, client: Client, work: Drain
) -> None:
    """Without any right over members, with a word about what they have; out at once, here alone; those who manage members are told."""
    leaver, keeper, other = company.member, await company.add_person("member", name="Kim"), await new_company()
    customer = await done(company, CREATE_CUSTOMER, leaver, name="Ann", ownerId=str(leaver.id))
    await an_order(company, keeper)
    async with unchanged(company):
        refusal = await refused(company, LEAVE, leaver)
        assert (refusal["__typename"], refusal["code"]) == ("Conflict", "PEOPLE_HAS_THINGS")
        both = await refused(company, LEAVE, leaver, handOverTo=str(keeper.id), keep=True)
        assert bad_values(both) == {"handOverTo": "VALUE_EXCLUSIVE"}
        by_rule = await refused(company, LEAVE, leaver, toTeamLead=True)
        assert bad_values(by_rule) == {"toTeamLead": "PEOPLE_NO_LEAD"}
        for receiver, code in (
            (str(leaver.id), "PEOPLE_SAME_MEMBER"),
            (str(other.owner.id), "VALUE_UNKNOWN_RECORD"),
            ("made-up", "VALUE_UNKNOWN_RECORD"),
        ):
            assert bad_values(await refused(company, LEAVE, leaver, handOverTo=receiver)) == {"handOverTo": code}
        # The same of somebody else, for whom it takes the right.
        named = {"id": str(leaver.id), "handOverTo": str(keeper.id)}
        both = await refused(company, DEACTIVATE_MEMBER, **named, keep=True)
        assert bad_values(both) == {"handOverTo": "VALUE_EXCLUSIVE"}
        # A receiver is somebody, also where there is nothing to receive.
        nobody = {"id": str(company.read_only.id), "handOverTo": "made-up"}
        problem = await refused(company, DEACTIVATE_MEMBER, **nobody)
        assert bad_values(problem) == {"handOverTo": "VALUE_UNKNOWN_RECORD"}
        assert problem["message"] == "There is no member with the id made-up."
    await leave(company, leaver, handOverTo=str(keeper.id))
    assert not await is_in(client, leaver.token)
    await work()
    assert (await company.data(CUSTOMERS))["customers"]["nodes"] == [{"name": "Ann", "owner": {"id": str(keeper.id)}}]
    assert customer["owner"] == {"id": str(leaver.id)}
    await leave(company, keeper, keep=True)
    (left,) = (await company.data(LEFT))["leftBehind"]
    assert left == {"name": "Kim", "active": False, "orders": 1, "customers": 1, "apiKeys": 0}
    assert await notes(company) == ["Kim has left the company.", "Max Member has left the company."]
    # Who has nothing says nothing.
    await leave(company, company.read_only)
    kinds = "{ auditEntries(where: {kind: {eq: MEMBER_LEFT}}) { nodes { actorName details { field to } } } }"
    told = (await company.data(kinds))["auditEntries"]["nodes"]
    assert [(row["actorName"], row["details"]) for row in told] == [
        ("Rita Reader", []),
        ("Kim", [{"field": "keeps", "to": True}]),
        ("Max Member", []),
    ]


async def test_the_last_owner_stays(company: Company, client: Client) -> None:
    async with unchanged(company):
        refusal = await refused(company, LEAVE)
        assert (refusal["__typename"], refusal["code"]) == ("LimitExceeded", "LIMIT_OWNER")
    heir = await company.add_person("owner", name="Otto")
    await leave(company)
    assert (await company.graphql(KNOWN, {"id": str(heir.id)}, person=heir))["data"]["result"]["name"] == "Otto"
    async with unchanged(company):
        assert (await refused(company, LEAVE, heir))["code"] == "LIMIT_OWNER"


async def test_who_was_added_to_two_companies_leaves_one(
    company: Company, new_company: NewCompany, client: Client
) -> None:
    """From then on they need not say which company they mean, and the one that they left learns nothing more of them."""
    other = await new_company()
    await company.add_member(email=other.owner.email, name="Olga", roles=["member"])
    both = await sign_in(client, other.owner.email)
    assert both["code"] == "SIGN_IN_CHOOSE"
    here = await sign_in(client, other.owner.email, tenant=company.slug)
    answer = await client.graphql(LEAVE, {"input": {}}, token=here["token"])
    assert answer["data"]["result"]["__typename"] == "LeaveCompanyPayload"
    assert (await sign_in(client, other.owner.email))["__typename"] == "SignInPayload"
    assert await is_in(client, other.owner.token)
    before = len((await company.data("{ auditEntries { nodes { kind } } }"))["auditEntries"]["nodes"])
    passwords = {"currentPassword": PASSWORD, "newPassword": "another-good-one-4"}
    await client.graphql(CHANGE_PASSWORD, {"input": passwords}, token=other.owner.token)
    assert len((await company.data("{ auditEntries { nodes { kind } } }"))["auditEntries"]["nodes"]) == before


async def made(company: Company, person: Person, name: str) -> Row:
    return await done(company, CREATE_KEY, person, name=name, roles=["read_only"])


async def test_a_leaver_goes_on_knowing_keys(company: Company, client: Client) -> None:
    """It is counted by who was told the newest secret, those who can rotate are notified, and with a word the keys end."""
    maker, rotator = await company.add_person("admin", name="Mo"), await company.add_person("admin", name="Ro")
    first, second = await made(company, maker, "One"), await made(company, maker, "Two")
    rotated = await done(company, ROTATE_KEY, rotator, id=second["apiKey"]["id"], overlapHours=0)
    assert [await known(company, person) for person in (maker, rotator, company.owner)] == [1, 1, 0]
    await done(company, DEACTIVATE_MEMBER, id=str(maker.id))
    knows = "knows the secrets of 1 key of a program. Rotate each (rotateApiKey) or end it (revokeApiKey)."
    assert await notes(company) == [f"Mo may not sign in any more, but {knows}"]
    assert await notes(company, rotator) == await notes(company)
    mo = {"name": "Mo", "active": False, "orders": 0, "customers": 0, "apiKeys": 1}
    assert (await company.data(LEFT))["leftBehind"] == [mo]
    assert await is_in(client, first["secret"])
    await done(company, ROTATE_KEY, id=first["apiKey"]["id"], overlapHours=0)
    assert (await company.data(LEFT))["leftBehind"] == []
    # Who may change members but not keys ends none.
    grants = [{"object": "member", "actions": ["read", "update"]}, {"object": "key", "actions": ["read", "create"]}]
    await ask(
        company,
        mutation("defineRole", "Configuration", "version"),
        key="people",
        label={"en": "P"},
        grants=[*grants, {"object": "order", "actions": ["read"]}],
    )
    clerk = await company.add_person("people")
    await done(company, UPDATE_MEMBER, id=str(rotator.id), roles=["people"])
    async with unchanged(company):
        lacking = await refused(company, DEACTIVATE_MEMBER, clerk, id=str(rotator.id), revokeKeys=True)
        assert (lacking["__typename"], lacking["right"]) == ("NotAllowed", "key.update")
    assert await is_in(client, rotated["secret"])
    gone = await done(company, DEACTIVATE_MEMBER, id=str(rotator.id), revokeKeys=True)
    assert gone["active"] is False
    assert not await is_in(client, rotated["secret"])
    assert len(await notes(company)) == 1
