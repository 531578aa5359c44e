"""Whose sign-in has changed, or is tried by others, is told by mail, by a message that gives nothing away (issue 5, point 6)."""

import re
from typing import Any

import pytest
from starlette.applications import Starlette

from tenants.database import Database
from tests.documents import done, mutation
from tests.harness import PASSWORD, Client, Company, Drain, Outbox, Row
from tests.test_second_factor import DROP, RENEW, Clock, clock, enrolled
from tests.test_second_factor import RESET as RESET_FACTOR
from tests.test_sign_in import CHANGE, NEW, REQUEST, RESET, asked, no_messages, sign_in

pytestmark = pytest.mark.anyio
__all__ = ["clock", "no_messages"]

REQUEST_ADDRESS = mutation("requestEmailChange", "RequestEmailChange", "requested")
CONFIRM_ADDRESS = mutation("confirmEmailChange", "ConfirmEmailChange", "email")
AUDIT = "{ auditEntries(orderBy: [{at: ASC}]) { nodes { kind actorName details { field to } } } }"
SUBJECT = "Your sign-in has changed"
IF_NOT = "If it was you, there is nothing to do. If it was not, set your password anew at once (requestPasswordReset), and tell an administrator of your company."  # fmt: skip


async def told(work: Drain, outbox: Outbox) -> list[tuple[str, str]]:
    """To whom the notices of just now went, and what each says first."""
    outbox.sent.clear()
    await work.mail()
    found = [mail for mail in outbox.sent if mail["subject"] == SUBJECT]
    for mail in found:
        assert str(mail["body"]).endswith(f"\n\n{IF_NOT}"), mail
        assert "Your secret" not in mail["body"]
    return [(mail["recipient"], mail["body"].removesuffix(f"\n\n{IF_NOT}")) for mail in found]


async def entries(company: Company) -> list[Row]:
    found: list[Row] = (await company.data(AUDIT))["auditEntries"]["nodes"]
    return found


async def test_each_change_is_told(company: Company, client: Client, work: Drain, outbox: Outbox, clock: Clock) -> None:
    """Password, second factor, recovery codes, address: to the account's address, and to the one before where that has changed."""
    owner, mail = company.owner, company.owner.email
    await asked(client, CHANGE, owner.token, currentPassword="wrong", newPassword=NEW)
    assert await told(work, outbox) == []
    await asked(client, CHANGE, owner.token, currentPassword=PASSWORD, newPassword=NEW)
    changed = (mail, "The password of your account was changed. Your other sessions have ended.")
    assert await told(work, outbox) == [changed]
    await asked(client, CHANGE, owner.token, currentPassword=NEW, newPassword=PASSWORD)
    assert await told(work, outbox) == [changed]
    secret, _ = await enrolled(client, clock, owner.token)
    assert await told(work, outbox) == [(mail, "A second factor was set up for your account.")]
    await asked(client, RENEW, owner.token, password=PASSWORD, code=clock.code(secret))
    renewed = (mail, "Your account has new recovery codes. Those before are worthless.")
    assert await told(work, outbox) == [renewed]
    await asked(client, DROP, owner.token, password=PASSWORD, code=clock.code(secret))
    assert await told(work, outbox) == [(mail, "The second factor of your account was taken away.")]
    await asked(client, REQUEST_ADDRESS, owner.token, email="olga@new.example", password=PASSWORD)
    assert await told(work, outbox) == []
    (token,) = re.findall(r"Your secret:\n(\S+)", str(outbox.sent[0]["body"]))
    await asked(client, CONFIRM_ADDRESS, token=token)
    moved = "Your account is signed in to with olga@new.example from now on, no more with this address."
    assert await told(work, outbox) == [(mail, moved)]
    kinds = [entry["kind"] for entry in await entries(company)]
    assert kinds.count("EMAIL_CHANGE_REQUESTED") == 1


async def test_what_others_do_is_told(
    company: Company, client: Client, app: Starlette, database: Database, work: Drain, outbox: Outbox, clock: Clock
) -> None:
    """An administrator who takes a second factor away, a reset by mail, and whoever tries too many passwords, once in an hour; in the
    person's language. That a reset was asked for stands in the audit log, as does from where."""
    tallies = app.state.house.tallies
    await tallies.write(database)
    person = await company.add_person("admin", language="zh")
    await company.rows(
        "UPDATE users SET password_hash = (SELECT password_hash FROM users WHERE email = %(owner)s) WHERE email = %(at)s RETURNING id",
        owner=company.owner.email,
        at=person.email,
    )
    await enrolled(client, clock, person.token)
    await work.mail()
    outbox.sent.clear()
    await done(company, mutation("resetSecondFactor", "Member", "member { id }"), memberId=str(person.id))
    assert RESET_FACTOR
    await work.mail()
    (mail,) = outbox.sent
    assert (mail["recipient"], mail["subject"]) == (person.email, "您的登录方式有变动")
    assert str(mail["body"]).startswith("Test Company 的 Olga Owner 已取消您账号的双重验证，所有会话已结束。\n")
    email = company.owner.email
    for address in (email, "nobody-at-all@example.com"):
        await asked(client, REQUEST, email=address)
        await asked(client, REQUEST, email=address)
    assert await told(work, outbox) == []
    (token,) = re.findall(r"Your secret:\n(\S+)", str(outbox.sent[0]["body"]))
    await asked(client, RESET, token=token, newPassword=PASSWORD)
    reset = "The password of your account was set anew by a message to this address. Your sessions have ended."
    assert await told(work, outbox) == [(email, reset)]
    signed = await sign_in(client, company.owner)
    for _ in range(2):
        for _ in range(12):
            await sign_in(client, company.owner, "wrong-password-1")
        await tallies.write(database)
    guessed = "Somebody has tried too many wrong passwords or codes for your account. Nobody got in, and you are let in on devices that you have signed in on before."  # fmt: skip
    assert await told(work, outbox) == [(email, guessed)]
    answer = await client.graphql(AUDIT, token=signed["token"])
    nodes: list[dict[str, Any]] = answer["data"]["auditEntries"]["nodes"]
    (wish,) = [node for node in nodes if node["kind"] == "PASSWORD_RESET_REQUESTED"]
    assert wish["actorName"] == "?"
    assert wish["details"] == [{"field": "times", "to": 2}, {"field": "address", "to": "127.0.0.1"}]


async def test_a_password_is_the_same_however_it_is_composed(company: Company, client: Client) -> None:
    """Letters with marks come as one character or as two, by the system; a hash of before, of what was typed, holds too."""
    composed, decomposed = "pässwörd-über-lang", "pa\u0308sswo\u0308rd-u\u0308ber-lang"
    assert composed != decomposed
    await asked(client, CHANGE, company.owner.token, currentPassword=PASSWORD, newPassword=decomposed)
    for password in (composed, decomposed):
        assert (await sign_in(client, company.owner, password))["__typename"] == "SignInPayload"
    for password in ("passwörd-über-lang", composed.upper()):
        assert (await sign_in(client, company.owner, password))["code"] == "SIGN_IN_FAILED"
