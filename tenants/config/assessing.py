"""What a change of the configuration would do, before it is done: to the definitions that depend on it, and to the records there are."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from tenants.config.breaking import Breaking, asks_more, breaking
from tenants.config.change_sets import Change, after, errors_beside, is_open
from tenants.config.checks.automations import told_too_much
from tenants.config.checks.base import Reference
from tenants.config.definitions import Automation, CustomField, split_field_key
from tenants.config.dependents import Dependent, Dependents, needing
from tenants.config.four_eyes import review_errors
from tenants.config.number_remarks import empty_parts
from tenants.config.role_losses import Lost, lost_rights
from tenants.config.role_remarks import shut_out, useless_rights
from tenants.config.sentences import title
from tenants.config.shown_formulas import shown_copies, shown_formulas
from tenants.config.snapshot import TenantConfig
from tenants.config.uses import Use, archived_options, archived_references, turned_on
from tenants.life_cycles import versions
from tenants.life_cycles.cycles import cycle_of_type, default_type
from tenants.life_cycles.dead_ends import dead_ends
from tenants.messages import SOME, InLanguages, render
from tenants.permissions import Access
from tenants.problems import FieldError
from tenants.records.rights import OWN
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

    def uncounted(self) -> "Remark":
        """The same without its number."""
        return Remark(self.code, {**self.data, "count": SOME}) if "count" in self.data else self


@dataclass(frozen=True, slots=True)
class Effect:
    """One change and what it does: ``values`` records hold what changes, which is None where that is not to be told; ``losses`` is what people can no longer see or choose, and
    ``remarks`` is what else follows."""

    change: Change
    dependents: tuple[Dependent, ...]
    values: int | None
    losses: tuple[Remark, ...]
    remarks: tuple[Remark, ...]

    def uncounted(self) -> "Effect":
        """The same for who may not read all that is counted."""
        losses, remarks = (tuple(each.uncounted() for each in told) for told in (self.losses, self.remarks))
        return replace(self, values=None, losses=losses, remarks=remarks)

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
    stuck = {} if problems else _stuck(tx.config, planned, todo)
    untold = {change.reference for change in todo if compares(change) and not tx.access.reads_all()}
    told = [] if problems else [change for change in todo if change.reference not in untold]
    moved = [change.key for change in told if moves_claims(change.before, change.after)]
    claimed_later, doubled = await claims_to_come(tx, planned, moved)
    problems += doubled
    broken = {} if problems else {change.reference: await breaking(tx, planned, change) for change in told}
    lost = {} if problems else await lost_rights(tx, planned, todo)
    effects = tuple(
        Effect(
            change,
            dependents.get((change.kind, change.key), ()),
            used.of(change),
            (*_losses(used, change), *_lost_rights(lost, change)),
            (
                *_remarks(used, change),
                *_option_remarks(used, change, dependents),
                *(() if problems else _role_remarks(tx.config, planned, change)),
                *(() if problems else _automation_remarks(planned, change)),
                *(() if problems else _type_remarks(tx.config, planned, change)),
                *orders.get(change.reference, ()),
                *stuck.get(change.reference, ()),
                *_claim_remarks(claimed_later, change),
                *_number_remarks(tx, planned, change),
                *_breaking_remarks(change, broken.get(change.reference)),
                *((Remark("effect.not_counted", {}),) if change.reference in untold else ()),
            ),
        )
        for change in todo
    )
    effects = tuple(effect if _reads(tx.access, effect.change) else effect.uncounted() for effect in effects)
    problems += [
        FieldError(
            ("status", effect.change.key),
            "config.in_use",
            {"key": effect.change.key, "count": SOME if effect.values is None else effect.values},
        )
        for effect in effects
        if effect.change.kind == "status" and effect.change.takes_away and used.open_orders[effect.change.key]
    ]
    return Assessment(effects, tuple(problems))


def _reads(access: Access, change: Change) -> bool:
    """Whether all that a change is counted by may be read, of all records: figures over what is closed could tell it."""
    if change.kind == "field":
        name, key = split_field_key(change.key)
        return access.reads_whole(name, f"{OWN}{key}")
    counted = _COUNTED.get(change.kind)
    return counted is None or access.reads_whole(*counted)


def compares(change: Change) -> bool:
    """Whether what a change asks of values is told by records that do not fulfil it: by changing it again and again, every value could be
    found out."""
    return moves_claims(change.before, change.after) or asks_more(change) or turned_on(change, "unique")


def _breaking_remarks(change: Change, found: Breaking | None) -> Iterator[Remark]:
    if found is not None and found.found:
        of_all, of_newest = _BROKEN[change.kind]
        newest = {} if found.looked_at is None else {"most": found.looked_at}
        yield Remark(of_newest if newest else of_all, {"count": found.found, **newest})


def _claim_remarks(claimed_later: Mapping[str, int], change: Change) -> Iterator[Remark]:
    if change.kind == "rule" and change.key in claimed_later:
        yield Remark("effect.claims_made", {"count": claimed_later[change.key]})


def _number_remarks(tx: Transaction, planned: TenantConfig, change: Change) -> Iterator[Remark]:
    found = empty_parts(planned, change, tx.now)
    if found is not None:
        yield Remark("effect.empty_parts", {"fields": found.fields, "number": found.number})


async def _orders(tx: Transaction, todo: Sequence[Change]) -> dict[Reference, list[Remark]]:
    """What becomes of the running orders of each life cycle that changes, told of the life cycle itself or of what changes it."""
    found: dict[Reference, list[Remark]] = defaultdict(list)
    places = _places(todo)
    planned = after(tx.config, todo)
    for cycle in await versions.affected(tx, planned) if places else ():
        remarks = found[_place(places, cycle.key)]
        if cycle.follow:
            code = "effect.orders_follow" if cycle.key else "effect.orders_follow_all"
            remarks.append(Remark(code, {"key": cycle.key, "count": cycle.follow}))
        for status, count in cycle.stay.items():
            # A status that orders are in cannot be archived.
            if is_open(planned["status"][status]):
                data = {"key": cycle.key, "status": status, "count": count}
                remarks.append(Remark("effect.orders_stay", data))
    return found


def _stuck(config: TenantConfig, planned: TenantConfig, todo: Sequence[Change]) -> dict[Reference, list[Remark]]:
    """The statuses in which orders would get stuck, told in the same places."""
    found: dict[Reference, list[Remark]] = defaultdict(list)
    places = _places(todo)
    for key, statuses in dead_ends(config, planned).items() if places else ():
        for status in statuses:
            name = InLanguages(planned.all_statuses[status].label)
            code = "effect.dead_end" if key else "effect.dead_end_all"
            found[_place(places, key)].append(Remark(code, {"key": key, "status": name}))
    return found


def _places(todo: Sequence[Change]) -> list[Reference]:
    return [change.reference for change in todo if change.kind in ("life_cycle", "transition", "status")]


def _place(places: Sequence[Reference], life_cycle: str) -> Reference:
    place = ("life_cycle", life_cycle)
    return place if place in places else places[0]


def dependents_of(config: TenantConfig, todo: Sequence[Change]) -> Dependents:
    """Those that would be there after the changes, by the definition or the option that they need."""
    wanted = {change.reference for change in todo if change.before is not None}
    wanted |= {reference for change in todo for reference in archived_references(change)}
    return needing(config, {change.reference: change.after for change in todo}, wanted)


def _losses(used: Use, change: Change) -> Iterator[Remark]:
    count = used.of(change)
    if change.takes_away and count and change.kind in _LOST:
        yield Remark(_LOST[change.kind], {"count": count})
    for name, found in used.elsewhere.get(change.key, {}).items() if change.kind == "role" else ():
        if found:
            yield Remark(_NAMING_ROLE[name], {"count": found})
    for option in archived_options(change):
        if found := used.options.get((change.key, option), 0):
            yield Remark("effect.option_archived", {"count": found, "option": option})


def _lost_rights(lost: Mapping[str, Lost], change: Change) -> Iterator[Remark]:
    if change.kind == "role" and (found := lost.get(change.key)):
        yield Remark("effect.members_lose_rights", {"count": found.members, "rights": found.rights})


def _remarks(used: Use, change: Change) -> Iterator[Remark]:
    count = used.of(change)
    if count and change.kind == "role" and change.before is None:
        yield Remark("effect.members_get_role", {"count": count})
    elif count and change.kind in _HELD and change.kind not in (_LOST if change.takes_away else ()):
        yield Remark(_HELD[change.kind], {"count": count})
    if change.takes_away and (found := used.private_views.get((change.kind, change.key), 0)):
        yield Remark("effect.private_views", {"count": found})
    if change.kind == "field" and change.before is not None:
        yield from _field_remarks(used, change)


def _role_remarks(config: TenantConfig, planned: TenantConfig, change: Change) -> Iterator[Remark]:
    """What a role can work out of fields that it may not read: told of the role, and of a formula by which it comes to that."""
    if change.kind == "role" and is_open(change.after):
        for rights, read in useless_rights(planned, change.key):
            yield Remark("effect.blind_rights", {"rights": rights, "read": read})
        for formula, field in shown_formulas(planned, change.key):
            yield Remark("effect.formula_shows", {"formula": formula, "field": field})
        for copy, field in shown_copies(planned, change.key):
            yield Remark("effect.copy_shows", {"copy": copy, "field": field})
    for role, field in shut_out(config, planned, change):
        data = {
            "role": Dependent(role, planned.policy.roles[role]),
            "field": Dependent(field, planned.definitions["field"][field]),
        }
        yield Remark("effect.shut_out", data)
    if isinstance(change.after, CustomField) and change.after.is_computed and is_open(change.after):
        record_type, key = split_field_key(change.key)
        for role, definition in planned.roles.items():
            known = set(shown_formulas(config, role)) if role in config.roles else set()
            for formula, field in shown_formulas(planned, role):
                if formula == f"{record_type}.{OWN}{key}" and (formula, field) not in known:
                    yield Remark("effect.formula_shows_to", {"title": Dependent(role, definition), "field": field})


def _automation_remarks(planned: TenantConfig, change: Change) -> Iterator[Remark]:
    """What a role gives to members alone, and what it is told without the right to read it: told of an automation that acts under it or tells
    it, and of the role by which that would be so."""
    if isinstance(change.after, Automation) and is_open(change.after):
        if rights := planned.policy.access((change.after.role,)).of_members():
            yield Remark("effect.of_members", {"rights": ", ".join(rights)})
        for role, right in told_too_much(planned, change.after):
            yield Remark("effect.text_shows", {"role": Dependent(role, planned.policy.roles[role]), "right": right})
    if change.kind != "role":
        return
    rights = planned.policy.access((change.key,)).of_members()
    for key, automation in planned.definitions["automation"].items():
        if not isinstance(automation, Automation):
            continue
        of_it = Dependent(key, automation)
        if rights and automation.role == change.key:
            yield Remark("effect.of_members_to", {"title": of_it, "rights": ", ".join(rights)})
        for role, right in told_too_much(planned, automation):
            if role == change.key:
                yield Remark("effect.text_shows_to", {"title": of_it, "right": right})


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
# By which field of which object the records of a definition are counted.
_COUNTED = {
    **dict.fromkeys(("status", "life_cycle", "transition"), ("order", "status")),
    "order_type": ("order", "type"),
    "void_reason": ("order", "voidReason"),
    "role": ("member", "roles"),
}
# What else than members names a role.
_NAMING_ROLE = {
    "keys": "effect.keys_lose_role",
    "providers": "effect.providers_of_role",
    "invitations": "effect.invitations_of_role",
}
# Of all records, and of the newest.
_BROKEN = {
    "rule": ("effect.records_break", "effect.newest_break"),
    "field": ("effect.values_outside", "effect.newest_outside"),
}
_HELD = {"status": "effect.orders_in_status", "role": "effect.members_of_role"}
