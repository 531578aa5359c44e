"""Who knows the secret of a key: whoever was told the newest one, when the key was made or rotated. They know it after they have left, too."""

from uuid import UUID

from tenants.actors import KEY
from tenants.keys.managing import revoke_key
from tenants.notifications import notify_holders
from tenants.transaction import Transaction

# Keys that hold. Where the entry of the audit log is removed already, whoever made the key.
KNOWN = f"""
SELECT k.id, coalesce((SELECT e.actor_id FROM events e
                       WHERE e.tenant_id = %(tenant)s AND e.record_type = '{KEY}' AND e.record_id = k.id
                         AND e.kind IN ('key_created', 'key_rotated')
                       ORDER BY e.record_version DESC LIMIT 1), k.created_by_id) AS member_id
FROM api_keys k WHERE k.tenant_id = %(tenant)s AND k.revoked_at IS NULL AND k.expires_at > now()
"""  # noqa: S608  (SQL of ours; values are parameters)
_OF_MEMBER = f"SELECT n.id FROM ({KNOWN}) n WHERE n.member_id = %(member)s ORDER BY n.id"  # noqa: S608  (SQL of ours; values are parameters)


async def leave_keys(tx: Transaction, member_id: UUID, name: str, *, revoke: bool) -> None:
    """End the keys whose secrets a member knows who has just left, or tell those who can that they should be rotated.

    Raises :class:`NotAllowed` (``key.update``) where there is something to ``revoke``.
    """
    known = await tx.fetch_all(_OF_MEMBER, member=member_id)
    if known and not revoke:
        await notify_holders(tx, "key.update", "people.knows_keys", {"name": name, "keys": len(known)})
    for row in known if revoke else ():
        await revoke_key(tx, row["id"])
