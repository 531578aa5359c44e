"""Statuses, transitions, life cycles and order types: one beginning, one void, and steps between statuses there are."""

from collections.abc import Iterator, Mapping
from typing import Any

from tenants.conditions import parse_condition
from tenants.config.checks.base import Check, Links, Path, Proposal, Reference, register
from tenants.config.checks.references import in_condition
from tenants.config.definitions import Category, Gate, LifeCycle, OrderType, Status, Transition
from tenants.life_cycles.cycles import cycle_from
from tenants.life_cycles.forms import FILLABLE
from tenants.problems import FieldError, InvalidInput
from tenants.records import REGISTRY


@register
class StatusCheck(Check):
    kind = "status"

    def form(self, proposal: Proposal) -> Iterator[FieldError]:
        statuses = open_statuses(proposal)
        if statuses:
            initial = [key for key, status in statuses.items() if status.initial]
            if len(initial) != 1:
                yield FieldError(("status",), "config.initial", {"count": len(initial)})
            void = [key for key, status in statuses.items() if status.category is Category.VOID]
            if len(void) != 1:
                yield FieldError(("status",), "config.void_statuses", {"count": len(void)})

    def meaning(self, proposal: Proposal) -> Iterator[FieldError]:
        for key, status in open_statuses(proposal).items():
            yield from _gate_errors(proposal, ("status", key, "gate"), status.gate)

    def references(self, key: str, definition: Status, links: Links) -> Iterator[Reference]:
        yield from _gate_references(definition.gate, links)


@register
class TransitionCheck(Check):
    kind = "transition"

    def form(self, proposal: Proposal) -> Iterator[FieldError]:
        statuses = open_statuses(proposal)
        life_cycles = proposal.definitions["life_cycle"]
        for key, transition in proposal.of(Transition):
            path: Path = ("transition", key)
            for end in (*transition.sources, transition.target):
                if end not in statuses:
                    yield FieldError(path, "config.unknown_status", {"status": end})
                elif statuses[end].category is Category.VOID:
                    yield FieldError(path, "config.void_step")
            for name in transition.life_cycles:
                if name not in life_cycles:
                    yield FieldError((*path, "life_cycles"), "config.unknown_life_cycle", {"key": name})
            reasons = [reason.key for reason in transition.reasons]
            for reason in {reason for reason in reasons if reasons.count(reason) > 1}:
                yield FieldError((*path, "reasons"), "config.double_option", {"key": reason})

    def meaning(self, proposal: Proposal) -> Iterator[FieldError]:
        own = proposal.planned.fields.get("order", {})
        for key, transition in proposal.of(Transition):
            path: Path = ("transition", key)
            yield from _condition_errors(proposal, (*path, "condition"), transition.condition)
            for name in transition.fields:
                head, _, rest = name.partition(".")
                if not (rest in own if head == "custom" else name in FILLABLE):
                    known = ", ".join((*FILLABLE, *(f"custom.{field}" for field in own)))
                    yield FieldError((*path, "fields"), "config.unknown_step_field", {"field": name, "fields": known})

    def references(self, key: str, definition: Transition, links: Links) -> Iterator[Reference]:
        yield from (("status", status) for status in (*definition.sources, definition.target))
        yield from (("life_cycle", key) for key in definition.life_cycles)
        yield from (("field", f"order.{name[7:]}") for name in definition.fields if name.startswith("custom."))
        yield from in_condition("order", definition.condition, links)


@register
class LifeCycleCheck(Check):
    kind = "life_cycle"

    def form(self, proposal: Proposal) -> Iterator[FieldError]:
        statuses = open_statuses(proposal)
        for key, life_cycle in proposal.of(LifeCycle):
            if life_cycle.archived:
                continue
            path: Path = ("life_cycle", key)
            for status in life_cycle.statuses:
                if status not in statuses:
                    yield FieldError((*path, "statuses", status), "config.unknown_status", {"status": status})
                elif statuses[status].category is Category.VOID:
                    yield FieldError((*path, "statuses", status), "config.void_in_life_cycle", {"status": status})
            if life_cycle.initial not in life_cycle.statuses:
                yield FieldError((*path, "initial"), "config.foreign_initial", {"status": life_cycle.initial})

    def meaning(self, proposal: Proposal) -> Iterator[FieldError]:
        for key, life_cycle in proposal.of(LifeCycle):
            for status, gate in life_cycle.statuses.items():
                yield from _gate_errors(proposal, ("life_cycle", key, "statuses", status), gate)
        for key, version, body in proposal.config.kept_cycles:
            if list(_kept_errors(proposal, key, version, body)):
                yield FieldError(("life_cycle", key), "config.kept_cycle", {"version": version})

    def references(self, key: str, definition: LifeCycle, links: Links) -> Iterator[Reference]:
        for status, gate in definition.statuses.items():
            yield "status", status
            yield from _gate_references(gate, links)


@register
class OrderTypeCheck(Check):
    kind = "order_type"

    def form(self, proposal: Proposal) -> Iterator[FieldError]:
        life_cycles = {key for key, life_cycle in proposal.of(LifeCycle) if not life_cycle.archived}
        marked = [key for key, each in proposal.of(OrderType) if each.default and not each.archived]
        if len(marked) > 1:
            yield FieldError(("order_type",), "config.default_types", {"types": ", ".join(marked)})
        for key, order_type in proposal.of(OrderType):
            if not order_type.archived and order_type.life_cycle not in life_cycles:
                data = {"key": order_type.life_cycle}
                yield FieldError(("order_type", key, "life_cycle"), "config.unknown_life_cycle", data)

    def references(self, key: str, definition: OrderType, links: Links) -> Iterator[Reference]:
        yield ("life_cycle", definition.life_cycle)


def _gate_references(gate: Gate, links: Links) -> Iterator[Reference]:
    yield from in_condition("order", gate.enter, links)
    yield from in_condition("order", gate.leave, links)


def _gate_errors(proposal: Proposal, path: Path, gate: Gate) -> Iterator[FieldError]:
    yield from _condition_errors(proposal, (*path, "enter"), gate.enter)
    yield from _condition_errors(proposal, (*path, "leave"), gate.leave)


def _condition_errors(proposal: Proposal, path: Path, condition: Mapping[str, Any]) -> Iterator[FieldError]:
    try:
        if condition:
            parse_condition(REGISTRY["order"], proposal.planned, condition)
    except InvalidInput as problem:
        yield from (error.below(*path) for error in problem.errors)


def _kept_errors(proposal: Proposal, key: str, version: int, body: Mapping[str, Any]) -> Iterator[FieldError]:
    """What an older version that orders stayed with could no longer mean."""
    cycle = cycle_from(key, version, body)
    statuses = proposal.definitions["status"]
    for status, gate in cycle.gates.items():
        if status not in statuses:
            yield FieldError((status,), "config.unknown_status", {"status": status})
        yield from _gate_errors(proposal, (status,), gate)
    own = proposal.planned.fields.get("order", {})
    for name, transition in cycle.transitions.items():
        yield from _condition_errors(proposal, (name,), transition.condition)
        if any(field.startswith("custom.") and field[7:] not in own for field in transition.fields):
            yield FieldError((name,), "config.unknown_step_field", {"field": name, "fields": ", ".join(own)})


def open_statuses(proposal: Proposal) -> dict[str, Status]:
    """Those that are not archived."""
    return {key: status for key, status in proposal.of(Status) if not status.archived}
