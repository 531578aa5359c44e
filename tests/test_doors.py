"""The other ways in than GraphQL: every address and every command, against a written table of who may use it (D-09, T7).

One that is added without a word here fails the test.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount, Route, WebSocketRoute
from typer.main import get_command

from server import cli
from tests.conftest import NewCompany
from tests.documents import an_order, unchanged
from tests.harness import Client, Company
from tests.rights import ANYBODY, ROLES, SIGNED_IN
from tests.test_files import download, hung, upload, uploaded

pytestmark = pytest.mark.anyio

EACH_FIELD = "as each field of the operation asks, by the tables of rights.py"
# By method and path; what stands behind a company's right is told by the right.
ADDRESSES: dict[str, str] = {
    "any /graphql": EACH_FIELD,
    "WebSocket /graphql": EACH_FIELD,
    # What hangs on a record is given to who may read the field that it hangs at; all else to who brought it or asked for it.
    "GET /files/{id}": SIGNED_IN,
    # And a right to create or to change something that a file can hang on.
    "POST /files": SIGNED_IN,
    # What browsers ask before they call; it says whose pages may.
    "OPTIONS /files": ANYBODY,
    "OPTIONS /files/{id}": ANYBODY,
    # Whoever signs in has no token yet, and brings the provider's word.
    "GET /single-sign-on/callback": ANYBODY,
    "GET /single-sign-on/{slug}/{key}": ANYBODY,
    "POST /single-sign-on/{slug}/{key}/response": ANYBODY,
    "GET /single-sign-on/{slug}/{key}/metadata": ANYBODY,
    "POST /single-sign-on/{slug}/{key}/back-channel-logout": ANYBODY,
    # A page without data, and where it leads from.
    "any /": ANYBODY,
    "GET /explorer/": ANYBODY,
    "GET /explorer/assets/*": ANYBODY,
    # The mails that were not sent, where no server for them is set and nobody but this machine is listened to.
    "GET /mailbox": ANYBODY,
    "GET /mailbox/{id:uuid}": ANYBODY,
    # Of the process, and of no company.
    "GET /healthz": ANYBODY,
    "GET /readyz": ANYBODY,
    "GET /metrics": ANYBODY,
}
# Whoever has the URLs of the database may do anything. What acts in a company does so as the operator, by the commands that people use,
# and its history, change sets or audit log say so.
AS_OPERATOR = {
    *("import", "export", "config apply", "config revert", "config template apply", "config template remove"),
    *("tenant create", "tenant owner", "tenant quota", "token", "seed-demo"),
}
# As the owner of the database, which no process that serves is.
AS_OWNER_OF_THE_DATABASE = {"migrate", "audit remove"}
# They tell, or change what is no company's data.
OF_THE_INSTANCE = {
    *(
        "run",
        "serve",
        "worker",
        "clock",
        "secret-key",
        "tenant list",
        "audit verify",
        "isolation prove",
        "isolation reports",
    ),
    *("config export", "config log", "config plan", "config template list"),
    *("documents add", "documents list", "documents remove", "search rebuild"),
}


def addresses(app: Starlette) -> Iterator[str]:
    for route in app.routes:
        if isinstance(route, WebSocketRoute):
            yield f"WebSocket {route.path}"
        elif isinstance(route, Mount):
            yield f"GET {route.path}/*"
        else:
            assert isinstance(route, Route), route
            methods = "any" if route.methods is None else " ".join(sorted(route.methods - {"HEAD"}))
            yield f"{methods} {route.path}"


def commands(command: Any, path: tuple[str, ...] = ()) -> Iterator[str]:
    parts = getattr(command, "commands", None)
    if parts is None:
        yield " ".join(path)
        return
    for name, part in parts.items():
        yield from commands(part, (*path, name))


async def test_the_table_of_addresses_is_complete(app: Starlette) -> None:
    assert set(addresses(app)) ^ set(ADDRESSES) == set()


def test_the_table_of_commands_is_complete() -> None:
    known = [*AS_OPERATOR, *AS_OWNER_OF_THE_DATABASE, *OF_THE_INSTANCE]
    assert sorted(commands(get_command(cli.app))) == sorted(known)


@pytest.mark.parametrize("address", [address for address, who in ADDRESSES.items() if who == SIGNED_IN])
async def test_nobody_without_a_token(company: Company, client: Client, address: str) -> None:
    method, path = address.split()
    file_id = await uploaded(company)
    async with unchanged(company):
        for headers in ({}, {"authorization": "Bearer ol_wrong"}):
            answer = await client.http.request(
                method,
                path.replace("{id}", str(file_id)),
                params={"name": "a.txt"},
                headers={**headers, "content-type": "text/plain"},
            )
            assert answer.status_code == 401, headers
            assert [error["extensions"]["code"] for error in answer.json()["errors"]] == ["NOT_SIGNED_IN"]


async def test_files_for_each_role_of_both_companies(company: Company, client: Client, new_company: NewCompany) -> None:
    """Who may read the record has its file; those who see only some records, and everybody of another company, find none."""
    other = await new_company()
    order, file_id = await an_order(company), await uploaded(company)
    assert await hung(company, order, [file_id]) == []
    people: dict[tuple[Any, str], Any] = {
        (each.id, role): await each.add_person(role) for each in (company, other) for role in ROLES
    }
    found = {
        (each.slug, role): (await download(each, file_id, people[each.id, role])).status_code
        for each in (company, other)
        for role in ROLES
    }
    assert found == {
        (each.slug, role): 200 if each is company and role != "portal" else 404
        for each in (company, other)
        for role in ROLES
    }
    async with unchanged(company):
        taken = [(await upload(other, person=people[other.id, role])).status_code for role in ROLES]
    assert dict(zip(ROLES, taken, strict=True)) == {
        **dict.fromkeys(("owner", "admin", "member"), 201),
        **dict.fromkeys(("read_only", "portal"), 403),
    }
