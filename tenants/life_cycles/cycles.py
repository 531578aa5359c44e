"""The life cycles of a company, each with its statuses, gates and steps in one object."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from tenants.config.definitions import Gate, LifeCycle, OrderType, Status, Transition

if TYPE_CHECKING:
    from tenants.config.snapshot import Definitions, TenantConfig

Row = Mapping[str, Any]
# The life cycle of all statuses, for orders without a type.
STANDARD = ""
# The version of orders that follow whatever is in force.
FOLLOWING = 0


@dataclass(frozen=True)
class Cycle:
    """One version of a life cycle: ``gates`` by status in their order, and ``transitions`` by key, each between statuses of it."""

    key: str
    version: int
    initial: str | None
    gates: Mapping[str, Gate]
    transitions: Mapping[str, Transition]
    steps: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(
        cls,
        key: str,
        version: int,
        initial: str | None,
        gates: Mapping[str, Gate],
        transitions: Mapping[str, Transition],
    ) -> "Cycle":
        """A cycle whose ``steps`` follow from its transitions: their keys by the status that they leave."""
        steps = {
            status: tuple(key for key, transition in transitions.items() if status in transition.sources)
            for status in gates
        }
        return cls(key, version, initial, gates, transitions, steps)

    def body(self) -> dict[str, Any]:
        """What is kept of this version, as JSON, with statuses and steps in their order."""
        return {
            "initial": self.initial,
            "statuses": [[key, _body(gate)] for key, gate in self.gates.items()],
            "transitions": [[key, _body(transition)] for key, transition in self.transitions.items()],
        }


def _body(definition: BaseModel) -> dict[str, Any]:
    return definition.model_dump(mode="json", exclude_defaults=True)


def cycle_from(key: str, version: int, body: Mapping[str, Any]) -> Cycle:
    """The version of a kept body."""
    gates = {status: Gate.model_validate(gate) for status, gate in body["statuses"]}
    transitions = {name: Transition.model_validate(each) for name, each in body["transitions"]}
    return Cycle.of(key, version, body["initial"], gates, transitions)


def current_cycles(definitions: "Definitions") -> dict[str, Cycle]:
    """The life cycles that these definitions make, by key; archived ones too, because orders may be in one."""
    statuses: dict[str, Status] = {
        key: status
        for key, status in definitions["status"].items()
        if isinstance(status, Status) and not status.archived
    }
    transitions: dict[str, Transition] = {
        key: each for key, each in definitions["transition"].items() if isinstance(each, Transition)
    }
    initial = next((key for key, status in statuses.items() if status.initial), None)
    own = {key: status.gate for key, status in statuses.items()}
    cycles = {STANDARD: _cycle(STANDARD, initial, own, transitions)}
    for key, definition in definitions["life_cycle"].items():
        assert isinstance(definition, LifeCycle)
        gates = {
            status: definition.statuses[status].instead_of(gate)
            for status, gate in own.items()
            if status in definition.statuses
        }
        cycles[key] = _cycle(key, definition.initial, gates, transitions)
    return cycles


def _cycle(key: str, initial: str | None, gates: Mapping[str, Gate], transitions: Mapping[str, Transition]) -> Cycle:
    chosen = {}
    for name, transition in transitions.items():
        sources = tuple(source for source in transition.sources if source in gates)
        named = key in transition.life_cycles or not transition.life_cycles
        if sources and named and transition.target in gates:
            chosen[name] = transition if sources == transition.sources else transition.between(sources)
    return Cycle.of(key, FOLLOWING, initial, gates, chosen)


def cycles_of(config: "TenantConfig") -> Mapping[tuple[str, int], Cycle]:
    """All that some order may be in, by key and version: those in force, and the older ones that orders stayed with."""
    return config.derived("life cycles", _all_cycles)


def _all_cycles(config: "TenantConfig") -> dict[tuple[str, int], Cycle]:
    found = {(key, FOLLOWING): cycle for key, cycle in current_cycles(config.definitions).items()}
    for key, version, body in config.kept_cycles:
        found[key, version] = cycle_from(key, version, body)
    return found


def cycle_of(config: "TenantConfig", row: Row) -> Cycle:
    """The life cycle that an order is in."""
    cycles = cycles_of(config)
    return cycles.get((row["life_cycle"], row["life_cycle_version"])) or cycles[STANDARD, FOLLOWING]


def order_types(config: "TenantConfig") -> Mapping[str, OrderType]:
    """The types that orders may be given, in their order."""
    return config.derived("order types", _order_types)


def _order_types(config: "TenantConfig") -> dict[str, OrderType]:
    return {
        key: each
        for key, each in config.definitions["order_type"].items()
        if isinstance(each, OrderType) and not each.archived
    }


def default_type(config: "TenantConfig") -> str | None:
    """The type of orders that are taken without one; None where they have none."""
    return next((key for key, each in order_types(config).items() if each.default), None)


def cycle_of_type(config: "TenantConfig", order_type: str | None) -> Cycle:
    """The life cycle that orders of the type begin in."""
    found = config.definitions["order_type"].get(order_type or "")
    key = found.life_cycle if isinstance(found, OrderType) else STANDARD
    return cycles_of(config)[key, FOLLOWING]


def is_gated(config: "TenantConfig") -> bool:
    """Whether some step looks at more of an order than where it stands, or takes more than a note."""
    return config.derived("gated", _is_gated)


def _is_gated(config: "TenantConfig") -> bool:
    return any(
        gate.enter or gate.leave for cycle in cycles_of(config).values() for gate in cycle.gates.values()
    ) or any(
        transition.condition or transition.fields or transition.attachment_required
        for cycle in cycles_of(config).values()
        for transition in cycle.transitions.values()
    )
