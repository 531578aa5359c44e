"""What a conversion would do to the values that there are, and to what depends on their field."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import orjson

from tenants.config.assessing import Assessment, assess
from tenants.config.change_sets import Change
from tenants.config.definitions import Option, split_field_key
from tenants.conversions.shaping import Place, Value, Wanted, all_values, field_of, place_of, reads_values, shape
from tenants.conversions.values import There, Way
from tenants.field_rights import READ
from tenants.field_types import BadValue
from tenants.problems import FieldError
from tenants.records.rights import OWN
from tenants.references import in_sight
from tenants.transaction import Transaction

RIGHT = "configuration.update"
# Values that are shown of those that cannot be converted.
MOST_SHOWN = 50
# What a record is known by.
TITLES = {"order": "number", "customer": "name", "product": "sku"}


@dataclass(frozen=True, slots=True)
class Failure:
    """A value that cannot be converted, of which record, and why."""

    record_id: UUID
    title: str
    value: Any
    reason: FieldError


@dataclass(slots=True)
class Plan:
    """``records`` are all of the type; ``values`` have a value, of which ``converted`` get one of the new type. ``made`` are the options
    that come with the conversion; ``failures`` are of records alone that the reader may read. Where these are not all, no number is to be
    told: by asking for other limits again and again, each value could be found out."""

    key: str
    record_type: str
    assessment: Assessment
    made: tuple[Option, ...]
    is_told: bool
    records: int = 0
    values: int = 0
    converted: int = 0
    failed: int = 0
    failures: list[Failure] = field(default_factory=list)


async def plan(tx: Transaction, wanted: Wanted) -> Plan:
    """What the conversion would do; nothing is done.

    Raises :class:`NotAllowed` (configuration.update, and to read the records), and :class:`InvalidInput` for what no conversion can be.
    """
    place = require_place(tx, wanted.key)
    source = field_of(tx, wanted.key)
    converter = await shape(tx, wanted)
    change = Change("field", wanted.key, source, converter.target, converts=True)
    made = tuple(option for option in converter.target.options if option not in source.options)
    assessment, is_told = await assess(tx, [change]), reads_values(tx, place, wanted.key)
    found = Plan(wanted.key, place.record_type, assessment, made if wanted.make_options else (), is_told)
    await look(tx, place, There(converter), found, is_unique=converter.target.unique)
    return found


def require_place(tx: Transaction, key: str) -> Place:
    """Where the field is stored, for who may convert it and read all of its values, of which the plan and the refusals tell.

    Raises :class:`NotAllowed` and :class:`InvalidInput`.
    """
    tx.access.require(RIGHT)
    field_of(tx, key)
    place = place_of(tx, key)
    require_values(tx, place, key)
    return place


def require_values(tx: Transaction, place: Place, key: str) -> None:
    """Raise :class:`NotAllowed` for who may not read the values of a field."""
    tx.access.require(f"{place.record_type}.read")
    tx.access.require_field(place.record_type, READ, f"{OWN}{split_field_key(key)[1]}")


def title_sql(tx: Transaction, place: Place) -> str:
    """What the caller may know a record by: its id, where its name or number is closed to them."""
    title = TITLES[place.record_type]
    shown = title if tx.access.has_field(place.record_type, READ, title) else "id"
    return f"{place.table}.{shown}::text"


async def look(tx: Transaction, place: Place, way: Way, found: Plan, *, is_unique: bool) -> None:
    """Count what becomes of all values, and name the first that cannot be converted."""
    seen = set[bytes]()
    failed: list[tuple[Value, FieldError]] = []
    async for values in all_values(tx, place):
        found.records += len(values)
        for each in values:
            found.values += each.value is not None
            new, error = converted(way, each)
            if error is None and is_unique and new is not None:
                written = orjson.dumps(new, option=orjson.OPT_SORT_KEYS)
                if written in seen:
                    error = FieldError((), "value.taken", {"value": str(new)})
                seen.add(written)
            if error is not None:
                found.failed += 1
                if len(failed) < MOST_SHOWN:
                    failed.append((each, error))
            elif each.value is not None:
                found.converted += new is not None
    titles = await _titles(tx, place, [each.record_id for each, _ in failed])
    found.failures = [
        Failure(each.record_id, titles[each.record_id], each.value, error)
        for each, error in failed
        if each.record_id in titles
    ]


def converted(way: Way, each: Value) -> tuple[Any, FieldError | None]:
    """What a record's value becomes, or why it cannot."""
    try:
        return way(each.value, each.spare), None
    except BadValue as bad:
        return None, FieldError((), bad.code, {name: _plain(value) for name, value in bad.data.items()})


def _plain(value: Any) -> Any:
    return value if isinstance(value, bool | int | float | str) else str(value)


async def _titles(tx: Transaction, place: Place, ids: list[UUID]) -> dict[UUID, str]:
    """What those of the records are known by that the caller may read."""
    if not ids:
        return {}
    seen, values = in_sight(tx, place.record_type)
    rows = await tx.fetch_all(
        f"SELECT id, {title_sql(tx, place)} AS title FROM {place.table}"  # noqa: S608  (SQL of ours; values are parameters)
        f" WHERE tenant_id = %(tenant)s AND id = ANY(%(ids)s::uuid[]){seen}",
        ids=ids,
        **values,
    )
    return {row["id"]: row["title"] for row in rows}
