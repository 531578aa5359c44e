"""Statuses, the steps between them, and the life cycles and order types that they make up."""

from typing import Any

import strawberry
from strawberry import UNSET

from schema.context import Info
from schema.definitions.changing import ChangeInput, ConfigurationResult, LabelInput, as_body, define
from schema.mutations import Values, mutation
from schema.scalars import Json


@strawberry.input
class GateFields:
    """What it takes to be in a status."""

    enter: Json | None = strawberry.field(
        default=UNSET, description="The condition of coming in, in the shape of OrderFilter."
    )
    enter_refusal: LabelInput | None = strawberry.field(
        default=UNSET, description="What is told where it does not hold."
    )
    leave: Json | None = strawberry.field(
        default=UNSET, description="The condition of going on, in the shape of OrderFilter."
    )
    leave_refusal: LabelInput | None = strawberry.field(
        default=UNSET, description="What is told where it does not hold."
    )
    time_limit: str | None = strawberry.field(
        default=UNSET, description="How long an order may stay: an ISO 8601 duration such as P2D; see statusDueAt."
    )


@strawberry.input(description="What it takes to be in a status.")
class GateInput(GateFields):
    pass


@strawberry.input(description="A status of a life cycle. What is not given is as the status itself has it.")
class LifeCycleStatusInput(GateFields):
    status: str = strawberry.field(description="Key of the status.")


@strawberry.input(description="A status, or a change of one.")
class DefineStatusInput(ChangeInput):
    key: str
    label: LabelInput
    category: str = strawberry.field(description="open, in_progress, done or void.")
    colour: str | None = UNSET
    description: LabelInput | None = UNSET
    position: int | None = UNSET
    initial: bool | None = strawberry.field(
        default=UNSET, description="Whether new orders begin here; exactly one does."
    )
    gate: GateInput | None = strawberry.field(
        default=UNSET, description="What it takes to be here, in every life cycle that says nothing else."
    )
    void_blocked: LabelInput | None = strawberry.field(
        default=UNSET, description="Why an order here cannot be voided, and what must be done first."
    )


@strawberry.input(description="A reason for a step.")
class ReasonInput:
    key: str
    label: LabelInput
    archived: bool | None = strawberry.field(default=UNSET, description="Whether it is offered no more.")


@strawberry.input(description="A legal step between statuses, or a change of one.")
class DefineTransitionInput(ChangeInput):
    key: str
    label: LabelInput
    sources: list[str] = strawberry.field(description="Keys of the statuses it leaves.")
    target: str = strawberry.field(description="Key of the status it leads to.")
    life_cycles: list[str] | None = strawberry.field(
        default=UNSET, description="Keys of the life cycles that have it; all that have its statuses if not given."
    )
    condition: Json | None = strawberry.field(
        default=UNSET, description="For which orders it can be taken, in the shape of OrderFilter."
    )
    refusal: LabelInput | None = strawberry.field(
        default=UNSET, description="What is told where the condition does not hold."
    )
    fields: list[str] | None = strawberry.field(
        default=UNSET, description="Paths of fields that must be filled in, such as promisedAt or custom.score."
    )
    reasons: list[ReasonInput] | None = strawberry.field(
        default=UNSET, description="Reasons of which one must be given."
    )
    note_required: bool | None = strawberry.field(default=UNSET, description="Whether a note must be given.")
    attachment_required: bool | None = strawberry.field(default=UNSET, description="Whether a file must be given.")
    confirm: LabelInput | None = strawberry.field(default=UNSET, description="What to ask the person before the step.")


@strawberry.input(description="A life cycle, or a change of one.")
class DefineLifeCycleInput(ChangeInput):
    key: str
    label: LabelInput
    initial: str = strawberry.field(description="Key of the status in which its orders begin.")
    statuses: list[LifeCycleStatusInput] = strawberry.field(
        description="Its statuses; its steps are the transitions between them."
    )


@strawberry.input(description="A type of orders, or a change of one.")
class DefineOrderTypeInput(ChangeInput):
    key: str
    label: LabelInput
    life_cycle: str = strawberry.field(description="Key of the life cycle that its orders pass through.")
    default: bool | None = strawberry.field(
        default=UNSET, description="Whether orders that are taken without a type are of this one; of one type at most."
    )
    position: int | None = UNSET


def _gate(given: Values) -> dict[str, Any]:
    """The body of a gate; its conditions keep GraphQL's own names."""
    conditions = {name: given[name] for name in ("enter", "leave") if given.get(name) is not None}
    return {**as_body(given, without=("status", "enter", "leave")), **conditions}


@strawberry.type
class LifeCycleMutations:
    @mutation(DefineStatusInput, description="Add a status or change one.")
    async def define_status(self, info: Info, input: Values) -> ConfigurationResult:
        body = as_body(input)
        if input.get("gate") is not None:
            body["gate"] = _gate(input["gate"])
        return await define(info, "status", input["key"], body, input)

    @mutation(DefineTransitionInput, description="Add a legal step between statuses or change one.")
    async def define_transition(self, info: Info, input: Values) -> ConfigurationResult:
        body = as_body(input, without=("key", "condition"))
        if input.get("condition") is not None:
            body["condition"] = input["condition"]
        return await define(info, "transition", input["key"], body, input)

    @mutation(DefineLifeCycleInput, description="Add a life cycle or change one.")
    async def define_life_cycle(self, info: Info, input: Values) -> ConfigurationResult:
        statuses = {status["status"]: _gate(status) for status in input["statuses"]}
        body = {**as_body(input, without=("key", "statuses")), "statuses": statuses}
        return await define(info, "life_cycle", input["key"], body, input)

    @mutation(DefineOrderTypeInput, description="Add a type of orders or change one.")
    async def define_order_type(self, info: Info, input: Values) -> ConfigurationResult:
        return await define(info, "order_type", input["key"], as_body(input), input)
