"""The claims of records that were there before the rule that keeps their values apart.

Few records claim their values in the transaction of the change set; many by a job, in batches. From the moment that the change set
is committed every save claims what it changes, so that nothing slips in; a batch that meets a value which another record has claimed
is refused, and the rule is to be switched off.
"""

from collections.abc import AsyncIterator, Collection, Iterable, Iterator, Mapping
from typing import Any
from uuid import UUID

import orjson

from tenants.aggregates import CUSTOMER, ORDER, PRODUCT, Aggregate, Record
from tenants.backfills import UNIQUE_RULE, Backfill, begin_backfill, forget_backfill
from tenants.config.definitions import Effect, Rule
from tenants.config.snapshot import TenantConfig
from tenants.field_values.slots import turned
from tenants.occasion import Occasion
from tenants.problems import FieldError, InvalidInput
from tenants.rules.book import JudgedRule, judged_rule
from tenants.rules.claims import TABLE
from tenants.rules.enforcing import claimed
from tenants.transaction import Transaction

# Records of a type that a change set sees to by itself. Other writes wait for it, a second or so.
AT_ONCE = 20_000
BATCH = 1_000
# Values that a refusal names.
MOST_NAMED = 5
_AGGREGATES = {aggregate.record_type: aggregate for aggregate in (ORDER, CUSTOMER, PRODUCT)}
_FIRST = UUID(int=0)
_CLAIM = (
    f"INSERT INTO {TABLE} (tenant_id, rule, value, record_id)"  # noqa: S608  (SQL of ours; values are parameters)
    " SELECT %(tenant)s::uuid, c.rule, c.value, c.record_id"
    " FROM json_to_recordset(%(claims)s::json) AS c(rule text, value text, record_id uuid)"
    " ON CONFLICT (tenant_id, rule, value) DO NOTHING RETURNING value, record_id"
)


def moves_claims(before: object, after: object) -> bool:
    """Whether records claim other values after a change of a definition than before it."""
    return bool(_kept_apart(before) != _kept_apart(after))


def _kept_apart(definition: object) -> Any:
    if not isinstance(definition, Rule) or definition.effect is not Effect.UNIQUE or not definition.enabled:
        return None
    return definition.record_type, definition.fields, definition.when, definition.ignore_case


async def claim_anew(tx: Transaction, planned: TenantConfig, keys: Collection[str]) -> None:
    """Let all records claim their values under these rules of the ``planned`` configuration, at once or by a job, and nothing under those
    that are gone.

    No other transaction of the tenant may be under way. Raises :class:`InvalidInput` where two of no more than :data:`AT_ONCE`
    records have the same values.
    """
    for key in keys:
        await tx.execute(f"DELETE FROM {TABLE} WHERE tenant_id = %(tenant)s AND rule = %(rule)s", rule=key)  # noqa: S608  (SQL of ours; values are parameters)
        definition = planned.rules.get(key)
        if definition is None or definition.effect is not Effect.UNIQUE:
            await forget_backfill(tx, UNIQUE_RULE, key)
            continue
        rule = judged_rule(planned, key, definition)
        count = await _count(tx, rule)
        if count > AT_ONCE:
            await begin_backfill(tx, UNIQUE_RULE, key, count)
        else:
            await forget_backfill(tx, UNIQUE_RULE, key)
            claims = await _claims_of_all(tx, planned, rule)
            await tx.insert(
                TABLE, *({"rule": key, "value": value, "record_id": owner} for value, owner in claims.items())
            )


async def claims_to_come(
    tx: Transaction, planned: TenantConfig, keys: Collection[str]
) -> tuple[dict[str, int], list[FieldError]]:
    """What :func:`claim_anew` would do, and nothing is done: how many records a job would let claim their values, by rule, and why a rule
    could not hold."""
    by_job, errors = dict[str, int](), list[FieldError]()
    for key in keys:
        definition = planned.rules.get(key)
        if definition is None or definition.effect is not Effect.UNIQUE:
            continue
        rule = judged_rule(planned, key, definition)
        count = await _count(tx, rule)
        if count > AT_ONCE:
            by_job[key] = count
            continue
        try:
            await _claims_of_all(tx, planned, rule)
        except InvalidInput as problem:
            errors += problem.errors
    return by_job, errors


async def _count(tx: Transaction, rule: JudgedRule) -> int:
    table = _AGGREGATES[rule.definition.record_type].table
    row = await tx.fetch_one(f"SELECT count(*) AS found FROM {table} WHERE tenant_id = %(tenant)s")  # noqa: S608  (SQL of ours; values are parameters)
    return row["found"] if row else 0


async def _claims_of_all(tx: Transaction, planned: TenantConfig, rule: JudgedRule) -> dict[str, UUID]:
    """The values that all records claim, and by whom. Raises :class:`InvalidInput` where some have what others have."""
    doubled, count, claims = dict[UUID, str](), 0, dict[str, UUID]()
    async for page in _pages(tx, planned, rule):
        for record_id, values in _claimed(tx, rule, page):
            if not values.isdisjoint(claims):
                count += 1
                doubled.setdefault(record_id, _shown(rule, page[record_id]))
            claims.update(dict.fromkeys(values, record_id))
    if count:
        example = next(iter(doubled.values())) if tx.access.reads_all() else "…"
        raise InvalidInput.at(("rule", rule.key), "config.rule_duplicates", count=count, example=example)
    return claims


async def claim_batch(tx: Transaction, backfill: Backfill) -> list[UUID]:
    """Let the next records claim their values under the rule; the ids of those that were looked at.

    Raises :class:`InvalidInput` for values that another record has claimed, naming some.
    """
    definition = tx.config.rules.get(backfill.key)
    if definition is None or definition.effect is not Effect.UNIQUE:
        return []
    rule = judged_rule(tx.config, backfill.key, definition)
    # Locked, so that no save of these records goes unseen.
    page = await _page(tx, tx.config, rule, backfill.through or _FIRST, "FOR NO KEY UPDATE")
    # Found by the records: by the rule, of which all that was claimed so far would be read, a table without statistics looks as short.
    await tx.execute(
        f"DELETE FROM {TABLE} WHERE tenant_id = %(tenant)s AND record_id = ANY(%(ids)s::uuid[]) AND rule || '' = %(rule)s",  # noqa: S608  (SQL of ours; values are parameters)
        rule=rule.key,
        ids=list(page),
    )
    wanted = {(value, record_id) for record_id, values in _claimed(tx, rule, page) for value in values}
    rows = [{"rule": rule.key, "value": value, "record_id": record_id} for value, record_id in wanted]
    made = await tx.fetch_all(_CLAIM, claims=orjson.dumps(rows).decode())
    doubled = wanted - {(row["value"], row["record_id"]) for row in made}
    if doubled:
        named = sorted({_shown(rule, page[record_id]) for _, record_id in doubled})[:MOST_NAMED]
        data = {"key": rule.key, "values": "; ".join(named)}
        raise InvalidInput.at(("rule", rule.key), "config.rule_not_kept", **data)
    return list(page)


def _claimed(tx: Transaction, rule: JudgedRule, page: Mapping[UUID, Record]) -> Iterator[tuple[UUID, set[str]]]:
    """What each of the records claims."""
    occasion = Occasion(tx.now)
    for record_id, record in page.items():
        if rule.when.matches(record.row, occasion):
            yield record_id, claimed(rule, record)


def _shown(rule: JudgedRule, record: Record) -> str:
    """The values that the rule keeps apart, as people would name them."""
    return ", ".join(_written(place.read(record)) for place in rule.places)


def _written(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


async def _pages(tx: Transaction, planned: TenantConfig, rule: JudgedRule) -> AsyncIterator[dict[UUID, Record]]:
    last = _FIRST
    while page := await _page(tx, planned, rule, last):
        yield page
        last = next(reversed(page))


async def _page(
    tx: Transaction, config: TenantConfig, rule: JudgedRule, after: UUID, lock: str = ""
) -> dict[UUID, Record]:
    """The records after that id, in the order of their ids, with the children that the rule is about, as the ``config`` reads them."""
    aggregate = _AGGREGATES[rule.definition.record_type]
    rows = await tx.fetch_all(
        f"SELECT * FROM {aggregate.table} WHERE tenant_id = %(tenant)s AND id > %(last)s"  # noqa: S608  (SQL of ours; values are parameters)
        f" ORDER BY id LIMIT {BATCH} {lock}",
        last=after,
    )
    records = {row["id"]: Record(turned(config.swapped, aggregate.record_type, row)) for row in rows}
    if records:
        await _add_children(tx, aggregate, {place.child for place in rule.places}, records)
    return records


async def _add_children(
    tx: Transaction, aggregate: Aggregate, wanted: Iterable[str], records: dict[UUID, Record]
) -> None:
    for child in aggregate.children:
        if child.name in wanted:
            for record in records.values():
                record.children[child.name] = []
            found = await tx.fetch_all(
                f"SELECT * FROM {child.table} WHERE tenant_id = %(tenant)s AND {child.parent} = ANY(%(ids)s)"  # noqa: S608  (SQL of ours; values are parameters)
                " ORDER BY position, id",
                ids=list(records),
            )
            for row in found:
                records[row[child.parent]].children[child.name].append(row)
