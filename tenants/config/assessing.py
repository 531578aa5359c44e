"""What a change of the configuration would do, before it is done: to the definitions that depend on it, and to the records there are."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from tenants.config.change_sets import Change, after, errors_beside, is_open
from tenants.config.definitions import split_field_key
from tenants.config.dependents import Dependent, Dependents, needing
from tenants.config.four_eyes import review_errors
from tenants.config.sentences import title
from tenants.config.shown_formulas import shown_formulas
from tenants.config.snapshot import TenantConfig
from tenants.config.uses import Use, archived_options, archived_references, turned_on
from tenants.life_cycles import versions
from tenants.life_cycles.cycles import cycle_of_type, default_type
from tenants.messages import InLanguages, render
from tenants.problems import FieldError
from tenants.rules.building import claims_to_come, moves_claims
from tenants.transaction import Transaction


class Remark(NamedTuple):
    """A sentence about what follows, as its code and data, among which a definition is named as people call it."""

    code: str
    data: Mapping[str, Any]

    def text(self, language: str) -> str:
        shown = {
            name: title(value.key, value.definition, language) if isinstance(value, Dependent) else value
            for name, value in self.data.items()
        }
        return render(self.code, language, shown)


@dataclass(frozen=True, slots=True)
class Effect:
    """One change and what it does: ``values`` records hold what changes; ``losses`` is what people can no longer see or choose, and
    ``remarks`` is what else follows."""

    change: Change
    dependents: tuple[Dependent, ...]
    values: int
    losses: tuple[Remark, ...]
    remarks: tuple[Remark, ...]

    @property
    def is_destructive(self) -> bool:
        return self.change.takes_away or bool(self.losses)

    def lines(self, language: str) -> Iterator[str]:
        """What is to be said beside the change itself, one sentence each; of what only changes, its dependents may go on needing it."""
        for dependent in self.dependents if self.is_destructive else ():
            yield render("effect.needed_by", language, {"title": title(dependent.key, dependent.definition, language)})
        for remark in (*self.losses, *self.remarks):
            yield remark.text(language)


@dataclass(frozen=True, slots=True)
class Assessment:
    """What the changes would do, and why they could not be made, if they could not."""

    effects: tuple[Effect, ...]
    problems: tuple[FieldError, ...]


async def assess(tx: Transaction, changes: Iterable[Change]) -> Assessment:
    """What the changes would do; nothing is done. Raises :class:`tenants.problems.LimitExceeded` for too many definitions."""
    todo = [change for change in changes if change.before != change.after]
    planned = replace(tx.config, definitions=after(tx.config, todo))
    problems = await errors_beside(tx, todo) or await review_errors(tx, planned)
    dependents = dependents_of(tx.config, todo)
    used = await Use.counted(tx, todo)
    orders = {} if problems else await _orders(tx, todo)
    moved = [] if problems else [change.key for change in todo if moves_claims(change.before, change.after)]
    claimed_later, doubled = await claims_to_come(tx, planned, moved)
    problems += doubled
    effects = tuple(
        Effect(
            change,
            dependents.get((change.kind, change.key), ()),
            used.of(change),
            tuple(_losses(used, change)),
            (
                *_remarks(used, change),
                *_option_remarks(used, change, dependents),
                *(() if problems else _role_remarks(planned, change)),
                *(() if problems else _type_remarks(tx.config, planned, change)),
                *orders.get((change.kind, change.key), ()),
                *_claim_remarks(claimed_later, change),
            ),
        )
        for change in todo
    )
    problems += [
        FieldError(("status", effect.change.key), "config.in_use", {"key": effect.change.key, "count": effect.values})
        for effect in effects
        if effect.change.kind == "status" and effect.change.takes_away and used.open_orders[effect.change.key]
    ]
    return Assessment(effects, tuple(problems))


def _claim_remarks(claimed_later: Mapping[str, int], change: Change) -> Iterator[Remark]:
    if change.kind == "rule" and change.key in claimed_later:
        yield Remark("effect.claims_made", {"count": claimed_later[change.key]})


async def _orders(tx: Transaction, todo: Sequence[Change]) -> dict[tuple[str, str], list[Remark]]:
    """What becomes of the running orders of each life cycle that changes, told of the life cycle itself or of what changes it."""
    found: dict[tuple[str, str], list[Remark]] = defaultdict(list)
    places = [(change.kind, change.key) for change in todo if change.kind in ("life_cycle", "transition", "status")]
    planned = after(tx.config, todo)
    for cycle in await versions.affected(tx, planned) if places else ():
        place = ("life_cycle", cycle.key)
        remarks = found[place if place in places else places[0]]
        if cycle.follow:
            remarks.append(Remark("effect.orders_follow", {"key": cycle.key or "-", "count": cycle.follow}))
        for status, count in cycle.stay.items():
            # A status that orders are in cannot be archived.
            if is_open(planned["status"][status]):
                data = {"key": cycle.key, "status": status, "count": count}
                remarks.append(Remark("effect.orders_stay", data))
    return found


def dependents_of(config: TenantConfig, todo: Sequence[Change]) -> Dependents:
    """Those that would be there after the changes, by the definition or the option that they need."""
    wanted = {change.reference for change in todo if change.before is not None}
    wanted |= {reference for change in todo for reference in archived_references(change)}
    return needing(config, {change.reference: change.after for change in todo}, wanted)


def _losses(used: Use, change: Change) -> Iterator[Remark]:
    count = used.of(change)
    if change.takes_away and count and change.kind in _LOST:
        yield Remark(_LOST[change.kind], {"count": count})
    for option in archived_options(change):
        if found := used.options.get((change.key, option), 0):
            yield Remark("effect.option_archived", {"count": found, "option": option})


def _remarks(used: Use, change: Change) -> Iterator[Remark]:
    count = used.of(change)
    if count and change.kind in _HELD and change.kind not in (_LOST if change.takes_away else ()):
        yield Remark(_HELD[change.kind], {"count": count})
    if change.takes_away and (found := used.private_views.get((change.kind, change.key), 0)):
        yield Remark("effect.private_views", {"count": found})
    if change.kind == "field" and change.before is not None:
        yield from _field_remarks(used, change)


def _role_remarks(planned: TenantConfig, change: Change) -> Iterator[Remark]:
    """What a role can work out of fields that it may not read."""
    if change.kind == "role" and is_open(change.after):
        for formula, field in shown_formulas(planned, change.key):
            yield Remark("effect.formula_shows", {"formula": formula, "field": field})


def _type_remarks(config: TenantConfig, planned: TenantConfig, change: Change) -> Iterator[Remark]:
    """What becomes of orders that are taken without a type: told of the type that they get, or else of the one that they got."""
    before, after = default_type(config), default_type(planned)
    if before == after or change.reference != ("order_type", after or before):
        return
    initial = cycle_of_type(planned, after).initial or ""
    status = InLanguages(planned.all_statuses[initial].label)
    yield Remark("effect.default_type" if after else "effect.no_default_type", {"status": status})


def _option_remarks(used: Use, change: Change, dependents: Dependents) -> Iterator[Remark]:
    """What compares with options that can be chosen no more."""
    for option, reference in zip(archived_options(change), archived_references(change), strict=True):
        for dependent in dependents.get(reference, ()):
            yield Remark("effect.option_needed", {"option": option, "title": dependent})
        if found := used.private_views.get(reference, 0):
            yield Remark("effect.option_views", {"option": option, "count": found})


def _field_remarks(used: Use, change: Change) -> Iterator[Remark]:
    records = used.records[split_field_key(change.key)[0]]
    if turned_on(change, "required") and (missing := records - used.of(change)):
        yield Remark("effect.values_missing", {"count": missing})
    if turned_on(change, "is_indexed") and records:
        yield Remark("effect.index_built", {"count": records})
    if getattr(change.before, "is_indexed", False) and not getattr(change.after, "is_indexed", False):
        yield Remark("effect.index_dropped", {})
    if doubled := used.doubled.get(change.key):
        values = ", ".join(f"{row['value']} ({row['found']})" for row in doubled)
        yield Remark("effect.values_doubled", {"count": doubled[0]["values"], "values": values})


_LOST = {
    "field": "effect.values_hidden",
    "order_type": "effect.type_used",
    "void_reason": "effect.void_reason_used",
    "role": "effect.members_lose_role",
    "automation": "effect.automation_runs",
}
_HELD = {"status": "effect.orders_in_status", "role": "effect.members_of_role"}
