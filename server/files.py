"""Files over plain HTTP: ``POST /files?name=photo.png`` takes one in, ``GET /files/<id>`` gives one out.

Uploads are no part of GraphQL: a form of the browser could send them past its preflight, and a document would wait for them. Here
a body is the file, its ``Content-Type`` the file's, and both ways need a token. What is given out is never shown by a browser
in our name: it is saved, or it is fetched by a program.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from typing import TypeVar
from urllib.parse import quote
from uuid import UUID

import orjson
import psycopg
from psycopg_pool import PoolTimeout
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from schema.answers import refusal
from schema.context import MOST_TRIES, House, parse_id
from schema.costs import RateLimited
from server.graphql_http import Refused, bearer_token, unavailable
from server.negotiation import language_of
from tenants import problems
from tenants.calls import current
from tenants.database import Caller, Outdated
from tenants.files import giving, storing
from tenants.files.giving import Found
from tenants.files.storing import Arrival
from tenants.problems import Conflict, LimitExceeded, NotAllowed, NotSignedIn, Problem

PATH = "/files"
# In points: a file that comes or goes, and each part of it.
COST, PART_COST = 100, 30
LONGEST_UPLOAD_SECONDS = 300.0
LONGEST_SILENCE_SECONDS = 15.0
STATUSES: dict[type[Problem], int] = {
    problems.InvalidInput: 400,
    problems.NotSignedIn: 401,
    problems.SecondFactorDue: 403,
    problems.NotAllowed: 403,
    problems.NotFound: 404,
    problems.Conflict: 409,
    problems.LimitExceeded: 403,
    RateLimited: 429,
}
HEADERS = {
    "Cache-Control": "private, no-store",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "same-site",
    "Vary": "Origin",
}

Result = TypeVar("Result")
Answering = Callable[["Asked"], Awaitable[Response]]


class Asked:
    """A request for files: whose, as they were last seen."""

    def __init__(self, request: Request, token: str, language: str) -> None:
        self.request = request
        self.token = token
        self.language = language
        self.caller: Caller | None = None
        self.house: House = request.app.state.house

    async def run(self, work: Callable[[Caller], Awaitable[Result]]) -> Result:
        """Do it for the caller, and once more where they have changed. Raises the house's problems."""
        for attempt in range(MOST_TRIES):
            caller = self.caller = await self.house.callers.by_token(self.token, fresh=attempt > 0)
            self.language = caller.language
            call = current()
            call.tenant_id, call.tenant, call.member_id = caller.tenant_id, caller.tenant.slug, caller.member_id
            with suppress(Outdated):
                return await work(caller)
        raise Conflict("busy")

    async def pay(self) -> None:
        """Take what a file costs. Raises :class:`RateLimited` where they have spent too much lately."""

        async def paid(caller: Caller) -> None:
            if self.house.meter is not None:
                self.house.meter.spend(caller, COST)

        await self.run(paid)

    async def pay_parts(self, count: int) -> None:
        """Take what so many parts have cost."""

        async def paid(caller: Caller) -> None:
            if count and self.house.meter is not None:
                self.house.meter.charge(caller, count * PART_COST)

        await self.run(paid)


def routes() -> list[BaseRoute]:
    return [
        Route(PATH, _answered(_take), methods=["POST"]),
        Route(f"{PATH}/{{id}}", _answered(_give), methods=["GET"]),
        Route(PATH, _preflight, methods=["OPTIONS"]),
        Route(f"{PATH}/{{id}}", _preflight, methods=["OPTIONS"]),
    ]


async def _preflight(request: Request) -> Response:
    allowed = request.app.state.origins.preflight_headers(request.headers.get("origin"))
    return Response(status_code=204 if allowed else 405, headers=_texts(allowed))


def _answered(answering: Answering) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        response = await _answer(request, answering)
        response.headers.update(_texts(request.app.state.origins.answer_headers(request.headers.get("origin"))))
        return response

    return answer


async def _answer(request: Request, answering: Answering) -> Response:
    """The answer, or the refusal in the shape that GraphQL has for it."""
    state, language = request.app.state, language_of(request.headers.get("accept-language", ""))
    asked: Asked | None = None
    try:
        if state.watch.is_away:
            raise unavailable()
        token = bearer_token(tuple(request.headers.getlist("authorization")))
        if token is None:
            raise NotSignedIn
        if state.guesses.any:
            await state.guesses.admit(request.scope["client"], token)
        client = request.scope["client"]
        current().address = client[0] if client else ""
        asked = Asked(request, token, language)
        return await answering(asked)
    except Refused as refused:
        return _turned_away(refused)
    except ClientDisconnect:
        # Nobody hears it.
        return Response(status_code=400)
    except (psycopg.OperationalError, PoolTimeout):
        state.watch.suspect()
        return _turned_away(unavailable())
    except Problem as problem:
        if isinstance(problem, NotSignedIn) and asked is not None:
            state.guesses.count(request.scope["client"])
        if isinstance(problem, NotAllowed) and asked is not None:
            state.house.tallies.refused(asked.caller, problem.right)
        return _refused(problem, asked.language if asked else language)


def _turned_away(refused: Refused) -> Response:
    body = orjson.dumps({"errors": refused.errors})
    return Response(body, refused.status, {**HEADERS, **refused.headers}, media_type="application/json")


def _refused(problem: Problem, language: str) -> Response:
    told = refusal([problem], language, current().id)
    headers = dict(HEADERS)
    if told.retry_after is not None:
        headers["Retry-After"] = str(told.retry_after)
    if isinstance(problem, NotSignedIn):
        headers["WWW-Authenticate"] = "Bearer"
    status = 413 if problem.code == "file.too_large" else STATUSES[type(problem)]
    return Response(told.body, status, headers, media_type="application/json")


async def _take(asked: Asked) -> Response:
    request = asked.request
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    named = storing.named(request.query_params.get("name", ""), content_type)
    length = request.headers.get("content-length", "")
    if length.isascii() and length.isdigit() and (len(length) > 20 or int(length) > storing.LARGEST):
        raise LimitExceeded("file.too_large", most=storing.LARGEST // 2**20)
    if request.headers.get("content-encoding", "identity") != "identity":
        raise Refused(415, "UNSUPPORTED_ENCODING", "Send the file as it is.", {"Accept-Encoding": "identity"})
    await asked.pay()
    arrival = Arrival(asked.house.database, asked.run, named)
    await arrival.begin()
    try:
        async with asyncio.timeout(LONGEST_UPLOAD_SECONDS):
            await _receive(asked, arrival)
            created_at = await arrival.finish()
    except BaseException as error:
        # Whoever leaves amid it leaves nothing behind either.
        await arrival.give_up()
        if isinstance(error, TimeoutError):
            raise Refused(408, "TIMEOUT", "The file did not arrive in time.", {"Connection": "close"}) from None
        raise
    address = f"{PATH}/{arrival.id}"
    stored = {
        "id": str(arrival.id),
        "name": named.name,
        "contentType": named.content_type,
        "size": arrival.size,
        "url": address,
        "createdAt": created_at,
    }
    return Response(orjson.dumps(stored), 201, {**HEADERS, "Location": address}, media_type="application/json")


async def _receive(asked: Asked, arrival: Arrival) -> None:
    """Raises ``TimeoutError`` when the client falls silent, and what :meth:`Arrival.add` raises."""
    parts = asked.request.stream()
    while True:
        try:
            async with asyncio.timeout(LONGEST_SILENCE_SECONDS):
                content = await anext(parts)
        except StopAsyncIteration:
            return
        await asked.pay_parts(await arrival.add(content))


async def _give(asked: Asked) -> Response:
    file_id = parse_id(asked.request.path_params["id"])
    await asked.pay()
    found = await asked.run(lambda caller: giving.find(asked.house.database, caller, file_id))
    headers = {
        **HEADERS,
        # Without a charset: that of a text is its own.
        "Content-Type": found.content_type,
        "Content-Length": str(found.size),
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(found.name, safe='')}",
        "Repr-Digest": f"sha-256=:{found.sha256}:",
    }
    if asked.request.method == "HEAD":
        return Response(b"", 200, headers)
    # The first part is read before anything is said, so that what is wrong can still be told.
    first = await _part(asked, found.id, 0)
    await asked.run(lambda caller: giving.note_download(asked.house.database, caller, found))
    return StreamingResponse(_parts(asked, found, first), 200, headers)


async def _parts(asked: Asked, found: Found, first: bytes | None) -> AsyncIterator[bytes]:
    position, content = 0, first
    while content is not None:
        yield content
        position += 1
        content = await _part(asked, found.id, position) if position * storing.CHUNK < found.size else None


async def _part(asked: Asked, file_id: UUID, position: int) -> bytes | None:
    await asked.pay_parts(1)
    return await asked.run(lambda caller: giving.part(asked.house.database, caller, file_id, position))


def _texts(headers: tuple[tuple[bytes, bytes], ...]) -> dict[str, str]:
    return {name.decode(): value.decode("latin-1") for name, value in headers}
