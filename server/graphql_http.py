"""GraphQL over HTTP, to the letter of https://graphql.github.io/graphql-over-http/draft/.

Everything that can be judged without parsing is judged first: method, media types, encoding, length. A request that is none
gets a status of its own and one error in the shape of a GraphQL response; nothing a client sends ends in a 500.
"""

import asyncio
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl

import orjson
import psycopg
from psycopg_pool import PoolTimeout
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from schema.execution import Answer, House, Operation, Unavailable, execute
from server import explorer
from server.health import DatabaseWatch
from server.metrics import OPERATIONS
from tenants.config.definitions import LANGUAGES

LARGEST_BODY = 1024 * 1024
LONGEST_BODY_SECONDS = 15.0
# Most requests end sooner; only then is it worth watching whether the client is still there.
WATCH_AFTER = 0.05
SUSPICIOUS_AFTER = 1.0

RESPONSE_JSON = "application/graphql-response+json"
JSON = "application/json"
BEARER = re.compile(r"bearer +([\x21-\x7e]+)", re.IGNORECASE)


class Refused(Exception):
    """The request is no GraphQL request; ``headers`` go with the answer."""

    def __init__(self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = dict(headers or {})

    @property
    def errors(self) -> list[Mapping[str, Any]]:
        """The refusal as a GraphQL response tells it."""
        return [{"message": self.message, "extensions": {"code": self.code}}]


class ClientGone(Exception):
    """Nobody waits for the answer any more."""


class GraphQLOverHTTP:
    """The ASGI application behind ``/graphql`` for HTTP."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        if scope["method"] == "GET" and _wants_page(headers):
            await (await explorer.page(Request(scope)))(scope, receive, send)
            return
        media_type = JSON
        try:
            if scope["method"] not in ("GET", "POST"):
                raise Refused(405, "METHOD_NOT_ALLOWED", "Use POST, or GET for queries.", {"Allow": "GET, POST"})
            media_type = negotiated(headers.getlist("accept"))
            if scope["method"] == "POST":
                operation = operation_of(_parsed(await _body(headers, receive)))
            else:
                operation = operation_of(_from_url(scope["query_string"]))
            token = bearer_token(headers.getlist("authorization"))
            answer = await _answered(scope, receive, operation, token, headers)
        except Refused as refusal:
            await _respond(send, refusal.status, media_type, orjson.dumps({"errors": refusal.errors}), refusal.headers)
        except ClientGone:
            return
        else:
            status = answer_status(answer, media_type, with_token=token is not None)
            more = {"X-Config-Version": str(answer.config_version)} if answer.config_version is not None else {}
            if status == 401:
                more["WWW-Authenticate"] = 'Bearer error="invalid_token"'
            await _respond(send, status, media_type, answer.body, more)


async def _answered(
    scope: Scope, receive: Receive, operation: Operation, token: str | None, headers: Headers
) -> Answer:
    """Raises :class:`Refused` when PostgreSQL is away or GET is not for this operation, and :class:`ClientGone`."""
    house: House = scope["app"].state.house
    watch: DatabaseWatch = scope["app"].state.watch
    if watch.is_away:
        raise unavailable()
    work = asyncio.ensure_future(
        execute(
            house,
            operation,
            token=token,
            language=language_of(headers.get("accept-language", "")),
            request_id=scope["state"]["request_id"],
            queries_only=scope["method"] == "GET",
        )
    )
    try:
        await _watched(work, receive, watch)
        answer = work.result()
    except (Unavailable, psycopg.OperationalError, PoolTimeout) as error:
        watch.suspect()
        raise unavailable() from error
    finally:
        work.cancel()
    OPERATIONS.labels(answer.kind or "none", answer.code or "OK").inc()
    if answer.code == "MUTATION_OVER_GET":
        raise Refused(405, answer.code, "Only queries can be sent by GET; use POST.", {"Allow": "POST"})
    return answer


async def _watched(work: "asyncio.Future[Answer]", receive: Receive, watch: DatabaseWatch) -> None:
    """Wait for the work, or stop it when the client has gone or PostgreSQL turns out to be away."""
    await asyncio.wait({work}, timeout=WATCH_AFTER)
    if work.done():
        return
    gone = asyncio.ensure_future(_until_gone(receive))
    away = asyncio.ensure_future(watch.until_away())
    awaited: set[asyncio.Future[Any]] = {work, gone, away}
    try:
        done, _ = await asyncio.wait(awaited, timeout=SUSPICIOUS_AFTER, return_when=asyncio.FIRST_COMPLETED)
        if not done:
            # Most likely just a slow query; a look costs little, and waiting for nothing costs the client much.
            watch.suspect()
            await asyncio.wait(awaited, return_when=asyncio.FIRST_COMPLETED)
        if work.done():
            return
        work.cancel()
        await asyncio.wait({work})
        raise ClientGone if gone.done() else unavailable()
    finally:
        gone.cancel()
        away.cancel()


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def unavailable() -> Refused:
    """The refusal while PostgreSQL is away."""
    return Refused(503, "UNAVAILABLE", "The database is away. Try again in a moment.", {"Retry-After": "1"})


def _wants_page(headers: Headers) -> bool:
    return any(name == "text/html" and quality > 0 for name, quality, _ in _media_ranges(headers.getlist("accept")))


def negotiated(accept: list[str]) -> str:
    """The media type of the answer. Raises :class:`Refused` when the client takes none of ours."""
    ranges = _media_ranges(accept)
    if not ranges:
        return JSON
    found = []
    for place, media_type in enumerate((JSON, RESPONSE_JSON)):
        matching = [
            (names.index(name), quality)
            for name, quality, charset in ranges
            if charset in ("", "utf-8", "utf8") and name in (names := ("*/*", "application/*", media_type))
        ]
        if matching:
            specificity, quality = max(matching)
            # Named is better than covered; of both named alike, the newer type; of both covered, the older.
            found.append((quality, specificity, place if specificity == 2 else -place, media_type))
    if not found or max(found)[0] <= 0:
        raise Refused(406, "NOT_ACCEPTABLE", f"The answer is {RESPONSE_JSON} or {JSON}, in utf-8.")
    return max(found)[-1]


def _media_ranges(values: list[str]) -> list[tuple[str, float, str]]:
    """Name, quality and charset of each range of an Accept header; what cannot be read is left out."""
    found = []
    for part in ",".join(values).split(","):
        name, *parameters = (piece.strip().lower() for piece in part.split(";"))
        known = dict(parameter.partition("=")[::2] for parameter in parameters)
        try:
            quality = float(known.get("q", "1"))
        except ValueError:
            continue
        if name:
            found.append((name, quality, known.get("charset", "").strip('"')))
    return found


async def _body(headers: Headers, receive: Receive) -> bytes:
    _check_body_headers(headers)
    body = bytearray()
    try:
        async with asyncio.timeout(LONGEST_BODY_SECONDS):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise ClientGone
                body += message.get("body", b"")
                if len(body) > LARGEST_BODY:
                    raise _too_large()
                if not message.get("more_body", False):
                    return bytes(body)
    except TimeoutError:
        message_text = f"The body did not arrive within {LONGEST_BODY_SECONDS:.0f} s."
        raise Refused(408, "TIMEOUT", message_text, {"Connection": "close"}) from None


def _check_body_headers(headers: Headers) -> None:
    """Raises :class:`Refused` for what need not be read to be refused."""
    name, *parameters = (part.strip().lower() for part in headers.get("content-type", "").split(";"))
    charsets = {value.strip('"') for key, _, value in (part.partition("=") for part in parameters) if key == "charset"}
    if name != JSON or not charsets <= {"utf-8", "utf8"}:
        raise Refused(415, "UNSUPPORTED_MEDIA_TYPE", f"Send the body as {JSON}, in utf-8.")
    if headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
        raise Refused(415, "UNSUPPORTED_ENCODING", "Send the body uncompressed.", {"Accept-Encoding": "identity"})
    length = headers.get("content-length", "0")
    if not length.isascii() or not length.isdigit():
        raise _bad("Content-Length is not a number.")
    # Twenty digits are more than any body has, and int() takes its time over thousands.
    if len(length) > 20 or int(length) > LARGEST_BODY:
        raise _too_large()


def _parsed(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except ValueError as error:
        raise _bad(f"The body is not JSON in utf-8: {error}.") from None


def _from_url(query_string: bytes) -> dict[str, Any]:
    """The parameters of a GET request."""
    try:
        pairs = parse_qsl(query_string.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=50)
    except ValueError:
        raise _bad("The URL's parameters cannot be read.") from None
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise _bad(f"The parameter '{name[:50]}' comes twice.")
        found[name] = value
    for name in ("variables", "extensions"):
        if name in found:
            try:
                found[name] = orjson.loads(found[name])
            except ValueError as error:
                raise _bad(f"The parameter '{name}' is not JSON: {error}.") from None
    return found


def operation_of(parameters: Any) -> Operation:
    """The operation that a request's parameters describe. Raises :class:`Refused` for what is none."""
    if isinstance(parameters, list):
        raise Refused(400, "BATCH_NOT_SUPPORTED", "Send one operation for each request; batches are not supported.")
    if not isinstance(parameters, dict):
        raise _bad("The body is not a JSON object.")
    query, name = parameters.get("query"), parameters.get("operationName")
    variables, extensions = parameters.get("variables"), parameters.get("extensions")
    if not isinstance(query, str):
        raise _bad("'query' is missing, or no string.")
    if name is not None and not isinstance(name, str):
        raise _bad("'operationName' is no string.")
    if variables is not None and not isinstance(variables, dict):
        raise _bad("'variables' is no object.")
    if extensions is not None and not isinstance(extensions, dict):
        raise _bad("'extensions' is no object.")
    return Operation(query, name, variables)


def bearer_token(authorization: list[str]) -> str | None:
    """The token that came with a request, if any. Raises :class:`Refused` for credentials that are no token."""
    if not authorization:
        return None
    matched = BEARER.fullmatch(authorization[0].strip())
    if matched is None or len(authorization) > 1:
        message = "Send one header 'Authorization: Bearer <token>'."
        raise Refused(401, "BAD_CREDENTIALS", message, {"WWW-Authenticate": 'Bearer error="invalid_request"'})
    return matched[1]


@lru_cache(maxsize=500)
def language_of(accept_language: str) -> str:
    """The language that an Accept-Language header asks for first, of those we speak."""
    best = ("en", 0.0)
    for part in accept_language[:500].split(","):
        tag, _, rest = part.strip().lower().partition(";")
        primary = tag.split("-")[0]
        try:
            quality = float(rest.strip().removeprefix("q=")) if rest else 1.0
        except ValueError:
            continue
        if primary in LANGUAGES and quality > best[1]:
            best = (primary, quality)
    return best[0]


def answer_status(answer: Answer, media_type: str, *, with_token: bool) -> int:
    """The status of an answer: the older media type says 200 for whatever was a GraphQL request."""
    if answer.code == "NOT_SIGNED_IN" and with_token:
        return 401
    return 200 if answer.executed or media_type == JSON else 400


def _bad(message: str) -> Refused:
    return Refused(400, "BAD_REQUEST", message)


def _too_large() -> Refused:
    return Refused(413, "TOO_LARGE", f"The body may have at most {LARGEST_BODY} bytes.")


async def _respond(send: Send, status: int, media_type: str, body: bytes, more: Mapping[str, str]) -> None:
    headers = [
        (b"content-type", b"%s; charset=utf-8" % media_type.encode()),
        (b"content-length", b"%d" % len(body)),
        *_FIXED_HEADERS,
        *((name.lower().encode(), value.encode()) for name, value in more.items()),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


_FIXED_HEADERS = ((b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff"), (b"vary", b"accept"))
