"""Signing in under attack and by its owner: counted tries, known devices, passwords, resets, sessions (SEC-1, A1, A2)."""

import asyncio
import re
from collections.abc import Sequence
from typing import Any

import pytest

from server.sessions import UsedSessions
from tenants import proofs
from tenants.callers import Callers
from tenants.database import Database
from tenants.sign_in.tries import bucket_of
from tests.documents import UPDATE_MEMBER, done, unchanged
from tests.harness import PASSWORD, Client, Company, Drain, Outbox, Person, Row, Statements

pytestmark = pytest.mark.anyio

SIGN_IN = """
mutation($input: SignInInput!) { result: signIn(input: $input) {
  __typename ... on SignInPayload { token device member { id } } ... on Problem { code message }
} }
"""
CHANGE = """
mutation($input: ChangePasswordInput!) { result: changePassword(input: $input) {
  __typename ... on Problem { code message } ... on InvalidInput { errors { path code } }
} }
"""
REQUEST = """
mutation($input: RequestPasswordResetInput!) { result: requestPasswordReset(input: $input) {
  ... on RequestPasswordResetPayload { requested }
} }
"""
RESET = """
mutation($input: ResetPasswordInput!) { result: resetPassword(input: $input) {
  __typename ... on Problem { code message } ... on InvalidInput { errors { path code } }
} }
"""
SESSIONS = "query($member: ID) { sessions(memberId: $member) { id current userAgent address secondFactor } }"
REVOKE = """
mutation($input: RevokeSessionInput!) { result: revokeSession(input: $input) {
  __typename ... on RevokeSessionPayload { id } ... on Problem { code } ... on NotAllowed { right }
} }
"""
WHO = "{ viewer { member { id } } }"
NEW = "seven unlike words of mine"


@pytest.fixture(autouse=True)
async def no_messages(database: Database) -> None:
    """Proofs belong to no company, so those of other tests are still there."""
    async with database.connection() as connection:
        await connection.execute("DELETE FROM proofs")


async def asked(client: Client, document: str, by: str | None = None, /, **values: Any) -> Row:
    answer = await client.graphql(document, {"input": values}, token=by)
    assert "errors" not in answer, answer
    result: Row = answer["data"]["result"]
    return result


async def sign_in(client: Client, person: Person, password: str = PASSWORD, device: str | None = None) -> Row:
    return await asked(client, SIGN_IN, email=person.email, password=password, device=device)


async def is_in(client: Client, token: str) -> bool:
    return "errors" not in await client.graphql(WHO, token=token)


async def age_tries(company: Company, minutes: int) -> None:
    await company.rows(
        "UPDATE sign_in_tries SET tried_at = tried_at - make_interval(mins => %(by)s) RETURNING id", by=minutes
    )


async def test_ten_tries_of_an_account_are_judged(company: Company, client: Client) -> None:
    """A1: then even the right password waits, for this address alone; fifteen minutes later it opens again."""
    codes = [(await sign_in(client, company.owner, "wrong-password-1"))["code"] for _ in range(12)]
    assert codes == ["SIGN_IN_FAILED"] * 10 + ["LIMIT_SIGN_IN"] * 2
    refused = await sign_in(client, company.owner)
    assert refused["message"] == "Too many failed sign-ins. Try again in 15 minutes."
    elsewhere = await asked(client, SIGN_IN, email=f" {company.owner.email.upper()}", password=PASSWORD)
    assert (elsewhere["__typename"], elsewhere["code"]) == ("LimitExceeded", "LIMIT_SIGN_IN")
    assert (await asked(client, SIGN_IN, email=company.owner.email + ".net", password="x"))["code"] == "SIGN_IN_FAILED"
    await age_tries(company, 16)
    assert (await sign_in(client, company.owner))["__typename"] == "SignInPayload"
    # The right password wipes the slate clean.
    codes = [(await sign_in(client, company.owner, "wrong-password-1"))["code"] for _ in range(10)]
    assert codes == ["SIGN_IN_FAILED"] * 10


async def test_tries_at_once_are_counted_one_by_one(company: Company, client: Client) -> None:
    """However many connections an attacker opens."""
    results = await asyncio.gather(*(sign_in(client, company.owner, "wrong-password-1") for _ in range(30)))
    codes = [result["code"] for result in results]
    assert (codes.count("SIGN_IN_FAILED"), codes.count("LIMIT_SIGN_IN")) == (10, 20)


async def test_nobody_can_lock_out_the_owner(company: Company, client: Client) -> None:
    """A device from which they have signed in counts for itself; a made-up one, or another person's, does not."""
    signed = await sign_in(client, company.owner)
    stranger = await company.add_person("member")
    await company.rows(
        "UPDATE users SET password_hash = (SELECT password_hash FROM users WHERE email = %(owner)s) WHERE email = %(other)s RETURNING id",
        owner=company.owner.email,
        other=stranger.email,
    )
    theirs = await sign_in(client, stranger)
    assert signed["device"]
    assert theirs["device"]
    for _ in range(11):
        await sign_in(client, company.owner, "wrong-password-1")
    for device in (None, "made-up", theirs["device"]):
        assert (await sign_in(client, company.owner, device=device))["code"] == "LIMIT_SIGN_IN"
    again = await sign_in(client, company.owner, device=signed["device"])
    assert (again["__typename"], again["device"]) == ("SignInPayload", None)
    # Guessing from the known device is bounded too.
    codes = [(await sign_in(client, company.owner, "wrong", device=signed["device"]))["code"] for _ in range(11)]
    assert codes == ["SIGN_IN_FAILED"] * 10 + ["LIMIT_SIGN_IN"]


async def test_one_request_signs_in_once(company: Company, client: Client) -> None:
    """However many aliases it has."""
    fields = " ".join(
        f'a{n}: signIn(input: {{email: "{company.owner.email}", password: "no{n}"}}) {{ ... on Problem {{ code }} }}'
        for n in range(10)
    )
    answer = await client.graphql(f"mutation {{ {fields} }}")
    assert [result["code"] for result in answer["data"].values()] == ["SIGN_IN_FAILED"] + ["LIMIT_SIGN_IN_ONCE"] * 9
    tries = "SELECT id FROM sign_in_tries WHERE bucket = %(bucket)s"
    assert len(await company.rows(tries, bucket=bucket_of("address", company.owner.email))) == 1


async def test_known_and_unknown_addresses_cost_the_same(
    company: Company, client: Client, statements: Statements
) -> None:
    """The same statements, and the same words; what the hash takes is the same by its making."""
    shown: list[tuple[Sequence[str], Row]] = []
    for email in (company.owner.email, "nobody-at-all@example.com"):
        statements.clear()
        result = await asked(client, SIGN_IN, email=email, password="wrong-password-1")
        shown.append((list(statements.texts), result))
    assert shown[0] == shown[1]
    asks: list[Sequence[str]] = []
    for email in (company.owner.email, "nobody-at-all@example.com"):
        statements.clear()
        assert await asked(client, REQUEST, email=email) == {"requested": True}
        asks.append(list(statements.texts))
    assert asks[0] == asks[1]


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("short", "LIMIT_PASSWORD"),
        ("x" * 201, "LIMIT_PASSWORD"),
        ("password123!", "LIMIT_COMMON_PASSWORD"),
        ("P@ssw0rd2026", "LIMIT_COMMON_PASSWORD"),
        ("1234567890", "LIMIT_COMMON_PASSWORD"),
        ("abcdefghijkl", "LIMIT_COMMON_PASSWORD"),
        ("aaaaaaaaaaaa", "LIMIT_COMMON_PASSWORD"),
        ("xyxyxyxyxyxy", "LIMIT_COMMON_PASSWORD"),
        ("qwertyuiop1", "LIMIT_COMMON_PASSWORD"),
        ("Olga-2026-11-22", "LIMIT_COMMON_PASSWORD"),
        ("woaini1314520", "LIMIT_COMMON_PASSWORD"),
    ],
)
async def test_weak_passwords_are_refused(company: Company, client: Client, password: str, code: str) -> None:
    async with unchanged(company, without=("sign_in_tries",)):
        values = {"currentPassword": PASSWORD, "newPassword": password}
        refused = await asked(client, CHANGE, company.owner.token, **values)
    assert refused["errors"] == [{"path": ["newPassword"], "code": code}]


async def test_changing_the_password(company: Company, client: Client) -> None:
    """The old one is asked for; other sessions and known devices end, the one at hand goes on."""
    signed = await sign_in(client, company.owner)
    refused = await asked(client, CHANGE, company.owner.token, currentPassword="wrong", newPassword=NEW)
    assert refused["errors"] == [{"path": ["currentPassword"], "code": "SIGN_IN_WRONG_PASSWORD"}]
    changed = await asked(client, CHANGE, company.owner.token, currentPassword=PASSWORD, newPassword=NEW)
    assert changed == {"__typename": "ChangePasswordPayload"}
    assert (await is_in(client, company.owner.token), await is_in(client, signed["token"])) == (True, False)
    assert (await sign_in(client, company.owner))["code"] == "SIGN_IN_FAILED"
    again = await sign_in(client, company.owner, NEW, device=signed["device"])
    assert (again["__typename"], again["device"] is not None) == ("SignInPayload", True)
    # Whoever has a token alone cannot guess the password either.
    codes = [
        (await asked(client, CHANGE, again["token"], currentPassword="wrong", newPassword=NEW + "!"))["code"]
        for _ in range(11)
    ]
    assert codes == ["INVALID_INPUT"] * 10 + ["LIMIT_SIGN_IN"]


async def test_resetting_the_password(company: Company, client: Client, work: Drain, outbox: Outbox) -> None:
    """A secret goes to the address, is kept nowhere, and works once; all sessions end, and whoever was locked out is in."""
    for _ in range(11):
        await sign_in(client, company.owner, "wrong-password-1")
    await asked(client, REQUEST, email=f" {company.owner.email.upper()} ")
    assert await work.mail() == 1
    (mail,) = outbox.sent
    assert (mail["recipient"], mail["subject"]) == (company.owner.email, "Set your password anew")
    (secret,) = re.findall(r"Your secret:\n(\S+)", mail["body"])
    (kept,) = await company.rows(
        "SELECT token_hash, data::text FROM proofs WHERE address = %(at)s", at=company.owner.email
    )
    assert secret.encode() not in bytes(kept["token_hash"])
    assert secret not in kept["data"]
    weak = await asked(client, RESET, token=secret, newPassword="password123")
    assert weak["errors"] == [{"path": ["newPassword"], "code": "LIMIT_COMMON_PASSWORD"}]
    assert await asked(client, RESET, token=secret, newPassword=NEW) == {"__typename": "ResetPasswordPayload"}
    assert not await is_in(client, company.owner.token)
    assert (await sign_in(client, company.owner, NEW))["__typename"] == "SignInPayload"
    for token in (secret, "", "made-up", secret[:-1]):
        refused = await asked(client, RESET, token=token, newPassword=NEW + "!")
        assert refused["errors"] == [{"path": ["token"], "code": "SIGN_IN_UNKNOWN_SECRET"}]


async def test_resets_nobody_wanted(company: Company, client: Client, work: Drain, outbox: Outbox) -> None:
    """An unknown address gets nothing; a known one at most three messages in an hour, of which the last secret counts... for each."""
    await asked(client, REQUEST, email=f"nobody-{company.slug}@example.com")
    for _ in range(5):
        await asked(client, REQUEST, email=company.member.email)
    assert await work.mail() == 4
    assert [mail["recipient"] for mail in outbox.sent] == [company.member.email] * 3
    await company.rows("UPDATE proofs SET expires_at = now() RETURNING id")
    (secret,) = re.findall(r"Your secret:\n(\S+)", outbox.sent[0]["body"])
    refused = await asked(client, RESET, token=secret, newPassword=NEW)
    assert refused["errors"] == [{"path": ["token"], "code": "SIGN_IN_UNKNOWN_SECRET"}]


async def test_a_message_that_was_not_sent_is_sent_again(
    company: Company, client: Client, work: Drain, outbox: Outbox
) -> None:
    """With a new secret: the one of the attempt that failed is worthless."""
    await asked(client, REQUEST, email=company.owner.email)
    outbox.refusal = OSError("no mail server")
    assert await work.mail() == 1
    outbox.refusal = None
    assert await work.mail() == 0
    await company.rows("UPDATE proofs SET due_at = now() WHERE due_at IS NOT NULL RETURNING id")
    assert await work.mail() == 1
    (secret,) = re.findall(r"Your secret:\n(\S+)", outbox.sent[0]["body"])
    assert await asked(client, RESET, token=secret, newPassword=NEW) == {"__typename": "ResetPasswordPayload"}


async def test_a_secret_is_used_once_by_many_at_once(
    company: Company, client: Client, work: Drain, outbox: Outbox
) -> None:
    await asked(client, REQUEST, email=company.owner.email)
    await work.mail()
    (secret,) = re.findall(r"Your secret:\n(\S+)", outbox.sent[0]["body"])
    results = await asyncio.gather(
        *(asked(client, RESET, token=secret, newPassword=f"{NEW} {number}") for number in range(5))
    )
    assert sorted(result["__typename"] for result in results) == ["InvalidInput"] * 4 + ["ResetPasswordPayload"]


async def test_proofs_that_run_out_are_forgotten(company: Company, client: Client, database: Database) -> None:
    await asked(client, REQUEST, email=company.owner.email)
    await company.rows("UPDATE proofs SET expires_at = now() - interval '2 days' RETURNING id")
    assert await proofs.forget_old(database) >= 1
    assert await company.rows("SELECT id FROM proofs") == []


async def test_listing_and_ending_sessions(company: Company, client: Client) -> None:
    """SEC-1: mine with where they come from; ended one by one or all others; anybody's with the right, a stranger's never."""
    first, second = await sign_in(client, company.owner), await sign_in(client, company.owner)
    answer = await client.graphql(SESSIONS, token=first["token"])
    mine = answer["data"]["sessions"]
    assert [entry["current"] for entry in mine].count(True) == 1
    (here,) = [entry for entry in mine if entry["current"]]
    assert (here["address"], here["secondFactor"]) == ("127.0.0.1", False)
    assert here["userAgent"].startswith("python-httpx2/")
    assert len(mine) == 3
    answer = await client.graphql(SESSIONS, token=second["token"])
    (there,) = [entry["id"] for entry in answer["data"]["sessions"] if entry["current"]]
    assert await asked(client, REVOKE, first["token"], id=there) == {"__typename": "RevokeSessionPayload", "id": there}
    assert (await is_in(client, second["token"]), await is_in(client, first["token"])) == (False, True)
    again = await asked(client, REVOKE, first["token"], id=there)
    assert again["code"] == "NOT_FOUND"
    answer = await client.graphql("mutation { revokeOtherSessions { revoked } }", token=first["token"])
    assert answer == {"data": {"revokeOtherSessions": {"revoked": True}}}
    assert (await is_in(client, company.owner.token), await is_in(client, first["token"])) == (False, True)
    # Others' sessions need the right, and stay where it lacks.
    refused = await asked(client, REVOKE, company.member.token, id=here["id"])
    assert (refused["__typename"], refused["right"]) == ("NotAllowed", "member.update")
    listed = await client.graphql(SESSIONS, {"member": str(company.owner.id)}, token=company.member.token)
    assert listed["errors"][0]["extensions"]["right"] == "member.update"
    assert await is_in(client, first["token"])
    listed = await client.graphql(SESSIONS, {"member": str(company.member.id)}, token=first["token"])
    (theirs,) = listed["data"]["sessions"]
    assert (await asked(client, REVOKE, first["token"], id=theirs["id"]))["id"] == theirs["id"]
    assert not await is_in(client, company.member.token)


async def test_sessions_run_out(company: Company, client: Client, callers: Callers, database: Database) -> None:
    """After fourteen days, and earlier when they are not used for five; use is written down with one statement for all."""
    used = UsedSessions(database, callers)
    moment = "SELECT expires_at - now() < interval '5 days' AS runs_out, expires_at - created_at AS lasts FROM sessions WHERE member_id = %(id)s"
    await company.rows(
        "UPDATE sessions SET last_used_at = now() - interval '1 day', expires_at = now() + interval '1 minute' WHERE member_id = %(id)s RETURNING id",
        id=company.owner.id,
    )
    await company.caller()
    await used.note()
    assert (await company.rows(moment, id=company.owner.id))[0]["lasts"].days == 5
    await company.rows(
        "UPDATE sessions SET created_at = now() - interval '13 days', last_used_at = now() - interval '1 day' WHERE member_id = %(id)s RETURNING id",
        id=company.owner.id,
    )
    await company.caller()
    await used.note()
    assert (await company.rows(moment, id=company.owner.id))[0]["lasts"].days == 14
    await company.rows(
        "UPDATE sessions SET expires_at = now() WHERE member_id = %(id)s RETURNING id", id=company.owner.id
    )
    assert not await is_in(client, company.owner.token)


async def test_forged_tokens(company: Company, client: Client) -> None:
    """A2: two hundred of them, from nothing, from real ones, and real ones whose time is over."""
    token = company.owner.token
    flipped = [token[:place] + ("A" if char != "A" else "B") + token[place + 1 :] for place, char in enumerate(token)]
    cut = [token[:length] for length in range(4, len(token))]
    others = [token.upper(), token.lower(), token + "=", token + "A", token[3:], "ol_" + token, token[::-1]]
    jwt = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJvd25lciJ9."
    hashes = await company.rows("SELECT encode(token_hash, 'hex') AS hex FROM sessions WHERE tenant_id = %(tenant)s")
    others += [jwt, jwt + "x", *(row["hex"] for row in hashes), *("ol_" + row["hex"] for row in hashes)]
    made_up = [f"ol_{number:043d}" for number in range(200 - len(flipped) - len(cut) - len(others))]
    forged = [*flipped, *cut, *others, *made_up]
    assert len(forged) >= 200
    for text in forged:
        response = await client.post(WHO, token=text)
        assert response.status_code in (400, 401), text
    assert await is_in(client, token)
    for end in ("revoked_at = now()", "expires_at = now()"):
        person = await company.add_person("owner")
        assert await is_in(client, person.token)
        await company.rows(f"UPDATE sessions SET {end} WHERE member_id = %(id)s RETURNING id", id=person.id)
        assert not await is_in(client, person.token)
    person = await company.add_person("member")
    await done(company, UPDATE_MEMBER, id=str(person.id), active=False)
    assert not await is_in(client, person.token)
