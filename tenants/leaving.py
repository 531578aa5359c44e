"""Who may sign in no more, by another's will or by their own, and what becomes of what they have."""

from uuid import UUID

from tenants.actors import MEMBER
from tenants.audit_log import About, record
from tenants.belongings import count
from tenants.hand_overs import RIGHT, hand_over, receiver_and_giver
from tenants.notifications import notify_holders
from tenants.people import end_own_membership, update_member
from tenants.transaction import Transaction


async def deactivate(
    tx: Transaction,
    member_id: UUID | None,
    expected: int | None,
    to_id: UUID | None,
    *,
    keep: bool = False,
    revoke_keys: bool = False,
) -> UUID:
    """Let a member sign in no more, at once; what they have goes to another member, or with ``keep`` stays theirs and is listed. With
    ``revoke_keys`` the keys end whose secrets they know.

    Raises what :func:`tenants.people.update_member` and :func:`tenants.hand_overs.hand_over` do, :class:`Conflict` where they have
    something and nothing is said, and :class:`NotAllowed` (``key.update``) for keys that shall end.
    """
    keeps = keep or to_id is not None
    changes = {"active": False}
    found = await update_member(tx, member_id, changes, expected, keeps_things=keeps, revoke_keys=revoke_keys)
    await _after(tx, found, to_id, keep=keep)
    return found


async def leave(tx: Transaction, to_id: UUID | None, *, keep: bool = False) -> UUID:
    """Leave the company oneself, at once, with the same words; those who manage members are told.

    Raises what :func:`tenants.people.end_own_membership` and, but for ``member.update``, :func:`tenants.hand_overs.hand_over` do.
    """
    found = await end_own_membership(tx, keeps_things=keep or to_id is not None)
    await _after(tx, found, to_id, keep=keep)
    await notify_holders(tx, RIGHT, "people.left", {"name": tx.actor.name})
    return found


async def _after(tx: Transaction, member_id: UUID, to_id: UUID | None, *, keep: bool) -> None:
    await record(tx, "member_left", {"keeps": True if keep else None}, about=About(MEMBER, member_id))
    if to_id is not None:
        await receiver_and_giver(tx, member_id, to_id, "handOverTo")
        (owned,) = await count(tx, [member_id])
        if owned.need_somebody:
            await hand_over(tx, member_id, to_id)
