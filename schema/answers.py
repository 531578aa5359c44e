"""What goes back to the client: the response map as JSON, with errors that say what they may and nothing of any other."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson
import psycopg
from graphql import ExecutionResult, GraphQLError
from psycopg import errors as sql_errors
from psycopg_pool import PoolTimeout

from schema.context import Context
from schema.costs import Budget, RateLimited
from tenants.access.grantors import grantors
from tenants.database import Caller
from tenants.problems import NOBODY, CanGrant, InvalidInput, LimitExceeded, NotAllowed, Problem

log = logging.getLogger("orderloom.graphql")


class Unavailable(Exception):
    """The database cannot be reached; nothing has been done."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The response map as JSON. ``executed`` is false when it was refused before execution and has no ``data``;
    ``code`` is the first error's; ``budget`` is what an operation that was executed cost, ``retry_after`` the seconds to wait
    for one that came too soon."""

    body: bytes
    executed: bool
    config_version: int | None = None
    kind: str | None = None
    code: str | None = None
    budget: Budget | None = None
    retry_after: int | None = None


async def answer(result: ExecutionResult, context: Context, kind: str) -> Answer:
    """The answer of an operation that was executed, or whose variables did not fit. Raises :class:`Unavailable`."""
    caller = context.known_caller
    language = caller.language if caller else context.language
    executed = result.data is not None or bool(result.errors and any(error.path for error in result.errors))
    response: dict[str, Any] = {}
    code = None
    if result.errors:
        for error in result.errors:
            _raise_if_unavailable(error, kind)
        can_grant = await _can_grant(context, result.errors)
        response["errors"] = [
            _shown(error, language, context.request_id, executed, can_grant) for error in result.errors
        ]
        code = response["errors"][0]["extensions"]["code"]
    if executed:
        response["data"] = result.data
        if context.budget:
            response["extensions"] = {"cost": context.budget.shown}
    version = caller.tenant.version if caller else None
    return Answer(orjson.dumps(response), executed, version, kind, code, context.budget)


async def _can_grant(context: Context, errors: Sequence[GraphQLError]) -> CanGrant:
    """Names of members who can give the rights that were missing, by right."""
    caller = context.known_caller
    problems = [error.original_error for error in errors if isinstance(error.original_error, Problem)]
    for right in {problem.right for problem in problems if isinstance(problem, NotAllowed)} if caller else ():
        context.house.tallies.refused(caller, right)
    lacking = sorted(right for problem in problems for right in problem.lacking)
    return await grantors(context.house.database, caller, lacking)


def _raise_if_unavailable(error: GraphQLError, kind: str) -> None:
    original = error.original_error
    lost = isinstance(original, psycopg.OperationalError | psycopg.InterfaceError | PoolTimeout)
    # A statement that ran out of time says nothing of the next one; and a mutation's earlier fields may be done.
    if lost and not isinstance(original, sql_errors.QueryCanceled) and kind == "query":
        raise Unavailable from original


def refusal(
    errors: Sequence[GraphQLError | Problem],
    language: str,
    request_id: str,
    kind: str | None = None,
    caller: Caller | None = None,
) -> Answer:
    """The answer of an operation that was refused before it was executed."""
    shown = [_shown(error, language, request_id, False) for error in errors]
    version = caller.tenant.version if caller else None
    first = errors[0]
    retry_after = first.retry_after if isinstance(first, RateLimited) else None
    body = orjson.dumps({"errors": shown})
    return Answer(body, False, version, kind, shown[0]["extensions"]["code"], retry_after=retry_after)


def _shown(
    error: GraphQLError | Problem,
    language: str,
    request_id: str,
    executed: bool,
    can_grant: CanGrant = NOBODY,
) -> dict[str, Any]:
    """An error as the client sees it: the house's sentences, GraphQL's own complaints, and nothing of any other exception."""
    original = error.original_error if isinstance(error, GraphQLError) else error
    shown: dict[str, Any] = {}
    if isinstance(original, Problem):
        shown["message"] = original.text(language, can_grant)
        shown["extensions"] = _details(original, language, can_grant)
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


def _details(problem: Problem, language: str, can_grant: CanGrant) -> dict[str, Any]:
    details: dict[str, Any] = {"code": _code(problem), "reason": problem.code.upper().replace(".", "_")}
    if isinstance(problem, NotAllowed):
        details |= {"right": problem.right, "grantedTo": list(problem.granted_to)}
        details["canGrant"] = list(can_grant.get(problem.right, ()))
    if isinstance(problem, LimitExceeded):
        details |= problem.data
    if isinstance(problem, InvalidInput):
        details["errors"] = [
            {"path": [str(part) for part in error.path], "message": error.text(language, can_grant)}
            for error in problem.errors
        ]
    return details


def _code(problem: Problem) -> str:
    """NOT_ALLOWED of ``NotAllowed``: the kinds of problem are few and stable, whatever sentence they carry."""
    name = type(problem).__name__
    return "".join(f"_{char}" if char.isupper() and place else char for place, char in enumerate(name)).upper()
