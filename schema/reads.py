"""Root fields that read. All of one operation travel together: each is one SQL statement, and one round trip serves them all.

A field that reads carries its :class:`Compiled` mark. Before an operation is executed, the plans of its marked fields are made (once
for each document, reader and shape of the variables) and run; the answers wait in the context. Where the marked fields are all there
is, the answers are the response; where the operation asks for more, graphql-core executes it and finds them there.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, TypeVar, cast
from uuid import UUID

import orjson
from graphql import (
    FieldNode,
    GraphQLError,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    SelectionNode,
    VariableNode,
    located_error,
)

from schema.context import MOST_TRIES, Context, Info, parse_id
from schema.documents import Document
from schema.plans import plans_of
from schema.selections import Selections, shape
from tenants.config.definitions import View
from tenants.database import Caller, Outdated
from tenants.problems import Conflict, FieldError, InvalidInput
from tenants.reading.compiler import Reader, compile_any, compile_groups, compile_one, compile_page
from tenants.reading.plan import Plan
from tenants.reading.selection import Leaf, Selected
from tenants.records import REGISTRY, RecordType
from tenants.views.finding import private_views
from tenants.views.running import with_view

TYPENAME = "__typename"
ResolveInfo = GraphQLResolveInfo[Context]
Kind = TypeVar("Kind")
Variables = Mapping[str, Any]
# What a root field that reads comes to: its JSON, nothing, or what is wrong with it.
Read = bytes | Exception | None


@dataclass(frozen=True, slots=True)
class Compiled:
    """The mark of a root field that the compiler answers: how its plan is made from its selection."""

    plan: Callable[[Reader, Selected], Plan]


MARK = "orderloom.compiled"


def page_of(record: RecordType) -> Compiled:
    """The mark of a list."""
    return Compiled(lambda reader, selected: compile_page(reader, record, with_view(reader, record, selected)))


def groups_of(record: RecordType) -> Compiled:
    """The mark of the groups of a list."""
    return Compiled(lambda reader, selected: compile_groups(reader, record, with_view(reader, record, selected)))


def one_of(record: RecordType) -> Compiled:
    """The mark of a finder: exactly one key must be given."""

    def plan(reader: Reader, selected: Selected) -> Plan:
        keys = {
            name: value
            for name, value in selected.arguments.items()
            if isinstance(value, Leaf) and value.value is not None
        }
        if len(keys) != 1:
            names = ", ".join(("id", *record.by))
            raise InvalidInput([FieldError((selected.name,), "value.one_key", {"names": names})])
        return compile_one(reader, record, keys, selected.fields)

    return Compiled(plan)


def any_of() -> Compiled:
    """The mark of ``node``: ids do not tell their type, so one statement asks for each that the reader may read."""

    def plan(reader: Reader, selected: Selected) -> Plan:
        wanted = {record: selected.by_type[record.graphql] for record in REGISTRY.values() if record.root}
        return compile_any(reader, wanted, selected.arguments["id"])

    return Compiled(plan)


@dataclass(frozen=True, slots=True)
class Root:
    """A root field of an operation: ``plan`` is what is wrong where none can be made, and None for ``__typename``."""

    key: str
    nodes: Sequence[FieldNode]
    nullable: bool
    plan: Plan | Exception | None


@dataclass(frozen=True, slots=True)
class Roots:
    """The marked root fields of an operation, and whether they are all that it asks for."""

    fields: tuple[Root, ...]
    are_all: bool

    @property
    def length(self) -> int:
        """The characters of their statements."""
        return sum(len(root.plan.sql) for root in self.fields if isinstance(root.plan, Plan))


def reader_for(caller: Caller, views: Mapping[str, View] = MappingProxyType({})) -> Reader:
    return Reader(caller.config, caller.access, caller.language, views)


def _shaping_values(document: Document, variables: Variables) -> tuple[tuple[str, Any], ...]:
    """The values of the arguments that shape a statement by more than being there."""
    return tuple(
        (node.name.value, variables.get(node.value.name.value))
        if isinstance(node.value, VariableNode)
        else (node.name.value, getattr(node.value, "value", None))
        for node in document.shaping_arguments
    )


async def own_views(context: Context, variables: Variables) -> Mapping[str, View]:
    """The caller's own views that the operation names: the only part of its plan that is not in the configuration.

    Raises :class:`tenants.database.Outdated`.
    """
    named = {value for name, value in _shaping_values(context.document, variables) if name == "view"}
    ids = {parsed for value in named if (parsed := parse_id(value)) is not None}
    return await private_views(context.house.database, context.caller, ids) if ids else {}


def roots_of(
    schema: GraphQLSchema,
    document: Document,
    operation: OperationDefinitionNode,
    caller: Caller,
    variables: Variables,
    views: Mapping[str, View],
) -> Roots:
    """The plans of a query's root fields, remembered with the configuration. Raises ``GraphQLError`` for a directive's bad variable."""
    # Syntax nodes live as long as the document, so their identity names the operation.
    key: tuple[Any, ...] = (id(operation), caller.access.roles, caller.language, shape(variables))
    if document.shaping_arguments:
        bodies = tuple((name, view.model_dump_json()) for name, view in views.items())
        key = (*key, _shaping_values(document, variables), bodies)
    plans = plans_of(caller.config)
    known: Roots | None = plans.get((document, key))
    return known or plans.put(
        (document, key), _make_roots(schema, document, operation, reader_for(caller, views), variables)
    )


def _make_roots(
    schema: GraphQLSchema, document: Document, operation: OperationDefinitionNode, reader: Reader, variables: Variables
) -> Roots:
    query = cast(GraphQLObjectType, schema.query_type)
    selections = Selections(schema, document.fragments, variables)
    groups = selections.groups([operation.selection_set.selections], query)
    found = []
    for key, nodes in groups.items():
        name = nodes[0].name.value
        if name == TYPENAME:
            found.append(Root(key, nodes, False, None))
            continue
        field = query.fields.get(name)
        mark = field.extensions.get(MARK) if field else None
        if field and isinstance(mark, Compiled):
            plan: Plan | Exception
            try:
                plan = mark.plan(reader, selections.of(nodes, query))
            except Exception as error:  # noqa: BLE001  (as below)
                plan = error
            found.append(Root(key, nodes, not isinstance(field.type, GraphQLNonNull), plan))
    return Roots(tuple(found), len(found) == len(groups))


async def read_roots(context: Context, roots: Roots, variables: Variables) -> dict[str, Read]:
    """The answers of the root fields by response key, in one round trip.

    Raises :class:`tenants.database.Outdated`; what is wrong with one field is its answer.
    """
    caller = context.caller
    answers: dict[str, Read] = {}
    statements, keys = [], []
    for root in roots.fields:
        if not isinstance(root.plan, Plan):
            answers[root.key] = root.plan or b'"Query"'
            continue
        answers[root.key] = None
        try:
            statements.append(root.plan.bound(variables, caller.tenant_id, caller.member_id))
            keys.append(root.key)
        except Exception as error:  # noqa: BLE001  (whatever it is, it is this field's error, as of any resolver)
            answers[root.key] = error
    if statements:
        try:
            answers.update(zip(keys, await context.house.database.read_all(caller, statements), strict=True))
            context.confirmed = True
        except Outdated:
            raise
        except Exception as error:  # noqa: BLE001  (as above, of all fields)
            answers.update(dict.fromkeys(keys, error))
    return answers


def assembled(roots: Roots, answers: Mapping[str, Read]) -> tuple[dict[str, Any] | None, list[GraphQLError]]:
    """The data and the errors of an operation whose root fields are all marked, as GraphQL's execution would have them."""
    data: dict[str, Any] | None = {}
    errors = []
    for root in roots.fields:
        answer = answers[root.key]
        if isinstance(answer, Exception):
            errors.append(located_error(answer, root.nodes, [root.key]))
        if answer is None or isinstance(answer, Exception):
            if not root.nullable:
                # Null goes up to the first that may be null, and there is none above: nothing else is known either.
                return None, errors
            answer = None
        if data is not None:
            data[root.key] = None if answer is None else orjson.Fragment(answer)
    return data, errors


def resolve_compiled(_root: Any, info: ResolveInfo, **_arguments: Any) -> orjson.Fragment | None:
    """The resolver of a marked field: hands out what was read before."""
    answer = info.context.answers[str(info.path.key)]
    if isinstance(answer, Exception):
        raise answer
    return None if answer is None else orjson.Fragment(answer)


async def read_record(
    info: ResolveInfo, record: RecordType, record_id: UUID | None, *, guarded: bool = True
) -> orjson.Fragment | None:
    """The record with that id, with the selection of the field at hand; None where there is none.

    Serves payloads of mutations and subscriptions: fields whose type may be a union. Only what is the reader's own is read without the
    record type's right (``guarded`` false).
    """
    if record_id is None:
        return None
    target = cast(GraphQLObjectType, info.schema.get_type(record.graphql))

    def make(caller: Caller) -> Plan:
        selections = [node.selection_set.selections for node in info.field_nodes if node.selection_set]
        fields = _fields_of(info, cast(Sequence[Sequence[SelectionNode]], selections), target)
        return compile_one(
            reader_for(caller), record, {"id": Leaf(record_id, lambda _: record_id)}, fields, guarded=guarded
        )

    context = info.context
    for _ in range(MOST_TRIES):
        try:
            # The id is this call's own, so the plan is of no use to another.
            return await _run(context, make(context.caller), _variables(info))
        except Outdated:
            if info.operation.operation is OperationType.QUERY:
                context.outdated = True
                raise
            # What a mutation did stays done: only its answer is read anew, for the caller as they are now.
            await context.refresh()
    raise Conflict("busy")


async def selected_record(info: Info, kind: type[Kind], record_id: UUID | None, *, guarded: bool = True) -> Kind | None:
    """:func:`read_record` for Strawberry's fields: the record of the type that ``kind`` stands for, typed as that class."""
    record = next(record for record in REGISTRY.values() if record.graphql == kind.__name__)
    # Strawberry has no public way to the syntax of the selection.
    raw = info._raw_info  # noqa: SLF001
    return cast(Kind | None, await read_record(raw, record, record_id, guarded=guarded))


def _fields_of(
    info: ResolveInfo, selections: Sequence[Sequence[SelectionNode]], target: GraphQLObjectType
) -> tuple[Selected, ...]:
    return Selections(info.schema, info.fragments, _variables(info)).fields(selections, target)


def _variables(info: ResolveInfo) -> Variables:
    return cast(Variables, info.variable_values)


async def _run(context: Context, plan: Plan, variables: Variables) -> orjson.Fragment | None:
    caller = context.caller
    (answer,) = await context.house.database.read_all(
        caller, [plan.bound(variables, caller.tenant_id, caller.member_id)]
    )
    context.confirmed = True
    return None if answer is None else orjson.Fragment(answer)
