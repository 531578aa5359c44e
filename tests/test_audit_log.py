"""The audit log: one entry for what is no change of a record, told to who may know, and provable (E1, issue 5 point 7)."""

from collections.abc import Mapping
from typing import Any

import psycopg
import pytest
from starlette.applications import Starlette

from schema.execution import House
from server.settings import Settings
from tenants import audit
from tenants.audit_tallies import MOST
from tenants.database import Database
from tenants.exports import export_records
from tests.conftest import NewCompany
from tests.documents import (
    DEFINE_ROLE,
    UPDATE_MEMBER,
    VOID_ORDER,
    an_order,
    done,
    refused,
    unchanged,
)
from tests.harness import PASSWORD, Client, Company, Person, Row
from tests.test_keys import CREATE as CREATE_KEY
from tests.test_keys import REVOKE as REVOKE_KEY
from tests.test_second_factor import DROP, PROVE, START, Clock, clock
from tests.test_sign_in import CHANGE, NEW, REVOKE, SESSIONS, asked, sign_in

pytestmark = pytest.mark.anyio
__all__ = ["clock"]

ENTRIES = """
query($where: AuditEntryFilter) { auditEntries(first: 100, where: $where, orderBy: [{at: ASC}]) { totalCount nodes {
  kind at actorKind actorId actorName aboutType aboutId details { field from to }
} } }
"""
OWN = "{ ownSignIns { kind method reason times address } }"
SIGN_OUT = "mutation { result: signOut { signedOut } }"
AUDITOR = [{"object": "audit", "actions": ["read"]}]


async def entries(company: Company, **conditions: Any) -> list[Row]:
    """The entries, the oldest first, with their details as a mapping."""
    found = (await company.data(ENTRIES, {"where": conditions or None}))["auditEntries"]["nodes"]
    return [
        {**entry, "details": {part["field"]: (part["from"], part["to"]) for part in entry["details"]}}
        for entry in found
    ]


def shown(entry: Mapping[str, Any]) -> tuple[str, str, Row]:
    return entry["kind"], entry["actorName"], entry["details"]


def about(entry: Mapping[str, Any]) -> tuple[str, str]:
    return entry["aboutType"], entry["aboutId"]


async def test_signing_in_and_out(company: Company, client: Client) -> None:
    """Each way in, from where, and each way out; who has no right reads their own and nobody else's."""
    signed = await sign_in(client, company.owner)
    await client.graphql(SIGN_OUT, token=signed["token"])
    again = await sign_in(client, company.owner, device=signed["device"])
    sessions = (await company.data(SESSIONS))["sessions"]
    gone = next(session["id"] for session in sessions if not session["current"])
    await asked(client, REVOKE, company.owner.token, id=gone)
    found = await entries(company)
    assert [entry["kind"] for entry in found] == ["SIGNED_IN", "SIGNED_OUT", "SIGNED_IN", "SESSION_REVOKED"]
    assert {about(entry) for entry in found} == {("member", str(company.owner.id))}
    assert [found[0][name] for name in ("actorKind", "actorId", "actorName")] == [
        "MEMBER",
        str(company.owner.id),
        "Olga Owner",
    ]
    told = found[0]["details"]
    assert (told["method"], told["secondFactor"], told["address"]) == (
        (None, "password"),
        (None, False),
        (None, "127.0.0.1"),
    )
    assert found[3]["details"] == {"session": (None, gone)}
    own = (await company.data(OWN))["ownSignIns"]
    assert [entry["kind"] for entry in own] == ["SESSION_REVOKED", "SIGNED_IN", "SIGNED_OUT", "SIGNED_IN"]
    assert (await company.data(OWN, person=company.member))["ownSignIns"] == []
    answer = await company.graphql(ENTRIES, person=company.member)
    assert answer["errors"][0]["extensions"]["right"] == "audit.read"
    assert "token" in again


async def test_failed_sign_ins_are_counted(
    company: Company, client: Client, app: Starlette, database: Database
) -> None:
    """One entry for all that are alike, with the class of the reason and never what was tried; nothing for addresses of nobody."""
    house: House = app.state.house
    await house.tallies.write(database)
    for _ in range(12):
        await sign_in(client, company.owner, "canary-that-was-tried")
    await asked(
        client,
        "mutation($input: SignInInput!) { result: signIn(input: $input) { __typename } }",
        email="nobody@example.com",
        password="x",
    )
    assert await entries(company) == []
    await house.tallies.write(database)
    found = await entries(company)
    assert [shown(entry) for entry in found] == [
        ("SIGN_IN_FAILED", "?", {"reason": (None, reason), "times": (None, times), "address": (None, "127.0.0.1")})
        for reason, times in (("sign_in_failed", 10), ("limit.sign_in", 2))
    ]
    assert found[0]["actorKind"] == "STRANGER"
    rows = await company.rows("SELECT e::text AS said FROM events e")
    assert not [row for row in rows if "canary" in row["said"]]
    own = (await company.data(OWN))["ownSignIns"]
    assert [(entry["reason"], entry["times"]) for entry in own] == [("limit.sign_in", 2), ("sign_in_failed", 10)]
    await house.tallies.write(database)
    assert len(await entries(company)) == 2


async def test_refusals_are_counted(company: Company, client: Client, app: Starlette, database: Database) -> None:
    """One entry for each missing right, however often it was missed: in payloads, in errors; of keys too."""
    house: House = app.state.house
    await house.tallies.write(database)
    order = await an_order(company)
    for _ in range(5):
        await refused(company, VOID_ORDER, company.read_only, id=order["id"], expectedVersion=1, reason="mistake")
    for _ in range(3):
        await company.graphql("{ changeSets { nodes { id } } }", person=company.read_only)
    key = await done(company, CREATE_KEY, name="Reader", roles=["read_only"])
    await refused(
        company,
        VOID_ORDER,
        Person(company.owner.id, "", key["secret"]),
        id=order["id"],
        expectedVersion=1,
        reason="mistake",
    )
    await house.tallies.write(database)
    found = [entry for entry in await entries(company) if entry["kind"] == "REFUSED"]
    assert sorted((shown(entry)[1], entry["details"]["right"][1], entry["details"]["times"][1]) for entry in found) == [
        ("Reader (Olga Owner)", "order.void", 1),
        ("Rita Reader", "configuration.read", 3),
        ("Rita Reader", "order.void", 5),
    ]
    assert [entry for entry in found if "token" in str(entry)] == []


async def test_tallies_are_bounded(company: Company, app: Starlette, database: Database) -> None:
    """However many accounts an attacker tries: what there is no room for is counted as lost."""
    tallies = type(app.state.house.tallies)()
    for n in range(MOST + 50):
        tallies.failed(f"nobody{n}@example.com", "sign_in_failed", "203.0.113.1")
    assert (len(tallies.failures), tallies.lost) == (MOST, 50)


async def test_people_keys_and_configuration(company: Company, client: Client) -> None:
    """Each change leaves one entry, with before and after."""
    await done(company, DEFINE_ROLE, key="auditor", label={"en": "Auditor"}, grants=AUDITOR)
    member = await company.add_member(name="Ann", email=f"a{company.slug}@example.com", password=NEW, roles=["member"])
    await done(company, UPDATE_MEMBER, id=member["id"], roles=["member", "auditor"])
    await done(company, UPDATE_MEMBER, id=member["id"], active=False)
    async with unchanged(company):
        # What changes nothing is no change.
        await done(company, UPDATE_MEMBER, id=member["id"], active=False)
    key = (await done(company, CREATE_KEY, name="ERP", roles=["member"], readOnly=True, networks=["203.0.113.0/24"]))[
        "apiKey"
    ]
    await done(company, REVOKE_KEY, id=key["id"])
    found = await entries(company)
    assert [entry["kind"] for entry in found] == [
        "CONFIGURATION_CHANGED", "MEMBER_ADDED", "MEMBER_CHANGED", "MEMBER_CHANGED", "KEY_CREATED", "KEY_REVOKED",
    ]  # fmt: skip
    configured, added, roles, active, created, revoked = found
    assert configured["details"] == {"version": (None, 2), "definitions": (None, ["role auditor"])}
    assert about(configured) == ("company", str(company.id))
    assert about(added) == about(roles) == ("member", member["id"])
    assert added["details"]["roles"] == (None, ["member"])
    assert roles["details"] == {"roles": (["member"], ["member", "auditor"])}
    assert active["details"] == {"active": (True, False)}
    assert about(created) == about(revoked) == ("key", key["id"])
    assert created["details"]["readOnly"] == (None, True)
    assert created["details"]["hint"] == (None, key["hint"])


async def test_second_factor_and_password(company: Company, client: Client, clock: Clock) -> None:
    """In every company of the person."""
    owner = company.owner
    secret = (await asked(client, START, owner.token, password=PASSWORD))["secret"]
    await asked(client, PROVE, owner.token, code=clock.code(secret))
    await asked(client, DROP, owner.token, password=PASSWORD, code=clock.code(secret))
    await asked(client, CHANGE, owner.token, currentPassword=PASSWORD, newPassword=NEW)
    kinds = [entry["kind"] for entry in await entries(company)]
    assert kinds == ["SECOND_FACTOR_SET", "SECOND_FACTOR_DROPPED", "PASSWORD_CHANGED"]


async def test_exports_say_how_much(company: Company, client: Client, database: Database) -> None:
    """Before the first line is out: whoever stops reading has some of it all the same."""
    for _ in range(3):
        await an_order(company)
    async for _ in export_records(database, await company.caller(), "order"):
        break
    (entry,) = await entries(company)
    assert shown(entry) == ("EXPORTED", "Olga Owner", {"type": (None, "order"), "rows": (None, 3)})


async def test_filters(company: Company, client: Client) -> None:
    """By who, what, when, and whom it is about."""
    member = await company.add_member(name="Ann", email=f"a{company.slug}@example.com", password=NEW, roles=["member"])
    key = (await done(company, CREATE_KEY, name="ERP", roles=["member"]))["apiKey"]
    both = await entries(company)
    assert [entry["kind"] for entry in both] == ["MEMBER_ADDED", "KEY_CREATED"]
    assert [e["kind"] for e in await entries(company, kind={"eq": "KEY_CREATED"})] == ["KEY_CREATED"]
    assert [e["kind"] for e in await entries(company, aboutId={"eq": member["id"]})] == ["MEMBER_ADDED"]
    assert [e["kind"] for e in await entries(company, aboutType={"eq": "key"}, aboutId={"eq": key["id"]})] == [
        "KEY_CREATED"
    ]
    assert [e["kind"] for e in await entries(company, actorId={"eq": str(company.owner.id)})] == [
        "MEMBER_ADDED",
        "KEY_CREATED",
    ]
    assert await entries(company, actorId={"eq": str(company.member.id)}) == []
    assert [e["kind"] for e in await entries(company, at={"gt": both[0]["at"]})] == ["KEY_CREATED"]
    # The history of records is no part of it, and its entries are nobody else's.
    await an_order(company)
    assert len(await entries(company)) == 2


async def test_the_log_is_isolated(company: Company, client: Client, new_company: NewCompany) -> None:
    await done(company, CREATE_KEY, name="ERP", roles=["member"])
    assert await entries(await new_company()) == []


@pytest.mark.parametrize(
    ("tampering", "reason"),
    [
        (
            "UPDATE events SET changes = '[]' WHERE kind = 'member_changed' AND record_version = 2",
            "entry is not what was written",
        ),
        ("UPDATE events SET actor_name = 'Eve' WHERE kind = 'member_added'", "entry is not what was written"),
        ("DELETE FROM events WHERE kind = 'member_changed' AND record_version = 2", "version 2 is missing"),
        ("DELETE FROM events WHERE kind = 'member_changed' AND record_version = 3", "the log ends at entry 2"),
        ("DELETE FROM events WHERE kind LIKE 'member_%'", "the log ends at entry 0"),
    ],
)
async def test_tampering_is_found(
    company: Company, client: Client, database: Database, settings: Settings, tampering: str, reason: str
) -> None:
    """By the same walk as the history: what was changed or taken out, also the end."""
    member = await company.add_member(name="Ann", email=f"a{company.slug}@example.com", password=NEW, roles=["member"])
    await done(company, UPDATE_MEMBER, id=member["id"], roles=["read_only"])
    await done(company, UPDATE_MEMBER, id=member["id"], roles=["member"])
    await an_order(company)
    whole = await audit.verify(database, company.id)
    assert (whole.entries, whole.breaks) == (4, [])
    with psycopg.connect(settings.owner_database_url(), autocommit=True) as connection:
        connection.execute("SELECT set_config('app.tenant_id', %s, false)", [str(company.id)])
        connection.execute(tampering.encode())
    (found,) = (await audit.verify(database, company.id)).breaks
    assert (found.record_type, str(found.record_id)) == ("member", member["id"])
    assert reason in str(found)
