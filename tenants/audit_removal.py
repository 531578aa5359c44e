"""The operator removes old entries of the audit log of which there are many, and leaves a proof of it.

What proves the rest is in the rest: for each chain an entry ``audit_removed`` is added, which says how many entries were removed, up to
when, and of each gap where it begins and ends and what the hash of its last entry was. The entry behind the gap is chained to that hash.
The application cannot do this: its role of the database changes and deletes no entry.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from tenants.actors import system
from tenants.audit_log import About, record_within
from tenants.database import ENTER, Connection
from tenants.records.audit import AUDITED

# What may be removed: who came and went, what failed, what was fetched. Who was given what stays for ever.
REMOVABLE = ("signed_in", "sign_in_failed", "signed_out", "file_downloaded", "refused")
REMOVED = "audit_removed"
# As long as a review of permissions looks back.
LEAST_DAYS = 90
# Entries that one entry tells the removal of.
MOST_AT_ONCE = 2_000

_CHAINS = f"""
SELECT DISTINCT record_type, record_id FROM events
WHERE tenant_id = %(tenant)s AND at < %(before)s AND kind = ANY(%(kinds)s) AND {AUDITED} ORDER BY record_type, record_id
"""  # noqa: S608  (SQL of ours; values are parameters)
# Whoever adds an entry waits here.
_LOCK = """
SELECT version FROM audit_chains WHERE tenant_id = %(tenant)s AND record_type = %(type)s AND record_id = %(id)s FOR UPDATE
"""
_GAPS = """
SELECT min(version) AS first, max(version) AS last, encode((array_agg(hash ORDER BY version DESC))[1], 'hex') AS hash
FROM (SELECT record_version AS version, hash, record_version - row_number() OVER (ORDER BY record_version) AS run
      FROM (SELECT record_version, hash FROM events
            WHERE tenant_id = %(tenant)s AND record_type = %(type)s AND record_id = %(id)s AND at < %(before)s
              AND kind = ANY(%(kinds)s)
            ORDER BY record_version LIMIT %(most)s) oldest) numbered
GROUP BY run ORDER BY 1
"""
_DELETE = """
DELETE FROM events WHERE tenant_id = %(tenant)s AND record_type = %(type)s AND record_id = %(id)s
AND record_version BETWEEN %(first)s AND %(last)s
"""


class Gap(NamedTuple):
    """Entries of one chain that were removed, by their versions, and the hash of the last, as hexadecimal digits."""

    first: int
    last: int
    hash: str


async def remove_old(connection: Connection, tenant_id: UUID, now: datetime, days: int) -> int:
    """Remove the entries of the kinds :data:`REMOVABLE` that are older than so many days, and say how many there were.

    ``connection`` is the owner's of the database, in no transaction; ``days`` are :data:`LEAST_DAYS` or more.
    """
    assert days >= LEAST_DAYS
    scope: dict[str, Any] = {
        "tenant": tenant_id,
        "before": now - timedelta(days=days),
        "kinds": list(REMOVABLE),
        "most": MOST_AT_ONCE,
    }
    async with connection.transaction():
        await connection.execute(ENTER, scope)
        chains = await (await connection.execute(_CHAINS, scope)).fetchall()
    removed = 0
    for chain in chains:
        about = About(chain["record_type"], chain["record_id"])
        while found := await _remove(connection, about, {**scope, "type": about.type, "id": about.id}):
            removed += found
    return removed


async def _remove(connection: Connection, about: About, scope: Mapping[str, Any]) -> int:
    """Remove the oldest of one chain, and say how many."""
    async with connection.transaction():
        await connection.execute(ENTER, scope)
        await connection.execute(_LOCK, scope)
        found = await (await connection.execute(_GAPS, scope)).fetchall()
        gaps = [Gap(row["first"], row["last"], row["hash"]) for row in found]
        count = sum(gap.last - gap.first + 1 for gap in gaps)
        if not gaps:
            return 0
        told = {
            "entries": count,
            "before": scope["before"].isoformat(),
            "kinds": scope["kinds"],
            "gaps": [list(gap) for gap in gaps],
        }
        # Chained to the last of them, if that goes too.
        await record_within(connection, scope["tenant"], system("orderloom"), REMOVED, told, about=about)
        for gap in gaps:
            await connection.execute(_DELETE, {**scope, "first": gap.first, "last": gap.last})
    return count


def gaps_told(changes: Iterable[Mapping[str, Any]]) -> list[Gap]:
    """The gaps that an entry tells of."""
    return [Gap(*gap) for change in changes if change["field"] == "gaps" for gap in change["new"]]
