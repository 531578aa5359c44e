"""Voiding orders."""

from uuid import UUID

from tenants.aggregates import ORDER, VOIDED
from tenants.config.definitions import label
from tenants.messages import Listed
from tenants.orders.standing import as_it_is, checked_note, refuse_voided
from tenants.problems import Conflict, FieldError, InvalidInput
from tenants.rules.settling import settle
from tenants.saving import load, save
from tenants.transaction import Transaction


async def void_order(
    tx: Transaction,
    order_id: UUID | None,
    reason: str,
    expected_version: int | None = None,
    note: str | None = None,
) -> UUID:
    """Void an order: it leaves work lists and totals, and stays readable.

    Raises :class:`NotAllowed` (order.void), :class:`NotFound`, :class:`InvalidInput` for the reason or a missing note, and
    :class:`Conflict` where its status forbids it, saying what must be done first.
    """
    tx.access.require("order.void")
    before = await load(tx, ORDER, order_id, expected_version, step=VOIDED, rights=("order.void",))
    refuse_voided(tx, before.row)
    errors: list[FieldError] = []
    note = checked_note(note, errors)
    if errors:
        raise InvalidInput(errors)
    _check_reason(tx, reason, note)
    status = tx.config.all_statuses[before.row["status"]]
    if status.void_blocked:
        name = label(status.label, tx.language, before.row["status"])
        hint = label(status.void_blocked, tx.language)
        raise Conflict("order.void_blocked", current=as_it_is(before.row), status=name, hint=hint)
    if tx.config.void_status is None:
        raise Conflict("order.no_void_status")
    after = before.copy()
    after.row.update(
        status=tx.config.void_status,
        status_since=tx.now,
        status_due_at=None,
        voided_at=tx.now,
        voided_by_id=tx.caller.member_id,
        void_reason=reason,
        void_note=note,
    )
    await save(tx, await settle(tx, ORDER, before, after, leaving=True), VOIDED, note)
    return before.id


def _check_reason(tx: Transaction, reason: str, note: str | None) -> None:
    reasons = tx.config.void_reasons
    if reason not in reasons:
        known = Listed({key: each.label for key, each in reasons.items()})
        raise InvalidInput.at(("reason",), "order.unknown_reason", reason=reason, reasons=known)
    if reasons[reason].note_required and note is None:
        name = label(reasons[reason].label, tx.language, reason)
        raise InvalidInput.at(("note",), "order.note_required", reason=name)
