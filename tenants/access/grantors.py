"""Who can give somebody a right: those who may change roles, or give roles to members, and hold the right themselves."""

from collections.abc import Iterable
from uuid import UUID

import orjson

from tenants.access.rules import Right
from tenants.database import Caller, Database, Outdated
from tenants.permissions import Access, Policy, is_within
from tenants.problems import NOBODY, CanGrant

GIVING, DEFINING = "member.update", "configuration.update"
# So many are named, of so many that are looked at.
MOST_NAMED, MOST_LOOKED_AT, MOST_RIGHTS = 3, 50, 5
_MEMBERS = f"""
SELECT coalesce(json_agg(json_build_array(m.id, m.name, m.roles) ORDER BY m.created_at, m.id), '[]'::json)
FROM (SELECT name, roles, created_at, id FROM members
      WHERE tenant_id = %(tenant)s AND active AND roles && %(roles)s::text[] AND customer_id IS NULL
        AND NOT EXISTS (SELECT FROM members o WHERE o.tenant_id = %(tenant)s AND o.id = %(asker)s::uuid AND o.customer_id IS NOT NULL)
      ORDER BY created_at, id LIMIT {MOST_LOOKED_AT}) m
"""  # noqa: S608  (SQL of ours; values are parameters)


def can_give(access: Access, right: Right, lacking: Access) -> bool:
    """Whether somebody with that access can give the right to who is ``lacking`` it, or has it of fewer records: nobody gives what they do
    not have themselves."""
    if not (right.is_held(access) and (access.allows(DEFINING) or access.allows(GIVING))):
        return False
    return not (right.is_held(lacking) and is_within(right.rows(access), right.rows(lacking)))


def giving_roles(policy: Policy) -> list[str]:
    """The roles of which a member who can give rights has at least one."""
    return list(dict.fromkeys((*policy.holders(DEFINING), *policy.holders(GIVING))))


async def grantors(
    database: Database, caller: Caller | None, rights: Iterable[str], lacking: tuple[UUID, Access] | None = None
) -> CanGrant:
    """The names of the first members who can give each of the rights, of the first :data:`MOST_RIGHTS`, to the caller, or to another member
    who is ``lacking`` them, by id and access. None where the caller is a person at a customer, who is told of no staff, and where they are
    outdated, who are to ask again."""
    wanted = list(dict.fromkeys(rights))[:MOST_RIGHTS]
    if caller is None or caller.access.is_outside or not wanted:
        return NOBODY
    policy = caller.config.policy
    try:
        scope = {"tenant": caller.tenant_id, "asker": caller.member_id, "roles": giving_roles(policy)}
        found = await database.read(caller, _MEMBERS, scope)
    except Outdated:
        return NOBODY
    asking, has = lacking or (caller.member_id, caller.access)
    others = [(name, policy.access(roles)) for one, name, roles in orjson.loads(found or b"[]") if one != str(asking)]
    named = {right: [name for name, access in others if can_give(access, Right.named(right), has)] for right in wanted}
    return {right: tuple(names[:MOST_NAMED]) for right, names in named.items()}
