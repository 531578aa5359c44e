"""Send an e-mail."""

from collections.abc import Iterator, Mapping

from tenants.actions.base import Action, ActionContext, register
from tenants.config.definitions import Automation, Template
from tenants.config.snapshot import TenantConfig
from tenants.deliveries import EMAIL, add_delivery
from tenants.field_types import BadValue
from tenants.field_types.contacts import email_address
from tenants.problems import Conflict, FieldError
from tenants.templates import for_reader, load_order, own_fields, render, template_errors
from tenants.transaction import Transaction


@register
class SendEmail(Action):
    """``to`` is ``customer`` (first e-mail address), ``owner``, or an address; subject and body are templates over ``order``.

    Owner and customer read them in their language, others in the company's.
    """

    key = "send_email"
    to: str
    subject: Template
    body: Template

    def errors(self, config: TenantConfig, automation: Automation) -> Iterator[FieldError]:
        if self.to not in ("customer", "owner"):
            try:
                email_address(self.to)
            except BadValue as bad:
                yield FieldError(("to",), bad.code, bad.data)
        yield from template_errors(config, "subject", self.subject)
        yield from template_errors(config, "body", self.body)

    def templates(self) -> Mapping[str, Template]:
        return {"subject": self.subject, "body": self.body}

    def recipient(self) -> Iterator[tuple[str, str]]:
        if self.to == "customer":
            yield from (("order", "customer"), ("customer", "emails"))
        elif self.to == "owner":
            yield from (("order", "owner"), ("member", "email"))

    async def perform(self, tx: Transaction, context: ActionContext) -> str:
        order = await load_order(tx, context.record_id, own_fields(self.subject, self.body))
        found = {"customer": order["customer"]["email"], "owner": order["owner"]["email"]}.get(self.to, self.to)
        if not found:
            raise Conflict("automation.no_recipient", recipient=self.to)
        reader = order[self.to] if self.to in ("owner", "customer") else {"language": None}
        language = tx.config.reading(reader["language"] or tx.config.language)
        values = for_reader(tx, order, language)
        subject = " ".join(render(self.subject, language, values).split())
        await add_delivery(tx, EMAIL, found, subject, render(self.body, language, values), context.run_id)
        return f"e-mail to {found}"
