"""Search texts made anew: for records that came in past the save path, or before their texts held what they hold today."""

from collections.abc import Callable
from uuid import UUID

from tenants.aggregates import CUSTOMER, ORDER, PRODUCT, Aggregate, Record
from tenants.config.snapshot import TenantConfig
from tenants.database import Caller, Database
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


def record_text(config: TenantConfig, aggregate: Aggregate, record: Record) -> str:
    """The search text of a record that was loaded whole."""
    return _TEXTS[aggregate](config, record)


_PUT = """
INSERT INTO search_texts (tenant_id, id, record_type, text)
SELECT %(tenant)s::uuid, id, %(type)s, text FROM unnest(%(ids)s::uuid[], %(texts)s::text[]) AS t(id, text)
ON CONFLICT (tenant_id, id) DO UPDATE SET text = excluded.text WHERE search_texts.text <> excluded.text
"""


async def reindex(database: Database, caller: Caller) -> int:
    """Make the search texts of all records of the caller's tenant anew, batch by batch, and say how many records there are.

    May be stopped at any time and run again; nothing else of the records changes. Raises
    :class:`tenants.database.Outdated` when the configuration changes meanwhile.
    """
    count = 0
    for aggregate in _TEXTS:
        last: UUID | None = UUID(int=0)
        while last is not None:
            async with begin(database, caller, automations=False) as tx:
                rows = await tx.fetch_all(
                    f"SELECT id FROM {aggregate.table} WHERE tenant_id = %(tenant)s AND id > %(last)s"  # noqa: S608
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
