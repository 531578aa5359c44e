"""What planned roles would change: who gains and who loses which rights, and how many records they could then get at. Nothing is done."""

from asyncio import to_thread
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple
from uuid import UUID

from tenants.access.rules import Right
from tenants.conditions import parse_condition
from tenants.conditions.row_tests import RowTests
from tenants.config.change_sets import Change, after, errors_beside
from tenants.config.snapshot import TenantConfig
from tenants.occasion import Occasion
from tenants.permissions import Access, Policy
from tenants.problems import FieldError
from tenants.records import REGISTRY
from tenants.row_rights import SCOPED
from tenants.transaction import Transaction

# So many members are compared, so many of those who gain or lose are told of, and so many different counts are made for them.
MOST_MEMBERS, MOST_SHOWN, MOST_COUNTS = 10_000, 100, 40
# Records are counted up to this, and beyond it are more than this.
MOST_RECORDS = 10_000
# Rights to what is not there yet.
_OF_NO_RECORD = frozenset({"create", "import"})

Row = Mapping[str, Any]


class Counted(NamedTuple):
    """How many records of an object a right is of, before and after; None where that was not counted."""

    right: Right
    before: int | None
    after: int | None


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


@dataclass(frozen=True, slots=True)
class _Side:
    """The rights of a member before or after."""

    config: TenantConfig
    access: Access


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
    counts = await _counts(tx, planned, shown)
    return Simulation(
        affected=len(found),
        members=tuple(replace(each, records=tuple(_records(tx.config, planned, each, counts))) for each in shown),
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


# What a count is of: an object, the test of its rows, and the member whose rows they are where the test asks for one.
_Key = tuple[str, str, UUID | None]


def _records(
    config: TenantConfig, planned: TenantConfig, gain: MemberGain, counts: Mapping[_Key, int]
) -> Iterator[Counted]:
    for right in _counted_rights(gain):
        before, later = (
            _count(_Side(of, of.policy.access(roles)), right, gain, counts)
            for of, roles in ((config, gain.roles_before), (planned, gain.roles_after))
        )
        yield Counted(right, before, later)


def _count(side: _Side, right: Right, gain: MemberGain, counts: Mapping[_Key, int]) -> int | None:
    if not side.access.allows(right.name):
        return 0
    return counts.get(_key(_tests(side), right, gain))


def _counted_rights(gain: MemberGain) -> list[Right]:
    rights = (Right.named(name) for name in sorted({*gain.change.gains, *gain.change.losses}))
    return [
        right for right in rights if right.object in SCOPED and not right.field and right.action not in _OF_NO_RECORD
    ]


def _tests(side: _Side) -> RowTests:
    return RowTests(side.access.rows, lambda name, tree: parse_condition(REGISTRY[name], side.config, tree))


def _key(tests: RowTests, right: Right, gain: MemberGain) -> _Key:
    test = tests.test(right.name, "t0")
    return right.object, test, gain.member["id"] if "%(member)s" in test else None


async def _counts(tx: Transaction, planned: TenantConfig, shown: Sequence[MemberGain]) -> dict[_Key, int]:
    """Each count that is told, made once, all in one round trip."""
    asked: dict[_Key, tuple[str, Mapping[str, Any]]] = {}
    for gain in shown:
        for config, roles in ((tx.config, gain.roles_before), (planned, gain.roles_after)):
            side = _Side(config, config.policy.access(roles))
            for right in _counted_rights(gain):
                if not side.access.allows(right.name) or len(asked) == MOST_COUNTS:
                    continue
                tests = _tests(side)
                name, test, member = key = _key(tests, right, gain)
                values = tests.values(Occasion(tx.now, member or gain.member["id"])) if test else {}
                asked.setdefault(key, (_count_sql(name, test), values))
    found = await tx.fetch_each(*asked.values()) if asked else []
    return {key: rows[0]["found"] for key, rows in zip(asked, found, strict=True)}


def _count_sql(name: str, test: str) -> str:
    where = f"t0.tenant_id = %(tenant)s{f' AND {test}' if test else ''}"
    return f"SELECT count(*) AS found FROM (SELECT FROM {REGISTRY[name].table} t0 WHERE {where} LIMIT {MOST_RECORDS + 1}) c"  # noqa: S608
