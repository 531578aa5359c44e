"""Messages to members inside the application."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from tenants.messages import render
from tenants.problems import NotFound
from tenants.transaction import Transaction, new_id


async def add_notification(
    tx: Transaction,
    member_id: UUID | str,
    text: str,
    record_type: str | None,
    record_id: UUID | None,
    run_id: UUID | None,
) -> None:
    """Write a notification for a member; it appears with the commit."""
    await tx.insert(
        "notifications",
        {
            "id": new_id(),
            "member_id": member_id,
            "text": text,
            "record_type": record_type,
            "record_id": record_id,
            "run_id": run_id,
            "created_at": tx.now,
        },
    )


async def notify_holders(
    tx: Transaction, right: str, code: str, data: dict[str, Any], *, without: Collection[str] = ()
) -> None:
    """Tell every member who has a right, but for the ids ``without``, in their own language; ``code`` names the sentence, ``data``
    fills it."""
    members = await tx.fetch_all(
        "SELECT id, roles, language FROM members WHERE tenant_id = %(tenant)s AND active ORDER BY id"
    )
    for member in members:
        is_meant = str(member["id"]) not in without
        if is_meant and tx.config.policy.access(tuple(member["roles"])).allows(right):
            await add_notification(tx, member["id"], render(code, member["language"], data), None, None, None)


async def mark_notification_read(tx: Transaction, notification_id: UUID | None) -> UUID:
    """Mark one of the actor's own notifications as read; again is the same. Raises :class:`NotFound`."""
    row = await tx.fetch_one(
        "UPDATE notifications SET read_at = coalesce(read_at, %(now)s)"
        " WHERE tenant_id = %(tenant)s AND id = %(id)s AND member_id = %(member)s RETURNING id",
        id=notification_id,
        member=tx.caller.member_id,
        now=tx.now,
    )
    if row is None:
        raise NotFound("notification", notification_id)
    return UUID(str(row["id"]))
