"""Access explained."""

from typing import Annotated
from uuid import UUID

import strawberry

from schema.context import Info, parse_id, run
from schema.scalars import Json
from tenants.access.explaining import Explanation, Reason, explain
from tenants.access.grantors import grantors
from tenants.access.rules import Rule
from tenants.access.scopes import rows_of_all_words

Action = Annotated[
    str,
    strawberry.argument(
        description="A right as refusals name it, such as order.void, order.transition.confirm or order.read.total."
    ),
]
MemberId = Annotated[strawberry.ID | None, strawberry.argument(description="The member's id; you if not given.")]
Field = Annotated[
    str | None,
    strawberry.argument(
        description="The path of a field of the object, such as total, lines.unitPrice or custom.margin."
    ),
]
RecordId = Annotated[strawberry.ID | None, strawberry.argument(description="The id of a record of that kind.")]


# An id that cannot be read is that of no record.
NOWHERE = UUID(int=0)

strawberry.enum(Reason, name="AccessReason", description="Why somebody may do something, or may not.")


@strawberry.type(description="A grant that is about a right.")
class AccessRule:
    role: str = strawberry.field(description="Key of the role that has the grant.")
    inherited: list[str] = strawberry.field(
        description="How the member comes to it: keys of roles, from their own to the one that has the grant."
    )
    allows: bool = strawberry.field(description="Whether it grants; else it denies, which wins.")
    decides: bool = strawberry.field(description="Whether it is the one that decides.")
    grant: Json = strawberry.field(description="What it says, as in the YAML document.")


@strawberry.type(description="Whether a member may do something, and why.")
class AccessExplanation:
    member: strawberry.ID = strawberry.field(description="The member's id.")
    roles: list[str] = strawberry.field(description="Keys of the member's roles.")
    allowed: bool = strawberry.field(description="Whether they may.")
    reason: Reason = strawberry.field(description="Why, for programs.")
    sentence: str = strawberry.field(description="Why, for people.")
    right: str = strawberry.field(
        description="The right that decides: the first that is missing; where none is, the one that was asked for."
    )
    rules: list[AccessRule] = strawberry.field(description="The grants that are about it, the deciding one first.")
    closed_by: list[str] = strawberry.field(
        description="Keys of their roles to which fields of this object are closed unless they are granted."
    )
    granted_to: list[str] = strawberry.field(description="The roles that have the right.")

    rows: str | None = strawberry.field(
        description="The records of the right, in words; null where it is of all, or not held."
    )

    @strawberry.field(description="Names of members who can give the right; a few of them.")
    async def can_grant(self, info: Info) -> list[str]:
        caller, member_id = info.context.caller, parse_id(self.member)
        assert member_id is not None
        lacking = member_id, caller.config.policy.access(self.roles)
        found = await grantors(info.context.house.database, caller, (self.right,), lacking)
        return list(found.get(self.right, ()))


@strawberry.type
class AccessQueries:
    @strawberry.field(
        description="Whether a member may do something, by which rule, and what they lack. You may always ask about yourself."
    )
    async def explain_access(
        self, info: Info, action: Action, member: MemberId = None, field: Field = None, record: RecordId = None
    ) -> AccessExplanation:
        wanted = info.context.caller.member_id if member is None else parse_id(member)
        of = None if record is None else (parse_id(record) or NOWHERE)
        found = await run(info, lambda tx: explain(tx, wanted, action, field, of))
        return _shown(found, info.context.caller.language)


def _shown(found: Explanation, language: str) -> AccessExplanation:
    return AccessExplanation(
        member=strawberry.ID(str(found.member_id)),
        roles=list(found.roles),
        allowed=found.allowed,
        reason=found.reason,
        sentence=found.sentence(language),
        right=found.right,
        rules=[_rule(rule, place) for place, rule in enumerate(found.rules)],
        closed_by=list(found.closed_by),
        granted_to=list(found.granted_to),
        rows=rows_of_all_words(found.rows, language) if found.rows else None,
    )


def _rule(rule: Rule, place: int) -> AccessRule:
    return AccessRule(
        role=rule.role,
        inherited=list(rule.inherited),
        allows=rule.allows,
        decides=place == 0,
        grant=Json(rule.grant.model_dump(mode="json", exclude_defaults=True)),
    )
