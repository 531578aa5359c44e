"""Setting up identity providers: who may, what is refused, and that the secret is never seen again (X-29, E3)."""

import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
from graphql import parse, validate
from starlette.applications import Starlette

from schema.execution import SCHEMA
from tenants.database import Database
from tests.documents import unchanged
from tests.harness import Client, Company, Person, Row
from tests.identity_provider import CREATE, REDIRECT

pytestmark = pytest.mark.anyio

SECRET = "canary-of-a-client-secret"
GOOD = {"key": "login", "name": "Work Login", "issuer": "https://login.example.com", "clientId": "us"}
LIST = """
{ identityProviders { id key name issuer clientId hasClientSecret scopes domains defaultRoles roleClaim roleMapping { value role }
  createsMembers linksByEmail owners countsAsSecondFactor enforced active startUrl redirectUrl version } }
"""
UPDATE = """
mutation($input: UpdateIdentityProviderInput!) { result: updateIdentityProvider(input: $input) {
  __typename ... on IdentityProviderPayload { identityProvider { version hasClientSecret } }
  ... on Problem { code message } ... on InvalidInput { errors { path code message } }
} }
"""
REMOVE = """
mutation($input: RemoveIdentityProviderInput!) { result: removeIdentityProvider(input: $input) {
  __typename ... on RemoveIdentityProviderPayload { id } ... on Problem { code message } ... on InvalidInput { errors { path code } }
} }
"""
ENTRIES = "{ auditEntries { nodes { kind details { field to } } } }"
ROLE = """
mutation($input: DefineRoleInput!) { defineRole(input: $input) { __typename } }
"""


async def asked(company: Company, document: str, person: Person | None = None, /, **values: Any) -> Row:
    result: Row = (await company.data(document, {"input": values}, person=person))["result"]
    return result


async def made(company: Company, person: Person | None = None, **changes: Any) -> str:
    result = await asked(company, CREATE, person, **GOOD | changes)
    assert result["__typename"] == "IdentityProviderPayload", result
    identifier: str = result["identityProvider"]["id"]
    return identifier


async def rows(company: Company) -> list[Row]:
    return await company.rows("SELECT * FROM identity_providers WHERE tenant_id = %(tenant)s ORDER BY key")


async def test_a_provider_is_set_up_changed_and_removed(company: Company, client: Client) -> None:
    provider = await made(company, clientSecret=SECRET, domains=["Example.com", "example.com"])
    shown: Row = {
        "id": provider,
        **GOOD,
        "hasClientSecret": True,
        "scopes": ["openid", "email", "profile"],
        "domains": ["example.com"],
        "defaultRoles": [],
        "roleClaim": "",
        "roleMapping": [],
        **dict.fromkeys(("createsMembers", "linksByEmail", "owners", "countsAsSecondFactor", "enforced"), False),
        "active": True,
        "startUrl": f"http://orderloom.test/single-sign-on/{company.slug}/login",
        "redirectUrl": REDIRECT,
        "version": 1,
    }
    assert (await company.data(LIST))["identityProviders"] == [shown]
    mapping = [{"value": "staff", "role": "member"}]
    changed = await asked(company, UPDATE, id=provider, expectedVersion=1, roleClaim="groups", roleMapping=mapping)
    assert changed["identityProvider"] == {"version": 2, "hasClientSecret": True}
    # Nothing given, nothing changed; null takes the secret away.
    assert (await asked(company, UPDATE, id=provider))["identityProvider"]["version"] == 2
    stale = await asked(company, UPDATE, id=provider, expectedVersion=1, name="Other")
    assert (stale["__typename"], stale["code"]) == ("Conflict", "STALE_VERSION")
    assert (await asked(company, UPDATE, id=provider, clientSecret=None))["identityProvider"][
        "hasClientSecret"
    ] is False
    shown |= {"roleClaim": "groups", "roleMapping": mapping, "version": 3, "hasClientSecret": False}
    assert (await company.data(LIST))["identityProviders"] == [shown]
    assert (await asked(company, REMOVE, id=provider))["id"] == provider
    assert (await asked(company, REMOVE, id=provider))["code"] == "NOT_FOUND"
    assert await rows(company) == []


async def test_the_secret_is_written_and_never_read(company: Company, client: Client) -> None:
    """E3: neither in the database, nor in the log of what was done, nor in any field of the API."""
    provider = await made(company, clientSecret=SECRET)
    await asked(company, UPDATE, id=provider, clientSecret=SECRET + "-2")
    (row,) = await rows(company)
    assert bytes(row["client_secret"]).startswith(b"gAAAA")
    events = await company.rows(
        "SELECT kind, changes::text AS changes FROM events WHERE tenant_id = %(tenant)s AND kind = 'provider_changed'"
    )
    assert len(events) == 2
    assert SECRET not in str(row) + str(events)
    names = {name for kind in SCHEMA.type_map.values() for name in getattr(kind, "fields", {}) if "ecret" in name}
    assert {name for name in names if "lient" in name} == {"clientSecret", "hasClientSecret"}
    told = await asked(company, CREATE, None, **GOOD | {"key": "B", "clientSecret": SECRET})
    assert SECRET not in str(told)


@pytest.mark.parametrize(
    ("changes", "path", "code"),
    [
        ({"key": "Not A Key"}, "key", "SINGLE_SIGN_ON_BAD_KEY"),
        ({"name": " "}, "name", "VALUE_REQUIRED"),
        ({"issuer": "login.example.com"}, "issuer", "SINGLE_SIGN_ON_BAD_ISSUER"),
        ({"issuer": "https://user@login.example.com"}, "issuer", "SINGLE_SIGN_ON_BAD_ISSUER"),
        ({"issuer": "https://login.example.com?x=1"}, "issuer", "SINGLE_SIGN_ON_BAD_ISSUER"),
        ({"issuer": "javascript:alert(1)"}, "issuer", "SINGLE_SIGN_ON_BAD_ISSUER"),
        ({"scopes": ["two words"]}, "scopes", "SINGLE_SIGN_ON_BAD_ENTRY"),
        ({"domains": ["@example.com"]}, "domains", "SINGLE_SIGN_ON_BAD_ENTRY"),
        ({"defaultRoles": ["nobody"]}, "defaultRoles", "CONFIG_UNKNOWN_ROLE"),
        ({"defaultRoles": ["owner"]}, "defaultRoles", "LIMIT_OWNER_GRANT"),
        ({"roleMapping": [{"value": "x", "role": "owner"}]}, "roleMapping", "LIMIT_OWNER_GRANT"),
        ({"createsMembers": True}, "defaultRoles", "SINGLE_SIGN_ON_ROLES_WANTED"),
    ],
)
async def test_what_cannot_be_is_refused(company: Company, client: Client, changes: Row, path: str, code: str) -> None:
    async with unchanged(company):
        result = await asked(company, CREATE, None, **GOOD | changes)
    assert [(error["path"], error["code"]) for error in result["errors"]] == [([path], code)]
    assert await rows(company) == []


async def test_a_key_is_given_once(company: Company, client: Client, new_company: Any) -> None:
    await made(company)
    again = await asked(company, CREATE, None, **GOOD)
    assert [(error["path"], error["code"]) for error in again["errors"]] == [(["key"], "VALUE_TAKEN")]
    other: Company = await new_company()
    await made(other)
    assert [row["key"] for row in await rows(other)] == ["login"]


async def test_nobody_lets_a_provider_do_what_they_may_not(company: Company, client: Client) -> None:
    """Whoever sets it up could have it vouch for anybody: roles, members found by address, and owners."""
    grants = [{"object": "identity_provider", "actions": ["manage"]}, {"object": "order", "actions": ["read"]}]
    await company.data(ROLE, {"input": {"key": "it", "label": {"en": "IT"}, "grants": grants}})
    person = await company.add_person("it")
    for changes, path in (
        ({"defaultRoles": ["member"]}, "defaultRoles"),
        ({"roleMapping": [{"value": "x", "role": "admin"}]}, "roleMapping"),
        ({"linksByEmail": True}, "linksByEmail"),
    ):
        result = await asked(company, CREATE, person, **GOOD | changes)
        assert [(error["path"], error["code"]) for error in result["errors"]] == [([path], "LIMIT_ROLE_GRANT")]
    assert await rows(company) == []
    await made(company, person, defaultRoles=["it"], createsMembers=True)


async def test_what_owners_come_in_by_only_owners_change(company: Company, client: Client) -> None:
    admin = await company.add_person("admin")
    refused = await asked(company, CREATE, admin, **GOOD, owners=True)
    assert refused["errors"][0]["message"].startswith("Only an owner can let owners sign in by a provider")
    provider = await made(company, owners=True)
    for document, values in ((UPDATE, {"name": "Mine"}), (UPDATE, {"owners": False}), (REMOVE, {})):
        result = await asked(company, document, admin, id=provider, **values)
        assert [(error["path"], error["code"]) for error in result["errors"]] == [(["owners"], "SINGLE_SIGN_ON_OWNERS")]
    assert [row["version"] for row in await rows(company)] == [1]
    assert (await asked(company, UPDATE, id=provider, owners=False))["__typename"] == "IdentityProviderPayload"
    assert (await asked(company, REMOVE, admin, id=provider))["id"] == provider


def test_the_documents_of_the_guide_are_valid() -> None:
    text = (Path(__file__).parent.parent / "docs" / "single-sign-on.md").read_text(encoding="utf-8")
    documents = re.findall(r"```graphql\n(.*?)```", text, re.DOTALL)
    assert len(documents) == 3
    assert [validate(SCHEMA, parse(document)) for document in documents] == [[], [], []]


async def test_another_company_sees_nothing_of_it(company: Company, client: Client, new_company: Any) -> None:
    provider = await made(company)
    other: Company = await new_company()
    for document, values in ((UPDATE, {"name": "Mine"}), (REMOVE, {})):
        assert (await asked(other, document, None, id=provider, **values))["code"] == "NOT_FOUND"
    assert (await other.data(LIST))["identityProviders"] == []
    assert [row["name"] for row in await rows(company)] == ["Work Login"]


async def test_what_nobody_could_sign_in_by_is_not_enforced(
    company: Company, client: Client, app: Starlette, database: Database
) -> None:
    """Passwords of all but owners would count no more, and there would be no other way in."""
    async with unchanged(company):
        refusal = await asked(company, CREATE, **GOOD, enforced=True)
        assert [(error["path"], error["code"]) for error in refusal["errors"]] == [
            (["enforced"], "SINGLE_SIGN_ON_ENFORCE_LATER")
        ]
    provider = await made(company, issuer="https://127.0.0.1:1")
    async with unchanged(company):
        refusal = await asked(company, UPDATE, id=provider, enforced=True)
        assert [(error["path"], error["code"]) for error in refusal["errors"]] == [
            (["enforced"], "SINGLE_SIGN_ON_NOT_USABLE")
        ]
        assert refusal["message"].startswith("People cannot sign in at this provider: '127.0.0.1' ")
        assert (await asked(company, UPDATE, company.member, id=provider, enforced=True))["__typename"] == "NotAllowed"
    # Whoever tries to sign in is back at their page, and told nothing of what answers where; the company is.
    started = f"/single-sign-on/{company.slug}/login?challenge={'a' * 43}"
    answer = await client.http.get(started)
    page, _, said = answer.headers["location"].partition("?")
    assert (answer.status_code, page) == (303, "https://app.example.com/signed-in")
    assert dict(parse_qsl(said)) == {
        "error": "SINGLE_SIGN_ON_UNREACHABLE",
        "message": "Work Login cannot be reached just now. Try again, or ask an administrator of your company.",
    }
    await app.state.house.tallies.write(database)
    entries = (await company.data(ENTRIES))["auditEntries"]["nodes"]
    told = {entry["kind"]: {part["field"]: part["to"] for part in entry["details"]} for entry in entries}
    assert (told["PROVIDER_CHANGED"]["clientId"], told["PROVIDER_CHANGED"]["linksByEmail"]) == ("us", False)
    assert told["PROVIDER_REFUSED"]["detail"].startswith("127.0.0.1, ")
    assert (await asked(company, UPDATE, id=provider, name="Other"))["identityProvider"]["version"] == 2
