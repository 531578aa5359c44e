"""What the operator does to a company is in its audit log; and the way out where a company's only owner is gone (`orderloom tenant owner`)."""

from dataclasses import replace

import pytest

from tests.documents import unchanged
from tests.harness import Client, Company, Drain, Outbox, Person, Row
from tests.test_audit_log import about, entries
from tests.test_cli import Orderloom, environment, orderloom
from tests.test_sign_in import sign_in

pytestmark = pytest.mark.anyio
__all__ = ["environment", "orderloom"]

MEMBERS = "{ members { nodes { name email roles active } } }"


async def test_founding_and_quotas_are_told(company: Company, client: Client, orderloom: Orderloom) -> None:
    """The first entry about a company says who founded it; what changes nothing is no change."""
    slug = f"f{company.slug}"[:30]
    said = await orderloom("tenant", "create", slug, "--owner-email", f"{slug}@example.com")
    assert said.code == 0, said.err
    for options in (["--records", "5"], ["--records", "5"], ["--points", "900000"]):
        assert (await orderloom("tenant", "quota", slug, *options)).code == 0
    token = (await orderloom("token", "-t", slug)).out.strip()
    caller = await company.callers.by_token(token)
    told = await entries(replace(company, id=caller.tenant_id, owner=Person(company.owner.id, "", token)))
    assert [(entry["kind"], entry["actorName"], entry["details"]) for entry in told] == [
        (
            "COMPANY_FOUNDED",
            "orderloom",
            {
                "slug": (None, slug),
                "name": (None, f"{slug}@example.com"),
                "email": (None, f"{slug}@example.com"),
                "template": (None, "minimal"),
            },
        ),
        ("QUOTAS_SET", "orderloom", {"records": (None, 5)}),
        ("QUOTAS_SET", "orderloom", {"records": (5, None), "points": (None, 900000)}),
        ("SIGNED_IN", f"{slug}@example.com", {"method": (None, "operator"), "secondFactor": (None, True)}),
    ]
    assert {about(entry) for entry in told[:3]} == {("company", str(caller.tenant_id))}


async def people(company: Company) -> dict[str, Row]:
    return {member["name"]: member for member in (await company.data(MEMBERS))["members"]["nodes"]}


async def test_somebody_is_made_an_owner(
    company: Company, client: Client, orderloom: Orderloom, work: Drain, outbox: Outbox
) -> None:
    """A member keeps their roles, one who had left is back, and a new person gets a password; each time all owners are told."""
    async with company.begin() as tx:
        await tx.execute(
            "UPDATE members SET active = false WHERE tenant_id = %(tenant)s AND id = %(id)s", id=company.member.id
        )
    said = await orderloom("tenant", "owner", company.slug, company.member.email.upper())
    assert (said.code, said.out) == (0, ""), said.err
    new = f"new-{company.slug}@example.com"
    said = await orderloom("tenant", "owner", company.slug, new, "--name", "Nora New")
    assert said.code == 0, said.err
    assert said.err == f"{new} is an owner of the company '{company.slug}'; all its owners are told by e-mail.\n"
    password = said.out.strip()
    found = await people(company)
    assert (found["Max Member"]["roles"], found["Max Member"]["active"]) == (["member", "owner"], True)
    assert (found["Nora New"]["roles"], found["Nora New"]["email"]) == (["owner"], new)
    assert found["Rita Reader"]["roles"] == ["read_only"]
    told = [
        (entry["kind"], entry["actorKind"], entry["actorName"], entry["details"]) for entry in await entries(company)
    ]
    changed = {"roles": (["member"], ["member", "owner"]), "active": (False, True)}
    added = {"name": (None, "Nora New"), "email": (None, new), "roles": (None, ["owner"])}
    assert told == [
        ("MEMBER_CHANGED", "SYSTEM", "orderloom", changed),
        ("MEMBER_ADDED", "SYSTEM", "orderloom", added),
    ]
    await work()
    owner, member = company.owner.email, company.member.email
    assert sorted(message["recipient"] for message in outbox.sent) == sorted([owner, member, owner, member, new])
    last = outbox.sent[-1]
    assert last["subject"] == "Your company has a new owner"
    assert f'has made "Nora New" ({new}) an owner of the company "Test Company"' in last["body"]
    assert password not in last["body"]
    signed = await sign_in(client, Person(company.owner.id, new, ""), password)
    assert "token" in signed


async def test_who_cannot_be_made_an_owner(company: Company, client: Client, orderloom: Orderloom) -> None:
    async with unchanged(company):
        said = await orderloom("tenant", "owner", company.slug, company.owner.email)
        assert (said.code, said.err) == (1, "orderloom: Olga Owner is an owner already.\n")
        said = await orderloom("tenant", "owner", company.slug, "no-address")
        assert said.code == 1
        assert said.err.startswith("orderloom: email: ")
        assert (await orderloom("tenant", "owner", "nobody-there", "a@example.com")).code == 1
