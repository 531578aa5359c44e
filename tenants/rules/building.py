"""The claims of records that were there before the rule that keeps their values apart."""

from collections.abc import AsyncIterator, Collection
from typing import Any
from uuid import UUID

from tenants.aggregates import CUSTOMER, ORDER, PRODUCT, Aggregate, Record
from tenants.config.definitions import Effect, Rule
from tenants.config.snapshot import TenantConfig
from tenants.occasion import Occasion
from tenants.problems import InvalidInput
from tenants.rules.book import JudgedRule, judged_rule
from tenants.rules.claims import TABLE
from tenants.rules.enforcing import claimed
from tenants.transaction import Transaction

PAGE = 500
_AGGREGATES = {aggregate.record_type: aggregate for aggregate in (ORDER, CUSTOMER, PRODUCT)}
_FIRST = UUID(int=0)


def moves_claims(before: object, after: object) -> bool:
    """Whether records claim other values after a change of a definition than before it."""
    return bool(_kept_apart(before) != _kept_apart(after))


def _kept_apart(definition: object) -> Any:
    if not isinstance(definition, Rule) or definition.effect is not Effect.UNIQUE or not definition.enabled:
        return None
    return definition.record_type, definition.fields, definition.when, definition.ignore_case


async def claim_anew(tx: Transaction, planned: TenantConfig, keys: Collection[str]) -> None:
    """Let all records claim their values under these rules of the ``planned`` configuration, and nothing under those that are gone.

    No other transaction of the tenant may be under way. Raises :class:`InvalidInput` where two records have the same values.
    """
    for key in keys:
        await tx.execute(f"DELETE FROM {TABLE} WHERE tenant_id = %(tenant)s AND rule = %(rule)s", rule=key)  # noqa: S608
        definition = planned.rules.get(key)
        if definition is not None and definition.effect is Effect.UNIQUE:
            await _claim(tx, judged_rule(planned, key, definition))


async def _claim(tx: Transaction, rule: JudgedRule) -> None:
    occasion = Occasion(tx.now)
    seen, doubles, example = set[str](), 0, ""
    async for page in _pages(tx, rule):
        rows = []
        for record in page:
            values = claimed(rule, record) if rule.when.matches(record.row, occasion) else set()
            if not values.isdisjoint(seen):
                doubles += 1
                example = example or ", ".join(str(place.read(record)) for place in rule.places)
            seen |= values
            rows += [{"rule": rule.key, "value": value, "record_id": record.id} for value in values]
        if not doubles:
            await tx.insert(TABLE, *rows)
    if doubles:
        raise InvalidInput.at(("rule", rule.key), "config.rule_duplicates", count=doubles, example=example)


async def _pages(tx: Transaction, rule: JudgedRule) -> AsyncIterator[list[Record]]:
    aggregate = _AGGREGATES[rule.definition.record_type]
    last = _FIRST
    while True:
        rows = await tx.fetch_all(
            f"SELECT * FROM {aggregate.table} WHERE tenant_id = %(tenant)s AND id > %(last)s ORDER BY id LIMIT {PAGE}",  # noqa: S608
            last=last,
        )
        if not rows:
            return
        records = {row["id"]: Record(row) for row in rows}
        await _add_children(tx, aggregate, rule, records)
        yield list(records.values())
        last = rows[-1]["id"]


async def _add_children(tx: Transaction, aggregate: Aggregate, rule: JudgedRule, records: dict[UUID, Record]) -> None:
    wanted = {place.child for place in rule.places}
    for child in aggregate.children:
        if child.name in wanted:
            for record in records.values():
                record.children[child.name] = []
            found = await tx.fetch_all(
                f"SELECT * FROM {child.table} WHERE tenant_id = %(tenant)s AND {child.parent} = ANY(%(ids)s)"  # noqa: S608
                " ORDER BY position, id",
                ids=list(records),
            )
            for row in found:
                records[row[child.parent]].children[child.name].append(row)
