"""What a simulation tells of rights: no more than the asker may read, and rights that there are (D-08)."""

import pytest

from tests.documents import DEFINE_ROLE, an_order, done
from tests.harness import Client, Company, Person
from tests.test_access_plans import SIMULATE, simulate

pytestmark = pytest.mark.anyio


async def test_a_count_tells_no_more_than_the_asker_may_read(company: Company, client: Client) -> None:
    """Records that are not theirs to read are not counted, and nothing is where a condition is about a field that is closed to them."""
    seen = [{"object": name, "actions": ["read"]} for name in ("configuration", "member", "customer")]
    mine = {"object": "order", "actions": ["read"], "scope": "own"}
    closed = {"object": "order", "actions": ["read"], "fields": ["notes", "channel"], "effect": "deny"}
    await done(company, DEFINE_ROLE, key="auditor", label={"en": "A"}, grants=[*seen, mine, closed])
    await done(company, DEFINE_ROLE, key="blind", label={"en": "B"}, grants=seen[:2])
    scopes = {
        "notes": {"where": {"notes": {"contains": "topsecret"}}},
        "not_notes": {"where": {"notes": {"contains": "elsewhere"}}},
        "channel": {"where": {"channel": {"eq": "phone"}}},
        "number": {"where": {"number": {"notIn": ["none"]}}},
        "related": {"where": {"customer": {"orders": {"count": {"eq": 1}}}}},
        "own": "own",
    }
    for key, scope in scopes.items():
        grant = {"object": "order", "actions": ["read"], "scope": scope}
        await done(company, DEFINE_ROLE, key=key, label={"en": key}, grants=[grant])
    auditor, blind, other = [await company.add_person(role) for role in ("auditor", "blind", "not_notes")]
    for who in (auditor, other, other):
        await an_order(company, ownerId=str(who.id), notes="topsecret", customer={"name": "Ann"})

    async def counted(role: str, asker: Person) -> list[int | None]:
        members = [{"member": str(other.id), "roles": [role]}]
        found = (await company.data(SIMULATE, {"members": members}, person=asker))["result"]
        (records,) = found["members"][0]["records"]
        return [records["before"], records["after"]]

    # The same test with other values is another count.
    assert await counted("notes", company.owner) == [0, 3]
    assert await counted("notes", auditor) == [None, None]
    assert await counted("channel", auditor) == [None, None]
    assert await counted("number", company.owner) == [0, 3]
    assert await counted("number", auditor) == [None, 1]
    # What is compared with orders that the asker may not read is not the condition that they could ask for.
    assert await counted("related", company.owner) == [0, 3]
    assert await counted("related", auditor) == [None, None]
    assert await counted("own", company.owner) == [0, 2]
    assert await counted("own", auditor) == [None, 0]
    # Whoever reads none counts none.
    assert await counted("own", blind) == [None, None]


async def test_gains_and_losses_name_rights_that_there_are(company: Company, client: Client) -> None:
    """Lines belong to orders alone, and members have no fields of the company's own."""
    grants = [{"object": name, "actions": ["read"]} for name in ("order", "customer", "product", "member")]
    await done(company, DEFINE_ROLE, key="shut", label={"en": "S"}, grants=grants, closedFields=["*"])
    document = "orderloom: 1\nroles: {shut: {label: {en: S}, inherits: [read_only]}}"
    (role,) = (await simulate(company, document=document))["roles"]
    assert role == {
        "role": "shut",
        "gains": sorted(
            (
                "automation.read",
                *(f"{name}.read.*" for name in ("order", "customer", "product", "member")),
                *(f"{name}.read.custom.*" for name in ("order", "customer", "product")),
                "order.read.lines.*",
            )
        ),
        "losses": [],
    }
