"""The conditions of a step: those of going on, of the step itself and of coming in, judged for an order as it would then be."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from tenants.aggregates import Record
from tenants.conditions import Condition, SqlContext, parse_condition
from tenants.config.definitions import label
from tenants.config.snapshot import TenantConfig
from tenants.life_cycles.cycles import Cycle
from tenants.messages import render
from tenants.occasion import Occasion
from tenants.problems import Conflict
from tenants.reading.plan import Parameters
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

    def data(self, language: str) -> dict[str, str]:
        """What fills the sentence."""
        hint = label(dict(self.hint), language) or render("order.look_at", language, {"fields": ", ".join(self.paths)})
        return {"name": label(dict(self.names), language, self.key), "hint": hint}

    def text(self, language: str) -> str:
        """Why the step cannot be taken."""
        return render(self.code, language, self.data(language))


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


async def first_unmet(
    tx: Transaction, found: tuple[Hurdle, ...], after: Record, before: Record | None, related: Row | None = None
) -> Hurdle | None:
    """The first condition that does not hold for the order as it would be after the change, if there is one.

    Of a new order nothing is stored yet: ``related`` has its lines and those whom it names.
    """
    occasion = Occasion(tx.now, tx.caller.member_id)
    for hurdle in found:
        if hurdle.condition.is_local:
            holds = hurdle.condition.matches(after.row, occasion)
        elif before is None:
            holds = hurdle.condition.matches({**after.row, **(related or {})}, occasion)
        else:
            holds = await _holds(tx, hurdle.condition, before.row, after.row, occasion)
        if not holds:
            return hurdle
    return None


async def _holds(tx: Transaction, condition: Condition, before: Row, after: Row, occasion: Occasion) -> bool:
    """Whether the stored order would meet the condition with the columns that differ."""
    parameters = Parameters()
    predicate = condition.sql("t0", SqlContext(parameters))
    differing = {name: value for name, value in after.items() if before.get(name) != value}
    found = await tx.fetch_one(
        "SELECT 1 AS found FROM (SELECT (jsonb_populate_record(o, %(differing)s::jsonb)).* FROM orders o"  # noqa: S608
        f" WHERE o.tenant_id = %(tenant)s AND o.id = %(row_id)s) t0 WHERE ({predicate})",
        row_id=before["id"],
        differing=orjson.dumps(differing, default=str).decode(),
        **parameters.values(occasion),
    )
    return found is not None


def refusal(tx: Transaction, hurdle: Hurdle, row: Row) -> Conflict:
    """The refusal of a step whose condition does not hold."""
    current = ("order", row["id"], row["version"]) if "version" in row else None
    return Conflict(hurdle.code, current=current, **hurdle.data(tx.language))
