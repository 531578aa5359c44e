"""Asking conditions of a record that is not written yet.

What the row alone decides is decided here. Whatever looks further is asked of PostgreSQL, in one statement, which sees the record
and its children as they will be, and every other record as it is.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from psycopg.types.json import Json

from tenants.aggregates import ORDER, Aggregate, Record, Row
from tenants.conditions import Condition, SqlContext
from tenants.field_values.slots import turned
from tenants.occasion import Occasion
from tenants.reading.plan import Parameters
from tenants.transaction import Transaction
from tenants.writes import as_rows


class Draft(NamedTuple):
    """A record as it will be."""

    aggregate: Aggregate
    record: Record


class Verdicts:
    """What conditions say of a draft. ``beside`` are other records that are written with it."""

    def __init__(self, tx: Transaction, draft: Draft, beside: Sequence[Draft] = ()) -> None:
        self._tx = tx
        self._draft = draft
        self._beside = beside
        self._occasion = Occasion(tx.now, tx.caller.member_id)
        self._known: dict[int, bool] = {}

    async def ask(self, conditions: Sequence[Condition]) -> None:
        """Find out what they say, those that look beyond the row in one round trip."""
        row = written_row(self._tx, self._draft)
        far = []
        for condition in conditions:
            if condition.is_local:
                self._known[id(condition)] = condition.matches(row, self._occasion)
            else:
                far.append(condition)
        if far:
            found = await self._look_up(far)
            self._known.update({id(condition): found[f"v{place}"] for place, condition in enumerate(far)})

    def __getitem__(self, condition: Condition) -> bool:
        """What a condition says that was asked before."""
        return self._known[id(condition)]

    async def _look_up(self, conditions: Sequence[Condition]) -> Row:
        parameters = Parameters()
        context = SqlContext(parameters)
        tests = ", ".join(
            f"coalesce(({condition.sql('t0', context)}), FALSE) AS v{place}"
            for place, condition in enumerate(conditions)
        )
        given: dict[str, Any] = {}
        shadows = ", ".join(self._shadows(given))
        (found,) = await self._tx.fetch_all(
            f"WITH {shadows} SELECT {tests} FROM {self._draft.aggregate.table} t0"  # noqa: S608  (SQL of ours; values are parameters)
            " WHERE t0.tenant_id = %(tenant)s AND t0.id = %(judged)s",
            judged=self._draft.record.id,
            **given,
            **parameters.values(self._occasion),
        )
        return found

    def _shadows(self, given: dict[str, Any]) -> Iterator[str]:
        """Each table with the rows of the drafts in place of those that it has of them."""
        for place, draft in enumerate((self._draft, *self._beside)):
            given[f"id{place}"] = draft.record.id
            row = turned(self._tx.config.swapped, draft.aggregate.record_type, written_row(self._tx, draft))
            given[f"row{place}"] = as_rows([row])
            yield _shadow(draft.aggregate.table, "id", f"id{place}", f"row{place}", one=True)
            for number, child in enumerate(draft.aggregate.children):
                name = f"rows{place}_{number}"
                entries = draft.record.children[child.name]
                given[name] = _children(self._tx.tenant_id, draft.record.id, child.parent, entries)
                yield _shadow(child.table, child.parent, f"id{place}", name, one=len(entries) == 1)


def _shadow(table: str, key: str, known: str, rows: str, *, one: bool) -> str:
    function = "json_populate_record" if one else "json_populate_recordset"
    return (
        f"{table} AS NOT MATERIALIZED (SELECT * FROM {table} WHERE tenant_id = %(tenant)s AND {key} <> %({known})s"  # noqa: S608  (SQL of ours; values are parameters)
        f" UNION ALL SELECT * FROM {function}(NULL::{table}, %({rows})s::json))"
    )


def written_row(tx: Transaction, draft: Draft) -> Row:
    """The record's row as it will be written."""
    row = {"tenant_id": tx.tenant_id, "version": 1, "created_at": tx.now, "updated_at": tx.now, **draft.record.row}
    total = row.get("total")
    if draft.aggregate is ORDER and isinstance(total, Decimal):
        # PostgreSQL fills it in when the row is written.
        row["total_rank"] = float(total)
    return row


def _children(tenant_id: UUID, parent_id: UUID, parent: str, entries: Sequence[Row]) -> Json:
    return as_rows([{**entry, "tenant_id": tenant_id, parent: parent_id} for entry in entries])
