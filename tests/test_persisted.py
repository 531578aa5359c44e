"""Documents that are named by their hash: learned from a client, registered ahead, and the only ones allowed."""

import hashlib
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import orjson
import pytest
from starlette.applications import Starlette

from server.persisted import PersistedDocuments
from tenants import documents
from tenants.database import Database
from tests.conftest import NewCompany
from tests.harness import Client, Company, Person, Row
from tests.requests import NEW, OLD

pytestmark = pytest.mark.anyio

DOCUMENT = "query ($n: Int) { orders(first: $n) { totalCount } }"


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def persisted(text: str, **more: Any) -> Row:
    return {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": digest(text)}}, **more}


async def post(client: Client, body: Row, person: Person | None, accept: str = NEW) -> httpx2.Response:
    headers = {"content-type": OLD, "accept": accept}
    if person is not None:
        headers["authorization"] = f"Bearer {person.token}"
    return await client.http.post("/graphql", content=orjson.dumps(body), headers=headers)


async def outcome(client: Client, body: Row, person: Person | None, accept: str = NEW) -> tuple[int, str]:
    """Status and code, "OK" where something was answered."""
    response = await post(client, body, person, accept)
    answer = response.json()
    return response.status_code, answer["errors"][0]["extensions"]["code"] if "errors" in answer else "OK"


@pytest.fixture
def forgetful(app: Starlette, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Makes the application forget what it knows by hash, as another process would not know it."""

    def forget() -> None:
        known: PersistedDocuments = app.state.documents
        monkeypatch.setattr(known, "_known", type(known._known)(1_000))

    return forget


async def test_a_client_teaches_a_document_and_names_it_from_then_on(
    company: Company, client: Client, forgetful: Any
) -> None:
    """As Apollo's clients do it: hash, then hash and text, then hash; over GET too, and in every process."""
    text = f"# {company.id}\n{DOCUMENT}"
    response = await post(client, persisted(text), company.owner)
    assert (response.status_code, response.json()) == (
        400,
        {"errors": [{"message": "PersistedQueryNotFound", "extensions": {"code": "PERSISTED_QUERY_NOT_FOUND"}}]},
    )
    # For the older type it is an answer like another.
    assert await outcome(client, persisted(text), company.owner, OLD) == (200, "PERSISTED_QUERY_NOT_FOUND")
    assert await outcome(client, persisted(text, query=text), company.owner) == (200, "OK")
    for _ in range(2):
        found = await post(client, persisted(text, variables={"n": 1}), company.member)
        assert found.json()["data"] == {"orders": {"totalCount": 0}}
        assert await outcome(client, {"documentId": f"sha256:{digest(text)}"}, company.owner) == (200, "OK")
        forgetful()
    query = {"extensions": orjson.dumps(persisted(text)["extensions"]).decode()}
    headers = {"authorization": f"Bearer {company.owner.token}", "accept": NEW}
    assert (await client.http.get("/graphql", params=query, headers=headers)).status_code == 200


async def test_what_one_company_taught_no_other_knows(
    company: Company, new_company: NewCompany, client: Client
) -> None:
    other = await new_company()
    text = f"# {company.id}\n{DOCUMENT}"
    assert await outcome(client, persisted(text, query=text), company.owner) == (200, "OK")
    assert await outcome(client, persisted(text), other.owner) == (400, "PERSISTED_QUERY_NOT_FOUND")
    assert await outcome(client, persisted(text), None) == (400, "PERSISTED_QUERY_NOT_FOUND")
    # Strangers teach nothing.
    public = f"# {company.id}\n{{ __typename }}"
    assert await outcome(client, persisted(public, query=public), None) == (200, "OK")
    assert await outcome(client, persisted(public), None) == (400, "PERSISTED_QUERY_NOT_FOUND")


async def test_a_mutation_that_spells_out_a_text_is_not_kept(company: Company, client: Client) -> None:
    """It runs, but the text may be a password: neither a row nor the memory of the process has it afterwards."""
    change = "{{ result: changePassword(input: {{currentPassword: {0}, newPassword: {0}}}) {{ __typename }} }}"
    spelled = ('"never-the-password"', '"""never-the-password"""')
    texts = [f"mutation {change.format(text)}" for text in spelled]
    texts.append(f'query Q {{ __typename }} mutation M($p: String! = "secret") {change.format("$p")}')
    for text in texts:
        body = persisted(text, query=text, operationName="M" if "M(" in text else None)
        assert await outcome(client, body, company.owner) == (200, "OK")
        assert await outcome(client, persisted(text), company.owner) == (400, "PERSISTED_QUERY_NOT_FOUND")
    assert await company.rows("SELECT 1 FROM documents") == []
    # With variables it is kept, and so is a query, whatever it spells out.
    for text in (f"mutation($p: String!) {change.format('$p')}", '{ orders(search: "x") { totalCount } }'):
        body = persisted(text, query=text, variables={"p": "never-the-password"})
        assert await outcome(client, body, company.owner) == (200, "OK")
    kept = await company.rows("SELECT text FROM documents ORDER BY text")
    assert len(kept) == 2
    assert not any("never" in row["text"] for row in kept)


@pytest.mark.parametrize(
    "body",
    [
        {**persisted("{ __typename }"), "query": "{ __typename __typename }"},
        {"extensions": {"persistedQuery": {"version": 2, "sha256Hash": "a" * 64}}},
        {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": "A" * 64}}},
        {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": "a" * 65}}},
        {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": 1}}},
        {"extensions": {"persistedQuery": {"version": 1}}},
        {"extensions": {"persistedQuery": []}},
        {"extensions": {"persistedQuery": "a" * 64}},
        {"documentId": "a" * 64},
        {"documentId": 1},
        {"documentId": f"md5:{'a' * 64}"},
        {"documentId": f"sha256:{'a' * 64}", "query": "{ __typename }"},
    ],
)
async def test_a_name_that_is_none_is_refused(company: Company, client: Client, body: Row) -> None:
    assert await outcome(client, body, company.owner) == (400, "BAD_REQUEST")
    assert await company.rows("SELECT 1 FROM documents") == []


async def test_only_the_newest_that_were_learned_are_kept(
    company: Company, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(documents, "MOST_LEARNED", 3)
    await documents.register(database, company.id, {bytes([99]): "registered"})
    for place in range(5):
        await documents.learn(database, company.id, bytes([place]), f"text {place}")
    rows = await company.rows("SELECT text FROM documents ORDER BY created_at")
    assert [row["text"] for row in rows] == ["registered", "text 2", "text 3", "text 4"]


@pytest.fixture
async def strict(app: Starlette, database: Database) -> AsyncIterator[None]:
    """The application as it is with ``DOCUMENTS=registered``."""
    before = app.state.documents
    app.state.documents = PersistedDocuments(database, app.state.house.callers, registered_only=True)
    yield
    app.state.documents = before


@pytest.mark.usefixtures("strict")
async def test_where_only_registered_documents_are_allowed(
    company: Company, new_company: NewCompany, client: Client, database: Database
) -> None:
    """Texts are run only if they were registered, for the company or for all; nothing is learned."""
    other = await new_company()
    text, for_all = f"# {company.id}\n{DOCUMENT}", f"# all {company.id}\n{{ __typename }}"
    for body in ({"query": text}, persisted(text, query=text)):
        assert await outcome(client, body, company.owner) == (400, "DOCUMENT_NOT_REGISTERED")
    assert await outcome(client, persisted(text), company.owner) == (400, "PERSISTED_QUERY_NOT_FOUND")
    assert await company.rows("SELECT 1 FROM documents") == []
    await documents.register(database, company.id, {bytes.fromhex(digest(text)): text})
    await documents.register(database, None, {bytes.fromhex(digest(for_all)): for_all})
    for body in ({"query": text}, persisted(text), {"documentId": f"sha256:{digest(text)}"}):
        assert await outcome(client, body, company.owner) == (200, "OK")
        code = "DOCUMENT_NOT_REGISTERED" if "query" in body else "PERSISTED_QUERY_NOT_FOUND"
        assert await outcome(client, body, other.owner) == (400, code)
    assert await outcome(client, persisted(for_all), None) == (200, "OK")
    assert await documents.remove(database, None, [bytes.fromhex(digest(for_all))]) == 1
