"""Who can give somebody a right: those who may change roles as they like, or give roles to members and hold the right themselves."""

import orjson

from tenants.access.rules import Right
from tenants.database import Caller, Database, Outdated
from tenants.permissions import Access, Policy

GIVING, DEFINING = "member.update", "configuration.update"
# So many are named, of so many that are looked at.
MOST_NAMED, MOST_LOOKED_AT = 3, 50
_MEMBERS = f"""
SELECT coalesce(json_agg(json_build_array(m.name, m.roles) ORDER BY m.created_at, m.id), '[]'::json)
FROM (SELECT name, roles, created_at, id FROM members
      WHERE tenant_id = %(tenant)s AND active AND roles && %(roles)s::text[]
      ORDER BY created_at, id LIMIT {MOST_LOOKED_AT}) m
"""  # noqa: S608


def can_give(access: Access, right: Right) -> bool:
    """Whether somebody with that access can give others the right."""
    return access.allows(DEFINING) or (access.allows(GIVING) and right.is_held(access))


def giving_roles(policy: Policy) -> list[str]:
    """The roles of which a member who can give rights has at least one."""
    return list(dict.fromkeys((*policy.holders(DEFINING), *policy.holders(GIVING))))


async def grantors(database: Database, caller: Caller, right: str) -> tuple[str, ...]:
    """The names of the first members who can give the right; none where the caller is outdated, who is to ask again."""
    policy, wanted = caller.config.policy, Right.named(right)
    try:
        found = await database.read(caller, _MEMBERS, {"tenant": caller.tenant_id, "roles": giving_roles(policy)})
    except Outdated:
        return ()
    members = orjson.loads(found or b"[]")
    names = (name for name, roles in members if can_give(policy.access(roles), wanted))
    return tuple(name for name, _ in zip(names, range(MOST_NAMED), strict=False))
