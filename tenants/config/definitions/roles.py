"""Roles, and what they grant."""

from typing import Annotated, Any, Literal, get_args

import orjson
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    field_validator,
)
from pydantic_core import PydanticCustomError

from tenants.config.definitions.base import KEY_PATTERN, Definition, Key, Label, register

# A field by its path, such as total, lines.unitPrice or custom.margin, or all of them, of the lines, or of the company's own.
FieldPattern = Annotated[str, StringConstraints(pattern=rf"^(\*|(lines|custom)\.\*|((lines|custom)\.)?{KEY_PATTERN})$")]


class RowsWhere(BaseModel):
    """The records for which a condition holds, in the shape of their list's filter."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    where: Annotated[dict[str, Any], Field(min_length=1)]


# Of which records a right is: those one owns, or that members of one's teams own, or also of the teams below these, or that were shared
# with one or one's teams; or that are of the customer at which one is a person; or those for which a condition holds.
NamedScope = Literal["own", "team", "team_tree", "shared", "customer"]
RowScope = NamedScope | RowsWhere


def _scope(value: Any, handler: ValidatorFunctionWrapHandler) -> Any:
    """One sentence for what is neither, instead of one for each."""
    try:
        return handler(value)
    except ValidationError:
        said = {"scope": orjson.dumps(value, default=str).decode(), "scopes": ", ".join(get_args(NamedScope))}
        raise PydanticCustomError("config.bad_scope", "no scope", said) from None


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
    scope: Annotated[RowScope, WrapValidator(_scope)] | None = None
    effect: Literal["allow", "deny"] = "allow"

    @field_validator("fields")
    @classmethod
    def _names_some(cls, fields: tuple[str, ...]) -> tuple[str, ...]:
        """An empty list would be a right to the whole object, which nobody means who empties it."""
        if not fields:
            raise PydanticCustomError("config.no_grant_fields", "no fields")
        return fields


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
    is_told_whole = True
    label: Label
    inherits: tuple[Key, ...] = ()
    grants: tuple[Grant, ...] = ()
    closed_fields: tuple[Annotated[str, StringConstraints(pattern=rf"^(\*|{KEY_PATTERN})$")], ...] = ()
