"""Roles: their rights, fields and scopes exist, none inherits from itself, none that closes fields inherits them open, and none is given
what its author lacks."""

from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from tenants.conditions import parse_condition
from tenants.config.checks.base import Check, Links, Path, Proposal, Reference, register
from tenants.config.checks.references import in_condition
from tenants.config.definitions import CustomField, Grant, Role, RowsWhere, split_field_key
from tenants.field_rights import EVERY, FIELD_ACTIONS, OBJECTS, READ, opens, told_rights
from tenants.names import nearest
from tenants.permissions import BUILT_IN_ROLES, RIGHTS, Policy
from tenants.problems import FieldError, InvalidInput
from tenants.records import REGISTRY, Attribute
from tenants.records.rights import OWN, built_in_fields, can_be_absent
from tenants.row_rights import SCOPED, WITHOUT_ROWS

_STEP = "transition."
_READING = frozenset({READ, EVERY})


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
            ring = _ring(key, known)
            if ring:
                yield FieldError((*path, "inherits"), "config.role_cycle", {"role": key, "path": " > ".join(ring)})
            for place, grant in enumerate(role.grants):
                for action in grant.actions:
                    if not _is_known(grant, action, transitions):
                        yield _no_right(grant, action, transitions).below(*path, "grants", place)
                yield from (error.below(*path, "grants", place, "scope") for error in _scope_errors(grant))
            if not ring:
                yield from (FieldError((*path, "closed_fields"), *error) for error in _closing_errors(role, known))

    def meaning(self, proposal: Proposal) -> Iterator[FieldError]:
        yield from _beyond_author(proposal)
        known = {name: _paths(name, dict(proposal.of(CustomField))) for name in OBJECTS}
        for key, role in proposal.of(Role):
            for place, grant in enumerate(role.grants):
                if grant.fields and grant.scope is not None and not _READING.isdisjoint(grant.actions):
                    yield from (
                        FieldError(("role", key, "grants", place, "fields"), "config.field_in_part", data)
                        for data in _always_there(grant, proposal)
                    )
                for path in grant.fields:
                    if not path.endswith(EVERY) and path not in known.get(grant.object, ()):
                        data = {"object": grant.object, "field": path}
                        yield FieldError(("role", key, "grants", place, "fields"), "config.unknown_grant_field", data)
                if isinstance(grant.scope, RowsWhere) and grant.object in SCOPED:
                    try:
                        parse_condition(REGISTRY[grant.object], proposal.planned, grant.scope.where)
                    except InvalidInput as problem:
                        where = ("role", key, "grants", place, "scope", "where")
                        yield from (error.below(*where) for error in problem.errors)

    def references(self, key: str, definition: Role, links: Links) -> Iterator[Reference]:
        yield from (("role", parent) for parent in definition.inherits)
        for grant in definition.grants:
            steps = (action.removeprefix(_STEP) for action in grant.actions if action.startswith(_STEP))
            yield from (("transition", step) for step in steps if step != "*")
            own = (path.removeprefix(OWN) for path in grant.fields if path.startswith(OWN) and not path.endswith(EVERY))
            for field in (f"{grant.object}.{name}" for name in own):
                yield "field", links[field].field if field in links else field
            if isinstance(grant.scope, RowsWhere) and grant.object in SCOPED:
                yield from in_condition(grant.object, grant.scope.where, links)


def _beyond_author(proposal: Proposal) -> Iterator[FieldError]:
    """Nobody gives a role what they lack: else to configure were to hold every right. What they hold is judged by the roles as they stand,
    so that no change raises its own author; the steps are those of the change."""
    before, author = proposal.config.definitions["role"], proposal.author
    changed = [key for key, role in proposal.of(Role) if before.get(key) != role]
    if author is None or not changed:
        return
    roles = {key: role for key, role in before.items() if isinstance(role, Role)}
    own = Policy(roles, proposal.definitions["transition"]).access(author.roles)
    for key in changed:
        gained = proposal.planned.policy.access((key,)).beyond(proposal.config.policy.access((key,)), own)
        if gained:
            yield FieldError(("role", key), "limit.role_grant", {"rights": told_rights(gained)})


def _paths(name: str, fields: Mapping[str, CustomField]) -> frozenset[str]:
    """The paths of all fields of an object to which there are rights. ``fields`` are the company's own by their keys in the document,
    archived ones too: their rights are kept until they come back."""
    found = {path for path, _, _ in built_in_fields(name)}
    for key, definition in fields.items():
        record_type, own = split_field_key(key)
        if record_type == name:
            found.add(f"{OWN}{own}")
        if definition.reverse is not None and definition.target == name:
            found.add(f"{OWN}{definition.reverse.key}")
    return frozenset(found)


def _always_there(grant: Grant, proposal: Proposal) -> Iterator[dict[str, str]]:
    """The fields that the grant opens to be read of some records, or closes in some, and that no record can be without."""
    built_in = {path: attribute for path, _, attribute in built_in_fields(grant.object)}
    own = {f"{OWN}{key}": attribute for key, attribute in proposal.planned.own.get(grant.object, {}).items()}
    known: Mapping[str, Attribute] = {**built_in, **own}
    for path in grant.fields:
        is_pattern = path.endswith(EVERY) and path != f"{OWN}{EVERY}"
        if is_pattern or (path in known and not can_be_absent(known[path])):
            able = (name for name, attribute in built_in.items() if can_be_absent(attribute))
            yield {"field": path, "object": grant.object, "fields": ", ".join((*able, f"{OWN}{EVERY}"))}


def _is_of_fields(grant: Grant) -> bool:
    """Whether the grant is about fields of an object that has rights to them."""
    return bool(grant.fields) and grant.object in OBJECTS


def _is_known(grant: Grant, action: str, transitions: Mapping[str, object]) -> bool:
    if grant.fields:
        return grant.object in OBJECTS and action in (*FIELD_ACTIONS, EVERY)
    return _is_right(grant.object, action, transitions)


def _scope_errors(grant: Grant) -> Iterator[FieldError]:
    """What speaks against granting a right of some records alone."""
    if grant.scope is None:
        return
    if grant.object not in SCOPED:
        yield FieldError((), "config.no_scope", {"object": grant.object, "objects": ", ".join(SCOPED)})
    elif isinstance(grant.scope, str) and grant.scope not in SCOPED[grant.object]:
        data = {"object": grant.object, "scope": grant.scope, "scopes": ", ".join(SCOPED[grant.object])}
        yield FieldError((), "config.unknown_scope", data)
    if isinstance(grant.scope, RowsWhere) and not _compares(grant.scope.where):
        scopes = ", ".join(SCOPED.get(grant.object, ()))
        yield FieldError((), "config.bad_scope", {"scope": orjson.dumps(grant.scope.where).decode(), "scopes": scopes})
    for action in sorted(WITHOUT_ROWS.intersection(grant.actions)):
        yield FieldError((), "config.action_without_scope", {"right": f"{grant.object}.{action}"})


def _compares(where: Any) -> bool:
    """Whether a condition says anything: one without a word holds of all records, or of none."""
    if not isinstance(where, dict):
        return True
    parts = (part for name, value in where.items() for part in (value if name in ("and", "or") else [value]))
    return any(name not in ("and", "or", "not") for name in where) or any(_compares(part) for part in parts)


def _closing_errors(role: Role, known: Mapping[str, Role]) -> Iterator[tuple[str, dict[str, str]]]:
    """What speaks against the objects whose fields a role closes: there are none, or the role inherits them open."""
    inherited = {name: known[name] for name in _ancestors(role, known)}
    for name in role.closed_fields:
        if name != EVERY and name not in OBJECTS:
            yield "config.no_field_rights", {"object": name, "objects": ", ".join(OBJECTS)}
        for parent, other in inherited.items():
            objects = OBJECTS if name == EVERY else (name,)
            if any(
                opens(other, grant, each, READ) for grant in other.grants for each in objects if _is_about(grant, each)
            ):
                yield "config.inherits_open", {"object": name, "role": parent}


def _is_about(grant: Grant, name: str) -> bool:
    return grant.object in (name, EVERY)


def _ancestors(role: Role, known: Mapping[str, Role]) -> list[str]:
    found = dict.fromkeys(parent for parent in role.inherits if parent in known)
    queue = list(found)
    for name in queue:
        new = [parent for parent in known[name].inherits if parent in known and parent not in found]
        found.update(dict.fromkeys(new))
        queue.extend(new)
    return list(found)


def _is_right(name: str, action: str, transitions: Mapping[str, object]) -> bool:
    if name == "*":
        return action == "*" or any(action in actions for actions in RIGHTS.values())
    if name not in RIGHTS:
        return False
    step = action.removeprefix(_STEP)
    is_step = name == "order" and action.startswith(_STEP) and (step == "*" or step in transitions)
    return action == "*" or action in RIGHTS[name] or is_step


def _no_right(grant: Grant, action: str, transitions: Mapping[str, object]) -> FieldError:
    """What is wrong with an action that there is no right to: the right that was probably meant, or those that there are."""
    right = f"{grant.object}.{action}"
    if _is_of_fields(grant):
        return FieldError((), "config.field_action", {"right": right})
    actions = list(RIGHTS.get(grant.object, ()))
    if grant.object == "order":
        actions += [f"{_STEP}{step}" for step in transitions]
    if near := nearest(action, actions):
        return FieldError((), "config.unknown_right_near", {"right": right, "near": f"{grant.object}.{near}"})
    about = [f"{grant.object}.{each}" for each in actions] or [f"{name}.{EVERY}" for name in RIGHTS]
    return FieldError((), "config.unknown_right", {"right": right, "rights": ", ".join(about)})


def _ring(key: str, roles: Mapping[str, Role]) -> tuple[str, ...]:
    """How a role inherits from itself: from it, by those between, to it again; nothing where it does not."""
    queue: list[tuple[str, ...]] = [(key,)]
    seen: set[str] = set()
    for path in queue:
        for parent in roles[path[-1]].inherits:
            if parent == key:
                return (*path, key)
            if parent in roles and parent not in seen:
                seen.add(parent)
                queue.append((*path, parent))
    return ()
