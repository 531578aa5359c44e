"""Handing over what a member has to another: begun by a command, done in batches by a job, each thing once.

A record that is handed over gets a version and an entry in its history. Automations do not follow, and of the company's rules only those
are asked for that hold for whatever changes a record: nobody has entered anything.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from enum import StrEnum
from functools import partial
from typing import Any
from uuid import UUID

from tenants import jobs
from tenants.actors import MEMBER
from tenants.aggregates import CUSTOMER, ORDER, UPDATED, Aggregate, Record, Row
from tenants.audit_log import About, record
from tenants.belongings import Belongings, count
from tenants.conditions.parser import row_tests
from tenants.field_rights import WRITE
from tenants.messages import render
from tenants.named_members import AGGREGATES, Keys, fields_meant, member_fields, next_named, rename
from tenants.notifications import notify_holders
from tenants.occasion import Occasion
from tenants.permissions import Access
from tenants.problems import Conflict, FieldError, InvalidInput, NotAllowed, NotFound
from tenants.records.rights import OWN
from tenants.rules.settling import settle
from tenants.saving import load, load_ahead, save
from tenants.sharing import pass_on
from tenants.teams import rights_beyond
from tenants.transaction import Transaction, new_id
from tenants.views.saving import MOST_PRIVATE

BATCH = 500
RUNNING, DONE, STOPPED = "running", "done", "stopped"
RIGHT = "member.update"
CONFIGURE = "configuration.update"
MOST_SHOWN = 200


class Thing(StrEnum):
    """What can be handed over."""

    ORDERS = "orders"
    CUSTOMERS = "customers"
    DRAFTS = "drafts"
    TEAMS = "teams"
    VIEWS = "views"
    FIELDS = "fields"
    SHARES = "shares"


# What is handed over when nothing is said: what has to be somebody's.
USUAL = (Thing.ORDERS, Thing.CUSTOMERS, Thing.DRAFTS, Thing.TEAMS)

_BOTH = "SELECT id, name, active FROM members WHERE tenant_id = %(tenant)s AND id = ANY(%(ids)s) ORDER BY id FOR NO KEY UPDATE"
_RUNNING = "SELECT 1 FROM hand_overs WHERE tenant_id = %(tenant)s AND from_id = %(id)s AND state = 'running'"
_LOAD = "SELECT * FROM hand_overs WHERE tenant_id = %(tenant)s AND id = %(id)s FOR UPDATE"
_LIST = """
SELECT h.*, f.name AS from_name, t.name AS to_name FROM hand_overs h
JOIN members f ON f.tenant_id = h.tenant_id AND f.id = h.from_id
JOIN members t ON t.tenant_id = h.tenant_id AND t.id = h.to_id
WHERE h.tenant_id = %(tenant)s ORDER BY h.id DESC LIMIT %(most)s
"""
_RECEIVER = "SELECT name, roles, active FROM members WHERE tenant_id = %(tenant)s AND id = %(id)s FOR SHARE"
_GIVER = "SELECT name FROM members WHERE tenant_id = %(tenant)s AND id = %(id)s"
_NEXT = {
    Thing.ORDERS: """
SELECT id FROM orders WHERE tenant_id = %(tenant)s AND owner_id = %(from)s AND voided_at IS NULL
  AND (%(through)s::uuid IS NULL OR id > %(through)s::uuid) ORDER BY id LIMIT %(most)s
""",
    Thing.CUSTOMERS: """
SELECT id FROM customers WHERE tenant_id = %(tenant)s AND owner_id = %(from)s
  AND (%(through)s::uuid IS NULL OR id > %(through)s::uuid) ORDER BY id LIMIT %(most)s
""",
}
_DRAFTS = """
WITH moved AS (UPDATE configuration_drafts SET scheduled_by = %(to)s
               WHERE tenant_id = %(tenant)s AND scheduled_by = %(from)s AND %(allowed)s RETURNING 1)
SELECT (SELECT count(*) FROM moved) AS moved,
       (SELECT count(*) FROM configuration_drafts WHERE tenant_id = %(tenant)s AND scheduled_by = %(from)s) AS found
"""
_TEAMS = """
WITH led AS (UPDATE team_members l SET is_lead = FALSE FROM teams t
             WHERE l.tenant_id = %(tenant)s AND l.member_id = %(from)s AND l.is_lead
               AND t.tenant_id = l.tenant_id AND t.id = l.team_id AND t.archived_at IS NULL RETURNING l.team_id),
     taken AS (INSERT INTO team_members (tenant_id, id, team_id, member_id, is_lead, created_at)
               SELECT %(tenant)s, gen_random_uuid(), team_id, %(to)s, TRUE, %(now)s FROM led
               ON CONFLICT (tenant_id, team_id, member_id) DO UPDATE SET is_lead = TRUE RETURNING 1),
     told AS (UPDATE teams SET version = version + 1, updated_at = %(now)s
              WHERE tenant_id = %(tenant)s AND id IN (SELECT team_id FROM led) RETURNING 1)
SELECT (SELECT count(*) FROM taken) AS moved, (SELECT count(*) FROM led) AS found
"""
# The teams that a member leads, and those above them.
_LED = """
SELECT DISTINCT unnest(t.path) AS team_id FROM team_members l JOIN teams t ON t.tenant_id = l.tenant_id AND t.id = l.team_id
WHERE l.tenant_id = %(tenant)s AND l.member_id = %(id)s AND l.is_lead AND t.archived_at IS NULL
"""
# From the members' own teams upwards.
_LEAD = """
SELECT l.member_id FROM team_members o
JOIN teams t ON t.tenant_id = o.tenant_id AND t.id = o.team_id AND t.archived_at IS NULL
CROSS JOIN LATERAL unnest(t.path) WITH ORDINALITY AS above(team_id, depth)
JOIN team_members l ON l.tenant_id = o.tenant_id AND l.team_id = above.team_id AND l.is_lead AND l.member_id <> o.member_id
JOIN members m ON m.tenant_id = l.tenant_id AND m.id = l.member_id AND m.active
WHERE o.tenant_id = %(tenant)s AND o.member_id = %(id)s
ORDER BY cardinality(t.path) - above.depth, o.created_at, m.name, m.id LIMIT 1
"""
_VIEWS = """
WITH room AS (SELECT greatest(%(most)s - count(*), 0) AS left FROM private_views WHERE tenant_id = %(tenant)s AND member_id = %(to)s),
     moved AS (UPDATE private_views SET member_id = %(to)s WHERE tenant_id = %(tenant)s AND id IN
                 (SELECT id FROM private_views WHERE tenant_id = %(tenant)s AND member_id = %(from)s ORDER BY id LIMIT (SELECT "left" FROM room))
               RETURNING 1)
SELECT (SELECT count(*) FROM moved) AS moved,
       (SELECT count(*) FROM private_views WHERE tenant_id = %(tenant)s AND member_id = %(from)s) AS found
"""

_SHARED = """
SELECT * FROM record_shares WHERE tenant_id = %(tenant)s AND member_id = %(from)s AND (ends_at IS NULL OR ends_at > now())
  AND (%(through)s::uuid IS NULL OR id > %(through)s::uuid) ORDER BY id LIMIT %(most)s
"""


async def receiver_and_giver(
    tx: Transaction, from_id: UUID | None, to_id: UUID | None, name: str
) -> Mapping[UUID, Row]:
    """Both members by their ids. Raises :class:`NotFound` for the giver, and :class:`InvalidInput`, at the input's ``name``, for a receiver who
    is not there, may not sign in, or is the giver."""
    rows = {row["id"]: row for row in await tx.fetch_all(_BOTH, ids=[from_id, to_id])}
    if from_id is None or from_id not in rows:
        raise NotFound("member", from_id)
    if to_id is None or to_id not in rows:
        raise InvalidInput.at((name,), "value.unknown_record", type="member", id=str(to_id))
    if to_id == from_id or not rows[to_id]["active"]:
        code = "people.same_member" if to_id == from_id else "people.receiver_inactive"
        raise InvalidInput([FieldError((name,), code, {"name": rows[to_id]["name"]})])
    return rows


async def hand_over(
    tx: Transaction,
    from_id: UUID | None,
    to_id: UUID | None,
    things: Sequence[Thing] | None = None,
    fields: Sequence[str] = (),
) -> UUID:
    """Begin to give a member's things (where nothing is said, what has to be somebody's) to another, who may sign in; a job does it. The
    hand-over's id. Of the company's own fields, all that lead to members, or the ``fields`` named as ``<record type>.<key>``.

    Raises :class:`NotAllowed` (``member.update``, but for what is one's own; ``order.update``, ``customer.update`` and the right to write their field ``owner``;
    ``configuration.update`` for drafts, ``team.update`` for teams; the rights to share and to write own fields), :class:`NotFound`,
    :class:`InvalidInput` for the receiver (``toId``) and for ``fields``, and :class:`Conflict` while another hand-over of that member is
    under way or where there is nothing to hand over.
    """
    keys = fields_meant(tx.config, fields)
    _require_for(tx, from_id)
    _require_rights(tx.access, things or (), keys)
    rows = await receiver_and_giver(tx, from_id, to_id, "toId")
    assert from_id is not None
    assert to_id is not None
    if await tx.fetch_one(_RUNNING, id=from_id) is not None:
        raise Conflict("people.hand_over_runs", name=rows[from_id]["name"])
    (owned,) = await count(tx, [from_id])
    wanted = [thing for thing in Thing if thing in (USUAL if things is None else things) and _number(owned, thing)]
    if not wanted:
        raise Conflict("people.nothing_to_hand_over", name=rows[from_id]["name"])
    _require_rights(tx.access, wanted, keys)
    await _require_reach(tx, from_id, to_id, wanted)
    hand_over_id = new_id()
    await tx.insert(
        "hand_overs",
        {
            "id": hand_over_id,
            "from_id": from_id,
            "to_id": to_id,
            "things": [str(thing) for thing in wanted],
            "fields": list(fields),
            "author_name": tx.actor.name,
            "state": RUNNING,
            "total": sum(_number(owned, thing) for thing in wanted),
            "created_at": tx.now,
        },
    )
    told = {"to": rows[to_id]["name"], **{str(thing): _number(owned, thing) for thing in wanted}}
    await record(tx, "handed_over", told, about=About(MEMBER, from_id))
    await jobs.add(tx, jobs.HAND_OVER, hand_over_id)
    return hand_over_id


async def lead_of(tx: Transaction, member_id: UUID | None) -> UUID:
    """Who leads the team of a member, or the nearest above it that somebody else leads who may sign in.

    Raises :class:`NotAllowed` (``member.update``, but for oneself), :class:`NotFound`, and :class:`InvalidInput` (``toTeamLead``)
    where nobody does.
    """
    _require_for(tx, member_id)
    giver = await tx.fetch_one(_GIVER, id=member_id)
    if giver is None:
        raise NotFound("member", member_id)
    row = await tx.fetch_one(_LEAD, id=member_id)
    if row is None:
        raise InvalidInput.at(("toTeamLead",), "people.no_lead", name=giver["name"])
    return UUID(str(row["member_id"]))


def _require_for(tx: Transaction, member_id: UUID | None) -> None:
    """What is one's own needs no right over members."""
    if member_id is None or member_id != tx.caller.member_id:
        tx.access.require(RIGHT)


def _number(owned: Belongings, thing: Thing) -> int:
    return int(getattr(owned, thing))


def _require_rights(access: Access, things: Sequence[Thing], keys: Keys) -> None:
    for thing, name in ((Thing.ORDERS, "order"), (Thing.CUSTOMERS, "customer")):
        if thing in things:
            access.require(f"{name}.update")
            access.require_field(name, WRITE, "owner")
    for name, fields in keys.items() if Thing.FIELDS in things else ():
        _require_of_all(access, f"{name}.update")
        for key in fields:
            access.require_field(name, WRITE, f"{OWN}{key}")
    for name in AGGREGATES if Thing.SHARES in things else ():
        _require_of_all(access, f"{name}.share")
    if Thing.DRAFTS in things:
        access.require(CONFIGURE)
    if Thing.TEAMS in things:
        access.require("team.update")


def _require_of_all(access: Access, right: str) -> None:
    """Raise :class:`NotAllowed` for who has the right of none or of some records alone: others name the member too."""
    access.require(right)
    if right in access.rows:
        raise NotAllowed(right, access.policy.full_holders(right), "not_allowed_here")


async def _require_reach(tx: Transaction, from_id: UUID, to_id: UUID, things: Sequence[Thing]) -> None:
    """Whoever could hand over what they may not change themselves could hand it to themselves."""
    tests = row_tests(tx.config, tx.access)
    for thing, aggregate in ((Thing.ORDERS, ORDER), (Thing.CUSTOMERS, CUSTOMER)):
        for action in ("read", "update") if thing in things and tests else ():
            right = f"{aggregate.record_type}.{action}"
            if test := tests.test(right, "t0") if tests else "":
                beyond = f"SELECT 1 AS found FROM {aggregate.table} t0 WHERE t0.tenant_id = %(tenant)s AND t0.owner_id = %(from)s"  # noqa: S608  (SQL of ours; values are parameters)
                values = tests.values(Occasion(tx.now, tx.caller.member_id)) if tests else {}
                if await tx.fetch_one(
                    f"{beyond} AND NOT coalesce({test}, FALSE) LIMIT 1", **{**values, "from": from_id}
                ):
                    raise NotAllowed(right, tx.access.policy.full_holders(right), "not_allowed_here")
    if Thing.TEAMS in things:
        led = [row["team_id"] for row in await tx.fetch_all(_LED, id=from_id)]
        if rights := await rights_beyond(tx, led, [to_id]):
            raise InvalidInput.at(("toId",), "limit.team_grant", rights=rights)


async def hand_overs(tx: Transaction) -> list[Row]:
    """The hand-overs, newest first. Raises :class:`NotAllowed` (``member.update``)."""
    tx.access.require(RIGHT)
    return await tx.fetch_all(_LIST, most=MOST_SHOWN)


async def next_batch(tx: Transaction, hand_over_id: UUID) -> bool:
    """Hand over the next things; whether there are more. It stops where the receiver may not sign in any more."""
    row = await tx.fetch_one(_LOAD, id=hand_over_id)
    if row is None or row["state"] != RUNNING:
        return False
    receiver = await tx.fetch_one(_RECEIVER, id=row["to_id"])
    assert receiver is not None, "members are never deleted"
    if not receiver["active"]:
        stopped = {"id": row["id"], "state": STOPPED, "finished_at": tx.now}
        await tx.update("hand_overs", ("state", "finished_at"), stopped)
        await notify_holders(tx, RIGHT, "people.hand_over_stopped", {"name": receiver["name"]})
        return False
    thing = Thing(row["things"][0])
    seen, kept, through = await _DO[thing](tx, row, receiver)
    is_over = seen < BATCH
    things = row["things"][1:] if is_over else row["things"]
    said = {
        "id": row["id"],
        "things": things,
        "through": None if is_over else through,
        "done": row["done"] + seen - kept,
        "kept": row["kept"] + kept,
        "state": RUNNING if things else DONE,
        "finished_at": None if things else tx.now,
    }
    await tx.update("hand_overs", tuple(name for name in said if name != "id"), said)
    return bool(things)


# How many were seen, how many of them stay, and which was the last.
Batch = tuple[int, int, UUID | None]


async def _records(tx: Transaction, row: Row, aggregate: Aggregate, thing: Thing) -> Batch:
    scope = {"from": row["from_id"], "through": row["through"], "most": BATCH}
    ids = [found["id"] for found in await tx.fetch_all(_NEXT[thing], **scope)]
    return len(ids), await _changed(tx, row, aggregate, ids, partial(_owned, row)), ids[-1] if ids else None


def _owned(row: Row, record: Record) -> bool:
    """Give the record another owner; whether it is still that of the giver."""
    is_theirs: bool = record.row["owner_id"] == row["from_id"]
    record.row["owner_id"] = row["to_id"]
    return is_theirs


async def _changed(
    tx: Transaction, row: Row, aggregate: Aggregate, ids: Sequence[UUID], change: Callable[[Record], bool]
) -> int:
    """Change the records by the hand-over, those of which ``change`` says that there is something to change; how many have to stay."""
    giver = await tx.fetch_one(_GIVER, id=row["from_id"])
    assert giver is not None, "members are never deleted"
    note = render("people.handed_over", tx.config.language, {"name": giver["name"], "by": row["author_name"]})
    if ids:
        await load_ahead(tx, aggregate, ids)
    kept = 0
    for record_id in ids:
        before = await load(tx, aggregate, record_id)
        after = before.copy()
        if not change(after) or before.row.get("voided_at"):
            # Somebody was faster.
            continue
        try:
            settled = await settle(tx, aggregate, before, after, leaving=True)
        except InvalidInput:
            kept += 1
            continue
        await save(tx, settled, UPDATED, note)
    return kept


async def _fields(tx: Transaction, row: Row, _receiver: Row) -> Batch:
    keys = member_fields(tx.config, row["fields"])
    found = await next_named(tx, keys, row["from_id"], row["through"], BATCH)
    kept = 0
    for name, aggregate in AGGREGATES.items():
        ids = [each["id"] for each in found if each["record_type"] == name]
        fields = keys.get(name, ())
        change = partial(rename, keys=fields, giver=row["from_id"], receiver=row["to_id"])
        kept += await _changed(tx, row, aggregate, ids, change)
    return len(found), kept, found[-1]["id"] if found else None


async def _shares(tx: Transaction, row: Row, _receiver: Row) -> Batch:
    found = await tx.fetch_all(_SHARED, **{"from": row["from_id"], "through": row["through"], "most": BATCH})
    for share in found:
        await pass_on(tx, AGGREGATES[share["record_type"]], share, row["to_id"])
    return len(found), 0, found[-1]["id"] if found else None


async def _orders(tx: Transaction, row: Row, _receiver: Row) -> Batch:
    return await _records(tx, row, ORDER, Thing.ORDERS)


async def _customers(tx: Transaction, row: Row, _receiver: Row) -> Batch:
    return await _records(tx, row, CUSTOMER, Thing.CUSTOMERS)


async def _drafts(tx: Transaction, row: Row, receiver: Row) -> Batch:
    # A draft is applied with the rights of whoever it is scheduled by.
    allowed = tx.config.policy.access(receiver["roles"]).allows(CONFIGURE)
    return await _moved(tx, _DRAFTS, row, allowed=allowed)


async def _teams(tx: Transaction, row: Row, _receiver: Row) -> Batch:
    return await _moved(tx, _TEAMS, row, now=tx.now)


async def _views(tx: Transaction, row: Row, _receiver: Row) -> Batch:
    return await _moved(tx, _VIEWS, row, most=MOST_PRIVATE)


async def _moved(tx: Transaction, sql: str, row: Row, **scope: Any) -> Batch:
    """Move them all in one statement, whose parts see what was there before it."""
    found = await tx.fetch_one(sql, **{"from": row["from_id"], "to": row["to_id"], **scope})
    assert found is not None
    return found["found"], found["found"] - found["moved"], None


_DO: Mapping[Thing, Callable[[Transaction, Row, Row], Awaitable[Batch]]] = {
    Thing.ORDERS: _orders,
    Thing.CUSTOMERS: _customers,
    Thing.DRAFTS: _drafts,
    Thing.TEAMS: _teams,
    Thing.VIEWS: _views,
    Thing.FIELDS: _fields,
    Thing.SHARES: _shares,
}
