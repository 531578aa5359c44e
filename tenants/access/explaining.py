"""Whether a member may do something, by which rule, and what they lack."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from tenants.access.rules import Right, Rule, closing, is_known, rules
from tenants.access.scopes import matching, rows_of_all_words
from tenants.config.snapshot import TenantConfig
from tenants.field_rights import OBJECTS, READ, WRITE
from tenants.messages import render
from tenants.permissions import Access
from tenants.problems import InvalidInput, NotFound
from tenants.records.rights import OWN, built_in_fields, own_told
from tenants.row_rights import Rows
from tenants.transaction import Transaction

ABOUT_OTHERS = "configuration.read"

Row = Mapping[str, Any]


class Reason(StrEnum):
    """Why somebody may or may not."""

    GRANTED = "granted"
    DENIED = "denied"
    CLOSED = "closed"
    NOT_GRANTED = "not_granted"
    OUT_OF_SCOPE = "out_of_scope"
    PARTLY = "partly"
    INACTIVE = "inactive"
    NO_RECORD = "no_record"


@dataclass(frozen=True, slots=True)
class Explanation:
    """``right`` is the one that decides: the first that is missing, or where none is, the one that was asked for. ``rules`` are the
    grants that are about it, the deciding one first; ``closed_by`` the roles to which the fields of its object are closed; ``rows`` what
    its records are among where it is not of all."""

    member_id: UUID
    name: str
    roles: tuple[str, ...]
    right: str
    reason: Reason
    rules: tuple[Rule, ...]
    closed_by: tuple[str, ...]
    granted_to: tuple[str, ...]
    rows: tuple[Rows, ...]

    @property
    def allowed(self) -> bool:
        return self.reason in (Reason.GRANTED, Reason.PARTLY)

    def sentence(self, language: str) -> str:
        """The same for people."""
        data: dict[str, Any] = {"name": self.name, "right": self.right, "roles": self.granted_to}
        match self.reason:
            case Reason.GRANTED:
                return render("access.is_granted", language, {**data, **self._decider})
            case Reason.DENIED:
                return render("access.is_denied", language, {**data, **self._decider})
            case Reason.CLOSED:
                return render("access.is_closed", language, {**data, "role": ", ".join(self.closed_by)})
            case Reason.PARTLY if self.rows:
                return render("access.is_partly", language, {**data, "rows": rows_of_all_words(self.rows, language)})
            case Reason.OUT_OF_SCOPE if self.rows:
                return render("access.out_of_scope", language, {**data, "rows": rows_of_all_words(self.rows, language)})
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
    asked = _asked(tx.config, tx.access, action, field)
    member = await tx.fetch_one(
        "SELECT id, name, roles, active FROM members WHERE tenant_id = %(tenant)s AND id = %(id)s", id=member_id
    )
    if member is None:
        raise NotFound("member", member_id)
    *on_the_way, wanted = asked
    for right in on_the_way:
        found = await _explained(tx, member, right, record_id)
        if not found.allowed:
            return found
    return await _explained(tx, member, wanted, record_id)


async def _explained(tx: Transaction, member: Row, right: Right, record_id: UUID | None) -> Explanation:
    found = rules(tx.config.policy, member["roles"], right)
    access = tx.config.policy.access(member["roles"])
    # Of a field that is closed in all records or in none, those that a member has the object of decide first.
    is_of_all = bool(right.field) and not access.field_part(right.object, right.action, right.field)
    if record_id is None or is_of_all or not right.is_held(access):
        return explained(access, member, right, found)
    scopes = [rule.grant.scope for rule in found if rule.grant.scope is not None]
    inside = await matching(tx, right, scopes, record_id, member["id"])
    if inside is None:
        return explained(access, member, right, found, is_there=False)
    verdicts = iter(inside)
    about = [rule for rule in found if rule.grant.scope is None or next(verdicts)]
    return explained(access, member, right, about, of_record=True)


def explained(
    access: Access,
    member: Row,
    right: Right,
    found: Sequence[Rule],
    *,
    is_there: bool = True,
    of_record: bool = False,
) -> Explanation:
    """Why a member with that access has the right, or not. ``found`` are the rules that are about it; of one record, those that are about
    this one."""
    policy, roles = access.policy, tuple(member["roles"])
    reason = _of_record(found) if of_record and is_there else _reason(access, right, found, roles)
    if not is_there and reason in (Reason.GRANTED, Reason.PARTLY):
        reason = Reason.NO_RECORD
    return Explanation(
        member_id=member["id"],
        name=member["name"],
        roles=roles,
        right=right.name,
        reason=reason if member["active"] else Reason.INACTIVE,
        # Of one record, all that are about it count alike.
        rules=tuple(found if of_record else sorted(found, key=_weight)),
        closed_by=tuple(closing(policy, roles, right)) if right.field else (),
        granted_to=right.holders(policy),
        rows=right.rows(access),
    )


def _weight(rule: Rule) -> int:
    """Where a rule stands among others: what denies all decides, then what grants all."""
    return (0 if not rule.allows else 1) if rule.grant.scope is None else (2 if rule.allows else 3)


def _of_record(found: Sequence[Rule]) -> Reason:
    if any(not rule.allows for rule in found):
        return Reason.DENIED
    return Reason.GRANTED if found else Reason.OUT_OF_SCOPE


def _reason(access: Access, right: Right, found: Sequence[Rule], roles: Sequence[str]) -> Reason:
    if right.is_held(access):
        return Reason.PARTLY if right.rows(access) else Reason.GRANTED
    if any(not rule.allows and rule.grant.scope is None for rule in found):
        return Reason.DENIED
    return Reason.CLOSED if right.field and closing(access.policy, roles, right) else Reason.NOT_GRANTED


def _asked(config: TenantConfig, asker: Access, action: str, field: str | None) -> tuple[Right, ...]:
    """The rights that it takes, in the order in which they are asked for."""
    right = Right.named(action)
    if field:
        field_right = Right(right.object, READ if right.action == READ else WRITE, field)
        wanted = (*(right.needed if right.action not in (READ, WRITE) else ()), *field_right.needed)
    else:
        wanted = right.needed
    fields = {name: set(field_paths(config, name, asker)) for name in OBJECTS}
    for each in wanted:
        if not is_known(config.policy, each, fields):
            raise InvalidInput.at(("action" if each.field == "" else "field",), "access.unknown_right", right=each.name)
    return tuple(dict.fromkeys(wanted))


def field_paths(config: TenantConfig, name: str, access: Access) -> Iterator[str]:
    """The paths of an object's fields to which there are rights, as far as whoever has that access may know of them."""
    yield from (path for path, _, _ in built_in_fields(name))
    yield from (f"{OWN}{key}" for key in own_told(access, name, config.own.get(name, {})))
