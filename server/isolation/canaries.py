"""Two companies of nobody, in which the proof of isolation is made: with a row of every kind, and a mark in every text.

They are founded by the first proof and stay. What a newer version keeps more kinds of is added by the proof that finds it missing:
rows of tables that no command here fills are made up from the tables' own description.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb
from sqlalchemy import CheckConstraint, Column, Table
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import DateTime, LargeBinary, Text, Uuid

from tenants import customers, orders, people, products, spellings
from tenants.actors import MEMBER, Actor
from tenants.aggregates import CUSTOMER
from tenants.callers import Callers
from tenants.companies import NewCompany, found
from tenants.config import change_sets
from tenants.config.drafts import create_draft
from tenants.database import ENTER, Caller, Connection, Database
from tenants.models.tables import TENANT_TABLES
from tenants.sharing import share
from tenants.teams import create_team
from tenants.transaction import Transaction, begin, new_id
from tenants.views.saving import create_view

Row = dict[str, Any]

# Mails to it go nowhere, by RFC 2606, and nobody can guess what stands before it.
DOMAIN = "isolation.invalid"
# Of the states that a row may have, those in which nothing more happens to it.
AT_REST = ("done", "sent", "failed", "ready", "accepted", "withdrawn")
CHOICES = re.compile(r"^(\w+) IN \('(\w+)'")
CHOICE = re.compile(r"'(\w+)'")
# What is read of a row by more than its columns.
WRITTEN: Mapping[str, Row] = {
    "field_conversions": {
        "field": "order.canary",
        "source": {"type": "text", "label": {"en": "x"}},
        "target": {"type": "long_text", "label": {"en": "x"}},
        "how": {"language": "en", "currency": "EUR", "time_zone": "UTC"},
        "otherwise": "refuse",
    },
    "identity_providers": {"issuer": f"https://{DOMAIN}", "active": False},
}
# What says which row of a kind is the one, where it is not the oldest.
BEFORE = {"members": "'owner' = ANY(roles), created_at DESC, "}
# Ids without a foreign key, that are of members.
OF_MEMBERS = frozenset({"created_by_id", "actor_id"})


@dataclass(frozen=True, slots=True)
class Canary:
    """One of the two: the mark that is in its texts, its owner and a member who is none, and the id of one row of each kind, by table."""

    tenant_id: UUID
    mark: str
    owner: Actor
    member: Actor
    ids: Mapping[str, str]


async def canaries(database: Database, callers: Callers) -> tuple[Canary, Canary]:
    """Both, founded and furnished as far as they are not."""
    async with database.connection() as connection:
        rows = await (await connection.execute("SELECT id FROM tenants WHERE canary ORDER BY id")).fetchall()
    known = [row["id"] for row in rows]
    while len(known) < 2:
        known.append(await _found(database))
    first, second, *_ = [await furnished(database, callers, tenant_id) for tenant_id in known[:2]]
    return first, second


async def _found(database: Database) -> UUID:
    mark = new_id().hex
    new = NewCompany(f"canary-{mark[-12:]}", "Canary", f"{mark}@{DOMAIN}", "Canary", canary=True)

    async def owner(connection: Connection, _: UUID) -> UUID:
        return await _user(connection, new.owner_email, new.owner_name)

    return await found(database, new, owner)


async def furnished(database: Database, callers: Callers, tenant_id: UUID) -> Canary:
    """The company with at least one row of every kind. It needs an owner, and nothing else."""
    mark = f"zq{tenant_id.hex[-14:]}"
    owner = await _owner(database, tenant_id)
    ids = await _ids(database, tenant_id)
    if "record_shares" not in ids:
        await _furnish(database, await callers.acting(tenant_id, owner), mark)
        await spellings.learned()
        ids = await _ids(database, tenant_id)
    for table in _kinds():
        if table.name not in ids:
            ids[table.name] = await _make_up(database, tenant_id, table, mark, ids, owner.id)
    member = Actor(MEMBER, UUID(ids["members"]), mark, ("member",))
    return Canary(tenant_id, mark, owner, member, ids)


def _kinds() -> list[Table]:
    """The tables whose rows have an id of their own, each behind those that it points at."""
    return [
        table for table in TENANT_TABLES[0].metadata.sorted_tables if table in TENANT_TABLES and "id" in table.columns
    ]


async def _owner(database: Database, tenant_id: UUID) -> Actor:
    async with database.connection() as connection, connection.transaction():
        await connection.execute(ENTER, {"tenant": tenant_id})
        found_row = await (
            await connection.execute(
                "SELECT id, name, roles FROM members WHERE 'owner' = ANY(roles) AND tenant_id = %(tenant)s ORDER BY id LIMIT 1",
                {"tenant": tenant_id},
            )
        ).fetchone()
    assert found_row is not None
    return Actor(MEMBER, found_row["id"], found_row["name"], tuple(found_row["roles"]))


async def _ids(database: Database, tenant_id: UUID) -> dict[str, str]:
    """One id of each kind that there is; of members one who is no owner, whom the company can do without."""
    wanted = " UNION ALL ".join(
        f"(SELECT '{table.name}' AS name, id FROM {table.name} WHERE tenant_id = %(tenant)s"  # noqa: S608  (SQL of ours; values are parameters)
        f" ORDER BY {BEFORE.get(table.name, '')}id LIMIT 1)"
        for table in _kinds()
    )
    async with database.connection() as connection, connection.transaction():
        await connection.execute(ENTER, {"tenant": tenant_id})
        rows = await (await connection.execute(wanted, {"tenant": tenant_id})).fetchall()
    return {row["name"]: str(row["id"]) for row in rows} | {"tenants": str(tenant_id)}


async def _furnish(database: Database, caller: Caller, mark: str) -> None:
    """The records that people make, by the commands that they use."""
    async with begin(database, caller) as tx:
        text = {"type": "text", "label": {"en": mark}, "indexed": True}
        await change_sets.apply(tx, [change_sets.define(tx.config, "field", "order.canary", text)])
    async with begin(database, await _again(database, caller)) as tx:
        member_id = await _another_member(tx, mark)
        product_id = await products.create_product(tx, {"sku": mark, "name": mark, "externalId": mark, "price": "1"})
        given: Row = {
            "name": mark,
            "notes": mark,
            "externalId": mark,
            "phones": [{"value": "+4930123456", "label": mark}],
            "addresses": [{"recipient": mark, "city": mark, "country": "DE"}],
        }
        customer_id = await customers.create_customer(tx, given)
        line = {"productId": product_id, "name": mark, "externalId": mark, "unitPrice": "1"}
        # Somebody has to take it over before its owner may leave.
        order = {
            "customerId": customer_id,
            "ownerId": str(member_id),
            "externalId": mark,
            "notes": mark,
            "tags": [mark],
            "lines": [line],
        }
        await orders.create_order(tx, order | {"custom": {"canary": mark}})
        team_id = await create_team(tx, {"name": mark, "members": [{"memberId": str(member_id)}]})
        await create_view(tx, {"label": {"en": mark}})
        await create_draft(tx, mark, "orderloom: 1", merge=True)
        await share(tx, CUSTOMER, customer_id, {"teamId": str(team_id)})


async def _again(database: Database, caller: Caller) -> Caller:
    """The same caller under the configuration that it has just made."""
    return await Callers(database).acting(caller.tenant_id, caller.actor)


async def _another_member(tx: Transaction, mark: str) -> UUID:
    connection = await tx.connection()
    address = f"{mark}@{DOMAIN}"
    user_id = await _user(connection, address, mark)
    return await people.add_member(connection, tx.tenant_id, user_id, mark, address, ["member"], "en")


async def _user(connection: Connection, address: str, name: str) -> UUID:
    """An account of nobody: no password has its hash, and no person may give such an address."""
    user_id = new_id()
    await connection.execute(
        "INSERT INTO users (id, email, password_hash, name, created_at) VALUES (%(id)s, %(email)s, '!', %(name)s, now())",
        {"id": user_id, "email": address, "name": name},
    )
    return user_id


async def _make_up(
    database: Database, tenant_id: UUID, table: Table, mark: str, ids: Mapping[str, str], owner: UUID | None
) -> str:
    """A row of a kind that no command above makes, by what the table says of itself."""
    row = {column.name: _value(table, column, mark, ids, owner) for column in table.columns if _is_given(table, column)}
    row |= {
        name: Jsonb(value) if isinstance(value, dict) else value for name, value in WRITTEN.get(table.name, {}).items()
    }
    row["tenant_id"] = tenant_id
    names = ", ".join(row)
    values = ", ".join(f"%({name})s" for name in row)
    async with database.connection() as connection, connection.transaction():
        await connection.execute(ENTER, {"tenant": tenant_id})
        await connection.execute(f"INSERT INTO {table.name} ({names}) VALUES ({values})", row)  # noqa: S608  (SQL of ours; values are parameters)
    return str(row["id"])


def _is_given(table: Table, column: Column[Any]) -> bool:
    """Whether a value is made up: where one must be, and for every text."""
    if column.name == "tenant_id" or column.computed is not None:
        return False
    is_text = isinstance(column.type, Text)
    return is_text or (not column.nullable and column.server_default is None) or column.name == "id"


def _value(table: Table, column: Column[Any], mark: str, ids: Mapping[str, str], owner: UUID | None) -> Any:
    for key in table.foreign_key_constraints:
        if column.name in key.columns and key.referred_table.name in ids:
            # The one who asks, who is told of what is theirs.
            return owner if key.referred_table.name == "members" else ids[key.referred_table.name]
    if isinstance(column.type, Uuid):
        if column.name in OF_MEMBERS:
            return owner
        return ids["orders"] if column.name == "record_id" else new_id()
    if isinstance(column.type, Text):
        return _text(table, column, mark)
    if isinstance(column.type, DateTime):
        return datetime.now(UTC)
    if isinstance(column.type, LargeBinary):
        return mark.encode()
    return Jsonb({}) if isinstance(column.type, JSONB) else 1


def _text(table: Table, column: Column[Any], mark: str) -> str:
    for constraint in table.constraints:
        if isinstance(constraint, CheckConstraint):
            match = CHOICES.match(str(constraint.sqltext))
            if match and match[1] == column.name:
                choices = CHOICE.findall(str(constraint.sqltext))
                return next((state for state in AT_REST if state in choices), choices[0])
    if column.name == "record_type":
        return "order"
    return "en" if column.name == "language" else mark
