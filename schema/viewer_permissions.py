"""What the viewer may do, object by object, for a frontend to hide the rest."""

import strawberry

from tenants.access.explaining import field_paths
from tenants.access.scopes import rows_words
from tenants.config.definitions import label
from tenants.config.snapshot import TenantConfig
from tenants.database import Caller
from tenants.field_rights import OBJECTS, READ, WRITE
from tenants.life_cycles.offers import lacking_right
from tenants.permissions import RIGHTS, Access


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
    readable: bool = strawberry.field(description="Whether you may read it.")
    writable: bool = strawberry.field(description="Whether you may write it, where it is one that people write.")


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
            fields=_fields(config, access, name) if name in OBJECTS else [],
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


def _fields(config: TenantConfig, access: Access, name: str) -> list[FieldPermission]:
    may_read = access.allows(f"{name}.{READ}")
    may_write = any(access.allows(f"{name}.{action}") for action in ("create", "update", "change_status", "invite"))
    return [
        FieldPermission(
            path=path,
            readable=may_read and access.has_field(name, READ, path),
            writable=may_write and access.has_field(name, WRITE, path),
        )
        for path in field_paths(config, name)
    ]
