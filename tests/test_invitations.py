"""Inviting people by mail (issue 5, point 5), through GraphQL."""

import asyncio
import re
from typing import Any

import pytest

from tenants.database import Database
from tenants.transaction import new_id
from tests.conftest import NewCompany
from tests.documents import (
    DEFINE_ROLE,
    INVITE_MEMBER,
    UPDATE_MEMBER,
    ask,
    bad_values,
    done,
    mutation,
    refused,
    unchanged,
)
from tests.harness import PASSWORD, Client, Company, Drain, Outbox, Row
from tests.test_people import sign_in

pytestmark = pytest.mark.anyio

INVITATION = "id email name roles language state invitedBy messages"
RESEND = mutation("resendInvitation", "Invitation", f"invitation {{ {INVITATION} }}")
WITHDRAW = mutation("withdrawInvitation", "Invitation", f"invitation {{ {INVITATION} }}")
ACCEPT = mutation("acceptInvitation", "AcceptInvitation", "tenant email")
LIST = f"{{ invitations {{ {INVITATION} }} }}"
AUDIT = "{ auditEntries { nodes { kind actorName } } }"
UNKNOWN = {"token": "SIGN_IN_UNKNOWN_SECRET"}


@pytest.fixture(autouse=True)
async def no_messages(database: Database) -> None:
    """Proofs belong to no company, so those of other tests are still there."""
    async with database.connection() as connection:
        await connection.execute("DELETE FROM proofs")


def new_address() -> str:
    return f"{new_id().hex}@example.com"


def secret_of(mail: Any) -> str:
    (secret,) = re.findall(r"(?:Your secret:|您的验证码：)\n(\S+)", mail["body"])
    return str(secret)


async def accepting(client: Client, **values: Any) -> Row:
    """The result of accepting, by a stranger."""
    answer = await client.graphql(ACCEPT, {"input": values})
    assert "errors" not in answer, answer
    result: Row = answer["data"]["result"]
    return result


async def invited(company: Company, work: Drain, outbox: Outbox, **values: Any) -> tuple[Row, str]:
    """An invitation, and the secret that its message holds."""
    made = await done(company, INVITE_MEMBER, **{"email": new_address(), **values})
    outbox.sent.clear()
    assert await work.mail() == 1
    return made, secret_of(outbox.sent[0])


async def test_a_new_person_joins(company: Company, client: Client, work: Drain, outbox: Outbox) -> None:
    """In their language, under the roles that were said, with a password of their own; the secret works once."""
    email = new_address()
    made = await done(
        company, INVITE_MEMBER, email=f" {email.upper()} ", name="Mei", roles=["read_only"], language="zh"
    )
    assert {**made, "id": ""} == {
        "id": "",
        "email": email,
        "name": "Mei",
        "roles": ["read_only"],
        "language": "zh",
        "state": "OPEN",
        "invitedBy": "Olga Owner",
        "messages": 1,
    }
    assert await work.mail() == 1
    (mail,) = outbox.sent
    assert (mail["recipient"], mail["subject"]) == (email, "邀请您加入一家公司")
    assert mail["body"].startswith("“Olga Owner”邀请您加入公司“Test Company”。")
    secret = secret_of(mail)
    (kept,) = await company.rows("SELECT token_hash, data::text FROM proofs WHERE address = %(email)s", email=email)
    assert secret not in kept["data"]
    assert secret.encode() not in bytes(kept["token_hash"])
    async with unchanged(company):
        assert bad_values(await accepting(client, token=secret, name="Mei Lin")) == {"password": "VALUE_REQUIRED"}
        assert bad_values(await accepting(client, token=secret, password=PASSWORD)) == {"name": "VALUE_REQUIRED"}
        weak = await accepting(client, token=secret, name="Mei Lin", password="password123")
        assert bad_values(weak) == {"password": "LIMIT_COMMON_PASSWORD"}
        assert bad_values(await accepting(client, token="made-up", name="M", password=PASSWORD)) == UNKNOWN
    joined = await accepting(client, token=secret, name=" Mei  Lin ", password=PASSWORD)
    assert joined == {"__typename": "AcceptInvitationPayload", "tenant": company.slug, "email": email}
    signed = await sign_in(client, email, tenant=company.slug)
    who = await client.graphql("{ viewer { member { name email roles language } } }", token=signed["token"])
    expected = {"name": "Mei Lin", "email": email, "roles": ["read_only"], "language": "zh"}
    assert who["data"]["viewer"]["member"] == expected
    (listed,) = (await company.data(LIST))["invitations"]
    assert (listed["state"], listed["messages"]) == ("ACCEPTED", 1)
    told = await company.rows("SELECT text FROM notifications WHERE member_id = %(id)s", id=company.owner.id)
    assert [row["text"] for row in told] == ["Mei Lin has accepted your invitation."]
    async with unchanged(company):
        assert bad_values(await accepting(client, token=secret, name="X", password=PASSWORD)) == UNKNOWN
        for document in (RESEND, WITHDRAW):
            assert (await refused(company, document, id=made["id"]))["code"] == "PEOPLE_INVITATION_OVER"


async def test_who_has_an_account_shows_that_it_is_theirs(
    company: Company, client: Client, new_company: NewCompany, work: Drain, outbox: Outbox
) -> None:
    """By its password, or by a session of that address; the password stays, and the company learns nothing of it."""
    other, third = await new_company(), await new_company()
    made, secret = await invited(company, work, outbox, email=other.owner.email)
    unknown, _ = await invited(company, work, outbox)
    assert {**made, "id": "", "email": ""} == {**unknown, "id": "", "email": ""}
    async with unchanged(company):
        wrong = await accepting(client, token=secret, password="not-the-password")
        assert bad_values(wrong) == {"password": "SIGN_IN_WRONG_PASSWORD"}
    answer = await client.graphql(ACCEPT, {"input": {"token": secret}}, token=other.member.token)
    assert answer["data"]["result"]["code"] == "PEOPLE_OTHER_ADDRESS"
    assert (await accepting(client, token=secret, password=PASSWORD))["tenant"] == company.slug
    _, secret = await invited(third, work, outbox, email=other.owner.email)
    answer = await client.graphql(ACCEPT, {"input": {"token": secret}}, token=other.owner.token)
    assert answer["data"]["result"]["tenant"] == third.slug
    for place in (company, third, other):
        signed = await sign_in(client, other.owner.email, tenant=place.slug)
        assert signed["tenant"]["slug"] == place.slug
    (member,) = await company.rows(
        "SELECT name, roles FROM members WHERE tenant_id = %(tenant)s AND email = %(email)s", email=other.owner.email
    )
    assert member == {"name": "Olga Owner", "roles": ["member"]}


async def test_guessing_the_password_is_counted(
    company: Company, client: Client, new_company: NewCompany, work: Drain, outbox: Outbox
) -> None:
    other = await new_company()
    _, secret = await invited(company, work, outbox, email=other.owner.email)
    codes = [(await accepting(client, token=secret, password=f"wrong-guess-{n}"))["code"] for n in range(11)]
    assert codes == ["INVALID_INPUT"] * 10 + ["LIMIT_SIGN_IN"]


async def test_sending_again_and_withdrawing(company: Company, client: Client, work: Drain, outbox: Outbox) -> None:
    """Only the last secret counts; what was withdrawn is worthless; a message that was not sent yet is never sent."""
    made, first = await invited(company, work, outbox)
    again = await done(company, RESEND, id=made["id"])
    assert (again["messages"], again["state"]) == (2, "OPEN")
    outbox.sent.clear()
    await work.mail()
    second = secret_of(outbox.sent[0])
    assert bad_values(await accepting(client, token=first, name="X", password=PASSWORD)) == UNKNOWN
    await done(company, RESEND, id=made["id"])
    refusal = await refused(company, RESEND, id=made["id"])
    assert (refusal["__typename"], refusal["code"]) == ("LimitExceeded", "LIMIT_INVITATIONS")
    assert (await done(company, WITHDRAW, id=made["id"]))["state"] == "WITHDRAWN"
    outbox.sent.clear()
    assert await work.mail() == 0
    assert bad_values(await accepting(client, token=second, name="X", password=PASSWORD)) == UNKNOWN
    assert (await refused(company, WITHDRAW, id=made["id"]))["code"] == "PEOPLE_INVITATION_OVER"


async def test_invitations_expire(company: Company, client: Client, work: Drain, outbox: Outbox) -> None:
    """Then they can be sent once more, or be replaced by another."""
    made, secret = await invited(company, work, outbox)
    assert bad_values(await refused(company, INVITE_MEMBER, email=made["email"])) == {"email": "PEOPLE_IS_INVITED"}
    late = "SET expires_at = now() - interval '1 minute'"
    await company.rows(f"UPDATE proofs {late} WHERE address = %(email)s RETURNING id", email=made["email"])
    await company.rows(f"UPDATE invitations {late}, sent_at = now() - interval '15 days' RETURNING id")
    assert bad_values(await accepting(client, token=secret, name="X", password=PASSWORD)) == UNKNOWN
    (listed,) = (await company.data(LIST))["invitations"]
    assert listed["state"] == "EXPIRED"
    assert (await done(company, RESEND, id=made["id"]))["state"] == "OPEN"
    await company.rows(f"UPDATE invitations {late} RETURNING id")
    other = await done(company, INVITE_MEMBER, email=made["email"])
    assert (await refused(company, RESEND, id=made["id"]))["code"] == "PEOPLE_INVITATION_OVER"
    states = {each["id"]: each["state"] for each in (await company.data(LIST))["invitations"]}
    assert states == {made["id"]: "EXPIRED", other["id"]: "OPEN"}


async def test_what_is_no_invitation(company: Company, client: Client) -> None:
    """The right is asked for; nobody gives what they lack, and bad values are told at once."""
    await done(
        company,
        DEFINE_ROLE,
        key="host",
        label={"en": "Host"},
        inherits=["read_only"],
        grants=[{"object": "member", "actions": ["invite"]}],
    )
    host = await company.add_person("host")
    async with unchanged(company, without=("audit_entries", "audit_log")):
        refusal = await refused(company, INVITE_MEMBER, company.member, email="a@example.com")
        assert (refusal["__typename"], refusal["right"]) == ("NotAllowed", "member.invite")
        listed = await company.graphql(LIST, person=company.member)
        assert listed["errors"][0]["extensions"]["right"] == "member.invite"
        bad = await refused(company, INVITE_MEMBER, email="nobody", roles=["no_such"], language="xx", name="x" * 201)
        assert bad_values(bad) == {
            "email": "VALUE_NOT_EMAIL",
            "roles": "CONFIG_UNKNOWN_ROLE",
            "language": "VALUE_NOT_OPTION",
            "name": "VALUE_TOO_LONG",
        }
        known = await refused(company, INVITE_MEMBER, email=company.member.email.upper())
        assert bad_values(known) == {"email": "PEOPLE_IS_MEMBER"}
        for roles, code in ((["member"], "LIMIT_ROLE_GRANT"), (["owner"], "LIMIT_OWNER_GRANT")):
            assert bad_values(await refused(company, INVITE_MEMBER, host, email="a@example.com", roles=roles)) == {
                "roles": code
            }
    made = await done(company, INVITE_MEMBER, host, email=new_address(), roles=["read_only"])
    assert made["invitedBy"] == "host"


async def test_an_invitation_is_worth_what_its_inviter_is(
    company: Company, client: Client, work: Drain, outbox: Outbox
) -> None:
    """Who has left, or lost a right, lets nobody in any more; somebody else can send the invitation again."""
    admin = await company.add_person("admin")
    email = new_address()
    made = await done(company, INVITE_MEMBER, admin, email=email, roles=["member"])
    await work.mail()
    secret = secret_of(outbox.sent[-1])
    await done(company, UPDATE_MEMBER, id=str(admin.id), roles=["read_only"])
    async with unchanged(company):
        refusal = await accepting(client, token=secret, name="X Y", password=PASSWORD)
        assert (refusal["__typename"], refusal["code"]) == ("Conflict", "PEOPLE_INVITER_LACKS")
    await done(company, UPDATE_MEMBER, id=str(admin.id), roles=["admin"], active=False)
    assert (await accepting(client, token=secret, name="X Y", password=PASSWORD))["code"] == "PEOPLE_INVITER_LACKS"
    assert (await done(company, RESEND, id=made["id"]))["invitedBy"] == "Olga Owner"
    await work.mail()
    secret = secret_of(outbox.sent[-1])
    assert (await accepting(client, token=secret, name="X Y", password=PASSWORD))["email"] == email


async def test_who_left_comes_back(company: Company, client: Client, work: Drain, outbox: Outbox) -> None:
    """As the member that they were, under the roles of the invitation."""
    email = new_address()
    was = await company.add_member(email=email, name="Tom", password=PASSWORD, roles=["admin"])
    await done(company, UPDATE_MEMBER, id=was["id"], active=False)
    _, secret = await invited(company, work, outbox, email=email, roles=["read_only"])
    assert (await accepting(client, token=secret, password=PASSWORD))["__typename"] == "AcceptInvitationPayload"
    signed = await sign_in(client, email, tenant=company.slug)
    assert signed["member"]["id"] == was["id"]
    (row,) = await company.rows("SELECT roles, active, name, version FROM members WHERE id = %(id)s", id=was["id"])
    assert row == {"roles": ["read_only"], "active": True, "name": "Tom", "version": 3}


async def test_of_many_who_accept_at_once_one_does(
    company: Company, client: Client, work: Drain, outbox: Outbox
) -> None:
    """And the audit log tells who invited whom, and who joined."""
    made, secret = await invited(company, work, outbox)
    results = await asyncio.gather(*(accepting(client, token=secret, name="Tim", password=PASSWORD) for _ in range(4)))
    assert sorted(result["__typename"] for result in results) == ["AcceptInvitationPayload"] + ["InvalidInput"] * 3
    found = await company.rows("SELECT 1 FROM members WHERE email = %(email)s", email=made["email"])
    assert len(found) == 1
    entries = (await company.data(AUDIT))["auditEntries"]["nodes"]
    told = {each["kind"]: each["actorName"] for each in entries}
    assert (told["MEMBER_INVITED"], told["MEMBER_ADDED"]) == ("Olga Owner", "Tim")


async def test_one_operation_accepts_once(company: Company, client: Client, work: Drain, outbox: Outbox) -> None:
    """However many secrets are guessed in it."""
    _, secret = await invited(company, work, outbox)
    fields = " ".join(
        f'a{n}: acceptInvitation(input: {{token: "{guess}"}}) {{ ... on Problem {{ code }} }}'
        for n, guess in enumerate(("one", "two", secret))
    )
    answer = await client.graphql(f"mutation {{ {fields} }}")
    codes = [result["code"] for result in answer["data"].values()]
    assert codes == ["INVALID_INPUT", "LIMIT_SIGN_IN_ONCE", "LIMIT_SIGN_IN_ONCE"]
    assert (await ask(company, WITHDRAW, id=str(new_id())))["code"] == "NOT_FOUND"


async def test_names_that_would_mislead_strangers_are_sent_to_nobody(
    company: Company, client: Client, work: Drain
) -> None:
    """A name is one line that can be seen, wherever it is given; one with an address stays inside the company."""
    broken, address = "Orla\r\nBcc: evil@x.example", "Orla http://evil.example"
    update_self = mutation("updateSelf", "Member", "member { name }")
    set_company = mutation("setCompany", "Configuration", "version")
    async with unchanged(company):
        for document, values, path in (
            (update_self, {"name": broken}, "name"),
            (UPDATE_MEMBER, {"id": str(company.member.id), "name": broken}, "name"),
            (INVITE_MEMBER, {"email": new_address(), "name": "Orla \u202egnp"}, "name"),
            (set_company, {"name": broken}, "settings.company.name"),
        ):
            assert bad_values(await refused(company, document, **values)) == {path: "VALUE_NOT_A_NAME"}
    assert await done(company, update_self, name=address) == {"name": address}
    async with unchanged(company):
        refusal = await refused(company, INVITE_MEMBER, email=new_address())
        assert (refusal["__typename"], refusal["code"]) == ("Conflict", "PEOPLE_NAME_TO_STRANGERS")
        assert address in refusal["message"]
    assert await work.mail() == 0
