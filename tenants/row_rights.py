"""Of which records a set of roles has a right: asked of Casbin once for each scope that a grant names, and kept as :class:`Rows`.

Scopes add up, and what a scoped denial takes away is gone whatever else is granted. What a scope means as SQL is in
:mod:`tenants.conditions.row_tests`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import orjson

from tenants.config.definitions import Role, RowScope
from tenants.judge import Judge

OWN, TEAM, TEAM_TREE, SHARED = "own", "team", "team_tree", "shared"
# Objects whose records can be granted in part, and by what beside a condition: products have no owner and are not shared.
SCOPED: Mapping[str, tuple[str, ...]] = {
    "order": (OWN, TEAM, TEAM_TREE, SHARED),
    "customer": (OWN, TEAM, TEAM_TREE, SHARED),
    "product": (),
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

    def covers(self, other: "Rows") -> bool:
        """Whether it is plain that these are all the records of the other, and maybe more."""
        is_wider = self.is_all or (not other.is_all and all(scope in self.within for scope in other.within))
        return is_wider and all(scope in other.without for scope in self.without)


ALL_ROWS = Rows(True, (), ())


def scoped_rows(roles: Iterable[Role], rights: Iterable[str]) -> dict[str, Rows]:
    """The records of those rights that the roles together have, but not of all records."""
    grants = [grant for role in roles for grant in role.grants if not grant.fields]
    scopes = {_key(grant.scope): grant.scope for grant in grants if grant.scope is not None}
    if not scopes:
        return {}
    policies = dict.fromkeys(
        (grant.object, action, EVERY if grant.scope is None else _key(grant.scope), grant.effect)
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
            rows = _rows(judge, name, action, about, scopes)
            if rows not in (None, ALL_ROWS):
                found[right] = rows
    return found


def _rows(
    judge: Judge, name: str, action: str, about: Sequence[tuple[str, ...]], scopes: Mapping[str, RowScope]
) -> Rows | None:
    """The records of a right, by the policies that may be ``about`` it; None where it is not held of any."""
    judge.give(about)
    is_all = judge.allows(name, action, _ANY)
    within = [] if is_all else _allowed(judge, name, action, about, scopes)
    if not is_all and not within:
        return None
    denials = [policy for policy in about if policy[3] == "deny" and policy[2] != EVERY]
    judge.give((*denials, (EVERY, EVERY, EVERY, "allow")))
    left = _allowed(judge, name, action, about, scopes) if denials else list(scopes.values())
    without = [scope for scope in scopes.values() if scope not in left]
    return Rows(is_all, tuple(within), tuple(without))


def _allowed(
    judge: Judge, name: str, action: str, about: Sequence[tuple[str, ...]], scopes: Mapping[str, RowScope]
) -> list[RowScope]:
    """The scopes that the judge allows as it stands; those of which the policies say the same are judged the same."""
    said: dict[str, set[tuple[str, ...]]] = {}
    for owner, pattern, key, effect in about:
        said.setdefault(key, set()).add((owner, pattern, effect))
    known: dict[frozenset[tuple[str, ...]], bool] = {}
    found = []
    for key, scope in scopes.items():
        alike = frozenset(said.get(key, ()))
        if alike not in known:
            known[alike] = judge.allows(name, action, key)
        if known[alike]:
            found.append(scope)
    return found


def _key(scope: RowScope) -> str:
    """The scope as Casbin compares it."""
    if isinstance(scope, str):
        return scope
    return orjson.dumps(scope.where, option=orjson.OPT_SORT_KEYS).decode()
