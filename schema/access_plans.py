"""What planned roles would change, and who can do what: for those who look after rights."""

from asyncio import to_thread
from collections.abc import Iterable
from datetime import datetime
from typing import Annotated
from uuid import UUID

import strawberry

from schema.context import Info, parse_id, run
from schema.problems import FieldProblem, field_problem
from schema.scalars import DateTimeText
from tenants.access.counting import MOST_RECORDS
from tenants.access.reviewing import MOST_MEMBERS, HeldRight, Reviewed, review
from tenants.access.scopes import rows_words
from tenants.access.simulating import MemberGain, Simulation, simulate
from tenants.config import change_sets, drafts
from tenants.config.change_sets import Change
from tenants.config.documents import read_document
from tenants.problems import InvalidInput, NotFound
from tenants.row_rights import Rows
from tenants.transaction import Transaction


@strawberry.input(description="The roles that a member is to have.")
class MemberRolesInput:
    member: strawberry.ID = strawberry.field(description="The member's id.")
    roles: list[str] = strawberry.field(description="Keys of roles, all of them.")


@strawberry.type(description="Of which records a right is, and of how many that you may read yourself.")
class RecordsOfRight:
    right: str = strawberry.field(description="The right.")
    before: int | None = strawberry.field(
        description=f"Of how many it is now; {MOST_RECORDS + 1} stands for more than {MOST_RECORDS}. Null for not counted, as where"
        " it is by a field that is closed to you."
    )
    after: int | None = strawberry.field(description="Of how many it would be.")
    rows_before: str | None = strawberry.field(
        description="Of which records it is now, in words; null where of all, or none."
    )
    rows_after: str | None = strawberry.field(
        description="Of which records it would be, in words; null where of all, or none."
    )


@strawberry.type(description="What a member would gain and lose.")
class MemberAccessChange:
    member: strawberry.ID = strawberry.field(description="The member's id.")
    name: str = strawberry.field(description="The member's name.")
    roles_before: list[str] = strawberry.field(description="Keys of their roles now.")
    roles_after: list[str] = strawberry.field(description="Keys of their roles then.")
    gains: list[str] = strawberry.field(description="Rights that they would gain, if only of more records.")
    losses: list[str] = strawberry.field(description="Rights that they would lose, if only of some records.")
    records: list[RecordsOfRight] = strawberry.field(description="Of how many records those rights are.")


@strawberry.type(description="What a role would gain and lose.")
class RoleAccessChange:
    role: str = strawberry.field(description="Key of the role.")
    gains: list[str] = strawberry.field(description="Rights that whoever has it would gain.")
    losses: list[str] = strawberry.field(description="Rights that whoever has it would lose.")


@strawberry.type(description="Who would gain and lose access; nothing is done.")
class RoleSimulation:
    affected: int = strawberry.field(description="How many active members would gain or lose something.")
    members: list[MemberAccessChange] = strawberry.field(description="The first 100 of them.")
    roles: list[RoleAccessChange] = strawberry.field(description="The roles that would gain or lose something.")
    problems: list[FieldProblem] = strawberry.field(description="Why it could not be done; then nothing else is told.")


@strawberry.type(description="A right that a member or a key has.")
class ReviewedRight:
    right: str = strawberry.field(description="The right.")
    roles: list[str] = strawberry.field(description="Keys of their roles that have it.")
    rows: str | None = strawberry.field(description="Of which records, in words; null where of all.")
    last_used: DateTimeText | None = strawberry.field(description="When they last used it, within 90 days.")
    unused: bool | None = strawberry.field(
        description="Whether they did not for 90 days; null where nothing is written down of its use, such as reading."
    )


@strawberry.type(description="A member, and what they may do.")
class MemberReview:
    id: strawberry.ID = strawberry.field(description="The member's id.")
    name: str = strawberry.field(description="Name.")
    email: str = strawberry.field(description="E-mail address.")
    roles: list[str] = strawberry.field(description="Keys of their roles.")
    active: bool = strawberry.field(description="Whether they may sign in.")
    last_seen: DateTimeText | None = strawberry.field(
        description="When they last signed in or used a session, as far as that is kept."
    )
    away: bool = strawberry.field(description="Whether they may sign in, and have not been there for 90 days.")
    rights: list[ReviewedRight] = strawberry.field(description="What they may do.")


@strawberry.type(description="A key of a program that holds, and what it may do.")
class KeyReview:
    id: strawberry.ID = strawberry.field(description="The key's id.")
    name: str = strawberry.field(description="Its name.")
    roles: list[str] = strawberry.field(description="Keys of its roles; it may do less than these.")
    expires_at: DateTimeText = strawberry.field(description="Until when it is valid.")
    last_used_at: DateTimeText | None = strawberry.field(description="When it was last used.")
    away: bool = strawberry.field(description="Whether it was not used for 90 days.")
    rights: list[ReviewedRight] = strawberry.field(description="What it may do.")


@strawberry.type(
    description="Who can do what, who no longer does, and who is away; as a table by exportRecords of permission_review."
)
class PermissionReview:
    members: list[MemberReview] = strawberry.field(description="The members, by id.")
    has_more: bool = strawberry.field(description="Whether there are more: ask again after the last id.")
    keys: list[KeyReview] = strawberry.field(
        description="The keys of programs; all of them with the first of the members, none with the others."
    )


@strawberry.type
class AccessPlanQueries:
    @strawberry.field(
        description="Who would gain and lose access, and to how many records, by a change of roles; nothing is done."
    )
    async def simulate_roles(
        self,
        info: Info,
        document: Annotated[
            str | None, strawberry.argument(description="A configuration document with the roles as they are to be.")
        ] = None,
        merge: Annotated[
            bool,
            strawberry.argument(description="Whether the document only adds and changes; else what it lacks goes."),
        ] = True,
        draft: Annotated[strawberry.ID | None, strawberry.argument(description="The id of a draft, instead.")] = None,
        members: Annotated[
            list[MemberRolesInput] | None, strawberry.argument(description="Members who are to have other roles.")
        ] = None,
    ) -> RoleSimulation:
        info.context.caller.access.require("configuration.read")
        if document is not None and draft is not None:
            raise InvalidInput.at(("draft",), "access.one_plan")
        wanted = None if document is None else await to_thread(read_document, document)
        roles = {_member_id(each): each.roles for each in members or ()}

        async def changes(tx: Transaction) -> list[Change]:
            if draft is not None:
                return await drafts.draft_changes(tx, parse_id(draft))
            if wanted is None:
                return []
            return (change_sets.merge if merge else change_sets.plan)(tx.config, wanted)

        async def look(tx: Transaction) -> Simulation:
            return await simulate(tx, await changes(tx), roles)

        return _shown(await run(info, look), info.context.caller.language)

    @strawberry.field(
        description="Who can do what by which roles, which rights were not used for 90 days, and who was not there for as long."
    )
    async def permission_review(
        self,
        info: Info,
        first: Annotated[int, strawberry.argument(description=f"How many members; {MOST_MEMBERS} at most.")] = 100,
        after: Annotated[strawberry.ID | None, strawberry.argument(description="Begin behind this id.")] = None,
    ) -> PermissionReview:
        found = await run(info, lambda tx: review(tx, first, None if after is None else parse_id(after)))
        language = info.context.caller.language
        return PermissionReview(
            members=[_member(member, language) for member in found.members],
            has_more=found.has_more,
            keys=[_key(key, language) for key in found.keys],
        )


def _member_id(given: MemberRolesInput) -> UUID:
    """Raises :class:`NotFound` for what is no id."""
    found = parse_id(given.member)
    if found is None:
        raise NotFound("member", given.member)
    return found


def _moment(value: datetime | None) -> DateTimeText | None:
    return None if value is None else DateTimeText(value.isoformat())


def _shown(found: Simulation, language: str) -> RoleSimulation:
    return RoleSimulation(
        affected=found.affected,
        members=[_changed(member, language) for member in found.members],
        roles=[
            RoleAccessChange(role=role, gains=list(gain.gains), losses=list(gain.losses)) for role, gain in found.roles
        ],
        problems=[field_problem(problem, language) for problem in found.problems],
    )


def _changed(found: MemberGain, language: str) -> MemberAccessChange:
    return MemberAccessChange(
        member=strawberry.ID(str(found.member["id"])),
        name=found.member["name"],
        roles_before=list(found.roles_before),
        roles_after=list(found.roles_after),
        gains=list(found.change.gains),
        losses=list(found.change.losses),
        records=[
            RecordsOfRight(
                right=counted.right.name,
                before=counted.before.number,
                after=counted.after.number,
                rows_before=_words(counted.before.rows, language),
                rows_after=_words(counted.after.rows, language),
            )
            for counted in found.records
        ],
    )


def _words(rows: Rows | None, language: str) -> str | None:
    return None if rows is None else rows_words(rows, language)


def _member(found: Reviewed, language: str) -> MemberReview:
    return MemberReview(
        id=strawberry.ID(str(found.id)),
        name=found.name,
        email=found.email or "",
        roles=list(found.roles),
        active=found.active,
        last_seen=_moment(found.last_seen),
        away=found.away,
        rights=_rights(found.rights, language),
    )


def _key(found: Reviewed, language: str) -> KeyReview:
    assert found.expires_at is not None
    return KeyReview(
        id=strawberry.ID(str(found.id)),
        name=found.name,
        roles=list(found.roles),
        expires_at=DateTimeText(found.expires_at.isoformat()),
        last_used_at=_moment(found.last_seen),
        away=found.away,
        rights=_rights(found.rights, language),
    )


def _rights(found: Iterable[HeldRight], language: str) -> list[ReviewedRight]:
    return [
        ReviewedRight(
            right=held.right,
            roles=list(held.roles),
            rows=rows_words(held.rows, language) if held.rows else None,
            last_used=_moment(held.last_used),
            unused=held.unused,
        )
        for held in found
    ]
