"""Relay connections: order, cursors and page bounds as SQL.

A cursor is the order it belongs to, the sort values of its row, and its id, so a page begins exactly behind it, whatever was
added or removed meanwhile (https://relay.dev/graphql/connections.htm). Absent values sort last in either direction.
"""

import base64
import binascii
import zlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import orjson

from tenants.conditions import row_tests
from tenants.config.snapshot import TenantConfig
from tenants.field_types import FieldType, field_type
from tenants.permissions import Access
from tenants.problems import FieldError, InvalidInput
from tenants.reading.in_part import readable
from tenants.reading.plan import Parameters
from tenants.reading.selection import Leaf, constant
from tenants.records import REGISTRY, Column, Custom, CustomColumn, Lookup, Money, RecordType, Relation
from tenants.records.rights import OWN, may_read

DEFAULT_SIZE = 20
LARGEST_SIZE = 200
MOST_TERMS = 5
# Keys of a lookup that an order by it is cut into; the rows of more are sorted.
MOST_KEYS = 30


@dataclass(frozen=True, slots=True)
class Through:
    """An indexed column of another record, of which each record has one or none: with its rows in order, the records are found in
    the order of the column. ``join`` relates ``{x}``, the other, to ``{t}``, whose ``key`` is empty where there is no other."""

    table: str
    join: str
    key: str
    value: Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Term:
    """One term of an order: what it sorts by, its expression for an alias, its type, and its direction.

    An order that begins with an ``indexed`` term is that of an index. ``column`` is the custom field whose index table that is;
    None for columns of the record itself. ``rank`` is what an index sorts by before the value (:attr:`Column.rank`). ``through``
    is the column of another record whose index that is. Of ``keys`` it sorts by the place of what ``by`` says, and an index has the
    rows of each.
    """

    name: str
    expression: Callable[[str], str]
    type: FieldType
    nullable: bool
    descending: bool
    indexed: bool = False
    column: CustomColumn | None = None
    rank: Callable[[str], str] | None = None
    through: Through | None = None
    by: Callable[[str], str] | None = None
    keys: tuple[str, ...] = ()


def page_size(value: Any, name: str = "first") -> int:
    """The size asked for by the argument ``name``. Raises :class:`InvalidInput` outside 0 to :data:`LARGEST_SIZE`."""
    if value is None:
        return DEFAULT_SIZE
    if not isinstance(value, int) or not 0 <= value <= LARGEST_SIZE:
        raise InvalidInput.at((name,), "value.page_size", value=value, most=LARGEST_SIZE)
    return value


def order_terms(
    record: RecordType, config: TenantConfig, entries: Sequence[Mapping[str, Any]] | None, access: Access
) -> list[Term]:
    """The terms of an order, always ending in the id so that it is total.

    Where none is given it is the record type's own, or for a reader who may not read what that is by, the order of their ids. Raises
    :class:`InvalidInput`, and :class:`NotAllowed` for an order by what may not be read.
    """
    if not entries:
        if not all(may_read(access, record, name, record.by_name[name]) for name, _ in record.order):
            return [_by_id(record, descending=record.order[0][1])]
        entries = [{name: "DESC" if descending else "ASC"} for name, descending in record.order]
    if len(entries) > MOST_TERMS:
        raise InvalidInput.at(("orderBy",), "value.too_many", count=len(entries), most=MOST_TERMS)
    terms = [_term(record, config, access, entry, ("orderBy", index)) for index, entry in enumerate(entries)]
    terms.append(_by_id(record, descending=terms[-1].descending))
    return terms


def _by_id(record: RecordType, *, descending: bool) -> Term:
    return Term(f"{record.name}.id", lambda alias: f"{alias}.id", field_type("id"), False, descending)


def _term(
    record: RecordType, config: TenantConfig, access: Access, entry: Mapping[str, Any], path: tuple[str | int, ...]
) -> Term:
    if len(entry) != 1 or None in entry.values():
        raise InvalidInput([FieldError(path, "value.one_per_entry")])
    name, direction = next(iter(entry.items()))
    known, field = f"{record.name}.{name}", name
    attribute = record.by_name.get(name)
    if isinstance(attribute, Custom) and isinstance(direction, Mapping):
        if len(direction) != 1 or None in direction.values():
            raise InvalidInput([FieldError((*path, name), "value.one_per_entry")])
        path, known = (*path, name), f"{known}.{next(iter(direction))}"
        name, direction = next(iter(direction.items()))
        attribute, field = config.own.get(record.name, {}).get(name), f"{OWN}{name}"
    if attribute is not None:
        attribute = readable(access, row_tests(config, access), record, field, attribute)
    if isinstance(attribute, Relation) and not attribute.many and isinstance(direction, Mapping):
        target = REGISTRY[attribute.target]
        access.require_to_read(target.right)
        term = _term(target, config, access, direction, (*path, name))
        tests = row_tests(config, access)
        return _related_term(known, tests.related(attribute, record) if tests else attribute, term)
    descending = direction == "DESC"
    match attribute:
        case CustomColumn() if attribute.sortable:
            return _own_term(known, attribute, descending)
        case Money(amount=CustomColumn() as amount):
            return _own_term(known, amount, descending)
        case Column() if attribute.sortable:
            return Term(known, attribute.expression, attribute.type, attribute.nullable, descending, attribute.indexed)
        case Money():
            rank = attribute.amount.rank_expression if attribute.amount.rank else None
            indexed = rank is not None
            return Term(
                known,
                attribute.amount.expression,
                attribute.amount.type,
                attribute.nullable,
                descending,
                indexed,
                rank=rank,
            )
        case Lookup() if attribute.position is not None:
            return _position_term(known, attribute, attribute.position(config), descending)
    raise InvalidInput.at((*path, name), "value.unknown_field", name=name)


def _own_term(name: str, column: CustomColumn, descending: bool) -> Term:
    indexed = bool(column.index)
    return Term(name, column.expression, column.type, True, descending, indexed, column if indexed else None)


def _related_term(name: str, relation: Relation, term: Term) -> Term:
    target = REGISTRY[relation.target]

    def expression(alias: str) -> str:
        # Named after the outer alias, so that a path over several relations never meets its own name.
        other = f"{alias}r"
        join = relation.join.replace("{x}", other).replace("{t}", alias)
        return f"(SELECT {term.expression(other)} FROM {target.table} {other} WHERE {other}.tenant_id = %(tenant)s AND {join})"

    through = _through(relation, term)
    known, indexed = f"{name}.{term.name}", through is not None
    return Term(known, expression, term.type, True, term.descending, indexed, through=through)


def _through(relation: Relation, term: Term) -> Through | None:
    # No index knows who has which link in a company's own field.
    begin = "{x}.id = "
    key = relation.join.removeprefix(begin)
    # Nor which of the others may be read.
    if (
        " " in key
        or not relation.join.startswith(f"{begin}{{t}}.")
        or not term.indexed
        or term.nullable
        or term.rank
        or term.through
    ):
        return None
    return Through(REGISTRY[relation.target].table, relation.join, key, term.expression)


def _position_term(name: str, lookup: Lookup, keys: list[str], descending: bool) -> Term:
    whens = " ".join(f"WHEN '{key}' THEN {place}" for place, key in enumerate(keys))
    sql = f"(CASE {lookup.by} {whens} END)" if keys else "NULL::integer"
    indexed = lookup.indexed and 0 < len(keys) <= MOST_KEYS
    return Term(
        name,
        lambda alias: sql.replace("{t}", alias),
        field_type("integer"),
        True,
        descending,
        indexed,
        by=lambda alias: lookup.by.replace("{t}", alias),
        keys=tuple(keys) if indexed else (),
    )


def order_sql(terms: Sequence[Term], alias: str, *, backward: bool) -> str:
    """The ORDER BY list; ``backward`` turns it round for pages counted from the end."""
    parts = []
    for term in terms:
        direction = "DESC" if term.descending != backward else "ASC"
        nulls = f" NULLS {'FIRST' if backward else 'LAST'}" if term.nullable else ""
        parts.append(f"{term.expression(alias)} {direction}{nulls}")
    return ", ".join(parts)


def _mark(terms: Sequence[Term]) -> str:
    """Tells cursors of one order from those of another; the same in every process and for every version of the SQL."""
    return f"{zlib.crc32(repr([(term.name, term.descending) for term in terms]).encode()):08x}"


def cursor_sql(terms: Sequence[Term], alias: str) -> str:
    """The cursor of a row: the mark of its order and its sort values as JSON, in base64 on one line."""
    values = ", ".join(f"({term.expression(alias)})::text" for term in terms)
    encoded = f"encode(convert_to(json_build_array('{_mark(terms)}', {values})::text, 'UTF8'), 'base64')"
    return f"replace({encoded}, E'\\n', '')"


def _fits(value: Any, term: Term) -> bool:
    """Whether PostgreSQL can take a cursor's value for what it says to be; cursors come from clients."""
    if value is None:
        return term.nullable
    return isinstance(value, str) and "\x00" not in value and term.type.fits_cursor(value)


def _cursor_values(cursor: Any, terms: Sequence[Term], name: str) -> list[str | None]:
    mark, values = None, list[str | None]()
    with suppress(binascii.Error, ValueError, TypeError):
        mark, *values = orjson.loads(base64.b64decode(str(cursor).encode(), validate=True))
    fitting = mark == _mark(terms) and len(values) == len(terms) and all(map(_fits, values, terms))
    if not fitting:
        raise InvalidInput.at((name,), "value.bad_cursor")
    return values


def bind_cursor(terms: Sequence[Term], cursor: Leaf, parameters: Parameters, name: str) -> list[str]:
    """Placeholders for the sort values that the cursor in the argument ``name`` holds."""

    def value(place: int) -> Callable[[Any], str | None]:
        return lambda given: _cursor_values(given, terms, name)[place]

    return [parameters.bind(cursor, value(place), term.type.sql) for place, term in enumerate(terms)]


@dataclass(frozen=True, slots=True)
class PageArguments:
    """The arguments of a connection, as leaves. ``backward`` pages are counted from the end."""

    size: Leaf
    backward: bool
    after: Leaf | None
    before: Leaf | None

    def read_size(self, value: Any) -> int:
        return page_size(value, "last" if self.backward else "first")


def page_arguments(arguments: Mapping[str, Any]) -> PageArguments:
    """Raises :class:`InvalidInput` when both ``first`` and ``last`` are given."""
    first, last = _present(arguments.get("first")), _present(arguments.get("last"))
    if first and last:
        raise InvalidInput.at(("first",), "value.exclusive", first="first", second="last")
    return PageArguments(
        size=last or first or constant(DEFAULT_SIZE),
        backward=last is not None,
        after=_present(arguments.get("after")),
        before=_present(arguments.get("before")),
    )


def _present(leaf: Any) -> Leaf | None:
    return leaf if isinstance(leaf, Leaf) and leaf.value is not None else None
