"""The types of what can be read, made from the record types: objects, connections, and the query fields that serve them.

Nothing here resolves field by field. A field that begins a read (a list or one record) hands its whole selection to the
compiler, and its answer goes out as it came from PostgreSQL.
"""

from collections.abc import Mapping
from typing import Any, cast

from graphql import (
    GraphQLArgument,
    GraphQLBoolean,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInt,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLString,
)

from schema.filters import FilterTypes, NamedTypes, enum_type, shaping_enums
from schema.lens import put_under_lens
from schema.reads import MARK, Compiled, any_of, groups_of, one_of, page_of, resolve_compiled
from tenants.config.definitions import Category
from tenants.models import ADDRESS_PARTS
from tenants.names import camel
from tenants.reading.groups import MOST_GROUPS
from tenants.records import (
    CUSTOMISABLE,
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
from tenants.records.attributes import column
from tenants.views.running import VIEW


def _list_of(kind: GraphQLNamedType) -> GraphQLOutputType:
    return GraphQLNonNull(GraphQLList(GraphQLNonNull(cast(GraphQLObjectType, kind))))


def required(kind: GraphQLOutputType, nullable: bool) -> GraphQLOutputType:
    return kind if nullable else GraphQLNonNull(cast(Any, kind))


class GeneratedTypes:
    """All generated types by name; ``known`` are the scalars and the classes that stand for records in payloads."""

    def __init__(self, known: Mapping[str, GraphQLNamedType]) -> None:
        self.types: NamedTypes = {**known, **shaping_enums()}
        self.types["StatusCategory"] = enum_type(
            "StatusCategory",
            {category.upper(): category.upper() for category in Category},
            "What kind of status it is.",
        )
        self._node = GraphQLInterfaceType(
            "Node",
            {"id": GraphQLField(GraphQLNonNull(self._scalar("ID")), description="Opaque id.")},
            description="A record that can be fetched again by its id.",
        )
        self.types["Node"] = self._node
        self._enums()
        self.filters = FilterTypes(self.types)
        self._page_info = self._make_page_info()
        self.types["Money"] = GraphQLObjectType(
            "Money",
            {
                "amount": GraphQLField(GraphQLNonNull(self._scalar("Decimal")), description="Exact amount."),
                "currency": GraphQLField(GraphQLNonNull(GraphQLString), description="Currency by ISO 4217."),
            },
            description="An exact amount of money.",
        )
        self.types["MoneyInput"] = GraphQLInputObjectType(
            "MoneyInput",
            {
                "amount": GraphQLInputField(GraphQLNonNull(self._scalar("Decimal")), description="Exact amount."),
                "currency": GraphQLInputField(
                    GraphQLString, description="Currency by ISO 4217; the usual one of the field, if not given."
                ),
            },
            description="An exact amount of money.",
        )
        self._postal_address()
        for record in REGISTRY.values():
            self._object(record)
        for record in REGISTRY.values():
            self._fill(record)
        # What links in a company's own fields may need.
        for target in (*CUSTOMISABLE, "member"):
            self.filters.quantified(REGISTRY[target])
        self.filters.put_under_lens()

    def _scalar(self, name: str) -> Any:
        return self.types[name]

    def _enums(self) -> None:
        for record in REGISTRY.values():
            for attribute in _all_columns(record):
                if attribute.choices and attribute.enum not in self.types:
                    values = {choice.upper(): choice for choice in attribute.choices}
                    self.types[attribute.enum] = enum_type(attribute.enum, values, attribute.description)

    def _make_page_info(self) -> GraphQLObjectType:
        flag, text = GraphQLNonNull(GraphQLBoolean), GraphQLString
        return GraphQLObjectType(
            "PageInfo",
            {
                "hasNextPage": GraphQLField(flag, description="Whether more follow."),
                "hasPreviousPage": GraphQLField(flag, description="Whether there are some before."),
                "startCursor": GraphQLField(text, description="The cursor of the first."),
                "endCursor": GraphQLField(text, description="The cursor of the last."),
            },
            description="Where a page stands in its list.",
        )

    def _postal_address(self) -> None:
        text = column("text", "text", "A part of an address.")
        parts = {camel(part): f"The {part.replace('_', ' ')} of the address." for part in ADDRESS_PARTS}
        about = "A postal address, part by part."
        shown = {name: GraphQLField(GraphQLString, description=said) for name, said in parts.items()}
        given = {name: GraphQLInputField(GraphQLString, description=said) for name, said in parts.items()}
        asked = {
            name: GraphQLInputField(self.filters.scalar_filter(text), description=said) for name, said in parts.items()
        }
        self.types["PostalAddress"] = GraphQLObjectType("PostalAddress", shown, description=about)
        self.types["PostalAddressInput"] = GraphQLInputObjectType("PostalAddressInput", given, description=about)
        self.types["PostalAddressFilter"] = GraphQLInputObjectType(
            "PostalAddressFilter", asked, description="All given conditions must hold."
        )

    def _object(self, record: RecordType) -> None:
        known = self.types.get(record.graphql)
        if not isinstance(known, GraphQLObjectType):
            self.types[record.graphql] = GraphQLObjectType(record.graphql, {}, description=record.description)

    def _fill(self, record: RecordType) -> None:
        made = cast(GraphQLObjectType, self.types[record.graphql])
        made.description = record.description
        made.__dict__["fields"] = {
            attribute.name: self._field(record, attribute)
            for attribute in record.attributes
            if not isinstance(attribute, Custom)
        }
        if record.root:
            made.interfaces = (self._node,)
        put_under_lens(made)

    def _field(self, record: RecordType, attribute: Attribute) -> GraphQLField:
        match attribute:
            case Structure():
                self._members(record, attribute.graphql, attribute.members, attribute.description)
            case Items():
                item = GraphQLNonNull(
                    self._members(record, attribute.graphql, attribute.members, attribute.description)
                )
                return GraphQLField(GraphQLNonNull(GraphQLList(item)), description=attribute.description)
            case Lookup():
                return GraphQLField(self._lookup(attribute), description=attribute.description)
            case Steps():
                return GraphQLField(self._steps(attribute), description=attribute.description)
            case Relation(many=True, paged=True):
                return self._connection_field(REGISTRY[attribute.target], attribute.description)
        return attribute_field(attribute, self.types)

    def _members(
        self, record: RecordType, name: str, members: tuple[Attribute, ...], description: str
    ) -> GraphQLObjectType:
        if name not in self.types:
            fields = {member.name: self._field(record, member) for member in members}
            self.types[name] = GraphQLObjectType(name, fields, description=description)
        return cast(GraphQLObjectType, self.types[name])

    def _lookup(self, lookup: Lookup) -> GraphQLOutputType:
        if lookup.graphql not in self.types:
            fields = {
                name: GraphQLField(required(self._scalar(kind.rstrip("!")), not kind.endswith("!")))
                for name, kind in lookup.members.items()
            }
            self.types[lookup.graphql] = GraphQLObjectType(lookup.graphql, fields, description=lookup.description)
        made = cast(GraphQLObjectType, self.types[lookup.graphql])
        if lookup.many:
            return GraphQLNonNull(GraphQLList(GraphQLNonNull(made)))
        return required(made, lookup.nullable)

    def _steps(self, steps: Steps) -> GraphQLOutputType:
        def scalars(members: Mapping[str, str]) -> dict[str, GraphQLField]:
            return {
                name: GraphQLField(required(self._scalar(kind.rstrip("!")), not kind.endswith("!")))
                for name, kind in members.items()
            }

        fields = scalars(steps.members)
        for name, (graphql, members) in steps.lists.items():
            self.types[graphql] = GraphQLObjectType(graphql, scalars(members), description="What a step can ask for.")
            fields[name] = GraphQLField(_list_of(self.types[graphql]))
        self.types[steps.graphql] = GraphQLObjectType(steps.graphql, fields, description=steps.description)
        return _list_of(self.types[steps.graphql])

    def _connection(self, record: RecordType) -> GraphQLObjectType:
        name = f"{record.graphql}Connection"
        if name not in self.types:
            node = GraphQLNonNull(cast(GraphQLObjectType, self.types[record.graphql]))
            edge = GraphQLObjectType(
                f"{record.graphql}Edge",
                {
                    "node": GraphQLField(node, description="The record."),
                    "cursor": GraphQLField(GraphQLNonNull(GraphQLString), description="Where it stands in this list."),
                },
                description=f"One entry of a {name}.",
            )
            self.types[name] = GraphQLObjectType(
                name,
                {
                    "edges": GraphQLField(
                        GraphQLNonNull(GraphQLList(GraphQLNonNull(edge))), description="Records with cursors."
                    ),
                    "nodes": GraphQLField(GraphQLNonNull(GraphQLList(node)), description="The records alone."),
                    "pageInfo": GraphQLField(GraphQLNonNull(self._page_info), description="Where the page stands."),
                    "totalCount": GraphQLField(
                        GraphQLNonNull(GraphQLInt),
                        {
                            "estimate": GraphQLArgument(
                                GraphQLBoolean,
                                default_value=False,
                                description="True: exact up to 10,000, and beyond that an estimate, which is quick.",
                            )
                        },
                        description="How many there are in all; counted only when asked for.",
                    ),
                },
                description=f"A page of {record.plural} (Relay connection).",
            )
        return cast(GraphQLObjectType, self.types[name])

    def _connection_field(self, record: RecordType, description: str, mark: Compiled | None = None) -> GraphQLField:
        self._connection(record)
        self.filters.record_filter(record)
        self.filters.record_order(record)
        return connection_field(record, description, self.types, mark)

    def _view_argument(self) -> dict[str, GraphQLArgument]:
        about = (
            "The id of a view: its filter holds as well as where, and its order, search, page size, grouping and choice of void"
            " records where they are not given."
        )
        return {VIEW: GraphQLArgument(self._scalar("ID"), description=about)}

    def _groups_field(self, record: RecordType, arguments: Mapping[str, GraphQLArgument]) -> GraphQLField:
        if "RecordGroup" not in self.types:
            self.types["RecordGroup"] = GraphQLObjectType(
                "RecordGroup",
                {
                    "key": GraphQLField(GraphQLString, description="The value, as a filter takes it; null: no value."),
                    "label": GraphQLField(GraphQLString, description="Its name for people, in your language."),
                    "count": GraphQLField(GraphQLNonNull(GraphQLInt), description="How many records have it."),
                },
                description="The records of a list that have the same value of a field.",
            )
        group = GraphQLNonNull(cast(GraphQLObjectType, self.types["RecordGroup"]))
        chosen = {name: arguments[name] for name in (VIEW, "where", "search", "voided") if name in arguments}
        path = GraphQLArgument(
            GraphQLString, description="The field by its path, such as status, owner, customer.kind or custom.region."
        )
        return GraphQLField(
            GraphQLNonNull(GraphQLList(group)),
            {"groupBy": path, **chosen},
            description=f"How many {record.plural} there are of each value of a field, at most {MOST_GROUPS} values.",
            **_marked(groups_of(record)),
        )

    def query_fields(self) -> dict[str, GraphQLField]:
        """The fields of ``Query`` that read: one list and one finder per record type, and ``node``."""
        fields = {}
        for record in REGISTRY.values():
            if not record.root:
                continue
            fields[record.plural] = self._connection_field(record, f"A page of {record.plural}.", page_of(record))
            if record.name in CUSTOMISABLE:
                fields[record.plural].args.update(self._view_argument())
                fields[f"{record.name}Groups"] = self._groups_field(record, fields[record.plural].args)
            one = record.graphql[0].lower() + record.graphql[1:]
            keys = {
                name: GraphQLArgument(self._scalar("ID" if name == "id" else "String"), description=f"By its {name}.")
                for name in ("id", *record.by)
            }
            target = cast(GraphQLObjectType, self.types[record.graphql])
            fields[one] = GraphQLField(
                target,
                keys,
                description=f"One {one}, found by exactly one key; null if there is none.",
                **_marked(one_of(record)),
            )
        identified = {"id": GraphQLArgument(GraphQLNonNull(self._scalar("ID")), description="Its id.")}
        fields["node"] = GraphQLField(
            self._node, identified, description="Any record by its id; null if there is none.", **_marked(any_of())
        )
        return fields


def attribute_field(attribute: Attribute, types: Mapping[str, GraphQLNamedType]) -> GraphQLField:
    """What an attribute shows, of the types that are there by name."""
    match attribute:
        case Column():
            scalar = cast(GraphQLOutputType, types[attribute.enum or attribute.type.graphql])
            kind = GraphQLList(GraphQLNonNull(cast(Any, scalar))) if attribute.type.many else scalar
        case Money():
            kind = cast(GraphQLOutputType, types["Money"])
        case Structure():
            kind = cast(GraphQLOutputType, types[attribute.graphql])
        case AuditWords():
            kind = GraphQLString
        case Permissions():
            kind = GraphQLList(GraphQLNonNull(GraphQLString))
        case Relation(many=False):
            kind = cast(GraphQLOutputType, types[REGISTRY[attribute.target].graphql])
        case Relation(paged=False):
            target = cast(GraphQLObjectType, types[REGISTRY[attribute.target].graphql])
            kind = GraphQLList(GraphQLNonNull(target))
        case Relation():
            return connection_field(REGISTRY[attribute.target], attribute.description, types)
        case _:
            raise TypeError(attribute)
    return GraphQLField(required(kind, attribute.nullable), description=attribute.description)


def connection_field(
    record: RecordType, description: str, types: Mapping[str, GraphQLNamedType], mark: Compiled | None = None
) -> GraphQLField:
    """A page of the records, with its arguments."""
    text, size = GraphQLString, GraphQLInt
    page = cast(GraphQLObjectType, types[f"{record.graphql}Connection"])
    filters = cast(GraphQLInputObjectType, types[f"{record.graphql}Filter"])
    order = cast(GraphQLInputObjectType, types[f"{record.graphql}OrderBy"])
    arguments = {
        "where": GraphQLArgument(filters, description="Only those for which this holds."),
        "orderBy": GraphQLArgument(GraphQLList(GraphQLNonNull(order)), description="How they are sorted."),
        "first": GraphQLArgument(size, description="At most so many from the start; 20 by default, 200 at most."),
        "after": GraphQLArgument(text, description="Begin behind this cursor."),
        "last": GraphQLArgument(size, description="At most so many from the end."),
        "before": GraphQLArgument(text, description="End before this cursor."),
    }
    if record.search is not None:
        arguments["search"] = GraphQLArgument(
            text,
            description="Free text: every word must be found; where none is, a slip of the finger in each is forgiven.",
        )
    if record.voidable:
        arguments["voided"] = GraphQLArgument(
            cast(Any, types["VoidedOrders"]),
            description="What to do with void orders; left out by default, included when searching.",
        )
    return GraphQLField(GraphQLNonNull(page), arguments, description=description, **_marked(mark))


def _marked(mark: Compiled | None) -> dict[str, Any]:
    """What a field that begins a read has beyond its type."""
    return {"resolve": resolve_compiled, "extensions": {MARK: mark}} if mark else {}


def _all_columns(record: RecordType) -> list[Column]:
    found = []
    for attribute in record.attributes:
        if isinstance(attribute, Column):
            found.append(attribute)
        elif isinstance(attribute, Structure | Items):
            found.extend(member for member in attribute.members if isinstance(member, Column))
    return found
