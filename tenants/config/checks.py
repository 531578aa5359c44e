"""What must hold between definitions: checked over the whole configuration before any of it is written."""

import dataclasses
import re
from collections import Counter
from collections.abc import Iterator, Mapping

from tenants.actions import action_errors
from tenants.conditions import parse_condition
from tenants.config.definitions import (
    FIELD_KEY,
    KEY_PATTERN,
    NUMBERING_KEY,
    Automation,
    Category,
    CustomField,
    Role,
    Status,
    split_field_key,
)
from tenants.config.snapshot import Definitions, TenantConfig
from tenants.field_types import REGISTRY as FIELD_TYPES
from tenants.numbering import is_pattern
from tenants.permissions import BUILT_IN_ROLES, RIGHTS, Access
from tenants.problems import FieldError, InvalidInput
from tenants.records import CUSTOMISABLE, REGISTRY
from tenants.views.checks import double_defaults, view_errors

# GraphQL gives these names a meaning of their own.
RESERVED = frozenset({"true", "false", "null", "and", "or", "not"})
LISTENING = ("order",)
# Each is written with every record of its type.
MOST_INDEXED = 100
Path = tuple[str | int, ...]


def check(config: TenantConfig, definitions: Definitions, author: Access | None) -> list[FieldError]:
    """All that is wrong with ``definitions`` as the next configuration after ``config``.

    ``author`` bounds the roles of new or changed automations; None is for templates, which have no author yet.
    """
    errors = [*_keys(definitions), *_numbering(definitions), *_fields(config, definitions)]
    errors += _indexes(definitions)
    errors += [*_life_cycle(definitions), *_roles(definitions)]
    if errors:
        # Automations and views are judged against fields and roles, which must be sound for that.
        return errors
    return [*_automations(config, definitions, author), *_views(config, definitions)]


def _keys(definitions: Definitions) -> Iterator[FieldError]:
    for kind, found in definitions.items():
        for key in found:
            pattern = FIELD_KEY.pattern if kind == "field" else f"^{KEY_PATTERN}$"
            last = key.rpartition(".")[2]
            if not re.match(pattern, key):
                yield FieldError((kind, key), "config.bad_key", {"key": key})
            elif last.lower() in RESERVED or last.startswith("__"):
                yield FieldError((kind, key), "config.reserved_key", {"key": last})


def _numbering(definitions: Definitions) -> Iterator[FieldError]:
    for key, numbering in definitions["numbering"].items():
        pattern = getattr(numbering, "pattern", "")
        if key != NUMBERING_KEY:
            yield FieldError(("numbering", key), "config.unknown_object", {"object": key, "objects": NUMBERING_KEY})
        elif not is_pattern(pattern):
            yield FieldError(("numbering", key, "pattern"), "config.bad_pattern", {"pattern": pattern})


def _fields(config: TenantConfig, definitions: Definitions) -> Iterator[FieldError]:
    configurable = {key: kind for key, kind in FIELD_TYPES.items() if kind.configurable}
    for key, field in definitions["field"].items():
        if not isinstance(field, CustomField) or not FIELD_KEY.match(key):
            continue
        path: Path = ("field", key)
        record_type, _ = split_field_key(key)
        if record_type not in CUSTOMISABLE:
            yield FieldError(path, "config.unknown_object", {"object": record_type, "objects": ", ".join(CUSTOMISABLE)})
        kind = configurable.get(field.type)
        if kind is None:
            types = ", ".join(configurable)
            yield FieldError((*path, "type"), "config.unknown_type", {"type": field.type, "types": types})
            continue
        yield from _options(path, field, kind.has_options)
        if field.unique and kind.many:
            yield FieldError((*path, "unique"), "config.unique_list", {"type": field.type})
        old = config.definitions["field"].get(key)
        if isinstance(old, CustomField):
            yield from _field_change(path, key, old, field)


def _indexes(definitions: Definitions) -> Iterator[FieldError]:
    indexed = Counter(
        split_field_key(key)[0]
        for key, field in definitions["field"].items()
        if isinstance(field, CustomField) and field.is_indexed and FIELD_KEY.match(key)
    )
    for record_type, count in indexed.items():
        if count > MOST_INDEXED:
            data = {"type": record_type, "count": count, "most": MOST_INDEXED}
            yield FieldError(("field",), "config.too_many_indexed", data)


def _options(path: Path, field: CustomField, expected: bool) -> Iterator[FieldError]:
    if expected and not field.options:
        yield FieldError((*path, "options"), "config.no_options")
    if not expected and field.options:
        yield FieldError((*path, "options"), "config.has_options", {"type": field.type})
    seen: set[str] = set()
    for place, option in enumerate(field.options):
        if option.key in seen:
            yield FieldError((*path, "options", place), "config.double_option", {"key": option.key})
        if option.key.lower() in RESERVED:
            yield FieldError((*path, "options", place), "config.reserved_key", {"key": option.key})
        seen.add(option.key)


def _field_change(path: Path, key: str, old: CustomField, new: CustomField) -> Iterator[FieldError]:
    if old.type != new.type:
        yield FieldError((*path, "type"), "config.type_change", {"key": key, "old": old.type, "new": new.type})
        return
    for option in old.option_keys:
        if option not in new.option_keys:
            yield FieldError((*path, "options"), "config.option_removed", {"option": option})


def _life_cycle(definitions: Definitions) -> Iterator[FieldError]:
    statuses = {
        key: status
        for key, status in definitions["status"].items()
        if isinstance(status, Status) and not status.archived
    }
    if statuses:
        initial = [key for key, status in statuses.items() if status.initial]
        if len(initial) != 1:
            yield FieldError(("status",), "config.initial", {"count": len(initial)})
        void = [key for key, status in statuses.items() if status.category is Category.VOID]
        if len(void) != 1:
            yield FieldError(("status",), "config.void_statuses", {"count": len(void)})
    for key, transition in definitions["transition"].items():
        ends = (*getattr(transition, "sources", ()), getattr(transition, "target", ""))
        for end in ends:
            if end not in statuses:
                yield FieldError(("transition", key), "config.unknown_status", {"status": end})
            elif statuses[end].category is Category.VOID:
                yield FieldError(("transition", key), "config.void_step")


def _roles(definitions: Definitions) -> Iterator[FieldError]:
    roles = {key: role for key, role in definitions["role"].items() if isinstance(role, Role)}
    known = {**BUILT_IN_ROLES, **roles}
    transitions = definitions["transition"]
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
                    yield FieldError(
                        (*path, "grants", place), "config.unknown_right", {"right": f"{grant.object}.{action}"}
                    )


def _is_right(name: str, action: str, transitions: Mapping[str, object]) -> bool:
    if name == "*":
        return action == "*" or any(action in actions for actions in RIGHTS.values())
    if name not in RIGHTS:
        return False
    step = action.removeprefix("transition.")
    is_step = name == "order" and action.startswith("transition.") and (step == "*" or step in transitions)
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


def _automations(config: TenantConfig, definitions: Definitions, author: Access | None) -> Iterator[FieldError]:
    planned = dataclasses.replace(config, definitions=definitions)
    for key, automation in definitions["automation"].items():
        if not isinstance(automation, Automation):
            continue
        path: Path = ("automation", key)
        if automation.record_type not in LISTENING:
            yield FieldError(
                (*path, "record_type"),
                "config.unknown_record_type",
                {"type": automation.record_type, "types": ", ".join(LISTENING)},
            )
            continue
        yield from _condition_errors(path, planned, automation)
        for place, action in enumerate(automation.actions):
            yield from (error.below(*path, "actions", place) for error in action_errors(planned, automation, action))
        if automation.role not in planned.policy.roles:
            yield FieldError((*path, "role"), "config.unknown_role", {"role": automation.role})
        elif author and config.definitions["automation"].get(key) != automation:
            held = planned.policy.access(author.roles).rights
            if not planned.policy.access((automation.role,)).rights <= held:
                yield FieldError((*path, "role"), "config.author_role", {"role": automation.role})


def _condition_errors(path: Path, planned: TenantConfig, automation: Automation) -> Iterator[FieldError]:
    try:
        parse_condition(REGISTRY[automation.record_type], planned, automation.condition)
    except InvalidInput as problem:
        yield from (error.below(*path, "condition") for error in problem.errors)


def _views(config: TenantConfig, definitions: Definitions) -> Iterator[FieldError]:
    planned = dataclasses.replace(config, definitions=definitions)
    for key, view in planned.views.items():
        yield from (error.below("view", key) for error in view_errors(planned, view))
    yield from (error.below("view", key) for key, error in double_defaults(planned.views))
