"""Templates in a company: applying one, which are installed, and removing one.

Removing takes away what the template brought and what is still as it brought it. What the company has changed since, and what
something that stays needs, is kept. It is a change set like any other, and can be taken back.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from tenants.config import change_sets
from tenants.config.assessing import Remark, dependents_of
from tenants.config.change_sets import Change, is_open
from tenants.config.definitions import KINDS, Category, Definition, Transition
from tenants.config.dependents import Dependent
from tenants.config.documents import stored
from tenants.config.snapshot import TenantConfig
from tenants.config.uses import Use
from tenants.life_cycles.cycles import default_type
from tenants.problems import InvalidInput
from tenants.transaction import Transaction

Reference = tuple[str, str]
Body = Mapping[str, Any] | None
Definitions = Mapping[str, Mapping[str, Definition]]


@dataclass
class InstalledTemplate:
    """A template that a company has, since a version; ``brought`` holds what each of its definitions was before and what the template made of it."""

    name: str
    version: int
    installed_at: datetime
    brought: dict[Reference, tuple[Body, Body]] = field(default_factory=dict)

    def changed(self, config: TenantConfig) -> list[Reference]:
        """Its definitions that are not as it brought them."""
        return [reference for reference, (_, made) in self.brought.items() if _body(config, reference) != made]


class Kept(NamedTuple):
    """A definition of a template that stays when it is removed, and why."""

    kind: str
    dependent: Dependent
    reason: Remark


@dataclass(frozen=True, slots=True)
class Removal:
    """What removing a template would change, and what it would keep."""

    changes: tuple[Change, ...]
    kept: tuple[Kept, ...]


def additions(config: TenantConfig, wanted: Definitions) -> list[Change]:
    """What a template adds and changes. Of what every company has one, the numbering and the void status, its own stays, and so does what
    becomes of orders that are taken without a type."""
    return [
        change
        for change in change_sets.merge(config, _without_default_type(config, wanted) if config.statuses else wanted)
        if change.before is None
        or not (change.kind == "numbering" or (change.kind == "status" and change.key == config.void_status))
    ]


def _without_default_type(config: TenantConfig, wanted: Definitions) -> Definitions:
    own = default_type(config)
    types = {key: each.model_copy(update={"default": key == own}) for key, each in wanted.get("order_type", {}).items()}
    return {**wanted, "order_type": types}


async def apply_template(
    tx: Transaction, name: str, wanted: Definitions, comment: str = "", expected_version: int | None = None
) -> tuple[int, list[Change]]:
    """Add the definitions of a template; the new version and the changes. Raises what :func:`change_sets.apply` does."""
    changes = additions(tx.config, wanted)
    return await _apply(tx, name, changes, comment, expected_version, removes=False), changes


async def remove_template(
    tx: Transaction, name: str, comment: str = "", expected_version: int | None = None
) -> tuple[int, list[Change]]:
    """Take a template away; the new version and the changes.

    Raises :class:`InvalidInput` when it is not installed, and what :func:`change_sets.apply` does.
    """
    tx.access.require("configuration.update")
    changes = list((await plan_removal(tx, name)).changes)
    return await _apply(tx, name, changes, comment, expected_version, removes=True), changes


async def _apply(
    tx: Transaction, name: str, changes: list[Change], comment: str, expected: int | None, *, removes: bool
) -> int:
    version = await change_sets.apply(tx, changes, comment, expected)
    if version != tx.config_version:
        await tx.insert("template_steps", {"version": version, "template": name, "removes": removes})
    return version


async def installed_templates(tx: Transaction) -> dict[str, InstalledTemplate]:
    """The templates that the company has, by name. Change sets that were taken back do not count."""
    steps = await tx.fetch_all(
        "SELECT t.template, t.removes, s.version, s.created_at, s.changes FROM template_steps t"
        " JOIN change_sets s ON s.tenant_id = t.tenant_id AND s.version = t.version"
        " WHERE t.tenant_id = %(tenant)s ORDER BY t.version"
    )
    undone = await _undone(tx) if steps else frozenset()
    found: dict[str, InstalledTemplate] = {}
    for step in steps:
        name = step["template"]
        if step["version"] in undone:
            continue
        if step["removes"]:
            found.pop(name, None)
            continue
        installed = found.setdefault(name, InstalledTemplate(name, step["version"], step["created_at"]))
        for change in step["changes"]:
            reference = change["kind"], change["key"]
            first, _ = installed.brought.get(reference, (change["before"], None))
            installed.brought[reference] = first, change["after"]
    return found


async def _undone(tx: Transaction) -> frozenset[int]:
    """The versions whose change sets do not hold, because one that holds takes them back."""
    rows = await tx.fetch_all(
        "SELECT version, reverts FROM change_sets WHERE tenant_id = %(tenant)s AND reverts IS NOT NULL ORDER BY version DESC"
    )
    undone: set[int] = set()
    for row in rows:
        if row["version"] not in undone:
            undone.add(row["reverts"])
    return frozenset(undone)


async def plan_removal(tx: Transaction, name: str) -> Removal:
    """What removing a template would do; nothing is done. Raises :class:`InvalidInput` when it is not installed."""
    installed = await installed_templates(tx)
    if name not in installed:
        known = ", ".join(installed) or "-"
        raise InvalidInput.at(("template",), "template.not_installed", template=name, installed=known)
    taking = _Taking(tx.config, installed[name])
    await taking.keep_used(tx)
    taking.keep_needed()
    kinds = list(KINDS)
    kept = sorted(taking.kept.items(), key=lambda item: (kinds.index(item[0][0]), item[0][1]))
    return Removal(
        tuple(taking.going.values()),
        tuple(Kept(kind, Dependent(key, tx.config.definitions[kind][key]), why) for (kind, key), why in kept),
    )


class _Taking:
    """What a removal takes away, and what it keeps; the first becomes less until nothing that stays needs what goes."""

    def __init__(self, config: TenantConfig, template: InstalledTemplate) -> None:
        self._config = config
        self.going: dict[Reference, Change] = {}
        self.kept: dict[Reference, Remark] = {}
        for (kind, key), (before, made) in template.brought.items():
            present = config.definitions.get(kind, {}).get(key)
            if present is None or not is_open(present):
                continue
            if stored(present) != made:
                self.kept[kind, key] = Remark("template.kept_changed", {})
            elif before is None:
                self.going[kind, key] = change_sets.remove(config, kind, key)
            else:
                self.going[kind, key] = Change(kind, key, present, KINDS[kind].model_validate(before))

    def _keep(self, reference: Reference, code: str, **data: Any) -> None:
        del self.going[reference]
        self.kept[reference] = Remark(code, data)

    def _taken(self, kind: str) -> Iterator[tuple[Reference, Change]]:
        """Those of a kind that are taken away, not only put back to what they were."""
        return iter([found for found in self.going.items() if found[0][0] == kind and found[1].takes_away])

    async def keep_used(self, tx: Transaction) -> None:
        """Statuses that orders are in, types of orders under way, roles of members."""
        used = await Use.counted(tx, tuple(self.going.values()))
        for reference, _ in self._taken("status"):
            if found := used.open_orders[reference[1]]:
                self._keep(reference, "template.kept_orders", count=found)
        for reference, _ in self._taken("role"):
            if found := used.members.get(reference[1], 0):
                self._keep(reference, "template.kept_members", count=found)
        under_way = await self._orders_under_way(tx) if any(self._taken("order_type")) else {}
        for reference, _ in self._taken("order_type"):
            if found := under_way.get(reference[1], 0):
                self._keep(reference, "template.kept_type", count=found)

    async def _orders_under_way(self, tx: Transaction) -> dict[str, int]:
        ends = (Category.DONE, Category.VOID)
        statuses = [key for key, status in self._config.statuses.items() if status.category not in ends]
        rows = await tx.fetch_all(
            "SELECT type, count(*) AS found FROM orders WHERE tenant_id = %(tenant)s AND voided_at IS NULL"
            " AND status = ANY(%(statuses)s::text[]) AND type IS NOT NULL GROUP BY type",
            statuses=statuses,
        )
        return {row["type"]: row["found"] for row in rows}

    def keep_needed(self) -> None:
        """What something that stays needs, until there is no more of it."""
        while self._keep_dependents() or self._keep_steps() or self._keep_ends():
            pass

    def _keep_dependents(self) -> bool:
        needed = dependents_of(self._config, list(self.going.values()))
        found = [reference for reference in needed if reference in self.going and self.going[reference].takes_away]
        for reference in found:
            self._keep(reference, "template.kept_needed", title=needed[reference][0])
        return bool(found)

    def _keep_steps(self) -> bool:
        """A step between statuses that stay is what their orders go on by."""
        statuses = self._open_statuses()
        staying = {key for kind, key in self.kept if kind == "status"}
        found = []
        for reference, change in self._taken("transition"):
            ends = {*change.before.sources, change.before.target} if isinstance(change.before, Transition) else set()
            if ends <= statuses and ends & staying:
                found.append(reference)
        for reference in found:
            self._keep(reference, "template.kept_step")
        return bool(found)

    def _keep_ends(self) -> bool:
        """While there is a status, there is one to begin in and one to be void in."""
        ends = (self._config.initial_status, self._config.void_status) if self._open_statuses() else ()
        leaving = {key for (_, key), _ in self._taken("status")}
        found = [("status", key) for key in ends if key is not None and key in leaving]
        for reference in found:
            self._keep(reference, "template.kept_end")
        return bool(found)

    def _open_statuses(self) -> set[str]:
        going = {key for (kind, key), change in self.going.items() if kind == "status" and change.takes_away}
        return {key for key in self._config.statuses if key not in going}


def _body(config: TenantConfig, reference: Reference) -> Body:
    kind, key = reference
    found = config.definitions.get(kind, {}).get(key)
    return stored(found) if found else None
