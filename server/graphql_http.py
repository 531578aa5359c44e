"""GraphQL over HTTP, to the letter of https://graphql.github.io/graphql-over-http/draft/.

Everything that can be judged without parsing is judged first: method, media types, encoding, length. A request that is none
gets a status of its own and one error in the shape of a GraphQL response; nothing a client sends ends in a 500.
"""

import asyncio
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from time import perf_counter
from typing import Any
from urllib.parse import parse_qsl

import orjson
import psycopg
from psycopg_pool import PoolTimeout
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from schema.answers import refusal
from schema.costs import RateLimited
from schema.execution import Answer, House, Operation, Unavailable, execute
from server import explorer
from server.health import DatabaseWatch
from server.metrics import count_operation
from server.negotiation import JSON, RESPONSE_JSON, language_of, media_ranges, negotiated
from server.origins import Origins
from server.persisted import BadDocument, PersistedDocuments, Wanted
from tenants.calls import current

LARGEST_BODY = 1024 * 1024
# From the first byte of its head to the last of its body.
LONGEST_REQUEST_SECONDS = 15.0

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
        sent = Sent.of(scope["headers"])
        origins: Origins = scope["app"].state.origins
        if scope["method"] == "OPTIONS" and (allowed := origins.preflight_headers(sent.origin)):
            await send({"type": "http.response.start", "status": 204, "headers": list(allowed)})
            await send({"type": "http.response.body", "body": b""})
            return
        if scope["method"] == "GET" and _wants_page(sent.accept):
            await (await explorer.page(Request(scope)))(scope, receive, send)
            return
        media_type, more = JSON, list(origins.answer_headers(sent.origin))
        try:
            if scope["method"] not in ("GET", "POST"):
                raise Refused(405, "METHOD_NOT_ALLOWED", "Use POST, or GET for queries.", {"Allow": "GET, POST"})
            if (wanted := negotiated(sent.accept)) is None:
                raise Refused(406, "NOT_ACCEPTABLE", f"The answer is {RESPONSE_JSON} or {JSON}, in utf-8.")
            media_type = wanted
            if scope["method"] == "POST":
                asked = asked_in(_parsed(await _body(sent, receive, scope["state"])))
            else:
                asked = asked_in(_from_url(scope["query_string"]))
            token = bearer_token(sent.authorization)
            call = current()
            call.address, call.user_agent = scope["client"][0] if scope["client"] else "", sent.user_agent
            answer = await _answered(scope, asked, token, sent.language)
        except Refused as refusal:
            more += [(name.lower().encode(), value.encode()) for name, value in refusal.headers.items()]
            await _respond(send, refusal.status, media_type, orjson.dumps({"errors": refusal.errors}), more)
        except ClientGone:
            return
        else:
            status = answer_status(answer, media_type, with_token=token is not None)
            more += _headers_of(answer, status)
            await _respond(send, status, media_type, answer.body, more)


@dataclass(slots=True)
class Sent:
    """What of a request's headers is looked at, each as it came; those that may come but once, joined where they did not."""

    accept: str = ""
    authorization: tuple[str, ...] = ()
    content_type: str = ""
    content_encoding: str = ""
    content_length: str = "0"
    language: str = "en"
    origin: str | None = None
    user_agent: str = ""

    @classmethod
    def of(cls, headers: Iterable[tuple[bytes, bytes]]) -> "Sent":
        found = cls()
        for name, value in headers:
            match name:
                case b"accept":
                    found.accept += f",{value.decode('latin-1')}"
                case b"authorization":
                    found.authorization += (value.decode("latin-1"),)
                case b"content-type":
                    found.content_type = value.decode("latin-1")
                case b"content-encoding":
                    found.content_encoding = value.decode("latin-1")
                case b"content-length":
                    found.content_length = value.decode("latin-1")
                case b"accept-language":
                    found.language = language_of(value.decode("latin-1"))
                case b"origin":
                    found.origin = value.decode("latin-1")
                case b"user-agent":
                    found.user_agent = value.decode("latin-1")
        return found


async def _answered(scope: Scope, asked: "Asked", token: str | None, language: str) -> Answer:
    """Raises :class:`Refused` when PostgreSQL is away or GET is not for this operation."""
    state = scope["app"].state
    house: House = state.house
    watch: DatabaseWatch = state.watch
    if watch.is_away:
        raise unavailable()
    started = perf_counter()
    try:
        if token is None:
            state.strangers.admit(scope["client"], asked.wanted.text)
        elif state.guesses.any:
            await state.guesses.admit(scope["client"], token)
        answer = await execute(
            house,
            await asked.operation(state.documents, token),
            token=token,
            language=language,
            request_id=scope["state"]["request_id"],
            queries_only=scope["method"] == "GET",
        )
    except BadDocument as error:
        answer = unknown_document(error)
    except RateLimited as limit:
        answer = refusal([limit], language, current().id)
    except (Unavailable, psycopg.OperationalError, PoolTimeout) as error:
        watch.suspect()
        raise unavailable() from error
    count_operation(current(), answer.code, perf_counter() - started)
    if answer.code == "NOT_SIGNED_IN" and token is not None:
        state.guesses.count(scope["client"])
    if answer.code == "MUTATION_OVER_GET":
        raise Refused(405, answer.code, "Only queries can be sent by GET; use POST.", {"Allow": "POST"})
    return answer


def unavailable() -> Refused:
    """The refusal while PostgreSQL is away."""
    return Refused(503, "UNAVAILABLE", "The database is away. Try again in a moment.", {"Retry-After": "1"})


def _wants_page(accept: str) -> bool:
    return any(name == "text/html" and quality > 0 for name, quality, _ in media_ranges(accept))


async def _body(sent: Sent, receive: Receive, told: Mapping[str, Any]) -> bytes:
    """``told`` is what the server says of the request: when it ``began``, by the event loop's clock, and whether all of it has
    ``arrived``."""
    _check_content(sent.content_type, sent.content_encoding)
    _check_length(sent.content_length)
    if told.get("arrived"):
        return await _parts(receive)
    try:
        async with asyncio.timeout_at(
            (told.get("began") or asyncio.get_running_loop().time()) + LONGEST_REQUEST_SECONDS
        ):
            return await _parts(receive)
    except TimeoutError:
        text = f"The request did not arrive within {LONGEST_REQUEST_SECONDS:.0f} s."
        raise Refused(408, "TIMEOUT", text, {"Connection": "close"}) from None


async def _parts(receive: Receive) -> bytes:
    """The body, put together. Raises :class:`Refused` as soon as it is too much, and :class:`ClientGone`."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        body += message.get("body", b"")
        if len(body) > LARGEST_BODY:
            raise _too_large()
        if not message.get("more_body", False):
            return bytes(body)


@lru_cache(maxsize=500)
def _check_content(content_type: str, content_encoding: str) -> None:
    """Raises :class:`Refused` for what need not be read to be refused."""
    name, *parameters = (part.strip().lower() for part in content_type.split(";"))
    charsets = {value.strip('"') for key, _, value in (part.partition("=") for part in parameters) if key == "charset"}
    if name != JSON or not charsets <= {"utf-8", "utf8"}:
        raise Refused(415, "UNSUPPORTED_MEDIA_TYPE", f"Send the body as {JSON}, in utf-8.")
    if content_encoding.strip().lower() not in ("", "identity"):
        raise Refused(415, "UNSUPPORTED_ENCODING", "Send the body uncompressed.", {"Accept-Encoding": "identity"})


def _check_length(length: str) -> None:
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


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request's parameters ask for; the document may be known by its hash alone."""

    wanted: Wanted
    operation_name: str | None
    variables: Mapping[str, Any] | None

    async def operation(self, documents: PersistedDocuments, token: str | None) -> Operation:
        """Raises :class:`BadDocument`, and what the database raises when it is away."""
        return Operation(await documents.text_of(self.wanted, token), self.operation_name, self.variables)


def unknown_document(error: BadDocument) -> Answer:
    """The answer to a request whose document cannot be run."""
    errors = Refused(400, error.code, error.message).errors
    return Answer(orjson.dumps({"errors": errors}), executed=False, code=error.code)


def asked_in(parameters: Any) -> Asked:
    """What a request's parameters ask for. Raises :class:`Refused` where that is no operation."""
    if isinstance(parameters, list):
        raise Refused(400, "BATCH_NOT_SUPPORTED", "Send one operation for each request; batches are not supported.")
    if not isinstance(parameters, dict):
        raise _bad("The body is not a JSON object.")
    name = parameters.get("operationName")
    variables, extensions = parameters.get("variables"), parameters.get("extensions")
    if name is not None and not isinstance(name, str):
        raise _bad("'operationName' is no string.")
    if variables is not None and not isinstance(variables, dict):
        raise _bad("'variables' is no object.")
    if extensions is not None and not isinstance(extensions, dict):
        raise _bad("'extensions' is no object.")
    try:
        return Asked(Wanted.of(parameters), name, variables)
    except BadDocument as error:
        raise _bad(error.message) from None


def bearer_token(authorization: Sequence[str]) -> str | None:
    """The token that came with a request, if any. Raises :class:`Refused` for credentials that are no token."""
    if not authorization:
        return None
    matched = BEARER.fullmatch(authorization[0].strip())
    if matched is None or len(authorization) > 1:
        message = "Send one header 'Authorization: Bearer <token>'."
        raise Refused(401, "BAD_CREDENTIALS", message, {"WWW-Authenticate": 'Bearer error="invalid_request"'})
    return matched[1]


def answer_status(answer: Answer, media_type: str, *, with_token: bool) -> int:
    """The status of an answer: the older media type says 200 for whatever was a GraphQL request."""
    if answer.code == "NOT_SIGNED_IN" and with_token:
        return 401
    if answer.retry_after is not None:
        return 429
    return 200 if answer.executed or media_type == JSON else 400


def _headers_of(answer: Answer, status: int) -> list[tuple[bytes, bytes]]:
    headers: list[tuple[bytes, bytes]] = []
    if answer.config_version is not None:
        headers.append((b"x-config-version", b"%d" % answer.config_version))
    if answer.budget is not None:
        headers += answer.budget.headers
    if answer.retry_after is not None:
        headers.append((b"retry-after", b"%d" % answer.retry_after))
    if status == 401:
        headers.append((b"www-authenticate", b'Bearer error="invalid_token"'))
    return headers


def _bad(message: str) -> Refused:
    return Refused(400, "BAD_REQUEST", message)


def _too_large() -> Refused:
    return Refused(413, "TOO_LARGE", f"The body may have at most {LARGEST_BODY} bytes.")


async def _respond(send: Send, status: int, media_type: str, body: bytes, more: Sequence[tuple[bytes, bytes]]) -> None:
    headers = [
        (b"content-type", b"%s; charset=utf-8" % media_type.encode()),
        (b"content-length", b"%d" % len(body)),
        *_FIXED_HEADERS,
        *more,
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


_FIXED_HEADERS = (
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"vary", b"accept, origin"),
)
