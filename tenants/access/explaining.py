"""Whether a member may do something, by which rule, and what they lack."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from tenants.access.rules import Right, Rule, closing, is_known, rules
from tenants.aggregates import CUSTOMER, ORDER, PRODUCT
from tenants.config.snapshot import TenantConfig
from tenants.field_rights import OBJECTS, READ, WRITE
from tenants.messages import render
from tenants.permissions import Access
from tenants.problems import InvalidInput, NotFound
from tenants.records.rights import OWN, built_in_fields
from tenants.transaction import Transaction

ABOUT_OTHERS = "configuration.read"
RECORDS = (ORDER, CUSTOMER, PRODUCT)

Row = Mapping[str, Any]


class Reason(StrEnum):
    """Why somebody may or may not."""

    GRANTED = "granted"
    DENIED = "denied"
    CLOSED = "closed"
    NOT_GRANTED = "not_granted"
    INACTIVE = "inactive"
    NO_RECORD = "no_record"


@dataclass(frozen=True, slots=True)
class Explanation:
    """``right`` is the one that decides: the first that is missing, or where none is, the one that was asked for. ``rules`` are the
    grants that are about it, the deciding one first; ``closed_by`` the roles to which the fields of its object are closed."""

    member_id: UUID
    name: str
    roles: tuple[str, ...]
    right: str
    reason: Reason
    rules: tuple[Rule, ...]
    closed_by: tuple[str, ...]
    granted_to: tuple[str, ...]

    @property
    def allowed(self) -> bool:
        return self.reason is Reason.GRANTED

    def sentence(self, language: str) -> str:
        """The same for people."""
        data: dict[str, Any] = {"name": self.name, "right": self.right, "roles": ", ".join(self.granted_to) or "-"}
        match self.reason:
            case Reason.GRANTED:
                return render("access.is_granted", language, {**data, **self._decider})
            case Reason.DENIED:
                return render("access.is_denied", language, {**data, **self._decider})
            case Reason.CLOSED:
                return render("access.is_closed", language, {**data, "role": ", ".join(self.closed_by)})
            case Reason.INACTIVE:
                return render("access.is_inactive", language, data)
            case Reason.NO_RECORD:
                return render("access.no_record", language, data)
        return render("access.not_granted", language, data)

    @property
    def _decider(self) -> dict[str, str]:
        return {"role": self.rules[0].role, "path": " > ".join(self.rules[0].inherited)}


async def explain(
    tx: Transaction, member_id: UUID | None, action: str, field: str | None = None, record_id: UUID | None = None
) -> Explanation:
    """Whether the member may do ``action``, a right such as ``order.update``, on its ``field`` and on the record.

    Everybody may ask about themselves. Raises :class:`NotAllowed` (configuration.read) for somebody else, :class:`NotFound` for no such
    member, and :class:`InvalidInput` for no such right.
    """
    if member_id is None or member_id != tx.caller.member_id:
        tx.access.require(ABOUT_OTHERS)
    asked = _asked(tx.config, action, field)
    member = await tx.fetch_one(
        "SELECT id, name, roles, active FROM members WHERE tenant_id = %(tenant)s AND id = %(id)s", id=member_id
    )
    if member is None:
        raise NotFound("member", member_id)
    access = tx.config.policy.access(member["roles"])
    right = next((each for each in asked if not each.is_held(access)), asked[-1])
    is_there = record_id is None or await _is_there(tx, right.object, record_id)
    return explained(access, member, right, is_there=is_there)


def explained(access: Access, member: Row, right: Right, *, is_there: bool = True) -> Explanation:
    """Why a member with that access has the right, or not."""
    policy, roles = access.policy, tuple(member["roles"])
    found = rules(policy, roles, right)
    return Explanation(
        member_id=member["id"],
        name=member["name"],
        roles=roles,
        right=right.name,
        reason=_reason(access, member, right, found, is_there=is_there),
        rules=tuple(found),
        closed_by=tuple(closing(policy, roles, right)) if right.field else (),
        granted_to=right.holders(policy),
    )


def _reason(access: Access, member: Row, right: Right, found: Sequence[Rule], *, is_there: bool) -> Reason:
    if not member["active"]:
        return Reason.INACTIVE
    if right.is_held(access):
        return Reason.GRANTED if is_there else Reason.NO_RECORD
    if any(not rule.allows for rule in found):
        return Reason.DENIED
    return Reason.CLOSED if right.field and closing(access.policy, member["roles"], right) else Reason.NOT_GRANTED


def _asked(config: TenantConfig, action: str, field: str | None) -> tuple[Right, ...]:
    """The rights that it takes, in the order in which they are asked for."""
    right = Right.named(action)
    if field:
        field_right = Right(right.object, READ if right.action == READ else WRITE, field)
        wanted = (*(right.needed if right.action not in (READ, WRITE) else ()), *field_right.needed)
    else:
        wanted = right.needed
    fields = {name: set(field_paths(config, name)) for name in OBJECTS}
    for each in wanted:
        if not is_known(config.policy, each, fields):
            raise InvalidInput.at(("action" if each.field == "" else "field",), "access.unknown_right", right=each.name)
    return tuple(dict.fromkeys(wanted))


def field_paths(config: TenantConfig, name: str) -> Iterator[str]:
    """The paths of an object's fields to which there are rights."""
    yield from (path for path, _, _ in built_in_fields(name))
    yield from (f"{OWN}{key}" for key in config.own.get(name, {}))


async def _is_there(tx: Transaction, name: str, record_id: UUID) -> bool:
    """Whether there is such a record of the kind that the right is about."""
    for aggregate in RECORDS:
        if aggregate.record_type == name:
            found = await tx.fetch_one(
                f"SELECT 1 AS found FROM {aggregate.table} WHERE tenant_id = %(tenant)s AND id = %(id)s",  # noqa: S608
                id=record_id,
            )
            return found is not None
    return False
