"""Teams: the commands. They make a tree, and a member may be in several.

An order belongs to the teams of its owner, and so does a customer: who moves to another team takes them along, and those of who has left
stay with the team until they are handed over.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from tenants import audit_log
from tenants.audit_log import About
from tenants.field_types import BadValue
from tenants.field_types.identifier import record_id
from tenants.field_types.text import clean_text
from tenants.forms import Form
from tenants.problems import Conflict, FieldError, NotFound
from tenants.row_rights import SHARED, TEAM, TEAM_TREE
from tenants.transaction import Transaction, new_id

DEEPEST = 10
LONGEST = 100
MOST_MEMBERS = 1_000
Row = dict[str, Any]
# Scopes by which whoever is in a team has others' records.
_BY_TEAMS = frozenset({TEAM, TEAM_TREE, SHARED})
# What the audit log tells of a change.
_TOLD = ("name", "names", "parent_id", "archived_at")
# Locked as a whole, in one order for all: two who move teams at once could make a ring of them.
_ALL = "SELECT * FROM teams WHERE tenant_id = %(tenant)s ORDER BY id FOR UPDATE"
_MEMBERS = "SELECT id, member_id, is_lead FROM team_members WHERE tenant_id = %(tenant)s AND team_id = %(team)s"
_ROLES = """
SELECT DISTINCT m.roles FROM members m WHERE m.tenant_id = %(tenant)s AND (m.id = ANY(%(members)s::uuid[]) OR EXISTS (
  SELECT FROM team_members t WHERE t.tenant_id = m.tenant_id AND t.member_id = m.id AND t.team_id = ANY(%(teams)s::uuid[])))
"""
_KNOWN = "SELECT id FROM members WHERE tenant_id = %(tenant)s AND id = ANY(%(ids)s::uuid[])"


async def create_team(tx: Transaction, values: Mapping[str, Any]) -> UUID:
    """Make a team: ``name``, ``names`` by language, ``parentId``, ``members``.

    Raises :class:`NotAllowed` (team.update) and :class:`InvalidInput`.
    """
    tx.access.require("team.update")
    row: Row = {"id": new_id(), "names": {}, "parent_id": None, "archived_at": None}
    form = Form(values, row)
    teams = {each["id"]: each for each in await tx.fetch_all(_ALL)}
    _check(tx, form, teams)
    members = await _members(tx, form)
    path = [*_above(teams, row), row["id"]]
    await _check_rights(tx, form, path, [each["member_id"] for each in members or ()])
    form.finish()
    row.update(path=path, version=1, created_at=tx.now, updated_at=tx.now)
    await tx.insert("teams", row)
    await _write_members(tx, row["id"], [], members or [])
    told = {name: _said(row[name]) for name in _TOLD if row[name]} | {"members": _people(members or [])}
    await audit_log.record(tx, "team_changed", told, about=About("team", row["id"]))
    return UUID(str(row["id"]))


async def update_team(
    tx: Transaction, team_id: UUID | None, values: Mapping[str, Any], expected_version: int | None = None
) -> UUID:
    """Change a team, or archive it; names that are absent from ``values`` stay, ``members`` are replaced as a whole. It holds from the
    next request of everybody on.

    Raises :class:`NotAllowed` (team.update), :class:`NotFound`, :class:`Conflict` and :class:`InvalidInput`.
    """
    tx.access.require("team.update")
    teams = {each["id"]: each for each in await tx.fetch_all(_ALL)}
    before = teams.get(team_id)
    if before is None:
        raise NotFound("team", team_id)
    if expected_version not in (None, before["version"]):
        current = ("team", before["id"], before["version"])
        raise Conflict(
            "stale_version", current=current, type="team", expected=expected_version, actual=before["version"]
        )
    row = dict(before)
    form = Form(values, row)
    _check(tx, form, teams)
    _archive(tx, form, teams)
    members = await _members(tx, form)
    known = await tx.fetch_all(_MEMBERS, team=row["id"])
    moved = list(_moved(teams, row))
    before_it = {each["member_id"] for each in known}
    new = [each["member_id"] for each in members or () if each["member_id"] not in before_it]
    if new or moved or (before["archived_at"] and not row["archived_at"]):
        await _check_rights(tx, form, [*_above(teams, row), row["id"]], new)
    form.finish()
    are_others = members is not None and {(each["member_id"], each["is_lead"]) for each in known} != {
        (each["member_id"], each["is_lead"]) for each in members
    }
    if row == before and not are_others:
        return UUID(str(row["id"]))
    row.update(version=row["version"] + 1, updated_at=tx.now)
    tx.tell_of_rights()
    await tx.update("teams", ("name", "names", "parent_id", "archived_at", "version", "updated_at"), row)
    await tx.update("teams", ("path",), *moved)
    if are_others:
        await _write_members(tx, row["id"], known, members or [])
    told = {name: (_said(before[name]), _said(row[name])) for name in _TOLD if before[name] != row[name]}
    if are_others:
        told["members"] = (_people(known), _people(members or []))
    await audit_log.record(tx, "team_changed", told, about=About("team", row["id"]))
    return UUID(str(row["id"]))


async def rights_beyond(tx: Transaction, team_ids: Sequence[UUID], member_ids: Sequence[UUID]) -> tuple[str, ...]:
    """The rights to others' records that members of these teams, those included who come in, have by them, and that the caller does not
    have of all records: whoever could move people between teams without these could reach what is closed to them."""
    rows = await tx.fetch_all(_ROLES, teams=list(team_ids), members=list(member_ids))
    found = {
        right
        for row in rows
        for right, rows_of in tx.config.policy.access(row["roles"]).rows.items()
        if not _BY_TEAMS.isdisjoint(scope for scope in rows_of.within if isinstance(scope, str))
    }
    return tuple(sorted(right for right in found if not tx.access.allows(right) or right in tx.access.rows))


async def _check_rights(tx: Transaction, form: Form, path: Sequence[UUID], new: Sequence[UUID]) -> None:
    """Who comes in gets others' records, and those above get theirs."""
    if not form.errors and (rights := await rights_beyond(tx, path, new)):
        form.fail("members" if new else "parentId", "limit.team_grant", rights=rights)


def _people(members: Sequence[Row]) -> list[Row]:
    """Who is in it, as the audit log takes it."""
    return sorted(({"id": str(row["member_id"]), "lead": row["is_lead"]} for row in members), key=lambda who: who["id"])


def _said(value: Any) -> Any:
    """A value as the audit log takes it."""
    return value if value is None or isinstance(value, str | dict) else str(value)


def _check(tx: Transaction, form: Form, teams: Mapping[UUID, Row]) -> None:
    row = form.row
    form.text("name", required=True, longest=LONGEST)
    if form.has("names"):
        row["names"] = dict(_names(tx, form))
    if form.has("parentId"):
        row["parent_id"] = None
        if form.values["parentId"] is not None:
            wanted = _id(form.values["parentId"], "team")
            parent = teams.get(wanted) if wanted else None
            if parent is None:
                form.fail("parentId", "value.unknown_record", type="team", id=form.values["parentId"])
            elif row["id"] in parent["path"]:
                form.fail("parentId", "team.cycle", name=parent["name"])
            elif parent["archived_at"] is not None:
                form.fail("parentId", "team.archived_parent", name=parent["name"])
            else:
                row["parent_id"] = parent["id"]
                below = (len(each["path"]) - each["path"].index(row["id"]) for each in _within(teams, row["id"]))
                if len(parent["path"]) + max(below, default=1) > DEEPEST:
                    form.fail("parentId", "team.too_deep", most=DEEPEST)


def _names(tx: Transaction, form: Form) -> Iterator[tuple[str, str]]:
    for place, entry in enumerate(form.values["names"] or ()):
        language = entry["language"]
        if language not in tx.config.languages:
            data = {"language": language, "languages": ", ".join(tx.config.languages)}
            form.errors.append(FieldError(("names", place, "language"), "team.unknown_language", data))
            continue
        try:
            yield language, clean_text(entry["text"], LONGEST)
        except BadValue as bad:
            form.errors.append(FieldError(("names", place, "text"), bad.code, bad.data))


def _archive(tx: Transaction, form: Form, teams: Mapping[UUID, Row]) -> None:
    wanted, row = form.values.get("archived"), form.row
    if wanted is True and row["archived_at"] is None:
        parts = [each["name"] for each in teams.values() if each["parent_id"] == row["id"] and not each["archived_at"]]
        if parts:
            form.fail("archived", "team.open_parts", names=", ".join(sorted(parts)))
        row["archived_at"] = tx.now
    elif wanted is False and row["archived_at"] is not None:
        parent = teams.get(row["parent_id"])
        if parent is not None and parent["archived_at"] is not None:
            form.fail("archived", "team.archived_parent", name=parent["name"])
        row["archived_at"] = None


async def _members(tx: Transaction, form: Form) -> list[Row] | None:
    """The members that were given, None where none were; what is wrong with them goes to the form."""
    if not form.has("members"):
        return None
    given = form.values["members"] or ()
    if len(given) > MOST_MEMBERS:
        form.fail("members", "value.too_many", count=len(given), most=MOST_MEMBERS)
        return []
    wanted = [_id(entry["memberId"], "member") for entry in given]
    ids = sorted({each for each in wanted if each is not None})
    known = {row["id"] for row in await tx.fetch_all(_KNOWN, ids=ids)} if ids else set()
    found: dict[UUID, Row] = {}
    for place, (entry, member_id) in enumerate(zip(given, wanted, strict=True)):
        path = ("members", place, "memberId")
        if member_id is None or member_id not in known:
            data = {"type": "member", "id": entry["memberId"]}
            form.errors.append(FieldError(path, "value.unknown_record", data))
        elif member_id in found:
            form.errors.append(FieldError(path, "team.double_member"))
        else:
            found[member_id] = {"member_id": member_id, "is_lead": bool(entry.get("isLead"))}
    return list(found.values())


async def _write_members(tx: Transaction, team_id: UUID, before: Sequence[Row], after: Sequence[Row]) -> None:
    known = {row["member_id"]: row for row in before}
    wanted = {row["member_id"]: row for row in after}
    await tx.delete("team_members", *({"id": row["id"]} for key, row in known.items() if key not in wanted))
    changed = [
        {"id": known[key]["id"], "is_lead": row["is_lead"]}
        for key, row in wanted.items()
        if key in known and known[key]["is_lead"] != row["is_lead"]
    ]
    await tx.update("team_members", ("is_lead",), *changed)
    new = [
        {"id": new_id(), "team_id": team_id, **row, "created_at": tx.now}
        for key, row in wanted.items()
        if key not in known
    ]
    await tx.insert("team_members", *new)


def _moved(teams: Mapping[UUID, Row], row: Row) -> Iterator[Row]:
    """The teams that get another path with the one that was moved, itself among them."""
    path = [*_above(teams, row), row["id"]]
    if path != row["path"]:
        for each in _within(teams, row["id"]):
            yield {"id": each["id"], "path": [*path, *each["path"][each["path"].index(row["id"]) + 1 :]]}


def _above(teams: Mapping[UUID, Row], row: Row) -> list[UUID]:
    return list(teams[row["parent_id"]]["path"]) if row["parent_id"] is not None else []


def _within(teams: Mapping[UUID, Row], team_id: UUID) -> list[Row]:
    """The team and all below it."""
    return [each for each in teams.values() if team_id in each["path"]]


def _id(given: Any, record_type: str) -> UUID | None:
    """The id that was given; an ill-formed one is that of nothing, as one that never existed."""
    try:
        return record_id(given, record_type)
    except BadValue:
        return None
