"""Set a field of the order, built-in or the company's own."""

from collections.abc import Iterator
from typing import Any

from tenants import orders
from tenants.actions.base import Action, ActionContext, register
from tenants.config.definitions import Automation
from tenants.config.own_attributes import settings_of
from tenants.config.snapshot import TenantConfig
from tenants.field_types import PLAIN, BadValue, Settings, field_type
from tenants.problems import FieldError
from tenants.records.orders import PRIORITIES
from tenants.transaction import Transaction

SETTABLE = {"priority": "select", "channel": "text", "notes": "text", "tags": "tags", "promisedAt": "date_time"}


@register
class SetField(Action):
    """``field`` is a name such as ``priority`` or ``custom.score``; ``value`` null empties it."""

    key = "set_field"
    field: str
    value: Any = None

    def errors(self, config: TenantConfig, automation: Automation) -> Iterator[FieldError]:
        kind, settings = self._target(config, automation.record_type)
        if kind is None:
            yield FieldError(("field",), "value.unknown_field", {"name": self.field})
        elif field_type(kind).graphql_input is None:
            yield FieldError(("field",), "field.given", {"name": self.field})
        elif self.value is not None:
            try:
                field_type(kind).parse(self.value, settings)
            except BadValue as bad:
                yield FieldError(("value",), bad.code, bad.data)

    async def perform(self, tx: Transaction, context: ActionContext) -> str:
        name, _, custom = self.field.partition(".")
        values = {"custom": {custom: self.value}} if custom else {name: self.value}
        await orders.update_order(tx, context.record_id, values)
        return f"{self.field} = {self.value}"

    def _target(self, config: TenantConfig, record_type: str) -> tuple[str | None, Settings]:
        name, _, custom = self.field.partition(".")
        if custom and name == "custom":
            definition = config.fields.get(record_type, {}).get(custom)
            return (
                (definition.type, settings_of(definition, config.currency, to_choose=True))
                if definition
                else (None, PLAIN)
            )
        return SETTABLE.get(self.field), Settings(PRIORITIES) if self.field == "priority" else PLAIN
