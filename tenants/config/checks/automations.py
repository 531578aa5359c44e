"""Automations: their conditions and actions can be understood, and their roles are not above their author's."""

from collections.abc import Iterator, Mapping
from typing import Any

from tenants.actions import action_errors
from tenants.conditions import parse_condition
from tenants.config.checks.base import Check, Links, Path, Proposal, Reference, register
from tenants.config.checks.references import in_condition, in_text
from tenants.config.definitions import Automation
from tenants.config.snapshot import TenantConfig
from tenants.problems import FieldError, InvalidInput
from tenants.records import REGISTRY

LISTENING = ("order",)


@register
class AutomationCheck(Check):
    kind = "automation"

    def meaning(self, proposal: Proposal) -> Iterator[FieldError]:
        for key, automation in proposal.of(Automation):
            path: Path = ("automation", key)
            if automation.record_type not in LISTENING:
                data = {"type": automation.record_type, "types": ", ".join(LISTENING)}
                yield FieldError((*path, "record_type"), "config.unknown_record_type", data)
                continue
            yield from _condition_errors(path, proposal.planned, automation)
            for place, action in enumerate(automation.actions):
                found = action_errors(proposal.planned, automation, action)
                yield from (error.below(*path, "actions", place) for error in found)
            yield from _role_errors(path, key, automation, proposal)

    def references(self, key: str, definition: Automation, links: Links) -> Iterator[Reference]:
        yield "role", definition.role
        yield from in_condition(definition.record_type, definition.condition, links)
        for action in definition.actions:
            yield from in_text(definition.record_type, action, links)
            yield from _in_action(definition.record_type, action)


def _in_action(record_type: str, action: Mapping[str, Any]) -> Iterator[Reference]:
    match action.get("type"):
        case "change_status":
            yield "status", str(action.get("to"))
            yield "transition", str(action.get("step"))
        case "notify":
            yield "role", str(action.get("to")).removeprefix("role:")
        case "set_field":
            values = action.get("value")
            name = str(action.get("field")).removeprefix("custom.")
            for value in values if isinstance(values, list) else [values]:
                yield "option", f"{record_type}.{name}.{value}"


def _role_errors(path: Path, key: str, automation: Automation, proposal: Proposal) -> Iterator[FieldError]:
    author, policy = proposal.author, proposal.planned.policy
    if automation.role not in policy.roles:
        yield FieldError((*path, "role"), "config.unknown_role", {"role": automation.role})
        return
    is_new = proposal.config.definitions["automation"].get(key) != automation
    if author and is_new and policy.access((automation.role,)).beyond(policy.access(author.roles)):
        yield FieldError((*path, "role"), "config.author_role", {"role": automation.role})


def _condition_errors(path: Path, planned: TenantConfig, automation: Automation) -> Iterator[FieldError]:
    try:
        parse_condition(REGISTRY[automation.record_type], planned, automation.condition)
    except InvalidInput as problem:
        yield from (error.below(*path, "condition") for error in problem.errors)
