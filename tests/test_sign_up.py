"""Founding a company oneself (X-73), through GraphQL."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from ipaddress import ip_network
from typing import Any

import pytest
from starlette.applications import Starlette

from server.proxies import Proxies
from server.settings import Settings
from tenants.companies import SLUG
from tenants.config.shipped_templates import template_names
from tenants.database import Database
from tenants.quotas import Quotas
from tenants.sign_up import RESERVED, Terms
from tenants.transaction import new_id
from tests.conftest import NewCompany
from tests.documents import bad_values, mutation
from tests.harness import PASSWORD, Client, Company, Drain, Outbox, Row, Statements
from tests.test_invitations import UNKNOWN, new_address, no_messages, secret_of  # noqa: F401  (a fixture)
from tests.test_people import sign_in

pytestmark = pytest.mark.anyio

SIGN_UP = mutation("signUp", "SignUp", "requested")
CONFIRM = mutation("confirmSignUp", "ConfirmSignUp", "tenant email")
WHO = "{ viewer { member { name email roles language } tenant { slug name language timeZone currency } } }"
ORDER = """mutation { createOrder(input: {lines: [{name: "x", unitPrice: "1"}]}) {
  ... on OrderPayload { order { number } } ... on Problem { code message } } }"""


@pytest.fixture
def terms(app: Starlette) -> Iterator[Terms]:
    """An instance that lets companies have two records."""
    before = app.state.house
    found = Terms(Quotas(records=2), per_network=10**6, per_hour=10**6)
    app.state.house = replace(before, sign_up=found)
    yield found
    app.state.house = before


def new_slug() -> str:
    return f"s{new_id().hex[-20:]}"


async def ask(client: Client, document: str, by: str | None = None, /, **values: Any) -> Row:
    answer = await client.graphql(document, {"input": values}, token=by)
    assert "errors" not in answer, answer
    result: Row = answer["data"]["result"]
    return result


async def wanted(client: Client, **changes: Any) -> Row:
    """The result of a sign-up."""
    usual = {"companyName": "Blue Door", "slug": new_slug(), "name": "Ada", "email": new_address()}
    return await ask(client, SIGN_UP, **(usual | changes))


async def count(database: Database) -> int:
    async with database.connection() as connection:
        row = await (await connection.execute("SELECT count(*) AS found FROM tenants")).fetchone()
    assert row is not None
    return int(row["found"])


async def test_a_company_is_founded(
    client: Client, database: Database, work: Drain, outbox: Outbox, statements: Statements
) -> None:
    """Once its owner has shown that they read the address: with the template, language, time zone and currency that were chosen."""
    slug, email = new_slug(), new_address()
    before = await count(database)
    choices = {"template": "retail", "language": "zh", "timeZone": "Asia/Shanghai", "currency": "cny"}
    asked = await wanted(client, companyName=" 蓝门  店 ", slug=slug, name="艾达", email=email.upper(), **choices)
    assert asked == {"__typename": "SignUpPayload", "requested": True}
    assert await count(database) == before
    assert await work.mail() == 1
    (mail,) = outbox.sent
    assert (mail["recipient"], mail["subject"]) == (email, "创建您的公司")
    assert "创建公司“蓝门 店”。" in mail["body"]
    secret = secret_of(mail)
    assert bad_values(await ask(client, CONFIRM, token="made-up", password=PASSWORD)) == UNKNOWN
    assert bad_values(await ask(client, CONFIRM, token=secret)) == {"password": "VALUE_REQUIRED"}
    assert bad_values(await ask(client, CONFIRM, token=secret, password="short")) == {"password": "LIMIT_PASSWORD"}
    assert await count(database) == before
    statements.clear()
    assert await ask(client, CONFIRM, token=secret, password=PASSWORD) == {
        "__typename": "ConfirmSignUpPayload",
        "tenant": slug,
        "email": email,
    }
    # However much the template brings.
    assert len(statements.texts) <= 20
    signed = await sign_in(client, email)
    found = (await client.graphql(WHO, token=signed["token"]))["data"]["viewer"]
    assert found["member"] == {"name": "艾达", "email": email, "roles": ["owner"], "language": "zh"}
    company = {"slug": slug, "name": "蓝门 店", "language": "zh", "timeZone": "Asia/Shanghai", "currency": "CNY"}
    assert found["tenant"] == company
    audit = await client.graphql("{ auditEntries { nodes { kind } } }", token=signed["token"])
    assert {"kind": "COMPANY_FOUNDED"} in audit["data"]["auditEntries"]["nodes"]
    order = await client.graphql(ORDER, token=signed["token"])
    assert order["data"]["createOrder"]["order"]["number"]
    assert bad_values(await ask(client, CONFIRM, token=secret, password=PASSWORD)) == UNKNOWN


@pytest.mark.parametrize("template", template_names())
async def test_every_template_can_be_chosen(client: Client, work: Drain, outbox: Outbox, template: str) -> None:
    slug = new_slug()
    await wanted(client, slug=slug, template=template)
    await work.mail()
    founded = await ask(client, CONFIRM, token=secret_of(outbox.sent[0]), password=PASSWORD)
    assert founded["tenant"] == slug


async def test_what_cannot_be_founded(client: Client, company: Company, work: Drain) -> None:
    """All bad values at once; a slug that is taken or reserved is told with one that is free, and that one is."""
    bad = await wanted(
        client,
        companyName=" ",
        slug="No Slug",
        name="",
        email="nobody",
        template="no_such",
        language="xx",
        timeZone="Mars/Base",
        currency="XXX1",
    )
    assert bad_values(bad) == {
        "companyName": "VALUE_REQUIRED",
        "slug": "LIMIT_SLUG",
        "name": "VALUE_REQUIRED",
        "email": "VALUE_NOT_EMAIL",
        "template": "VALUE_NOT_OPTION",
        "language": "VALUE_NOT_OPTION",
        "timeZone": "VALUE_NOT_OPTION",
        "currency": "VALUE_NOT_CURRENCY",
    }
    for slug, code, sentence in (
        (company.slug, "PEOPLE_SLUG_TAKEN", f"'{company.slug}' is taken; '{company.slug}-2' is free."),
        ("admin", "PEOPLE_SLUG_RESERVED", "'admin' cannot be chosen; 'admin-2' is free."),
    ):
        (error,) = (await wanted(client, slug=slug))["errors"]
        assert (error["path"], error["code"], error["message"]) == (["slug"], code, sentence)
    assert (await wanted(client, slug=f"{company.slug}-2"))["__typename"] == "SignUpPayload"
    assert await work.mail() == 1
    assert all(SLUG.fullmatch(slug) for slug in RESERVED)


async def test_of_two_who_want_a_slug_one_gets_it(
    client: Client, database: Database, work: Drain, outbox: Outbox
) -> None:
    """The other chooses anew, with the same message."""
    slug = new_slug()
    for _ in range(2):
        await wanted(client, slug=slug)
    await work.mail()
    first, second = (secret_of(mail) for mail in outbox.sent)
    before = await count(database)
    results = await asyncio.gather(*(ask(client, CONFIRM, token=first, password=PASSWORD) for _ in range(4)))
    assert sorted(result["__typename"] for result in results) == ["ConfirmSignUpPayload"] + ["InvalidInput"] * 3
    assert await count(database) == before + 1
    late = await ask(client, CONFIRM, token=second, password=PASSWORD)
    assert [(error["code"], error["message"]) for error in late["errors"]] == [
        ("PEOPLE_SLUG_TAKEN", f"'{slug}' is taken; '{slug}-2' is free.")
    ]
    again = await ask(client, CONFIRM, token=second, password=PASSWORD, slug=f"{slug}-2")
    assert again["tenant"] == f"{slug}-2"


async def test_nobody_learns_who_has_an_account(
    client: Client, company: Company, statements: Statements, work: Drain, outbox: Outbox
) -> None:
    """Known and unknown addresses take the same statements and words; an account keeps its password."""
    shown = []
    for email in (company.owner.email, new_address()):
        statements.clear()
        result = await wanted(client, email=email, companyName="Second Door")
        shown.append((list(statements.texts), result))
    assert shown[0] == shown[1]
    await work.mail()
    (secret,) = (secret_of(mail) for mail in outbox.sent if mail["recipient"] == company.owner.email)
    wrong = await ask(client, CONFIRM, token=secret, password="another-good-password")
    assert bad_values(wrong) == {"password": "SIGN_IN_WRONG_PASSWORD"}
    founded = await client.graphql(CONFIRM, {"input": {"token": secret}}, token=company.owner.token)
    slug = founded["data"]["result"]["tenant"]
    assert (await sign_in(client, company.owner.email, tenant=slug))["tenant"]["slug"] == slug
    assert (await sign_in(client, company.owner.email))["code"] == "SIGN_IN_CHOOSE"


async def test_three_messages_an_hour(client: Client, work: Drain) -> None:
    """More are not sent to an address, and nobody is told; nor are slugs kept for anybody."""
    email = new_address()
    for _ in range(5):
        assert (await wanted(client, email=email))["requested"] is True
    assert await work.mail() == 3


async def test_the_operators_terms(
    client: Client, terms: Terms, app: Starlette, database: Database, work: Drain, outbox: Outbox
) -> None:
    """A company that founded itself has the quotas of the operator; where the operator says so, nobody founds any."""
    await wanted(client)
    await wanted(client)
    await work.mail()
    first, second = (secret_of(mail) for mail in outbox.sent)
    founded = await ask(client, CONFIRM, token=first, password=PASSWORD)
    async with database.connection() as connection:
        cursor = await connection.execute("SELECT quotas FROM tenants WHERE slug = %s", [founded["tenant"]])
        row = await cursor.fetchone()
    assert row == {"quotas": {"records": 2}}
    app.state.house = replace(app.state.house, sign_up=None)
    before = await count(database)
    for result in (await wanted(client), await ask(client, CONFIRM, token=second, password=PASSWORD)):
        assert (result["__typename"], result["code"]) == ("Conflict", "PEOPLE_SIGN_UP_CLOSED")
    assert (await count(database), await work.mail()) == (before, 0)


async def test_the_settings_of_sign_up() -> None:
    assert Settings().sign_up_terms() == Terms(Quotas(records=100_000, storage_bytes=2_048 * 2**20), 20, 500)
    limited = Settings.model_validate({"sign_up_records": 5, "sign_up_storage_mb": 1})
    assert limited.sign_up_terms() == Terms(Quotas(records=5, storage_bytes=2**20))
    assert Settings.model_validate({"sign_up": "closed"}).sign_up_terms() is None


async def test_what_strangers_say_is_not_sent_on(client: Client, work: Drain) -> None:
    """No name with an address of mail or the web, and none that is not one line of what can be seen; ordinary names pass."""
    for bad in (
        "Bank http://evil.example now",
        "www.evil",
        "evil.example",
        "mail me@evil",
        "192.0.2.7 is it",
        "at bb.cc/d",
    ):
        refusal = await wanted(client, companyName=bad, name=bad)
        assert bad_values(refusal) == dict.fromkeys(("companyName", "name"), "PEOPLE_NAME_IS_ADDRESS"), bad
    for bad in ("Orla \u202egnp", "Or\u0007la", "O\u2060rla"):
        refusal = await wanted(client, companyName=bad, name=bad)
        assert bad_values(refusal) == dict.fromkeys(("companyName", "name"), "VALUE_NOT_A_NAME"), bad
    assert await work.mail() == 0
    for good in (
        "St. Gallen & Söhne GmbH",
        "St.Gallen AG",
        "O'Neil, J.R.",
        "蓝门（上海）有限公司",
        "नमस्\u200dते",
        "50% Off 24/7",
    ):
        assert (await wanted(client, companyName=good, name=good))["__typename"] == "SignUpPayload", good
    assert await work.mail() == 6


async def test_messages_are_bounded(
    client: Client, app: Starlette, terms: Terms, database: Database, work: Drain, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For each network and for the instance, however many addresses they go to; what is refused counts for nobody else."""
    monkeypatch.setattr(app, "proxies", Proxies([ip_network("127.0.0.0/8")]))
    async with database.connection() as connection:
        await connection.execute("DELETE FROM sign_in_tries")
    app.state.house = replace(app.state.house, sign_up=Terms(Quotas(), per_network=2, per_hour=5))

    async def asked_from(address: str) -> str:
        client.http.headers["X-Forwarded-For"] = address
        values = {"companyName": "Blue Door", "slug": new_slug(), "name": "Ada", "email": new_address()}
        result = await ask(client, SIGN_UP, **values)
        if result["__typename"] == "LimitExceeded":
            assert result["message"] == "Too many want to found a company just now. Try again in 60 minutes."
        return str(result.get("code", "sent"))

    try:
        near = [await asked_from(f"203.0.113.{last}") for last in range(1, 5)]
        far = [await asked_from(f"2001:db8:{block:x}::7") for block in range(4)]
    finally:
        del client.http.headers["X-Forwarded-For"]
    assert near == ["sent", "sent", "LIMIT_SIGN_UPS", "LIMIT_SIGN_UPS"]
    assert far == ["sent", "sent", "sent", "LIMIT_SIGN_UPS"]
    assert await work.mail() == 5
    async with database.connection() as connection:
        await connection.execute("DELETE FROM sign_in_tries")


async def test_a_session_of_somebody_else(
    client: Client, company: Company, new_company: NewCompany, work: Drain, outbox: Outbox
) -> None:
    """Does not count: the account must be the one of the address."""
    await wanted(client, email=company.owner.email)
    await work.mail()
    secret = secret_of(outbox.sent[0])
    result = await ask(client, CONFIRM, (await new_company()).owner.token, token=secret)
    assert (result["__typename"], result["code"]) == ("Conflict", "PEOPLE_OTHER_ADDRESS")
