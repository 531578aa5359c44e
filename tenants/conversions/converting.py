"""Beginning a conversion, taking one back, and telling of those there were."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from tenants.config.assessing import assess
from tenants.config.change_sets import Change, refuse_changed_since
from tenants.config.definitions import CustomField
from tenants.config.documents import stored
from tenants.config.four_eyes import require_approval
from tenants.conversions.planning import (
    RIGHT,
    Failure,
    Plan,
    look,
    require_place,
    require_values,
    title_sql,
)
from tenants.conversions.running import (
    CHECKING,
    CLEARED,
    DONE,
    FILLING,
    REFUSE,
    REFUSED,
    SEARCHING,
    UNDER_WAY,
    conversion,
    fill_at_once,
    give_up,
    queue,
    switch,
    way_of,
)
from tenants.conversions.shaping import FIRST, Wanted, field_of, filled, place_of, reads_values, shape
from tenants.conversions.values import Converter, How
from tenants.life_cycles.versions import bump
from tenants.problems import Conflict, FieldError, InvalidInput, NotFound
from tenants.references import in_sight
from tenants.transaction import Transaction, new_id

# Records that are converted in the transaction of the mutation; a job does more.
AT_ONCE = 2_000
LONGEST_COMMENT = 2_000

Row = dict[str, Any]


async def convert(
    tx: Transaction, wanted: Wanted, otherwise: str = REFUSE, comment: str = "", expected_version: int | None = None
) -> UUID:
    """Give a field another type and convert its values: at once where there are few records, else by a job; the conversion's id.

    ``otherwise`` says what becomes of all if a value cannot be converted. Raises :class:`NotAllowed` (configuration.update, and to read
    the records), :class:`InvalidInput`, and :class:`Conflict` where the field is under conversion or was changed meanwhile.
    """
    require_place(tx, wanted.key)
    source = field_of(tx, wanted.key)
    await _refuse_two(tx, wanted.key)
    converter = await shape(tx, wanted)
    change = Change("field", wanted.key, source, converter.target, converts=True)
    return await _begin(tx, change, converter, otherwise, comment, expected_version)


async def _begin(
    tx: Transaction,
    change: Change,
    converter: Converter,
    otherwise: str,
    comment: str,
    expected_version: int | None,
    reverts: UUID | None = None,
) -> UUID:
    require_approval(tx, RIGHT, None)
    if len(comment) > LONGEST_COMMENT:
        raise InvalidInput.at(("comment",), "value.too_long", length=len(comment), longest=LONGEST_COMMENT)
    problems = (await assess(tx, [change])).problems
    if problems:
        raise InvalidInput(problems)
    if expected_version is not None:
        await refuse_changed_since(tx, expected_version, [change])
    # Whoever writes from here on notes what the conversion has to look at again.
    await tx.end_others()
    place = place_of(tx, change.key)
    counted = await tx.fetch_one(f"SELECT count(*) AS found FROM {place.table} WHERE tenant_id = %(tenant)s")  # noqa: S608  (SQL of ours; values are parameters)
    total = counted["found"] if counted else 0
    is_small = total <= AT_ONCE
    row: Row = {
        "id": new_id(),
        "field": change.key,
        "state": CHECKING if otherwise == REFUSE and not is_small else FILLING,
        "source": stored(converter.source),
        "target": stored(converter.target),
        "how": converter.how.model_dump(),
        "otherwise": otherwise,
        "comment": comment,
        "author_name": tx.actor.name,
        "reverts": reverts,
        "total": total,
        "created_at": tx.now,
    }
    await tx.insert("field_conversions", row)
    if is_small:
        await fill_at_once(tx, row)
        await switch(tx, row, comment)
    else:
        await bump(tx)
    await queue(tx, row["id"])
    return UUID(str(row["id"]))


async def _refuse_two(tx: Transaction, key: str) -> None:
    if key in tx.config.converting_fields:
        raise Conflict("conversion.under_way", key=key)


async def revert(tx: Transaction, conversion_id: UUID | None, otherwise: str = REFUSE, comment: str = "") -> UUID:
    """Take a conversion back: one that is done by a conversion of its own, whose id is returned; of one under way, what it has made is
    taken away.

    Values that are as the conversion made them become what they were; those written since are converted back, and ``otherwise`` says
    what becomes of all where one cannot be. Raises :class:`NotAllowed`, :class:`NotFound`, :class:`InvalidInput`, and :class:`Conflict`
    where it is not the field's last.
    """
    tx.access.require(RIGHT)
    row = await conversion(tx, conversion_id)
    if row is None:
        raise NotFound("field_conversion", conversion_id)
    if row["state"] in UNDER_WAY:
        await give_up(tx, row)
        await queue(tx, row["id"])
        return UUID(str(row["id"]))
    converter = await _way_back(tx, row)
    present = field_of(tx, row["field"])
    change = Change("field", row["field"], present, converter.target, converts=True)
    return await _begin(tx, change, converter, otherwise, comment, None, row["id"])


async def _way_back(tx: Transaction, row: Row) -> Converter:
    """How values written since are converted back. Raises :class:`Conflict` where there is no way back."""
    require_place(tx, row["field"])
    await _refuse_two(tx, row["field"])
    later = await tx.fetch_one(
        "SELECT 1 FROM field_conversions WHERE tenant_id = %(tenant)s AND field = %(field)s AND id > %(id)s"
        " AND state <> %(refused)s AND NOT (state = %(cleared)s AND reverts IS NOT NULL) LIMIT 1",
        field=row["field"],
        id=row["id"],
        refused=REFUSED,
        cleared=CLEARED,
    )
    if later is not None or row["state"] not in (SEARCHING, DONE):
        raise Conflict("conversion.not_the_last", key=row["field"])
    source, target = field_of(tx, row["field"]), CustomField.model_validate(row["source"])
    # What a person reads stays as it is by now.
    target = target.model_copy(update={"label": source.label, "help": source.help, "position": source.position})
    how = How.model_validate(row["how"]).model_copy(update={"ways": {}, "names": {}})
    return Converter(source, target, await filled(tx, source, target, how))


async def plan_revert(tx: Transaction, conversion_id: UUID | None) -> Plan:
    """What taking a conversion back would do; nothing is done. Raises as :func:`revert` does."""
    tx.access.require(RIGHT)
    row = await conversion(tx, conversion_id)
    if row is None:
        raise NotFound("field_conversion", conversion_id)
    converter = await _way_back(tx, row)
    place = require_place(tx, row["field"])
    change = Change("field", row["field"], converter.source, converter.target, converts=True)
    assessment, is_told = await assess(tx, [change]), reads_values(tx, place, row["field"])
    found = Plan(row["field"], place.record_type, assessment, (), is_told)
    await look(tx, place, way_of(tx, _row(converter), row), found, is_unique=converter.target.unique)
    return found


def _row(converter: Converter) -> Mapping[str, Any]:
    return {
        "source": stored(converter.source),
        "target": stored(converter.target),
        "how": converter.how.model_dump(),
    }


async def conversions(tx: Transaction, most: int) -> list[Row]:
    """The conversions, newest first, with how many values each could not convert. Raises :class:`NotAllowed` (configuration.read)."""
    tx.access.require("configuration.read")
    return await tx.fetch_all(
        "SELECT c.*, (SELECT count(*) FROM conversion_failures f WHERE f.tenant_id = c.tenant_id AND f.conversion_id = c.id)"
        " AS failed FROM field_conversions c WHERE c.tenant_id = %(tenant)s ORDER BY c.id DESC LIMIT %(most)s",
        most=most,
    )


async def failures(tx: Transaction, conversion_id: UUID | None, most: int, after: UUID | None) -> list[Failure]:
    """The values that a conversion could not convert, in the order of their records' ids, of records ``after`` one that the caller may read.

    Raises :class:`NotAllowed` (configuration.update, and to read the records and their field) and :class:`NotFound`.
    """
    tx.access.require(RIGHT)
    row = await conversion(tx, conversion_id)
    if row is None:
        raise NotFound("field_conversion", conversion_id)
    place = place_of(tx, row["field"])
    require_values(tx, place, row["field"])
    table, (seen, values) = place.table, in_sight(tx, place.record_type)
    rows = await tx.fetch_all(
        f"SELECT f.*, {title_sql(tx, place)} AS title FROM conversion_failures f"  # noqa: S608  (SQL of ours; values are parameters)
        f" JOIN {table} ON {table}.tenant_id = f.tenant_id AND {table}.id = f.record_id"
        f" WHERE f.tenant_id = %(tenant)s AND f.conversion_id = %(id)s AND f.record_id > %(after)s::uuid{seen}"
        " ORDER BY f.record_id LIMIT %(most)s",
        id=conversion_id,
        after=after or FIRST,
        most=most,
        **values,
    )
    return [
        Failure(each["record_id"], each["title"], each["value"], FieldError((), each["code"], each["data"]))
        for each in rows
    ]
