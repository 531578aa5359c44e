"""What would follow a step of an order's life cycle."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from tenants.conditions import row_tests
from tenants.config.definitions import Automation, label
from tenants.life_cycles.cycles import cycle_of
from tenants.occasion import Occasion
from tenants.orders.steps import EMPTY, StepForm, change_status
from tenants.reading.withheld import items_source
from tenants.records import Items
from tenants.records.history import HISTORY_ENTRY
from tenants.transaction import Transaction

_FOLLOWING = """
SELECT (SELECT coalesce(jsonb_agg(jsonb_build_object('field', c.field, 'old', c.old, 'new', c.new)), '[]') FROM {changes}) AS changes,
       ARRAY(SELECT r.automation FROM automation_runs r WHERE r.tenant_id = e.tenant_id AND r.event_id = e.id
                        ORDER BY r.automation) AS automations
FROM events e WHERE e.tenant_id = %(tenant)s AND e.id = %(event)s
"""


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a step changes, which automations it sets off, when the new status is due, the statuses that come next, and why the order
    could not be voided from then on."""

    changes: Sequence[dict[str, Any]]
    automations: Sequence[tuple[str, Automation]]
    due_at: Any
    next_statuses: Sequence[str]
    void_blocked: str | None


async def look_ahead(
    tx: Transaction, order_id: UUID | None, target: str, note: str | None = None, given: StepForm = EMPTY
) -> Outlook:
    """Take the step in a rehearsal, and tell what would follow. Raises as the step itself does."""
    assert tx.rehearsal, "nothing of this is to be kept"
    done = await change_status(tx, order_id, target, note=note, given=given)
    row = await tx.fetch_one("SELECT * FROM orders WHERE tenant_id = %(tenant)s AND id = %(id)s", id=done)
    found = await _following(tx, tx.events[-1]["id"])
    assert row is not None, "it was just changed"
    assert found is not None, "each change has an event"
    cycle, status = cycle_of(tx.config, row), tx.config.all_statuses[target]
    ends = [cycle.transitions[key].target for key in cycle.steps.get(target, ())]
    return Outlook(
        changes=found["changes"],
        automations=[(key, tx.config.automations[key]) for key in found["automations"]],
        due_at=row["status_due_at"],
        next_statuses=[label(tx.config.all_statuses[end].label, tx.language, end) for end in dict.fromkeys(ends)],
        void_blocked=label(status.void_blocked, tx.language) or None,
    )


async def _following(tx: Transaction, event_id: UUID) -> dict[str, Any] | None:
    """The changes of an event that the actor may know, and the automations that it set off."""
    tests, shown = row_tests(tx.config, tx.access), HISTORY_ENTRY.by_name["changes"]
    assert isinstance(shown, Items)
    changes = items_source(HISTORY_ENTRY, shown, tx.config, tx.access, tests).replace("{t}", "e").replace("{x}", "c")
    values = tests.values(Occasion(tx.now, tx.caller.member_id)) if tests else {"member": tx.caller.member_id}
    return await tx.fetch_one(_FOLLOWING.replace("{changes}", changes), event=event_id, **values)
