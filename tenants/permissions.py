"""Who may do what. Casbin is the judge; a compiled :class:`Access` is the answer that calls look at.

A right is named ``<object>.<action>``, a step of the life cycle ``order.transition.<key>``. Asking Casbin costs about a
millisecond, so it is asked once per set of roles under each :class:`Policy`, never while serving a call.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakValueDictionary

import casbin

from tenants.config.definitions import Grant, Role
from tenants.problems import NotAllowed

RIGHTS: dict[str, tuple[str, ...]] = {
    "order": ("read", "create", "update", "change_status", "void", "import", "export"),
    "customer": ("read", "create", "update", "import", "export"),
    "product": ("read", "create", "update", "import", "export"),
    "member": ("read", "invite", "update"),
    "configuration": ("read", "update"),
    "automation": ("read",),
    "view": ("share",),
}

_ALL_RIGHTS = (Grant(object="*", actions=("*",)),)

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
}

_MODEL = """
[request_definition]
r = sub, obj, act
[policy_definition]
p = sub, obj, act, eft
[role_definition]
g = _, _
[policy_effect]
e = some(where (p.eft == allow)) && !some(where (p.eft == deny))
[matchers]
m = g(r.sub, p.sub) && (p.obj == "*" || p.obj == r.obj) && keyMatch(r.act, p.act)
"""


@dataclass(frozen=True, slots=True)
class Access:
    """What a set of roles may do under one version of the configuration."""

    roles: tuple[str, ...]
    rights: frozenset[str]
    policy: "Policy" = field(repr=False, compare=False)

    def allows(self, right: str) -> bool:
        return right in self.rights

    def require(self, right: str) -> None:
        """Raise :class:`NotAllowed`, naming the right and the roles that hold it, unless it is held."""
        if right not in self.rights:
            raise NotAllowed(right, self.policy.holders(right))

    def require_to_read(self, right: str) -> None:
        """Like :meth:`require`; a record type without a right of its own is read with the record it belongs to."""
        if right:
            self.require(right)


class Policy:
    """The rights of one configuration: compiles an :class:`Access` for a set of roles, and remembers it."""

    def __init__(self, roles: Mapping[str, Role], transitions: Iterable[str]) -> None:
        self.roles = {**BUILT_IN_ROLES, **roles}
        self.rights = tuple(
            (name, action)
            for name, actions in RIGHTS.items()
            for action in (*actions, *((f"transition.{key}" for key in transitions) if name == "order" else ()))
        )
        self._enforcer = _enforcer(self.roles)
        self._by_roles: dict[tuple[str, ...], Access] = {}

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
            self._by_roles[names] = Access(names, self._verdicts(names), self)
        return self._by_roles[names]

    def holders(self, right: str) -> tuple[str, ...]:
        """The roles that hold a right; asked only when something is refused."""
        name, _, action = right.partition(".")
        return tuple(role for role in self.roles if self._enforcer.enforce(role, name, action))

    def _verdicts(self, roles: tuple[str, ...]) -> frozenset[str]:
        subject = "roles:" + "+".join(roles)
        for role in roles:
            self._enforcer.add_grouping_policy(subject, role)
        return frozenset(
            f"{name}.{action}" for name, action in self.rights if self._enforcer.enforce(subject, name, action)
        )


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


def _enforcer(roles: Mapping[str, Role]) -> Any:
    model = casbin.Enforcer.new_model(text=_MODEL)
    enforcer = casbin.Enforcer(model)
    for key, role in roles.items():
        for parent in role.inherits:
            enforcer.add_grouping_policy(key, parent)
        for grant in role.grants:
            for action in grant.actions:
                enforcer.add_policy(key, grant.object, action, grant.effect)
    return enforcer
