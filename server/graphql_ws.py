"""The WebSocket side of ``/graphql``: the protocol ``graphql-transport-ws``, and no other.

https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md. What is wrong with one operation is told to that operation;
the socket is closed only for what breaks the protocol, when the session it was opened with ends, and when its client does not
take what it is sent.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from time import perf_counter
from typing import Any
from uuid import UUID, uuid4

import orjson
import psycopg
from psycopg_pool import PoolTimeout
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from schema.answers import refusal
from schema.costs import RateLimited
from schema.execution import Answer, House, Unavailable, subscribe
from server.graphql_http import BEARER, Asked, Refused, asked_in, unavailable, unknown_document
from server.live import LostTouch
from server.metrics import SLOW_CLIENTS, SOCKETS, SUBSCRIPTIONS, count_operation
from server.negotiation import language_of
from server.origins import Origins
from server.persisted import BadDocument, PersistedDocuments
from server.sessions import SessionWatch
from server.strangers import Guesses, Strangers
from tenants.callers import token_hash
from tenants.calls import Call, current, under_way
from tenants.problems import NotSignedIn

PROTOCOL = "graphql-transport-ws"
INIT_SECONDS = 10.0
# How long a socket without a token may ask for nothing.
STRANGER_SECONDS = 60.0
LARGEST_MESSAGE = 256 * 1024
MOST_OPERATIONS = 100
# What may wait for a client to take what was sent before; one message may be larger. Clients come back after this code.
MOST_WAITING = 200
MOST_BYTES_WAITING = 8 * 1024 * 1024
TOO_SLOW = 4413

log = logging.getLogger(__name__)


class Closed(Exception):
    """The socket is to be closed, with this code and reason."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class GraphQLOverWebSocket:
    """The ASGI application behind ``/graphql`` for WebSockets."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        socket = WebSocket(scope, receive, send)
        origins: Origins = scope["app"].state.origins
        if not origins.may_connect(socket.headers.get("origin"), socket.headers.get("host", "")):
            # Before it is accepted, this is an answer with status 403.
            await socket.close()
            return
        if PROTOCOL not in scope["subprotocols"]:
            await socket.accept()
            await socket.close(4406, "Subprotocol not acceptable")
            return
        await socket.accept(PROTOCOL)
        with SOCKETS.track_inprogress():
            await _Conversation(socket).run()


class _Outgoing:
    """The messages to one client that it has no room for yet."""

    def __init__(self, socket: WebSocket) -> None:
        self._socket = socket
        self._waiting = 0
        self._bytes = 0

    async def send(self, message: Mapping[str, Any]) -> None:
        """Send it, once there is room. Raises :class:`Closed` when too much waits for that."""
        text = orjson.dumps(message).decode()
        size = len(text)
        if self._waiting and (self._waiting >= MOST_WAITING or self._bytes + size > MOST_BYTES_WAITING):
            raise Closed(TOO_SLOW, "Too much waits to be taken; subscribe again")
        self._waiting += 1
        self._bytes += size
        try:
            await self._socket.send({"type": "websocket.send", "text": text})
        finally:
            self._waiting -= 1
            self._bytes -= size


class _Conversation:
    """One socket from its opening to its end."""

    def __init__(self, socket: WebSocket) -> None:
        self.socket = socket
        self.house: House = socket.app.state.house
        self.documents: PersistedDocuments = socket.app.state.documents
        self.sessions: SessionWatch = socket.app.state.sessions
        self.strangers: Strangers = socket.app.state.strangers
        self.guesses: Guesses = socket.app.state.guesses
        self.outgoing = _Outgoing(socket)
        client = socket.scope["client"]
        self.address: str = client[0] if client else ""
        self.language = language_of(socket.headers.get("accept-language", ""))
        self.token: str | None = None
        self.session: tuple[UUID, bytes] | None = None
        self.acknowledged = False
        self.initialised = False
        self.operations: dict[str, asyncio.Task[None]] = {}
        self.loop = asyncio.get_running_loop()
        self.closing: asyncio.Future[Closed] = self.loop.create_future()
        self.idle_since = self.loop.time()
        self.next_look = self.loop.call_later(STRANGER_SECONDS, self._look_at_stranger)

    async def run(self) -> None:
        listening = asyncio.ensure_future(self._listen())
        overdue = self.loop.call_later(INIT_SECONDS, self._init_overdue)
        closed: Closed | None = None
        try:
            awaited: set[asyncio.Future[Any]] = {listening, self.closing}
            await asyncio.wait(awaited, return_when=asyncio.FIRST_COMPLETED)
            if self.closing.done():
                closed = self.closing.result()
            else:
                listening.result()
        except Closed as error:
            closed = error
        except WebSocketDisconnect:
            pass
        finally:
            overdue.cancel()
            self.next_look.cancel()
            if self.session is not None:
                self.sessions.leave(*self.session, self.close)
            tasks = [listening, *self.operations.values()]
            for task in tasks:
                task.cancel()
            if closed is not None:
                # What waits for room is let go first: a client that takes nothing may keep this from being said.
                await self._close(closed)
            await asyncio.gather(*tasks, return_exceptions=True)

    def close(self, code: int, reason: str) -> None:
        """Ask for the end of the conversation, from anywhere."""
        if not self.closing.done():
            self.closing.set_result(Closed(code, reason))

    def _init_overdue(self) -> None:
        if not self.initialised:
            self.close(4408, "Connection initialisation timeout")

    def _look_at_stranger(self) -> None:
        """Close a socket that nobody signed in on and nothing runs on; look again later at one that has something running."""
        if self.token is not None:
            return
        rest = self.idle_since + STRANGER_SECONDS - self.loop.time()
        if rest <= 0 and not self.operations:
            self.close(4408, "Nobody signed in")
        else:
            self.next_look = self.loop.call_later(rest if rest > 0 else STRANGER_SECONDS, self._look_at_stranger)

    async def _close(self, closed: Closed) -> None:
        if closed.code == TOO_SLOW:
            SLOW_CLIENTS.labels("websocket").inc()
        # The client may have gone meanwhile.
        with suppress(RuntimeError, WebSocketDisconnect):
            await self.socket.close(closed.code, closed.reason)

    async def _listen(self) -> None:
        while True:
            message = await self.socket.receive()
            if message["type"] == "websocket.disconnect":
                return
            text = message.get("text")
            if text is None:
                raise Closed(4400, "Messages are text")
            # Characters are at least as many bytes; the exact size is only asked for when it may matter.
            if len(text) > LARGEST_MESSAGE or len(text) * 4 > LARGEST_MESSAGE < len(text.encode("utf-8", "replace")):
                raise Closed(1009, "Message too big")
            await self._take(_parsed(text))

    async def _take(self, message: Mapping[str, Any]) -> None:
        payload = message.get("payload")
        match message["type"]:
            case "connection_init":
                await self._initialise(payload)
            case "ping":
                await self._send({"type": "pong"} | ({"payload": payload} if payload is not None else {}))
            case "pong":
                pass
            case "subscribe":
                self._subscribe(_id(message), payload)
            case "complete":
                task = self.operations.pop(_id(message), None)
                if task is not None:
                    task.cancel()
            case unknown:
                raise Closed(4400, f"Unknown message type '{str(unknown)[:50]}'")

    async def _initialise(self, payload: Any) -> None:
        if self.initialised:
            raise Closed(4429, "Too many initialisation requests")
        self.initialised = True
        if payload is not None and not isinstance(payload, dict):
            raise Closed(4400, "The payload of connection_init is an object")
        given = next((value for key, value in (payload or {}).items() if key.lower() == "authorization"), None)
        if given is not None:
            matched = BEARER.fullmatch(given.strip()) if isinstance(given, str) else None
            if matched is None:
                raise Closed(4403, "Forbidden")
            await self._sign_in(matched[1])
        self.acknowledged = True
        await self._send({"type": "connection_ack"})

    async def _sign_in(self, token: str) -> None:
        client = self.socket.scope["client"]
        try:
            await self.guesses.admit(client, token)
            with under_way(Call(address=self.address)):
                caller = await self.house.callers.by_token(token, fresh=True)
        except NotSignedIn:
            self.guesses.count(client)
            raise Closed(4403, "Forbidden") from None
        except (RateLimited, psycopg.OperationalError, PoolTimeout):
            raise Closed(1013, "Try again later") from None
        self.token = token
        self.session = (caller.tenant_id, token_hash(token))
        self.sessions.join(*self.session, self.close)

    def _subscribe(self, operation_id: str, payload: Any) -> None:
        if not self.acknowledged:
            raise Closed(4401, "Unauthorized")
        if operation_id in self.operations:
            raise Closed(4409, f"Subscriber for {operation_id[:100]} already exists")
        if not isinstance(payload, dict):
            raise Closed(4400, "The payload of subscribe is an object")
        try:
            asked = asked_in(payload)
        except Refused as refusal:
            raise Closed(4400, refusal.message) from None
        if len(self.operations) >= MOST_OPERATIONS:
            many = Refused(429, "LIMIT_EXCEEDED", f"At most {MOST_OPERATIONS} operations may run on one socket.")
            work = self._refuse(operation_id, many.errors)
        else:
            work = self._perform(operation_id, asked)
        task = asyncio.create_task(work)
        self.operations[operation_id] = task
        task.add_done_callback(lambda done: self._forget(operation_id, done))

    def _forget(self, operation_id: str, task: "asyncio.Task[None]") -> None:
        # The client may have completed it and begun another under the same id.
        if self.operations.get(operation_id) is task:
            del self.operations[operation_id]
        self.idle_since = self.loop.time()
        if not task.cancelled() and (error := task.exception()) is not None:
            if isinstance(error, Closed):
                self.close(error.code, error.reason)
            elif not isinstance(error, WebSocketDisconnect | RuntimeError):
                log.error("An operation on a socket failed to answer.", exc_info=error)

    async def _perform(self, operation_id: str, asked: Asked) -> None:
        request_id = uuid4().hex
        try:
            with SUBSCRIPTIONS.track_inprogress(), under_way(Call(request_id, address=self.address)):
                await self._stream(operation_id, asked, request_id)
        except LostTouch:
            # Clients come back by themselves after this code, and subscribe again.
            raise Closed(1012, "News were missed; subscribe again") from None
        except (Unavailable, psycopg.OperationalError, PoolTimeout):
            await self._refuse(operation_id, unavailable().errors)
        except (Closed, WebSocketDisconnect, RuntimeError):
            raise
        except Exception:
            log.exception("An operation on a socket failed.", extra={"request_id": request_id})
            message = f"Something went wrong on our side. Quote the request id {request_id} when you ask about it."
            await self._refuse(operation_id, Refused(500, "INTERNAL_ERROR", message).errors)

    async def _stream(self, operation_id: str, asked: Asked, request_id: str) -> None:
        if self.socket.app.state.watch.is_away:
            raise Unavailable
        started = perf_counter()
        result: Answer | AsyncIterator[bytes]
        try:
            if self.token is None:
                self.strangers.admit(self.socket.scope["client"], asked.wanted.text)
            operation = await asked.operation(self.documents, self.token)
        except BadDocument as error:
            result = unknown_document(error)
        except RateLimited as limit:
            result = refusal([limit], self.language, request_id)
        else:
            result = await subscribe(
                self.house, operation, token=self.token, language=self.language, request_id=request_id
            )
        if isinstance(result, Answer):
            count_operation(current(), result.code, perf_counter() - started)
            if not result.executed:
                await self._refuse(operation_id, orjson.loads(result.body)["errors"])
                return
            await self._next(operation_id, result.body)
        else:
            count_operation(current(), None)
            async for body in result:
                await self._next(operation_id, body)
        await self._send({"id": operation_id, "type": "complete"})

    async def _next(self, operation_id: str, body: bytes) -> None:
        await self._send({"id": operation_id, "type": "next", "payload": orjson.Fragment(body)})

    async def _refuse(self, operation_id: str, errors: list[Any]) -> None:
        await self._send({"id": operation_id, "type": "error", "payload": errors})

    async def _send(self, message: Mapping[str, Any]) -> None:
        await self.outgoing.send(message)


def _parsed(text: str) -> Mapping[str, Any]:
    try:
        message = orjson.loads(text)
    except ValueError:
        raise Closed(4400, "The message is not JSON") from None
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        raise Closed(4400, "The message has no type")
    return message


def _id(message: Mapping[str, Any]) -> str:
    found = message.get("id")
    if not isinstance(found, str) or not found:
        raise Closed(4400, "The message has no id")
    return found
