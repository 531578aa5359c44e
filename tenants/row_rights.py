"""Of which records a set of roles has a right: asked of Casbin once for each scope that a grant names, and kept as :class:`Rows`.

Scopes add up, and what a scoped denial takes away is gone whatever else is granted. What a scope means as SQL is in
:mod:`tenants.conditions.row_tests`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import orjson

from tenants.config.definitions import Role, RowScope
from tenants.judge import Judge

OWN, TEAM, TEAM_TREE, SHARED = "own", "team", "team_tree", "shared"
CUSTOMER: Final = "customer"
# Objects whose records can be granted in part, and by what beside a condition: products have no owner.
SCOPED: Mapping[str, tuple[str, ...]] = {
    "order": (OWN, TEAM, TEAM_TREE, SHARED, CUSTOMER),
    "customer": (OWN, TEAM, TEAM_TREE, SHARED, CUSTOMER),
    "product": (SHARED,),
}
# An import creates and changes records by the rights to do so, which have scopes of their own.
WITHOUT_ROWS = frozenset({"import"})
EVERY = "*"
# A scope that nobody can name: what Casbin says of it holds of all records that no scope is about.
_ANY = "?"


@dataclass(frozen=True, slots=True)
class Rows:
    """The records of a right: all, or those of any of the scopes ``within``; never those of one ``without``."""

    is_all: bool
    within: tuple[RowScope, ...]
    without: tuple[RowScope, ...]

    @property
    def are_somebodys(self) -> bool:
        """Whether they are there for a member alone: whoever is none, such as a key or an automation, has none of them."""
        return not self.is_all and all(isinstance(scope, str) for scope in self.within)

    def covers(self, other: "Rows") -> bool:
        """Whether it is plain that these are all the records of the other, and maybe more."""
        is_wider = self.is_all or (not other.is_all and all(scope in self.within for scope in other.within))
        return is_wider and all(scope in other.without for scope in self.without)


ALL_ROWS = Rows(True, (), ())


def is_outside(rows: Mapping[str, Rows]) -> bool:
    """Whether whoever has these rights is no member of staff, but a person at a customer: some right is of the customer's records."""
    return any(CUSTOMER in held.within for held in rows.values())


def scoped_rows(roles: Iterable[Role], rights: Iterable[str]) -> dict[str, Rows]:
    """The records of those rights that the roles together have, but not of all records."""
    grants = [grant for role in roles for grant in role.grants if not grant.fields]
    scopes = {scope_key(grant.scope): grant.scope for grant in grants if grant.scope is not None}
    if not scopes:
        return {}
    policies = dict.fromkeys(
        (grant.object, action, EVERY if grant.scope is None else scope_key(grant.scope), grant.effect)
        for grant in grants
        for action in grant.actions
    )
    judge = Judge(
        "obj, act, scope",
        "obj, act, scope, eft",
        '(p.obj == "*" || p.obj == r.obj) && keyMatch(r.act, p.act) && (p.scope == "*" || p.scope == r.scope)',
    )
    found = {}
    for right in rights:
        name, action = right.split(".", 1)
        # Others cannot be about it, and Casbin would look at each of them.
        about = [
            policy
            for policy in policies
            if policy[0] in (name, EVERY) and (policy[1] == action or policy[1].endswith(EVERY))
        ]
        if name in SCOPED and action not in WITHOUT_ROWS and any(policy[2] != EVERY for policy in about):
            rows = judged_rows(judge, (name, action), about, scopes, (EVERY, EVERY))
            if rows not in (None, ALL_ROWS):
                found[right] = rows
    return found


def judged_rows(
    judge: Judge,
    asked: tuple[str, ...],
    about: Sequence[tuple[str, ...]],
    scopes: Mapping[str, RowScope],
    whatever: tuple[str, ...],
) -> Rows | None:
    """The records of what is ``asked`` for, by the policies that may be ``about`` it, each of which ends in its scope and effect; None
    where it is not held of any. ``whatever`` are the parts of a policy that is about all that may be asked."""
    judge.give(about)
    is_all = judge.allows(*asked, _ANY)
    scopes = {key: scope for key, scope in scopes.items() if any(policy[-2] == key for policy in about)}
    within = [] if is_all else _allowed(judge, asked, about, scopes)
    if not is_all and not within:
        return None
    denials = [policy for policy in about if policy[-1] == "deny" and policy[-2] != EVERY]
    without: list[RowScope] = []
    if denials:
        judge.give((*denials, (*whatever, EVERY, "allow")))
        left = _allowed(judge, asked, about, scopes)
        without = [scope for scope in scopes.values() if scope not in left]
    return Rows(is_all, tuple(within), tuple(without))


def _allowed(
    judge: Judge, asked: tuple[str, ...], about: Sequence[tuple[str, ...]], scopes: Mapping[str, RowScope]
) -> list[RowScope]:
    """The scopes that the judge allows as it stands; those of which the policies say the same are judged the same."""
    said: dict[str, set[tuple[str, ...]]] = {}
    for *parts, key, effect in about:
        said.setdefault(key, set()).add((*parts, effect))
    known: dict[frozenset[tuple[str, ...]], bool] = {}
    found = []
    for key, scope in scopes.items():
        alike = frozenset(said.get(key, ()))
        if alike not in known:
            known[alike] = judge.allows(*asked, key)
        if known[alike]:
            found.append(scope)
    return found


def scope_key(scope: RowScope) -> str:
    """The scope as Casbin compares it."""
    if isinstance(scope, str):
        return scope
    return orjson.dumps(scope.where, option=orjson.OPT_SORT_KEYS).decode()
