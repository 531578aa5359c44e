"""The conditions of a step: those of going on, of the step itself and of coming in, judged for an order as it would then be."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tenants.aggregates import ORDER, Record
from tenants.conditions import Condition, parse_condition
from tenants.config.definitions import label
from tenants.config.snapshot import TenantConfig
from tenants.field_labels import field_labels
from tenants.judging import Draft, Verdicts
from tenants.life_cycles.cycles import Cycle
from tenants.messages import render
from tenants.problems import NOBODY, CanGrant, Conflict
from tenants.records import REGISTRY
from tenants.transaction import Transaction

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Hurdle:
    """One condition of a step, the code of what is told where it does not hold, and what that is about: the key of a status or of
    the step, with their labels. ``hint`` is the company's own sentence by language."""

    condition: Condition
    code: str
    key: str
    names: Mapping[Any, str]
    hint: Mapping[Any, str]
    paths: tuple[str, ...]

    def data(self, config: TenantConfig, language: str) -> dict[str, str]:
        """What fills the sentence."""
        shown = {"fields": field_labels(config, "order", self.paths, language)}
        hint = label(dict(self.hint), language) or render("order.look_at", language, shown)
        return {"name": label(dict(self.names), language, self.key), "hint": hint}

    def text(self, config: TenantConfig, language: str) -> str:
        """Why the step cannot be taken."""
        return render(self.code, language, self.data(config, language))


class Blocked(Conflict):
    """The refusal of a step for which several conditions do not hold: the code is that of the first, the text tells all."""

    def __init__(self, conflicts: Sequence[Conflict]) -> None:
        first = conflicts[0]
        super().__init__(first.code, current=first.current, **first.data)
        self._conflicts = tuple(conflicts)

    def text(self, language: str, can_grant: CanGrant = NOBODY) -> str:
        return " ".join(conflict.text(language, can_grant) for conflict in self._conflicts)


def hurdles(config: TenantConfig, cycle: Cycle, source: str, step: str) -> tuple[Hurdle, ...]:
    """The conditions of taking the step from that status, in the order in which they are told."""
    known: dict[Any, tuple[Hurdle, ...]] = config.derived("hurdles", lambda _config: {})
    key = (cycle.key, cycle.version, source, step)
    if key not in known:
        known[key] = tuple(_hurdles(config, cycle, source, step))
    return known[key]


def entry(config: TenantConfig, cycle: Cycle, status: str) -> tuple[Hurdle, ...]:
    """The condition of coming into the status, if there is one."""
    gate = cycle.gates[status]
    if not gate.enter:
        return ()
    names = config.all_statuses[status].label if status in config.all_statuses else {}
    return (_hurdle(config, gate.enter, "order.enter_refused", status, names, gate.enter_refusal),)


def _hurdles(config: TenantConfig, cycle: Cycle, source: str, step: str) -> Iterator[Hurdle]:
    gate, transition = cycle.gates[source], cycle.transitions[step]
    if gate.leave:
        names = config.all_statuses[source].label if source in config.all_statuses else {}
        yield _hurdle(config, gate.leave, "order.leave_refused", source, names, gate.leave_refusal)
    if transition.condition:
        yield _hurdle(config, transition.condition, "order.step_refused", step, transition.label, transition.refusal)
    yield from entry(config, cycle, transition.target)


def _hurdle(
    config: TenantConfig,
    tree: Mapping[str, Any],
    code: str,
    key: str,
    names: Mapping[Any, str],
    hint: Mapping[Any, str],
) -> Hurdle:
    condition = parse_condition(REGISTRY["order"], config, tree)
    return Hurdle(condition, code, key, names, hint, tuple(dict.fromkeys(_paths(tree))))


def _paths(tree: Any) -> Iterator[str]:
    """The fields that a condition looks at, by their paths."""
    for name, value in tree.items() if isinstance(tree, Mapping) else ():
        if name in ("and", "or"):
            for part in value:
                yield from _paths(part)
        elif name == "not":
            yield from _paths(value)
        elif name == "custom" and isinstance(value, Mapping):
            yield from (f"custom.{key}" for key in value)
        else:
            yield name


async def all_unmet(
    tx: Transaction, found: Sequence[Hurdle], after: Record, beside: Sequence[Draft] = ()
) -> list[Hurdle]:
    """The conditions that do not hold for the order as it would be after the change; ``beside`` are other records that would be
    written with it."""
    if not found:
        return []
    verdicts = Verdicts(tx, Draft(ORDER, after), beside)
    await verdicts.ask([hurdle.condition for hurdle in found])
    return [hurdle for hurdle in found if not verdicts[hurdle.condition]]


def refusal(tx: Transaction, unmet: Sequence[Hurdle], row: Row) -> Conflict:
    """The refusal of a step whose conditions do not hold."""
    current = ("order", row["id"], row["version"]) if "version" in row else None
    found = [Conflict(hurdle.code, current=current, **hurdle.data(tx.config, tx.language)) for hurdle in unmet]
    return found[0] if len(found) == 1 else Blocked(found)
