"""Mutations: how they are declared and run, and how the record that they answer with is read before they commit.

A mutation is declared by Strawberry and run without it: its function gets the input as GraphQL coerced it, a mapping by
GraphQL names without what was not given, which is what the commands of the house take. The mutations of an operation are performed
one after another before anything else; their results wait in the context. Where each answers with the record that was asked for,
that is the response; where something was refused, or more was asked for, graphql-core puts it together from the results.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar, cast
from uuid import UUID

import orjson
import strawberry
from graphql import (
    FieldNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLField,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLSchema,
    GraphQLUnionType,
    Node,
    OperationDefinitionNode,
    VariableNode,
    get_named_type,
)
from graphql.execution.values import VariableValues
from graphql.pyutils import Path, is_awaitable

from schema.context import Context, Info, keyed, run
from schema.plans import plans_of
from schema.problems import describe, told
from schema.reads import reader_for, selected_record
from schema.selections import Fragments, Selections, shape
from tenants.database import Caller
from tenants.names import snake
from tenants.problems import NotAllowed, NotFound, Problem
from tenants.reading.compiler import compile_one
from tenants.reading.plan import Plan
from tenants.reading.selection import Leaf
from tenants.records import REGISTRY
from tenants.transaction import Transaction

Values = dict[str, Any]
ResolveInfo = GraphQLResolveInfo[Context]
Nodes = tuple[int, ...]
Kind = TypeVar("Kind")
Command = Callable[[Transaction], Awaitable[UUID]]

# The variable that holds the id of the record a mutation answers with; no client's variable can have this name.
_ITS_ID = "its id"


def mutation(takes: type | None = None, *, description: str) -> Callable[[Callable[..., Any]], Any]:
    """Declares a mutation whose argument ``input`` is the input class; the function is given it as :data:`Values`."""

    def declare(function: Callable[..., Any]) -> Any:
        if takes is not None:
            function.__annotations__["input"] = takes
        return strawberry.mutation(function, description=description)

    return declare


@dataclass(frozen=True, slots=True)
class Served:
    """The mark of a field of ``Mutation``: the function it was declared by, and the refusals that its result may be."""

    function: Callable[..., Awaitable[Any]]
    refusals: frozenset[str]

    async def perform(self, info: ResolveInfo, arguments: Mapping[str, Any]) -> Any:
        """The payload or the refusal. Raises what is neither."""
        # A copy: the same variable may be the input of another mutation of the operation.
        given = {name: dict(value) for name, value in arguments.items()}
        try:
            return await self.function(None, info, **given)
        except Problem as problem:
            caller = info.context.known_caller
            language = caller.language if caller else info.context.language
            shown = describe(_as_asked(problem, arguments), language, await told(info, problem))
            if type(shown).__name__ not in self.refusals:
                raise
            if isinstance(problem, NotAllowed):
                info.context.house.tallies.refused(caller, problem.right)
            info.context.house.tallies.reached(caller, problem)
            return shown


def _as_asked(problem: Problem, arguments: Mapping[str, Any]) -> Problem:
    """The problem, naming an id that was none as it was given."""
    given = arguments.get("input", {}).get("id")
    if isinstance(problem, NotFound) and problem.record_id is None and given is not None:
        return NotFound(problem.record_type, given)
    return problem


MARK = "orderloom.served"


def serve(declared: type, served: GraphQLObjectType) -> None:
    """Let the fields of the finished type run the functions they were declared by."""
    functions = {
        field.python_name: field.base_resolver.wrapped_func
        for field in cast(Any, declared).__strawberry_definition__.fields
    }
    for name, field in served.fields.items():
        result = get_named_type(field.type)
        members = result.types if isinstance(result, GraphQLUnionType) else ()
        refusals = frozenset(member.name for member in members)
        field.extensions = {**field.extensions, MARK: Served(functions[snake(name)], refusals)}
        field.resolve = _hand_out


def _hand_out(_root: Any, info: ResolveInfo, **_arguments: Any) -> Any:
    result = info.context.answers[str(info.path.key)]
    if isinstance(result, Exception):
        raise result
    return result


async def perform(
    context: Context, schema: GraphQLSchema, operation: OperationDefinitionNode, variables: VariableValues
) -> Mapping[str, Any] | None:
    """Perform the mutations of an operation. The response's data, or None where graphql-core is to put it together from
    ``context.answers``. Raises ``GraphQLError`` for a directive's bad variable."""
    document, served = context.document, cast(GraphQLObjectType, schema.mutation_type)
    groups = Selections(schema, document.fragments, variables.coerced).groups(
        [operation.selection_set.selections], served
    )
    data: dict[str, Any] = {}
    results = context.answers = {}
    for key, nodes in groups.items():
        field = served.fields.get(nodes[0].name.value)
        if field is None:
            # What every type has: __typename.
            data[key] = served.name
            continue
        info = _info(context, schema, operation, variables, field, nodes)
        try:
            arguments = document.arguments(field, nodes[0], variables)
            results[key] = await field.extensions[MARK].perform(info, arguments)
        except Exception as error:  # noqa: BLE001  (whatever it is, it is this field's error)
            results[key] = error
            # Null goes up to the data, and nothing that comes after is done.
            return None
        shown = results[key].shown if isinstance(results[key], RecordPayload) else None
        if shown is not None:
            data[key] = shown
    return data if len(data) == len(groups) else None


def _info(
    context: Context,
    schema: GraphQLSchema,
    operation: OperationDefinitionNode,
    variables: VariableValues,
    field: GraphQLField,
    nodes: list[FieldNode],
) -> ResolveInfo:
    """What graphql-core would tell the field's resolver."""
    name = nodes[0].name.value
    key = nodes[0].alias.value if nodes[0].alias else name
    served = cast(GraphQLObjectType, schema.mutation_type)
    return GraphQLResolveInfo(
        field_name=name,
        field_nodes=nodes,
        return_type=field.type,
        parent_type=served,
        path=Path(None, key, served.name),
        schema=schema,
        fragments=cast(Any, context.document.fragments),
        root_value=None,
        operation=operation,
        variable_values=cast(Any, variables.coerced),
        context=context,
        is_awaitable=is_awaitable,
        abort_signal=None,
        async_helpers=cast(Any, None),
    )


@strawberry.type
class RecordPayload:
    """The record that a mutation was about; ``answers`` is what was read of it, by the nodes that ask, and ``shown`` the payload
    as the response has it, where that is all that was asked for."""

    record_id: strawberry.Private[UUID]
    answers: strawberry.Private[Mapping[Nodes, orjson.Fragment]]
    shown: strawberry.Private[Mapping[str, Any] | None] = None

    async def read(self, info: Info, kind: type[Kind]) -> Kind | None:
        """The record as the field at hand selects it; None where what was done led out of what the caller may read."""
        # Strawberry has no public way to the syntax of the selection.
        nodes = tuple(map(id, info._raw_info.field_nodes))  # noqa: SLF001
        answer = self.answers.get(nodes)
        if answer is not None:
            return cast(Kind, answer)
        return await selected_record(info, kind, self.record_id)


Payload = TypeVar("Payload", bound=RecordPayload)


async def change(
    info: Any, payload: type[Payload], values: Values, command: Command, *, request: Any = None
) -> Payload:
    """Run the command and answer with its record, read in the same transaction.

    With an ``idempotencyKey`` among the values (it is taken out) a repetition of the same request, by default the values, does
    nothing and is answered with the first record. Raises the house's problems.
    """
    once = keyed(info, values.pop("idempotencyKey", None), values if request is None else request, command)

    async def command_and_reading(tx: Transaction) -> tuple[UUID, Transaction, Readings, list[Reading]]:
        record_id = await once(tx)
        asked, read = _readings(info, payload, tx.caller), list[Reading]()
        variables = {**_variables(info), _ITS_ID: record_id}
        for reading in asked.of_record:
            # What is wrong with a reading is told at its field, and takes nothing back of what was done.
            with suppress(Problem):
                tx.last_words.append(reading.plan.bound(variables, tx.tenant_id, tx.caller.member_id))
                read.append(reading)
        return record_id, tx, asked, read

    record_id, tx, asked, read = await run(info, command_and_reading)
    found = {
        reading.nodes: orjson.Fragment(answer)
        for reading, answer in zip(read, tx.answers, strict=True)
        if answer is not None
    }
    return payload(record_id=record_id, answers=found, shown=asked.shown(found))


def _variables(info: ResolveInfo) -> Mapping[str, Any]:
    return cast(Mapping[str, Any], info.variable_values)


@dataclass(frozen=True, slots=True)
class Reading:
    """A field of a payload that is a record: its response key, the nodes that ask for it, and its plan."""

    key: str
    nodes: Nodes
    plan: Plan


@dataclass(frozen=True, slots=True)
class Readings:
    """What is asked of a payload: its records, its ``__typename`` by key, and all of its keys in order; None where something of it
    cannot be planned."""

    of_record: tuple[Reading, ...]
    typename: Mapping[str, str]
    order: tuple[str, ...] | None

    @property
    def length(self) -> int:
        """The characters of their statements."""
        return sum(len(reading.plan.sql) for reading in self.of_record)

    def shown(self, found: Mapping[Nodes, orjson.Fragment]) -> Mapping[str, Any] | None:
        """The payload as the response has it; None where something of it was not read."""
        shown: dict[str, Any] = dict(self.typename)
        shown.update((reading.key, found[reading.nodes]) for reading in self.of_record if reading.nodes in found)
        if self.order is None or len(shown) < len(self.order):
            return None
        return {key: shown[key] for key in self.order}


def _readings(info: ResolveInfo, payload: type[RecordPayload], caller: Caller) -> Readings:
    """What the payload's fields select of the record, planned once for the document, the reader and the shape of the variables."""
    document, here = info.context.document, tuple(map(id, info.field_nodes))
    used = document.used.get(here)
    if used is None:
        used = document.used[here] = frozenset(_used(info.field_nodes, info.fragments))
    variables = _variables(info)
    shapes = tuple((name, shape(variables[name])) for name in used if name in variables)
    plans, key = plans_of(caller.config), (document, (here, caller.access.roles, caller.language, shapes))
    found: Readings | None = plans.get(key)
    return found or plans.put(key, _plan(info, payload, caller))


def _plan(info: ResolveInfo, payload: type[RecordPayload], caller: Caller) -> Readings:
    made = cast(GraphQLObjectType, info.schema.get_type(payload.__name__))
    selections = Selections(info.schema, info.fragments, _variables(info))
    chosen = [node.selection_set.selections for node in info.field_nodes if node.selection_set]
    its_id = Leaf(UUID(int=0), lambda variables: variables[_ITS_ID])
    readings, typename = list[Reading](), dict[str, str]()
    try:
        groups = selections.groups(chosen, made)
        for key, nodes in groups.items():
            field = made.fields.get(nodes[0].name.value)
            if field is None:
                typename[key] = made.name
                continue
            record = _RECORDS.get(get_named_type(field.type).name)
            if record is not None:
                selected = selections.of(nodes, made)
                plan = compile_one(reader_for(caller), record, {"id": its_id}, selected.fields)
                readings.append(Reading(key, tuple(map(id, nodes)), plan))
    except (GraphQLError, Problem):
        # The field reads by itself then, and says so.
        return Readings(tuple(readings), typename, None)
    return Readings(tuple(readings), typename, tuple(groups))


_RECORDS = {record.graphql: record for record in REGISTRY.values()}


def _used(nodes: Sequence[FieldNode], fragments: Fragments) -> set[str]:
    """The variables in the selections of a field, fragments followed."""
    found: set[str] = set()
    seen: set[str] = set()
    todo: list[Node] = [node.selection_set for node in nodes if node.selection_set]
    while todo:
        node = todo.pop()
        if isinstance(node, VariableNode):
            found.add(node.name.value)
        elif isinstance(node, FragmentSpreadNode) and node.name.value not in seen:
            seen.add(node.name.value)
            todo.append(fragments[node.name.value])
        for name in node.keys:
            value = getattr(node, name, None)
            todo.extend(
                item for item in (value if isinstance(value, list | tuple) else [value]) if isinstance(item, Node)
            )
    return found
