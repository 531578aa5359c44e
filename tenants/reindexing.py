"""Search texts made anew: for records that came in past the save path, or before their texts held what they hold today.

Where options of a field get other labels, or a field is archived or comes back, a job does so for the records that have a value in it.
"""

from collections.abc import Callable, Collection
from typing import Any
from uuid import UUID

from tenants.aggregates import CUSTOMER, ORDER, PRODUCT, Aggregate, Record
from tenants.backfills import SEARCH_TEXT, Backfill, Progress, begin_backfill, forget_backfill
from tenants.config.definitions import CustomField
from tenants.config.snapshot import TenantConfig
from tenants.database import Caller, Database
from tenants.field_types import REGISTRY as FIELD_TYPES
from tenants.field_values.slots import stored_name
from tenants.problems import InvalidInput
from tenants.saving import load_ahead
from tenants.search import spelled_words
from tenants.search_texts import customer_text, order_text, product_text
from tenants.spellings import learned
from tenants.transaction import Transaction, begin

BATCH = 500

_TEXTS: dict[Aggregate, Callable[[TenantConfig, Record], str]] = {
    ORDER: lambda config, record: order_text(config, record.row, record.children["lines"]),
    CUSTOMER: lambda config, record: customer_text(
        config, record.row, record.children["contacts"], record.children["addresses"]
    ),
    PRODUCT: lambda config, record: product_text(config, record.row),
}
_AGGREGATES = {aggregate.record_type: aggregate for aggregate in _TEXTS}
_FIRST = UUID(int=0)


def record_text(config: TenantConfig, aggregate: Aggregate, record: Record) -> str:
    """The search text of a record that was loaded whole."""
    return _TEXTS[aggregate](config, record)


_PUT = """
INSERT INTO search_texts (tenant_id, id, record_type, text)
SELECT %(tenant)s::uuid, id, %(type)s, text FROM unnest(%(ids)s::uuid[], %(texts)s::text[]) AS t(id, text)
ON CONFLICT (tenant_id, id) DO UPDATE SET text = excluded.text WHERE search_texts.text <> excluded.text
"""


def moves_texts(before: object, after: object) -> bool:
    """Whether records that have a value in a field are found by other words after a change of its definition than before it."""
    if not isinstance(before, CustomField) or not isinstance(after, CustomField):
        return False
    had, has = _words(before), _words(after)
    return (
        before.archived != after.archived or before.type != after.type or any(had[key] != has.get(key) for key in had)
    )


def _words(definition: CustomField) -> dict[str, Any]:
    """What records with an option are found by, by the option's key."""
    kind = FIELD_TYPES.get(definition.type)
    return {option.key: option.label for option in definition.options} if kind and kind.has_options else {}


async def rebuild_fields(tx: Transaction, planned: TenantConfig, keys: Collection[str]) -> None:
    """Let a job make the search texts anew of all records that have a value in one of these fields, as the ``planned`` configuration
    says them.

    No other transaction of the tenant may be under way: what one had begun to save would keep the words from before.
    """
    for key in keys:
        count = await _count(tx, planned, key)
        if count:
            await begin_backfill(tx, SEARCH_TEXT, key, count)
        else:
            await forget_backfill(tx, SEARCH_TEXT, key)


async def rebuild_all(tx: Transaction, record_type: str) -> Progress:
    """Begin to make the search texts of all records of a type anew, by a job.

    Raises :class:`NotAllowed` (configuration.update) and :class:`InvalidInput` for a type that has none.
    """
    tx.access.require("configuration.update")
    if record_type not in _AGGREGATES:
        raise InvalidInput.at(("object",), "config.unknown_object", object=record_type, objects=", ".join(_AGGREGATES))
    count = await _count(tx, tx.config, record_type)
    await begin_backfill(tx, SEARCH_TEXT, record_type, count)
    return Progress(SEARCH_TEXT, record_type, is_running=True, total=count, done=0)


async def reindex_batch(tx: Transaction, backfill: Backfill) -> list[UUID]:
    """Make the search texts of the next records anew; their ids."""
    # No word of the batch before may be left out for want of room: there may be no next record that has it.
    await learned()
    aggregate, test, scope = _scope(tx.config, backfill.key)
    rows = await tx.fetch_all(
        f"SELECT id FROM {aggregate.table} WHERE tenant_id = %(tenant)s AND id > %(last)s{test}"  # noqa: S608  (SQL of ours; values are parameters)
        f" ORDER BY id LIMIT {BATCH}",
        last=backfill.through or _FIRST,
        **scope,
    )
    ids = [row["id"] for row in rows]
    if ids:
        await reindex_some(tx, aggregate, ids)
    return ids


async def _count(tx: Transaction, config: TenantConfig, key: str) -> int:
    aggregate, test, scope = _scope(config, key)
    row = await tx.fetch_one(
        f"SELECT count(*) AS found FROM {aggregate.table} WHERE tenant_id = %(tenant)s{test}",  # noqa: S608  (SQL of ours; values are parameters)
        **scope,
    )
    return row["found"] if row else 0


def _scope(config: TenantConfig, key: str) -> tuple[Aggregate, str, dict[str, Any]]:
    """The records that are meant by a record type, or by a field as ``<record type>.<key>``: those with a value in it."""
    record_type, _, field = key.partition(".")
    if not field:
        return _AGGREGATES[record_type], "", {}
    stored = stored_name(field, is_swapped=key in config.swapped_fields)
    return _AGGREGATES[record_type], " AND custom->>%(field)s::text IS NOT NULL", {"field": stored}


async def reindex(database: Database, caller: Caller) -> int:
    """Make the search texts of all records of the caller's tenant anew, batch by batch, and say how many records there are.

    May be stopped at any time and run again; nothing else of the records changes. Raises
    :class:`tenants.database.Outdated` when the configuration changes meanwhile.
    """
    count = 0
    for aggregate in _TEXTS:
        last: UUID | None = _FIRST
        while last is not None:
            async with begin(database, caller, automations=False) as tx:
                rows = await tx.fetch_all(
                    f"SELECT id FROM {aggregate.table} WHERE tenant_id = %(tenant)s AND id > %(last)s"  # noqa: S608  (SQL of ours; values are parameters)
                    f" ORDER BY id LIMIT {BATCH}",
                    last=last,
                )
                ids = [row["id"] for row in rows]
                await reindex_some(tx, aggregate, ids)
            # No word may be left out for want of room: there may be no next record that has it.
            await learned()
            count += len(ids)
            last = ids[-1] if ids else None
    return count


async def reindex_some(tx: Transaction, aggregate: Aggregate, ids: list[UUID]) -> None:
    """Make the search texts of these records anew."""
    await load_ahead(tx, aggregate, ids)
    texts = {}
    for record_id in ids:
        record = tx.loaded.pop(record_id)
        text = texts[record_id] = record_text(tx.config, aggregate, record)
        if text != record.row["search_text"]:
            await tx.update(aggregate.table, ("search_text",), {"id": record_id, "search_text": text})
        tx.words |= spelled_words(text)
    await tx.execute(_PUT, type=aggregate.record_type, ids=list(texts), texts=list(texts.values()))
