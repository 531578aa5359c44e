"""Which fields of records a set of roles may read and write: asked of Casbin once, and kept as :class:`Fields`.

The right to a field is named ``<object>.<action>.<field>``, such as ``order.read.custom.margin``. A role that may read an object, or
write it, may so all its fields, unless they are closed to it; then only those that are granted. Deny wins.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from tenants.config.definitions import Grant, Role
from tenants.judge import Judge

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
    """What a grant says of a field, or of all whose path begins so."""

    object: str
    action: str
    field: str
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


ALL = Fields({}, {beginning: True for beginnings in OBJECTS.values() for beginning in beginnings})
Closed = Mapping[tuple[str, str], Fields]


def field_policies(role: Role) -> Iterator[FieldPolicy]:
    """What a role says of fields, without what it inherits."""
    for grant in role.grants:
        for name in OBJECTS if grant.object == EVERY else (grant.object,):
            for action in FIELD_ACTIONS:
                if grant.fields and (action in grant.actions or EVERY in grant.actions):
                    yield from (FieldPolicy(name, action, path, grant.effect) for path in grant.fields)
                elif opens(role, grant, name, action):
                    yield FieldPolicy(name, action, EVERY, "allow")


def opens(role: Role, grant: Grant, name: str, action: str) -> bool:
    """Whether a grant opens all fields of an object to be read, or to be written."""
    if grant.fields or grant.effect != "allow" or not {name, EVERY}.isdisjoint(role.closed_fields):
        return False
    return EVERY in grant.actions or not _OPENING[action].isdisjoint(grant.actions)


def writing_rights(name: str) -> Iterator[str]:
    """The rights to write objects of that name: a right to a field is of use to who has one of them. A step alone writes what it asks
    for, which need not be that field."""
    yield from (f"{name}.{action}" for action in sorted(_OPENING[WRITE] - {"change_status"}))


def closed_fields(roles: Iterable[Role]) -> Closed:
    """The fields of each object and action that the roles together may not have in full."""
    judge = _FieldJudge(policy for role in roles for policy in field_policies(role))
    found = {}
    for name in OBJECTS:
        reading, writing = judge.fields(name, READ), judge.fields(name, WRITE)
        # What cannot be seen cannot be changed.
        paths, beginnings = {*reading.named, *writing.named}, OBJECTS[name]
        writing = Fields(
            {path: path in reading and path in writing for path in sorted(paths)},
            {beginning: reading.others[beginning] and writing.others[beginning] for beginning in beginnings},
        )
        found[name, READ], found[name, WRITE] = reading, writing
    return {key: fields for key, fields in found.items() if not fields.are_all}


def has_field(roles: Iterable[Role], name: str, action: str, path: str) -> bool:
    """Whether the roles together may have a field of an object."""
    judge = _FieldJudge(policy for role in roles for policy in field_policies(role) if policy.object == name)
    return all(judge.allows(name, each, path) for each in dict.fromkeys((READ, action)))


class _FieldJudge:
    """Asks of fields by the policies that name them, and those that hold of many."""

    def __init__(self, policies: Iterable[FieldPolicy]) -> None:
        self._judge = Judge(
            "obj, act, field",
            "obj, act, field, eft",
            "r.obj == p.obj && r.act == p.act && keyMatch(r.field, p.field)",
        )
        self._exact: dict[tuple[str, str], dict[str, list[FieldPolicy]]] = {}
        self._patterns: dict[tuple[str, str], list[FieldPolicy]] = {}
        self._known: dict[tuple[str, str, str, frozenset[str]], bool] = {}
        for policy in dict.fromkeys(policies):
            about = (policy.object, policy.action)
            if policy.field.endswith(EVERY):
                self._patterns.setdefault(about, []).append(policy)
            else:
                self._exact.setdefault(about, {}).setdefault(policy.field, []).append(policy)

    def fields(self, name: str, action: str) -> Fields:
        exact = self._exact.get((name, action), {})
        return Fields(
            {path: self._ask(name, action, path, exact[path]) for path in sorted(exact)},
            {beginning: self._ask(name, action, f"{beginning}{_ANY}", ()) for beginning in OBJECTS[name]},
        )

    def allows(self, name: str, action: str, path: str) -> bool:
        return self._ask(name, action, path, self._exact.get((name, action), {}).get(path, ()))

    def _ask(self, name: str, action: str, path: str, exact: Collection[FieldPolicy]) -> bool:
        head, dot, _ = path.partition(".")
        # Patterns name all fields, or all that begin alike: those of which the same is said besides are judged the same.
        alike = (name, action, head + dot if dot else "", frozenset(policy.effect for policy in exact))
        if alike not in self._known:
            self._judge.give((*self._patterns.get((name, action), ()), *exact))
            self._known[alike] = self._judge.allows(name, action, path)
        return self._known[alike]
