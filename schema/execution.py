"""Serving one operation: who asks, what they see, the document, its execution, and the answer as bytes.

An operation is prepared with what this process last saw of the caller. Every statement checks that; when it no longer holds,
the answer is thrown away and the operation prepared anew, so a changed right or field holds for the very next request.
"""

import logging
import re
from collections.abc import AsyncIterator, Awaitable, Mapping
from dataclasses import dataclass
from typing import Any, cast

import orjson
import psycopg
from graphql import (
    ExecutionResult,
    GraphQLError,
    OperationType,
)
from graphql import (
    execute as execute_document,
)
from graphql import (
    subscribe as subscribe_document,
)
from graphql.pyutils import is_awaitable
from psycopg import errors as sql_errors
from psycopg_pool import PoolTimeout
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from schema.context import MOST_TRIES, Context, House, Live
from schema.documents import Document, Documents, check_variables, refused, root_names
from schema.lens import looking_through
from schema.overlays import Overlays
from schema.root import build
from tenants.database import Caller, Outdated
from tenants.problems import InvalidInput, NotAllowed, NotSignedIn, Problem

log = logging.getLogger("orderloom.graphql")

SCHEMA = build()
DOCUMENTS = Documents(SCHEMA)
OVERLAYS = Overlays(SCHEMA.type_map)

# What can be asked without a token.
PUBLIC = frozenset({"signIn", "__typename"})
NOT_SIGNED_IN = "NOT_SIGNED_IN"
_NUL = re.compile(r"\x00|\\u(?:0000|\{0+\})")


class Unavailable(Exception):
    """The database cannot be reached; nothing has been done."""


@dataclass(frozen=True, slots=True)
class Operation:
    """What a client sent."""

    query: str
    operation_name: str | None = None
    variables: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """The response map as JSON. ``executed`` is false when it was refused before execution and has no ``data``;
    ``code`` is the first error's."""

    body: bytes
    executed: bool
    config_version: int | None = None
    kind: str | None = None
    code: str | None = None


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
    try:
        for attempt in range(MOST_TRIES):
            answer = await _try(house, operation, token, language, request_id, queries_only, fresh=attempt > 0)
            if answer is not None:
                return answer
    except (psycopg.OperationalError, PoolTimeout) as error:
        log.warning("database unavailable", extra={"request_id": request_id, "error": str(error)})
        raise Unavailable from error
    return _refusal([refused("The configuration is being changed. Try again.", "CONFLICT")], language, request_id)


async def _try(
    house: House,
    operation: Operation,
    token: str | None,
    language: str,
    request_id: str,
    queries_only: bool,
    *,
    fresh: bool,
) -> Answer | None:
    """One attempt; None when the caller turned out to be outdated and nothing has been done."""
    try:
        caller = await house.callers.by_token(token, fresh=fresh) if token else None
        language = caller.language if caller else language
        parsed = _parse(operation)
        node = parsed.operation(operation.operation_name)
        if caller is None and not root_names(parsed, node.selection_set) <= PUBLIC:
            raise NotSignedIn
        if node.operation is OperationType.SUBSCRIPTION:
            raise refused("Subscriptions need a socket: connect with graphql-transport-ws.", "SUBSCRIPTION_OVER_HTTP")
        if queries_only and node.operation is not OperationType.QUERY:
            raise refused("Only queries can be sent by GET.", "MUTATION_OVER_GET")
    except (GraphQLError, Problem) as error:
        return _refusal([error], language, request_id, kind=None)
    with looking_through(OVERLAYS.lens(caller.config if caller else None)):
        return await _execute_seen(house, operation, caller, token, language, request_id)


def _parse(operation: Operation) -> Document:
    """The document. Raises ``GraphQLError``, also for NUL characters, which PostgreSQL cannot keep, wherever they are."""
    check_variables(operation.variables or {})
    if _NUL.search(operation.query) or _holds_nul(operation.variables):
        raise refused("A text holds the character NUL (U+0000), which cannot be stored. Remove it.", "BAD_USER_INPUT")
    return DOCUMENTS.parse(operation.query)


def _holds_nul(value: Any) -> bool:
    if isinstance(value, str):
        return "\x00" in value
    if isinstance(value, Mapping):
        return any(_holds_nul(key) or _holds_nul(item) for key, item in value.items())
    return isinstance(value, list) and any(_holds_nul(item) for item in value)


async def _execute_seen(
    house: House, operation: Operation, caller: Caller | None, token: str | None, language: str, request_id: str
) -> Answer | None:
    """Validate and run under the caller's lens."""
    document = DOCUMENTS.validated(operation.query, OVERLAYS.lens(caller.config if caller else None))
    kind = document.operation(operation.operation_name).operation.value
    if document.errors:
        if caller is not None and await _is_outdated(house, caller, token):
            return None
        return _refusal(document.errors, language, request_id, kind, caller)
    context = Context(house, document, language, request_id, token, caller)
    result = await _run(document, context, operation)
    # A mutation is never tried twice: its earlier fields may be done.
    if context.outdated and kind == "query":
        return None
    if caller and _is_unconfirmed(result, document, operation, kind) and await _is_outdated(house, caller, token):
        return None
    return _answer(result, context, kind)


def _is_unconfirmed(result: ExecutionResult, document: Document, operation: Operation, kind: str) -> bool:
    """Whether nothing was done and no statement has confirmed the caller, so that the answer may rest on an outdated one."""
    errors = result.errors or ()
    if result.data is None and not any(error.path for error in errors):
        # The variables did not fit the fields as the caller saw them.
        return True
    refused_early = any(isinstance(error.original_error, Problem) for error in errors)
    return kind == "query" and (refused_early or _touches_no_data(document, operation))


def _touches_no_data(document: Document, operation: Operation) -> bool:
    """Whether no statement has confirmed the caller: introspection and the configuration come from memory."""
    node = document.operation(operation.operation_name)
    names = root_names(document, node.selection_set)
    return names <= {"__schema", "__type", "__typename", "configuration", "planConfiguration", "viewer"}


async def _is_outdated(house: House, caller: Caller, token: str | None) -> bool:
    """Whether session, roles or configuration are no longer what the operation was prepared with."""
    try:
        await house.database.read(caller, "SELECT 1", {})
    except Outdated:
        # Raises NotSignedIn for a session that has ended; the next attempt answers with that.
        return token is not None
    return False


async def _run(document: Document, context: Context, operation: Operation) -> ExecutionResult:
    result = execute_document(
        SCHEMA,
        document.node,
        context_value=context,
        variable_values=dict(operation.variables or {}),
        operation_name=operation.operation_name,
        executor_class=_PassThrough,
    )
    if is_awaitable(result):
        return await cast(Awaitable[ExecutionResult], result)
    return cast(ExecutionResult, result)


async def subscribe(
    house: House, operation: Operation, *, token: str | None, language: str, request_id: str
) -> AsyncIterator[bytes] | Answer:
    """The stream of a subscription's results, or the answer of what is refused or is no subscription."""
    try:
        parsed = _parse(operation)
        node = parsed.operation(operation.operation_name)
    except GraphQLError as error:
        return _refusal([error], language, request_id)
    if node.operation is not OperationType.SUBSCRIPTION:
        return await execute(house, operation, token=token, language=language, request_id=request_id)
    try:
        if token is None:
            raise NotSignedIn
        caller = await house.callers.by_token(token, fresh=True)
    except Problem as error:
        return _refusal([error], language, request_id, "subscription")
    lens = OVERLAYS.lens(caller.config)
    with looking_through(lens):
        document = DOCUMENTS.validated(operation.query, lens)
        if document.errors:
            return _refusal(document.errors, caller.language, request_id, "subscription", caller)
        context = Context(house, document, caller.language, request_id, token, caller)
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
        return _answer(stream, context, "subscription")
    return _stream(cast(AsyncIterator[ExecutionResult], stream), context)


async def _stream(results: AsyncIterator[ExecutionResult], context: Context) -> AsyncIterator[bytes]:
    # The generator's steps run in the consumer's context, so the lens is put on for each of them.
    iterator = aiter(results)
    while True:
        with looking_through(OVERLAYS.lens(context.caller.config)):
            try:
                result = await anext(iterator)
            except StopAsyncIteration:
                return
            answer = _answer(result, context, "subscription")
        yield answer.body
        if answer.code == NOT_SIGNED_IN:
            return


def _answer(result: ExecutionResult, context: Context, kind: str) -> Answer:
    caller = context.known_caller
    language = caller.language if caller else context.language
    executed = result.data is not None or bool(result.errors and any(error.path for error in result.errors))
    response: dict[str, Any] = {}
    code = None
    if result.errors:
        for error in result.errors:
            _raise_if_unavailable(error, kind)
        response["errors"] = [_shown(error, language, context.request_id, executed) for error in result.errors]
        code = response["errors"][0]["extensions"]["code"]
    if executed:
        response["data"] = result.data
    version = caller.config.version if caller else None
    return Answer(orjson.dumps(response), executed, version, kind, code)


def _raise_if_unavailable(error: GraphQLError, kind: str) -> None:
    original = error.original_error
    lost = isinstance(original, psycopg.OperationalError | psycopg.InterfaceError | PoolTimeout)
    # A statement that ran out of time says nothing of the next one; and a mutation's earlier fields may be done.
    if lost and not isinstance(original, sql_errors.QueryCanceled) and kind == "query":
        raise Unavailable from original


def _refusal(
    errors: Any, language: str, request_id: str, kind: str | None = None, caller: Caller | None = None
) -> Answer:
    shown = [_shown(error, language, request_id, False) for error in errors]
    version = caller.config.version if caller else None
    return Answer(orjson.dumps({"errors": shown}), False, version, kind, shown[0]["extensions"]["code"])


def _shown(error: GraphQLError | Problem, language: str, request_id: str, executed: bool) -> dict[str, Any]:
    """An error as the client sees it: the house's sentences, GraphQL's own complaints, and nothing of any other exception."""
    original = error.original_error if isinstance(error, GraphQLError) else error
    shown: dict[str, Any] = {}
    if isinstance(original, Problem):
        shown["message"] = original.text(language)
        shown["extensions"] = _details(original, language)
    elif isinstance(original, sql_errors.QueryCanceled):
        shown["message"] = "The query took too long and was stopped. Ask for less at once."
        shown["extensions"] = {"code": "TIMEOUT"}
    elif isinstance(error, GraphQLError) and (original is None or isinstance(original, GraphQLError)):
        shown["message"] = error.message
        shown["extensions"] = {"code": "BAD_USER_INPUT" if not executed else "BAD_REQUEST", **(error.extensions or {})}
    else:
        log.error("unexpected error", exc_info=original, extra={"request_id": request_id})
        shown["message"] = f"Something went wrong on our side. Quote the request id {request_id} when you ask about it."
        shown["extensions"] = {"code": "INTERNAL_ERROR", "requestId": request_id}
    if isinstance(error, GraphQLError):
        if error.locations:
            shown["locations"] = [{"line": place.line, "column": place.column} for place in error.locations]
        if error.path:
            shown["path"] = error.path
    return shown


def _details(problem: Problem, language: str) -> dict[str, Any]:
    details: dict[str, Any] = {"code": _code(problem), "reason": problem.code.upper().replace(".", "_")}
    if isinstance(problem, NotAllowed):
        details |= {"right": problem.right, "grantedTo": list(problem.granted_to)}
    if isinstance(problem, InvalidInput):
        details["errors"] = [
            {"path": [str(part) for part in error.path], "message": error.text(language)} for error in problem.errors
        ]
    return details


def _code(problem: Problem) -> str:
    """NOT_ALLOWED of ``NotAllowed``: the kinds of problem are few and stable, whatever sentence they carry."""
    name = type(problem).__name__
    return "".join(f"_{char}" if char.isupper() and place else char for place, char in enumerate(name)).upper()


__all__ = ["Answer", "House", "Live", "Operation", "Unavailable", "execute", "subscribe"]
