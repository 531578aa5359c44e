"""What rights cost: a list for a member who sees a part of it, over the same for an owner; and compiling many roles for the first time."""

import asyncio
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
import psycopg

from bench import companies
from bench.companies import Founded
from bench.data import Tenant
from server.embedded import Services
from server.settings import app_database_url
from tenants.callers import Callers
from tenants.config import change_sets
from tenants.config.definitions import Grant, Role
from tenants.database import ENTER, Database
from tenants.field_rights import OBJECTS
from tenants.people import add_member, find_or_create_user
from tenants.permissions import RIGHTS, Policy
from tenants.sign_in.sessions import open_session
from tenants.transaction import begin, new_id

FIELDS, HIDDEN = 60, 20
# So many members own the orders in turn; some of them are a team.
OWNERS, TEAM = 20, 5
ROLES, GRANTS, STEPS = 30, 2_000, 40
COMPILE_GOAL = 0.1

_OWNERS = """
UPDATE orders o SET owner_id = m.id
FROM (SELECT id, row_number() OVER (ORDER BY id) - 1 AS place FROM members WHERE tenant_id = %(tenant)s) m
WHERE o.tenant_id = %(tenant)s AND m.place = right(o.number, 7)::integer %% %(owners)s
"""
_TEAM = "INSERT INTO teams (tenant_id, id, name, path, created_at, updated_at) VALUES (%(tenant)s, %(team)s, 'Team', ARRAY[%(team)s], now(), now())"
_MATES = """
INSERT INTO team_members (tenant_id, id, team_id, member_id, created_at)
SELECT %(tenant)s, gen_random_uuid(), %(team)s, unnest(%(mates)s::uuid[]), now()
"""
_OWN = " ".join(f"f{place}" for place in range(4))
_NODE = f"id number status {{ key }} channel priority orderedAt total {{ amount currency }} customer {{ id name }} custom {{ {_OWN} }}"
LISTS = {
    "newest 20": f"{{ orders(first: 20) {{ nodes {{ {_NODE} }} }} }}",
    "by status, highest total first": '{ orders(first: 20, where: {status: {in: ["draft"]}}, orderBy: [{total: DESC}])'
    f" {{ nodes {{ {_NODE} }} }} }}",
}


@dataclass(frozen=True)
class Readers:
    """A company of which the owner reads all, and a member what they and their team own, with a third of the fields hidden."""

    founded: Founded
    owner: str
    member: str

    @staticmethod
    def bodies() -> dict[str, bytes]:
        """What both are asked."""
        return {title: orjson.dumps({"query": document}) for title, document in LISTS.items()}


def found(services: Services, orders: int) -> Readers:
    """The company with so many orders, in a database of its own."""
    founded = asyncio.run(companies.with_own_fields(services, "rights", FIELDS, orders))
    (tenant,) = founded.tenants
    members, token = asyncio.run(_people(founded.services, tenant))
    with psycopg.connect(founded.services.superuser_url, autocommit=True) as connection:
        scope = {"tenant": tenant.id, "owners": OWNERS, "team": new_id(), "mates": members[:TEAM]}
        connection.execute("SET session_replication_role = replica")
        for statement in (_OWNERS, _TEAM, _MATES):
            connection.execute(statement, scope)
        connection.execute("VACUUM ANALYZE")
    return Readers(founded, tenant.token, token)


async def _people(services: Services, tenant: Tenant) -> tuple[list[UUID], str]:
    """The members, and the token of the first of them, whose role sees a part."""
    grants = [
        {"object": "order", "actions": ["read"], "scope": "own"},
        {"object": "order", "actions": ["read"], "scope": "team"},
        *({"object": name, "actions": ["read"]} for name in ("customer", "product", "member")),
        {
            "object": "order",
            "actions": ["read"],
            "fields": [f"custom.f{FIELDS - 1 - place}" for place in range(HIDDEN)],
            "effect": "deny",
        },
    ]
    database = await Database.open(app_database_url(services.database_url))
    try:
        async with begin(database, await Callers(database).by_token(tenant.token)) as tx:
            body = {"label": {"en": "Seller"}, "grants": grants}
            await change_sets.apply(tx, [change_sets.define(tx.config, "role", "seller", body)])
        members = []
        async with database.connection() as connection, connection.transaction():
            await connection.execute(ENTER, {"tenant": tenant.id})
            for place in range(OWNERS - 1):
                address = f"seller-{place}@example.com"
                user = await find_or_create_user(connection, address, "Seller", "!")
                members.append(await add_member(connection, tenant.id, user, "Seller", address, ["seller"], "en"))
        return members, (await open_session(database, tenant.id, members[0])).token
    finally:
        await database.close()


def many_roles() -> dict[str, Role]:
    """Roles that inherit one from the other, with grants of all kinds: of rights, of fields, of some records, and denials."""
    rights = [(name, action) for name, actions in RIGHTS.items() for action in actions]
    grants = [_grant(number, rights) for number in range(GRANTS)]
    return {
        f"role{place}": Role(
            label={"en": f"Role {place}"},
            grants=tuple(grants[place::ROLES]),
            inherits=(f"role{place - 1}",) if place else (),
        )
        for place in range(ROLES)
    }


def _grant(number: int, rights: Sequence[tuple[str, str]]) -> Grant:
    denies = {"effect": "deny"} if number % 7 == 0 else {}
    if number % 2:
        name = tuple(OBJECTS)[number % len(OBJECTS)]
        path = f"custom.f{number % 600}" if name != "member" else "name"
        return Grant.model_validate({"object": name, "actions": ["read", "write"], "fields": [path], **denies})
    if number % 10 == 0:
        scope: Any = {"where": {"channel": {"eq": f"c{number % 20}"}}} if number % 20 else "own"
        return Grant.model_validate({"object": "order", "actions": ["read", "update"], "scope": scope, **denies})
    if number % 4 == 0:
        return Grant.model_validate({"object": "order", "actions": [f"transition.s{number % STEPS}"], **denies})
    name, action = rights[number % len(rights)]
    return Grant.model_validate({"object": name, "actions": [action], **denies})


def compiling(rounds: int) -> list[float]:
    """The seconds of processor time that it takes to compile the rights of a member with the role that inherits all others, each time anew."""
    roles, steps = many_roles(), [f"s{place}" for place in range(STEPS)]
    taken = []
    for _ in range(rounds):
        begun = time.process_time()
        Policy(roles, steps).access((f"role{ROLES - 1}",))
        taken.append(time.process_time() - begun)
    return taken


def print_compiling(taken: Sequence[float]) -> None:
    """One line, held against the goal."""
    median = statistics.median(taken)
    verdict = "reached" if median <= COMPILE_GOAL else "NOT reached"
    print(
        f"rights of {ROLES} roles with {GRANTS} grants, compiled for the first time, processor time: {median * 1000:.0f} ms"
        f" ({min(taken) * 1000:.0f} to {max(taken) * 1000:.0f})  {verdict}, goal under {COMPILE_GOAL * 1000:.0f} ms"
    )
