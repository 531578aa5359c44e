"""A review of permissions: who can do what by which roles, which of these rights nobody has used for long, and who has long been away.

Members and the keys of programs alike. What was used is known from the history, the audit log and the change sets; of what leaves nothing
there, such as reading, it is never said that it was not.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from tenants.config.snapshot import TenantConfig
from tenants.keys.narrowing import Narrowing, narrowed
from tenants.permissions import Access
from tenants.row_rights import Rows
from tenants.transaction import Transaction

# What was not done for so long counts as unused, and who was not there for so long as away.
LONG = timedelta(days=90)
MOST_MEMBERS = 1_000
# Who may see a review: whoever may change what it shows.
RIGHTS_NEEDED = ("configuration.read", "member.update")
_RECORDS = ("order", "customer", "product")
# By which entry of the history, or of the audit log, it is known that a right was used: kind of entry, and what it is about.
_USES: Mapping[tuple[str, str], str] = {
    **{
        (kind, name): f"{name}.{action}"
        for name in _RECORDS
        for kind, action in (
            ("created", "create"),
            ("updated", "update"),
            ("exported", "export"),
            ("imported", "import"),
        )
    },
    **{("record_shared", name): f"{name}.share" for name in _RECORDS},
    ("voided", "order"): "order.void",
    ("member_added", "member"): "member.invite",
    ("member_invited", "invitation"): "member.invite",
    ("member_changed", "member"): "member.update",
    ("handed_over", "member"): "member.update",
    ("key_created", "key"): "key.create",
    ("key_rotated", "key"): "key.update",
    ("key_revoked", "key"): "key.update",
    ("provider_changed", "identity_provider"): "identity_provider.manage",
    ("team_changed", "team"): "team.update",
    ("draft_judged", "draft"): "configuration.approve",
}
_STEP = "status_changed"
_STEPPING, _CONFIGURING = "order.change_status", "configuration.update"
# Rights of whose use there is an entry; of each step there is one as well.
TRACED = frozenset({*_USES.values(), _STEPPING, _CONFIGURING})
_STEPS = "order.transition."
_MEMBERS = """
SELECT m.id, m.name, m.email, m.roles, m.active, m.created_at,
       greatest((SELECT max(s.last_used_at) FROM sessions s WHERE s.tenant_id = m.tenant_id AND s.member_id = m.id),
                (SELECT max(e.at) FROM events e WHERE e.tenant_id = m.tenant_id AND e.record_type = 'member' AND e.record_id = m.id
                   AND e.kind = 'signed_in')) AS last_seen
FROM members m
WHERE m.tenant_id = %(tenant)s AND (%(after)s::uuid IS NULL OR m.id > %(after)s::uuid)
ORDER BY m.id LIMIT %(first)s
"""
_KEYS = """
SELECT k.id, k.name, k.roles, k.rights, k.record_types, k.read_only, k.created_at, k.expires_at,
       (SELECT max(s.last_used_at) FROM sessions s
        WHERE s.tenant_id = k.tenant_id AND s.key_id = k.id AND s.last_used_at > s.created_at) AS last_seen
FROM api_keys k WHERE k.tenant_id = %(tenant)s AND k.revoked_at IS NULL AND k.expires_at > %(now)s ORDER BY k.id
"""
# What an entry is about, more closely where it says so: the records that were exported, imported or shared, the step that was taken.
_USED = """
SELECT e.actor_id, e.kind, coalesce(d.about, e.record_type) AS about, max(e.at) AS at FROM events e
LEFT JOIN LATERAL (
  SELECT f->>'record' AS about FROM jsonb_array_elements(e.changes) c CROSS JOIN jsonb_array_elements(c->'new') f
  WHERE e.kind = 'imported' AND c->>'field' = 'files'
  UNION ALL
  SELECT CASE e.kind WHEN 'status_changed' THEN concat(c->>'old', ' ', c->>'new') ELSE c->>'new' END
  FROM jsonb_array_elements(e.changes) c
  WHERE e.kind IN ('exported', 'record_shared', 'status_changed')
    AND (e.kind, c->>'field') IN (('exported', 'type'), ('record_shared', 'recordType'), ('status_changed', 'status'))
) d ON TRUE
WHERE e.tenant_id = %(tenant)s AND e.at > %(since)s AND e.actor_kind IN ('member', 'key') AND e.actor_id = ANY(%(actors)s::uuid[])
GROUP BY 1, 2, 3
"""
_CONFIGURED = """
SELECT author_id AS actor_id, max(created_at) AS at FROM change_sets
WHERE tenant_id = %(tenant)s AND created_at > %(since)s AND author_id = ANY(%(actors)s::uuid[]) GROUP BY 1
"""

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class HeldRight:
    """A right that somebody holds: by which of their own roles, of which records where not of all, when it was last used within
    :data:`LONG`, and whether it was not; None where nothing is written down of its use."""

    right: str
    roles: tuple[str, ...]
    rows: Rows | None
    last_used: datetime | None
    unused: bool | None


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A member, or a key that holds, and what they may do. ``away`` are those who could have been there for :data:`LONG` and were not.
    A key has no ``email``, and a member does not expire."""

    id: UUID
    name: str
    email: str | None
    roles: tuple[str, ...]
    active: bool
    last_seen: datetime | None
    expires_at: datetime | None
    away: bool
    rights: tuple[HeldRight, ...]


@dataclass(frozen=True, slots=True)
class Review:
    """A page of the members, and whether there are more; the keys come with the first."""

    members: tuple[Reviewed, ...]
    keys: tuple[Reviewed, ...]
    has_more: bool


async def review(tx: Transaction, first: int, after: UUID | None = None) -> Review:
    """The members with ids greater than ``after``, at most ``first`` of them and :data:`MOST_MEMBERS`, and with the first of them all keys.

    Raises :class:`NotAllowed` (:data:`RIGHTS_NEEDED`).
    """
    for right in RIGHTS_NEEDED:
        tx.access.require(right)
    return await look(tx, first, after)


async def look(tx: Transaction, first: int, after: UUID | None = None) -> Review:
    """The same for whoever was found to have the rights."""
    size = max(1, min(first, MOST_MEMBERS))
    found = await tx.fetch_all(_MEMBERS, first=size + 1, after=after)
    keys = await tx.fetch_all(_KEYS, now=tx.now) if after is None else []
    rows = found[:size]
    used = await _used(tx, [row["id"] for row in (*rows, *keys)])
    policy = tx.config.policy
    accesses = {roles: policy.access(roles) for roles in {tuple(row["roles"]) for row in (*rows, *keys)}}
    held = {roles: _held(tx.config, access) for roles, access in accesses.items()}
    members = tuple(_reviewed(tx.now, row, held[tuple(row["roles"])], used) for row in rows)
    return Review(
        members,
        tuple(
            _reviewed(tx.now, row, _held(tx.config, narrowed(accesses[tuple(row["roles"])], Narrowing.of(row))), used)
            for row in keys
        ),
        len(found) > size,
    )


async def _used(tx: Transaction, actors: list[UUID]) -> dict[tuple[UUID, str], datetime]:
    """When each of them last used each right of which there is an entry."""
    scope = {"actors": actors, "since": tx.now - LONG}
    entries, configured = await tx.fetch_each((_USED, scope), (_CONFIGURED, scope))
    steps = _rights_of_steps(tx.config)
    found: dict[tuple[UUID, str], datetime] = {}
    for entry in entries:
        for right in _rights_used(entry, steps):
            key = (entry["actor_id"], right)
            found[key] = max(found.get(key, entry["at"]), entry["at"])
    return found | {(row["actor_id"], _CONFIGURING): row["at"] for row in configured}


def _rights_used(entry: Row, steps: Mapping[str, list[str]]) -> list[str]:
    if entry["kind"] == _STEP:
        return [_STEPPING, *steps.get(entry["about"], ())]
    right = _USES.get((entry["kind"], entry["about"]))
    return [] if right is None else [right]


def _rights_of_steps(config: TenantConfig) -> Mapping[str, list[str]]:
    """The rights of the steps that lead from one status to another, by both; where several do, each may have been the one."""
    found = defaultdict[str, list[str]](list)
    for key, transition in config.transitions.items():
        for source in transition.sources:
            found[f"{source} {transition.target}"].append(f"{_STEPS}{key}")
    return found


def _held(config: TenantConfig, access: Access) -> list[tuple[str, tuple[str, ...], Rows | None]]:
    """Each right that it has, with those of its roles that hold it by themselves."""
    policy = config.policy
    each = {role: policy.access((role,)) for role in access.roles if role in policy.roles}
    return [
        (right, tuple(role for role, alone in each.items() if alone.allows(right)), access.rows.get(right))
        for right in policy.rights
        if access.allows(right)
    ]


def _reviewed(
    now: datetime,
    row: Row,
    held: Iterable[tuple[str, tuple[str, ...], Rows | None]],
    used: Mapping[tuple[UUID, str], datetime],
) -> Reviewed:
    is_new, active, seen = row["created_at"] > now - LONG, row.get("active", True), row["last_seen"]
    return Reviewed(
        id=row["id"],
        name=row["name"],
        email=row.get("email"),
        roles=tuple(row["roles"]),
        active=active,
        last_seen=seen,
        expires_at=row.get("expires_at"),
        away=active and not is_new and (seen is None or seen < now - LONG),
        rights=tuple(
            HeldRight(right, roles, rows, at, at is None and not is_new if _is_traced(right) else None)
            for right, roles, rows in held
            for at in (used.get((row["id"], right)),)
        ),
    )


def _is_traced(right: str) -> bool:
    return right in TRACED or right.startswith(_STEPS)
