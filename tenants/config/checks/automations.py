"""Automations: their conditions and actions can be understood, and their roles are not above their author's."""

from collections.abc import Iterator

from tenants.actions import action_errors
from tenants.conditions import parse_condition
from tenants.config.checks.base import Check, Path, Proposal, Reference, register
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

    def references(self, key: str, definition: Automation) -> Iterator[Reference]:
        yield "role", definition.role
        yield from in_condition(definition.record_type, definition.condition)
        for action in definition.actions:
            yield from in_text(definition.record_type, action)
            if action.get("type") == "change_status":
                yield "status", str(action.get("to"))


def _role_errors(path: Path, key: str, automation: Automation, proposal: Proposal) -> Iterator[FieldError]:
    author, policy = proposal.author, proposal.planned.policy
    if automation.role not in policy.roles:
        yield FieldError((*path, "role"), "config.unknown_role", {"role": automation.role})
    elif author and proposal.config.definitions["automation"].get(key) != automation:
        held = policy.access(author.roles).rights
        if not policy.access((automation.role,)).rights <= held:
            yield FieldError((*path, "role"), "config.author_role", {"role": automation.role})


def _condition_errors(path: Path, planned: TenantConfig, automation: Automation) -> Iterator[FieldError]:
    try:
        parse_condition(REGISTRY[automation.record_type], planned, automation.condition)
    except InvalidInput as problem:
        yield from (error.below(*path, "condition") for error in problem.errors)
