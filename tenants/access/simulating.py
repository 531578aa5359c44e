"""What planned roles would change: who gains and who loses which rights, and how many records they could then get at. Nothing is done."""

from asyncio import to_thread
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple
from uuid import UUID

from tenants.access.counting import OF_NO_RECORD, Held, counts
from tenants.access.rules import Right
from tenants.config.change_sets import Change, after, errors_beside
from tenants.config.snapshot import TenantConfig
from tenants.permissions import Access, Policy
from tenants.problems import FieldError
from tenants.row_rights import SCOPED, WITHOUT_ROWS, Rows
from tenants.transaction import Transaction

# So many members are compared, and so many of those who gain or lose are told of.
MOST_MEMBERS, MOST_SHOWN = 10_000, 100

Row = Mapping[str, Any]


class Records(NamedTuple):
    """Of which records a right is, where not of all or none, and of how many; None where that was not counted."""

    rows: Rows | None
    number: int | None


class Counted(NamedTuple):
    """Of which records of an object a right is, before and after."""

    right: Right
    before: Records
    after: Records


@dataclass(frozen=True, slots=True)
class Gain:
    """What somebody, or whoever has a role, gains and loses: rights by name."""

    gains: tuple[str, ...]
    losses: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.gains or self.losses)


@dataclass(frozen=True, slots=True)
class MemberGain:
    """What a member gains and loses, and of how many records each of these rights is."""

    member: Row
    roles_before: tuple[str, ...]
    roles_after: tuple[str, ...]
    change: Gain
    records: tuple[Counted, ...]


@dataclass(frozen=True, slots=True)
class Simulation:
    """``affected`` is how many members gain or lose something, of whom the first are told; ``roles`` are the roles that do so by
    themselves. With ``problems``, the plan could not be made, and nothing else is told."""

    problems: tuple[FieldError, ...] = ()
    affected: int = 0
    members: tuple[MemberGain, ...] = ()
    roles: tuple[tuple[str, Gain], ...] = ()


async def simulate(tx: Transaction, changes: Iterable[Change], members: Mapping[UUID, Sequence[str]]) -> Simulation:
    """What the changes of the configuration, and other roles of the ``members``, would change.

    Raises :class:`NotAllowed` (configuration.read, member.read), and :class:`tenants.problems.LimitExceeded` for too many definitions.
    """
    tx.access.require("configuration.read")
    tx.access.require("member.read")
    todo = [change for change in changes if change.before != change.after]
    planned = replace(tx.config, definitions=after(tx.config, todo)) if todo else tx.config
    problems = await errors_beside(tx, todo) if todo else []
    known = await tx.fetch_all(
        "SELECT id, name, roles FROM members WHERE tenant_id = %(tenant)s AND active ORDER BY created_at, id"
        " LIMIT %(most)s",
        most=MOST_MEMBERS,
    )
    problems += _unknown(planned.policy, {row["id"] for row in known}, members)
    if problems:
        return Simulation(tuple(problems))
    # Each set of roles is compiled, which takes milliseconds.
    found, roles = await to_thread(_compared, tx.config, planned, known, members)
    shown = found[:MOST_SHOWN]
    sides = [_sides(tx.config, planned, gain) for gain in shown]
    found_counts = iter(await counts(tx, [held for pairs in sides for pair in pairs for held in pair]))
    records = [[_counted(pair, (next(found_counts), next(found_counts))) for pair in pairs] for pairs in sides]
    return Simulation(
        affected=len(found),
        members=tuple(replace(each, records=tuple(told)) for each, told in zip(shown, records, strict=True)),
        roles=tuple(roles),
    )


def _unknown(policy: Policy, known: set[UUID], members: Mapping[UUID, Sequence[str]]) -> list[FieldError]:
    """What is wrong with the roles that members are to have."""
    found = [
        FieldError(("members", place, "member"), "not_found", {"type": "member", "id": str(member)})
        for place, member in enumerate(members)
        if member not in known
    ]
    for place, roles in enumerate(members.values()):
        found += [
            FieldError(("members", place, "roles"), "config.unknown_role", {"role": role})
            for role in roles
            if role not in policy.roles
        ]
    return found


def _compared(
    config: TenantConfig, planned: TenantConfig, known: Sequence[Row], members: Mapping[UUID, Sequence[str]]
) -> tuple[list[MemberGain], list[tuple[str, Gain]]]:
    pairs: dict[tuple[tuple[str, ...], tuple[str, ...]], Gain] = {}
    found = []
    for row in known:
        before, later = tuple(row["roles"]), tuple(members.get(row["id"], row["roles"]))
        if (before, later) not in pairs:
            pairs[before, later] = _gain(config.policy.access(before), planned.policy.access(later))
        if pairs[before, later] or before != later:
            found.append(MemberGain(row, before, later, pairs[before, later], ()))
    roles = [
        (role, gain)
        for role in dict.fromkeys((*config.policy.roles, *planned.policy.roles))
        if (gain := _gain(config.policy.access((role,)), planned.policy.access((role,))))
    ]
    return [each for each in found if each.change], roles


def _gain(before: Access, later: Access) -> Gain:
    return Gain(tuple(sorted(later.beyond(before))), tuple(sorted(before.beyond(later))))


def _sides(config: TenantConfig, planned: TenantConfig, gain: MemberGain) -> list[tuple[Held, Held]]:
    """Each right to records that a member gains or loses, as it was and as it would be."""
    before, later = config.policy.access(gain.roles_before), planned.policy.access(gain.roles_after)
    rights = [Right.named(name) for name in sorted({*gain.change.gains, *gain.change.losses})]
    return [
        (Held(config, before, right, gain.member["id"]), Held(planned, later, right, gain.member["id"]))
        for right in rights
        if right.object in SCOPED and not right.field and right.action not in WITHOUT_ROWS
        if right.action not in OF_NO_RECORD or right.name in before.rows or right.name in later.rows
    ]


def _counted(sides: tuple[Held, Held], found: tuple[int | None, int | None]) -> Counted:
    before, later = (
        Records(held.access.rows.get(held.right.name), count) for held, count in zip(sides, found, strict=True)
    )
    return Counted(sides[0].right, before, later)
