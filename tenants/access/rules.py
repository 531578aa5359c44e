"""Which grants of a member's roles are about a right: asked of Casbin one grant at a time, so that it is the judge here too."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from tenants.config.definitions import Grant, Role
from tenants.field_rights import EVERY, FIELD_ACTIONS, OBJECTS, READ, field_policies
from tenants.judge import Judge
from tenants.permissions import Access, Policy
from tenants.row_rights import SCOPED, Rows

STEP = "transition."
# What is done with records as they are, and what makes new ones.
_OF_OTHERS = frozenset({READ, "export", "create", "import"})


@dataclass(frozen=True, slots=True)
class Rule:
    """A grant that is about a right. ``role`` has it, and ``inherited`` is how a member comes to it: from the role that they have down to
    this one. The first of those that deny decides, and where none does, the first that allows."""

    role: str
    inherited: tuple[str, ...]
    grant: Grant
    allows: bool


@dataclass(frozen=True, slots=True)
class Right:
    """A right by its parts. ``field`` is empty for one to an object."""

    object: str
    action: str
    field: str = ""

    @property
    def name(self) -> str:
        return ".".join(part for part in (self.object, self.action, self.field) if part)

    @classmethod
    def named(cls, name: str) -> "Right":
        owner, _, action = name.partition(".")
        first, _, path = action.partition(".")
        if path and owner in OBJECTS and first in FIELD_ACTIONS:
            return cls(owner, first, path)
        return cls(owner, action)

    def is_held(self, access: Access) -> bool:
        """Whether it is held, if only of some records, and with it those without which it is of no use."""
        if not self.field:
            return access.allows(self.name)
        return access.has_some(self.object, self.action, self.field) and (
            self.action != READ or access.allows(f"{self.object}.{READ}")
        )

    def rows(self, access: Access) -> tuple[Rows, ...]:
        """What a record must be among for it; nothing where it is of all records, or of none."""
        if self.field:
            return access.rows_of_field(self.object, self.action, self.field) or ()
        rows = access.rows.get(self.name)
        return () if rows is None else (rows,)

    @property
    def needed(self) -> tuple["Right", ...]:
        """Itself, and before it those that are asked for on the way."""
        if self.field:
            reading = (Right(self.object, READ), Right(self.object, READ, self.field))
            return reading if self.action == READ else (*reading, self)
        # What cannot be seen cannot be changed.
        seen = (Right(self.object, READ),) if self.is_change else ()
        if self.object == "order" and self.action.startswith(STEP):
            return *seen, Right(self.object, "change_status"), self
        return *seen, self

    @property
    def is_change(self) -> bool:
        """Whether it is one to change records that are there."""
        return self.object in SCOPED and self.action not in _OF_OTHERS

    def holders(self, policy: Policy) -> tuple[str, ...]:
        """The roles that hold it."""
        if self.field:
            return policy.field_holders(self.object, self.action, self.field)
        return policy.holders(self.name)


def is_known(policy: Policy, right: Right, fields: Mapping[str, Iterable[str]]) -> bool:
    """Whether there is such a right. ``fields`` are the paths of each object's fields."""
    if right.field:
        return right.action in FIELD_ACTIONS and right.field in fields.get(right.object, ())
    return right.name in policy.rights


def rules(policy: Policy, roles: Iterable[str], right: Right) -> list[Rule]:
    """The grants that are about the right, those that deny first, then by how near the role is that has them."""
    matcher = _Matcher(right)
    found = [
        Rule(role, path, grant, allows)
        for role, path in lineages(policy, roles)
        for grant, allows in matcher.grants(policy.roles[role])
    ]
    return sorted(found, key=lambda rule: rule.allows)


def closing(policy: Policy, roles: Iterable[str], right: Right) -> list[str]:
    """The roles that may have the object, to which its fields are closed."""
    return [
        role
        for role, _ in lineages(policy, roles)
        if not {right.object, EVERY}.isdisjoint(policy.roles[role].closed_fields)
    ]


def lineages(policy: Policy, roles: Iterable[str]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each role and how it is come by, the nearest first; unknown ones are left out."""
    queue: list[tuple[str, tuple[str, ...]]]
    queue = [(role, (role,)) for role in dict.fromkeys(roles) if role in policy.roles]
    seen = {role for role, _ in queue}
    for role, path in queue:
        yield role, path
        for parent in policy.roles[role].inherits:
            if parent in policy.roles and parent not in seen:
                seen.add(parent)
                queue.append((parent, (*path, parent)))


class _Matcher:
    """Whether grants are about a right, as Casbin matches their actions and fields."""

    def __init__(self, right: Right) -> None:
        self._right = right
        self._judge = Judge("name", "name, eft", "keyMatch(r.name, p.name)")
        self._known: dict[str, bool] = {}

    def grants(self, role: Role) -> Iterator[tuple[Grant, bool]]:
        """The role's own grants that are about it, and whether each allows."""
        for grant in role.grants:
            if grant.object in (self._right.object, EVERY):
                effects = list(self._effects(role, grant))
                if effects:
                    yield grant, "deny" not in effects

    def _effects(self, role: Role, grant: Grant) -> Iterator[str]:
        right = self._right
        if not right.field:
            if not grant.fields and any(self._is_about(action, right.action) for action in grant.actions):
                yield grant.effect
            return
        for policy in field_policies(role.model_copy(update={"grants": (grant,)})):
            about = (policy.object, policy.action) == (right.object, right.action)
            if about and self._is_about(policy.field, right.field):
                yield policy.effect

    def _is_about(self, pattern: str, name: str) -> bool:
        # Casbin need not be asked whether a word is the same word.
        if not pattern.endswith(EVERY):
            return pattern == name
        if pattern not in self._known:
            self._judge.give([(pattern, "allow")])
            self._known[pattern] = self._judge.allows(name)
        return self._known[pattern]
