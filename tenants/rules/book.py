"""The rules of a configuration, ready to be judged."""

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from tenants.conditions import Condition, SqlContext, parse_condition
from tenants.config.definitions import Effect, Rule
from tenants.config.snapshot import TenantConfig
from tenants.expressions import Expression, parse_expression
from tenants.occasion import Occasion
from tenants.records import CUSTOMISABLE, REGISTRY
from tenants.rules.places import OWN, Place, find_place


@dataclass(frozen=True, slots=True)
class Holds(Condition):
    """Whether a check is kept: only false breaks it, and where a value is absent there is nothing to say."""

    expression: Expression

    def sql(self, alias: str, _context: SqlContext) -> str:
        return f"coalesce({self.expression.sql(alias)}, TRUE)"

    def matches(self, row: Mapping[str, Any], occasion: Occasion) -> bool:
        return self.expression.value(row, occasion) is not False

    @property
    def is_local(self) -> bool:
        return not self.expression.reach


@dataclass(frozen=True, slots=True, eq=False)
class JudgedRule:
    """A rule as it is judged. ``uses`` are the names of the record's attributes that it looks at."""

    key: str
    definition: Rule
    places: tuple[Place, ...]
    when: Condition
    check: Holds | None
    uses: frozenset[str]

    @property
    def effect(self) -> Effect:
        return self.definition.effect


@dataclass(frozen=True, slots=True, eq=False)
class DependentOptions:
    """The options of one field that may not always be chosen: the condition of each by its key."""

    place: Place
    conditions: Mapping[str, Condition]
    uses: frozenset[str]


@dataclass(frozen=True, slots=True)
class Book:
    """All that is judged of the records of one type."""

    rules: tuple[JudgedRule, ...]
    options: tuple[DependentOptions, ...]

    def of_leaving(self, *, is_voided: bool) -> "Book":
        """What holds of a record all the same that need not be as the rules want it."""
        kept = (rule for rule in self.rules if rule.effect is Effect.UNIQUE or (is_voided and rule.definition.on_void))
        return Book(tuple(kept), ())


def rules_for(config: TenantConfig, record_type: str) -> Book | None:
    """The rules on records of one type; None where there are none."""
    return config.derived("rules", _compile).get(record_type)


def _compile(config: TenantConfig) -> dict[str, Book]:
    depends = (
        option.when for fields in config.fields.values() for field in fields.values() for option in field.options
    )
    if not config.rules and not any(depends):
        return {}
    # A record is judged before it is written: what an index table says of it is not true yet.
    config = dataclasses.replace(config, complete_indexes=frozenset())
    found = {}
    for record_type in CUSTOMISABLE:
        book = Book(tuple(_rules(config, record_type)), tuple(_options(config, record_type)))
        if book.rules or book.options:
            found[record_type] = book
    return found


def _rules(config: TenantConfig, record_type: str) -> Iterator[JudgedRule]:
    for key, definition in config.rules.items():
        if definition.record_type == record_type:
            yield judged_rule(config, key, definition)


def judged_rule(config: TenantConfig, key: str, definition: Rule) -> JudgedRule:
    """Raises :class:`InvalidInput` for a condition or an expression that says nothing."""
    record = REGISTRY[definition.record_type]
    found = (find_place(config, record.name, name) for name in definition.fields)
    places = tuple(place for place in found if place is not None)
    when = parse_condition(record, config, definition.when)
    uses = {*(place.name for place in places), *names_in(definition.when)}
    check = None
    if definition.check is not None:
        check = Holds(parse_expression(definition.check, record, config))
        uses |= check.expression.uses
    return JudgedRule(key, definition, places, when, check, frozenset(uses))


def _options(config: TenantConfig, record_type: str) -> Iterator[DependentOptions]:
    for key, definition in config.fields.get(record_type, {}).items():
        given = {option.key: option.when for option in definition.options if option.when}
        place = find_place(config, record_type, f"{OWN}{key}") if given else None
        if place is not None:
            parse: Callable[[Mapping[str, Any]], Condition] = partial(parse_condition, REGISTRY[record_type], config)
            uses = {place.name, *(name for when in given.values() for name in names_in(when))}
            yield DependentOptions(place, {option: parse(when) for option, when in given.items()}, frozenset(uses))


def names_in(tree: Mapping[str, Any]) -> Iterator[str]:
    """The attributes of the record itself that a condition names."""
    for name, value in tree.items():
        if name in ("and", "or"):
            for part in value:
                yield from names_in(part)
        elif name == "not":
            yield from names_in(value)
        elif name == "custom":
            yield from (f"{OWN}{key}" for key in value)
        else:
            yield name
