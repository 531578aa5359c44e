"""Messages to members inside the application."""

from uuid import UUID

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
