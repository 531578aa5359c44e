"""Statuses in which orders would get stuck: no steps lead on from them to an end."""

from tenants.config.definitions import Category
from tenants.config.snapshot import TenantConfig
from tenants.life_cycles.cycles import FOLLOWING, STANDARD, Cycle, cycles_of, default_type


def dead_ends(before: TenantConfig, planned: TenantConfig) -> dict[str, list[str]]:
    """The statuses from which no way leads to the end of their life cycle, and did before or were not in it: by the key of the life
    cycle. That of all statuses counts where orders without a type begin in it."""
    found = {}
    for (key, version), cycle in cycles_of(planned).items():
        if version != FOLLOWING or (key == STANDARD and default_type(planned) is not None):
            continue
        if getattr(planned.definitions["life_cycle"].get(key), "archived", False):
            continue
        old = cycles_of(before).get((key, FOLLOWING))
        known = _stuck(before, old) if old is not None else ()
        if new := [status for status in _stuck(planned, cycle) if status not in known]:
            found[key] = new
    return found


def _stuck(config: TenantConfig, cycle: Cycle) -> list[str]:
    running = [status for status in cycle.gates if config.all_statuses[status].category not in _ENDS]
    free = {status for status in cycle.gates if config.all_statuses[status].category is Category.DONE}
    if not free:
        # Without an end, all that can be asked for is a step.
        return [status for status in running if not cycle.steps.get(status)]
    while new := {status for status in running if status not in free and _leads_to(cycle, status, free)}:
        free |= new
    return [status for status in running if status not in free]


_ENDS = (Category.DONE, Category.VOID)


def _leads_to(cycle: Cycle, status: str, wanted: set[str]) -> bool:
    return any(cycle.transitions[step].target in wanted for step in cycle.steps.get(status, ()))
