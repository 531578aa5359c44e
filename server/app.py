"""The web application: what is opened when it starts, and what answers at which address."""

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from os import urandom
from time import perf_counter
from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.responses import RedirectResponse
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from schema.execution import House
from server import explorer, files, mailbox, single_sign_on
from server.audit import AuditWriter
from server.graphql_http import GraphQLOverHTTP
from server.graphql_ws import GraphQLOverWebSocket
from server.health import DatabaseWatch, WaitingRequest, healthz, readyz
from server.limits import limits_of
from server.live import RedisLive
from server.metrics import CLASSES, count_request, metrics
from server.origins import Origins
from server.persisted import PersistedDocuments
from server.proxies import Proxies
from server.sessions import SessionWatch, UsedSessions
from server.settings import Settings
from server.strangers import Guesses, Strangers
from server.usage import UsageTeller
from tenants import spellings
from tenants.callers import Callers
from tenants.calls import UNDER_WAY, Call
from tenants.database import Database
from workers.announcements import Announcer
from workers.ending import end

GRAPHQL = "/graphql"
REQUEST_ID = re.compile(rb"[A-Za-z0-9_-]{1,64}")
SLOW_SECONDS = 1.0

log = logging.getLogger(__name__)


def create_app(settings: Settings) -> "Application":
    """The application for these settings; its lifespan opens the database (see :meth:`Database.open` for what it raises)."""
    return Application(settings)


class Application(Starlette):
    """Around every request: its id, its place in the metrics, and a masked answer where the program is at fault.

    What ``/graphql`` costs here is paid by every request there is, so it is answered without asking the router.
    """

    def __init__(self, settings: Settings) -> None:
        self.graphql = GraphQLOverHTTP()
        self.proxies = Proxies(settings.trusted_proxies)
        # Set when the process is asked to stop: it is not ready, and each answer is the last on its connection.
        self.draining = False
        # Those at /graphql that are being answered, oldest first.
        self.requests: dict[WaitingRequest, None] = {}
        super().__init__(
            routes=[
                Route(GRAPHQL, self.graphql),
                WebSocketRoute(GRAPHQL, GraphQLOverWebSocket()),
                *explorer.routes(),
                *mailbox.routes(settings),
                *files.routes(),
                *single_sign_on.routes(settings),
                Route("/", RedirectResponse(GRAPHQL)),
                Route("/healthz", healthz),
                Route("/readyz", readyz),
                Route("/metrics", metrics),
            ],
            lifespan=_opened(settings),
        )

    def build_middleware_stack(self) -> ASGIApp:
        """The router alone: faults are masked below, for all addresses alike."""
        return ExceptionMiddleware(self.router)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not self.proxies.none and scope["type"] != "lifespan":
            self.proxies.unwrap(scope)
        if scope["type"] != "http":
            await super().__call__(scope, receive, send)
            return
        scope["app"] = self
        request = Request(scope, send, last=self.draining)
        token = UNDER_WAY.set(request.call)
        try:
            if scope["path"] == GRAPHQL:
                self.requests[request] = None
                await self.graphql(scope, receive, request.send)
            else:
                await super().__call__(scope, receive, request.send)
        except asyncio.CancelledError:
            await request.ended()
        except Exception:
            log.exception("A request failed: %s %s", scope["method"], scope["path"])
            if request.status:
                # Half an answer is under way; cutting it off is the only way to say so.
                raise
            await request.say_sorry()
        finally:
            self.requests.pop(request, None)
            request.finish()
            UNDER_WAY.reset(token)


class Request:
    """One request on its way to its answer. It can be ended from outside: by its connection, or when PostgreSQL is away."""

    __slots__ = ("_end", "_last", "_send", "_task", "call", "method", "path", "started", "status")

    def __init__(self, scope: Scope, send: Send, *, last: bool) -> None:
        self.started = perf_counter()
        self.method, self.path = scope["method"], scope["path"]
        self.call = Call(_request_id(scope))
        self.status = 0
        self._send = send
        self._last = last
        self._end: bytes | None = None
        self._task = asyncio.current_task()
        state = scope.setdefault("state", {})
        state["request_id"] = self.call.id
        state["request"] = self

    async def send(self, message: Message) -> None:
        """Pass a message on, the first with the request's id."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = [*message.get("headers", ()), (b"x-request-id", self.call.id.encode())]
            if self._last:
                headers.append((b"connection", b"close"))
            message["headers"] = headers
        await self._send(message)

    def end(self, last_words: bytes = b"") -> None:
        """Stop working for it, and what it runs in PostgreSQL with it; ``last_words`` is the body of a 503, or nobody listens.

        A mutation is finished though nobody listens: others are to hear the news that follow its commit.
        """
        if not last_words and self.call.kind == "mutation":
            return
        if self._task is not None and not self._task.done():
            self._end = last_words
            self._task.cancel()

    async def ended(self) -> None:
        """Answer after :meth:`end`. Raises ``CancelledError`` when it was somebody else who cancelled."""
        if self._end is None or self._task is None:
            raise asyncio.CancelledError
        self._task.uncancel()
        if self._end and not self.status:
            await self._say(503, self._end, (b"retry-after", b"1"))

    async def say_sorry(self) -> None:
        """Answer that the program is at fault, without a word on how."""
        message = f"Something went wrong on our side. Quote the request id {self.call.id} when you ask about it."
        extensions = {"code": "INTERNAL_ERROR", "requestId": self.call.id}
        await self._say(500, orjson.dumps({"errors": [{"message": message, "extensions": extensions}]}))

    async def _say(self, status: int, body: bytes, *more: tuple[bytes, bytes]) -> None:
        headers = [(b"content-type", b"application/json; charset=utf-8"), (b"content-length", b"%d" % len(body)), *more]
        await self.send({"type": "http.response.start", "status": status, "headers": headers})
        await self.send({"type": "http.response.body", "body": body})

    def finish(self) -> None:
        """Count it."""
        seconds = perf_counter() - self.started
        # The connection holds this request, and these hold the connection: only the garbage collector would free them.
        self._task = None
        del self._send
        # A client that left before its answer began has no status.
        count_request(self.method, self.path, self.status or 499, seconds)
        if seconds > SLOW_SECONDS:
            log.warning(
                "A request was slow: %s %s",
                self.method,
                self.path,
                extra={"seconds": round(seconds, 3), "cost": self.call.cost, "statements": self.call.statements},
            )


def _request_id(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"x-request-id" and REQUEST_ID.fullmatch(value):
            given: str = value.decode()
            return given
    return urandom(16).hex()


def _opened(settings: Settings) -> Callable[[Application], Any]:
    @asynccontextmanager
    async def lifespan(app: Application) -> AsyncIterator[None]:
        url = settings.application_database_url()
        database = await Database.open(url, size=settings.pool_size)
        announcer, live = Announcer(settings.redis_address()), RedisLive(settings.redis_address())
        sessions, watch = SessionWatch(database), DatabaseWatch(url, database, app.requests)
        classes = asyncio.create_task(CLASSES.run(database))
        database.on_commit.append(announcer)
        callers = Callers(database, room=settings.configuration_memory_mb * 2**20)
        limits = limits_of(settings)
        app.state.house = House(
            database,
            callers,
            live,
            limits,
            settings.secrets(),
            desk=single_sign_on.desk_of(settings),
            sign_up=settings.sign_up_terms(),
        )
        app.state.sessions, app.state.watch = sessions, watch
        app.state.documents = PersistedDocuments(database, callers, registered_only=settings.documents == "registered")
        app.state.origins = Origins(settings.allowed_origins)
        app.state.strangers = Strangers(settings.anonymous_cost_rate)
        app.state.guesses = guesses = Guesses(settings.anonymous_cost_rate, database, callers)
        app.state.used = used = UsedSessions(database, callers)
        audit = AuditWriter(database, app.state.house.tallies)
        app.state.usage = usage = UsageTeller(database, limits.spent_since_last_look)
        for part in (announcer, live, sessions, watch, limits, usage, used, audit):
            part.start()
        try:
            yield
        finally:
            await end(classes)
            await spellings.finish()
            for ending in (used, audit, guesses, sessions, live, announcer, watch, limits, usage, database):
                await ending.close()

    return lifespan
