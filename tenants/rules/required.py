"""What rules require of every record in a status, which can be asked for before the record comes into it."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from tenants.conditions import parse_condition
from tenants.config.definitions import Effect
from tenants.config.snapshot import TenantConfig
from tenants.occasion import Occasion
from tenants.records import REGISTRY
from tenants.rules.book import names_in
from tenants.rules.places import find_place

# A condition on the status alone says the same at any time and to anybody.
_ANY = Occasion(datetime(1970, 1, 1, tzinfo=UTC), None)


def required_in(config: TenantConfig, record_type: str, status: str) -> tuple[str, ...]:
    """The inputs, such as ``shippingAddress`` or ``custom.carrier``, that rules about the status alone require there."""
    known: dict[tuple[str, str], tuple[str, ...]] = config.derived("required in statuses", lambda _config: {})
    if (record_type, status) not in known:
        by_effect = {effect: tuple(_places(config, record_type, status, effect)) for effect in _EFFECTS}
        hidden = by_effect[Effect.HIDE]
        known[record_type, status] = tuple(name for name in by_effect[Effect.REQUIRE] if name not in hidden)
    return known[record_type, status]


_EFFECTS = (Effect.REQUIRE, Effect.HIDE)


def _places(config: TenantConfig, record_type: str, status: str, effect: Effect) -> Iterator[str]:
    row: Mapping[str, str] = {"status": status}
    for rule in config.rules.values():
        if rule.record_type != record_type or rule.effect is not effect or set(names_in(rule.when)) != {"status"}:
            continue
        if parse_condition(REGISTRY[record_type], config, rule.when).matches(row, _ANY):
            found = (find_place(config, record_type, name) for name in rule.fields)
            yield from (".".join(place.path) for place in found if place is not None)
