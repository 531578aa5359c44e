"""Conversions under way: batch by batch, each in a commit of its own, until one change set makes the new values those in force.

Every state has one thing to do:

* ``checking`` reads all values of a conversion that is to be refused as a whole where one cannot be converted;
* ``filling`` makes the new values beside the old ones;
* ``switching`` makes those anew that were written meanwhile, and then, while nobody writes, changes the definition and the names;
* ``searching`` brings what free text finds the records by up to date;
* ``clearing`` takes away what a conversion had made that was given up.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from tenants import jobs
from tenants.aggregates import CUSTOMER, ORDER, PRODUCT
from tenants.config import change_sets
from tenants.config.change_sets import Change
from tenants.config.definitions import CustomField
from tenants.conversions.planning import converted
from tenants.conversions.shaping import FIRST, Place, Value, page, place_of, reads_values
from tenants.conversions.values import POSSIBLE, Back, Converter, How, There, Way, is_same
from tenants.life_cycles.versions import bump
from tenants.messages import SOME
from tenants.problems import FieldError, InvalidInput
from tenants.references import in_sight
from tenants.reindexing import reindex_some
from tenants.transaction import Transaction

CHECKING, FILLING, SWITCHING, SEARCHING, DONE = "checking", "filling", "switching", "searching", "done"
CLEARING, CLEARED, REFUSED, REVERTED = "clearing", "cleared", "refused", "reverted"
REFUSE, LEAVE_EMPTY = "refuse", "leave_empty"
UNDER_WAY = (CHECKING, FILLING, SWITCHING, CLEARING)
# Records of one commit.
BATCH = 1_000
SEARCH_BATCH = 500
_AGGREGATES = {aggregate.record_type: aggregate for aggregate in (ORDER, CUSTOMER, PRODUCT)}
_PUT = """
UPDATE {table} o SET custom = CASE WHEN r.value IS NULL THEN o.custom - %(spare)s::text
                                   ELSE o.custom || jsonb_build_object(%(spare)s::text, r.value) END
FROM jsonb_to_recordset(%(rows)s::jsonb) AS r(id uuid, value jsonb) WHERE o.tenant_id = %(tenant)s AND o.id = r.id
"""
_CHANGED = """
SELECT record_id, array_agg(id) AS notes FROM (
  SELECT id, record_id FROM conversion_changes WHERE tenant_id = %(tenant)s AND field = %(field)s ORDER BY id LIMIT %(most)s
) c GROUP BY record_id
"""
Row = Mapping[str, Any]


def way_of(tx: Transaction, row: Row, forward: Row | None) -> Way:
    """How a conversion makes its values; ``forward`` is the one that it takes back."""
    if forward is None:
        return There(_converter(row))
    back = _converter(row) if row["target"]["type"] in POSSIBLE.get(row["source"]["type"], ()) else None
    return Back(_converter(forward), back)


def _converter(row: Row) -> Converter:
    source, target = (CustomField.model_validate(row[name]) for name in ("source", "target"))
    return Converter(source, target, How.model_validate(row["how"]))


async def next_batch(tx: Transaction, conversion_id: UUID) -> bool:
    """Do one batch; whether there is more to do. Raises :class:`InvalidInput` where the field could not have its new type, or what
    depends on it would be unsound by now."""
    row = await conversion(tx, conversion_id)
    if row is None:
        return False
    match row["state"]:
        case "checking":
            return await _check(tx, row)
        case "filling":
            return await _fill(tx, row)
        case "switching":
            return await _switch(tx, row)
        case "clearing":
            return await _clear(tx, row)
        case "searching":
            return await _search(tx, row)
    return False


async def conversion(tx: Transaction, conversion_id: UUID | None) -> dict[str, Any] | None:
    """A conversion, locked."""
    return await tx.fetch_one(
        "SELECT * FROM field_conversions WHERE tenant_id = %(tenant)s AND id = %(id)s FOR UPDATE", id=conversion_id
    )


async def _way(tx: Transaction, row: Row) -> Way:
    return way_of(tx, row, await conversion(tx, row["reverts"]) if row["reverts"] else None)


async def _check(tx: Transaction, row: Row) -> bool:
    place, way = place_of(tx, row["field"]), await _way(tx, row)
    values = await page(tx, place, row["through"], BATCH)
    failed = await _note_failures(tx, row, [(each, converted(way, each)[1]) for each in values])
    if len(values) == BATCH:
        await _move(tx, row, done=row["done"] + BATCH, through=values[-1].record_id)
        return True
    if failed or await _has_failures(tx, row):
        await _move(tx, row, state=REFUSED, done=row["done"] + len(values), finished_at=tx.now)
        await _let_go(tx, row)
        return False
    await _move(tx, row, state=FILLING, done=0, through=None)
    return True


async def _fill(tx: Transaction, row: Row) -> bool:
    place, way = place_of(tx, row["field"]), await _way(tx, row)
    values = await page(tx, place, row["through"], BATCH, lock=True)
    failed = await _make(tx, row, place, way, values)
    if failed and row["otherwise"] == REFUSE:
        await give_up(tx, row)
        return True
    is_over = len(values) < BATCH
    through = values[-1].record_id if values else row["through"]
    await _move(tx, row, state=SWITCHING if is_over else FILLING, done=row["done"] + len(values), through=through)
    return True


async def _make(tx: Transaction, row: Row, place: Place, way: Way, values: Sequence[Value]) -> bool:
    """Make the new values of some records; whether there is one that cannot be made."""
    made = [(each, *converted(way, each)) for each in values]
    changed = [{"id": each.record_id, "value": new} for each, new, _ in made if not is_same(new, each.spare)]
    if changed:
        await tx.execute(_PUT.format(table=place.table), spare=place.spare, rows=Jsonb(changed))
    return await _note_failures(tx, row, [(each, error) for each, _, error in made])


async def _note_failures(tx: Transaction, row: Row, looked_at: Sequence[tuple[Value, FieldError | None]]) -> bool:
    await tx.execute(
        "DELETE FROM conversion_failures WHERE tenant_id = %(tenant)s AND conversion_id = %(id)s"
        " AND record_id = ANY(%(records)s::uuid[])",
        id=row["id"],
        records=[each.record_id for each, _ in looked_at],
    )
    failed = [
        {
            "conversion_id": row["id"],
            "record_id": each.record_id,
            "value": Jsonb(each.value),
            "code": error.code,
            "data": Jsonb(error.data),
        }
        for each, error in looked_at
        if error is not None
    ]
    await tx.insert("conversion_failures", *failed)
    return bool(failed)


async def _has_failures(tx: Transaction, row: Row) -> bool:
    found = await tx.fetch_one(
        "SELECT 1 FROM conversion_failures WHERE tenant_id = %(tenant)s AND conversion_id = %(id)s LIMIT 1",
        id=row["id"],
    )
    return found is not None


async def _switch(tx: Transaction, row: Row) -> bool:
    waiting = await tx.fetch_one(
        "SELECT count(*) AS found FROM (SELECT 1 FROM conversion_changes WHERE tenant_id = %(tenant)s AND field = %(field)s"
        " LIMIT %(most)s) c",
        field=row["field"],
        most=BATCH,
    )
    is_last = waiting is not None and waiting["found"] < BATCH
    if is_last:
        # From here on nobody writes: what is made of the rest is all that there is.
        await tx.end_others()
    place, way = place_of(tx, row["field"]), await _way(tx, row)
    failed = await _catch_up(tx, row, place, way)
    if failed and row["otherwise"] == REFUSE:
        await give_up(tx, row)
        return True
    if is_last and not await _catch_up_more(tx, row, place, way):
        await give_up(tx, row)
        return True
    if is_last:
        await switch(tx, row, row["comment"])
    return True


async def _catch_up_more(tx: Transaction, row: Row, place: Place, way: Way) -> bool:
    """Make anew whatever else was written before the others ended; whether the conversion may go on."""
    while await tx.fetch_one(
        "SELECT 1 FROM conversion_changes WHERE tenant_id = %(tenant)s AND field = %(field)s LIMIT 1",
        field=row["field"],
    ):
        if await _catch_up(tx, row, place, way) and row["otherwise"] == REFUSE:
            return False
    return True


async def _catch_up(tx: Transaction, row: Row, place: Place, way: Way) -> bool:
    """Make values anew that were written meanwhile; whether there is one that cannot be made."""
    noted = await tx.fetch_all(_CHANGED, field=row["field"], most=BATCH)
    rows = await tx.fetch_all(
        f"SELECT id, custom->%(name)s::text AS value, custom->%(spare)s::text AS spare FROM {place.table}"  # noqa: S608  (SQL of ours; values are parameters)
        " WHERE tenant_id = %(tenant)s AND id = ANY(%(ids)s::uuid[]) ORDER BY id FOR NO KEY UPDATE",
        name=place.name,
        spare=place.spare,
        ids=[each["record_id"] for each in noted],
    )
    values = [Value(each["id"], each["value"], each["spare"]) for each in rows]
    await tx.execute(
        "DELETE FROM conversion_changes WHERE tenant_id = %(tenant)s AND id = ANY(%(notes)s::uuid[])",
        notes=[note for each in noted for note in each["notes"]],
    )
    return await _make(tx, row, place, way, values)


async def switch(tx: Transaction, row: Row, comment: str, expected_version: int | None = None) -> None:
    """Make the new values those in force, and the definition the new one. Nobody else may write meanwhile."""
    present = tx.config.definitions["field"][row["field"]]
    target = CustomField.model_validate(row["target"])
    change = Change("field", row["field"], present, target, converts=True)
    version = await change_sets.apply(tx, [change], comment, expected_version)
    await _move(tx, row, state=SEARCHING, done=0, through=None, version=version)
    await _forget_changes(tx, row)
    if row["reverts"]:
        await tx.update("field_conversions", ("state",), {"id": row["reverts"], "state": REVERTED})


async def give_up(tx: Transaction, row: Row, problem: Collection[FieldError] = ()) -> None:
    """Take away what a conversion under way has made, batch by batch. What a way back has restored stays: it is not in force, and is
    as good as it was for another one."""
    said = [{"path": list(error.path), "code": error.code, "data": error.data} for error in problem]
    is_back = row["reverts"] is not None
    state = {"state": CLEARED, "finished_at": tx.now} if is_back else {"state": CLEARING, "done": 0, "through": None}
    await _move(tx, row, **state, problem=Jsonb(said) if said else None)
    if is_back:
        await _let_go(tx, row)


async def _clear(tx: Transaction, row: Row) -> bool:
    place = place_of(tx, row["field"])
    values = await page(tx, place, row["through"], BATCH, lock=True)
    made = [{"id": each.record_id, "value": None} for each in values if each.spare is not None]
    if made:
        await tx.execute(_PUT.format(table=place.table), spare=place.spare, rows=Jsonb(made))
    if len(values) == BATCH:
        await _move(tx, row, done=row["done"] + BATCH, through=values[-1].record_id)
        return True
    await _move(tx, row, state=CLEARED, done=row["done"] + len(values), finished_at=tx.now)
    await _let_go(tx, row)
    return False


async def _let_go(tx: Transaction, row: Row) -> None:
    """The field may be changed again, and saves note nothing any more."""
    await _forget_changes(tx, row)
    await bump(tx)


async def _forget_changes(tx: Transaction, row: Row) -> None:
    await tx.execute(
        "DELETE FROM conversion_changes WHERE tenant_id = %(tenant)s AND field = %(field)s", field=row["field"]
    )


async def _search(tx: Transaction, row: Row) -> bool:
    aggregate = _AGGREGATES[place_of(tx, row["field"]).record_type]
    rows = await tx.fetch_all(
        f"SELECT id FROM {aggregate.table} WHERE tenant_id = %(tenant)s"  # noqa: S608  (SQL of ours; values are parameters)
        f" AND id > %(through)s::uuid ORDER BY id LIMIT {SEARCH_BATCH}",
        through=row["through"] or FIRST,
    )
    ids = [each["id"] for each in rows]
    if ids:
        await reindex_some(tx, aggregate, ids)
    if len(ids) == SEARCH_BATCH:
        await _move(tx, row, done=row["done"] + SEARCH_BATCH, through=ids[-1])
        return True
    await _move(tx, row, state=DONE, done=row["done"] + len(ids), finished_at=tx.now)
    return False


async def _move(tx: Transaction, row: Row, **changes: Any) -> None:
    """Note how far the conversion has come."""
    await tx.update("field_conversions", tuple(changes), {"id": row["id"], **changes})


async def fill_at_once(tx: Transaction, row: Row) -> None:
    """Make all new values in this transaction, while nobody writes. Raises :class:`InvalidInput` where one cannot be made and the
    conversion is to be refused then."""
    place, way = place_of(tx, row["field"]), await _way(tx, row)
    through: UUID | None = None
    while values := await page(tx, place, through, BATCH, lock=True):
        await _make(tx, row, place, way, values)
        through = values[-1].record_id
    if row["otherwise"] == REFUSE:
        await _refuse_failures(tx, row, place)


async def _refuse_failures(tx: Transaction, row: Row, place: Place) -> None:
    """Raise :class:`InvalidInput` where there are failures; an example is of a record that the caller may read."""
    seen, values = in_sight(tx, place.record_type)
    found = await tx.fetch_one(
        "SELECT count(*) AS found, (SELECT f.value #>> '{}' FROM conversion_failures f"  # noqa: S608  (SQL of ours; values are parameters)
        f" JOIN {place.table} ON {place.table}.tenant_id = f.tenant_id AND {place.table}.id = f.record_id"
        f" WHERE f.tenant_id = %(tenant)s AND f.conversion_id = %(id)s{seen} ORDER BY f.record_id LIMIT 1) AS example"
        " FROM conversion_failures WHERE tenant_id = %(tenant)s AND conversion_id = %(id)s",
        id=row["id"],
        **values,
    )
    if found and found["found"]:
        example = "…" if found["example"] is None else found["example"]
        count = found["found"] if reads_values(tx, place, row["field"]) else SOME
        raise InvalidInput.at(("type",), "conversion.refused", count=count, example=example)


async def queue(tx: Transaction, conversion_id: UUID) -> None:
    """Let a job go on with a conversion."""
    await jobs.add(tx, jobs.CONVERSION, conversion_id)
