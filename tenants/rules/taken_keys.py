"""Values that only one record may have, by a key of the product or of a field of the company's own: those that another has are told
before anything is written, with all else that is wrong. Between two who come at once the database decides."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from tenants.aggregates import Aggregate, Record
from tenants.field_values.rows import index_values
from tenants.field_values.taken import held_statement
from tenants.forms import Form
from tenants.problems import FieldError
from tenants.transaction import UNIQUE_KEYS, Transaction

# Nobody gives an order its number.
_COUNTED = ("orders", "number")


class _Key(NamedTuple):
    """A value of a built-in key that a change gives a record: where it stands, and how its input is called."""

    table: str
    column: str
    value: str
    name: str

    @property
    def place(self) -> tuple[str, str, str]:
        return self.table, self.column, self.value


async def taken_keys(
    tx: Transaction, aggregate: Aggregate, before: Record | None, after: Record, form: Form
) -> list[FieldError]:
    """What is wrong with the values that a change gives a record and another record has. One round trip where there are such values
    that ``tx.holders`` does not know of."""
    failed = {error.path for error in form.errors}
    keys = [key for key in _changed(aggregate, before, after) if (*form.path, key.name) not in failed]
    errors = [_taken(form, key) for key in keys if tx.holders.get(key.place) not in (None, after.id)]
    asked = [key for key in keys if key.place not in tx.holders]
    statements: list[tuple[str, dict[str, Any]]] = [
        (
            f"SELECT FROM {key.table} WHERE tenant_id = %(tenant)s AND {key.column} = %(value)s AND id <> %(id)s",
            {"value": key.value, "id": after.id},
        )
        for key in asked
    ]
    told = [_taken(form, key) for key in asked]
    known = before.row["custom"] if before else None
    for value in index_values(tx.config, aggregate.record_type, after.id, after.row["custom"], known):
        path = (*form.path, "custom", value.field)
        if value.is_unique and path not in failed:
            statements.append(held_statement(value.table, [value]))
            told.append(FieldError(path, "value.taken", {"value": value.stored}))
    if statements:
        found = await tx.fetch_each(*statements)
        errors += [error for error, rows in zip(told, found, strict=True) if rows]
    return errors


def hold_keys(tx: Transaction, aggregate: Aggregate, before: Record | None, after: Record) -> None:
    """Keep ``tx.holders`` true, where it knows of the keys of a record that will be written."""
    if tx.holders:
        for key in _changed(aggregate, before, after):
            tx.holders[key.place] = after.id
        for key in _changed(aggregate, after, before) if before else ():
            tx.holders[key.place] = None


def _changed(aggregate: Aggregate, before: Record | None, after: Record) -> Iterator[_Key]:
    """The keys that a record has after a change, and did not have before."""
    for table, column, name in UNIQUE_KEYS.values():
        if table == aggregate.table and (table, column) != _COUNTED:
            value = after.row.get(column)
            if value and (before is None or before.row[column] != value):
                yield _Key(table, column, value, name)


def _taken(form: Form, key: _Key) -> FieldError:
    return FieldError((*form.path, key.name), "value.taken", {"value": key.value})
