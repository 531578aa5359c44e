"""The review of permissions (SEC-5): who has what by which role, what nobody uses, who is away; on the screen and as a file."""

import csv
from io import StringIO
from typing import Any
from uuid import UUID

import orjson
import pytest

from tenants.access.reviewing import TRACED
from tenants.audit_log import COMPANY, About, record
from tenants.export_sources import PermissionReview
from tests.documents import (
    CREATE_CUSTOMER,
    DEFINE_ROLE,
    UPDATE_MEMBER,
    UPDATE_ORDER,
    VOID_ORDER,
    an_order,
    done,
    mutation,
    refused,
    unchanged,
)
from tests.harness import Client, Company, Drain, Person, Row
from tests.test_audit_log import entries
from tests.test_exports import content
from tests.test_keys import a_key, as_person

pytestmark = pytest.mark.anyio

RIGHTS = "rights { right roles rows lastUsed unused }"
REVIEW = f"""
query($first: Int! = 100, $after: ID) {{ result: permissionReview(first: $first, after: $after) {{
  hasMore members {{ id name email roles active lastSeen away {RIGHTS} }}
  keys {{ id name roles expiresAt lastUsedAt away {RIGHTS} }} }} }}
"""
CHANGE_STATUS = mutation("changeOrderStatus", "Order", "order { id version }")
EXPORT = mutation("exportRecords", "Export", "export { id }")


async def review(company: Company, **variables: object) -> Row:
    found: Row = (await company.data(REVIEW, variables))["result"]
    return found


async def backdate(company: Company, *people: Person) -> None:
    for table in ("members", "api_keys"):
        await company.rows(
            f"UPDATE {table} SET created_at = now() - interval '100 days' WHERE id = ANY(%(ids)s::uuid[]) RETURNING id",
            ids=[str(person.id) for person in people],
        )


def by_use(rights: list[Row]) -> dict[Any, set[str]]:
    """The rights that were used, were not, and of which it is not known."""
    return {state: {held["right"] for held in rights if held["unused"] is state} for state in (False, True, None)}


async def test_what_is_used_and_who_is_away(company: Company, client: Client) -> None:
    """Of members and keys; steps of the life cycle each by itself; of reading it is never said that nobody did."""
    order = await an_order(company, company.member)
    await done(company, UPDATE_ORDER, company.member, id=order["id"], notes="n")
    await done(company, CHANGE_STATUS, company.member, id=order["id"], status="confirmed")
    key = await a_key(
        company, name="=Shop()", rights=["customer.read", "member.read", "order.create", "customer.create"]
    )
    await done(company, CREATE_CUSTOMER, as_person(key), name="Ada")
    gone = await company.add_person("member", "read_only", name="=Gone()")
    await backdate(company, company.member, gone, as_person(key))
    await company.rows(
        "UPDATE sessions SET last_used_at = now() - interval '95 days' WHERE member_id = %(id)s RETURNING 1", id=gone.id
    )
    async with unchanged(company):
        found = await review(company)
    assert not found["hasMore"]
    members = {member["name"]: member for member in found["members"]}
    assert set(members) == {"Olga Owner", "Max Member", "Rita Reader", "=Gone()"}
    assert {name: member["away"] for name, member in members.items() if member["away"]} == {"=Gone()": True}
    rights = members["Max Member"]["rights"]
    reading = {"order.read", "customer.read", "product.read", "member.read", "automation.read"}
    steps = {f"order.transition.{key}" for key in ("ship", "take_back", "complete")}
    assert by_use(rights) == {
        False: {"order.create", "order.update", "order.change_status", "order.transition.confirm"},
        True: {"customer.create", "customer.update", *steps},
        None: reading,
    }
    assert next(held for held in rights if held["right"] == "order.update")["lastUsed"] is not None
    held = {held["right"]: held for held in members["=Gone()"]["rights"]}
    assert (held["order.read"]["roles"], held["order.create"]["roles"]) == (["member", "read_only"], ["member"])
    (shop,) = found["keys"]
    assert {name: shop[name] for name in ("id", "name", "roles", "away")} == {
        "id": key["id"], "name": "=Shop()", "roles": ["member"], "away": True,
    }  # fmt: skip
    assert by_use(shop["rights"]) == {
        False: {"customer.create"},
        True: {"order.create"},
        None: {"customer.read", "member.read"},
    }


async def test_each_entry_tells_of_its_right(company: Company, client: Client) -> None:
    """Every right of whose use there is an entry is found used by that entry, and by no other."""
    kinds: dict[str, tuple[str, Row, str]] = {
        **{f"{name}.export": ("exported", {"type": name}, COMPANY) for name in ("order", "customer", "product")},
        **{
            f"{name}.import": ("imported", {"files": [{"record": name}]}, COMPANY)
            for name in ("order", "customer", "product")
        },
        **{
            f"{name}.share": ("record_shared", {"recordType": name}, "member")
            for name in ("order", "customer", "product")
        },
        "member.invite": ("member_invited", {}, "invitation"),
        "member.update": ("handed_over", {}, "member"),
        "team.update": ("team_changed", {}, "team"),
        "configuration.approve": ("draft_judged", {}, "draft"),
        "key.create": ("key_created", {}, "key"),
        "key.update": ("key_revoked", {}, "key"),
        "identity_provider.manage": ("provider_changed", {}, "identity_provider"),
    }
    people = {right: await company.add_person("owner", name=right) for right in kinds}
    for right, (kind, told, about) in kinds.items():
        async with company.begin(people[right]) as tx:
            await record(tx, kind, told, about=About(about, company.id))
    await backdate(company, *people.values())
    members = {member["name"]: by_use(member["rights"]) for member in (await review(company))["members"]}
    assert {right: members[right][False] for right in kinds} == {right: {right} for right in kinds}
    by_records = {f"{name}.{action}" for name in ("order", "customer", "product") for action in ("create", "update")}
    assert set(kinds) | by_records | {"order.void", "order.change_status", "configuration.update"} == TRACED


async def test_it_goes_page_by_page(company: Company, client: Client) -> None:
    await a_key(company)
    seen, keys, after = list[str](), list[int](), None
    while True:
        found = await review(company, first=2, after=after)
        seen += [member["id"] for member in found["members"]]
        keys.append(len(found["keys"]))
        if not found["hasMore"]:
            break
        after = seen[-1]
    assert (len(seen), len(set(seen)), keys) == (3, 3, [1, 0])


async def test_as_a_file(company: Company, client: Client, work: Drain, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same as on the screen, in both formats, however many pages it takes; nothing in it is a formula."""
    monkeypatch.setattr(PermissionReview, "size", 2)
    grants = [{"object": "order", "actions": ["read"], "scope": "own"}]
    await done(company, DEFINE_ROLE, key="own", label={"en": "Own"}, grants=grants)
    for name, roles in (("=cmd()", ["own"]), ("Bare", [])):
        await company.add_person(*roles, name=name)
    await a_key(company, name="@Shop")
    order = await an_order(company)
    await done(company, VOID_ORDER, id=order["id"], reason="out_of_stock")
    found = await review(company)
    text = await content(company, work, "CSV", object="permission_review")
    rows = list(csv.DictReader(StringIO(text[1:], newline="")))
    everybody = [*found["keys"], *found["members"]]
    assert len(rows) == sum(len(each["rights"]) or 1 for each in everybody)
    guarded = {"=cmd()": "'=cmd()", "@Shop": "'@Shop"}
    assert [row["name"] for row in rows] == [
        guarded.get(each["name"], each["name"]) for each in everybody for _ in each["rights"] or [None]
    ]
    by = {(row["name"], row["right"]): row for row in rows}
    assert (by["'=cmd()", "order.read"]["kind"], by["'=cmd()", "order.read"]["roles"]) == ("member", "own")
    assert by["'=cmd()", "order.read"]["records"] == next(
        each["rights"][0]["rows"] for each in everybody if each["name"] == "=cmd()"
    )
    assert (by["Bare", ""]["email"].endswith("@example.com"), by["Bare", ""]["unused"]) == (True, "")
    void = by["Olga Owner", "order.void"]
    assert (void["unused"], bool(void["lastUsed"]), void["away"]) == ("false", True, "false")
    assert by["'@Shop", "order.read"]["expiresAt"] != ""
    lines = [
        orjson.loads(line)
        for line in (await content(company, work, "JSON", object="permission_review")).split("\n")[:-1]
    ]
    assert [(line["name"], line["right"] or "") for line in lines] == [
        (each["name"], right) for each in everybody for right in [held["right"] for held in each["rights"]] or [""]
    ]
    (told, _) = await entries(company, kind={"eq": "EXPORTED"})
    assert told["details"] == {"type": (None, "permission_review"), "rows": (None, 5), "format": (None, "csv")}


async def test_only_who_may_change_what_it_shows(company: Company, client: Client, work: Drain) -> None:
    """On the screen and as a file, from asking until it is written."""
    grants = [{"object": "configuration", "actions": ["read"]}, {"object": "order", "actions": ["export"]}]
    await done(company, DEFINE_ROLE, key="clerk", label={"en": "Clerk"}, grants=grants)
    clerk, admin = await company.add_person("clerk"), await company.add_person("admin")
    async with unchanged(company):
        answer = await company.graphql(REVIEW, person=clerk)
        assert answer["errors"][0]["extensions"]["right"] == "member.update"
        for person, right in ((clerk, "member.update"), (company.member, "configuration.read")):
            assert (await refused(company, EXPORT, person, object="permission_review", format="CSV"))["right"] == right
    begun = await done(company, EXPORT, admin, object="permission_review", format="CSV")
    await done(company, UPDATE_MEMBER, id=str(admin.id), roles=["clerk"])
    await work()
    (row,) = await company.rows("SELECT state, problem FROM exports WHERE id = %(id)s", id=UUID(begun["id"]))
    assert (row["state"], row["problem"]["data"]) == ("stopped", {"right": "member.update"})
