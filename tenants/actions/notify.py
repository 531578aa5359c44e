"""Notify people inside the application."""

from collections.abc import Iterator

from tenants.actions.base import Action, ActionContext, register
from tenants.config.definitions import Automation, Template
from tenants.config.snapshot import TenantConfig
from tenants.notifications import add_notification
from tenants.permissions import BUILT_IN_ROLES
from tenants.problems import FieldError
from tenants.templates import load_order, render, template_errors
from tenants.transaction import Transaction


@register
class Notify(Action):
    """``to`` is ``owner`` (the order's) or ``role:<key>``; ``text`` is a template over ``order``."""

    key = "notify"
    to: str
    text: Template

    def errors(self, config: TenantConfig, automation: Automation) -> Iterator[FieldError]:
        role = self.to.removeprefix("role:")
        if self.to != "owner" and (role == self.to or role not in {**BUILT_IN_ROLES, **config.roles}):
            yield FieldError(("to",), "config.unknown_role", {"role": self.to})
        yield from template_errors("text", self.text)

    async def perform(self, tx: Transaction, context: ActionContext) -> str:
        order = await load_order(tx, context.record_id)
        members = await self._recipients(tx, order["ownerId"])
        text = render(self.text, {"order": order})
        for member_id in members:
            await add_notification(tx, member_id, text, context.record_type, context.record_id, context.run_id)
        return f"{len(members)} notified"

    async def _recipients(self, tx: Transaction, owner_id: str | None) -> list[str]:
        if self.to == "owner":
            return [owner_id] if owner_id else []
        rows = await tx.fetch_all(
            "SELECT id FROM members WHERE tenant_id = %(tenant)s AND active AND %(role)s = ANY(roles) ORDER BY id",
            role=self.to.removeprefix("role:"),
        )
        return [row["id"] for row in rows]
