"""The one save path: every change of a record, whoever makes it, is written here and nowhere else.

It writes the row and the rows that belong to it, gives the record its next version, derives the history entry from what
really changed, chains it to the one before, and lets the automations decide, all in the caller's transaction.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson

from tenants.field_values.keeping import keep_indexed
from tenants.names import camel
from tenants.problems import Conflict, NotFound
from tenants.quotas import require_room
from tenants.search_texts import put
from tenants.transaction import Transaction, new_id
from tenants.triggers import decide

Row = dict[str, Any]
CREATED, UPDATED, STATUS_CHANGED, VOIDED = "created", "updated", "status_changed", "voided"

# Kept up by the save path itself; a change of these alone is no change.
_BOOKKEEPING = frozenset({"tenant_id", "id", "version", "created_at", "updated_at", "search_text"})


@dataclass(frozen=True, slots=True)
class Child:
    """A table whose rows belong to a record: where they hang, and under which name the history speaks of them."""

    name: str
    table: str
    parent: str


@dataclass(frozen=True, slots=True)
class Aggregate:
    """What is saved together: a record's row and its children."""

    record_type: str
    table: str
    children: tuple[Child, ...] = ()


ORDER = Aggregate("order", "orders", (Child("lines", "order_lines", "order_id"),))
CUSTOMER = Aggregate(
    "customer",
    "customers",
    (Child("contacts", "contact_points", "customer_id"), Child("addresses", "addresses", "customer_id")),
)
PRODUCT = Aggregate("product", "products")


@dataclass(slots=True)
class Record:
    """A record as it stands: its row, and the rows of its children by child name."""

    row: Row
    children: dict[str, list[Row]] = field(default_factory=dict)

    def copy(self) -> "Record":
        return Record(dict(self.row), {name: [dict(row) for row in rows] for name, rows in self.children.items()})


async def load(
    tx: Transaction, aggregate: Aggregate, record_id: UUID | None, expected: int | None = None, *, whole: bool = True
) -> Record:
    """The record, locked until the transaction ends; without its children where not the ``whole`` of it matters.

    Raises :class:`NotFound`, and :class:`Conflict` when it is no longer the ``expected`` version.
    """
    record = None
    if record_id is not None:
        ahead = tx.loaded.pop(record_id, None)
        record = ahead or (await _load_all(tx, aggregate, [record_id], whole=whole)).get(record_id)
    if record is None:
        raise NotFound(aggregate.record_type, record_id)
    if expected is not None and expected != record.row["version"]:
        raise stale(aggregate, record.row, expected)
    return record


async def load_ahead(tx: Transaction, aggregate: Aggregate, record_ids: Sequence[UUID]) -> None:
    """Load and lock many records at once, for commands of this transaction that will each change one of them, once."""
    for record_id, record in (await _load_all(tx, aggregate, record_ids)).items():
        tx.loaded[record_id] = record


async def _load_all(
    tx: Transaction, aggregate: Aggregate, ids: Sequence[UUID], *, whole: bool = True
) -> dict[UUID, Record]:
    # A single one is asked for by equality: PostgreSQL would plan a list of ids anew for each call.
    test, scope = ("= %(id)s", {"id": ids[0]}) if len(ids) == 1 else ("= ANY(%(ids)s)", {"ids": list(ids)})
    kinds = aggregate.children if whole else ()
    # Locked in the order of their ids, so that two who want the same records never wait for one another.
    statements = [
        f"SELECT * FROM {aggregate.table} WHERE tenant_id = %(tenant)s AND id {test} ORDER BY id FOR UPDATE",  # noqa: S608
        *(
            f"SELECT * FROM {child.table} WHERE tenant_id = %(tenant)s AND {child.parent} {test} ORDER BY position, id"  # noqa: S608
            for child in kinds
        ),
    ]
    rows, *children = await tx.fetch_each(*((sql, scope) for sql in statements))
    found = {row["id"]: Record(row, {child.name: [] for child in kinds}) for row in rows}
    for child, entries in zip(kinds, children, strict=True):
        for entry in entries:
            found[entry[child.parent]].children[child.name].append(entry)
    return found


def stale(aggregate: Aggregate, row: Row, expected: int) -> Conflict:
    """The refusal of a change that was made against an older version; it points at the current one."""
    return Conflict(
        "stale_version",
        current=(aggregate.record_type, row["id"], row["version"]),
        type=aggregate.record_type,
        expected=expected,
        actual=row["version"],
    )


async def save(
    tx: Transaction, aggregate: Aggregate, before: Record | None, after: Record, kind: str, note: str | None = None
) -> bool:
    """Write what changed from ``before`` (None: a new record) to ``after``. False when nothing did, and nothing is written.

    ``after.row`` gets its version and times. ``kind`` and ``note`` go into the history.
    """
    if before is None:
        require_room(tx.config, aggregate.record_type)
    changes = _changes(aggregate, before, after)
    if before is not None and not changes:
        return False
    row = after.row
    row["version"] = 1 if before is None else before.row["version"] + 1
    row["updated_at"] = tx.now
    if before is None:
        row["created_at"] = tx.now
        await tx.insert(aggregate.table, row)
    else:
        await _update(tx, aggregate.table, [(before.row, row)])
    for child in aggregate.children:
        old = before.children.get(child.name, []) if before else []
        await _save_children(tx, child, row["id"], old, after.children.get(child.name, []))
    await put(tx, aggregate.record_type, before.row if before else None, row)
    await keep_indexed(tx, aggregate.record_type, row["id"], before.row["custom"] if before else None, row["custom"])
    event = await _record_event(tx, aggregate, row, kind, changes, note)
    await decide(tx, aggregate.record_type, before.row if before else None, row, event)
    return True


async def _update(tx: Transaction, table: str, pairs: Iterable[tuple[Row, Row]]) -> None:
    """Write what differs between the old and the new rows: the same columns of all those that changed."""
    rows, columns = [], dict[str, None]()
    for old, new in pairs:
        changed = [name for name, value in new.items() if name not in old or old[name] != value]
        if changed:
            rows.append(new)
            columns.update(dict.fromkeys(changed))
    await tx.update(table, tuple(columns), *rows)


async def _save_children(tx: Transaction, child: Child, parent_id: UUID, before: list[Row], after: list[Row]) -> None:
    known = {row["id"]: row for row in before}
    kept = {row["id"] for row in after}
    await tx.delete(child.table, *({"id": row_id} for row_id in known if row_id not in kept))
    await _update(tx, child.table, [(known[row["id"]], row) for row in after if row["id"] in known])
    await tx.insert(child.table, *({**row, child.parent: parent_id} for row in after if row["id"] not in known))


def _changes(aggregate: Aggregate, before: Record | None, after: Record) -> list[Row]:
    old_row = before.row if before else {}
    changes = list(_row_changes("", old_row, after.row))
    for child in aggregate.children:
        old = {row["id"]: row for row in (before.children.get(child.name, []) if before else [])}
        new = {row["id"]: row for row in after.children.get(child.name, [])}
        if before is None:
            # What a new record began with is kept whole: a later reader needs no arithmetic to see it.
            changes.extend({"field": child.name, "old": None, "new": _shown(child, row)} for row in new.values())
            continue
        for row_id in (*old, *(row_id for row_id in new if row_id not in old)):
            if row_id not in new:
                changes.append({"field": child.name, "old": _shown(child, old[row_id]), "new": None})
            elif row_id not in old:
                changes.append({"field": child.name, "old": None, "new": _shown(child, new[row_id])})
            else:
                changes.extend(_row_changes(f"{child.name}.{old[row_id]['position']}.", old[row_id], new[row_id]))
    return changes


def _row_changes(prefix: str, before: Row, after: Row) -> Iterable[Row]:
    for name, value in after.items():
        old = before.get(name)
        if name in _BOOKKEEPING or old == value:
            continue
        if name == "custom":
            yield from _custom_changes(prefix, old or {}, value)
        elif value not in ("", [], None) or old not in ("", [], None):
            yield {"field": f"{prefix}{camel(name)}", "old": _plain(old), "new": _plain(value)}


def _custom_changes(prefix: str, before: Row, after: Row) -> Iterable[Row]:
    for key in dict.fromkeys((*before, *after)):
        if before.get(key) != after.get(key):
            yield {"field": f"{prefix}custom.{key}", "old": before.get(key), "new": after.get(key)}


def _shown(child: Child, row: Row) -> Row:
    hidden = {"tenant_id", child.parent}
    return {camel(name): _plain(value) for name, value in row.items() if name not in hidden and value not in ("", None)}


def _plain(value: Any) -> Any:
    convert = _AS_JSON.get(type(value))
    return convert(value) if convert else value


_AS_JSON: Mapping[type, Callable[[Any], str]] = {
    Decimal: lambda value: format(value, "f"),
    datetime: datetime.isoformat,
    UUID: str,
}


async def _record_event(
    tx: Transaction, aggregate: Aggregate, row: Row, kind: str, changes: list[Row], note: str | None
) -> Mapping[str, Any]:
    event = {
        "id": new_id(),
        "kind": kind,
        "record_type": aggregate.record_type,
        "record_id": row["id"],
        "record_version": row["version"],
        "at": tx.now,
        "actor_kind": tx.actor.kind,
        "actor_id": tx.actor.id,
        "actor_name": tx.actor.name,
        "cause_id": tx.actor.cause_id,
        "depth": tx.actor.depth,
        "note": note,
    }
    content = event_content(event, changes)
    if row["version"] == 1:
        await tx.insert("events", {**event, "changes": changes, "hash": chained_hash(b"", content)})
    else:
        # An earlier entry of this record has been sent: its row was changed with it, and no row waits to be changed twice.
        await tx.insert("events", {**event, "changes": changes, "hash": content}, computed={"hash": _CHAINED})
    tx.events.append(event)
    return {**event, "changes": changes}


# The hash that follows the one before; the row brings the content in the hash's place. The entry before is asked for by order, so
# that no planner takes another index for as good while the table is young.
_CHAINED = """
sha256(coalesce((SELECT e.hash FROM events e
                 WHERE e.tenant_id = %(tenant)s::uuid AND e.record_type = r.record_type AND e.record_id = r.record_id
                   AND e.record_version < r.record_version
                 ORDER BY e.record_version DESC LIMIT 1), ''::bytea) || r.hash)
"""


def event_content(event: Mapping[str, Any], changes: list[Row]) -> bytes:
    """What an entry's hash is taken over, beside the hash of the entry before: all of it, as JSON with sorted keys."""
    names = ("id", "kind", "record_type", "record_id", "record_version", "actor_kind", "actor_id", "actor_name")
    content = {name: _plain(event[name]) for name in (*names, "cause_id", "depth", "note")}
    return orjson.dumps({**content, "at": event["at"].isoformat(), "changes": changes}, option=orjson.OPT_SORT_KEYS)


def chained_hash(previous: bytes, content: bytes) -> bytes:
    """The hash of an entry that follows one with the hash ``previous`` (empty for the first)."""
    return hashlib.sha256(previous + content).digest()
