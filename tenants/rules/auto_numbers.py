"""Fields that number their records by themselves."""

from collections.abc import Mapping
from datetime import datetime

from tenants.aggregates import Aggregate, Record, Row
from tenants.config.definitions import CustomField
from tenants.config.snapshot import TenantConfig
from tenants.field_types import field_type
from tenants.field_values.kinds import index_table
from tenants.held_numbers import own_numbers
from tenants.numbering import Series, next_number
from tenants.transaction import Transaction


async def give_numbers(tx: Transaction, aggregate: Aggregate, record: Record) -> None:
    """Number a record that is about to be saved, in each such field in which it has none yet: a new one, or one that is older than
    the field."""
    for key, series in series_of(tx.config, aggregate.record_type).items():
        if key not in record.row["custom"]:
            await give_number(tx, key, series, record.row, tx.now)


async def give_number(tx: Transaction, key: str, series: Series, row: Row, moment: datetime) -> None:
    """Put the next number of that moment into a record's own values."""
    row["custom"][key] = await next_number(tx, series, row, moment)


def series_of(config: TenantConfig, record_type: str) -> Mapping[str, Series]:
    """The sequences of the automatic numbers of a record type, by the keys of their fields."""
    return config.derived("auto numbers", _all_series).get(record_type, {})


def _all_series(config: TenantConfig) -> Mapping[str, Mapping[str, Series]]:
    found: dict[str, dict[str, Series]] = {}
    for record_type, fields in config.fields.items():
        for key, field in fields.items():
            if field.numbering is not None:
                held = _held(record_type, key, field)
                series = Series(f"{record_type}.{key}", field.numbering, field.gapless, held)
                found.setdefault(record_type, {})[key] = series
    return found


def _held(record_type: str, key: str, field: CustomField) -> str:
    table = index_table(record_type, field_type(field.type)) if field.is_indexed else None
    return own_numbers(table, key) if table else ""
