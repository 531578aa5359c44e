"""The next steps of an order as JSON: what depends on the status alone is written out, conditions are judged row by row."""

from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from tenants.conditions import SqlContext, row_tests
from tenants.conditions.row_tests import RowTests
from tenants.config.snapshot import TenantConfig
from tenants.life_cycles.cycles import FOLLOWING, STANDARD, cycles_of
from tenants.life_cycles.gates import Hurdle
from tenants.life_cycles.offers import Offer, offers
from tenants.permissions import Access
from tenants.reading.json_sql import TYPENAME, json_object, literal
from tenants.reading.plan import Parameters
from tenants.reading.selection import Selected
from tenants.records import Steps


def steps_json(
    steps: Steps,
    alias: str,
    selected: Selected,
    config: TenantConfig,
    access: Access,
    language: str,
    parameters: Parameters,
) -> str:
    """The SQL of the list of steps that the order called ``alias`` has before it, for that reader."""
    cycles, rows = cycles_of(config), row_tests(config, access)
    is_one = set(cycles) == {(STANDARD, FOLLOWING)}
    whens = []
    for (key, version), cycle in cycles.items():
        for status in cycle.gates:
            found = list(offers(config, access, language, cycle, status))
            place = status if is_one else f"{key}/{version}/{status}"
            if found:
                whens.append(f"WHEN '{place}' THEN {_list(steps, found, alias, selected, parameters, rows)}")
    if not whens:
        return "'[]'::json"
    by = f"{alias}.status"
    if not is_one:
        by = f"{alias}.life_cycle || '/' || {alias}.life_cycle_version || '/' || {alias}.status"
    return f"(CASE {by} {' '.join(whens)} ELSE '[]'::json END)"


def _list(
    steps: Steps, found: Iterable[Offer], alias: str, selected: Selected, parameters: Parameters, rows: RowTests | None
) -> str:
    offered = list(found)
    if not any(offer.hurdles or offer.rights for offer in offered):
        return _written([_shown(steps, selected, offer.shown) for offer in offered])
    parts = ", ".join(_one(steps, offer, alias, selected, parameters, rows) for offer in offered)
    return f"json_build_array({parts})"


def _one(
    steps: Steps, offer: Offer, alias: str, selected: Selected, parameters: Parameters, rows: RowTests | None
) -> str:
    shown = _shown(steps, selected, offer.shown)
    tests = [
        *((text, f"coalesce({rows.test(right, alias)}, FALSE)") for right, text in offer.rights.items() if rows),
        *((text, _holds(hurdle, alias, parameters)) for hurdle, text in offer.hurdles),
    ]
    if not tests:
        return _written(shown)
    pairs = []
    for field in selected.fields:
        if field.name == "allowed":
            expression = "(" + " AND ".join(test for _, test in tests) + ")"
        elif field.name == "refusal":
            expression = _refusal(tests)
        else:
            expression = _written(shown[field.key])
        pairs.append((field.key, expression))
    return json_object(pairs)


def _holds(hurdle: Hurdle, alias: str, parameters: Parameters) -> str:
    return f"coalesce(({hurdle.condition.sql(alias, SqlContext(parameters))}), FALSE)"


def _refusal(tests: Iterable[tuple[str, str]]) -> str:
    """All that speaks against the step, as the step itself would tell it; null where nothing does."""
    told = ", ".join(f"CASE WHEN NOT {test} THEN {literal(text)} END" for text, test in tests)
    return f"nullif(concat_ws(' ', {told}), '')"


def _shown(steps: Steps, selected: Selected, members: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for field in selected.fields:
        value: Any = steps.graphql if field.name == TYPENAME else members[field.name]
        if field.name in steps.lists:
            part, _ = steps.lists[field.name]
            value = [
                {inner.key: part if inner.name == TYPENAME else entry[inner.name] for inner in field.fields}
                for entry in value
            ]
        found[field.key] = value
    return found


def _written(value: Any) -> str:
    return f"{literal(orjson.dumps(value).decode())}::json"
