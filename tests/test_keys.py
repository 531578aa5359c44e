"""Keys of programs: what they may do, for how long, from where, and how they end (X-27)."""

import asyncio
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import orjson
import pytest
from graphql import GraphQLInputObjectType, get_named_type
from starlette.applications import Starlette
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from schema.execution import PERSONAL, SCHEMA
from server.sessions import UsedSessions
from tenants.callers import Callers
from tenants.calls import Call, under_way
from tenants.database import Database
from tenants.keys import using
from tenants.keys.secret import is_wrong, new_secret
from tenants.rules.writable import WRITTEN
from tests.documents import (
    CREATE_ORDER,
    DEFINE_ROLE,
    HISTORY,
    INVITE_MEMBER,
    bad_values,
    done,
    mutation,
    refused,
    unchanged,
)
from tests.harness import Client, Company, Person, Row
from tests.secret_fields import filled

pytestmark = pytest.mark.anyio

KEY = "apiKey { id name hint roles rights recordTypes readOnly networks createdByName expiresAt revokedAt lastUsedAt }"
CREATE = mutation("createApiKey", "ApiKeySecret", f"secret {KEY}")
ROTATE = mutation("rotateApiKey", "ApiKeySecret", f"secret {KEY}")
REVOKE = mutation("revokeApiKey", "ApiKey", KEY)
LIST = f"{{ apiKeys {{ nodes {{ {KEY[9:-2]} }} }} }}"
RIGHTS = "{ viewer { rights } }"
READING = {"order.read", "customer.read", "product.read", "member.read", "automation.read"}


async def a_key(company: Company, by: Person | None = None, /, **values: Any) -> Row:
    """A key that was made, with its ``secret``."""
    made = await done(company, CREATE, by, **({"name": "ERP", "roles": ["member"]} | values))
    return {**made["apiKey"], "secret": made["secret"]}


def as_person(key: Row) -> Person:
    return Person(key["id"], "", key["secret"])


async def code_of(client: Client, token: str, document: str = RIGHTS) -> str | None:
    answer = await client.graphql(document, token=token)
    return answer["errors"][0]["extensions"]["reason"] if "errors" in answer else None


async def age_secrets(company: Company, key: Row, by: str) -> None:
    """As if the key and its secrets were older."""
    for table, column in (("sessions", "key_id"), ("api_keys", "id")):
        await company.rows(
            f"UPDATE {table} SET expires_at = expires_at - %(by)s::interval WHERE {column} = %(id)s RETURNING 1",
            by=by,
            id=key["id"],
        )


def test_secrets_can_be_found_by_scanners() -> None:
    """By their beginning, and by an end that follows from the rest: a random text is none, nor is a mistyped secret."""
    secrets = {new_secret() for _ in range(200)}
    assert len(secrets) == 200
    assert all(re.fullmatch(r"olk_[0-9A-Za-z]{49}", secret) for secret in secrets)
    assert not any(map(is_wrong, secrets))
    secret = secrets.pop()
    for place in range(4, len(secret)):
        other = "a" if secret[place] != "a" else "b"
        assert is_wrong(secret[:place] + other + secret[place + 1 :])
    assert not is_wrong("ol_" + secret)


async def test_a_key_acts_by_its_name(company: Company, client: Client) -> None:
    """It has the rights of its roles to records; the history says which key it was and who made it."""
    key = await a_key(company, name="ERP sync")
    assert (key["hint"], key["roles"], key["createdByName"]) == (key["secret"][:10], ["member"], "Olga Owner")
    expires = datetime.fromisoformat(key["expiresAt"])
    assert timedelta(days=364) < expires - datetime.now(UTC) < timedelta(days=366)
    rights = set((await company.data(RIGHTS, person=as_person(key)))["viewer"]["rights"])
    assert rights >= READING | {"order.create", "customer.update"}
    order = await done(company, CREATE_ORDER, as_person(key), lines=[{"name": "Work", "unitPrice": "10.00"}])
    read = await company.data(
        f"query($id: ID!) {{ order(id: $id) {{ owner {{ id }} {HISTORY} }} }}", {"id": order["id"]}
    )
    (entry,) = read["order"]["history"]["nodes"]
    assert entry["actor"] == {"kind": "KEY", "id": key["id"], "name": "ERP sync (Olga Owner)"}
    assert read["order"]["owner"] is None


async def test_secrets_are_kept_as_hashes(company: Company, client: Client) -> None:
    key = await a_key(company)
    assert key["secret"] not in orjson.dumps(await company.data(LIST)).decode()
    for table in ("api_keys", "sessions", "events"):
        rows = await company.rows(f"SELECT t::text AS said FROM {table} t")
        assert not [row for row in rows if key["secret"][4:] in row["said"]]


@pytest.mark.parametrize(
    ("values", "kept"),
    [
        ({"rights": ["order.read", "order.create"]}, {"order.read", "order.create"}),
        ({"readOnly": True}, READING),
        ({"readOnly": True, "recordTypes": ["customer"]}, {"customer.read"}),
        ({"recordTypes": ["customer"], "rights": ["customer.read", "member.read"]}, {"customer.read", "member.read"}),
        ({"roles": ["read_only"]}, READING),
    ],
)
async def test_keys_are_narrowed(company: Company, client: Client, values: Row, kept: set[str]) -> None:
    """What is left of its roles' rights is all it may do, though plans of the same document are there for others."""
    list_orders = "{ orders { nodes { id } } }"
    await company.data(list_orders, person=company.member)
    key = as_person(await a_key(company, **values))
    assert set((await company.data(RIGHTS, person=key))["viewer"]["rights"]) == kept
    answer = await company.graphql(list_orders, person=key)
    assert ("errors" not in answer) == ("order.read" in kept)
    async with unchanged(company):
        if "order.create" not in kept:
            refusal = await refused(company, CREATE_ORDER, key, lines=[{"name": "Work", "unitPrice": "1.00"}])
            assert (refusal["__typename"], refusal["right"]) == ("NotAllowed", "order.create")


async def test_no_key_can_raise_itself(company: Company, client: Client) -> None:
    """Even that of an administrator makes no keys and members and changes no role; nothing about persons is open to it, and no command
    fails on a principal that is no member."""
    key = as_person(await a_key(company, roles=["admin"]))
    rights = set((await company.data(RIGHTS, person=key))["viewer"]["rights"])
    assert {right for right in rights if right.split(".")[0] not in ("order", "customer", "product")} == {
        right
        for right in (await company.caller()).config.policy.rights
        if right.endswith(".read") and right.split(".")[0] not in ("order", "customer", "product")
    }
    async with unchanged(company):
        for document, values in (
            (CREATE, {"name": "More", "roles": ["read_only"]}),
            (ROTATE, {"id": str(key.id)}),
            (REVOKE, {"id": str(key.id)}),
            (INVITE_MEMBER, {"name": "Eve", "email": "eve@example.com"}),
            (DEFINE_ROLE, {"key": "all", "label": {"en": "All"}, "grants": [{"object": "*", "actions": ["*"]}]}),
        ):
            assert (await refused(company, document, key, **values))["__typename"] == "NotAllowed", document
        for field in ("sessions { id }",):
            assert await code_of(client, key.token, f"{{ {field} }}") == "KEY_PERSON_ONLY"
        for name in ("signOut { signedOut }", "revokeOtherSessions { revoked }"):
            assert await code_of(client, key.token, f"mutation {{ {name} }}") == "KEY_PERSON_ONLY"


async def test_nobody_makes_a_key_above_themselves(company: Company, client: Client) -> None:
    """Neither by its roles nor by its rights; and only who may make keys at all."""
    grants = [{"object": "key", "actions": ["*"]}, {"object": "order", "actions": ["read"]}]
    await done(company, DEFINE_ROLE, key="keeper", label={"en": "Keeper"}, grants=grants)
    keeper = await company.add_person("keeper")
    async with unchanged(company):
        assert (await refused(company, CREATE, company.member, name="X", roles=["member"]))["right"] == "key.create"
        beyond = await refused(company, CREATE, keeper, name="X", roles=["member"])
        assert bad_values(beyond) == {"roles": "LIMIT_ROLE_GRANT"}
        assert "customer.create" in beyond["errors"][0]["message"]
        bad = await refused(
            company, CREATE, name="", roles=["nobody"], rights=["member.invite"], recordTypes=["member"],
            networks=["here"], validDays=731,
        )  # fmt: skip
        assert bad_values(bad) == {
            "name": "VALUE_REQUIRED",
            "roles": "CONFIG_UNKNOWN_ROLE",
            "rights": "KEY_RIGHT_BEYOND",
            "recordTypes": "VALUE_NOT_OPTION",
            "networks": "KEY_NOT_NETWORK",
            "validDays": "KEY_NOT_WITHIN",
        }
    # What is left of the role is no more than they have.
    made = await a_key(company, keeper, roles=["member"], rights=["order.read"])
    # Nor does a new secret give them what a key of others may do.
    other = await a_key(company)
    async with unchanged(company):
        assert bad_values(await refused(company, ROTATE, keeper, id=other["id"])) == {"roles": "LIMIT_ROLE_GRANT"}
    assert (await done(company, ROTATE, keeper, id=made["id"]))["secret"] != made["secret"]


async def test_keys_expire(company: Company, client: Client) -> None:
    key = await a_key(company, validDays=10)
    assert await code_of(client, key["secret"]) is None
    await age_secrets(company, key, "10 days")
    assert await code_of(client, key["secret"]) == "NOT_SIGNED_IN"
    assert (await refused(company, ROTATE, id=key["id"]))["code"] == "KEY_OVER"
    renewed = await done(company, ROTATE, id=key["id"], validDays=5)
    assert await code_of(client, renewed["secret"]) is None


async def test_rotating(company: Company, client: Client) -> None:
    """The secret before holds for the overlap; without one it ends at once."""
    key = await a_key(company)
    second = await done(company, ROTATE, id=key["id"], overlapHours=2)
    assert second["apiKey"]["hint"] == second["secret"][:10] != key["hint"]
    assert [await code_of(client, secret) for secret in (key["secret"], second["secret"])] == [None, None]
    rows = await company.rows(
        "SELECT expires_at - now() < interval '2 hours' AS soon FROM sessions WHERE key_id = %(id)s ORDER BY expires_at",
        id=key["id"],
    )
    assert [row["soon"] for row in rows] == [True, False]
    third = await done(company, ROTATE, id=key["id"], overlapHours=0)
    secrets = (key["secret"], second["secret"], third["secret"])
    assert [await code_of(client, secret) for secret in secrets] == ["NOT_SIGNED_IN", "NOT_SIGNED_IN", None]


async def test_revoking_holds_at_once(company: Company, client: Client, callers: Callers, address: str) -> None:
    """At the next request in each process, and sockets are closed."""
    key = await a_key(company)
    assert await code_of(client, key["secret"]) is None
    # Another process that knows the key.
    await callers.by_token(key["secret"])
    async with connect(f"ws://{address}/graphql", subprotocols=["graphql-transport-ws"]) as socket:  # type: ignore[list-item]
        await socket.send(
            orjson.dumps({"type": "connection_init", "payload": {"authorization": f"Bearer {key['secret']}"}}).decode()
        )
        assert orjson.loads(await socket.recv())["type"] == "connection_ack"
        ended = await done(company, REVOKE, id=key["id"])
        assert ended["revokedAt"] is not None
        assert await code_of(client, key["secret"]) == "NOT_SIGNED_IN"
        with pytest.raises(ConnectionClosed) as closed:
            await asyncio.wait_for(socket.recv(), 10)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4403
    assert (await refused(company, REVOKE, id=key["id"]))["code"] == "KEY_OVER"


async def test_networks(company: Company, app: Starlette) -> None:
    """A key that is bound to networks is refused elsewhere, and says why, over HTTP, in the addresses of files, and on sockets."""
    key = await a_key_through(company, app, networks=["203.0.113.0/24", "2001:db8::/32"])
    seen = {}
    for source in ("203.0.113.7", "203.0.114.7", "2001:db8::1", "::ffff:203.0.113.9", "testclient"):
        transport = httpx2.ASGITransport(app, client=(source, 5))
        async with httpx2.AsyncClient(transport=transport, base_url="http://orderloom.test") as http:
            client = Client(http)
            seen[source] = await code_of(client, key["secret"])
            sent = await http.get(f"/files/{key['id']}", headers={"Authorization": f"Bearer {key['secret']}"})
            assert sent.status_code == (404 if seen[source] is None else 401)
    refused_elsewhere = {"203.0.114.7": "KEY_ADDRESS", "testclient": "KEY_ADDRESS"}
    assert seen == {"203.0.113.7": None, "2001:db8::1": None, "::ffff:203.0.113.9": None, **refused_elsewhere}


async def a_key_through(company: Company, app: Starlette, **values: Any) -> Row:
    transport = httpx2.ASGITransport(app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://orderloom.test") as http:
        given = {"input": {"name": "ERP", "roles": ["member"], **values}}
        answer = await Client(http).graphql(CREATE, given, token=company.owner.token)
    made: Row = answer["data"]["result"]
    return {**made["apiKey"], "secret": made["secret"]}


async def test_last_use_is_written_once_a_minute(
    company: Company, client: Client, database: Database, callers: Callers
) -> None:
    """However often it is used; the first use is in the audit log, and use does not make it last longer."""
    key = await a_key(company)
    used = UsedSessions(database, callers)
    (before,) = (await company.data(LIST))["apiKeys"]["nodes"]
    assert before["lastUsedAt"] is None
    moments = []
    for _ in range(3):
        await callers.by_token(key["secret"])
        await used.note()
        (now,) = (await company.data(LIST))["apiKeys"]["nodes"]
        moments.append(now["lastUsedAt"])
        assert now["expiresAt"] == key["expiresAt"]
    assert moments[0] is not None
    assert len(set(moments)) == 1
    await company.rows(
        "UPDATE sessions SET last_used_at = last_used_at - interval '2 min' WHERE key_id = %(id)s RETURNING 1",
        id=key["id"],
    )
    await callers.by_token(key["secret"])
    await used.note()
    (after,) = (await company.data(LIST))["apiKeys"]["nodes"]
    assert after["lastUsedAt"] > moments[0]
    kinds = "SELECT kind FROM events WHERE record_id = %(id)s ORDER BY record_version"
    assert [row["kind"] for row in await company.rows(kinds, id=key["id"])] == ["key_created", "key_used"]


async def test_the_first_use_from_each_network_is_told(
    company: Company, app: Starlette, database: Database, callers: Callers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever took a secret along is seen in the audit log; another address of a known network is nothing new, in whatever process, and a
    program that comes from everywhere is told of so many times."""
    key = await a_key_through(company, app)
    monkeypatch.setattr(using, "MOST_NETWORKS", 4)

    async def told(*addresses: str) -> list[tuple[str, str]]:
        used = UsedSessions(database, callers)
        for address in addresses:
            with under_way(Call(address=address)):
                await callers.by_token(key["secret"])
                await callers.by_token(company.owner.token)
        await used.note()
        await used.note()
        sql = "SELECT changes FROM events WHERE record_id = %(id)s AND kind = 'key_used' ORDER BY record_version"
        rows = await company.rows(sql, id=key["id"])
        return [(row["changes"][0]["new"], row["changes"][1]["new"]) for row in rows]

    first, second = ("203.0.113.0/24", "203.0.113.7"), ("2001:db8::/48", "2001:db8::1")
    assert await told("203.0.113.7") == [first]
    assert await told("203.0.113.8", "::ffff:203.0.113.9") == [first]
    assert sorted(await told("2001:db8::1", "203.0.113.7")) == [second, first]
    assert len(await told(*(f"198.51.{part}.1" for part in range(9)))) == 4


async def test_a_program_learns_what_it_is(company: Company, client: Client) -> None:
    """Its key in place of a membership, and what it may do, narrowed as the key is: object by object, field by field."""
    key = await a_key(company, name="Shop", recordTypes=["order"], rights=["order.read", "order.create"], validDays=30)
    asked = """{ viewer { member { id } key { id name roles rights recordTypes expiresAt lastUsedAt } companies { slug } tenant { slug }
      permissions { object actions { action allowed } steps { key allowed } fields { path readable writable } } } }"""
    viewer = (await company.data(asked, person=as_person(key)))["viewer"]
    assert viewer["member"] is None
    shown = {name: key[name] for name in ("id", "name", "roles", "expiresAt", "lastUsedAt")}
    rights = ["order.create", "order.read"]
    assert viewer["key"] | {"rights": sorted(viewer["key"]["rights"])} == {
        **shown, "rights": rights, "recordTypes": ["order"],
    }  # fmt: skip
    assert (viewer["companies"], viewer["tenant"]) == ([], {"slug": company.slug})
    of = {each["object"]: each for each in viewer["permissions"]}
    allowed = {
        f"{name}.{action['action']}" for name, each in of.items() for action in each["actions"] if action["allowed"]
    }
    assert allowed == set(rights)
    assert [step["key"] for step in of["order"]["steps"] if step["allowed"]] == []
    assert all(field["readable"] for field in of["order"]["fields"])
    assert {field["path"] for field in of["order"]["fields"] if field["writable"]} == WRITTEN["order"]
    assert not any(field["readable"] or field["writable"] for field in of["customer"]["fields"])
    own = (await company.data("{ viewer { member { id } key { id } } }", person=company.member))["viewer"]
    assert own == {"member": {"id": str(company.member.id)}, "key": None}


async def test_files_by_keys(company: Company, client: Client) -> None:
    """A program brings a file and gets it back; that of another principal it does not find."""
    key, other = await a_key(company), await a_key(company)
    headers = {"Authorization": f"Bearer {key['secret']}", "Content-Type": "text/plain"}
    stored = await client.http.post("/files", params={"name": "a.txt"}, content=b"hello", headers=headers)
    assert stored.status_code == 201, stored.content
    address = stored.json()["url"]
    assert (await client.http.get(address, headers=headers)).content == b"hello"
    elsewhere = {"Authorization": f"Bearer {other['secret']}"}
    assert (await client.http.get(address, headers=elsewhere)).status_code == 404


async def test_keys_of_other_companies(company: Company, client: Client, new_company: Any) -> None:
    key, stranger = await a_key(company), await new_company()
    async with unchanged(company):
        for document in (ROTATE, REVOKE):
            assert (await refused(stranger, document, id=key["id"]))["code"] == "NOT_FOUND"
    assert (await stranger.data(LIST))["apiKeys"]["nodes"] == []
    assert await code_of(client, key["secret"]) is None


async def test_a_key_costs_what_a_member_costs(company: Company, client: Client, statements: Any) -> None:
    """A call that is known sends the same statements for both."""
    key = as_person(await a_key(company))
    sent = []
    for who in (company.member, key):
        for _ in range(2):
            statements.clear()
            await company.data("{ orders { nodes { id } } }", person=who)
        sent.append(list(statements.texts))
    assert sent[0] == sent[1]


async def test_no_command_fails_on_a_key(company: Company, client: Client) -> None:
    """Every mutation, with whatever fits its input: each is refused for a reason or done, none takes the key for a member."""
    key = as_person(await a_key(company, roles=["admin"]))
    assert SCHEMA.mutation_type is not None
    failed, personal = {}, set()
    for name, field in SCHEMA.mutation_type.fields.items():
        kinds = [get_named_type(argument.type) for argument in field.args.values()]
        taken = f"($input: {kinds[0].name}!) {{ {name}(input: $input)" if kinds else f"{{ {name}"
        values = {"input": filled(kinds[0], "x")} if kinds and isinstance(kinds[0], GraphQLInputObjectType) else {}
        answer = await company.graphql(f"mutation {taken} {{ __typename }} }}", values, person=key)
        codes = [error["extensions"]["code"] for error in answer.get("errors", ())]
        if "NOT_FOR_KEYS" in codes:
            personal.add(name)
        elif codes:
            failed[name] = codes
    assert failed == {}
    assert personal == PERSONAL & set(SCHEMA.mutation_type.fields)
