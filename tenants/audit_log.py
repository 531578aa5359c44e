"""The audit log: what is no change of a record, but must be known of later. Who signed in, who was given what, what was exported.

Entries are events, beside the history of records and chained in the same way: those about the same member, key, company or other thing
follow each other, numbered in ``audit_chains``. ``tenants.audit`` follows them. No secret is ever an entry's data.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

import orjson

from tenants.actors import KEY, MEMBER, Actor
from tenants.database import ENTER, Connection
from tenants.records.audit import AUDIT_KINDS, SIGN_IN_KINDS
from tenants.saving import event_content
from tenants.transaction import Transaction, new_id

COMPANY = "company"
MOST_OWN = 100


class About(NamedTuple):
    """What an entry is about: a member, a key, a company, a team ..."""

    type: str
    id: UUID


# Those who add an entry about the same record wait for each other here.
_NUMBER = """
INSERT INTO audit_chains AS c (tenant_id, record_type, record_id, version) VALUES (%(tenant)s, %(type)s, %(id)s, 1)
ON CONFLICT (tenant_id, record_type, record_id) DO UPDATE SET version = c.version + 1 RETURNING version
"""
# A statement of its own, so that it sees the entry whose writer it may have waited for.
_INSERT = """
INSERT INTO events (tenant_id, id, kind, record_type, record_id, record_version, at, actor_kind, actor_id, actor_name, cause_id,
                    depth, note, changes, hash)
SELECT %(tenant)s::uuid, %(event_id)s::uuid, %(kind)s::text, %(type)s::text, %(id)s::uuid, %(version)s::integer, %(at)s::timestamptz,
       %(actor_kind)s::text, %(actor_id)s::uuid, %(actor_name)s::text, %(cause_id)s::uuid, %(depth)s::integer, NULL,
       %(changes)s::text::jsonb,
       sha256(coalesce((SELECT e.hash FROM events e
                        WHERE e.tenant_id = %(tenant)s::uuid AND e.record_type = %(type)s::text AND e.record_id = %(id)s::uuid
                          AND e.record_version < %(version)s::integer
                        ORDER BY e.record_version DESC LIMIT 1), ''::bytea) || %(content)s::bytea)
"""
_OWN = """
SELECT kind, at, changes FROM events
WHERE tenant_id = %(tenant)s AND record_type = %(type)s AND record_id = %(id)s::uuid AND kind = ANY(%(kinds)s::text[])
ORDER BY record_version DESC LIMIT %(most)s
"""
_MEMBERSHIPS = "SELECT id, tenant_id, name FROM members WHERE user_id = %(user)s AND active ORDER BY tenant_id"


async def record(
    tx: Transaction, kind: str, data: Mapping[str, Any] | None = None, *, about: About | None = None
) -> None:
    """Add an entry as part of the transaction.

    ``kind`` is one of :data:`tenants.records.audit.AUDIT_KINDS`. ``data`` are JSON values by name, each what holds since then, or a tuple of
    what held before and what holds since. ``about`` is whom or what it concerns: where it is not given, the member or key that acts, else the company.
    """
    about = about or _concerned(tx.actor, tx.tenant_id)
    numbered = await tx.fetch_one(_NUMBER, type=about.type, id=about.id)
    assert numbered is not None
    await tx.execute(_INSERT, **_entry(tx.actor, kind, data, about, numbered["version"], tx.now))


async def record_within(
    connection: Connection,
    tenant_id: UUID,
    actor: Actor,
    kind: str,
    data: Mapping[str, Any] | None = None,
    *,
    about: About | None = None,
) -> None:
    """The same as part of what a connection does in a transaction; it enters the tenant."""
    about = about or _concerned(actor, tenant_id)
    scope = {"tenant": tenant_id, "type": about.type, "id": about.id}
    await connection.execute(ENTER, scope)
    numbered = await (await connection.execute(_NUMBER, scope)).fetchone()
    assert numbered is not None
    entry = _entry(actor, kind, data, about, numbered["version"], datetime.now(UTC))
    await connection.execute(_INSERT, {**scope, **entry})


async def record_of_person(
    connection: Connection,
    user_id: UUID,
    kind: str,
    data: Mapping[str, Any] | None = None,
    *,
    actor: Actor | None = None,
) -> None:
    """Add an entry in every company that a person belongs to, as part of a transaction: their password and second factor are the same in
    all of them. The person themselves acts, unless it was another ``actor``."""
    await connection.execute("SELECT set_config('app.user_id', %(user)s::text, true)", {"user": user_id})
    members = await (await connection.execute(_MEMBERSHIPS, {"user": user_id})).fetchall()
    for member in members:
        self = Actor(MEMBER, member["id"], member["name"], ())
        about = About(MEMBER, member["id"])
        await record_within(connection, member["tenant_id"], actor or self, kind, data, about=about)


def _concerned(actor: Actor, tenant_id: UUID) -> About:
    if actor.kind in (MEMBER, KEY) and actor.id is not None:
        return About(actor.kind, actor.id)
    return About(COMPANY, tenant_id)


def _entry(
    actor: Actor, kind: str, data: Mapping[str, Any] | None, about: About, version: int, at: datetime
) -> dict[str, Any]:
    """The parameters of an entry's statement, but for the tenant."""
    assert kind in AUDIT_KINDS, kind
    changes = [_change(name, value) for name, value in (data or {}).items() if value is not None]
    event = {
        "id": new_id(),
        "kind": kind,
        "record_type": about.type,
        "record_id": about.id,
        "record_version": version,
        "at": at,
        "actor_kind": actor.kind,
        "actor_id": actor.id,
        "actor_name": actor.name,
        "cause_id": actor.cause_id,
        "depth": actor.depth,
        "note": None,
    }
    return {
        **{name: event[name] for name in ("kind", "at", "actor_kind", "actor_id", "actor_name", "cause_id", "depth")},
        "event_id": event["id"],
        "type": about.type,
        "id": about.id,
        "version": version,
        "changes": orjson.dumps(changes).decode(),
        "content": event_content(event, changes),
    }


def _change(name: str, value: Any) -> dict[str, Any]:
    old, new = value if isinstance(value, tuple) else (None, value)
    return {"field": name, "old": old, "new": new}


async def own_sign_ins(tx: Transaction) -> list[dict[str, Any]]:
    """The newest entries about how the member at hand signs in: ``kind``, ``at``, and what is ``told``, by name."""
    found = await tx.fetch_all(_OWN, type=MEMBER, id=tx.caller.member_id, kinds=list(SIGN_IN_KINDS), most=MOST_OWN)
    return [{**row, "told": {part["field"]: part["new"] for part in row["changes"]}} for row in found]
