"""Resolvers of the fields that begin a read. Each is one SQL statement, planned once per document, reader and shape."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar, cast
from uuid import UUID

import orjson
from graphql import GraphQLObjectType, GraphQLResolveInfo, OperationType, SelectionNode

from schema.context import MOST_TRIES, Context, Info, parse_id
from schema.selections import Selections, shape
from tenants.database import Caller, Outdated
from tenants.problems import Conflict, FieldError, InvalidInput
from tenants.reading.compiler import Reader, compile_one, compile_page
from tenants.reading.plan import Plan
from tenants.reading.selection import Leaf, Selected
from tenants.records import REGISTRY, RecordType

MOST_PLANS = 500
ResolveInfo = GraphQLResolveInfo[Context]
Kind = TypeVar("Kind")
Resolver = Callable[..., Awaitable[orjson.Fragment | None]]


def reader_for(caller: Caller) -> Reader:
    return Reader(caller.config, caller.access, caller.language)


def resolve_page(record: RecordType) -> Resolver:
    """The resolver of a list."""

    async def resolve(_root: Any, info: ResolveInfo, **_arguments: Any) -> orjson.Fragment | None:
        def make(caller: Caller) -> Plan:
            selected = Selections(info.fragments, _variables(info)).of(info.field_nodes, info.parent_type)
            return compile_page(reader_for(caller), record, selected)

        return await _answer(info, make)

    return resolve


def resolve_one(record: RecordType) -> Resolver:
    """The resolver of a finder: exactly one key must be given."""

    async def resolve(_root: Any, info: ResolveInfo, **arguments: Any) -> orjson.Fragment | None:
        given = {name: value for name, value in arguments.items() if value is not None}
        if len(given) != 1:
            names = ", ".join(("id", *record.by))
            raise InvalidInput([FieldError((info.field_name,), "value.one_key", {"names": names})])

        def make(caller: Caller) -> Plan:
            selected = Selections(info.fragments, _variables(info)).of(info.field_nodes, info.parent_type)
            keys = {name: value for name, value in selected.arguments.items() if isinstance(value, Leaf)}
            return compile_one(reader_for(caller), record, keys, selected.fields)

        return await _answer(info, make)

    return resolve


async def resolve_node(_root: Any, info: ResolveInfo, **arguments: Any) -> orjson.Fragment | None:
    """The resolver of ``node``: ids do not tell their type, so each readable type is asked in turn until one knows it."""
    context = info.context
    wanted = parse_id(arguments["id"])
    for record in REGISTRY.values():
        if record.root and context.caller.access.allows(record.right):
            found = await read_record(info, record, wanted)
            if found is not None:
                return found
    return None


async def read_record(
    info: ResolveInfo, record: RecordType, record_id: UUID | None, *, guarded: bool = True
) -> orjson.Fragment | None:
    """The record with that id, with the selection of the field at hand; None where there is none.

    Serves payloads of mutations, subscriptions and ``node``: fields whose type may be an interface or a union. Only what is the
    reader's own is read without the record type's right (``guarded`` false).
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


async def selected_record(info: Info, kind: type[Kind], record_id: UUID | None, *, guarded: bool = True) -> Kind:
    """:func:`read_record` for Strawberry's fields: the record of the type that ``kind`` stands for, typed as that class."""
    record = next(record for record in REGISTRY.values() if record.graphql == kind.__name__)
    # Strawberry has no public way to the syntax of the selection.
    raw = info._raw_info  # noqa: SLF001
    return cast(Kind, await read_record(raw, record, record_id, guarded=guarded))


def _fields_of(
    info: ResolveInfo, selections: Sequence[Sequence[SelectionNode]], target: GraphQLObjectType
) -> tuple[Selected, ...]:
    return Selections(info.fragments, _variables(info)).fields(selections, target)


def _variables(info: ResolveInfo) -> Mapping[str, Any]:
    return cast(Mapping[str, Any], info.variable_values)


async def _answer(info: ResolveInfo, make: Callable[[Caller], Plan]) -> orjson.Fragment | None:
    context = info.context
    caller = context.caller
    variables = _variables(info)
    plans = context.document.plans
    # Syntax nodes live as long as the document that holds the plans, so their identity names the field: all of them, because
    # operations that share a fragment may merge different nodes into its field.
    key = (
        tuple(map(id, info.field_nodes)),
        caller.config,
        caller.access.roles,
        caller.language,
        shape(dict(variables)),
    )
    plan = plans.get(key)
    if plan is None:
        if len(plans) >= MOST_PLANS:
            plans.clear()
        plan = plans[key] = make(caller)
    try:
        return await _run(context, plan, variables)
    except Outdated:
        context.outdated = True
        raise


async def _run(context: Context, plan: Plan, variables: Mapping[str, Any]) -> orjson.Fragment | None:
    caller = context.caller
    parameters = plan.parameters(variables, caller.tenant_id, caller.member_id)
    answer = await context.house.database.read(caller, plan.sql, parameters)
    return None if answer is None else orjson.Fragment(answer)
