"""Automatic numbers for the records that were there before the field: in the order in which they were created, by a job."""

from uuid import UUID

from tenants.aggregates import CUSTOMER, ORDER, PRODUCT, UPDATED
from tenants.backfills import AUTO_NUMBER, Backfill, Progress, begin_backfill
from tenants.config.definitions import split_field_key
from tenants.field_values.slots import stored_name
from tenants.messages import render
from tenants.numbering import reserve_for
from tenants.problems import InvalidInput
from tenants.reindexing import record_text
from tenants.rules.auto_numbers import give_number, series_of
from tenants.rules.settling import settle
from tenants.saving import load, load_ahead, save
from tenants.transaction import Transaction

BATCH = 500
_FIRST = UUID(int=0)
_AGGREGATES = {aggregate.record_type: aggregate for aggregate in (ORDER, CUSTOMER, PRODUCT)}


async def number_existing(tx: Transaction, record_type: str, field: str) -> Progress:
    """Begin to number the records that have no number in the field. Those created meanwhile get theirs as always.

    Raises :class:`NotAllowed` (configuration.update) and :class:`InvalidInput` where the field is no automatic number.
    """
    tx.access.require("configuration.update")
    if field not in series_of(tx.config, record_type):
        raise InvalidInput.at(("key",), "field.no_auto_number", key=f"{record_type}.{field}")
    row = await tx.fetch_one(
        f"SELECT count(*) AS found FROM {_AGGREGATES[record_type].table}"  # noqa: S608  (SQL of ours; values are parameters)
        " WHERE tenant_id = %(tenant)s AND custom->>%(field)s::text IS NULL",
        field=_stored(tx, record_type, field),
    )
    found = Progress(AUTO_NUMBER, f"{record_type}.{field}", is_running=True, total=row["found"] if row else 0, done=0)
    await begin_backfill(tx, found.kind, found.key, found.total)
    return found


def _stored(tx: Transaction, record_type: str, field: str) -> str:
    return stored_name(field, is_swapped=field in tx.config.swapped.get(record_type, ()))


async def number_batch(tx: Transaction, backfill: Backfill) -> list[UUID]:
    """Number the next records, each by the day of its creation; the ids of those that were numbered."""
    record_type, field = split_field_key(backfill.key)
    series = series_of(tx.config, record_type).get(field)
    if series is None:
        return []
    aggregate = _AGGREGATES[record_type]
    rows = await tx.fetch_all(
        f"SELECT id FROM {aggregate.table} WHERE tenant_id = %(tenant)s AND id > %(last)s"  # noqa: S608  (SQL of ours; values are parameters)
        f" AND custom->>%(field)s::text IS NULL ORDER BY id LIMIT {BATCH}",
        last=backfill.through or _FIRST,
        field=_stored(tx, record_type, field),
    )
    ids = [row["id"] for row in rows]
    await load_ahead(tx, aggregate, ids)
    # Locked by then: some may have got their numbers while the lock was waited for.
    waiting = [record_id for record_id in ids if field not in tx.loaded[record_id].row["custom"]]
    await reserve_for(tx, series, [tx.loaded[record_id].row for record_id in waiting])
    note = render("field.numbered", tx.config.language, {"key": backfill.key})
    for record_id in waiting:
        before = await load(tx, aggregate, record_id)
        after = before.copy()
        after.row["custom"] = dict(after.row["custom"])
        await give_number(tx, field, series, after.row, before.row["created_at"])
        after.row["search_text"] = record_text(tx.config, aggregate, after)
        # A number is no reason to ask what rules want of the rest.
        await save(tx, await settle(tx, aggregate, before, after, leaving=True), UPDATED, note)
    return ids
