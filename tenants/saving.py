"""The one save path: every change of a record, whoever makes it, is written here and nowhere else.

It writes the row and the rows that belong to it, gives the record its next version, derives the history entry from what
really changed, chains it to the one before, and lets the automations decide, all in the caller's transaction.
"""

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson

from tenants.aggregates import CREATED, UPDATED, Aggregate, Child, Record, Row, Settled
from tenants.computed.indexing import follows, keep_computed
from tenants.conditions import row_tests
from tenants.field_values.keeping import keep_indexed, note_converting
from tenants.field_values.slots import turned
from tenants.files.attaching import keep_attached
from tenants.names import camel
from tenants.occasion import Occasion
from tenants.problems import Conflict, InvalidInput, NotAllowed, NotFound
from tenants.quotas import require_room
from tenants.rules.book import rules_for
from tenants.rules.claims import TABLE
from tenants.search_texts import put
from tenants.transaction import Transaction, new_id
from tenants.triggers import decide, judges

# Kept up by the save path itself; a change of these alone is no change.
_BOOKKEEPING = frozenset(
    {
        *("tenant_id", "id", "version", "created_at", "updated_at", "search_text"),
        *("status_since", "status_due_at", "life_cycle_version"),
    }
)
_KEPT_UP = frozenset({"version", "updated_at"})
_ABSENT = object()
# Whoever may create or change some records alone leaves them among these. A step may lead out of those that it can be taken on.
_KEPT_WITHIN = {CREATED: "create", UPDATED: "update"}


async def load(
    tx: Transaction,
    aggregate: Aggregate,
    record_id: UUID | None,
    expected: int | None = None,
    *,
    step: str | None = None,
    rights: Sequence[str] = (),
) -> Record:
    """The record, locked until the transaction ends. For a ``step`` of its life, a kind of event, it comes without its children,
    and with no more of its row than the aggregate's ``standing`` where no automation judges it by more and no computed field is
    worked out from it; where there are rules, it comes whole.

    Raises :class:`NotAllowed` for who may read no such records, or for one that is none of those that the ``rights`` are of,
    :class:`NotFound` for one that is not there for the caller, and :class:`Conflict` when it is no longer the ``expected`` version.
    """
    tx.access.require(f"{aggregate.record_type}.read")
    record = None
    if record_id is not None:
        ahead = tx.loaded.pop(record_id, None)
        record = ahead or (await _load_all(tx, aggregate, [record_id], step)).get(record_id)
    if record is None:
        raise NotFound(aggregate.record_type, record_id)
    for right in rights:
        await require_row(tx, aggregate, record.id, right)
    if expected is not None and expected != record.row["version"]:
        raise stale(aggregate, record.row, expected)
    return record


async def require_row(tx: Transaction, aggregate: Aggregate, record_id: UUID, right: str) -> None:
    """Raise :class:`NotAllowed`, naming the roles that hold the right of all records, for one that is none of the right's as it stands."""
    if not await is_row_of(tx, aggregate, record_id, right):
        raise NotAllowed(right, tx.access.policy.full_holders(right), "not_allowed_here")


async def is_row_of(tx: Transaction, aggregate: Aggregate, record_id: UUID, right: str) -> bool:
    """Whether a record is one of those that the caller has the right of, as it stands."""
    return right in await rights_of_row(tx, aggregate, record_id, (right,))


async def rights_of_row(
    tx: Transaction, aggregate: Aggregate, record_id: UUID, rights: Collection[str]
) -> frozenset[str]:
    """Those of the rights, which the caller has of some records, that they have of this one, as it stands."""
    tests = row_tests(tx.config, tx.access)
    asked = {right: test for right in rights if tests and (test := tests.test(right, "t0"))}
    if not asked or tests is None:
        return frozenset(rights)
    columns = ", ".join(f"{test} AS is_{place}" for place, test in enumerate(asked.values()))
    found = await tx.fetch_one(
        f"SELECT {columns} FROM {aggregate.table} t0 WHERE t0.tenant_id = %(tenant)s AND t0.id = %(id)s",  # noqa: S608  (SQL of ours; values are parameters)
        id=record_id,
        **tests.values(Occasion(tx.now, tx.caller.member_id)),
    )
    missing = {right for place, right in enumerate(asked) if not (found and found[f"is_{place}"])}
    return frozenset(rights) - missing


async def load_ahead(tx: Transaction, aggregate: Aggregate, record_ids: Sequence[UUID]) -> None:
    """Load and lock many records at once, for commands of this transaction that will each change one of them, once."""
    for record_id, record in (await _load_all(tx, aggregate, record_ids)).items():
        tx.loaded[record_id] = record


async def _load_all(
    tx: Transaction, aggregate: Aggregate, ids: Sequence[UUID], step: str | None = None
) -> dict[UUID, Record]:
    # A single one is asked for by equality: PostgreSQL would plan a list of ids anew for each call.
    test, scope = ("= %(id)s", {"id": ids[0]}) if len(ids) == 1 else ("= ANY(%(ids)s)", {"ids": list(ids)})
    has_rules = rules_for(tx.config, aggregate.record_type) is not None
    is_looked_at = has_rules or follows(tx.config, aggregate.record_type)
    is_standing = step is not None and not is_looked_at and not judges(tx.config, aggregate.record_type, step)
    kinds = aggregate.children if step is None or has_rules else ()
    columns = ", ".join(aggregate.standing) if is_standing else "*"
    tests = row_tests(tx.config, tx.access)
    seen = tests.test(f"{aggregate.record_type}.read", aggregate.table) if tests else ""
    if tests and seen:
        seen, scope = f" AND {seen}", {**scope, **tests.values(Occasion(tx.now, tx.caller.member_id))}
    # Locked in the order of their ids, so that two who want the same records never wait for one another.
    statements = [
        f"SELECT {columns} FROM {aggregate.table} WHERE tenant_id = %(tenant)s AND id {test}{seen} ORDER BY id FOR UPDATE",  # noqa: S608  (SQL of ours; values are parameters)
        *(
            f"SELECT * FROM {child.table} WHERE tenant_id = %(tenant)s AND {child.parent} {test} ORDER BY position, id"  # noqa: S608  (SQL of ours; values are parameters)
            for child in kinds
        ),
    ]
    rows, *children = await tx.fetch_each(*((sql, scope) for sql in statements))
    found = {
        row["id"]: Record(turned(tx.config.swapped, aggregate.record_type, row), {child.name: [] for child in kinds})
        for row in rows
    }
    for child, entries in zip(kinds, children, strict=True):
        for entry in entries:
            # Those of records that are not there for the caller are left alone.
            if entry[child.parent] in found:
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


async def save(tx: Transaction, settled: Settled, kind: str, note: str | None = None) -> bool:
    """Write what a settled change changed. False when nothing did, and nothing is written.

    The row after it gets its version and times. ``kind`` and ``note`` go into the history. Raises :class:`NotAllowed` and
    :class:`InvalidInput` for a record that is then none of those that the caller may create or change so: what was written must not stay.
    """
    aggregate, before, after = settled.aggregate, settled.before, settled.after
    row = after.row
    if before is None:
        require_room(tx.caller.tenant, aggregate.record_type)
        changes = _beginning(aggregate, after)
        row.update(version=1, created_at=tx.now, updated_at=tx.now)
        await tx.insert(aggregate.table, turned(tx.config.swapped, aggregate.record_type, row))
        for child in aggregate.children:
            await _insert_children(tx, child, row["id"], after.children.get(child.name, ()))
    else:
        differing = _differing(before.row, row)
        changes = _changes(aggregate, before, after, differing)
        if not changes:
            return False
        row.update(version=before.row["version"] + 1, updated_at=tx.now)
        written = turned(tx.config.swapped, aggregate.record_type, row)
        await tx.update(aggregate.table, (*differing, "version", "updated_at"), written)
        for child in aggregate.children if before.children else ():
            await _save_children(
                tx, child, row["id"], before.children.get(child.name, []), after.children.get(child.name, [])
            )
    # Of a record that takes a step, neither was loaded.
    if "search_text" in row:
        await put(tx, aggregate.record_type, before.row if before else None, row)
    if "custom" in row:
        known = before.row["custom"] if before else None
        await keep_indexed(tx, aggregate.record_type, row["id"], known, row["custom"])
        await keep_attached(tx, aggregate.record_type, row["id"], known, row["custom"])
        await note_converting(tx, aggregate.record_type, row["id"], known, row["custom"])
    for unique in settled.unique:
        if unique.had:
            await tx.delete(TABLE, {"record_id": row["id"], "rule": unique.rule})
        await tx.insert(TABLE, *(claim.row for claim in unique.claims))
        tx.claims.extend(unique.claims)
    keep_computed(tx, settled)
    event = await _record_event(tx, aggregate, row, kind, changes, note)
    await decide(tx, aggregate.record_type, before.row if before else None, row, event)
    if tx.access.rows and kind in _KEPT_WITHIN:
        await require_row(tx, aggregate, row["id"], f"{aggregate.record_type}.{_KEPT_WITHIN[kind]}")
    if settled.in_part and kind in _KEPT_WITHIN:
        held = await rights_of_row(tx, aggregate, row["id"], settled.in_part.keys())
        errors = [error for right, found in settled.in_part.items() if right not in held for error in found]
        if errors:
            raise InvalidInput(errors)
    return True


async def note_change(tx: Transaction, aggregate: Aggregate, record: Record, change: Row) -> None:
    """Write down a change of what belongs to a record that was loaded whole, beside its row and its children."""
    before, row = record.row, {**record.row, "version": record.row["version"] + 1, "updated_at": tx.now}
    written = turned(tx.config.swapped, aggregate.record_type, row)
    await tx.update(aggregate.table, ("version", "updated_at"), written)
    event = await _record_event(tx, aggregate, row, UPDATED, [change], None)
    await decide(tx, aggregate.record_type, before, row, event)


def _differing(before: Row, after: Row) -> list[str]:
    """The columns whose values are not the same, but for those that the save path keeps up itself."""
    return [
        name
        for name, value in after.items()
        if (old := before.get(name, _ABSENT)) is not value and old != value and name not in _KEPT_UP
    ]


async def _save_children(tx: Transaction, child: Child, parent_id: UUID, before: list[Row], after: list[Row]) -> None:
    known = {row["id"]: row for row in before}
    kept = {row["id"] for row in after}
    await tx.delete(child.table, *({"id": row_id} for row_id in known if row_id not in kept))
    # The same columns of all that changed.
    rows, columns = [], dict[str, None]()
    for row in after:
        if row["id"] in known and (differing := _differing(known[row["id"]], row)):
            rows.append(row)
            columns.update(dict.fromkeys(differing))
    await tx.update(child.table, tuple(columns), *rows)
    await _insert_children(tx, child, parent_id, [row for row in after if row["id"] not in known])


async def _insert_children(tx: Transaction, child: Child, parent_id: UUID, new: Iterable[Row]) -> None:
    await tx.insert(child.table, *({**row, child.parent: parent_id} for row in new))


def _beginning(aggregate: Aggregate, after: Record) -> list[Row]:
    """What a new record began with is kept whole: a later reader needs no arithmetic to see it."""
    changes = list(_row_changes("", {}, after.row, after.row))
    for child in aggregate.children:
        changes.extend(
            {"field": child.name, "old": None, "new": _shown(child, row)} for row in after.children.get(child.name, ())
        )
    return changes


def _changes(aggregate: Aggregate, before: Record, after: Record, differing: Iterable[str]) -> list[Row]:
    changes = list(_row_changes("", before.row, after.row, differing))
    for child in aggregate.children:
        old = {row["id"]: row for row in before.children.get(child.name, ())}
        new = {row["id"]: row for row in after.children.get(child.name, ())}
        for row_id in (*old, *(row_id for row_id in new if row_id not in old)):
            if row_id not in new:
                changes.append({"field": child.name, "old": _shown(child, old[row_id]), "new": None})
            elif row_id not in old:
                changes.append({"field": child.name, "old": None, "new": _shown(child, new[row_id])})
            else:
                prefix, one, other = f"{child.name}.{old[row_id]['position']}.", old[row_id], new[row_id]
                changes.extend(_row_changes(prefix, one, other, _differing(one, other)))
    return changes


def _row_changes(prefix: str, before: Row, after: Row, differing: Iterable[str]) -> Iterable[Row]:
    for name in differing:
        old, value = before.get(name), after[name]
        if name in _BOOKKEEPING:
            continue
        if name == "custom":
            yield from _custom_changes(prefix, old or {}, value)
        elif not (_is_nothing(value) and _is_nothing(old)):
            yield {"field": f"{prefix}{camel(name)}", "old": old, "new": value}


def _is_nothing(value: Any) -> bool:
    return not value and (value is None or value in ("", []))


def _custom_changes(prefix: str, before: Row, after: Row) -> Iterable[Row]:
    for key in dict.fromkeys((*before, *after)):
        if before.get(key) != after.get(key):
            yield {"field": f"{prefix}custom.{key}", "old": before.get(key), "new": after.get(key)}


def _shown(child: Child, row: Row) -> Row:
    hidden = {"tenant_id", child.parent}
    return {
        camel(name): value
        for name, value in row.items()
        if name not in hidden and value is not None and (value or value != "")
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
    # Written once, for the row and for its hash.
    written = orjson.Fragment(_dumps(changes))
    content = event_content(event, written)
    if row["version"] == 1:
        await tx.insert("events", {**event, "changes": written, "hash": chained_hash(b"", content)})
    else:
        # An earlier entry of this record has been sent: its row was changed with it, and no row waits to be changed twice.
        await tx.insert("events", {**event, "changes": written, "hash": content}, computed={"hash": _CHAINED})
    tx.events.append(event)
    return event


# The hash that follows the one before; the row brings the content in the hash's place. The entry before is asked for by order, so
# that no planner takes another index for as good while the table is young.
_CHAINED = """
sha256(coalesce((SELECT e.hash FROM events e
                 WHERE e.tenant_id = %(tenant)s::uuid AND e.record_type = r.record_type AND e.record_id = r.record_id
                   AND e.record_version < r.record_version
                 ORDER BY e.record_version DESC LIMIT 1), ''::bytea) || r.hash)
"""


def event_content(event: Mapping[str, Any], changes: Any) -> bytes:
    """What an entry's hash is taken over, beside the hash of the entry before: all of it, as JSON with sorted keys.

    ``changes`` are as JSON has them, or written already.
    """
    return _dumps({**{name: event[name] for name in _CONTENT}, "changes": changes})


_CONTENT = (
    "id", "kind", "record_type", "record_id", "record_version", "at",
    "actor_kind", "actor_id", "actor_name", "cause_id", "depth", "note",
)  # fmt: skip


def _dumps(value: Any) -> bytes:
    return orjson.dumps(value, default=_as_text, option=orjson.OPT_SORT_KEYS)


def _as_text(value: Any) -> str:
    if isinstance(value, Decimal):
        return format(value, "f")
    raise TypeError(type(value).__name__)


def chained_hash(previous: bytes, content: bytes) -> bytes:
    """The hash of an entry that follows one with the hash ``previous`` (empty for the first)."""
    return hashlib.sha256(previous + content).digest()
