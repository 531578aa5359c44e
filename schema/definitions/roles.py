"""Roles, and what they grant."""

import strawberry
from strawberry import UNSET

from schema.context import Info
from schema.definitions.changing import ChangeInput, ConfigurationResult, LabelInput, as_body, define
from schema.mutations import Values, mutation
from schema.scalars import Json


@strawberry.input(description="Rights on one kind of object.")
class GrantInput:
    object: str
    actions: list[str] = strawberry.field(description="Such as read, void, transition.confirm, transition.* or *.")
    fields: list[str] | None = strawberry.field(
        default=UNSET,
        description="The fields that it is about alone, such as total, lines.unitPrice, custom.margin or custom.*; its actions are then"
        " read and write.",
    )
    scope: Json | None = strawberry.field(
        default=UNSET,
        description="The records that it is about alone: own, team, team_tree, shared, customer, or {where: ...} with a condition in the shape of their"
        " list's filter.",
    )
    effect: str | None = strawberry.field(default=UNSET, description="allow (if not given) or deny, which wins.")


@strawberry.input(description="A role, or a change of one.")
class DefineRoleInput(ChangeInput):
    key: str
    label: LabelInput
    inherits: list[str] | None = UNSET
    grants: list[GrantInput] | None = UNSET
    closed_fields: list[str] | None = strawberry.field(
        default=UNSET,
        description="Objects such as order, or * for all, whose fields are closed to it, those to come as well, unless they are granted.",
    )


@strawberry.type
class RoleMutations:
    @mutation(DefineRoleInput, description="Add a role or change one.")
    async def define_role(self, info: Info, input: Values) -> ConfigurationResult:
        return await define(info, "role", input["key"], as_body(input), input)
