"""From a selection to one SQL statement.

Every relation becomes a correlated subquery, so a statement answers a selection of any depth, and nothing is fetched row by
row. Rights are decided while compiling: what the reader may not read does not become SQL.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

import orjson

from tenants import search
from tenants.conditions import Condition, SqlContext, parse_condition
from tenants.config.snapshot import TenantConfig
from tenants.field_types import BadValue
from tenants.permissions import Access
from tenants.reading.pages import (
    PageArguments,
    beyond_sql,
    cursor_sql,
    order_sql,
    order_terms,
    page_arguments,
)
from tenants.reading.plan import Parameters, Plan
from tenants.reading.selection import Leaf, Selected, Source
from tenants.records import (
    REGISTRY,
    Attribute,
    Column,
    Custom,
    Items,
    Lookup,
    Money,
    RecordType,
    Relation,
    Structure,
)

# json_build_object takes at most 100 arguments.
MOST_PAIRS = 50
TYPENAME = "__typename"


@dataclass(frozen=True, slots=True)
class Reader:
    """For whom a statement is compiled: the tenant's configuration, the reader's rights and language."""

    config: TenantConfig
    access: Access
    language: str


def compile_page(reader: Reader, record: RecordType, selected: Selected) -> Plan:
    """A statement whose one row holds the JSON of a connection. Raises the house's problems."""
    compiler = _Compiler(reader)
    sql = compiler.page(record, selected, lambda _alias: "")
    return Plan(f"SELECT {sql}", tuple(compiler.parameters.bindings), tuple(compiler.pages))


def compile_one(
    reader: Reader, record: RecordType, keys: Mapping[str, Leaf], fields: Sequence[Selected], *, guarded: bool = True
) -> Plan:
    """A statement for one record, found by ``keys`` (attribute name to value): one row with its JSON, or none.

    Raises :class:`NotAllowed` for a missing right; ``guarded`` false leaves the record's own right out.
    """
    compiler = _Compiler(reader)
    if guarded:
        reader.access.require(record.right)
    tests = [compiler.key_test(record, name, leaf, "t0") for name, leaf in keys.items()]
    where = " AND ".join(["t0.tenant_id = %(tenant)s", *tests, *compiler.scope(record, "t0")])
    sql = f"SELECT {compiler.record(record, 't0', fields)} FROM {record.table} t0 WHERE {where}"
    return Plan(sql, tuple(compiler.parameters.bindings), tuple(compiler.pages))


def literal(text: str) -> str:
    """A text as an SQL literal inside a statement that is given parameters."""
    return "'" + text.replace("'", "''").replace("%", "%%") + "'"


def json_object(pairs: Sequence[tuple[str, str]]) -> str:
    """The SQL of a JSON object from response keys and expressions."""
    if len(pairs) <= MOST_PAIRS:
        return "json_build_object(" + ", ".join(f"'{key}', {expression}" for key, expression in pairs) + ")"
    parts = [json_object(pairs[start : start + MOST_PAIRS]) for start in range(0, len(pairs), MOST_PAIRS)]
    inner = " || ', ' || ".join(f"substr(({part})::text, 2, length(({part})::text) - 2)" for part in parts)
    return f"('{{' || {inner} || '}}')::json"


class _Compiler:
    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self.parameters = Parameters()
        self.pages: list[tuple[Source, ...]] = []
        self._path: tuple[Source, ...] = ()
        self._aliases = count(1)

    def record(self, record: RecordType, alias: str, fields: Iterable[Selected]) -> str:
        """The JSON of one row."""
        pairs = []
        for selected in fields:
            if selected.name == TYPENAME:
                pairs.append((selected.key, f"'{record.graphql}'"))
            else:
                pairs.append((selected.key, self._attribute(record, record.by_name[selected.name], alias, selected)))
        return json_object(pairs)

    def _attribute(self, record: RecordType, attribute: Attribute, alias: str, selected: Selected) -> str:
        match attribute:
            case Column():
                return attribute.json_expression(alias)
            case Money():
                return self._money(attribute, alias, selected)
            case Structure():
                return self._structure(record, attribute, alias, selected)
            case Items():
                return self._items(record, attribute, alias, selected)
            case Lookup():
                return self._lookup(attribute, alias, selected)
            case Custom():
                return self._custom(record, alias, selected)
            case Relation(many=False):
                return self._one(attribute, alias, selected)
            case Relation(paged=False):
                return self._list(attribute, alias, selected)
            case Relation():
                join = attribute.join
                return self.page(
                    REGISTRY[attribute.target], selected, lambda x: join.replace("{x}", x).replace("{t}", alias)
                )
        raise TypeError(attribute)

    def _money(self, money: Money, alias: str, selected: Selected) -> str:
        values = {
            "amount": money.amount.json_expression(alias),
            "currency": money.currency_expression(alias),
            TYPENAME: "'Money'",
        }
        built = json_object([(field.key, values[field.name]) for field in selected.fields])
        return f"CASE WHEN {money.amount.expression(alias)} IS NOT NULL THEN {built} END" if money.nullable else built

    def _structure(self, record: RecordType, structure: Structure, alias: str, selected: Selected) -> str:
        members: Mapping[str, Attribute] = {member.name: member for member in structure.members}
        built = self._members(record, structure.graphql, members, alias, selected)
        return f"CASE WHEN {structure.present.replace('{t}', alias)} THEN {built} END" if structure.present else built

    def _members(
        self, record: RecordType, graphql: str, members: Mapping[str, Attribute], alias: str, selected: Selected
    ) -> str:
        return json_object(
            [
                (
                    field.key,
                    f"'{graphql}'"
                    if field.name == TYPENAME
                    else self._attribute(record, members[field.name], alias, field),
                )
                for field in selected.fields
            ]
        )

    def _items(self, record: RecordType, items: Items, alias: str, selected: Selected) -> str:
        other = self._alias()
        built = self._members(record, items.graphql, {member.name: member for member in items.members}, other, selected)
        source = items.source.replace("{x}", other).replace("{t}", alias)
        return f"(SELECT coalesce(json_agg({built}), '[]'::json) FROM {source})"

    def _lookup(self, lookup: Lookup, alias: str, selected: Selected) -> str:
        entries = lookup.entries(self.reader.config, self.reader.access, self.reader.language)

        def shown(entry: Mapping[str, Any]) -> dict[str, Any]:
            return {
                field.key: lookup.graphql if field.name == TYPENAME else entry[field.name] for field in selected.fields
            }

        whens = [
            f"WHEN '{key}' THEN {literal(orjson.dumps([shown(e) for e in entry] if lookup.many else shown(entry)).decode())}::json"
            for key, entry in entries.items()
        ]
        otherwise = " ELSE '[]'::json" if lookup.many else ""
        return f"(CASE {lookup.by.replace('{t}', alias)} {' '.join(whens)}{otherwise} END)" if whens else "NULL::json"

    def _custom(self, record: RecordType, alias: str, selected: Selected) -> str:
        columns = self.reader.config.custom_columns.get(record.name, {})
        return self._members(record, f"{record.graphql}Custom", columns, alias, selected)

    def _one(self, relation: Relation, alias: str, selected: Selected) -> str:
        target, other = REGISTRY[relation.target], self._alias()
        self.reader.access.require_to_read(target.right)
        where = self._where(target, other, relation.join.replace("{x}", other).replace("{t}", alias))
        return f"(SELECT {self.record(target, other, selected.fields)} FROM {target.table} {other} WHERE {where})"

    def _list(self, relation: Relation, alias: str, selected: Selected) -> str:
        target, other = REGISTRY[relation.target], self._alias()
        self.reader.access.require_to_read(target.right)
        where = self._where(target, other, relation.join.replace("{x}", other).replace("{t}", alias))
        order = order_sql(order_terms(target, self.reader.config, None, self.reader.access), other, backward=False)
        built = self.record(target, other, selected.fields)
        return f"(SELECT coalesce(json_agg({built} ORDER BY {order}), '[]'::json) FROM {target.table} {other} WHERE {where})"

    def page(self, record: RecordType, selected: Selected, join: Callable[[str], str]) -> str:
        """The JSON of a connection over the rows that ``join`` relates."""
        self.reader.access.require_to_read(record.right)
        other = self._alias()
        arguments = page_arguments(selected.arguments)
        outer_path = self._path
        self._path = (*outer_path, arguments.size_source)
        self.pages.append(self._path)
        where = self._where(record, other, join(other), *self._filters(record, other, selected.arguments))
        page = _Page(self, record, other, where, arguments, selected)
        sql = page.sql()
        self._path = outer_path
        return sql

    def _filters(self, record: RecordType, alias: str, arguments: Mapping[str, Any]) -> list[str]:
        filters = []
        if arguments.get("where") is not None:
            condition: Condition = parse_condition(record, self.reader.config, arguments["where"], self.reader.access)
            filters.append(f"({condition.sql(alias, SqlContext(self.parameters))})")
        query = arguments.get("search")
        searched = isinstance(query, Leaf) and query.value is not None and record.search is not None
        if searched and record.search is not None and isinstance(query, Leaf):
            filters.append(self._search(record, alias, query))
        if record.voidable:
            voided = arguments.get("voided") or ("INCLUDE" if searched else "EXCLUDE")
            if voided != "INCLUDE":
                filters.append(f"{alias}.voided_at IS {'NOT ' if voided == 'ONLY' else ''}NULL")
        return filters

    def _search(self, record: RecordType, alias: str, query: Leaf) -> str:
        # The first word stands on its own, so that the trigram index can serve it; the others judge what it found.
        first = self.parameters.bind(query, lambda text: (search.patterns(text) or ["%"])[0], "text")
        others = self.parameters.bind(query, lambda text: search.patterns(text)[1:], "text[]")
        assert record.search is not None
        missing = record.search(alias, "w.pattern", self.reader.access)
        rest = f"NOT EXISTS (SELECT 1 FROM unnest({others}) AS w(pattern) WHERE NOT {missing})"
        return f"({record.search(alias, first, self.reader.access)}) AND {rest}"

    def _where(self, record: RecordType, alias: str, *conditions: str) -> str:
        parts = [f"{alias}.tenant_id = %(tenant)s", *(part for part in conditions if part), *self.scope(record, alias)]
        return " AND ".join(parts)

    def scope(self, record: RecordType, alias: str) -> list[str]:
        return [record.own.replace("{t}", alias)] if record.own else []

    def key_test(self, record: RecordType, name: str, leaf: Leaf, alias: str) -> str:
        column = record.by_name[name]
        assert isinstance(column, Column)

        def convert(value: Any) -> Any:
            # An id that is no id finds nothing, as one that never existed.
            try:
                return column.type.parse(value)
            except BadValue:
                return None

        return f"{column.expression(alias)} = {self.parameters.bind(leaf, convert, column.type.sql)}"

    def _alias(self) -> str:
        return f"t{next(self._aliases)}"


class _Page:
    """One connection of a statement."""

    def __init__(
        self,
        compiler: _Compiler,
        record: RecordType,
        alias: str,
        where: str,
        arguments: PageArguments,
        selected: Selected,
    ) -> None:
        self.compiler = compiler
        self.record = record
        self.alias = alias
        self.base = where
        self.arguments = arguments
        self.selected = selected
        self.terms = order_terms(
            record, compiler.reader.config, selected.arguments.get("orderBy"), compiler.reader.access
        )
        self.columns: list[str] = []
        wanted = {(field.name, part.name) for field in selected.fields for part in field.fields}
        more = ("pageInfo", "hasPreviousPage" if arguments.backward else "hasNextPage")
        self.looks_ahead = more in wanted
        self.needs_cursor = not wanted.isdisjoint(
            {("edges", "cursor"), ("pageInfo", "startCursor"), ("pageInfo", "endCursor")}
        )
        self.bounds = self._bounds()

    def _bounds(self) -> dict[str, str]:
        parameters = self.compiler.parameters
        found = {}
        if self.arguments.after:
            found["after"] = beyond_sql(self.terms, self.alias, self.arguments.after, parameters, backward=False)
        if self.arguments.before:
            found["before"] = beyond_sql(self.terms, self.alias, self.arguments.before, parameters, backward=True)
        return found

    def sql(self) -> str:
        counts = {"totalCount", TYPENAME}
        if all(field.name in counts for field in self.selected.fields):
            return json_object([(field.key, self._field(field, "")) for field in self.selected.fields])
        size = self.compiler.parameters.bind(self.arguments.size, self.arguments.read_size, "integer")
        pairs = [(field.key, self._field(field, size)) for field in self.selected.fields]
        columns = list(self.columns)
        if self.needs_cursor:
            columns.append(f"{cursor_sql(self.terms, self.alias)} AS cursor")
        if self.looks_ahead or self.arguments.backward or self.needs_cursor:
            columns.append("row_number() OVER () AS place")
        where = " AND ".join((self.base, *self.bounds.values()))
        order = order_sql(self.terms, self.alias, backward=self.arguments.backward)
        limit = f"{size} + 1" if self.looks_ahead else size
        rows = (
            f"SELECT {self.alias}.* FROM {self.record.table} {self.alias} WHERE {where} ORDER BY {order} LIMIT {limit}"
        )
        return f"(SELECT {json_object(pairs)} FROM (SELECT {', '.join(columns) or '1'} FROM ({rows}) {self.alias}) p GROUP BY ())"

    def _field(self, field: Selected, size: str) -> str:
        match field.name:
            case "nodes":
                return self._aggregate(self._node(field.fields), size)
            case "edges":
                return self._aggregate(self._edge(field.fields), size)
            case "pageInfo":
                return json_object([(part.key, self._page_info(part.name, size)) for part in field.fields])
            case "totalCount":
                return f"(SELECT count(*) FROM {self.record.table} {self.alias} WHERE {self.base})"
        return f"'{self.record.graphql}Connection'"

    def _node(self, fields: Sequence[Selected]) -> str:
        name = f"n{len(self.columns)}"
        self.columns.append(f"{self.compiler.record(self.record, self.alias, fields)} AS {name}")
        return f"p.{name}"

    def _edge(self, fields: Sequence[Selected]) -> str:
        pairs = []
        for field in fields:
            if field.name == "node":
                pairs.append((field.key, self._node(field.fields)))
            elif field.name == "cursor":
                pairs.append((field.key, "p.cursor"))
            else:
                pairs.append((field.key, f"'{self.record.graphql}Edge'"))
        return json_object(pairs)

    def _aggregate(self, expression: str, size: str) -> str:
        order = " ORDER BY p.place DESC" if self.arguments.backward else ""
        return f"coalesce(json_agg({expression}{order}){self._within(size)}, '[]'::json)"

    def _within(self, size: str) -> str:
        return f" FILTER (WHERE p.place <= {size})" if self.looks_ahead else ""

    def _page_info(self, name: str, size: str) -> str:
        backward = self.arguments.backward
        match name:
            case "hasNextPage" | "hasPreviousPage":
                ahead = (name == "hasPreviousPage") == backward
                bound = self.bounds.get("before" if name == "hasNextPage" else "after")
                tests = [f"count(*) > {size}"] if ahead else []
                if bound:
                    tests.append(
                        f"EXISTS (SELECT 1 FROM {self.record.table} {self.alias}"
                        f" WHERE {self.base} AND NOT coalesce({bound}, FALSE))"
                    )
                return " OR ".join(tests) or "FALSE"
            case "startCursor" | "endCursor":
                direction = "DESC" if (name == "startCursor") == backward else "ASC"
                return f"(array_agg(p.cursor ORDER BY p.place {direction}){self._within(size)})[1]"
        return "'PageInfo'"
