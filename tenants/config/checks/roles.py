"""Roles: their rights exist, and none inherits from itself."""

from collections.abc import Iterator, Mapping

from tenants.config.checks.base import Check, Path, Proposal, Reference, register
from tenants.config.definitions import Role
from tenants.permissions import BUILT_IN_ROLES, RIGHTS
from tenants.problems import FieldError

_STEP = "transition."


@register
class RoleCheck(Check):
    kind = "role"

    def form(self, proposal: Proposal) -> Iterator[FieldError]:
        roles = dict(proposal.of(Role))
        known = {**BUILT_IN_ROLES, **roles}
        transitions = proposal.definitions["transition"]
        for key, role in roles.items():
            path: Path = ("role", key)
            if key in BUILT_IN_ROLES:
                yield FieldError(path, "config.built_in_role", {"role": key})
            for parent in role.inherits:
                if parent not in known:
                    yield FieldError((*path, "inherits"), "config.unknown_role", {"role": parent})
            if _inherits_itself(key, known):
                yield FieldError((*path, "inherits"), "config.role_cycle", {"role": key})
            for place, grant in enumerate(role.grants):
                for action in grant.actions:
                    if not _is_right(grant.object, action, transitions):
                        data = {"right": f"{grant.object}.{action}"}
                        yield FieldError((*path, "grants", place), "config.unknown_right", data)

    def references(self, key: str, definition: Role) -> Iterator[Reference]:
        yield from (("role", parent) for parent in definition.inherits)
        for grant in definition.grants:
            steps = (action.removeprefix(_STEP) for action in grant.actions if action.startswith(_STEP))
            yield from (("transition", step) for step in steps if step != "*")


def _is_right(name: str, action: str, transitions: Mapping[str, object]) -> bool:
    if name == "*":
        return action == "*" or any(action in actions for actions in RIGHTS.values())
    if name not in RIGHTS:
        return False
    step = action.removeprefix(_STEP)
    is_step = name == "order" and action.startswith(_STEP) and (step == "*" or step in transitions)
    return action == "*" or action in RIGHTS[name] or is_step


def _inherits_itself(key: str, roles: Mapping[str, Role]) -> bool:
    seen: set[str] = set()
    open_ends = list(roles[key].inherits)
    while open_ends:
        parent = open_ends.pop()
        if parent == key:
            return True
        if parent in roles and parent not in seen:
            seen.add(parent)
            open_ends.extend(roles[parent].inherits)
    return False
