"""Index rows for the records that were there before their field was marked indexed or unique, and the end of rows that are of no
more use.

Few records are done in the transaction of the change set; many by a job, in batches that each hold up no more than the records
they are about. Every save keeps the rows of its own record from the moment that the change set is committed, and lists are read
by the index once it is complete, which is a new version of the configuration.

Of a field that is to be unique, each row claims its value as it is made, by a save or by a batch; when the index is complete, all
are claimed. A batch that meets a value which another record has claimed is refused, and the mark is to be taken back.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

from tenants import jobs
from tenants.config.definitions import CustomField, split_field_key
from tenants.expressions import ComputedColumn
from tenants.field_types import FieldType, field_type
from tenants.field_types.base import SETS, TEXTS
from tenants.field_values.kinds import LONGEST_TEXT, RECORDS, all_tables, index_table
from tenants.field_values.slots import stored_name
from tenants.problems import FieldError, InvalidInput
from tenants.transaction import Transaction, new_id

BUILDING, READY, REMOVING = "building", "ready", "removing"
# Records of a type that a change set sees to by itself. Other writes wait for it, a second or so.
AT_ONCE = 20_000
BATCH = 2_000
# Values that a refusal names: of few records the most frequent, of a batch the first.
NAMED = 3
MOST_NAMED = 10


class FieldChange(NamedTuple):
    """A custom field before and after a change set, by its key in the document; None is absent. ``column`` is a computed one as it is
    after it, ``stored`` the name under which values are stored after it, where that is another one."""

    key: str
    before: CustomField | None
    after: CustomField | None
    column: ComputedColumn | None = None
    stored: str = ""

    @property
    def moves_rows(self) -> bool:
        return _is_indexed(self.before) != _is_indexed(self.after) or (
            _is_indexed(self.after) and (_is_unique(self.before) != _is_unique(self.after) or bool(self.stored))
        )


def _is_indexed(definition: CustomField | None) -> bool:
    return definition is not None and definition.is_indexed


def _is_unique(definition: CustomField | None) -> bool:
    return definition is not None and definition.unique


class _Field(NamedTuple):
    """Where a field's values are, and where they go."""

    key: str
    name: str
    table: str
    tables: tuple[str, ...]
    records: str
    definition: CustomField
    kind: FieldType
    value_sql: str

    def insert_sql(self, *, whole: bool) -> str:
        """Rows for the ``whole`` of the records, or for those with ``%(ids)s``."""
        kind = self.kind
        chosen = "o.tenant_id = %(tenant)s" + ("" if whole else " AND o.id = ANY(%(ids)s::uuid[])")
        if kind.index in SETS:
            values = self.value_sql if kind.many else f"array_remove(ARRAY[{self.value_sql}], NULL)"
            return (
                f"INSERT INTO {self.table} (tenant_id, record_id, field, value)"
                f" SELECT DISTINCT o.tenant_id, o.id, %(field)s::text, e.value FROM {self.records} o, unnest({values}) e(value)"
                f" WHERE {chosen}"
            )
        return (
            f"INSERT INTO {self.table} (tenant_id, record_id, field, value, is_unique)"
            f" SELECT o.tenant_id, o.id, %(field)s::text, {kind.indexed_sql(self.value_sql)}, %(is_unique)s::boolean"
            f" FROM {self.records} o WHERE {chosen}"
        )

    def delete_sql(self, table: str, *, whole: bool) -> str:
        chosen = "" if whole else " AND v.record_id = ANY(%(ids)s::uuid[])"
        return f"DELETE FROM {table} v WHERE v.tenant_id = %(tenant)s AND v.field = %(field)s{chosen}"


def _field(
    key: str, definition: CustomField, column: ComputedColumn | None, stored: str, *, was_converted: bool
) -> _Field:
    """``stored`` is the name under which the field's values are stored."""
    record_type, name = split_field_key(key)
    kind = column.type if column is not None else field_type(definition.type)
    value_sql = column.expression("o") if column is not None else kind.stored_sql("o.custom", stored)
    # Empty where there is none, and rows of another type that go.
    table = index_table(record_type, kind) or ""
    # Of a computed field that was archived, nothing tells any more of which type its result was; nor of what a converted one was.
    tables = all_tables(record_type) if definition.is_computed or was_converted else (table,)
    return _Field(key, name, table, tables, RECORDS[record_type], definition, kind, value_sql)


def _stored(tx: Transaction, key: str) -> str:
    return stored_name(split_field_key(key)[1], is_swapped=key in tx.config.swapped_fields)


def _computed(tx: Transaction, key: str) -> ComputedColumn | None:
    record_type, name = split_field_key(key)
    found = tx.config.own.get(record_type, {}).get(name)
    return found if isinstance(found, ComputedColumn) else None


async def follow(tx: Transaction, changes: Sequence[FieldChange]) -> None:
    """See to the index rows of fields whose flags were changed, at once or by a job.

    Nothing else may write records of the tenant meanwhile. Raises :class:`InvalidInput` for values that cannot be indexed and, of
    no more than :data:`AT_ONCE` records, for those that are not unique, naming some.
    """
    for change in changes:
        definition = change.after if change.after is not None and change.after.is_indexed else change.before
        assert definition is not None
        column, stored = change.column or _computed(tx, change.key), change.stored or _stored(tx, change.key)
        field = _field(change.key, definition, column, stored, was_converted=bool(change.stored))
        count = await _count(tx, field)
        if not _is_indexed(change.after):
            await _end(tx, field, count)
            continue
        await _refuse_values(tx, field, count)
        if count > AT_ONCE:
            await _by_job(tx, field, BUILDING)
        else:
            await _rewrite(tx, field, None)
            await _set_state(tx, field.key, READY, count)


async def _count(tx: Transaction, field: _Field) -> int:
    row = await tx.fetch_one(
        f"SELECT count(*) AS found FROM (SELECT 1 FROM {field.records} WHERE tenant_id = %(tenant)s LIMIT %(most)s::integer) o",
        most=AT_ONCE + 1,
    )
    return row["found"] if row else 0


async def _end(tx: Transaction, field: _Field, count: int) -> None:
    if count > AT_ONCE:
        await _by_job(tx, field, REMOVING)
        return
    await _delete(tx, field, None)
    await tx.execute("DELETE FROM field_indexes WHERE tenant_id = %(tenant)s AND field = %(key)s", key=field.key)


async def _refuse_values(tx: Transaction, field: _Field, count: int) -> None:
    """Raise for values too long for an index, and, of few records, for those that are there twice though they are to be unique."""
    path = ("field", field.key)
    if field.kind.index == TEXTS:
        long = await tx.fetch_one(
            f"SELECT max(length({field.kind.indexed_sql(field.value_sql)})) AS longest FROM {field.records} o WHERE o.tenant_id = %(tenant)s"
        )
        if long and (long["longest"] or 0) > LONGEST_TEXT:
            data = {"length": long["longest"], "longest": LONGEST_TEXT}
            raise InvalidInput([FieldError((*path, "indexed"), "config.too_long_to_index", data)])
    if field.definition.unique and count <= AT_ONCE:
        double = await tx.fetch_all(
            f"SELECT ({field.value_sql})::text AS value, count(*) AS found FROM {field.records} o WHERE o.tenant_id = %(tenant)s"
            f" AND {field.value_sql} IS NOT NULL GROUP BY {field.value_sql} HAVING count(*) > 1 ORDER BY 2 DESC, 1 LIMIT {NAMED}"
        )
        if double:
            named = ", ".join(f"{row['value']} ({row['found']})" for row in double)
            raise _not_unique(field, named if tx.access.reads_all() else "…")


def _not_unique(field: _Field, named: str) -> InvalidInput:
    return InvalidInput.at(("field", field.key, "unique"), "config.not_unique", key=field.key, values=named)


async def _delete(tx: Transaction, field: _Field, ids: list[UUID] | None) -> None:
    for table in field.tables:
        await tx.execute(field.delete_sql(table, whole=ids is None), field=field.name, ids=ids)


async def _rewrite(tx: Transaction, field: _Field, ids: list[UUID] | None) -> None:
    """The rows of the records with these ids, of all where it is None, as their values and the field's flags are now."""
    await _delete(tx, field, ids)
    scope: dict[str, Any] = {"field": field.name, "ids": ids, "is_unique": field.definition.unique}
    await tx.execute(field.insert_sql(whole=ids is None), **scope)


async def _claim(tx: Transaction, field: _Field, ids: list[UUID]) -> None:
    """The rows of these records, each the only one with its value. Raises :class:`InvalidInput` where another has it already."""
    await _delete(tx, field, ids)
    double = await tx.fetch_all(
        f"WITH made AS ({field.insert_sql(whole=False)}"
        " ON CONFLICT (tenant_id, field, value) WHERE is_unique DO NOTHING RETURNING record_id)"
        f" SELECT DISTINCT ({field.value_sql})::text AS value FROM {field.records} o WHERE o.tenant_id = %(tenant)s"
        " AND o.id = ANY(%(ids)s::uuid[]) AND NOT EXISTS (SELECT FROM made WHERE record_id = o.id)"
        f" ORDER BY 1 LIMIT {MOST_NAMED}",
        field=field.name,
        ids=ids,
        is_unique=True,
    )
    if double:
        raise _not_unique(field, ", ".join(row["value"] for row in double))


async def _set_state(tx: Transaction, key: str, state: str, total: int) -> UUID:
    """Where an index stands of which nothing more than its state is known: nothing is done yet, or all is."""
    row = await tx.fetch_one(
        "INSERT INTO field_indexes (tenant_id, id, field, state, total, done)"
        " VALUES (%(tenant)s, %(id)s, %(key)s, %(state)s, %(total)s, %(done)s)"
        " ON CONFLICT (tenant_id, field) DO UPDATE"
        " SET state = excluded.state, through = NULL, total = excluded.total, done = excluded.done RETURNING id",
        id=new_id(),
        key=key,
        state=state,
        total=total,
        done=total if state == READY else 0,
    )
    assert row is not None
    return UUID(str(row["id"]))


async def _by_job(tx: Transaction, field: _Field, state: str) -> None:
    row = await tx.fetch_one(f"SELECT count(*) AS found FROM {field.records} WHERE tenant_id = %(tenant)s")
    index_id = await _set_state(tx, field.key, state, row["found"] if row else 0)
    await jobs.add(tx, jobs.FIELD_INDEX, index_id)


async def next_batch(tx: Transaction, index_id: UUID) -> bool:
    """Do one batch of an index's work. True while there is more to do.

    The last one gives the tenant a new version of its configuration, so that lists are read by the index from then on. Raises
    :class:`InvalidInput` for values of a field that is to be unique which several records have, naming those it met.
    """
    index = await tx.fetch_one(
        "SELECT id, field, state, through, done, EXISTS (SELECT FROM field_conversions c"
        " WHERE c.tenant_id = i.tenant_id AND c.field = i.field) AS was_converted"
        " FROM field_indexes i WHERE tenant_id = %(tenant)s AND id = %(id)s FOR UPDATE",
        id=index_id,
    )
    definition = tx.config.definitions["field"].get(index["field"]) if index else None
    if index is None or index["state"] == READY or not isinstance(definition, CustomField):
        return False
    key = index["field"]
    column, stored = _computed(tx, key), _stored(tx, key)
    field = _field(key, definition, column, stored, was_converted=index["was_converted"])
    ids = await _next_ids(tx, field, index["through"])
    if index["state"] == REMOVING:
        await _delete(tx, field, ids)
    elif field.definition.unique:
        await _claim(tx, field, ids)
    else:
        await _rewrite(tx, field, ids)
    done = index["done"] + len(ids)
    if len(ids) == BATCH:
        await tx.update("field_indexes", ("through", "done"), {"id": index_id, "through": ids[-1], "done": done})
        return True
    if index["state"] == REMOVING:
        await tx.execute("DELETE FROM field_indexes WHERE tenant_id = %(tenant)s AND id = %(id)s", id=index_id)
    else:
        await _set_state(tx, field.key, READY, done)
        await tx.execute("UPDATE tenants SET config_version = config_version + 1 WHERE id = %(tenant)s")
    return False


async def field_of(tx: Transaction, index_id: UUID) -> str | None:
    """The key of an index's field; None when there is no such index any more."""
    row = await tx.fetch_one(
        "SELECT field FROM field_indexes WHERE tenant_id = %(tenant)s AND id = %(id)s", id=index_id
    )
    return row["field"] if row else None


async def _next_ids(tx: Transaction, field: _Field, through: UUID | None) -> list[UUID]:
    # Locked, so that no save of these records goes unseen; in the order of all who lock several.
    rows = await tx.fetch_all(
        f"SELECT id FROM {field.records} WHERE tenant_id = %(tenant)s AND (%(through)s::uuid IS NULL OR id > %(through)s::uuid)"
        f" ORDER BY id LIMIT {BATCH} FOR NO KEY UPDATE",
        through=through,
    )
    return [row["id"] for row in rows]
