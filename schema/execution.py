"""Serving one operation: who asks, what they see, the document, its execution, and the answer as bytes.

An operation is prepared with what this process last saw of the caller. Every statement checks that; when it no longer holds,
the answer is thrown away and the operation prepared anew, so a changed right or field holds for the very next request.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Mapping
from dataclasses import dataclass
from typing import Any, cast

import orjson
import psycopg
from graphql import ExecutionResult, GraphQLError, OperationDefinitionNode, OperationType
from graphql import execute as execute_document
from graphql import subscribe as subscribe_document
from graphql.pyutils import is_awaitable
from psycopg_pool import PoolTimeout
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from schema.answers import Answer, Unavailable, answer, refusal
from schema.context import MOST_TRIES, Context, House, Live
from schema.costs import NO_VIEWS
from schema.documents import MOST_VARIABLE_ERRORS, Document, Documents, check_variables, refused
from schema.lens import looking_through
from schema.mutations import perform
from schema.overlays import Overlays
from schema.reads import assembled, own_views, read_roots, roots_of
from schema.root import build
from tenants.actors import KEY
from tenants.calls import current
from tenants.config.definitions import View
from tenants.database import Caller, Outdated
from tenants.problems import LimitExceeded, NotForKeys, NotSignedIn, Problem, SecondFactorDue
from tenants.remembering import Remembered
from tenants.views.finding import shared_views

log = logging.getLogger("orderloom.graphql")

SCHEMA = build()
DOCUMENTS = Documents(SCHEMA)
OVERLAYS = Overlays(SCHEMA.type_map)

INTROSPECTION = frozenset({"__schema", "__type"})
# Each is as large as the schema.
MOST_INTROSPECTIONS = 8
_INTROSPECTIONS: Remembered[tuple[Any, ...], ExecutionResult] = Remembered(MOST_INTROSPECTIONS)

# What can be asked without a token.
PUBLIC = frozenset(
    {
        *("signIn", "confirmSignIn", "requestPasswordReset", "resetPassword", "finishSingleSignOn", "__typename"),
        *("signUp", "confirmSignUp", "acceptInvitation", "confirmEmailChange"),
    }
)
# What can be asked by who still has to get a second factor.
ENROLLING = frozenset(
    {"viewer", "startSecondFactor", "proveSecondFactor", "signOut", "switchCompany", *INTROSPECTION, *PUBLIC}
)
# What is about the person who is signed in: a program with a key is none.
PERSONAL = frozenset(
    {
        *(
            "signOut",
            "changePassword",
            "revokeSession",
            "revokeOtherSessions",
            "sessions",
            "markNotificationRead",
            "ownSignIns",
        ),
        *("startSecondFactor", "proveSecondFactor", "renewRecoveryCodes", "dropSecondFactor"),
        *("requestEmailChange", "switchCompany", "updateSelf", "leaveCompany"),
    }
)
NOT_SIGNED_IN = "NOT_SIGNED_IN"


@dataclass(frozen=True, slots=True)
class Operation:
    """What a client sent."""

    query: str
    operation_name: str | None = None
    variables: Mapping[str, Any] | None = None


@dataclass(slots=True)
class Spent:
    """What an operation has cost so far, in points; it may be prepared anew, and pays once. None before it paid at all."""

    points: int | None = None


class _PassThrough(StrawberryGraphQLCoreExecutionContext):
    """Lets the JSON of a compiled read by, as it came from PostgreSQL."""

    def complete_value(
        self, return_type: Any, field_details_list: Any, info: Any, path: Any, result: Any, position_context: Any
    ) -> Any:
        if isinstance(result, orjson.Fragment):
            return result
        return super().complete_value(return_type, field_details_list, info, path, result, position_context)


async def execute(
    house: House,
    operation: Operation,
    *,
    token: str | None,
    language: str,
    request_id: str,
    queries_only: bool = False,
) -> Answer:
    """Answer a query or a mutation. Raises :class:`Unavailable` when the database cannot be reached."""
    spent = Spent()
    try:
        for attempt in range(MOST_TRIES):
            found = await _try(house, operation, token, language, request_id, queries_only, spent, fresh=attempt > 0)
            if found is not None:
                return found
    except (psycopg.OperationalError, PoolTimeout) as error:
        log.warning("database unavailable", extra={"request_id": request_id, "error": str(error)})
        raise Unavailable from error
    return refusal([refused("The configuration is being changed. Try again.", "CONFLICT")], language, request_id)


async def _try(
    house: House,
    operation: Operation,
    token: str | None,
    language: str,
    request_id: str,
    queries_only: bool,
    spent: Spent,
    *,
    fresh: bool,
) -> Answer | None:
    """One attempt; None when the caller turned out to be outdated and nothing has been done."""
    try:
        caller = await house.callers.by_token(token, fresh=fresh, enrolling=True) if token else None
        language = caller.language if caller else language
        parsed = _parse(operation)
        node = parsed.operation(operation.operation_name)
        if caller is None and not parsed.root_names(node) <= PUBLIC:
            raise NotSignedIn
        if caller is not None and caller.second_factor_due and not parsed.root_names(node) <= ENROLLING:
            raise SecondFactorDue
        if caller is not None and caller.actor.kind == KEY and parsed.root_names(node) & PERSONAL:
            raise NotForKeys
        if node.operation is OperationType.SUBSCRIPTION:
            raise refused("Subscriptions need a socket: connect with graphql-transport-ws.", "SUBSCRIPTION_OVER_HTTP")
        if queries_only and node.operation is not OperationType.QUERY:
            raise refused("Only queries can be sent by GET.", "MUTATION_OVER_GET")
    except (GraphQLError, Problem) as error:
        return refusal([error], language, request_id, kind=None)
    with looking_through(OVERLAYS.seen_by(caller)):
        return await _execute_seen(house, operation, caller, token, language, request_id, spent)


def _parse(operation: Operation) -> Document:
    """The document. Raises ``GraphQLError`` for what need not be validated to be refused."""
    if operation.variables:
        check_variables(operation.variables)
    return DOCUMENTS.parse(operation.query)


async def _execute_seen(
    house: House,
    operation: Operation,
    caller: Caller | None,
    token: str | None,
    language: str,
    request_id: str,
    spent: Spent,
) -> Answer | None:
    """Validate and run under the caller's lens."""
    document = DOCUMENTS.validated(operation.query, OVERLAYS.seen_by(caller))
    node = document.operation(operation.operation_name)
    kind = node.operation.value
    _tell_of(caller, kind, document, node)
    if document.errors:
        if caller is not None and await _is_outdated(house, caller, token):
            return None
        return refusal(document.errors, language, request_id, kind, caller)
    context = Context(house, document, language, request_id, token, caller)
    try:
        _spend(context, node, operation, spent)
        if document.root_names(node) <= INTROSPECTION:
            result = await _introspection(context, operation)
        elif kind == "query" and caller:
            result = await _query(context, node, operation, spent)
        else:
            result = await (_mutation if kind == "mutation" else _run)(context, node, operation)
    except LimitExceeded as limit:
        return refusal([limit], language, request_id, kind, caller)
    except Outdated:
        return None
    # A mutation is never tried twice: its earlier fields may be done.
    if context.outdated and kind == "query":
        return None
    if caller and _is_unconfirmed(result, context, kind) and await _is_outdated(house, caller, token):
        return None
    return await answer(result, context, kind)


def _tell_of(caller: Caller | None, kind: str, document: Document, node: OperationDefinitionNode) -> None:
    """Put what is known of the operation into the call under way; names that the schema does not know are not told."""
    call = current()
    call.kind = kind
    if not document.errors:
        names = document.root_names(node)
        call.field = next(iter(names)) if len(names) == 1 else "several"
    if caller is not None:
        call.tenant_id, call.tenant, call.member_id = caller.tenant_id, caller.tenant.slug, caller.member_id


def _spend(
    context: Context,
    node: OperationDefinitionNode,
    operation: Operation,
    spent: Spent,
    own: Mapping[str, View] = NO_VIEWS,
) -> None:
    """Take what the operation costs from its caller's budget, but for what it has ``spent`` already; ``own`` are the caller's
    own views that it names, as far as they are known.

    Raises ``LimitExceeded`` before anything of it has run.
    """
    meter, caller, prices = context.house.meter, context.known_caller, context.document.prices
    if meter and caller and prices:
        views = own
        if context.document.shaping_arguments:
            views = {**shared_views(caller.config, caller.access), **own}
        cost = prices.of(node, operation.variables or {}, views)
        context.budget = meter.spend(caller, cost, spent.points)
        spent.points = max(cost, spent.points or 0)
        current().cost = cost


def _is_unconfirmed(result: ExecutionResult, context: Context, kind: str) -> bool:
    """Whether nothing was done and no statement has confirmed the caller, so that the answer may rest on an outdated one."""
    if kind == "query":
        # Introspection and the configuration come from memory, and a refusal may come before any statement.
        return not context.confirmed
    # The variables did not fit the fields as the caller saw them.
    return result.data is None and not any(error.path for error in result.errors or ())


async def _is_outdated(house: House, caller: Caller, token: str | None) -> bool:
    """Whether session, roles or configuration are no longer what the operation was prepared with."""
    try:
        await house.database.read(caller, "SELECT 1", {})
    except Outdated:
        # Raises NotSignedIn for a session that has ended; the next attempt answers with that.
        return token is not None
    return False


async def _query(
    context: Context, node: OperationDefinitionNode, operation: Operation, spent: Spent
) -> ExecutionResult:
    """Read what can be compiled, and let graphql-core execute the operation only where that is not all of it.

    Raises ``LimitExceeded`` where the caller's own views make it cost too much.
    """
    variables = context.document.variables(SCHEMA, node, operation.variables or {})
    if isinstance(variables, list):
        return ExecutionResult(None, variables)
    views = await own_views(context, variables.coerced) if context.document.shaping_arguments else NO_VIEWS
    if views:
        _spend(context, node, operation, spent, views)
    try:
        roots = roots_of(SCHEMA, context.document, node, context.caller, variables.coerced, views)
    except GraphQLError as error:
        return ExecutionResult(None, [error])
    context.answers = await read_roots(context, roots, variables.coerced)
    if roots.are_all:
        return ExecutionResult(*assembled(roots, context.answers))
    return await _run(context, node, operation)


async def _introspection(context: Context, operation: Operation) -> ExecutionResult:
    """What a schema says of itself takes longest of all to put together, and is the same until the company's own fields change.

    It is made in a thread, so that others are served meanwhile, and remembered as JSON.
    """
    caller = context.known_caller
    lens = OVERLAYS.seen_by(caller)
    key = (lens, operation.query, operation.operation_name, orjson.dumps(operation.variables or {}))
    known = _INTROSPECTIONS.get(key)
    if known is not None:
        return known
    made = await asyncio.to_thread(_executed, context, operation)
    assert isinstance(made, ExecutionResult)
    if made.data is None or made.errors:
        return made
    written = ExecutionResult(cast(Any, orjson.Fragment(orjson.dumps(made.data))))
    return _INTROSPECTIONS.put(key, written)


async def _mutation(context: Context, node: OperationDefinitionNode, operation: Operation) -> ExecutionResult:
    """Perform the mutations, and let graphql-core put the response together only where it is more than their records."""
    variables = context.document.variables(SCHEMA, node, operation.variables or {})
    if isinstance(variables, list):
        return ExecutionResult(None, variables)
    try:
        data = await perform(context, SCHEMA, node, variables)
    except GraphQLError as error:
        return ExecutionResult(None, [error])
    return await _run(context, node, operation) if data is None else ExecutionResult(dict(data))


async def _run(context: Context, _node: OperationDefinitionNode, operation: Operation) -> ExecutionResult:
    result = _executed(context, operation)
    if is_awaitable(result):
        return await cast(Awaitable[ExecutionResult], result)
    return cast(ExecutionResult, result)


def _executed(context: Context, operation: Operation) -> ExecutionResult | Awaitable[ExecutionResult]:
    """The result of graphql-core, or what it will be."""
    return execute_document(
        SCHEMA,
        context.document.node,
        context_value=context,
        variable_values=dict(operation.variables or {}),
        operation_name=operation.operation_name,
        executor_class=_PassThrough,
        max_coercion_errors=MOST_VARIABLE_ERRORS,
    )


async def subscribe(
    house: House, operation: Operation, *, token: str | None, language: str, request_id: str
) -> AsyncIterator[bytes] | Answer:
    """The stream of a subscription's results, or the answer of what is refused or is no subscription."""
    try:
        parsed = _parse(operation)
        node = parsed.operation(operation.operation_name)
    except GraphQLError as error:
        return refusal([error], language, request_id)
    if node.operation is not OperationType.SUBSCRIPTION:
        return await execute(house, operation, token=token, language=language, request_id=request_id)
    try:
        if token is None:
            raise NotSignedIn
        caller = await house.callers.by_token(token, fresh=True)
    except Problem as error:
        return refusal([error], language, request_id, "subscription")
    lens = OVERLAYS.seen_by(caller)
    with looking_through(lens):
        document = DOCUMENTS.validated(operation.query, lens)
        _tell_of(caller, "subscription", document, document.operation(operation.operation_name))
        if document.errors:
            return refusal(document.errors, caller.language, request_id, "subscription", caller)
        context = Context(house, document, caller.language, request_id, token, caller)
        try:
            _spend(context, document.operation(operation.operation_name), operation, Spent())
        except LimitExceeded as limit:
            return refusal([limit], caller.language, request_id, "subscription", caller)
        stream = subscribe_document(
            SCHEMA,
            document.node,
            context_value=context,
            variable_values=dict(operation.variables or {}),
            operation_name=operation.operation_name,
            executor_class=_PassThrough,
        )
        if is_awaitable(stream):
            stream = await stream
    if isinstance(stream, ExecutionResult):
        return await answer(stream, context, "subscription")
    return _stream(cast(AsyncIterator[ExecutionResult], stream), context)


async def _stream(results: AsyncIterator[ExecutionResult], context: Context) -> AsyncIterator[bytes]:
    # The generator's steps run in the consumer's context, so the lens is put on for each of them.
    iterator, ended = aiter(results), False
    while not ended:
        with looking_through(OVERLAYS.seen_by(context.caller)):
            try:
                result = await anext(iterator)
            except StopAsyncIteration:
                return
            except Problem as problem:
                # What the subscription rests on does not hold: it is told why, and ends.
                result, ended = ExecutionResult(None, [GraphQLError(str(problem), original_error=problem)]), True
            if context.house.meter and context.budget:
                context.house.meter.charge(context.caller, context.budget.requested)
            shown = await answer(result, context, "subscription")
        yield shown.body
        if shown.code == NOT_SIGNED_IN:
            return


__all__ = ["Answer", "House", "Live", "Operation", "Unavailable", "execute", "subscribe"]
