"""A review of permissions: who can do what by which roles, which of these rights nobody has used for long, and who has long been away."""

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import StringIO
from typing import Any
from uuid import UUID

from tenants.access.scopes import rows_words
from tenants.permissions import Access
from tenants.row_rights import Rows
from tenants.transaction import Transaction

# What was not done for so long counts as unused, and who was not there for so long as away.
LONG = timedelta(days=90)
MOST_MEMBERS = 1_000
# By which entry of the history, or of the audit log, it is known that a right was used: kind of entry, and for changes of records
# their type.
_USES: Mapping[tuple[str, str], str] = {
    **{
        (kind, name): f"{name}.{action}"
        for name in ("order", "customer", "product")
        for kind, action in (("created", "create"), ("updated", "update"))
    },
    ("status_changed", "order"): "order.change_status",
    ("voided", "order"): "order.void",
}
_OF_MEMBERS: Mapping[str, str] = {
    "member_added": "member.invite",
    "member_invited": "member.invite",
    "member_changed": "member.update",
}
_CONFIGURING = "configuration.update"
# Rights of whose use there is an entry.
TRACED = frozenset({*_USES.values(), *_OF_MEMBERS.values(), _CONFIGURING})
_MEMBERS = """
SELECT m.id, m.name, m.email, m.roles, m.active, m.created_at,
       greatest((SELECT max(s.last_used_at) FROM sessions s WHERE s.tenant_id = m.tenant_id AND s.member_id = m.id),
                (SELECT max(e.at) FROM events e WHERE e.tenant_id = m.tenant_id AND e.record_type = 'member' AND e.record_id = m.id
                   AND e.kind = 'signed_in')) AS last_seen
FROM members m
WHERE m.tenant_id = %(tenant)s AND (%(after)s::uuid IS NULL OR m.id > %(after)s::uuid)
ORDER BY m.id LIMIT %(first)s
"""
_USED = """
SELECT e.actor_id, e.kind, e.record_type, max(e.at) AS at FROM events e
WHERE e.tenant_id = %(tenant)s AND e.at > %(since)s AND e.actor_kind = 'member' AND e.actor_id = ANY(%(members)s::uuid[])
GROUP BY 1, 2, 3
"""
_CONFIGURED = """
SELECT author_id AS actor_id, max(created_at) AS at FROM change_sets
WHERE tenant_id = %(tenant)s AND created_at > %(since)s AND author_id = ANY(%(members)s::uuid[]) GROUP BY 1
"""

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class HeldRight:
    """A right that a member holds: by which of their own roles, of which records where not of all, when it was last used within
    :data:`LONG`, and whether it was not; None where nothing is written down of its use."""

    right: str
    roles: tuple[str, ...]
    rows: Rows | None
    last_used: datetime | None
    unused: bool | None


@dataclass(frozen=True, slots=True)
class ReviewedMember:
    """A member, and what they may do. ``away`` are those who could have been there for :data:`LONG` and were not."""

    id: UUID
    name: str
    email: str
    roles: tuple[str, ...]
    active: bool
    last_seen: datetime | None
    away: bool
    rights: tuple[HeldRight, ...]


@dataclass(frozen=True, slots=True)
class Review:
    """A page of the members, and whether there are more."""

    members: tuple[ReviewedMember, ...]
    has_more: bool


async def review(tx: Transaction, first: int, after: UUID | None = None) -> Review:
    """The members with ids greater than ``after``, at most ``first`` of them and :data:`MOST_MEMBERS`.

    Raises :class:`NotAllowed` (configuration.read, member.update: whoever may change what it shows).
    """
    tx.access.require("configuration.read")
    tx.access.require("member.update")
    size = max(1, min(first, MOST_MEMBERS))
    found = await tx.fetch_all(_MEMBERS, first=size + 1, after=after)
    rows = found[:size]
    used = await _used(tx, [row["id"] for row in rows])
    held = {roles: _held(tx, roles) for roles in {tuple(row["roles"]) for row in rows}}
    members = tuple(_reviewed(tx.now, row, held[tuple(row["roles"])], used) for row in rows)
    return Review(members, len(found) > size)


async def _used(tx: Transaction, members: list[UUID]) -> dict[tuple[UUID, str], datetime]:
    """When each member last used each right of which there is an entry."""
    scope = {"members": members, "since": tx.now - LONG}
    entries, configured = await tx.fetch_each((_USED, scope), (_CONFIGURED, scope))
    found: dict[tuple[UUID, str], datetime] = {}
    for entry in entries:
        right = _USES.get((entry["kind"], entry["record_type"])) or _OF_MEMBERS.get(entry["kind"])
        if right is not None:
            key = (entry["actor_id"], right)
            found[key] = max(found.get(key, entry["at"]), entry["at"])
    return found | {(row["actor_id"], _CONFIGURING): row["at"] for row in configured}


def _held(tx: Transaction, roles: tuple[str, ...]) -> list[tuple[str, tuple[str, ...], Rows | None]]:
    """Each right that the roles together hold, with those that hold it by themselves."""
    policy = tx.config.policy
    access = policy.access(roles)
    each: dict[str, Access] = {role: policy.access((role,)) for role in roles}
    return [
        (right, tuple(role for role in roles if each[role].allows(right)), access.rows.get(right))
        for right in policy.rights
        if access.allows(right)
    ]


def _reviewed(
    now: datetime,
    row: Row,
    held: Iterable[tuple[str, tuple[str, ...], Rows | None]],
    used: Mapping[tuple[UUID, str], datetime],
) -> ReviewedMember:
    is_new = row["created_at"] > now - LONG
    rights = tuple(
        HeldRight(right, roles, rows, at, None if right not in TRACED else at is None and not is_new)
        for right, roles, rows in held
        for at in (used.get((row["id"], right)),)
    )
    seen = row["last_seen"]
    away = row["active"] and not is_new and (seen is None or seen < now - LONG)
    return ReviewedMember(row["id"], row["name"], row["email"], tuple(row["roles"]), row["active"], seen, away, rights)


COLUMNS = ("member", "email", "active", "last seen", "away", "right", "by roles", "records", "last used", "unused")


def as_csv(found: Iterable[ReviewedMember], language: str) -> str:
    """One line for each right of each member, and one for a member without any."""
    out = StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for member in found:
        begin = (member.name, member.email, _flag(member.active), _moment(member.last_seen), _flag(member.away))
        for cells in _cells(member.rights, language):
            writer.writerow([_safe(cell) for cell in (*begin, *cells)])
    return out.getvalue()


def _cells(rights: Iterable[HeldRight], language: str) -> Iterator[tuple[str, ...]]:
    any_right = False
    for held in rights:
        any_right = True
        rows = rows_words(held.rows, language) if held.rows else ""
        yield held.right, " ".join(held.roles), rows, _moment(held.last_used), _flag(held.unused)
    if not any_right:
        yield ("",) * 5


def _flag(value: bool | None) -> str:
    return "" if value is None else "yes" if value else "no"


def _moment(value: datetime | None) -> str:
    return "" if value is None else value.isoformat(timespec="seconds")


def _safe(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell
