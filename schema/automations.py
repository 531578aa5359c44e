"""Automations: what they are made of, and the mutation that defines one."""

from typing import Any

import strawberry
from strawberry import UNSET

from schema.context import Info
from schema.definitions.changing import ChangeInput, ConfigurationResult, LabelInput, as_body, define
from schema.mutations import Values, mutation
from schema.scalars import Json
from tenants.config.definitions import Trigger

strawberry.enum(Trigger, name="AutomationEvent", description="What an automation can listen to.")


@strawberry.input(description="Set a field of the order.")
class SetFieldInput:
    field: str = strawberry.field(description="priority, channel, notes, tags, promisedAt or custom.<key>.")
    value: Json | None = strawberry.field(default=None, description="Null empties it.")


@strawberry.input(description="Take a step of the life cycle.")
class StepInput:
    to: str = strawberry.field(description="Key of the status.")
    step: str | None = strawberry.field(
        default=UNSET, description="Key of the step, where several lead to that status."
    )
    reason: str | None = strawberry.field(default=UNSET, description="Key of one of the step's reasons.")
    note: str | None = strawberry.field(default=UNSET, description="What is to be said about it in the history.")


@strawberry.input(description="Notify people inside the application.")
class NotifyInput:
    to: str = strawberry.field(description="owner, or role:<key>.")
    text: str | None = strawberry.field(
        default=UNSET, description="A Liquid template over order, such as 'Order {{ order.number }} is urgent'."
    )
    texts: LabelInput | None = strawberry.field(
        default=UNSET, description="Instead of text, one for each language: every reader gets it in theirs."
    )


@strawberry.input(description="Send an e-mail.")
class SendEmailInput:
    to: str = strawberry.field(description="customer, owner, or an address.")
    subject: str | None = strawberry.field(default=UNSET, description="A Liquid template over order.")
    body: str | None = strawberry.field(default=UNSET, description="A Liquid template over order.")
    subjects: LabelInput | None = strawberry.field(
        default=UNSET, description="Instead of subject, one for each language: the reader gets it in theirs."
    )
    bodies: LabelInput | None = strawberry.field(
        default=UNSET, description="Instead of body, one for each language: the reader gets it in theirs."
    )


@strawberry.input(one_of=True, description="One action: exactly one of the fields.")
class AutomationActionInput:
    set_field: SetFieldInput | None = UNSET
    change_status: StepInput | None = UNSET
    notify: NotifyInput | None = UNSET
    send_email: SendEmailInput | None = UNSET


@strawberry.input(
    description="When one of the events happens to an order and the condition holds, do the actions in order."
)
class DefineAutomationInput(ChangeInput):
    key: str
    label: LabelInput
    events: list[Trigger]
    condition: Json | None = strawberry.field(
        default=UNSET, description="As in the orders' filter; always, if not given."
    )
    actions: list[AutomationActionInput]
    role: str | None = strawberry.field(
        default=UNSET, description="The role it acts under; you must hold its rights. member if not given."
    )
    reacts_to_itself: bool | None = strawberry.field(
        default=UNSET, description="Whether what a run of it changes may set it off again; false if not given."
    )
    enabled: bool | None = UNSET
    position: int | None = UNSET


# The text of one kind for each language, and the parameter that it is.
_BY_LANGUAGE = {"texts": "text", "subjects": "subject", "bodies": "body"}


def _action(given: dict[str, Any]) -> dict[str, Any]:
    kind, parameters = next(iter(given.items()))
    return {"type": kind, **{_BY_LANGUAGE.get(name, name): value for name, value in parameters.items()}}


@strawberry.type
class AutomationMutations:
    @mutation(DefineAutomationInput, description="Add an automation or change one.")
    async def define_automation(self, info: Info, input: Values) -> ConfigurationResult:
        body = as_body(input, without=("key", "condition"))
        body["actions"] = [_action(action) for action in body["actions"]]
        if input.get("condition") is not None:
            # A condition keeps GraphQL's own names.
            body["condition"] = input["condition"]
        return await define(info, "automation", input["key"], body, input)
