"""What members own: counted before they leave, and found with those who have left."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from tenants.keys.knowing import KNOWN
from tenants.named_members import count_named
from tenants.problems import Conflict, NotFound
from tenants.transaction import Transaction

MOST_LEFT = 500


@dataclass(frozen=True, slots=True)
class Belongings:
    """How many things a member has. Orders that are not voided, customers, drafts of the configuration that are to be applied in their
    name, and teams that they lead have to be somebody's; ``views`` are their own, ``notifications`` unread; ``automations`` were last written by them, and go on under
    the roles that they have. ``shares`` are of records that are shared with them, and ``fields`` the records that name them in a field of
    the company's own. Of ``api_keys`` they were told the newest secret."""

    member_id: UUID
    name: str
    active: bool
    orders: int
    customers: int
    drafts: int
    teams: int
    views: int
    notifications: int
    automations: int
    shares: int
    fields: int
    api_keys: int

    @property
    def need_somebody(self) -> bool:
        return bool(self.orders or self.customers or self.drafts or self.teams)


_COUNT = f"""
SELECT m.id AS member_id, m.name, m.active, coalesce(o.found, 0) AS orders, coalesce(c.found, 0) AS customers,
       coalesce(d.found, 0) AS drafts, coalesce(t.found, 0) AS teams, coalesce(v.found, 0) AS views, coalesce(n.found, 0) AS notifications,
       coalesce(a.found, 0) AS automations, coalesce(s.found, 0) AS shares, coalesce(k.found, 0) AS api_keys
FROM members m
LEFT JOIN (SELECT owner_id, count(*) AS found FROM orders
           WHERE tenant_id = %(tenant)s AND owner_id = ANY(%(ids)s) AND voided_at IS NULL GROUP BY owner_id) o ON o.owner_id = m.id
LEFT JOIN (SELECT owner_id, count(*) AS found FROM customers
           WHERE tenant_id = %(tenant)s AND owner_id = ANY(%(ids)s) GROUP BY owner_id) c ON c.owner_id = m.id
LEFT JOIN (SELECT scheduled_by, count(*) AS found FROM configuration_drafts
           WHERE tenant_id = %(tenant)s AND scheduled_by = ANY(%(ids)s) GROUP BY scheduled_by) d ON d.scheduled_by = m.id
LEFT JOIN (SELECT l.member_id, count(*) AS found FROM team_members l
           JOIN teams g ON g.tenant_id = l.tenant_id AND g.id = l.team_id AND g.archived_at IS NULL
           WHERE l.tenant_id = %(tenant)s AND l.member_id = ANY(%(ids)s) AND l.is_lead GROUP BY l.member_id) t ON t.member_id = m.id
LEFT JOIN (SELECT member_id, count(*) AS found FROM private_views
           WHERE tenant_id = %(tenant)s AND member_id = ANY(%(ids)s) GROUP BY member_id) v ON v.member_id = m.id
LEFT JOIN (SELECT member_id, count(*) AS found FROM notifications
           WHERE tenant_id = %(tenant)s AND member_id = ANY(%(ids)s) AND read_at IS NULL GROUP BY member_id) n ON n.member_id = m.id
LEFT JOIN (SELECT l.author_id, count(*) AS found
           FROM (SELECT DISTINCT ON (e->>'key') e->>'key' AS key, s.author_id
                 FROM change_sets s CROSS JOIN jsonb_array_elements(s.changes) e
                 WHERE s.tenant_id = %(tenant)s AND e->>'kind' = 'automation' ORDER BY e->>'key', s.version DESC) l
           JOIN definitions f ON f.tenant_id = %(tenant)s AND f.kind = 'automation' AND f.key = l.key
           GROUP BY l.author_id) a ON a.author_id = m.id
LEFT JOIN (SELECT member_id, count(*) AS found FROM record_shares
           WHERE tenant_id = %(tenant)s AND member_id = ANY(%(ids)s) AND (ends_at IS NULL OR ends_at > now())
           GROUP BY member_id) s ON s.member_id = m.id
LEFT JOIN (SELECT n.member_id, count(*) AS found FROM ({KNOWN}) n GROUP BY n.member_id) k ON k.member_id = m.id
WHERE m.tenant_id = %(tenant)s AND m.id = ANY(%(ids)s) ORDER BY m.name, m.id
"""  # noqa: S608  (SQL of ours; values are parameters)
_LEFT = "SELECT id FROM members WHERE tenant_id = %(tenant)s AND NOT active ORDER BY updated_at DESC, id LIMIT %(most)s"


async def belongings(tx: Transaction, member_id: UUID | None) -> Belongings:
    """What a member has. Raises :class:`NotAllowed` (``member.update``) and :class:`NotFound`."""
    tx.access.require("member.update")
    found = await count(tx, [member_id] if member_id else [])
    if not found:
        raise NotFound("member", member_id)
    return found[0]


async def left_behind(tx: Transaction) -> list[Belongings]:
    """What members have who may not sign in any more, and what has to be somebody's or gives them a way in that is not closed; of the
    :data:`MOST_LEFT` who left last.

    Raises :class:`NotAllowed` (``member.update``).
    """
    tx.access.require("member.update")
    gone = await tx.fetch_all(_LEFT, most=MOST_LEFT)
    return [each for each in await count(tx, [row["id"] for row in gone]) if each.need_somebody or each.api_keys]


async def count(tx: Transaction, member_ids: Sequence[UUID]) -> list[Belongings]:
    """The belongings of members, in the order of their names."""
    rows: list[dict[str, Any]] = await tx.fetch_all(_COUNT, ids=list(member_ids))
    named = await count_named(tx, member_ids)
    return [Belongings(**row, fields=named.get(row["member_id"], 0)) for row in rows]


async def require_nothing(tx: Transaction, member_id: UUID) -> None:
    """Raise :class:`Conflict` for a member who has what has to be somebody's."""
    (found,) = await count(tx, [member_id])
    if found.need_somebody:
        raise Conflict(
            "people.has_things",
            name=found.name,
            orders=found.orders,
            customers=found.customers,
            drafts=found.drafts,
            teams=found.teams,
        )
