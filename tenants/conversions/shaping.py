"""The definition that a field is to have after a conversion, and how its values are to be read."""

import re
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from pydantic import ValidationError

from tenants.config.checks.base import RESERVED
from tenants.config.definitions import CustomField, Option, split_field_key
from tenants.config.documents import stored
from tenants.config.shapes import body_errors
from tenants.conversions.values import POSSIBLE, Converter, How, folded
from tenants.field_types import REGISTRY, BadValue, field_type
from tenants.field_values.kinds import RECORDS
from tenants.field_values.slots import spare_name, stored_name
from tenants.problems import InvalidInput
from tenants.records.rights import OWN
from tenants.transaction import Transaction

PAGE = 1_000
# Before all ids: a range from it on is one of the index, whatever plan PostgreSQL keeps.
FIRST = UUID(int=0)
MOST_MADE_OPTIONS = 200
MOST_MEMBERS = 5_000
# What a field keeps whatever its type is; the rest is kept where both types have it, and otherwise given anew.
_KEPT = ("label", "help", "required", "indexed", "unique", "position")
_SHARED = ("target", "reverse")


@dataclass(frozen=True, slots=True)
class Wanted:
    """The conversion of a field, by its key in the document, to what the ``body`` of its definition says otherwise than now."""

    key: str
    body: Mapping[str, Any]
    decimal_comma: bool = False
    date_format: str | None = None
    make_options: bool = False


class Value(NamedTuple):
    """What a record has for a field: the value in force, and that under the name that is not in use."""

    record_id: UUID
    value: Any
    spare: Any


class Place(NamedTuple):
    """Where a field's values are stored."""

    key: str
    record_type: str
    table: str
    name: str
    spare: str


def place_of(tx: Transaction, key: str) -> Place:
    record_type, name = split_field_key(key)
    is_swapped = key in tx.config.swapped_fields
    names = stored_name(name, is_swapped=is_swapped), spare_name(name, is_swapped=is_swapped)
    return Place(key, record_type, RECORDS[record_type], *names)


async def page(tx: Transaction, place: Place, through: UUID | None, most: int, *, lock: bool = False) -> list[Value]:
    """The next ``most`` records, in the order of their ids."""
    rows = await tx.fetch_all(
        f"SELECT id, custom->%(name)s::text AS value, custom->%(spare)s::text AS spare FROM {place.table}"  # noqa: S608  (SQL of ours; values are parameters)
        " WHERE tenant_id = %(tenant)s AND id > %(through)s::uuid"
        f" ORDER BY id LIMIT %(most)s{' FOR NO KEY UPDATE' if lock else ''}",
        name=place.name,
        spare=place.spare,
        through=through or FIRST,
        most=most,
    )
    return [Value(row["id"], row["value"], row["spare"]) for row in rows]


async def all_values(tx: Transaction, place: Place) -> AsyncIterator[list[Value]]:
    """All records, page by page."""
    through = None
    while found := await page(tx, place, through, PAGE):
        yield found
        through = found[-1].record_id


def field_of(tx: Transaction, key: str) -> CustomField:
    """The field that is to be converted. Raises :class:`InvalidInput` where there is none."""
    found = tx.config.definitions["field"].get(key)
    if not isinstance(found, CustomField) or found.archived:
        raise InvalidInput.at(("key",), "config.missing_definition", kind="field", key=key)
    return found


async def shape(tx: Transaction, wanted: Wanted) -> Converter:
    """How the field's values become those of the wanted definition. Raises :class:`InvalidInput` for what no conversion can be."""
    source = field_of(tx, wanted.key)
    kind = REGISTRY.get(wanted.body["type"])
    if kind is None or kind.key not in POSSIBLE.get(source.type, ()):
        types = ", ".join(sorted(POSSIBLE.get(source.type, ()))) or "-"
        raise InvalidInput.at(("type",), "conversion.impossible", old=source.type, new=wanted.body["type"], types=types)
    _require_date_format(wanted.date_format)
    target = _target(wanted.key, source, wanted.body)
    how = How(
        language=tx.config.language,
        currency=tx.config.currency,
        time_zone=tx.config.time_zone,
        decimal_comma=wanted.decimal_comma,
        date_format=wanted.date_format,
    )
    how = await filled(tx, source, target, how)
    if wanted.make_options and kind.has_options:
        if not reads_values(tx, place_of(tx, wanted.key), wanted.key):
            raise InvalidInput.at(("makeOptions",), "conversion.hidden_options")
        target = await _with_made_options(tx, Converter(source, target, how), wanted.key)
        how = how.model_copy(update={"ways": _option_ways(target.options)})
    return Converter(source, target, how)


def reads_values(tx: Transaction, place: Place, key: str) -> bool:
    """Whether the caller may read the values of a field in all records."""
    return tx.access.reads_whole(place.record_type, f"{OWN}{split_field_key(key)[1]}")


def _require_date_format(form: str | None) -> None:
    if form is None:
        return
    try:
        moment = datetime(2001, 2, 3, 4, 5, 6)  # noqa: DTZ001  (any moment will do)
        datetime.strptime(moment.strftime(form), form)  # noqa: DTZ007
    except (ValueError, re.error):
        raise InvalidInput.at(("dateFormat",), "conversion.bad_date_format", value=form) from None


def _target(key: str, source: CustomField, given: Mapping[str, Any]) -> CustomField:
    old, new = field_type(source.type), field_type(given["type"])
    body = {name: value for name, value in stored(source).items() if name in _KEPT}
    if old.has_options and new.has_options:
        body["options"] = stored(source).get("options", [])
    for name in _SHARED:
        if "target" in old.takes and "target" in new.takes and getattr(source, name) is not None:
            body[name] = stored(source)[name]
    try:
        return CustomField.model_validate({**body, **given})
    except ValidationError as error:
        raise InvalidInput(body_errors(error, ("field", key))) from None


async def filled(tx: Transaction, source: CustomField, target: CustomField, how: How) -> How:
    """With the ways to the options or members that the target knows, and the names of members that the source holds."""
    if target.options:
        return how.model_copy(update={"ways": _option_ways(target.options)})
    if "member" in (source.type, target.type):
        members = await tx.fetch_all(
            "SELECT id, name, email, active FROM members WHERE tenant_id = %(tenant)s ORDER BY active DESC, id LIMIT %(most)s",
            most=MOST_MEMBERS,
        )
        ways: dict[str, str] = {}
        doubled: set[str] = set()
        for member in members if target.type == "member" else ():
            for text in {folded(member["name"]), folded(member["email"])} if member["active"] else ():
                doubled.update({text} & ways.keys())
                ways[text] = str(member["id"])
        # A name that several have leads to none of them.
        known = {text: member for text, member in ways.items() if text not in doubled}
        return how.model_copy(update={"ways": known, "names": {str(row["id"]): row["name"] for row in members}})
    return how


def _option_ways(options: Iterable[Option]) -> dict[str, str]:
    options = tuple(options)
    ways = {folded(text): option.key for option in reversed(options) for text in option.label.values()}
    return {**ways, **{folded(option.key): option.key for option in options}}


async def _with_made_options(tx: Transaction, converter: Converter, key: str) -> CustomField:
    """The target with an option for each text that occurs and that no option has."""
    texts: dict[str, str] = {}
    async for found in all_values(tx, place_of(tx, key)):
        for each in found:
            for text in _texts(converter, each.value):
                texts.setdefault(folded(text), text)
        if len(texts) > MOST_MADE_OPTIONS:
            raise InvalidInput.at(("makeOptions",), "conversion.too_many_options", most=MOST_MADE_OPTIONS)
    taken = {option.lower() for option in converter.target.option_keys} | RESERVED
    made = []
    for _, text in sorted(texts.items()):
        option_key = _new_key(text, taken)
        taken.add(option_key.lower())
        made.append(Option(key=option_key, label={converter.how.language: text}))
    return converter.target.model_copy(update={"options": (*converter.target.options, *made)})


def _texts(converter: Converter, value: Any) -> list[str]:
    """The texts of a value that no option has yet; those that are too long for a label are none."""
    if value is None:
        return []
    said = converter.said(value)
    found = []
    for item in said if isinstance(said, list) else [said]:
        try:
            text = converter.text(item)
        except BadValue:
            continue
        parts = text.split(";") if converter.target.type == "multi_select" and isinstance(value, str) else [text]
        found += [part.strip() for part in parts if part.strip() and len(part.strip()) <= 500]
    return [text for text in found if folded(text) not in converter.how.ways]


def _new_key(text: str, taken: set[str]) -> str:
    """A key for an option that reads like its label where that is in plain letters."""
    plain = re.sub(r"[^a-z0-9]+", "_", folded(text), flags=re.ASCII).strip("_")[:30]
    stem = plain if re.match(r"[a-z]", plain) else f"o_{plain}" if plain else "option"
    number, key = 1, stem
    while key in taken:
        number += 1
        key = f"{stem}_{number}"
    return key
