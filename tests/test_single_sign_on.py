"""Signing in at a real OpenID Connect provider, from the first address to the session (X-29, D-15)."""

from typing import Any

import pyotp
import pytest
from starlette.applications import Starlette

from tenants import people
from tenants.database import ENTER, Database
from tenants.sign_in.sessions import open_session
from tests.documents import UPDATE_MEMBER, done
from tests.harness import PASSWORD, Client, Company, Row
from tests.identity_provider import (
    CLIENT_SECRET,
    OTHER_PAGE,
    WHO,
    Visit,
    at_provider,
    cancelled_at_provider,
    members,
    provide,
    providers,
    refusals,
)

pytestmark = pytest.mark.anyio

UPDATE = """
mutation($input: UpdateIdentityProviderInput!) { result: updateIdentityProvider(input: $input) {
  __typename ... on IdentityProviderPayload { identityProvider { version active } } ... on Problem { code message }
} }
"""
SIGN_IN = """
mutation($input: SignInInput!) { result: signIn(input: $input) {
  __typename ... on SignInPayload { token } ... on Problem { code message }
} }
"""


@pytest.fixture
def issuer() -> str:
    """The provider, in a process of its own."""
    return providers().issuer


async def update(company: Company, provider: str, **changes: Any) -> Row:
    result: Row = (await company.data(UPDATE, {"input": {"id": provider} | changes}))["result"]
    return result


@pytest.mark.parametrize("client_id", ["orderloom", "without-secret", "by-post"])
async def test_somebody_signs_in_and_out(company: Company, client: Client, issuer: str, client_id: str) -> None:
    """By each way in which a client can say who it is; the address is taken from where the provider tells it, in small letters."""
    secrets = {"orderloom": CLIENT_SECRET, "without-secret": None, "by-post": "posted"}
    await provide(company, issuer, clientId=client_id, clientSecret=secrets[client_id])
    visit = Visit(client, company.slug)
    signed = await visit.sign_in("anna")
    assert signed["member"] | {"id": ""} == {
        "id": "",
        "email": "anna@example.com",
        "name": "Anna Arendt",
        "roles": ["read_only"],
    }
    assert (signed["tenant"], signed["secondFactorDue"]) == ({"slug": company.slug}, False)
    assert (await client.graphql(WHO, token=signed["token"]))["data"]["viewer"]["member"]["id"] == signed["member"][
        "id"
    ]
    # The second time she is the same.
    again = await Visit(client, company.slug, return_to=OTHER_PAGE).sign_in("anna")
    assert again["member"] == signed["member"]
    told = await company.rows(
        "SELECT changes FROM events WHERE tenant_id = %(tenant)s AND kind = 'signed_in' AND record_id = %(id)s",
        id=signed["member"]["id"],
    )
    assert [str(entry["changes"]).count("openid_connect") for entry in told] == [1, 1]
    await client.graphql("mutation { signOut { signedOut } }", token=signed["token"])
    assert (await client.graphql(WHO, token=signed["token"]))["errors"][0]["extensions"]["code"] == "NOT_SIGNED_IN"
    assert "errors" not in await client.graphql(WHO, token=again["token"])


async def test_each_step_can_be_done_once_and_by_its_browser(company: Company, client: Client, issuer: str) -> None:
    await provide(company, issuer)
    before = await members(company)
    visit = Visit(client, company.slug)
    target = await at_provider((await visit.off()).headers["location"], "anna")
    browser = dict(client.http.cookies)
    client.http.cookies.clear()
    # Another browser, with the same address: login CSRF.
    stolen = await client.http.get(target)
    assert (stolen.status_code, stolen.text) == (
        400,
        "This sign-in is over, was finished already, or was begun in another browser. Begin again.\n",
    )
    assert await members(company) == before
    client.http.cookies.update(browser)
    code = (await visit.back(target))["code"]
    replayed = await client.http.get(target)
    assert (replayed.status_code, replayed.headers["cache-control"]) == (400, "no-store")
    # Another page, with the code from the address; it is of no use to its owner then either.
    assert (await visit.finish(code, "x" * 43))["code"] == "SINGLE_SIGN_ON_OVER"
    assert (await visit.finish(code))["code"] == "SINGLE_SIGN_ON_OVER"
    # The provider's code, brought with a state that is not its own.
    other = Visit(client, company.slug)
    fresh = await at_provider((await other.off()).headers["location"], "anna")
    foreign = (await visit.off()).headers["location"].split("state=")[1].split("&")[0]
    own = fresh.split("state=")[1].split("&")[0]
    assert (await visit.back(fresh.replace(own, foreign)))["error"] == "SINGLE_SIGN_ON_REFUSED"
    signed = await other.finish((await other.back(fresh))["code"])
    assert signed["__typename"] == "SignInPayload"
    assert (await other.finish("x" * 43))["code"] == "SINGLE_SIGN_ON_OVER"
    left = "SELECT count(*) AS n FROM single_sign_on_ends WHERE tenant_id = %(tenant)s"
    assert await company.rows(left) == [{"n": 0}]


async def test_nobody_is_sent_elsewhere(company: Company, client: Client, issuer: str) -> None:
    """An open redirect, a code that lasts, and a cookie that scripts read."""
    await provide(company, issuer)
    for page in (
        "https://evil.example.com/",
        "//evil.example.com",
        "https://app.example.com/signed-in/../x",
        "javascript:x",
    ):
        refused = await Visit(client, company.slug, return_to=page).off()
        assert (refused.status_code, "location" in refused.headers) == (400, False)
        assert refused.text.startswith(f"Nobody is sent back to '{page}'")
    assert (await Visit(client, company.slug).off(challenge="short")).status_code == 400
    for slug, key in ((company.slug, "none"), ("nobody", "login")):
        refused = await Visit(client, slug, key).off()
        assert (refused.status_code, refused.text) == (
            400,
            "There is no such way to sign in. Look at the address again.\n",
        )
    off = await Visit(client, company.slug).off()
    assert off.headers["location"].startswith(f"{issuer}/auth?response_type=code&client_id=orderloom&redirect_uri=")
    cookie = off.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    await company.rows(
        "UPDATE single_sign_on_starts SET expires_at = now() WHERE tenant_id = %(tenant)s RETURNING 1 AS x"
    )
    target = await at_provider(off.headers["location"], "anna")
    assert (await client.http.get(target)).status_code == 400


@pytest.mark.parametrize(
    ("changes", "account", "code"),
    [
        ({}, "bert", "SINGLE_SIGN_ON_NOT_VERIFIED"),
        ({"domains": ["example.com"]}, "carl", "SINGLE_SIGN_ON_OTHER_DOMAIN"),
        ({"createsMembers": False}, "anna", "SINGLE_SIGN_ON_NOBODY"),
        (
            {"roleClaim": "groups", "roleMapping": [{"value": "staff", "role": "member"}], "defaultRoles": []},
            "anna",
            "SINGLE_SIGN_ON_NO_ROLE",
        ),
        ({"clientSecret": "another"}, "anna", "SINGLE_SIGN_ON_REFUSED"),
    ],
)
async def test_who_is_not_let_in_leaves_nothing(
    company: Company, client: Client, issuer: str, changes: Row, account: str, code: str
) -> None:
    await provide(company, issuer, **changes)
    before = await members(company)
    page = await Visit(client, company.slug).go(account)
    assert page["error"] == code
    assert page["message"].endswith((".", ")"))
    assert await members(company) == before
    assert await company.rows("SELECT subject FROM member_identities WHERE tenant_id = %(tenant)s") == []


async def test_the_company_is_told_why_somebody_did_not_get_in(
    company: Company, client: Client, issuer: str, app: Starlette, database: Database
) -> None:
    """Cancelled there, not let in here, too late, or in another browser: an entry of the audit log each."""
    await provide(company, issuer, createsMembers=False)
    cancelled = await cancelled_at_provider((await Visit(client, company.slug).off()).headers["location"])
    assert (await Visit(client, company.slug).back(cancelled))["error"] == "SINGLE_SIGN_ON_REFUSED"
    assert (await Visit(client, company.slug).go("anna"))["error"] == "SINGLE_SIGN_ON_NOBODY"
    state = (await Visit(client, company.slug).off()).headers["location"].split("state=")[1].split("&")[0]
    back = f"/single-sign-on/callback?state={state}&code=c"
    browser = dict(client.http.cookies)
    client.http.cookies.clear()
    assert (await client.http.get(back)).status_code == 400
    client.http.cookies.update(browser)
    late = "UPDATE single_sign_on_starts SET expires_at = now() WHERE tenant_id = %(tenant)s RETURNING 1 AS x"
    assert await company.rows(late) == [{"x": 1}]
    assert (await client.http.get(back)).status_code == 400
    assert (await client.http.get(back)).status_code == 400
    assert await refusals(company, app, database) == [
        ("single_sign_on.nobody", "anna@example.com, Work Login"),
        ("single_sign_on.refused", "Work Login, access_denied"),
        ("visit.expired", ""),
        ("visit.other_browser", ""),
    ]


async def test_roles_follow_the_claim(company: Company, client: Client, issuer: str) -> None:
    """At each sign-in; the roles of sessions that are open change with them."""
    mapping = [{"value": "sales", "role": "member"}]
    provider = await provide(company, issuer, scopes=["email", "groups"], roleClaim="groups", roleMapping=mapping)
    first = await Visit(client, company.slug).sign_in("anna")
    assert first["member"]["roles"] == ["member", "read_only"]
    await update(company, provider, roleMapping=[], defaultRoles=["read_only"])
    second = await Visit(client, company.slug).sign_in("anna")
    assert second["member"]["roles"] == ["read_only"]
    shown = await client.graphql(WHO, token=first["token"])
    assert shown["data"]["viewer"]["member"]["roles"] == ["read_only"]


async def test_a_member_is_found_by_address_once_and_only_where_allowed(
    company: Company, client: Client, issuer: str
) -> None:
    provider = await provide(company, issuer)
    async with company.database.connection() as connection, connection.transaction():
        await connection.execute(ENTER, {"tenant": company.id})
        user = await people.find_or_create_user(connection, "carl@elsewhere.com", "Carl", "!")
        carl = await people.add_member(connection, company.id, user, "Carl", "carl@elsewhere.com", ["member"], "en")
    refused = await Visit(client, company.slug).go("carl")
    assert refused["error"] == "SINGLE_SIGN_ON_NOBODY"
    assert refused["message"].startswith("Nobody signs in here as carl@elsewhere.com by Work Login.")
    await update(company, provider, linksByEmail=True)
    signed = await Visit(client, company.slug).sign_in("carl")
    assert (signed["member"]["id"], signed["member"]["roles"]) == (str(carl), ["member"])
    # From then on the subject counts, and whoever is given the address is somebody else.
    await company.rows(
        "UPDATE member_identities SET subject = 'the Carl before' WHERE tenant_id = %(tenant)s RETURNING 1 AS x"
    )
    assert (await Visit(client, company.slug).go("carl"))["error"] == "SINGLE_SIGN_ON_NOBODY"


async def test_owners_come_in_only_where_an_owner_lets_them(company: Company, client: Client, issuer: str) -> None:
    provider = await provide(company, issuer, linksByEmail=True)
    await company.rows(
        "UPDATE members SET email = 'anna@example.com' WHERE id = %(id)s RETURNING 1 AS x", id=company.owner.id
    )
    assert (await Visit(client, company.slug).go("anna"))["error"] == "SINGLE_SIGN_ON_OWNER"
    await update(company, provider, owners=True, roleClaim="groups")
    signed = await Visit(client, company.slug).sign_in("anna")
    # Whatever the claim says, owners stay owners.
    assert (signed["member"]["id"], signed["member"]["roles"]) == (str(company.owner.id), ["owner"])


async def test_passwords_are_off_where_a_provider_is_enforced(company: Company, client: Client, issuer: str) -> None:
    provider = await provide(company, issuer)
    signed = await Visit(client, company.slug).sign_in("anna")
    await company.rows(
        "UPDATE users SET password_hash = (SELECT password_hash FROM users WHERE email = %(owner)s)"
        " WHERE email = 'anna@example.com' RETURNING 1 AS x",
        owner=company.owner.email,
    )

    async def by_password(email: str) -> str:
        given = {"email": email, "password": PASSWORD, "tenant": company.slug}
        result: Row = (await client.graphql(SIGN_IN, {"input": given}))["data"]["result"]
        return str(result.get("code") or result["__typename"])

    assert await by_password("anna@example.com") == "SignInPayload"
    sessions = (
        "SELECT count(*) AS n FROM sessions WHERE tenant_id = %(tenant)s AND revoked_at IS NULL AND member_id = %(id)s"
    )
    assert await company.rows(sessions, id=company.member.id) == [{"n": 1}]
    assert "errors" not in await company.graphql(WHO, person=company.member)
    await update(company, provider, enforced=True)
    # Whoever came in with a password is out at once, and told why; owners, and those whom the provider let in, are not.
    assert await company.rows(sessions, id=company.member.id) == [{"n": 0}]
    (error,) = (await company.graphql(WHO, person=company.member))["errors"]
    assert (error["extensions"]["code"], error["message"]) == (
        "NOT_SIGNED_IN",
        "Your company signs in by its identity provider; here, only owners have a password.",
    )
    for token in (company.owner.token, signed["token"]):
        assert "errors" not in await client.graphql(WHO, token=token)
    # Whoever is made an owner may come in with a password, until they are one no longer.
    await company.rows(
        "UPDATE sessions SET revoked_at = NULL WHERE member_id = %(id)s RETURNING 1 AS x", id=company.member.id
    )
    for roles, refused in ((["owner"], False), (["member"], True)):
        await done(company, UPDATE_MEMBER, id=str(company.member.id), roles=roles)
        answer = await company.graphql(WHO, person=company.member)
        assert ("errors" in answer) is refused
    # One that is opened at the same moment is of no use either.
    late = await open_session(company.database, company.id, company.member.id)
    (error,) = (await client.graphql(WHO, token=late.token))["errors"]
    assert error["message"].startswith("Your company signs in by its identity provider")
    assert await by_password("anna@example.com") == "SINGLE_SIGN_ON_WANTED"
    assert await by_password(company.owner.email) == "SignInPayload"
    assert (await Visit(client, company.slug).sign_in("anna"))["__typename"] == "SignInPayload"
    # Switched off, it is enforced no more, and whom it let in is out.
    assert (await update(company, provider, active=False))["identityProvider"] == {"version": 3, "active": False}
    assert await by_password("anna@example.com") == "SignInPayload"
    assert (await client.graphql(WHO, token=signed["token"]))["errors"][0]["extensions"]["code"] == "NOT_SIGNED_IN"
    assert (await Visit(client, company.slug).off()).status_code == 400


async def test_it_holds_for_one_company(company: Company, client: Client, issuer: str, new_company: Any) -> None:
    """Who is a member of two companies is vouched for in one of them, and cannot go on to the other with it."""
    await provide(company, issuer)
    other: Company = await new_company()
    await provide(other, issuer, createsMembers=False)
    signed = await Visit(client, company.slug).sign_in("anna")
    assert (await Visit(client, other.slug).go("anna"))["error"] == "SINGLE_SIGN_ON_NOBODY"
    assert len(await members(other)) == 3
    async with other.database.connection() as connection, connection.transaction():
        await connection.execute(ENTER, {"tenant": other.id})
        user = await people.find_or_create_user(connection, "anna@example.com", "Anna", "!")
        await people.add_member(connection, other.id, user, "Anna", "anna@example.com", ["admin"], "en")
    shown = await client.graphql("{ viewer { companies { slug } } }", token=signed["token"])
    assert shown["data"]["viewer"]["companies"] == [{"slug": company.slug}]
    switch = (
        "mutation($to: String!) { result: switchCompany(input: {tenant: $to}) { __typename ... on Problem { code } } }"
    )
    answer = await client.graphql(switch, {"to": other.slug}, token=signed["token"])
    assert answer["data"]["result"] == {"__typename": "NotSignedIn", "code": "SINGLE_SIGN_ON_ONE_COMPANY"}


async def test_a_second_factor_is_asked_for_where_the_provider_has_not(
    company: Company, client: Client, issuer: str
) -> None:
    provider = await provide(company, issuer)
    token = (await Visit(client, company.slug).sign_in("dora"))["token"]
    await company.rows(
        "UPDATE users SET password_hash = (SELECT password_hash FROM users WHERE email = %(owner)s)"
        " WHERE email = 'dora@example.com' RETURNING 1 AS x",
        owner=company.owner.email,
    )
    start = "mutation($p: String!) { result: startSecondFactor(input: {password: $p}) { ... on StartSecondFactorPayload { secret } } }"
    secret = (await client.graphql(start, {"p": PASSWORD}, token=token))["data"]["result"]["secret"]
    prove = "mutation($c: String!) { result: proveSecondFactor(input: {code: $c}) { ... on RecoveryCodesPayload { codes } } }"
    codes = (await client.graphql(prove, {"c": pyotp.TOTP(secret).now()}, token=token))["data"]["result"]["codes"]
    wanted = await Visit(client, company.slug).sign_in("dora")
    assert wanted["__typename"] == "CodeWantedPayload"
    confirm = (
        "mutation($input: ConfirmSignInInput!) { result: confirmSignIn(input: $input)"
        " { __typename ... on SignInPayload { token } } }"
    )
    given = {"input": {"challenge": wanted["challenge"], "code": codes[0]}}
    assert (await client.graphql(confirm, given))["data"]["result"]["__typename"] == "SignInPayload"
    opened = "SELECT count(*) AS n FROM sessions WHERE tenant_id = %(tenant)s AND provider_id IS NOT NULL AND revoked_at IS NULL"
    assert await company.rows(opened) == [{"n": 2}]
    await update(company, provider, countsAsSecondFactor=True)
    assert (await Visit(client, company.slug).sign_in("dora"))["__typename"] == "SignInPayload"


async def test_a_provider_is_tried(company: Company, client: Client, issuer: str) -> None:
    """What is wrong is said in plain words."""
    provider = await provide(company, issuer)
    document = (
        "mutation($id: ID!) { result: testIdentityProvider(input: {id: $id})"
        " { ... on TestIdentityProviderPayload { usable problems } ... on Problem { code } } }"
    )

    async def tried() -> Row:
        result: Row = (await company.data(document, {"id": provider}))["result"]
        return result

    assert await tried() == {"usable": True, "problems": []}
    for wrong, said in (
        (
            issuer + "/",
            f"The provider calls itself '{issuer}', and not '{issuer}/': write the issuer exactly as it does.",
        ),
        (
            issuer + "/none",
            f"'{issuer}/none/.well-known/openid-configuration' answers with status 404; 200 is wanted. Is the issuer right?",
        ),
        (
            "https://10.1.2.3",
            "'10.1.2.3' is not on the public internet, and is not called. The operator can allow its network (OUTGOING_PRIVATE_NETWORKS).",
        ),
        ("https://login.invalid", "The name 'login.invalid' is not known."),
    ):
        await update(company, provider, issuer=wrong)
        assert await tried() == {"usable": False, "problems": [said]}
    sent = (await Visit(client, company.slug).off()).headers["location"]
    assert "error=SINGLE_SIGN_ON_UNREACHABLE" in sent
    assert "login.invalid" not in sent
