"""Index rows of computed fields: which fields can have them, and how every save keeps them.

The rows are made by SQL from what the save has written, so that one way of working a field out serves the save, the job that makes
rows for the records that were there before, and the reader.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from uuid import UUID

from tenants.aggregates import Record, Settled
from tenants.config.definitions import CustomField
from tenants.config.snapshot import Definitions, TenantConfig
from tenants.expressions import ComputedColumn, Expression
from tenants.field_values.building import FieldChange
from tenants.field_values.kinds import RECORDS, index_table
from tenants.transaction import Transaction

# What is saved with a record, by the names of the relations that lead there.
_SAVED_WITH = {
    "order": frozenset({"lines"}),
    "customer": frozenset({"phones", "emails", "addresses"}),
    "product": frozenset[str](),
}


@dataclass(frozen=True, slots=True)
class _Back:
    """The way back along a relation: from a record that is saved to those of type ``to`` whose rollups look at it. A row of the record
    names one by ``column``, or each row of its ``child`` does."""

    saved: str
    to: str
    relation: str
    column: str
    child: str = ""

    def ids(self, settled: Settled) -> set[UUID]:
        """Whose rollups may be others after the change."""
        return {found for record in (settled.before, settled.after) for found in self._named(record) if found}

    def _named(self, record: Record | None) -> Iterator[UUID | None]:
        if record is not None:
            rows = record.children.get(self.child, ()) if self.child else (record.row,)
            yield from (row.get(self.column) for row in rows)


_BACK = (
    _Back("order", "customer", "orders", "customer_id"),
    _Back("customer", "customer", "people", "company_id"),
    _Back("order", "product", "orderLines", "product_id", "lines"),
)


def is_indexable(record_type: str, formula: Expression) -> bool:
    """Whether every change that makes it another value is a save that leads to its record."""
    followed = set(_SAVED_WITH[record_type])
    for back in _BACK:
        if back.to == record_type:
            inner = () if back.child else _SAVED_WITH[back.saved]
            followed |= {back.relation, *(f"{back.relation}.{name}" for name in inner)}
    return not formula.is_volatile and formula.reach <= followed


@dataclass(frozen=True)
class _Kept:
    """The indexed computed fields of a configuration, by record type."""

    columns: Mapping[str, tuple[ComputedColumn, ...]]

    @cached_property
    def followed(self) -> frozenset[str]:
        """Record types whose saves change index rows."""
        return frozenset(self.columns) | {back.saved for back in _BACK if self.looking(back)}

    def looking(self, back: _Back) -> tuple[ComputedColumn, ...]:
        return tuple(column for column in self.columns.get(back.to, ()) if back.relation in column.formula.reach)


def _kept(config: TenantConfig) -> _Kept:
    found: dict[str, list[ComputedColumn]] = {}
    for record_type, column in config.computed.columns():
        if config.fields[record_type][column.name].is_indexed:
            found.setdefault(record_type, []).append(column)
    return _Kept({record_type: tuple(columns) for record_type, columns in found.items()})


def follows(config: TenantConfig, record_type: str) -> bool:
    """Whether a save of such a record changes index rows of computed fields."""
    return record_type in config.derived("computed", _kept).followed


def keep_computed(tx: Transaction, settled: Settled) -> None:
    """See to it that the index rows of all computed fields, of the record and of those that look at it, are written that a save may
    have changed: once for all saves of the transaction."""
    record_type = settled.aggregate.record_type
    if not follows(tx.config, record_type):
        return
    touched = tx.late.get(_LATE)
    if not isinstance(touched, _Touched):
        touched = tx.late[_LATE] = _Touched(tx)
    touched.add(settled)


_LATE = "computed"


class _Touched:
    """The records whose computed fields may be others after the saves of a transaction."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._kept = tx.config.derived("computed", _kept)
        self._saved: dict[str, set[UUID]] = {}
        self._looking: dict[_Back, set[UUID]] = {}

    def add(self, settled: Settled) -> None:
        record_type = settled.aggregate.record_type
        if record_type in self._kept.columns:
            self._saved.setdefault(record_type, set()).add(settled.after.id)
        for back in _BACK:
            if back.saved == record_type and self._kept.looking(back) and (ids := back.ids(settled)):
                self._looking.setdefault(back, set()).update(ids)

    async def __call__(self) -> None:
        """Write their index rows."""
        for record_type, ids in self._saved.items():
            await _rewrite(self._tx, record_type, self._kept.columns[record_type], ids)
        for target in dict.fromkeys(back.to for back in self._looking):
            # Locked by a statement of its own: the next one sees what others who held them have committed.
            looked_at = (ids for back, ids in self._looking.items() if back.to == target)
            await self._tx.execute(
                f"SELECT id FROM {RECORDS[target]} WHERE tenant_id = %(tenant)s AND id = ANY(%(ids)s::uuid[])"
                " ORDER BY id FOR NO KEY UPDATE",
                ids=sorted(set().union(*looked_at)),
            )
        for back, ids in self._looking.items():
            await _rewrite(self._tx, back.to, self._kept.looking(back), ids)


async def _rewrite(tx: Transaction, record_type: str, columns: tuple[ComputedColumn, ...], ids: set[UUID]) -> None:
    by_table: dict[str, list[ComputedColumn]] = {}
    for column in columns:
        table = index_table(record_type, column.type)
        assert table is not None, "all results can be indexed"
        by_table.setdefault(table, []).append(column)
    scope = {"ids": sorted(ids)}
    for table, entries in by_table.items():
        names = ", ".join(f"'{column.name}'" for column in entries)
        await tx.execute(
            f"DELETE FROM {table} v WHERE v.tenant_id = %(tenant)s AND v.record_id = ANY(%(ids)s::uuid[]) AND v.field IN ({names})",
            **scope,
        )
        rows = " UNION ALL ".join(
            f"SELECT o.tenant_id, o.id, '{column.name}', {column.type.indexed_sql(column.expression('o'))}"
            f" FROM {RECORDS[record_type]} o WHERE o.tenant_id = %(tenant)s AND o.id = ANY(%(ids)s::uuid[])"
            for column in entries
        )
        await tx.execute(f"INSERT INTO {table} (tenant_id, record_id, field, value) {rows}", **scope)


def moves_computed(before: Definitions, after: Definitions) -> bool:
    """Whether a change of the configuration may make index rows of computed fields others: where there are such, any change of a field may
    be one of what they are worked out from."""
    fields = (before["field"], after["field"])
    return before["field"] != after["field"] and any(
        isinstance(definition, CustomField) and definition.is_computed and definition.is_indexed
        for found in fields
        for definition in found.values()
    )


def index_changes(before: TenantConfig, after: TenantConfig) -> list[FieldChange]:
    """The computed fields whose index rows are others under the configuration ``after``."""
    old, new = dict(_indexed(before)), dict(_indexed(after))
    changes = []
    for key in sorted({*old, *new}):
        if key in old and key in new and old[key].sql == new[key].sql:
            continue
        changes.append(FieldChange(key, _definition(before, key), _definition(after, key), new.get(key)))
    return changes


def _indexed(config: TenantConfig) -> Iterator[tuple[str, ComputedColumn]]:
    for record_type, columns in config.derived("computed", _kept).columns.items():
        yield from ((f"{record_type}.{column.name}", column) for column in columns)


def _definition(config: TenantConfig, key: str) -> CustomField | None:
    found = config.definitions["field"].get(key)
    return found if isinstance(found, CustomField) else None
