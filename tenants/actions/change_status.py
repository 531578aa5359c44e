"""Take a step of the life cycle."""

from collections.abc import Iterator

from tenants import orders
from tenants.actions.base import Action, ActionContext, register
from tenants.config.definitions import Automation
from tenants.config.snapshot import TenantConfig
from tenants.problems import FieldError
from tenants.transaction import Transaction


@register
class ChangeStatus(Action):
    """``to`` is the key of a status; the step must be legal when the automation runs, its conditions and its form included.

    ``step`` is its key where several lead there; ``reason`` and ``note`` are given with it.
    """

    key = "change_status"
    to: str
    step: str | None = None
    reason: str | None = None
    note: str | None = None

    def errors(self, config: TenantConfig, automation: Automation) -> Iterator[FieldError]:
        if self.to not in config.statuses:
            yield FieldError(("to",), "config.unknown_status", {"status": self.to})
        if self.step is not None and self.step not in config.transitions:
            yield FieldError(("step",), "config.unknown_step", {"step": self.step})

    async def perform(self, tx: Transaction, context: ActionContext) -> str:
        given = orders.StepForm(self.step, self.reason)
        await orders.change_status(tx, context.record_id, self.to, note=self.note, given=given)
        return f"status = {self.to}"
