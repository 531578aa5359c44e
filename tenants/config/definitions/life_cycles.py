"""Where an order can stand, the steps between, and which of both make up the life cycle of which type of order."""

from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator

from tenants.config.definitions.base import Colour, Definition, FieldPath, Key, Label, Texts, register
from tenants.periods import parse_span

# A condition in the shape of the orders' filter; what it means is checked among the other definitions.
OrderCondition = dict[str, Any]


class Category(StrEnum):
    OPEN = "open"
    IN_PROGRESS = "in_progress"
    DONE = "done"
    VOID = "void"


class Gate(BaseModel):
    """What it takes to be in a status: conditions of coming in (``enter``) and of going on (``leave``), with what is told where they
    do not hold, and how long an order may stay (an ISO 8601 duration)."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)
    enter: OrderCondition = Field(default_factory=dict)
    enter_refusal: Texts = Field(default_factory=dict)
    leave: OrderCondition = Field(default_factory=dict)
    leave_refusal: Texts = Field(default_factory=dict)
    time_limit: Annotated[str, StringConstraints(min_length=1, max_length=40)] | None = None

    @field_validator("time_limit")
    @classmethod
    def _is_duration(cls, value: str | None) -> str | None:
        if value is not None:
            try:
                parse_span(value)
            except ValueError:
                raise ValueError("give an ISO 8601 duration, such as P2D or PT4H") from None
        return value

    def instead_of(self, other: "Gate") -> "Gate":
        """The other one, but for what is said here."""
        return Gate.model_validate(
            {name: getattr(self if name in self.model_fields_set else other, name) for name in _GATE}
        )


_GATE = tuple(Gate.model_fields)


@register
class Status(Definition):
    """A state of an order. ``void_blocked`` holds, per language, what must be done before an order here may be voided;
    where it is empty the order may be voided as it stands. ``gate`` holds in every life cycle that says nothing else.
    """

    kind = "status"
    section = "statuses"
    heading = "Where an order can stand."
    names = ("status", "状态")
    archives = True
    label: Label
    category: Category
    colour: Colour = "#808080"
    description: Texts = Field(default_factory=dict)
    position: int = 0
    initial: bool = False
    gate: Gate = Gate()
    void_blocked: Texts = Field(default_factory=dict)
    archived: bool = False


class Reason(BaseModel):
    """One reason for a step; an archived one is offered no more."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)
    key: Key
    label: Label
    archived: bool = False


@register
class Transition(Definition):
    """A legal step between statuses. Taking it needs the right ``order.transition.<key>``.

    It belongs to every life cycle that has its statuses, or to ``life_cycles`` alone where these are given. Orders take it while
    ``condition`` holds for them. ``fields`` are filled in with the step unless they are filled already, one of the ``reasons`` is
    given where there are any, a note where ``note_required`` and a file where ``attachment_required``; ``confirm`` is what people are
    asked before.
    """

    kind = "transition"
    section = "transitions"
    heading = "The legal steps between statuses; each is a right of its own."
    names = ("transition", "流转")
    label: Label
    sources: Annotated[tuple[Key, ...], Field(min_length=1)]
    target: Key
    life_cycles: tuple[Key, ...] = ()
    condition: OrderCondition = Field(default_factory=dict)
    refusal: Texts = Field(default_factory=dict)
    fields: Annotated[tuple[FieldPath, ...], Field(max_length=50)] = ()
    reasons: Annotated[tuple[Reason, ...], Field(max_length=100)] = ()
    note_required: bool = False
    attachment_required: bool = False
    confirm: Texts = Field(default_factory=dict)

    def between(self, sources: tuple[str, ...]) -> Self:
        """The same step from these statuses alone."""
        return self.model_copy(update={"sources": sources})


@register
class LifeCycle(Definition):
    """Which statuses the orders of some types pass through, and where they begin; its steps are the transitions between its statuses.

    A status that is named without anything has the gate of the status itself.
    """

    kind = "life_cycle"
    section = "life_cycles"
    heading = "Which statuses the orders of a type pass through."
    names = ("life cycle", "生命周期")
    archives = True
    label: Label
    initial: Key
    statuses: Annotated[dict[Key, Gate], Field(min_length=1, max_length=200)]
    archived: bool = False


@register
class OrderType(Definition):
    """A type of orders, which chooses their life cycle. New orders for which none is given are of the ``default`` type; where none is
    marked so they have no type, and the life cycle of all statuses."""

    kind = "order_type"
    section = "order_types"
    heading = "Types of orders, and the life cycle of each."
    names = ("order type", "订单类型")
    archives = True
    label: Label
    life_cycle: Key
    default: bool = False
    position: int = 0
    archived: bool = False
