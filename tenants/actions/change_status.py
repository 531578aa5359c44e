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
    """``to`` is the key of a status; the step must be legal when the automation runs."""

    key = "change_status"
    to: str

    def errors(self, config: TenantConfig, automation: Automation) -> Iterator[FieldError]:
        if self.to not in config.statuses:
            yield FieldError(("to",), "config.unknown_status", {"status": self.to})

    async def perform(self, tx: Transaction, context: ActionContext) -> str:
        await orders.change_status(tx, context.record_id, self.to)
        return f"status = {self.to}"
