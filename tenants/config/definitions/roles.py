"""Roles, and what they grant."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from tenants.config.definitions.base import KEY_PATTERN, Definition, Key, Label, register


class Grant(BaseModel):
    """Rights on one kind of object: actions may end in ``*``; deny wins over allow."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    object: Annotated[str, StringConstraints(pattern=rf"^(\*|{KEY_PATTERN})$")]
    actions: Annotated[
        tuple[Annotated[str, StringConstraints(pattern=r"^(\*|[a-z_]+(\.(\*|[A-Za-z0-9_]+))?)$")], ...],
        Field(min_length=1),
    ]
    effect: Literal["allow", "deny"] = "allow"


@register
class Role(Definition):
    """What its members may do, beside what the roles it inherits may."""

    kind = "role"
    section = "roles"
    heading = "Roles beside the built-in ones, and what they may do."
    names = ("role", "角色")
    label: Label
    inherits: tuple[Key, ...] = ()
    grants: tuple[Grant, ...] = ()
