"""Roles, and what they grant."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from tenants.config.definitions.base import KEY_PATTERN, Definition, Key, Label, register

# A field by its path, such as total, lines.unitPrice or custom.margin, or all of them, of the lines, or of the company's own.
FieldPattern = Annotated[str, StringConstraints(pattern=rf"^(\*|(lines|custom)\.\*|((lines|custom)\.)?{KEY_PATTERN})$")]


class RowsWhere(BaseModel):
    """The records for which a condition holds, in the shape of their list's filter."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    where: Annotated[dict[str, Any], Field(min_length=1)]


# Of which records a right is: those one owns, or that members of one's teams own, or also of the teams below these, or that were shared
# with one or one's teams; or those for which a condition holds.
RowScope = Literal["own", "team", "team_tree", "shared"] | RowsWhere


class Grant(BaseModel):
    """Rights on one kind of object: actions may end in ``*``; deny wins over allow.

    With ``fields`` it is about these alone, and its actions are ``read`` and ``write``. With a ``scope`` it is about these records alone.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    object: Annotated[str, StringConstraints(pattern=rf"^(\*|{KEY_PATTERN})$")]
    actions: Annotated[
        tuple[Annotated[str, StringConstraints(pattern=r"^(\*|[a-z_]+(\.(\*|[A-Za-z0-9_]+))?)$")], ...],
        Field(min_length=1),
    ]
    fields: tuple[FieldPattern, ...] = ()
    scope: RowScope | None = None
    effect: Literal["allow", "deny"] = "allow"


@register
class Role(Definition):
    """What its members may do, beside what the roles it inherits may.

    A right to read or to write records opens all their fields, but for objects whose ``closed_fields`` are closed to the role:
    there each field must be granted.
    """

    kind = "role"
    section = "roles"
    heading = "Roles beside the built-in ones, and what they may do."
    names = ("role", "角色")
    label: Label
    inherits: tuple[Key, ...] = ()
    grants: tuple[Grant, ...] = ()
    closed_fields: tuple[Annotated[str, StringConstraints(pattern=rf"^(\*|{KEY_PATTERN})$")], ...] = ()
