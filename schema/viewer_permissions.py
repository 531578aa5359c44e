"""What the viewer may do, object by object, for a frontend to hide the rest."""

import strawberry

from tenants.access.explaining import field_paths
from tenants.access.scopes import rows_of_all_words, rows_words
from tenants.config.definitions import CustomField, label
from tenants.config.snapshot import TenantConfig
from tenants.database import Caller
from tenants.field_rights import OBJECTS, READ, WRITE
from tenants.field_types import field_type
from tenants.life_cycles.offers import lacking_right
from tenants.permissions import RIGHTS, Access
from tenants.records.rights import OWN
from tenants.rules.writable import WRITTEN

# Rights by which values come into a record.
_WRITING = frozenset({"create", "update", "change_status", "import", "invite"})


@strawberry.type(description="Whether you may do something with an object.")
class ActionPermission:
    action: str = strawberry.field(description="What, such as update or void.")
    allowed: bool = strawberry.field(description="Whether you may, if only with some records.")
    rows: str | None = strawberry.field(
        description="With which records, in words; null where with all or none. A record's own permissions tell it of each."
    )


@strawberry.type(description="Whether you may take a step of the life cycle.")
class StepPermission:
    key: str = strawberry.field(description="Key of the step.")
    label: str = strawberry.field(description="Its name, in your language.")
    allowed: bool = strawberry.field(description="Whether you may, where an order's state allows it.")
    missing: str | None = strawberry.field(description="The right that you lack for it.")


@strawberry.type(description="Whether you may read and write a field.")
class FieldPermission:
    path: str = strawberry.field(description="The field by its path, such as total, lines.unitPrice or custom.margin.")
    readable: bool = strawberry.field(description="Whether you may read it, if only of some records.")
    writable: bool = strawberry.field(
        description="Whether you may write it, if only in some records; false for what nobody writes, such as a total or a formula."
    )
    readable_rows: str | None = strawberry.field(
        description="Of which records you may read it, in words; null where of all that you may read, or none. It is null in others."
    )
    writable_rows: str | None = strawberry.field(
        description="In which records you may write it, in words; null where in all that you may change, or none."
    )


@strawberry.type(description="What you may do with an object.")
class ObjectPermissions:
    object: str = strawberry.field(description="Such as order or customer.")
    actions: list[ActionPermission] = strawberry.field(description="What there is to do with it.")
    steps: list[StepPermission] = strawberry.field(description="The steps of its life cycles; orders alone have some.")
    fields: list[FieldPermission] = strawberry.field(description="Its fields, built-in ones and the company's own.")


def permissions_of(caller: Caller) -> list[ObjectPermissions]:
    """All objects there are rights to."""
    config, access, language = caller.config, caller.access, caller.language
    return [
        ObjectPermissions(
            object=name,
            actions=[_action(access, f"{name}.{action}", language) for action in actions],
            steps=_steps(config, access, language) if name == "order" else [],
            fields=_fields(config, access, name, language) if name in OBJECTS else [],
        )
        for name, actions in RIGHTS.items()
    ]


def _action(access: Access, right: str, language: str) -> ActionPermission:
    rows = access.rows.get(right)
    return ActionPermission(
        action=right.partition(".")[2],
        allowed=access.allows(right),
        rows=None if rows is None else rows_words(rows, language),
    )


def _steps(config: TenantConfig, access: Access, language: str) -> list[StepPermission]:
    found = []
    for key, transition in config.transitions.items():
        missing = lacking_right(access, key)
        found.append(
            StepPermission(
                key=key, label=label(transition.label, language, key), allowed=missing is None, missing=missing
            )
        )
    return found


def _fields(config: TenantConfig, access: Access, name: str, language: str) -> list[FieldPermission]:
    may_read = access.allows(f"{name}.{READ}")
    able = {action for action in RIGHTS[name] if access.allows(f"{name}.{action}")}
    # What cannot be seen cannot be changed.
    may_write = may_read and not able.isdisjoint(_WRITING)
    written = WRITTEN[name].union(
        f"{OWN}{key}" for key, definition in config.fields.get(name, {}).items() if _is_given(definition)
    )
    return [
        FieldPermission(
            path=path,
            readable=may_read and access.has_some(name, READ, path),
            writable=may_write and path in written and access.has_some(name, WRITE, path),
            readable_rows=_field_rows(access, name, READ, path, language) if may_read else None,
            writable_rows=_field_rows(access, name, WRITE, path, language) if may_write and path in written else None,
        )
        for path in field_paths(config, name, access)
    ]


def _is_given(definition: CustomField) -> bool:
    """Whether people give its values."""
    return not definition.is_computed and field_type(definition.type).graphql_input is not None


def _field_rows(access: Access, name: str, action: str, path: str, language: str) -> str | None:
    rows = access.rows_of_field(name, action, path)
    return rows_of_all_words(rows, language) if rows else None
