"""Which rights members lose by a change of a role: beside other roles of theirs that have them, as what would then hold is judged."""

from asyncio import to_thread
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from tenants.config.change_sets import Change
from tenants.config.definitions import Role
from tenants.config.snapshot import TenantConfig
from tenants.transaction import Transaction

# Sets of roles that members have; so many are compared.
MOST_SETS = 200
_SETS = f"""
SELECT roles, count(*) AS found FROM members WHERE tenant_id = %(tenant)s AND active AND roles && %(roles)s::text[]
GROUP BY roles ORDER BY found DESC, roles LIMIT {MOST_SETS}
"""  # noqa: S608  (SQL of ours; values are parameters)

Sets = Sequence[tuple[Sequence[str], int]]


class Lost(NamedTuple):
    """How many ``members`` lose some of the rights that a role no longer gives."""

    members: int
    rights: tuple[str, ...]


async def lost_rights(tx: Transaction, planned: TenantConfig, todo: Iterable[Change]) -> Mapping[str, Lost]:
    """What active members lose by each role that changes, those included who have it by a role that inherits it."""
    changed = [change.key for change in todo if isinstance(change.before, Role) and isinstance(change.after, Role)]
    if not changed:
        return {}
    heirs = {
        key: {role for role in tx.config.policy.roles if key in tx.config.policy.lineage((role,))} for key in changed
    }
    rows = await tx.fetch_all(_SETS, roles=sorted(set[str]().union(*heirs.values())))
    # Each set of roles is compiled, which takes milliseconds.
    return await to_thread(_found, tx.config, planned, heirs, [(row["roles"], row["found"]) for row in rows])


def _found(config: TenantConfig, planned: TenantConfig, heirs: Mapping[str, set[str]], sets: Sets) -> dict[str, Lost]:
    found = {}
    for key, those in heirs.items():
        gone = _lost(config, planned, (key,))
        count = sum(
            number for roles, number in sets if gone and those & set(roles) and gone & _lost(config, planned, roles)
        )
        if count:
            found[key] = Lost(count, tuple(sorted(gone)))
    return found


def _lost(config: TenantConfig, planned: TenantConfig, roles: Sequence[str]) -> set[str]:
    return config.policy.access(roles).beyond(planned.policy.access(roles))
