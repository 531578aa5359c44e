"""How connections are served: uvicorn's settings, and the limits of patience, of which it has few itself."""

import asyncio
import gc
import logging
import os
import socket
import struct
from contextlib import suppress
from typing import Any

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from server.metrics import SLOW_CLIENTS
from server.preflight import bound, check_port
from server.settings import Settings

LONGEST_HEADERS_SECONDS = 15.0
LARGEST_HEADERS = 64 * 1024
KEEP_ALIVE_SECONDS = 10
LARGEST_SOCKET_MESSAGE = 1024 * 1024
# Within this time a client takes what waits for it, or at least so much of it.
LONGEST_WRITE_SECONDS = 12.0
LEAST_TAKEN = 64 * 1024
MOST_PONGS_UNTAKEN = 1_000
# Two lost pings are a client that is gone.
PING_SECONDS = 10.0
# How long a client may take to answer the closing of a socket.
GOODBYE_SECONDS = 3.0
# When the process stops: how long connections may still ask once more, to be told that it was the last time, and how long
# what is being answered may take.
LAST_CALL_SECONDS = 1.0
LAST_REQUESTS_SECONDS = 10
TICK = 0.05
# No lingering: the connection is reset and its data dropped.
RESET = struct.pack("ii", 1, 0)

log = logging.getLogger(__name__)


def configured(app: ASGIApp, host: str, port: int) -> uvicorn.Config:
    """The server for an application; logging is set up already."""
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        loop="uvloop",
        http=PatientProtocol,
        ws=PatientSocketProtocol,
        ws_max_size=LARGEST_SOCKET_MESSAGE,
        ws_ping_interval=PING_SECONDS,
        ws_ping_timeout=PING_SECONDS,
        # A few kilobytes that unfold into gigabytes are no message.
        ws_per_message_deflate=False,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=LAST_REQUESTS_SECONDS,
    )


def listening_socket(settings: Settings) -> socket.socket:
    """The socket that was handed to us, or one of our own. Raises what :func:`server.preflight.bound` raises."""
    if settings.listen_fd is not None:
        return socket.socket(fileno=settings.listen_fd)
    check_port(settings.host, settings.port)
    return bound(settings.host, settings.port)


class Server(uvicorn.Server):
    """Stops without failing a request: new connections go elsewhere, open ones are told to, and only then is anything closed.

    ``ready_fd`` is a pipe on which it says that it answers.
    """

    def __init__(self, config: uvicorn.Config, ready_fd: int | None = None) -> None:
        super().__init__(config)
        self._ready_fd = ready_fd

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Open the application and listen."""
        await super().startup(sockets)
        # What lives now lives as long as the process: it need not be looked through for garbage again and again.
        gc.collect()
        gc.freeze()
        for listening in sockets or ():
            log.info("Listening on %s port %s.", *listening.getsockname()[:2])
        if self._ready_fd is not None:
            # Whoever wanted to know may have stopped listening.
            with suppress(OSError):
                os.write(self._ready_fd, b"1")
            os.close(self._ready_fd)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Refuse new connections, wait for the last requests, close sockets with 1012, which asks clients to come back."""
        self.config.loaded_app.draining = True
        for server in self.servers:
            server.close()
        for listening in sockets or ():
            listening.close()
        # A connection that is closed while its next request is on the way fails that request.
        for _ in range(int(LAST_CALL_SECONDS / TICK)):
            if self.server_state.connections:
                await asyncio.sleep(TICK)
        await super().shutdown(sockets)


class _PatientWriter(asyncio.Protocol):
    """Cuts a connection whose client does not take what is sent to it."""

    transport: asyncio.Transport
    loop: asyncio.AbstractEventLoop
    name: str
    _writing: asyncio.TimerHandle | None = None

    def pause_writing(self) -> None:
        super().pause_writing()
        self._mind_writing()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._stop_minding()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_minding()
        super().connection_lost(exc)

    def _mind_writing(self) -> None:
        self._stop_minding()
        waiting = self.transport.get_write_buffer_size()
        self._writing = self.loop.call_later(LONGEST_WRITE_SECONDS, self._look_at_writing, waiting)

    def _look_at_writing(self, waited: int) -> None:
        if self.transport.get_write_buffer_size() > max(waited - LEAST_TAKEN, 0):
            self._cut()
        else:
            self._mind_writing()

    def _cut(self) -> None:
        SLOW_CLIENTS.labels(self.name).inc()
        # Otherwise the system would keep what it holds for the client, up to megabytes, until that takes it.
        self.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        self.transport.abort()

    def _stop_minding(self) -> None:
        if self._writing is not None:
            self._writing.cancel()
            self._writing = None


class PatientSocketProtocol(_PatientWriter, WebSocketsSansIOProtocol):
    """WebSockets, with the same patience."""

    name = "websocket"

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.close_timeout = GOODBYE_SECONDS
        self._pongs_untaken = 0

    def handle_ping(self) -> None:
        """Answer it. Answers to pings wait for no room, so they would pile up for one who sends pings and takes nothing."""
        self._pongs_untaken = 0 if self.writable.is_set() else self._pongs_untaken + 1
        if self._pongs_untaken <= MOST_PONGS_UNTAKEN:
            super().handle_ping()
        elif not self.transport.is_closing():
            self._cut()


class PatientProtocol(_PatientWriter, HttpToolsProtocol):
    """Cuts a connection whose request does not come to the point: headers within their time and size, and, once a request
    has been answered without being read to its end, that end within the same time. It works for nobody who has left."""

    name = "http"

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._patience: asyncio.TimerHandle | None = None
        self._header_bytes = 0
        self._in_headers = True
        self._arrived = True
        self._answering: RequestResponseCycle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in the base class
        super().connection_made(transport)
        self._expect()

    def connection_lost(self, exc: Exception | None) -> None:
        self._relax()
        super().connection_lost(exc)
        if self._answering is not None and not self._answering.response_complete:
            request = self._answering.scope["state"].get("request")
            if request is not None:
                request.end()

    def data_received(self, data: bytes) -> None:
        if self._in_headers:
            self._header_bytes += len(data)
            if self._header_bytes > LARGEST_HEADERS + len(data):
                self.send_400_response("The headers are too long.")
                return
        super().data_received(data)
        # Most requests arrive whole, and need no timer.
        if self._in_headers and not self._arrived and self._patience is None:
            self._expect()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["state"]["began"] = self.loop.time()
        self._in_headers, self._arrived, self._header_bytes = True, False, 0
        self._relax()

    def on_headers_complete(self) -> None:
        self._in_headers = False
        self._relax()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._in_headers = self._arrived = True
        self._header_bytes = 0
        self._relax()
        self.scope["state"]["arrived"] = True
        super().on_message_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if not self._arrived:
            self._expect()
        if self.transport.is_closing():
            # To close is to wait until all has been taken.
            self._mind_writing()

    def timeout_keep_alive_handler(self) -> None:
        if self.transport.get_write_buffer_size():
            # The last answer has not been taken in all this time.
            self._cut()
        super().timeout_keep_alive_handler()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._answering = cycle
        super()._start_asgi_task(cycle, app)

    def _expect(self) -> None:
        self._relax()
        self._patience = self.loop.call_later(LONGEST_HEADERS_SECONDS, self.transport.close)

    def _relax(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None
