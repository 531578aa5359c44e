"""Records that do not fulfil what a change of the configuration asks of them: counted for its plan, and left as they are."""

from asyncio import to_thread
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from tenants.aggregates import CUSTOMER, ORDER, PRODUCT, Aggregate
from tenants.conditions import Condition, SqlContext
from tenants.config.change_sets import Change
from tenants.config.definitions import CustomField, Effect, Rule, split_field_key
from tenants.config.own_attributes import settings_of
from tenants.config.snapshot import TenantConfig
from tenants.field_types import BadValue, field_type
from tenants.field_types.limits import require_within
from tenants.field_values.slots import stored_name
from tenants.occasion import Occasion
from tenants.reading.plan import Parameters
from tenants.rules.book import JudgedRule, judged_rule
from tenants.rules.places import OWN, Place
from tenants.transaction import Transaction

# Of a type, the newest: a plan is an answer to somebody who waits. Limits of fields are compared value by value.
MOST_RECORDS, MOST_VALUES = 100_000, 20_000
_AGGREGATES = {aggregate.record_type: aggregate for aggregate in (ORDER, CUSTOMER, PRODUCT)}
_LIMITS = ("minimum", "maximum", "pattern")
_CONTACTS = {"phones": "phone", "emails": "email"}


class Breaking(NamedTuple):
    """How many records ``found`` do not fulfil it; ``looked_at`` is how many there are, where only the newest of them were looked at."""

    found: int
    looked_at: int | None


async def breaking(tx: Transaction, planned: TenantConfig, change: Change) -> Breaking | None:
    """The records that do not fulfil a definition as it would be; None for one that asks nothing else of records than before."""
    if not asks_more(change):
        return None
    if isinstance(change.after, Rule):
        return await _of_rule(tx, planned, change.key, change.after)
    assert isinstance(change.after, CustomField)
    return await _of_field(tx, change.key, change.after)


def asks_more(change: Change) -> bool:
    """Whether a change asks something else of records than before: a rule, or limits of a field."""
    if isinstance(change.after, Rule):
        return _asks(change.after) and _asked(change.after) != _asked(change.before)
    if isinstance(change.after, CustomField) and isinstance(change.before, CustomField):
        limits = [getattr(change.after, name) for name in _LIMITS]
        return any(limit is not None for limit in limits) and limits != [
            getattr(change.before, name) for name in _LIMITS
        ]
    return False


def _asks(rule: Rule) -> bool:
    return rule.enabled and rule.effect in (Effect.REQUIRE, Effect.CHECK)


def _asked(rule: Any) -> Any:
    """What makes a record fulfil a rule or not."""
    if not isinstance(rule, Rule) or not _asks(rule):
        return None
    return rule.record_type, rule.effect, rule.fields, rule.when, rule.check


async def _of_rule(tx: Transaction, planned: TenantConfig, key: str, definition: Rule) -> Breaking:
    # As rules are judged: see `tenants.rules.book`.
    planned = replace(planned, complete_indexes=frozenset())
    parameters = Parameters()
    context = SqlContext(parameters)
    aggregate = _AGGREGATES[definition.record_type]
    broken = " OR ".join(_broken(planned, aggregate, judged_rule(planned, key, definition), context))
    # A void order is never saved again.
    lasting = " AND voided_at IS NULL" if aggregate is ORDER else ""
    row = await tx.fetch_one(
        f"SELECT count(*) AS looked_at, count(*) FILTER (WHERE {broken}) AS found FROM"
        f" (SELECT * FROM {aggregate.table} WHERE tenant_id = %(tenant)s{lasting} ORDER BY id DESC LIMIT {MOST_RECORDS}) t0",
        **parameters.values(Occasion(tx.now, tx.caller.member_id)),
    )
    return _counted(row, MOST_RECORDS)


def _broken(planned: TenantConfig, aggregate: Aggregate, rule: JudgedRule, context: SqlContext) -> Iterator[str]:
    """What of the record called ``t0`` breaks the rule."""
    when = _flag(rule.when, context)
    if rule.check is not None:
        yield f"({when} AND NOT {_flag(rule.check, context)})"
        return
    for place in rule.places:
        hidden = "".join(f" AND NOT {_flag(condition, context)}" for condition in _hiding(planned, rule, place))
        yield f"({when} AND {_is_empty(planned, aggregate, place)}{hidden})"


def _flag(condition: Condition, context: SqlContext) -> str:
    return f"coalesce(({condition.sql('t0', context)}), FALSE)"


def _hiding(planned: TenantConfig, rule: JudgedRule, place: Place) -> Iterator[Condition]:
    """Where the record does not have the place, nothing is required of it."""
    for key, definition in planned.rules.items():
        other = definition.record_type == rule.definition.record_type and definition.effect is Effect.HIDE
        if other and place.name in definition.fields:
            yield judged_rule(planned, key, definition).when


def _is_empty(planned: TenantConfig, aggregate: Aggregate, place: Place) -> str:
    if place.child:
        (child,) = [child for child in aggregate.children if child.name == place.child]
        kind = f" AND x.kind = '{_CONTACTS[place.name]}'" if place.name in _CONTACTS else ""
        return f"NOT EXISTS (SELECT FROM {child.table} x WHERE x.tenant_id = t0.tenant_id AND x.{child.parent} = t0.id{kind})"
    value = f"to_jsonb(t0.{place.column})"
    if place.name.startswith(OWN):
        key = place.name.removeprefix(OWN)
        swapped = f"{aggregate.record_type}.{key}" in planned.swapped_fields
        value = f"t0.{place.column}->'{stored_name(key, is_swapped=swapped)}'"
    return f"""coalesce({value}, 'null') IN ('null', '""', '[]', '{{}}')"""


async def _of_field(tx: Transaction, key: str, definition: CustomField) -> Breaking:
    record_type, name = split_field_key(key)
    aggregate = _AGGREGATES[record_type]
    # A void order is never saved again.
    lasting = " AND voided_at IS NULL" if aggregate is ORDER else ""
    rows = await tx.fetch_all(
        f"SELECT custom->%(name)s::text AS value FROM {aggregate.table}"
        f" WHERE tenant_id = %(tenant)s{lasting} AND custom->>%(name)s::text IS NOT NULL ORDER BY id DESC LIMIT {MOST_VALUES}",
        name=stored_name(name, is_swapped=key in tx.config.swapped_fields),
    )
    values = [row["value"] for row in rows]
    found = await to_thread(_outside, definition, values, tx.config.currency)
    return _counted({"found": found, "looked_at": len(values)}, MOST_VALUES)


def _outside(definition: CustomField, values: Sequence[Any], currency: str) -> int:
    """How many of the stored values the limits would refuse."""
    kind, settings = field_type(definition.type), settings_of(definition, currency)
    count = 0
    for value in values:
        try:
            require_within(definition, kind, kind.parse(value, settings), settings)
        except BadValue:
            count += 1
    return count


def _counted(row: Any, most: int) -> Breaking:
    return Breaking(row["found"], most if row["looked_at"] == most else None)
