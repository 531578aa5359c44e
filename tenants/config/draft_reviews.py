"""The review of drafts: submitted by who wrote them, approved or rejected by somebody else, who is asked and whose answer is told."""

from typing import Any
from uuid import UUID

from tenants.audit_log import About, record
from tenants.config.drafts import APPROVED, OPEN, REJECTED, SUBMITTED, Row, load, store, with_writer
from tenants.config.four_eyes import APPROVE, WRITE
from tenants.messages import render
from tenants.notifications import add_notification, notify_holders
from tenants.problems import Conflict, InvalidInput
from tenants.transaction import Transaction

LONGEST_COMMENT = 2_000
_TOLD = {APPROVED: "review.approved", REJECTED: "review.rejected"}


async def submit_draft(tx: Transaction, draft_id: UUID | None, expected_version: int | None = None) -> UUID:
    """Ask for somebody's approval of a draft; whoever may approve it is told. Who submits it stands for it as one who wrote it.

    Raises :class:`NotAllowed` (``configuration.update``), :class:`NotFound`, and :class:`Conflict` for one that is submitted or
    approved already, or saved since.
    """
    row = await load(tx, draft_id, WRITE, expected_version)
    if row["state"] not in (OPEN, REJECTED):
        raise Conflict("review.already_submitted", name=row["name"])
    writers = with_writer(row["writers"], tx)
    asked = {"author": tx.actor.name, "name": row["name"]}
    await notify_holders(tx, APPROVE, "review.asked", asked, without=[writer["id"] for writer in writers])
    cleared = {"reviewer_name": None, "review_comment": None, "reviewed_at": None}
    return await store(tx, row, {"state": SUBMITTED, "writers": writers, **cleared})


async def approve_draft(tx: Transaction, draft_id: UUID | None, expected_version: int, comment: str = "") -> UUID:
    """Approve a submitted draft as it stands at that version; it can then be applied.

    Raises :class:`NotAllowed` (``configuration.approve``), :class:`NotFound`, :class:`InvalidInput`, and :class:`Conflict` for one
    that is not submitted, was saved since, or was written by the actor.
    """
    return await _judge(tx, draft_id, expected_version, APPROVED, comment)


async def reject_draft(tx: Transaction, draft_id: UUID | None, expected_version: int, comment: str) -> UUID:
    """Reject a submitted draft, saying why. Raises what :func:`approve_draft` does, also without a comment."""
    if not comment.strip():
        tx.access.require(APPROVE)
        raise InvalidInput.at(("comment",), "value.required")
    return await _judge(tx, draft_id, expected_version, REJECTED, comment)


async def _judge(tx: Transaction, draft_id: UUID | None, expected_version: int, state: str, comment: str) -> UUID:
    row = await load(tx, draft_id, APPROVE, expected_version)
    comment = comment.strip()
    if len(comment) > LONGEST_COMMENT:
        raise InvalidInput.at(("comment",), "value.too_long", length=len(comment), longest=LONGEST_COMMENT)
    if row["state"] != SUBMITTED:
        raise Conflict("review.not_submitted", name=row["name"])
    if any(writer["id"] == str(tx.actor.id) for writer in row["writers"]):
        raise Conflict("review.own_draft", name=row["name"])
    await _tell_writers(
        tx, row, _TOLD[state], {"reviewer": tx.actor.name, "name": row["name"], "comment": comment or "-"}
    )
    told = {"name": row["name"], "version": row["version"], "state": state, "comment": comment or None}
    await record(tx, "draft_judged", told, about=About("draft", row["id"]))
    judged = {"reviewer_name": tx.actor.name, "review_comment": comment, "reviewed_at": tx.now}
    return await store(tx, row, {"state": state, **judged})


async def _tell_writers(tx: Transaction, row: Row, code: str, data: dict[str, Any]) -> None:
    writers = await tx.fetch_all(
        "SELECT id, language FROM members WHERE tenant_id = %(tenant)s AND active AND id::text = ANY(%(ids)s::text[])"
        " ORDER BY id",
        ids=[writer["id"] for writer in row["writers"]],
    )
    for writer in writers:
        await add_notification(tx, writer["id"], render(code, writer["language"], data), None, None, None)
