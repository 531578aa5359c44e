"""Sharing one record with a member or with a team, to read or to change it, until a time.

Whom it is shared with has it by rights with the scope ``shared``. Nobody can give away what they do not have themselves.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from tenants import audit_log
from tenants.aggregates import Aggregate, Row
from tenants.forms import Form
from tenants.problems import NotFound
from tenants.references import References
from tenants.saving import load, note_change, require_row
from tenants.transaction import Transaction, new_id

_SHARE = """
SELECT * FROM record_shares
WHERE tenant_id = %(tenant)s AND record_type = %(record_type)s AND record_id = %(record_id)s AND id = %(id)s
"""


async def share(tx: Transaction, aggregate: Aggregate, record_id: UUID | None, values: Mapping[str, Any]) -> UUID:
    """Share a record with the member ``memberId`` or the team ``teamId``, to change it where ``mayChange``, until ``endsAt``.

    Raises :class:`NotAllowed` (<record type>.share, and <record type>.update for who gives that on), :class:`NotFound` and
    :class:`InvalidInput`.
    """
    name = aggregate.record_type
    tx.access.require(f"{name}.share")
    may_change = bool(values.get("mayChange"))
    if may_change:
        tx.access.require(f"{name}.update")
    record = await load(tx, aggregate, record_id, rights=(f"{name}.share",))
    if may_change:
        await require_row(tx, aggregate, record.id, f"{name}.update")
    row: Row = {"id": new_id(), "record_type": name, "record_id": record.id, "may_change": may_change}
    form = Form(values, row)
    references = References(tx)
    references.ask(form, "memberId", "member")
    references.ask(form, "teamId", "team")
    await references.fetch()
    for field, kind in (("memberId", "member"), ("teamId", "team")):
        found = references.one(form, field, kind) if form.values.get(field) is not None else None
        row[f"{kind}_id"] = found["id"] if found else None
    if (form.values.get("memberId") is None) == (form.values.get("teamId") is None):
        form.fail("memberId", "share.with_one")
    form.value("endsAt", "date_time")
    if row["ends_at"] is not None and row["ends_at"] <= tx.now:
        form.fail("endsAt", "share.past")
    form.finish()
    row.update(created_by_id=tx.caller.member_id, created_at=tx.now)
    await tx.insert("record_shares", row)
    await note_change(tx, aggregate, record, {"field": "shares", "old": None, "new": _told(row)})
    await _log(tx, aggregate, record.id, (None, _plain(row)))
    return record.id


async def unshare(tx: Transaction, aggregate: Aggregate, record_id: UUID | None, share_id: UUID | None) -> UUID:
    """Take back what was shared; it ends at once.

    Raises :class:`NotAllowed` (<record type>.share) and :class:`NotFound`.
    """
    name = aggregate.record_type
    tx.access.require(f"{name}.share")
    record = await load(tx, aggregate, record_id, rights=(f"{name}.share",))
    row = await tx.fetch_one(_SHARE, record_type=name, record_id=record.id, id=share_id)
    if row is None:
        raise NotFound("record_share", share_id)
    await tx.delete("record_shares", {"id": row["id"]})
    tx.tell_of_rights()
    await note_change(tx, aggregate, record, {"field": "shares", "old": _told(row), "new": None})
    await _log(tx, aggregate, record.id, (_plain(row), None))
    return record.id


async def pass_on(tx: Transaction, aggregate: Aggregate, row: Mapping[str, Any], member_id: UUID) -> None:
    """Give a share of a record to another member, who has the record then for as long and in the same way."""
    record = await load(tx, aggregate, row["record_id"])
    passed = {**row, "member_id": member_id}
    await tx.update("record_shares", ("member_id",), {"id": row["id"], "member_id": member_id})
    tx.tell_of_rights()
    await note_change(tx, aggregate, record, {"field": "shares", "old": _told(row), "new": _told(passed)})
    await _log(tx, aggregate, record.id, (_plain(row), _plain(passed)))


def _told(row: Mapping[str, Any]) -> Row:
    """What the history says of it."""
    with_whom = {"memberId": row["member_id"]} if row["member_id"] is not None else {"teamId": row["team_id"]}
    return {"id": row["id"], **with_whom, "mayChange": row["may_change"], "endsAt": row["ends_at"]}


def _plain(row: Mapping[str, Any]) -> Row:
    return {
        name: value if value is None or isinstance(value, bool) else str(value) for name, value in _told(row).items()
    }


async def _log(tx: Transaction, aggregate: Aggregate, record_id: UUID, shared: tuple[Row | None, Row | None]) -> None:
    data = {"recordType": aggregate.record_type, "record": str(record_id), "share": shared}
    await audit_log.record(tx, "record_shared", data)
