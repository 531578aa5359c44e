"""Who may do what. Casbin is the judge; a compiled :class:`Access` is the answer that calls look at.

A right is named ``<object>.<action>``, a step of the life cycle ``order.transition.<key>``, that to a field
``<object>.<action>.<field>`` (`tenants.field_rights`). A right may be of some records alone (`tenants.row_rights`). Casbin looks at every
policy it has for each question, so it is given those of the roles at hand and asked once per set of roles under each :class:`Policy`,
never while serving a call.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from weakref import WeakValueDictionary

from tenants.config.definitions import Grant, Role, RowsWhere
from tenants.field_rights import (
    EVERY,
    OBJECTS,
    READ,
    WRITE,
    Closed,
    FieldRows,
    all_fields,
    closed_fields,
    has_field,
    writing_rights,
)
from tenants.judge import Judge
from tenants.problems import NotAllowed
from tenants.row_rights import ALL_ROWS, CUSTOMER, Rows, is_outside, scoped_rows

RIGHTS: dict[str, tuple[str, ...]] = {
    "order": ("read", "create", "update", "change_status", "void", "share", "import", "export"),
    "customer": ("read", "create", "update", "share", "import", "export"),
    "product": ("read", "create", "update", "share", "import", "export"),
    "member": ("read", "invite", "update"),
    "team": ("update",),
    "configuration": ("read", "update", "approve"),
    "automation": ("read",),
    "view": ("share",),
    "identity_provider": ("manage",),
    "key": ("read", "create", "update"),
    "audit": ("read",),
}

_ALL_RIGHTS = (Grant(object="*", actions=("*",)),)
PORTAL = "portal"
_PORTAL_ORDER = (
    *("number", "status", "statusSince", "type", "customer", "currency", "shippingAddress", "orderedAt", "promisedAt"),
    *("subtotal", "discountTotal", "taxTotal", "total", "isVoided", "voidedAt", "files", "createdAt", "updatedAt"),
    *("lines", "lines.product", "lines.sku", "lines.name", "lines.specification", "lines.unit", "lines.quantity"),
    *("lines.unitPrice", "lines.discountRate", "lines.discountAmount", "lines.taxRate", "lines.netAmount"),
    *("lines.taxAmount", "lines.total"),
)
_PORTAL_CUSTOMER = (
    "kind",
    "name",
    "language",
    "phones",
    "emails",
    "addresses",
    "orders",
    "orderSummary",
    "createdAt",
    "updatedAt",
)
_PORTAL_PRODUCT = ("sku", "name", "specification", "unit", "price", "taxRate", "active", "createdAt", "updatedAt")

BUILT_IN_ROLES: dict[str, Role] = {
    "owner": Role(label={"en": "Owner", "zh": "所有者"}, grants=_ALL_RIGHTS),
    "admin": Role(label={"en": "Administrator", "zh": "管理员"}, grants=_ALL_RIGHTS),
    "member": Role(
        label={"en": "Member", "zh": "成员"},
        inherits=("read_only",),
        grants=(
            Grant(object="order", actions=("create", "update", "change_status", "transition.*")),
            Grant(object="customer", actions=("create", "update")),
        ),
    ),
    "read_only": Role(
        label={"en": "Read only", "zh": "只读"},
        grants=(
            Grant(object="order", actions=("read",)),
            Grant(object="customer", actions=("read",)),
            Grant(object="product", actions=("read",)),
            Grant(object="member", actions=("read",)),
            Grant(object="automation", actions=("read",)),
        ),
    ),
    # A person at a customer. What is not named here stays closed to it, also fields that are made later.
    PORTAL: Role(
        label={"en": "Customer portal", "zh": "客户门户"},
        closed_fields=(EVERY,),
        grants=(
            Grant(object="order", actions=(READ,), scope=CUSTOMER),
            Grant(object="order", actions=(READ,), fields=_PORTAL_ORDER),
            Grant(object="customer", actions=(READ,), scope=CUSTOMER),
            Grant(object="customer", actions=(READ,), fields=_PORTAL_CUSTOMER),
            Grant(object="product", actions=(READ,), scope=RowsWhere(where={"active": {"eq": True}})),
            Grant(object="product", actions=(READ,), fields=_PORTAL_PRODUCT),
        ),
    ),
}


@dataclass(frozen=True, slots=True)
class Access:
    """What a set of roles may do under one version of the configuration. ``closed`` holds the fields of each object and action of
    which some are closed to them: nothing for those who may read and write all. ``rows`` are the records of each right that is not of
    all: nothing for those without scopes. ``field_rows`` are those of each right to a field that is closed but for some records.
    ``is_outside`` tells that they are those of a person at a customer, to whom staff and how they work are no business."""

    roles: tuple[str, ...]
    rights: frozenset[str]
    closed: Closed = field(repr=False, compare=False)
    rows: Mapping[str, Rows] = field(repr=False, compare=False)
    field_rows: FieldRows = field(repr=False, compare=False)
    policy: "Policy" = field(repr=False, compare=False)
    is_outside: bool = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "is_outside", is_outside(self.rows))

    def allows(self, right: str) -> bool:
        return right in self.rights

    def of_members(self) -> tuple[str, ...]:
        """The rights that are of records alone which only a member can have, such as their own; a key or an automation has none of them."""
        return tuple(right for right, rows in self.rows.items() if rows.are_somebodys and right in self.rights)

    def require(self, right: str) -> None:
        """Raise :class:`NotAllowed`, naming the right and the roles that hold it, unless it is held."""
        if right not in self.rights:
            raise NotAllowed(right, self.policy.holders(right))

    def require_to_read(self, right: str) -> None:
        """Like :meth:`require`; a record type without a right of its own is read with the record it belongs to."""
        if right:
            self.require(right)

    def has_field(self, name: str, action: str, path: str) -> bool:
        """Whether a field of an object may be read, or written, of all records."""
        fields = self.closed.get((name, action))
        return fields is None or path in fields

    def reads_all(self, names: Iterable[str] = OBJECTS) -> bool:
        """Whether all fields of all records of these objects may be read: else figures over them could tell what is not to be known."""
        return all(
            self.allows(f"{name}.{READ}") and f"{name}.{READ}" not in self.rows and (name, READ) not in self.closed
            for name in names
        )

    def reads_whole(self, name: str, path: str) -> bool:
        """Whether a field of an object may be read of all records."""
        right = f"{name}.{READ}"
        return self.allows(right) and right not in self.rows and self.has_field(name, READ, path)

    def has_some(self, name: str, action: str, path: str) -> bool:
        """Whether a field of an object may be read, or written, if only of some records."""
        return self.has_field(name, action, path) or bool(self.field_part(name, action, path))

    def field_part(self, name: str, action: str, path: str) -> str:
        """The right by which a field of an object may be read, or written, of some records alone; nothing where it may be so of all of
        them, or of none."""
        fields = self.closed.get((name, action)) if self.field_rows else None
        if fields is None:
            return ""
        head, dot, _ = path.partition(".")
        right = f"{name}.{action}.{path if path in fields.named else (head + dot if dot else '') + EVERY}"
        return right if right in self.field_rows else ""

    def require_field(self, name: str, action: str, path: str) -> None:
        """Raise :class:`NotAllowed`, naming the right to the field and the roles that hold it, unless it is held."""
        if not self.has_field(name, action, path):
            raise NotAllowed(f"{name}.{action}.{path}", self.policy.field_holders(name, action, path))

    def beyond(self, *others: "Access") -> set[str]:
        """The rights that none of the others has."""
        found = set(self.rights).difference(*(other.rights for other in others))
        for right in self.rights - found if any(other.rows for other in others) else ():
            mine = self.rows.get(right, ALL_ROWS)
            held = (other.rows.get(right, ALL_ROWS) for other in others if right in other.rights)
            if not any(rows.covers(mine) for rows in held):
                found.add(right)
        for name, action in set(others[0].closed).intersection(*(other.closed for other in others)):
            theirs = [other.closed[name, action] for other in others]
            own = self.closed.get((name, action)) or all_fields(name)
            for path in {path for fields in (own, *theirs) for path in fields.paths()}:
                own_rows = self.rows_of_field(name, action, path)
                if own_rows is not None and not any(
                    is_within(own_rows, other.rows_of_field(name, action, path)) for other in others
                ):
                    found.add(f"{name}.{action}.{path}")
        return found

    def rows_of_field(self, name: str, action: str, path: str) -> tuple[Rows, ...] | None:
        """What a record must be among for its field, or those that a pattern names, to be had; None where it is closed."""
        if self.has_field(name, action, path):
            return ()
        part = self.field_part(name, action, path)
        return self.field_rows[part] if part else None


def is_within(mine: tuple[Rows, ...], theirs: tuple[Rows, ...] | None) -> bool:
    """Whether it is plain that what is among all of mine is among all of theirs."""
    return theirs is not None and all(any(held.covers(rows) for rows in mine) for held in theirs)


class Policy:
    """The rights of one configuration: compiles an :class:`Access` for a set of roles, and remembers it."""

    def __init__(self, roles: Mapping[str, Role], transitions: Iterable[str]) -> None:
        self.roles = {**BUILT_IN_ROLES, **roles}
        self.rights = tuple(
            f"{name}.{action}"
            for name, actions in RIGHTS.items()
            for action in (*actions, *((f"transition.{key}" for key in transitions) if name == "order" else ()))
        )
        self._by_roles: dict[tuple[str, ...], Access] = {}
        self._by_right: dict[str, tuple[str, ...]] = {}

    def lineage(self, roles: Iterable[str]) -> tuple[str, ...]:
        """The roles and all that they inherit from, the nearest first."""
        found = dict.fromkeys(roles)
        queue = list(found)
        for name in queue:
            parents = self.roles[name].inherits if name in self.roles else ()
            queue.extend(parent for parent in parents if parent not in found)
            found.update(dict.fromkeys(parents))
        return tuple(found)

    def access(self, roles: Iterable[str]) -> Access:
        """Union of the roles' rights; a deny in any of them wins. Unknown roles grant nothing."""
        names = tuple(sorted(set(roles)))
        if names not in self._by_roles:
            held = self._with_inherited(names)
            rows, (closed, field_rows) = scoped_rows(held, self.rights), closed_fields(held)
            rights = verdicts(held, self.rights).union(rows)
            self._by_roles[names] = Access(names, rights, closed, rows, field_rows, self)
        return self._by_roles[names]

    def holders(self, right: str) -> tuple[str, ...]:
        """The roles that hold a right, if only of some records; asked only when something is refused."""
        return self._holders(lambda roles: bool(verdicts(roles, [right]) or scoped_rows(roles, [right])), right)

    def full_holders(self, right: str) -> tuple[str, ...]:
        """The roles that hold it of all records."""
        return tuple(role for role in self.holders(right) if right not in self.access((role,)).rows)

    def field_holders(self, name: str, action: str, path: str) -> tuple[str, ...]:
        """The roles that hold the right to a field, if only of some records, of records that they may read, and write where it is about
        writing."""
        able = set(self.holders(f"{name}.{READ}"))
        if action == WRITE:
            able &= {role for right in writing_rights(name) for role in self.holders(right)}
        holders = self._holders(lambda roles: has_field(roles, name, action, path), f"{name}.{action}.{path}")
        return tuple(role for role in holders if role in able)

    def full_field_holders(self, name: str, action: str, path: str) -> tuple[str, ...]:
        """The roles that hold the right to a field of all records."""
        return tuple(
            role
            for role in self.field_holders(name, action, path)
            if self.access((role,)).has_field(name, action, path)
        )

    def _holders(self, holds: Callable[[Sequence[Role]], bool], right: str) -> tuple[str, ...]:
        if right not in self._by_right:
            self._by_right[right] = tuple(role for role in self.roles if holds(self._with_inherited((role,))))
        return self._by_right[right]

    def _with_inherited(self, names: Iterable[str]) -> list[Role]:
        return [self.roles[name] for name in self.lineage(names) if name in self.roles]


def verdicts(roles: Iterable[Role], rights: Iterable[str]) -> frozenset[str]:
    """Those of the rights that the roles together hold of all records, but for those that a scope denies."""
    judge = Judge("obj, act", "obj, act, eft", '(p.obj == "*" || p.obj == r.obj) && keyMatch(r.act, p.act)')
    granted = (grant for role in roles for grant in role.grants if not grant.fields and grant.scope is None)
    policies = {(grant.object, action, grant.effect) for grant in granted for action in grant.actions}
    exact: dict[str, list[tuple[str, ...]]] = {}
    patterns = [policy for policy in policies if EVERY in policy[:2] or policy[1].endswith(EVERY)]
    for policy in policies.difference(patterns):
        exact.setdefault(f"{policy[0]}.{policy[1]}", []).append(policy)
    found = set()
    for right in rights:
        # Others cannot be about it, and Casbin would look at each of them.
        judge.give((*patterns, *exact.get(right, ())))
        if judge.allows(*right.split(".", 1)):
            found.add(right)
    return frozenset(found)


# Policies in use, by what they are made of.
_SHARED: WeakValueDictionary[tuple[tuple[str, ...], ...], Policy] = WeakValueDictionary()


def policy_of(roles: Mapping[str, Role], transitions: Iterable[str]) -> Policy:
    """The policy of a configuration with these roles and transitions: one object for all companies that have the same."""
    steps = tuple(transitions)
    said = (steps, *((key, role.model_dump_json()) for key, role in roles.items()))
    known = _SHARED.get(said)
    if known is None:
        known = _SHARED[said] = Policy(roles, steps)
    return known
