"""Automations: their conditions and actions can be understood, and their roles are not above their author's."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tenants.actions import action_errors, parse_action
from tenants.conditions import parse_condition
from tenants.config.checks.base import Check, Links, Path, Proposal, Reference, register
from tenants.config.checks.references import in_condition, in_text
from tenants.config.definitions import Automation
from tenants.config.snapshot import TenantConfig
from tenants.field_rights import EVERY, READ
from tenants.permissions import Access
from tenants.problems import FieldError, InvalidInput, NotAllowed
from tenants.records import REGISTRY
from tenants.templates import fields_shown

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
                found = [*action_errors(proposal.planned, automation, action)]
                found = found or [*_telling_errors(proposal.planned, automation, action)]
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
    """What its condition compares is there, and its role may read it: else what it does would tell it."""
    record, condition = REGISTRY[automation.record_type], automation.condition
    try:
        parse_condition(record, planned, condition)
        if automation.enabled and automation.role in planned.policy.roles:
            parse_condition(record, planned, condition, planned.policy.access((automation.role,)))
    except InvalidInput as problem:
        yield from (error.below(*path, "condition") for error in problem.errors)
    except NotAllowed as problem:
        yield FieldError((*path, "condition"), "config.automation_reads", _lacking(automation, problem.right))


def _telling_errors(planned: TenantConfig, automation: Automation, body: Mapping[str, Any]) -> Iterator[FieldError]:
    """Its role may read what its texts tell, and by what it finds whom it tells."""
    if not automation.enabled or automation.role not in planned.policy.roles:
        return
    access = planned.policy.access((automation.role,))
    action = parse_action(body)
    fields = {"to": action.recipient(), **{name: fields_shown(texts) for name, texts in action.templates().items()}}
    for name, shown in fields.items():
        for right in _lacking_rights(access, shown):
            yield FieldError((name,), "config.automation_reads", _lacking(automation, right))


def told_too_much(planned: TenantConfig, automation: Automation) -> Iterator[tuple[str, str]]:
    """Each role whose members its texts tell something that is closed to them, and the right that they lack."""
    for body in automation.actions if automation.enabled else ():
        action = parse_action(body)
        role, texts = action.readers(), action.templates().values()
        if role in planned.policy.roles:
            fields = (field for text in texts for field in fields_shown(text))
            yield from ((role, right) for right in _lacking_rights(planned.policy.access((role,)), fields))


def _lacking_rights(access: Access, fields: Iterable[tuple[str, str]]) -> Iterator[str]:
    """The rights that are missing for some of the fields, each once."""
    lacking = (_lacking_right(access, *field) for field in sorted(set(fields)))
    yield from dict.fromkeys(right for right in lacking if right)


def _lacking_right(access: Access, name: str, path: str) -> str:
    """The right that is missing for a field, or for some of those that begin so; nothing where none is."""
    if not access.allows(f"{name}.{READ}"):
        return f"{name}.{READ}"
    if path.endswith(EVERY):
        fields = access.closed.get((name, READ))
        beginning = path.removesuffix(EVERY)
        is_open = fields is None or not any(
            not is_open and path.startswith(beginning)
            for path, is_open in (*fields.named.items(), *fields.others.items())
        )
    else:
        is_open = access.has_field(name, READ, path)
    return "" if is_open else f"{name}.{READ}.{path}"


def _lacking(automation: Automation, right: str) -> dict[str, str]:
    return {"role": automation.role, "right": right}
