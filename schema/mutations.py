"""Mutations: how they are declared and run, and how the record that they answer with is read before they commit.

A mutation is declared by Strawberry and run without it: its function gets the input as GraphQL coerced it, a mapping by
GraphQL names without what was not given, which is what the commands of the house take.
"""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, TypeVar, cast
from uuid import UUID

import orjson
import strawberry
from graphql import (
    FieldNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLUnionType,
    Node,
    VariableNode,
    get_named_type,
)

from schema.context import Context, Info, keyed, run
from schema.problems import describe
from schema.reads import MOST_PLANS, reader_for, selected_record
from schema.selections import Fragments, Selections, shape
from tenants.database import Caller
from tenants.forms import snake
from tenants.problems import Problem
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


def serve(declared: type, served: GraphQLObjectType) -> None:
    """Let the fields of the finished type run the functions they were declared by."""
    functions = {
        field.python_name: field.base_resolver.wrapped_func
        for field in cast(Any, declared).__strawberry_definition__.fields
    }
    for name, field in served.fields.items():
        field.resolve = _resolver(functions[snake(name)], field.type)


def _resolver(function: Callable[..., Awaitable[Any]], kind: Any) -> Callable[..., Awaitable[Any]]:
    result = get_named_type(kind)
    members = {member.name for member in result.types} if isinstance(result, GraphQLUnionType) else set()

    async def resolve(_root: Any, info: ResolveInfo, **arguments: Any) -> Any:
        # A copy: the same variable may be the input of another mutation of the operation.
        given = {name: dict(value) for name, value in arguments.items()}
        try:
            return await function(None, info, **given)
        except Problem as problem:
            caller = info.context.known_caller
            shown = describe(problem, caller.language if caller else info.context.language)
            if type(shown).__name__ not in members:
                raise
            return shown

    return resolve


@strawberry.type
class RecordPayload:
    """The record that a mutation was about; ``answers`` is what was read of it, by the nodes that ask."""

    record_id: strawberry.Private[UUID]
    answers: strawberry.Private[Mapping[Nodes, orjson.Fragment]]

    async def read(self, info: Info, kind: type[Kind]) -> Kind:
        """The record as the field at hand selects it."""
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
    readings: list[Nodes] = []

    async def command_and_reading(tx: Transaction) -> tuple[UUID, Transaction]:
        record_id = await once(tx)
        readings.clear()
        for nodes, plan in _readings(info, payload, tx.caller):
            # What is wrong with a reading is told at its field, and takes nothing back of what was done.
            with suppress(Problem):
                variables = {**_variables(info), _ITS_ID: record_id}
                tx.last_words.append(plan.bound(variables, tx.tenant_id, tx.caller.member_id))
                readings.append(nodes)
        return record_id, tx

    record_id, tx = await run(info, command_and_reading)
    found = zip(readings, tx.answers, strict=True)
    answers = {nodes: orjson.Fragment(answer) for nodes, answer in found if answer is not None}
    return payload(record_id=record_id, answers=answers)


def _variables(info: ResolveInfo) -> Mapping[str, Any]:
    return cast(Mapping[str, Any], info.variable_values)


def _readings(info: ResolveInfo, payload: type[RecordPayload], caller: Caller) -> list[tuple[Nodes, Plan]]:
    """What the payload's fields select of the record, planned once for the document, the reader and the shape of the variables."""
    plans, here = info.context.document.plans, tuple(map(id, info.field_nodes))
    used = plans.get(here)
    if used is None:
        used = plans[here] = frozenset(_used(info.field_nodes, info.fragments))
    variables = _variables(info)
    shapes = tuple((name, shape(variables[name])) for name in used if name in variables)
    key = (here, caller.config, caller.access.roles, caller.language, shapes)
    found = plans.get(key)
    if found is None:
        if len(plans) >= MOST_PLANS:
            plans.clear()
        found = plans[key] = list(_plans(info, payload, caller))
    return cast(list[tuple[Nodes, Plan]], found)


def _plans(info: ResolveInfo, payload: type[RecordPayload], caller: Caller) -> Iterator[tuple[Nodes, Plan]]:
    made = cast(GraphQLObjectType, info.schema.get_type(payload.__name__))
    selections = Selections(info.fragments, _variables(info))
    chosen = [node.selection_set.selections for node in info.field_nodes if node.selection_set]
    its_id = Leaf(UUID(int=0), lambda variables: variables[_ITS_ID])
    try:
        groups = selections.groups(chosen, made)
        for nodes in groups.values():
            field = made.fields.get(nodes[0].name.value)
            record = _RECORDS.get(get_named_type(field.type).name) if field else None
            if record is not None:
                selected = selections.of(nodes, made)
                plan = compile_one(reader_for(caller), record, {"id": its_id}, selected.fields)
                yield tuple(map(id, nodes)), plan
    except (GraphQLError, Problem):
        # The field reads by itself then, and says so.
        return


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
