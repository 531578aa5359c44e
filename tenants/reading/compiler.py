"""From a selection to one SQL statement.

Every relation becomes a correlated subquery, so a statement answers a selection of any depth, and nothing is fetched row by
row. Rights are decided while compiling: what the reader may not read does not become SQL.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

import orjson

from tenants.conditions import Condition, SqlContext, parse_condition, row_tests
from tenants.conditions.tree import Lead
from tenants.config.definitions import View
from tenants.config.snapshot import TenantConfig
from tenants.field_types import BadValue
from tenants.languages import product_language
from tenants.permissions import Access
from tenants.reading.audit_words import audit_words
from tenants.reading.connections import Connection, needs_more_than_rows
from tenants.reading.groups import MOST_GROUPS, grouping
from tenants.reading.in_part import readable
from tenants.reading.json_sql import TYPENAME, json_object, literal
from tenants.reading.own_permissions import permissions_json
from tenants.reading.pages import order_sql, order_terms, page_arguments
from tenants.reading.plan import Parameters, Plan
from tenants.reading.ranges import Walk
from tenants.reading.readable_texts import readable_text
from tenants.reading.searching import SearchWalk
from tenants.reading.selection import Leaf, Selected
from tenants.reading.steps import steps_json
from tenants.reading.withheld import items_source, related
from tenants.records import (
    REGISTRY,
    Attribute,
    AuditWords,
    Column,
    Custom,
    Items,
    Lookup,
    Money,
    Permissions,
    RecordType,
    Relation,
    Steps,
    Structure,
)
from tenants.records.customers import SEEN_ORDERS
from tenants.records.rights import OWN, require_to_read
from tenants.search import parse_query


@dataclass(frozen=True, slots=True)
class Reader:
    """For whom a statement is compiled: the tenant's configuration, the reader's rights and language, and those of the reader's
    own views, by id, that the call names."""

    config: TenantConfig
    access: Access
    language: str
    views: Mapping[str, View] = field(default_factory=dict)


def compile_page(reader: Reader, record: RecordType, selected: Selected, *, right: str = "") -> Plan:
    """A statement whose one row holds the JSON of a connection; where a ``right`` is given, of the records alone that it is of. Raises
    the house's problems."""
    compiler = _Compiler(reader)
    return compiler.plan(f"SELECT {compiler.page(record, selected, lambda alias: compiler.test(right, alias))}")


def compile_one(
    reader: Reader, record: RecordType, keys: Mapping[str, Leaf], fields: Sequence[Selected], *, guarded: bool = True
) -> Plan:
    """A statement for one record, found by ``keys`` (attribute name to value): one row with its JSON, or none.

    Raises :class:`NotAllowed` for a missing right; ``guarded`` false leaves those to the record and its fields out.
    """
    compiler = _Compiler(reader)
    if guarded:
        reader.access.require(record.right)
    return compiler.plan(compiler.one(record, keys, fields, guarded=guarded))


def compile_any(reader: Reader, wanted: Mapping[RecordType, Sequence[Selected]], key: Leaf) -> Plan:
    """A statement for the one record of any of the types that has the id ``key``: one row with its JSON, or with nothing. ``wanted`` is
    what is selected of each type; those that the reader may not read are left out."""
    compiler = _Compiler(reader)
    found = [
        f"({compiler.one(record, {'id': key}, fields)})"
        for record, fields in wanted.items()
        if reader.access.allows(record.right)
    ]
    return compiler.plan(f"SELECT coalesce({', '.join(('NULL::json', *found))})")


def compile_groups(reader: Reader, record: RecordType, selected: Selected) -> Plan:
    """A statement whose one row holds a JSON list: how many records there are of each value of the field ``groupBy``.

    Raises the house's problems.
    """
    compiler = _Compiler(reader)
    return compiler.plan(f"SELECT {compiler.groups(record, selected)}")


class _Compiler:
    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self.parameters = Parameters()
        self.rows = row_tests(reader.config, reader.access)
        self._aliases = count(1)

    def plan(self, sql: str) -> Plan:
        """The finished statement."""
        bindings, depends_on_values = self.parameters.bindings, self.parameters.depends_on_values
        if self.rows:
            bindings = [*bindings, *self.rows.used(sql)]
            depends_on_values = depends_on_values or self.rows.depends_on_values
        return Plan(sql, tuple(bindings), depends_on_values)

    def test(self, right: str, alias: str) -> str:
        """Whether a row is one of the right's; nothing where all are."""
        return self.rows.test(right, alias) if self.rows and right else ""

    def one(
        self, record: RecordType, keys: Mapping[str, Leaf], fields: Iterable[Selected], *, guarded: bool = True
    ) -> str:
        """A statement for the record with these keys."""
        if guarded:
            for name in keys:
                require_to_read(self.reader.access, record, name, record.by_name[name])
        tests = [self.key_test(record, name, leaf, "t0") for name, leaf in keys.items()]
        where = " AND ".join(["t0.tenant_id = %(tenant)s", *tests, *self.scope(record, "t0")])
        return f"SELECT {self.record(record, 't0', fields, guarded=guarded)} FROM {record.table} t0 WHERE {where}"

    def record(self, record: RecordType, alias: str, fields: Iterable[Selected], *, guarded: bool = True) -> str:
        """The JSON of one row."""
        pairs = []
        for selected in fields:
            if selected.name == TYPENAME:
                pairs.append((selected.key, f"'{record.graphql}'"))
                continue
            attribute = record.by_name[selected.name]
            if guarded:
                attribute = readable(self.reader.access, self.rows, record, selected.name, attribute)
            pairs.append((selected.key, self._attribute(record, attribute, alias, selected)))
        return json_object(pairs)

    def _attribute(self, record: RecordType, attribute: Attribute, alias: str, selected: Selected) -> str:
        config, access, language = self.reader.config, self.reader.access, self.reader.language
        match attribute:
            case Column():
                return attribute.json_expression(alias)
            case Money():
                return self._money(attribute, alias, selected)
            case Structure():
                return self._structure(record, attribute, alias, selected).replace(
                    SEEN_ORDERS, self._and("order.read", "s")
                )
            case Items():
                return self._items(record, attribute, alias, selected)
            case Lookup():
                return self._of_right(attribute, alias, selected)
            case Steps():
                return steps_json(attribute, alias, selected, config, access, language, self.parameters)
            case AuditWords():
                return audit_words(attribute.name, alias, config, access, language)
            case Permissions():
                return permissions_json(record, alias, access, self.rows)
            case Custom():
                return self._custom(record, alias, selected)
            case Relation():
                return self._relation(record, attribute, alias, selected)
        raise TypeError(attribute)

    def _relation(self, record: RecordType, relation: Relation, alias: str, selected: Selected) -> str:
        if not relation.many:
            return self._one(record, relation, alias, selected)
        if not relation.paged:
            return self._list(record, relation, alias, selected)
        target, join = REGISTRY[relation.target], related(relation, self.reader.access).join
        return self.page(target, selected, lambda x: join.replace("{x}", x).replace("{t}", alias), via=record.name)

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
        source = items_source(record, items, self.reader.config, self.reader.access, self.rows)
        source = (
            source.replace("{x}", other)
            .replace("{t}", alias)
            .replace("{language}", product_language(self.reader.language))
        )
        return f"(SELECT coalesce(json_agg({built}), '[]'::json) FROM {source})"

    def _of_right(self, lookup: Lookup, alias: str, selected: Selected) -> str:
        """The entry of the record; that of readers without the right that it depends on where the record is none of the right's."""
        access = self.reader.access
        test, found = self.test(lookup.right, alias), self._lookup(lookup, access, alias, selected)
        if not test:
            return found
        other = self._lookup(lookup, replace(access, rights=access.rights - {lookup.right}), alias, selected)
        return f"(CASE WHEN {test} THEN {found} ELSE {other} END)"

    def _lookup(self, lookup: Lookup, access: Access, alias: str, selected: Selected) -> str:
        entries = lookup.entries(self.reader.config, access, self.reader.language)

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
        own = self.reader.config.own.get(record.name, {})
        names = [part.name for part in selected.fields if part.name != TYPENAME]
        known = {name: readable(self.reader.access, self.rows, record, f"{OWN}{name}", own[name]) for name in names}
        return self._members(record, f"{record.graphql}Custom", known, alias, selected)

    def _one(self, record: RecordType, relation: Relation, alias: str, selected: Selected) -> str:
        target, other = REGISTRY[relation.target], self._alias()
        self.reader.access.require_to_read(target.right)
        join = relation.join.replace("{x}", other).replace("{t}", alias)
        where = self._where(target, other, join, via=record.name)
        return f"(SELECT {self.record(target, other, selected.fields)} FROM {target.table} {other} WHERE {where})"

    def _list(self, record: RecordType, relation: Relation, alias: str, selected: Selected) -> str:
        target, other = REGISTRY[relation.target], self._alias()
        self.reader.access.require_to_read(target.right)
        join = related(relation, self.reader.access).join
        where = self._where(target, other, join.replace("{x}", other).replace("{t}", alias), via=record.name)
        order = order_sql(order_terms(target, self.reader.config, None, self.reader.access), other, backward=False)
        built = self.record(target, other, selected.fields)
        return f"(SELECT coalesce(json_agg({built} ORDER BY {order}), '[]'::json) FROM {target.table} {other} WHERE {where})"

    def page(self, record: RecordType, selected: Selected, join: Callable[[str], str], *, via: str = "") -> str:
        """The JSON of a connection over the rows that ``join`` relates; ``via`` is the type of the record that they are related to."""
        self.reader.access.require_to_read(record.right)
        other = self._alias()
        arguments = page_arguments(selected.arguments)
        terms = order_terms(record, self.reader.config, selected.arguments.get("orderBy"), self.reader.access)
        walk, relating = SearchWalk(record, terms, other), join(other)
        search = self._search(record, other, selected.arguments)
        may_lead = not (relating or search or needs_more_than_rows(selected))
        filters = self._filters(record, walk, selected.arguments, may_lead=may_lead)
        scope = self._where(record, other, relating, via=via)
        where = " AND ".join((scope, *filters))
        if search:
            found, holds, is_common = search
            where = f"{where} AND {found}"
            if not relating:
                walk.read_through(scope, (*filters, holds), is_common)
        return Connection(self, record, walk, where, arguments, selected).sql()

    def groups(self, record: RecordType, selected: Selected) -> str:
        """The JSON of the groups of a list, at most :data:`MOST_GROUPS` of them."""
        self.reader.access.require_to_read(record.right)
        config, access, other = self.reader.config, self.reader.access, self._alias()
        by = grouping(record, config, selected.arguments.get("groupBy"))
        by.require_to_read(access)
        terms = order_terms(record, config, None, access)
        filters = self._filters(record, Walk(record, terms, other), selected.arguments)
        found = (self._search(record, other, selected.arguments) or ())[:1]
        where = self._where(record, other, *filters, *found)
        rows = f"SELECT {by.key_sql(config, access, other)} AS key FROM {record.table} {other} WHERE {where}"
        order = by.order_sql(config, "g.key", "g.count")
        values = {
            "key": "g.key",
            "label": by.label_sql(config, access, self.reader.language, "g.key"),
            "count": "g.count",
            TYPENAME: "'RecordGroup'",
        }
        built = json_object([(field.key, values[field.name]) for field in selected.fields])
        counted = f"SELECT r.key, count(*) AS count FROM ({rows}) r GROUP BY r.key"
        chosen = f"SELECT * FROM ({counted}) g ORDER BY {order} LIMIT {MOST_GROUPS}"
        return f"(SELECT coalesce(json_agg({built} ORDER BY {order}), '[]'::json) FROM ({chosen}) g)"

    def _filters(
        self, record: RecordType, walk: Walk, arguments: Mapping[str, Any], *, may_lead: bool = False
    ) -> list[str]:
        filters, alias = [], walk.alias
        if arguments.get("where") is not None:
            condition: Condition = parse_condition(record, self.reader.config, arguments["where"], self.reader.access)
            filters.append(f"({self._led(condition, walk) if may_lead else self._tested(condition, walk)})")
        if record.voidable:
            if arguments.get("voided") in ("INCLUDE", "ONLY"):
                require_to_read(self.reader.access, record, "isVoided", record.by_name["isVoided"])
            voided = arguments.get("voided") or ("INCLUDE" if _query(record, arguments) else "EXCLUDE")
            if voided != "INCLUDE":
                filters.append(f"{alias}.voided_at IS {'NOT ' if voided == 'ONLY' else ''}NULL")
        return filters

    def _tested(self, condition: Condition, walk: Walk) -> str:
        return condition.sql(walk.alias, SqlContext(self.parameters, walk.joined))

    def _led(self, condition: Condition, walk: Walk) -> str:
        """The condition as a test, which the walk begins with if one index table answers it."""
        lead, bound = Lead(), len(self.parameters.bindings)
        planned_each = self.parameters.depends_on_values
        tested = condition.sql(walk.alias, SqlContext(self.parameters, walk.joined, lead))
        if lead.complete and lead.table:
            walk.lead = lead
            return tested
        # Something else is demanded too, and may be what few records meet: PostgreSQL knows best.
        del self.parameters.bindings[bound:]
        self.parameters.depends_on_values = planned_each
        return self._tested(condition, walk)

    def _search(
        self, record: RecordType, alias: str, arguments: Mapping[str, Any]
    ) -> tuple[str, str, str | None] | None:
        """The test that the index of search serves, the same as a test of one row by itself, and whether very many rows pass."""
        query, access = _query(record, arguments), self.reader.access
        if record.search is None or query is None:
            return None
        patterns = self.parameters.bind(query, lambda text: parse_query(text).patterns, "text[]")
        words = self.parameters.bind(query, lambda text: parse_query(text).words, "text[]")
        found = record.search.found(record, alias, patterns, words, access)
        seen = self._and("customer.read", "s") if record.search.with_customer else ""
        readable = readable_text(record, alias, self.reader.config, access) if access.closed else None
        if readable is not None:
            patterns = self.parameters.bind(query, lambda text: parse_query(text).literal_patterns, "text[]")
            holds = f"({readable} LIKE ALL ({patterns}))"
            return f"{found} AND {holds}", holds, None
        holds = record.search.holds(alias, patterns, access, seen)
        if seen:
            return f"{found} AND {holds}", holds, None
        return found, holds, record.search.is_common(patterns, access)

    def _where(self, record: RecordType, alias: str, *conditions: str, via: str = "") -> str:
        related = (part for part in conditions if part)
        return " AND ".join((f"{alias}.tenant_id = %(tenant)s", *related, *self.scope(record, alias, via)))

    def scope(self, record: RecordType, alias: str, via: str = "") -> list[str]:
        """What of the rows is there for the reader; ``via`` is the type of the record that led to them."""
        test = self.rows.reading(record, alias, via) if self.rows else ""
        return [*([record.own.replace("{t}", alias)] if record.own else []), *([test] if test else [])]

    def _and(self, right: str, alias: str) -> str:
        test = self.test(right, alias)
        return f" AND {test}" if test else ""

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


def _query(record: RecordType, arguments: Mapping[str, Any]) -> Leaf | None:
    """What is searched for, if anything is."""
    query = arguments.get("search")
    return query if record.search is not None and isinstance(query, Leaf) and query.value is not None else None
