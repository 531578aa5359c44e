"""Fields that number their records by themselves."""

from collections.abc import Mapping

from tenants.aggregates import Aggregate, Record
from tenants.config.snapshot import TenantConfig
from tenants.numbering import Series, next_number
from tenants.transaction import Transaction


async def give_numbers(tx: Transaction, aggregate: Aggregate, record: Record) -> None:
    """Number a record that is about to be saved, in each such field in which it has none yet: a new one, or one that is older than
    the field."""
    series = tx.config.derived("auto numbers", _all_series).get(aggregate.record_type)
    if series is None:
        return
    own = record.row["custom"]
    for key, sequence in series.items():
        if key not in own:
            own[key] = await next_number(tx, sequence, record.row)


def _all_series(config: TenantConfig) -> Mapping[str, Mapping[str, Series]]:
    found: dict[str, dict[str, Series]] = {}
    for record_type, fields in config.fields.items():
        for key, field in fields.items():
            if field.numbering is not None:
                series = Series(f"{record_type}.{key}", field.numbering, field.gapless)
                found.setdefault(record_type, {})[key] = series
    return found
