"""One person in several companies with one login (X-34), and what members change of themselves, through GraphQL."""

from datetime import timedelta
from typing import Any

import pytest

from tests.conftest import NewCompany
from tests.documents import DEFINE_ROLE, UPDATE_MEMBER, bad_values, done, mutation, refused, unchanged
from tests.harness import PASSWORD, Client, Company, Drain, Outbox, Person, Row
from tests.test_invitations import UNKNOWN, new_address, no_messages, secret_of  # noqa: F401  (a fixture)
from tests.test_people import SIGN_OUT, code_of, sign_in
from tests.test_second_factor import SET, Clock, clock, confirm, enrolled  # noqa: F401  (a fixture)
from tests.test_sign_in import CHANGE, NEW, REQUEST, RESET

pytestmark = pytest.mark.anyio

COMPANIES = "{ viewer { companies { slug name current } } }"
SWITCH = """
mutation($input: SwitchCompanyInput!) { result: switchCompany(input: $input) {
  __typename ... on SignInPayload { token device secondFactorDue member { id roles } tenant { slug } }
  ... on CodeWantedPayload { challenge } ... on Problem { code message }
} }
"""
UPDATE_SELF = mutation("updateSelf", "Member", "member { id version name language }")
REQUEST_EMAIL = mutation("requestEmailChange", "RequestEmailChange", "requested")
CONFIRM_EMAIL = mutation("confirmEmailChange", "ConfirmEmailChange", "email")


async def ask(client: Client, document: str, by: str | None = None, /, **values: Any) -> Row:
    answer = await client.graphql(document, {"input": values}, token=by)
    assert "errors" not in answer, answer
    result: Row = answer["data"]["result"]
    return result


async def joined(company: Company, person: Person, *roles: str) -> Row:
    """The person as a member of another company."""
    return await company.add_member(email=person.email, name="Guest", password=PASSWORD, roles=list(roles))


async def test_going_from_one_to_another(company: Company, client: Client, new_company: NewCompany) -> None:
    """Without the password; each session is one of its own, and ends when the one that it came from would have."""
    other, third = await new_company(), await new_company()
    guest = await joined(other, company.owner, "read_only")
    listed = (await company.data(COMPANIES))["viewer"]["companies"]
    assert listed == sorted(
        (
            {"slug": company.slug, "name": "Test Company", "current": True},
            {"slug": other.slug, "name": "Test Company", "current": False},
        ),
        key=lambda each: str(each["slug"]),
    )
    await company.rows(
        "UPDATE sessions SET created_at = now() - interval '13 days' WHERE member_id = %(id)s RETURNING id",
        id=company.owner.id,
    )
    there = await ask(client, SWITCH, company.owner.token, tenant=other.slug)
    assert (there["tenant"], there["device"], there["secondFactorDue"]) == ({"slug": other.slug}, None, False)
    assert there["member"] == {"id": guest["id"], "roles": ["read_only"]}
    (session,) = await other.rows(
        "SELECT expires_at - now() AS left FROM sessions WHERE member_id = %(id)s", id=guest["id"]
    )
    assert timedelta(hours=23) < session["left"] <= timedelta(days=1)
    assert [await code_of(client, token) for token in (company.owner.token, there["token"])] == ["OK", "OK"]
    signed_in = "SELECT changes FROM events WHERE kind = 'signed_in' AND actor_id = %(id)s"
    (entry,) = await other.rows(signed_in, id=guest["id"])
    assert {"field": "method", "old": None, "new": "switch"} in entry["changes"]
    await client.graphql(SIGN_OUT, token=there["token"])
    assert await code_of(client, there["token"]) == "NOT_SIGNED_IN"
    assert await code_of(client, company.owner.token) == "OK"
    back = await ask(client, SWITCH, company.owner.token, tenant=other.slug)
    await client.graphql(SIGN_OUT, token=company.owner.token)
    assert await code_of(client, back["token"]) == "OK"
    # Nobody gets anywhere where they do not belong, and what is there is not told.
    refusals = [await ask(client, SWITCH, back["token"], tenant=slug) for slug in (third.slug, "t" * len(third.slug))]
    assert [refusal["code"] for refusal in refusals] == ["NOT_FOUND"] * 2
    assert refusals[0]["message"].replace(third.slug, "t" * len(third.slug)) == refusals[1]["message"]
    ended = await ask(client, SWITCH, company.owner.token, tenant=other.slug)
    assert (ended["__typename"], ended["code"]) == ("NotSignedIn", "NOT_SIGNED_IN")


async def test_who_left_a_company_cannot_go_there(company: Company, client: Client, new_company: NewCompany) -> None:
    other = await new_company()
    guest = await joined(other, company.owner, "read_only")
    there = await ask(client, SWITCH, company.owner.token, tenant=other.slug)
    await done(other, UPDATE_MEMBER, id=guest["id"], active=False)
    assert await code_of(client, there["token"]) == "NOT_SIGNED_IN"
    assert (await ask(client, SWITCH, company.owner.token, tenant=other.slug))["code"] == "NOT_FOUND"
    assert [each["slug"] for each in (await company.data(COMPANIES))["viewer"]["companies"]] == [company.slug]


async def test_each_company_has_its_own_rules_of_sign_in(
    company: Company, client: Client, new_company: NewCompany
) -> None:
    """One that wants a second factor lets nobody do anything who has not shown one; the way out of it stays open."""
    strict = await new_company()
    await joined(strict, company.owner, "member")
    assert (await ask(client, SET, strict.owner.token, secondFactor=["member"]))["__typename"] == "ConfigurationPayload"
    there = await ask(client, SWITCH, company.owner.token, tenant=strict.slug)
    assert there["secondFactorDue"] is True
    assert await code_of(client, there["token"]) == "OK"
    listed = await client.graphql("{ orders { totalCount } }", token=there["token"])
    assert [error["extensions"]["code"] for error in listed["errors"]] == ["SECOND_FACTOR_DUE"]
    back = await ask(client, SWITCH, there["token"], tenant=company.slug)
    assert (back["tenant"], back["secondFactorDue"]) == ({"slug": company.slug}, False)


async def test_a_second_factor_goes_along_or_is_asked_for(
    company: Company,
    client: Client,
    new_company: NewCompany,
    clock: Clock,  # noqa: F811  (as above)
) -> None:
    """A session that has shown it shows it in the other company too; one that has not is asked for a code, as at the door."""
    strict = await new_company()
    await joined(strict, company.owner, "member")
    await ask(client, SET, strict.owner.token, secondFactor=["member"])
    secret, _ = await enrolled(client, clock, company.owner.token)
    there = await ask(client, SWITCH, company.owner.token, tenant=strict.slug)
    assert (there["__typename"], there["secondFactorDue"]) == ("SignInPayload", False)
    await company.rows(
        "UPDATE sessions SET second_factor = FALSE, stamp = stamp + 1 WHERE member_id = %(id)s RETURNING id",
        id=company.owner.id,
    )
    wanted = await ask(client, SWITCH, company.owner.token, tenant=strict.slug)
    assert wanted["__typename"] == "CodeWantedPayload"
    assert (await confirm(client, wanted["challenge"], "000000"))["code"] == "INVALID_INPUT"
    opened = await confirm(client, wanted["challenge"], clock.code(secret))
    listed = await client.graphql("{ orders { totalCount } viewer { tenant { slug } } }", token=opened["token"])
    assert listed["data"] == {"orders": {"totalCount": 0}, "viewer": {"tenant": {"slug": strict.slug}}}


async def test_ones_own_name_and_language(company: Company, client: Client) -> None:
    """Without any right over members; it holds for the next request, and a field that is closed stays so."""
    changed = await done(company, UPDATE_SELF, company.read_only, name=" Rita R. ", language="zh")
    assert {**changed, "id": ""} == {"id": "", "version": 2, "name": "Rita R.", "language": "zh"}
    refusal = await refused(company, UPDATE_SELF, company.read_only, name=" ", language="xx")
    assert bad_values(refusal) == {"name": "VALUE_REQUIRED", "language": "VALUE_NOT_OPTION"}
    assert refusal["errors"][1]["message"] == "xx 不在选项之中：en, zh。"
    assert (await done(company, UPDATE_SELF, company.read_only, name="Rita R."))["version"] == 2
    grants = [{"object": "member", "actions": ["write"], "fields": ["name"], "effect": "deny"}]
    await done(company, DEFINE_ROLE, key="badge", label={"en": "Badge"}, inherits=["read_only"], grants=grants)
    badge = await company.add_person("badge")
    async with unchanged(company):
        assert bad_values(await refused(company, UPDATE_SELF, badge, name="Other")) == {"name": "VALUE_NOT_WRITABLE"}


async def test_a_new_address_is_proved(
    company: Company, client: Client, new_company: NewCompany, work: Drain, outbox: Outbox
) -> None:
    """It counts in all companies once its secret came back; the old one is warned, and nothing tells who has an account."""
    other = await new_company()
    guest = await joined(other, company.owner, "read_only")
    email = new_address()
    wrong = await ask(client, REQUEST_EMAIL, company.owner.token, email=email, password="wrong")
    assert bad_values(wrong) == {"password": "SIGN_IN_WRONG_PASSWORD"}
    bad = await ask(client, REQUEST_EMAIL, company.owner.token, email="nobody", password=PASSWORD)
    assert bad_values(bad) == {"email": "VALUE_NOT_EMAIL"}
    for address in (email.upper(), other.owner.email):
        asked = await ask(client, REQUEST_EMAIL, company.owner.token, email=address, password=PASSWORD)
        assert asked == {"__typename": "RequestEmailChangePayload", "requested": True}
    await work()
    assert [mail["recipient"] for mail in outbox.sent] == [company.owner.email] * 2
    assert await work.mail() == 2
    secrets = {mail["recipient"]: secret_of(mail) for mail in outbox.sent[2:]}
    async with unchanged(company), unchanged(other):
        taken = await ask(client, CONFIRM_EMAIL, token=secrets[other.owner.email])
        assert bad_values(taken) == {"token": "PEOPLE_ADDRESS_TAKEN"}
        assert bad_values(await ask(client, CONFIRM_EMAIL, token="made-up")) == UNKNOWN
    assert (await ask(client, CONFIRM_EMAIL, token=secrets[email]))["email"] == email
    assert (await sign_in(client, company.owner.email, tenant=company.slug))["code"] == "SIGN_IN_FAILED"
    for place, member_id in ((company, str(company.owner.id)), (other, guest["id"])):
        signed = await sign_in(client, email, tenant=place.slug)
        assert signed["member"] == {"id": member_id, "email": email}
        changed = "SELECT changes FROM events WHERE kind = 'member_changed' AND record_id = %(id)s"
        (entry,) = await place.rows(changed, id=member_id)
        assert entry["changes"] == [{"field": "email", "old": company.owner.email, "new": email}]
    for secret in secrets.values():
        assert (await ask(client, CONFIRM_EMAIL, token=secret))["code"] == "INVALID_INPUT"
    assert await code_of(client, company.owner.token) == "OK"


async def test_an_address_that_moved_meanwhile(company: Company, client: Client, work: Drain, outbox: Outbox) -> None:
    """Of two addresses that were asked for, the one that is proved first counts."""
    for _ in range(2):
        await ask(client, REQUEST_EMAIL, company.owner.token, email=new_address(), password=PASSWORD)
    await work.mail()
    first, second = (secret_of(mail) for mail in outbox.sent)
    assert (await ask(client, CONFIRM_EMAIL, token=first))["__typename"] == "ConfirmEmailChangePayload"
    assert bad_values(await ask(client, CONFIRM_EMAIL, token=second)) == UNKNOWN


@pytest.mark.parametrize("how", ["change", "reset"])
async def test_a_new_password_ends_what_was_asked_for_before(
    company: Company, client: Client, work: Drain, outbox: Outbox, how: str
) -> None:
    """Who had the password asked for another address, and for messages to set it anew: none of it counts any more."""
    await ask(client, REQUEST_EMAIL, company.owner.token, email=new_address(), password=PASSWORD)
    for _ in range(2):
        await ask(client, REQUEST, email=company.owner.email)
    await work.mail()
    moving, *resets = (secret_of(mail) for mail in outbox.sent)
    if how == "change":
        changed = await ask(client, CHANGE, company.owner.token, currentPassword=PASSWORD, newPassword=NEW)
    else:
        changed = await ask(client, RESET, token=resets.pop(), newPassword=NEW)
    assert changed["__typename"] in ("ChangePasswordPayload", "ResetPasswordPayload")
    assert bad_values(await ask(client, CONFIRM_EMAIL, token=moving)) == UNKNOWN
    for secret in resets:
        assert bad_values(await ask(client, RESET, token=secret, newPassword=NEW + " again")) == UNKNOWN
    assert (await sign_in(client, company.owner.email, NEW))["__typename"] == "SignInPayload"
