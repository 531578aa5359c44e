"""Signing in and out, members and their roles (PER-1, PER-8), through GraphQL."""

import asyncio
from typing import Any

import orjson
import pytest

from schema.execution import House, Operation, execute
from tenants.callers import Callers
from tenants.people import update_member
from tests.conftest import NewCompany
from tests.documents import (
    CREATE_ORDER,
    DEACTIVATE_MEMBER,
    DEFINE_ROLE,
    INVITE_MEMBER,
    REMOVE_DEFINITION,
    UPDATE_MEMBER,
    an_order,
    ask,
    bad_values,
    done,
    refused,
    unchanged,
)
from tests.harness import PASSWORD, Client, Company, Person, Row

SIGN_IN = """
mutation($input: SignInInput!) { result: signIn(input: $input) {
  __typename ... on SignInPayload { token member { id email } tenant { slug configVersion } } ... on Problem { code message }
} }
"""
SIGN_OUT = "mutation { signOut { signedOut } }"
WHO = "{ viewer { member { id name roles active } tenant { slug } rights } }"
LINES = [{"name": "x", "unitPrice": "1"}]


async def sign_in(client: Client, email: str, password: str = PASSWORD, tenant: str | None = None) -> Row:
    answer = await client.graphql(SIGN_IN, {"input": {"email": email, "password": password, "tenant": tenant}})
    assert "errors" not in answer, answer
    result: Row = answer["data"]["result"]
    return result


async def code_of(client: Client, token: str) -> str:
    """How a token is answered: OK, or the code of the error."""
    answer = await client.graphql(WHO, token=token)
    return str(answer["errors"][0]["extensions"]["code"]) if "errors" in answer else "OK"


class OtherProcess:
    """Another process of the same instance: it remembers callers of its own and hears of changes only from the database."""

    def __init__(self, company: Company) -> None:
        self.house = House(company.database, Callers(company.database))

    async def ask(self, person: Person, document: str, **variables: Any) -> Row:
        operation = Operation(document, None, variables)
        answer = await execute(self.house, operation, token=person.token, language="en", request_id="other")
        body: Row = orjson.loads(answer.body)
        return body


async def test_signing_in(company: Company, client: Client) -> None:
    """The right password opens a session of its own each time; case and spaces of the address do not matter."""
    first = await sign_in(client, company.owner.email)
    second = await sign_in(client, f"  {company.owner.email.upper()} ", tenant=company.slug)
    for signed in (first, second):
        assert signed["__typename"] == "SignInPayload"
        assert signed["member"] == {"id": str(company.owner.id), "email": company.owner.email}
        assert signed["tenant"] == {"slug": company.slug, "configVersion": 1}
        assert await code_of(client, signed["token"]) == "OK"
    assert first["token"] != second["token"]
    assert await company.rows("SELECT 1 FROM sessions WHERE encode(token_hash, 'escape') LIKE 'ol\\_%%'") == []


async def test_a_wrong_sign_in_does_not_tell_what_was_wrong(
    company: Company, client: Client, new_company: NewCompany
) -> None:
    """Wrong password, unknown address, company of others: one and the same answer."""
    other = await new_company()
    answers = [
        await sign_in(client, company.owner.email, "wrong-horse-battery"),
        await sign_in(client, company.owner.email, ""),
        await sign_in(client, "nobody@example.com"),
        await sign_in(client, "' OR 1=1 --"),
        await sign_in(client, company.owner.email, PASSWORD, other.slug),
        await sign_in(client, company.owner.email, PASSWORD, "no-such-company"),
        # Made without a password that could fit.
        await sign_in(client, company.member.email, "!"),
    ]
    message = "E-mail address, password or company is wrong."
    expected = {"__typename": "NotSignedIn", "code": "SIGN_IN_FAILED", "message": message}
    assert answers == [expected] * len(answers)


async def test_who_belongs_to_several_companies_chooses(
    company: Company, client: Client, new_company: NewCompany
) -> None:
    """The names of the companies are told only after the right password, and the token opens just the chosen one."""
    other = await new_company()
    guest = await other.add_member(
        email=company.owner.email, name="Guest", password="another-password", roles=["read_only"]
    )
    problem = await sign_in(client, company.owner.email)
    assert (problem["__typename"], problem["code"]) == ("NotSignedIn", "SIGN_IN_CHOOSE")
    assert all(slug in problem["message"] for slug in (company.slug, other.slug))
    assert (await sign_in(client, company.owner.email, "wrong-password"))["code"] == "SIGN_IN_FAILED"
    # The account was there before the invitation and keeps its password.
    assert (await sign_in(client, company.owner.email, "another-password"))["code"] == "SIGN_IN_FAILED"
    there = await sign_in(client, company.owner.email, tenant=other.slug)
    assert there["member"]["id"] == guest["id"]
    answer = await client.graphql(WHO, token=there["token"])
    assert answer["data"]["viewer"]["tenant"] == {"slug": other.slug}
    assert answer["data"]["viewer"]["member"]["roles"] == ["read_only"]
    here = await sign_in(client, company.owner.email, tenant=company.slug)
    assert here["member"]["id"] == str(company.owner.id)


async def test_signing_out_ends_one_session_everywhere(company: Company, client: Client) -> None:
    """The next request is refused here and in a process that remembers the token; other sessions go on."""
    elsewhere = OtherProcess(company)
    token = (await sign_in(client, company.owner.email))["token"]
    leaving = Person(company.owner.id, company.owner.email, token)
    assert "errors" not in await elsewhere.ask(leaving, WHO)
    answer = await client.graphql(SIGN_OUT, token=token)
    assert answer == {"data": {"signOut": {"signedOut": True}}}
    assert await code_of(client, token) == "NOT_SIGNED_IN"
    for document in (
        WHO,
        SIGN_OUT,
        "{ orders { totalCount } }",
        "{ configuration { version } }",
        "{ __typename x: node(id: 1) { id } }",
    ):
        refusal = await elsewhere.ask(leaving, document)
        assert [error["extensions"]["code"] for error in refusal["errors"]] == ["NOT_SIGNED_IN"], document
    assert await code_of(client, company.owner.token) == "OK"


@pytest.mark.parametrize("token", ["ol_", "x", "ol_" + "a" * 43, "null"])
async def test_tokens_that_never_were(client: Client, token: str) -> None:
    assert await code_of(client, token) == "NOT_SIGNED_IN"


async def test_a_change_of_roles_holds_for_the_next_request(company: Company, client: Client) -> None:
    """PER-8: rights given and taken through one process hold at once in another that remembers the member."""
    elsewhere = OtherProcess(company)
    create = {"input": {"lines": LINES}}
    assert (await elsewhere.ask(company.read_only, CREATE_ORDER, **create))["data"]["result"]["right"] == "order.create"
    await done(company, UPDATE_MEMBER, id=str(company.read_only.id), roles=["member"])
    made = await elsewhere.ask(company.read_only, CREATE_ORDER, **create)
    assert made["data"]["result"]["__typename"] == "OrderPayload"
    assert "order.create" in (await elsewhere.ask(company.read_only, WHO))["data"]["viewer"]["rights"]
    await done(company, UPDATE_MEMBER, id=str(company.read_only.id), roles=[])
    # The number that a late refusal costs is all that is gone.
    async with unchanged(company, without=["counters"]):
        refusal = await elsewhere.ask(company.read_only, CREATE_ORDER, **create)
        assert refusal["data"]["result"]["right"] == "order.create"
        lists = await elsewhere.ask(company.read_only, "{ orders { totalCount } }")
        assert lists["errors"][0]["extensions"]["right"] == "order.read"
    viewer = (await elsewhere.ask(company.read_only, WHO))["data"]["viewer"]
    assert (viewer["rights"], viewer["member"]["roles"]) == ([], [])


async def test_a_deactivated_member_is_out_at_once(company: Company, client: Client) -> None:
    """No session of theirs is answered any more, no new one opens, and what they did keeps their name."""
    elsewhere = OtherProcess(company)
    values = {"email": "leaver@example.com", "name": "Lea", "password": PASSWORD}
    made = await company.add_member(**values)
    signed = await sign_in(client, "leaver@example.com")
    person = Person(company.owner.id, "leaver@example.com", signed["token"])
    order = await an_order(company, person)
    assert "errors" not in await elsewhere.ask(person, WHO)
    gone = await done(company, DEACTIVATE_MEMBER, id=made["id"], keep=True)
    assert (gone["active"], gone["name"]) == (False, "Lea")
    assert await code_of(client, signed["token"]) == "NOT_SIGNED_IN"
    assert (await elsewhere.ask(person, WHO))["errors"][0]["extensions"]["code"] == "NOT_SIGNED_IN"
    assert (await sign_in(client, "leaver@example.com"))["code"] == "SIGN_IN_FAILED"
    data = await company.data("query($id: ID!) { order(id: $id) { owner { name active } } }", {"id": order["id"]})
    assert data["order"]["owner"] == {"name": "Lea", "active": False}


async def test_the_company_keeps_an_owner(company: Company, client: Client) -> None:
    """The last owner can neither step down nor leave; with a second one, one can."""
    mine = {"id": str(company.owner.id)}
    async with unchanged(company):
        changes: list[Row] = [{"roles": ["admin"]}, {"active": False}, {"roles": None}, {"roles": []}]
        for change in changes:
            problem = await refused(company, UPDATE_MEMBER, **mine, **change)
            assert (problem["__typename"], problem["code"]) == ("LimitExceeded", "LIMIT_OWNER")
    await done(company, UPDATE_MEMBER, id=str(company.member.id), roles=["owner"])
    assert (await done(company, UPDATE_MEMBER, **mine, roles=["admin"]))["roles"] == ["admin"]
    async with unchanged(company):
        problem = await refused(company, UPDATE_MEMBER, company.member, id=str(company.member.id), active=False)
    assert problem["code"] == "LIMIT_OWNER"


async def test_who_changes_themselves_does_it_once(company: Company, client: Client) -> None:
    """The answer is read for the member as they are now; nothing of the request is done a second time."""
    me = company.owner
    await company.add_person("owner")
    document = """mutation($id: ID!, $order: CreateOrderInput!) {
      first: createOrder(input: $order) { __typename }
      me: updateMember(input: {id: $id, roles: ["member"]}) { ... on MemberPayload { member { version roles } } }
      second: createOrder(input: $order) { __typename ... on OrderPayload { order { number } } }
    }"""
    data = await company.data(document, {"id": str(me.id), "order": {"lines": LINES}}, person=me)
    assert data["me"]["member"] == {"version": 2, "roles": ["member"]}
    assert (data["first"]["__typename"], data["second"]["__typename"]) == ("OrderPayload", "OrderPayload")
    assert len(await company.rows("SELECT id FROM orders")) == 2


async def test_two_owners_who_push_each_other_out(company: Company, client: Client) -> None:
    """Both try at once; whoever comes first wins, and the company has an owner."""
    second = await company.add_person("owner")
    results = await asyncio.gather(
        ask(company, UPDATE_MEMBER, company.owner, id=str(second.id), roles=["member"]),
        ask(company, UPDATE_MEMBER, second, id=str(company.owner.id), roles=["member"]),
    )
    assert sorted(result.get("code", "done") for result in results) in (
        ["LIMIT_OWNER", "done"],
        ["NOT_ALLOWED", "done"],
    )
    assert len(await company.rows("SELECT id FROM members WHERE 'owner' = ANY(roles) AND active")) == 1


async def test_only_owners_make_and_unmake_owners(company: Company, client: Client) -> None:
    """An administrator has every right, but not that one."""
    admin = await company.add_person("admin")
    await company.add_person("owner")
    new = {"email": "new@example.com", "name": "N"}
    async with unchanged(company):
        problems = [
            await refused(company, INVITE_MEMBER, admin, **new, roles=["owner"]),
            await refused(company, UPDATE_MEMBER, admin, id=str(admin.id), roles=["admin", "owner"]),
            await refused(company, UPDATE_MEMBER, admin, id=str(company.owner.id), roles=["member"]),
        ]
        for problem in problems:
            assert bad_values(problem) == {"roles": "LIMIT_OWNER_GRANT"}
        problem = await refused(company, UPDATE_MEMBER, admin, id=str(company.owner.id), active=False)
        assert bad_values(problem) == {"active": "LIMIT_OWNER_GRANT"}
    assert (await done(company, UPDATE_MEMBER, admin, id=str(company.owner.id), name="Olga O"))["roles"] == ["owner"]
    assert (await done(company, INVITE_MEMBER, admin, **new, roles=["admin"]))["roles"] == ["admin"]
    assert (await done(company, UPDATE_MEMBER, id=str(admin.id), roles=["owner"]))["roles"] == ["owner"]


async def test_nobody_gives_rights_they_do_not_have(company: Company, client: Client) -> None:
    """PER-2: the right to manage members is not the right to everything, and a denial is not shaken off."""
    grants = [{"object": "member", "actions": ["*"]}]
    await done(company, DEFINE_ROLE, key="hr", label={"en": "HR"}, inherits=["member"], grants=grants)
    denial = [{"object": "order", "actions": ["create"], "effect": "deny"}]
    await done(company, DEFINE_ROLE, key="grounded", label={"en": "Grounded"}, grants=denial)
    hr, grounded = await company.add_person("hr"), await company.add_person("hr", "grounded")
    new = {"email": "new@example.com", "name": "N"}
    async with unchanged(company):
        problems = [
            await refused(company, UPDATE_MEMBER, hr, id=str(hr.id), roles=["hr", "admin"]),
            await refused(company, INVITE_MEMBER, hr, **new, roles=["admin"]),
            await refused(company, UPDATE_MEMBER, grounded, id=str(grounded.id), roles=["hr"]),
        ]
    for problem in problems:
        assert bad_values(problem) == {"roles": "LIMIT_ROLE_GRANT"}
    assert problems[2]["message"] == "You cannot give rights that you do not have yourself: order.create."
    assert (await done(company, INVITE_MEMBER, hr, **new, roles=["member"]))["roles"] == ["member"]
    admin = await company.add_person("admin")
    assert (await done(company, UPDATE_MEMBER, hr, id=str(admin.id), name="Ann"))["roles"] == ["admin"]


async def test_all_bad_values_of_a_member_at_once(company: Company, client: Client) -> None:
    async with unchanged(company):
        problem = await refused(company, INVITE_MEMBER, email="nobody", roles=["king"], language="de")
        assert bad_values(problem) == {
            "email": "VALUE_NOT_EMAIL",
            "roles": "CONFIG_UNKNOWN_ROLE",
            "language": "VALUE_NOT_OPTION",
        }
        problem = await refused(company, INVITE_MEMBER, email=company.member.email.upper(), name="Twice")
        assert bad_values(problem) == {"email": "PEOPLE_IS_MEMBER"}
        assert company.member.email in problem["message"].lower()
        problem = await refused(company, UPDATE_MEMBER, id=str(company.member.id), name=" ", roles=["king"])
        assert bad_values(problem) == {"name": "VALUE_REQUIRED", "roles": "CONFIG_UNKNOWN_ROLE"}
        assert (await refused(company, UPDATE_MEMBER, id="x", name="n"))["code"] == "NOT_FOUND"


async def test_a_role_that_is_gone_gives_nothing(company: Company, client: Client) -> None:
    """Its holder keeps the name of it, can still be changed otherwise, and has no right of it."""
    grants = [{"object": "order", "actions": ["create"]}]
    await done(company, DEFINE_ROLE, key="clerk", label={"en": "Clerk"}, grants=grants)
    clerk = await company.add_person("clerk")
    await done(company, REMOVE_DEFINITION, kind="role", key="clerk")
    async with unchanged(company):
        assert (await refused(company, CREATE_ORDER, clerk, lines=LINES))["right"] == "order.create"
    assert (await done(company, UPDATE_MEMBER, id=str(clerk.id), name="Carl"))["roles"] == ["clerk"]


async def test_a_change_behind_the_applications_back(company: Company, client: Client) -> None:
    """PER-8 the other way round: the server remembers the member, another process takes the right, the server knows."""
    await an_order(company, company.member)
    async with company.begin() as tx:
        await update_member(tx, company.member.id, {"roles": ["read_only"]})
    async with unchanged(company, without=["counters"]):
        problem = await refused(company, CREATE_ORDER, company.member, lines=LINES)
    assert (problem["right"], problem["grantedTo"]) == ("order.create", ["owner", "admin", "member"])
