"""What is wrong with a view: everything it names must be there in the configuration that it is part of."""

from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from tenants.conditions import parse_condition
from tenants.config.definitions import View
from tenants.config.snapshot import TenantConfig
from tenants.permissions import Access
from tenants.problems import FieldError, InvalidInput
from tenants.reading.groups import find_grouping
from tenants.reading.pages import order_terms
from tenants.reading.paths import resolve
from tenants.records import CUSTOMISABLE, REGISTRY

LARGEST = 20_000
DIRECTIONS = ("ASC", "DESC")


def view_errors(config: TenantConfig, view: View, access: Access | None = None) -> list[FieldError]:
    """All that is wrong, by its place in the view.

    ``access`` is that of whoever saves a view for themselves; a shared view is judged without, for it is read with the rights of
    each reader. Raises :class:`NotAllowed`.
    """
    if view.record_type not in CUSTOMISABLE:
        types = ", ".join(CUSTOMISABLE)
        return [FieldError(("record_type",), "view.unknown_record_type", {"type": view.record_type, "types": types})]
    size = len(orjson.dumps(view.model_dump(mode="json")))
    if size > LARGEST:
        return [FieldError((), "view.too_large", {"size": size, "most": LARGEST})]
    return [
        *_columns(config, view),
        *_condition(config, view, access),
        *_order(config, view, access or config.policy.access(("owner",))),
        *_group(config, view, access),
        *_roles(config, view),
    ]


def _columns(config: TenantConfig, view: View) -> Iterator[FieldError]:
    record = REGISTRY[view.record_type]
    seen: set[str] = set()
    for place, column in enumerate(view.columns):
        path = ("columns", place, "path")
        if resolve(record, config, column.path) is None:
            yield FieldError(path, "view.unknown_field", {"field": column.path, "type": record.name})
        if column.path in seen:
            yield FieldError(path, "view.double_column", {"field": column.path})
        seen.add(column.path)


def _condition(config: TenantConfig, view: View, access: Access | None) -> Iterator[FieldError]:
    try:
        parse_condition(REGISTRY[view.record_type], config, view.where, access)
    except InvalidInput as problem:
        yield from (error.below("where") for error in problem.errors)


def _order(config: TenantConfig, view: View, access: Access) -> Iterator[FieldError]:
    for place, entry in enumerate(view.order_by):
        if (direction := _direction(entry)) not in DIRECTIONS:
            yield FieldError(("order_by", place), "view.bad_direction", {"direction": direction})
    try:
        order_terms(REGISTRY[view.record_type], config, view.order_by, access)
    except InvalidInput as problem:
        yield from (FieldError(("order_by", *error.path[1:]), error.code, error.data) for error in problem.errors)


def _direction(entry: Any) -> Any:
    while isinstance(entry, Mapping) and len(entry) == 1:
        (entry,) = entry.values()
    return entry


def _group(config: TenantConfig, view: View, access: Access | None) -> Iterator[FieldError]:
    if view.group_by is None:
        return
    found = find_grouping(REGISTRY[view.record_type], config, view.group_by)
    if found is None:
        data = {"field": view.group_by, "type": view.record_type}
        yield FieldError(("group_by",), "view.not_groupable", data)
    elif access is not None:
        found.require_to_read(access)


def _roles(config: TenantConfig, view: View) -> Iterator[FieldError]:
    for name in ("roles", "default_for"):
        for role in getattr(view, name):
            if role not in config.policy.roles:
                yield FieldError((name,), "config.unknown_role", {"role": role})
    for role in view.default_for:
        if view.roles and role not in view.roles:
            yield FieldError(("default_for",), "view.default_unseen", {"role": role})


def double_defaults(views: Mapping[str, View]) -> Iterator[tuple[str, FieldError]]:
    """Roles that would see two views of the same records first, with the key of the second view."""
    known: dict[tuple[str, str], str] = {}
    for key, view in views.items():
        for role in view.default_for:
            other = known.setdefault((view.record_type, role), key)
            if other != key:
                yield key, FieldError(("default_for",), "view.double_default", {"role": role, "other": other})
