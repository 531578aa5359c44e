"""Relay connections: order, cursors and page bounds as SQL.

A cursor is the sort values of its row and its id, so a page begins exactly behind it, whatever was added or removed
meanwhile (https://relay.dev/graphql/connections.htm). Absent values sort last in either direction.
"""

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from tenants.config.snapshot import TenantConfig
from tenants.problems import FieldError, InvalidInput
from tenants.reading.plan import Parameters
from tenants.reading.selection import Leaf, Source, constant
from tenants.records import REGISTRY, Column, Custom, Lookup, Money, RecordType, Relation

DEFAULT_SIZE = 20
LARGEST_SIZE = 200
MOST_TERMS = 5


@dataclass(frozen=True, slots=True)
class Term:
    """One term of an order: its expression for an alias, its SQL type, and its direction."""

    expression: Callable[[str], str]
    sql_type: str
    nullable: bool
    descending: bool


def page_size(value: Any) -> int:
    """The size asked for. Raises :class:`InvalidInput` outside 0 to :data:`LARGEST_SIZE`."""
    if value is None:
        return DEFAULT_SIZE
    if not isinstance(value, int) or not 0 <= value <= LARGEST_SIZE:
        raise InvalidInput.at(("first",), "value.page_size", value=value, most=LARGEST_SIZE)
    return value


def order_terms(record: RecordType, config: TenantConfig, entries: Sequence[Mapping[str, Any]] | None) -> list[Term]:
    """The terms of an order, always ending in the id so that it is total. Raises :class:`InvalidInput`."""
    if not entries:
        entries = [{name: "DESC" if descending else "ASC"} for name, descending in record.order]
    if len(entries) > MOST_TERMS:
        raise InvalidInput.at(("orderBy",), "value.too_many", count=len(entries), most=MOST_TERMS)
    terms = [_term(record, config, entry, ("orderBy", index)) for index, entry in enumerate(entries)]
    terms.append(Term(lambda alias: f"{alias}.id", "uuid", False, terms[-1].descending))
    return terms


def _term(record: RecordType, config: TenantConfig, entry: Mapping[str, Any], path: tuple[str | int, ...]) -> Term:
    if len(entry) != 1 or None in entry.values():
        raise InvalidInput([FieldError(path, "value.one_per_entry")])
    name, direction = next(iter(entry.items()))
    attribute = record.by_name.get(name)
    if isinstance(attribute, Custom) and isinstance(direction, Mapping):
        return _custom_term(record, config, direction, (*path, name))
    if isinstance(attribute, Relation) and not attribute.many and isinstance(direction, Mapping):
        return _related_term(attribute, _term(REGISTRY[attribute.target], config, direction, (*path, name)))
    descending = direction == "DESC"
    match attribute:
        case Column() if attribute.sortable:
            return Term(attribute.expression, attribute.type.sql, attribute.nullable, descending)
        case Money():
            return Term(attribute.amount.expression, "numeric", attribute.nullable, descending)
        case Lookup() if attribute.position is not None:
            return _position_term(attribute, attribute.position(config), descending)
    raise InvalidInput.at((*path, name), "value.unknown_field", name=name)


def _custom_term(
    record: RecordType, config: TenantConfig, entry: Mapping[str, Any], path: tuple[str | int, ...]
) -> Term:
    if len(entry) != 1:
        raise InvalidInput([FieldError(path, "value.one_per_entry")])
    name, direction = next(iter(entry.items()))
    column = config.custom_columns.get(record.name, {}).get(name)
    if column is None or not column.sortable or direction is None:
        raise InvalidInput.at((*path, name), "value.unknown_field", name=name)
    return Term(column.expression, column.type.sql, True, direction == "DESC")


def _related_term(relation: Relation, term: Term) -> Term:
    target = REGISTRY[relation.target]

    def expression(alias: str) -> str:
        join = relation.join.replace("{x}", "s").replace("{t}", alias)
        return f"(SELECT {term.expression('s')} FROM {target.table} s WHERE s.tenant_id = %(tenant)s AND {join})"

    return Term(expression, term.sql_type, True, term.descending)


def _position_term(lookup: Lookup, keys: list[str], descending: bool) -> Term:
    whens = " ".join(f"WHEN '{key}' THEN {place}" for place, key in enumerate(keys))
    sql = f"(CASE {lookup.by} {whens} END)" if keys else "NULL::integer"
    return Term(lambda alias: sql.replace("{t}", alias), "integer", True, descending)


def order_sql(terms: Sequence[Term], alias: str, *, backward: bool) -> str:
    """The ORDER BY list; ``backward`` turns it round for pages counted from the end."""
    parts = []
    for term in terms:
        direction = "DESC" if term.descending != backward else "ASC"
        nulls = f" NULLS {'FIRST' if backward else 'LAST'}" if term.nullable else ""
        parts.append(f"{term.expression(alias)} {direction}{nulls}")
    return ", ".join(parts)


def cursor_sql(terms: Sequence[Term], alias: str) -> str:
    """The cursor of a row: its sort values as JSON, in base64 on one line."""
    values = ", ".join(f"({term.expression(alias)})::text" for term in terms)
    encoded = f"encode(convert_to(json_build_array({values})::text, 'UTF8'), 'base64')"
    return f"replace({encoded}, E'\\n', '')"


def _cursor_values(cursor: Any, count: int) -> list[str | None]:
    try:
        values = orjson.loads(base64.b64decode(str(cursor).encode(), validate=True))
    except (binascii.Error, ValueError, UnicodeEncodeError):
        values = None
    if not isinstance(values, list) or len(values) != count or not all(v is None or isinstance(v, str) for v in values):
        raise InvalidInput.at(("after",), "value.bad_cursor")
    return values


def _cursor_value(place: int, count: int) -> Callable[[Any], str | None]:
    return lambda cursor: _cursor_values(cursor, count)[place]


def beyond_sql(terms: Sequence[Term], alias: str, cursor: Leaf, parameters: Parameters, *, backward: bool) -> str:
    """The rows behind a cursor in the order, or before it when ``backward``."""
    bound = [
        parameters.bind(cursor, _cursor_value(place, len(terms)), term.sql_type) for place, term in enumerate(terms)
    ]
    expressions = [term.expression(alias) for term in terms]
    directions = {term.descending for term in terms}
    if len(directions) == 1 and not any(term.nullable for term in terms):
        # A row comparison walks the index from the cursor on.
        sign = "<" if directions.pop() != backward else ">"
        return f"({', '.join(expressions)}) {sign} ({', '.join(bound)})"
    choices = []
    for place, term in enumerate(terms):
        same = [f"{expressions[i]} IS NOT DISTINCT FROM {bound[i]}" for i in range(place)]
        sign = "<" if term.descending != backward else ">"
        further = f"{expressions[place]} {sign} {bound[place]}"
        if term.nullable:
            absent, present = (bound, expressions) if backward else (expressions, bound)
            further = f"({further} OR ({absent[place]} IS NULL AND {present[place]} IS NOT NULL))"
        choices.append(" AND ".join((*same, further)))
    return "(" + " OR ".join(f"({choice})" for choice in choices) + ")"


@dataclass(frozen=True, slots=True)
class PageArguments:
    """The arguments of a connection, as leaves. ``backward`` pages are counted from the end."""

    size: Leaf
    backward: bool
    after: Leaf | None
    before: Leaf | None

    @property
    def size_source(self) -> Source:
        source = self.size.source
        return lambda variables: page_size(source(variables))


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
