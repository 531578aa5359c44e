"""Notify people inside the application."""

from collections.abc import Iterator, Mapping
from typing import Any

from tenants.actions.base import Action, ActionContext, register
from tenants.config.definitions import Automation, Template
from tenants.config.snapshot import TenantConfig
from tenants.notifications import add_notification
from tenants.permissions import BUILT_IN_ROLES
from tenants.problems import FieldError
from tenants.templates import for_reader, load_order, own_fields, render, template_errors
from tenants.transaction import Transaction

ROLE = "role:"


@register
class Notify(Action):
    """``to`` is ``owner`` (the order's) or ``role:<key>``; ``text`` is a template over ``order``, which each reader gets in their
    language."""

    key = "notify"
    to: str
    text: Template

    def errors(self, config: TenantConfig, automation: Automation) -> Iterator[FieldError]:
        role = self.readers()
        if self.to != "owner" and (not role or role not in {**BUILT_IN_ROLES, **config.roles}):
            yield FieldError(("to",), "config.unknown_role", {"role": self.to})
        yield from template_errors(config, "text", self.text)

    def templates(self) -> Mapping[str, Template]:
        return {"text": self.text}

    def recipient(self) -> Iterator[tuple[str, str]]:
        if self.to == "owner":
            yield "order", "owner"

    def readers(self) -> str:
        return self.to.removeprefix(ROLE) if self.to.startswith(ROLE) else ""

    async def perform(self, tx: Transaction, context: ActionContext) -> str:
        order = await load_order(tx, context.record_id, own_fields(self.text))
        members = await self._recipients(tx, order)
        for member_id, language in members:
            text = render(self.text, language, for_reader(tx, order, language))
            await add_notification(tx, member_id, text, context.record_type, context.record_id, context.run_id)
        return f"{len(members)} notified"

    async def _recipients(self, tx: Transaction, order: Mapping[str, Any]) -> list[tuple[str, str]]:
        """Who is told, and the language of each."""
        if self.to == "owner":
            return [(order["ownerId"], tx.config.reading(order["owner"]["language"]))] if order["ownerId"] else []
        rows = await tx.fetch_all(
            "SELECT id, language FROM members WHERE tenant_id = %(tenant)s AND active AND %(role)s = ANY(roles) ORDER BY id",
            role=self.readers(),
        )
        return [(row["id"], tx.config.reading(row["language"])) for row in rows]
