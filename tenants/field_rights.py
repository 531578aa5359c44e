"""Which fields of records a set of roles may read and write: asked of Casbin once, and kept as :class:`Fields`.

The right to a field is named ``<object>.<action>.<field>``, such as ``order.read.custom.margin``. A role that may read an object, or
write it, may so all its fields, unless they are closed to it; then only those that are granted. Deny wins. A right to a field may be of
some records alone, as that to an object may be (`tenants.row_rights`): the field is then closed, but for these.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from tenants.config.definitions import Grant, Role, RowScope
from tenants.judge import Judge
from tenants.row_rights import ALL_ROWS, Rows, judged_rows, scope_key

READ, WRITE = "read", "write"
FIELD_ACTIONS = (READ, WRITE)
# Objects whose fields have rights, and how the paths of their fields begin.
OBJECTS: Mapping[str, tuple[str, ...]] = {
    "order": ("", "lines.", "custom."),
    "customer": ("", "custom."),
    "product": ("", "custom."),
    "member": ("",),
}
# What opens the fields of an object, unless they are closed.
_OPENING: Mapping[str, frozenset[str]] = {
    READ: frozenset({"read"}),
    WRITE: frozenset({"create", "update", "change_status", "import", "invite"}),
}
EVERY = "*"
# Ends the path of a field that nobody can name: what Casbin says of it holds of all that no grant names.
_ANY = "?"


class FieldPolicy(NamedTuple):
    """What a grant says of a field, or of all whose path begins so, for the records of its scope."""

    object: str
    action: str
    field: str
    scope: str
    effect: str


@dataclass(frozen=True, slots=True)
class Fields:
    """Which fields of an object may be read, or written: ``named`` ones, and of all ``others`` those whose path begins so."""

    named: Mapping[str, bool]
    others: Mapping[str, bool]

    def __contains__(self, path: str) -> bool:
        found = self.named.get(path)
        if found is not None:
            return found
        head, dot, _ = path.partition(".")
        return self.others.get(head + dot if dot else "", False)

    @property
    def are_all(self) -> bool:
        return all(self.named.values()) and all(self.others.values())

    def paths(self) -> Iterator[str]:
        """All that there is something to say of, those of others as patterns."""
        yield from self.named
        yield from (f"{beginning}{EVERY}" for beginning in self.others)


Closed = Mapping[tuple[str, str], Fields]
# By the name of a right to a field, or to all whose path begins so: what a record must be among, all of these.
FieldRows = Mapping[str, tuple[Rows, ...]]


def all_fields(name: str) -> Fields:
    """All fields of an object, open."""
    return Fields({}, dict.fromkeys(OBJECTS[name], True))


def field_policies(role: Role) -> Iterator[FieldPolicy]:
    """What a role says of fields, without what it inherits."""
    for grant in role.grants:
        scope = EVERY if grant.scope is None else scope_key(grant.scope)
        for name in OBJECTS if grant.object == EVERY else (grant.object,):
            for action in FIELD_ACTIONS:
                if grant.fields and (action in grant.actions or EVERY in grant.actions):
                    yield from (FieldPolicy(name, action, path, scope, grant.effect) for path in grant.fields)
                elif opens(role, grant, name, action):
                    yield FieldPolicy(name, action, EVERY, EVERY, "allow")


def opens(role: Role, grant: Grant, name: str, action: str) -> bool:
    """Whether a grant opens all fields of an object to be read, or to be written."""
    if grant.fields or grant.effect != "allow" or not {name, EVERY}.isdisjoint(role.closed_fields):
        return False
    return EVERY in grant.actions or not _OPENING[action].isdisjoint(grant.actions)


def writing_rights(name: str) -> Iterator[str]:
    """The rights to write objects of that name: a right to a field is of use to who has one of them. A step alone writes what it asks
    for, which need not be that field."""
    yield from (f"{name}.{action}" for action in sorted(_OPENING[WRITE] - {"change_status"}))


def closed_fields(roles: Iterable[Role]) -> tuple[Closed, FieldRows]:
    """The fields of each object and action that the roles together may not have in full, and those of them that they may have of some
    records."""
    judge = _FieldJudge(roles)
    closed: dict[tuple[str, str], Fields] = {}
    found: dict[str, tuple[Rows, ...]] = {}
    for name, beginnings in OBJECTS.items():
        named = {path: judge.verdicts(name, path) for path in sorted(judge.named(name))}
        others = {beginning: judge.verdicts(name, f"{beginning}{_ANY}") for beginning in beginnings}
        for place, action in enumerate(FIELD_ACTIONS):
            fields = Fields(
                {path: verdicts[place] == () for path, verdicts in named.items()},
                {beginning: verdicts[place] == () for beginning, verdicts in others.items()},
            )
            if not fields.are_all:
                closed[name, action] = fields
            for path, verdicts in (*named.items(), *((f"{each}{EVERY}", others[each]) for each in beginnings)):
                if rows := verdicts[place]:
                    found[f"{name}.{action}.{path}"] = rows
    return closed, found


def has_field(roles: Iterable[Role], name: str, action: str, path: str) -> bool:
    """Whether the roles together may have a field of an object, if only of some records."""
    return _FieldJudge(roles).verdicts(name, path)[FIELD_ACTIONS.index(action)] is not None


class _FieldJudge:
    """Asks of fields by the policies that name them, and those that hold of many."""

    def __init__(self, roles: Iterable[Role]) -> None:
        self._judge = Judge(
            "obj, act, field, scope",
            "obj, act, field, scope, eft",
            'r.obj == p.obj && r.act == p.act && keyMatch(r.field, p.field) && (p.scope == "*" || p.scope == r.scope)',
        )
        self._scopes: dict[str, RowScope] = {}
        self._exact: dict[tuple[str, str], dict[str, list[FieldPolicy]]] = {}
        self._patterns: dict[tuple[str, str], list[FieldPolicy]] = {}
        self._known: dict[tuple[str, str, str, frozenset[tuple[str, str]]], Rows | None] = {}
        held = list(roles)
        for grant in (grant for role in held for grant in role.grants):
            if grant.fields and grant.scope is not None:
                self._scopes[scope_key(grant.scope)] = grant.scope
        for policy in dict.fromkeys(policy for role in held for policy in field_policies(role)):
            about = (policy.object, policy.action)
            if policy.field.endswith(EVERY):
                self._patterns.setdefault(about, []).append(policy)
            else:
                self._exact.setdefault(about, {}).setdefault(policy.field, []).append(policy)

    def named(self, name: str) -> set[str]:
        """The paths of an object's fields that policies name."""
        return {path for action in FIELD_ACTIONS for path in self._exact.get((name, action), ())}

    def verdicts(self, name: str, path: str) -> tuple[tuple[Rows, ...] | None, ...]:
        """For each of the :data:`FIELD_ACTIONS` what a record must be among, nothing for all records; None where the field is closed."""
        reading, writing = (self._rows(name, action, path) for action in FIELD_ACTIONS)
        if reading is None:
            return None, None
        # What cannot be seen cannot be changed.
        able = None if writing is None else tuple(rows for rows in (reading, writing) if rows != ALL_ROWS)
        return tuple(rows for rows in (reading,) if rows != ALL_ROWS), able

    def _rows(self, name: str, action: str, path: str) -> Rows | None:
        head, dot, _ = path.partition(".")
        exact = self._exact.get((name, action), {}).get(path, ())
        # Patterns name all fields, or all that begin alike: those of which the same is said besides are judged the same.
        alike = (
            name,
            action,
            head + dot if dot else "",
            frozenset((policy.scope, policy.effect) for policy in exact),
        )
        if alike not in self._known:
            about = (*self._patterns.get((name, action), ()), *exact)
            self._known[alike] = judged_rows(
                self._judge, (name, action, path), about, self._scopes, (name, action, EVERY)
            )
        return self._known[alike]


def told_rights(rights: Iterable[str]) -> tuple[str, ...]:
    """Rights as people are told of them: those to fields are left out where that to the record itself is among them."""
    found = frozenset(rights)
    return tuple(sorted(right for right in found if not _is_told_by(right, found)))


# What stands for a right to fields.
_WHOLE: Mapping[str, Sequence[str]] = {READ: (READ,), WRITE: ("create", "update")}


def _is_told_by(right: str, found: Collection[str]) -> bool:
    name, _, rest = right.partition(".")
    action, _, field = rest.partition(".")
    return bool(field) and any(f"{name}.{other}" in found for other in _WHOLE.get(action, ()))
