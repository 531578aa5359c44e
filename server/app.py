"""The web application: what is opened when it starts, and what answers at which address."""

import logging
import re
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import orjson
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.responses import RedirectResponse
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bound_contextvars

from schema.execution import House
from server import explorer, mailbox
from server.graphql_http import GraphQLOverHTTP
from server.graphql_ws import GraphQLOverWebSocket
from server.health import DatabaseWatch, healthz, readyz
from server.live import RedisLive
from server.metrics import count_request, metrics
from server.sessions import SessionWatch
from server.settings import Settings
from tenants.callers import Callers
from tenants.database import Database
from workers.announcements import Announcer

REQUEST_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
SLOW_SECONDS = 1.0

log = logging.getLogger(__name__)


def create_app(settings: Settings) -> Starlette:
    """The application for these settings; its lifespan opens the database (see :meth:`Database.open` for what it raises)."""
    return Starlette(
        routes=[
            Route("/graphql", GraphQLOverHTTP()),
            WebSocketRoute("/graphql", GraphQLOverWebSocket()),
            *explorer.routes(),
            *mailbox.routes(settings),
            Route("/", RedirectResponse("/graphql")),
            Route("/healthz", healthz),
            Route("/readyz", readyz),
            Route("/metrics", metrics),
        ],
        middleware=[Middleware(Requests)],
        lifespan=_opened(settings),
    )


def _opened(settings: Settings) -> Callable[[Starlette], Any]:
    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        url = settings.application_database_url()
        database = await Database.open(url, size=settings.pool_size)
        announcer, live = Announcer(settings.redis_address()), RedisLive(settings.redis_address())
        sessions, watch = SessionWatch(database), DatabaseWatch(url, database)
        database.on_commit.append(announcer)
        app.state.house = House(database, Callers(database), live)
        app.state.sessions, app.state.watch = sessions, watch
        for part in (announcer, live, sessions):
            part.start()
        try:
            yield
        finally:
            for ending in (sessions, live, announcer, watch, database):
                await ending.close()

    return lifespan


class Requests:
    """Around every request: its id, its place in the metrics, and a masked answer where the program is at fault."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = time.perf_counter()
        request_id = _request_id(scope)
        scope.setdefault("state", {})["request_id"] = request_id
        status = 0

        async def send_marked(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message = {**message, "headers": [*message.get("headers", ()), (b"x-request-id", request_id.encode())]}
            await send(message)

        with bound_contextvars(request_id=request_id):
            try:
                await self.app(scope, receive, send_marked)
            except Exception:
                log.exception("A request failed: %s %s", scope["method"], scope["path"])
                if status:
                    # Half an answer is under way; cutting it off is the only way to say so.
                    raise
                await _say_sorry(send_marked, request_id)
            finally:
                # A client that left before its answer began has no status.
                count_request(scope["method"], scope["path"], status or 499, started)
            if time.perf_counter() - started > SLOW_SECONDS:
                log.warning("A request was slow: %s %s", scope["method"], scope["path"])


def _request_id(scope: Scope) -> str:
    given: str = Headers(scope=scope).get("x-request-id", "")
    if REQUEST_ID.fullmatch(given):
        return given
    return uuid4().hex


async def _say_sorry(send: Send, request_id: str) -> None:
    message = f"Something went wrong on our side. Quote the request id {request_id} when you ask about it."
    extensions = {"code": "INTERNAL_ERROR", "requestId": request_id}
    body = orjson.dumps({"errors": [{"message": message, "extensions": extensions}]})
    headers = [(b"content-type", b"application/json; charset=utf-8"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 500, "headers": headers})
    await send({"type": "http.response.body", "body": body})
