"""How connections are served: uvicorn's settings, and limits for requests that trickle in, of which it has none itself."""

import asyncio
from typing import Any

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

LONGEST_HEADERS_SECONDS = 15.0
LARGEST_HEADERS = 64 * 1024
KEEP_ALIVE_SECONDS = 10
LAST_REQUESTS_SECONDS = 10
LARGEST_SOCKET_MESSAGE = 1024 * 1024


def configured(app: ASGIApp, host: str, port: int) -> uvicorn.Config:
    """The server for an application; logging is set up already."""
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        loop="uvloop",
        http=PatientProtocol,
        ws="websockets-sansio",
        ws_max_size=LARGEST_SOCKET_MESSAGE,
        # A few kilobytes that unfold into gigabytes are no message.
        ws_per_message_deflate=False,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=LAST_REQUESTS_SECONDS,
    )


class PatientProtocol(HttpToolsProtocol):
    """Cuts a connection whose request does not come to the point: headers within their time and size, and, once a request
    has been answered without being read to its end, that end within the same time."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._patience: asyncio.TimerHandle | None = None
        self._header_bytes = 0
        self._in_headers = True
        self._arrived = True

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in the base class
        super().connection_made(transport)
        self._expect()

    def connection_lost(self, exc: Exception | None) -> None:
        self._relax()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._in_headers:
            self._header_bytes += len(data)
            if self._header_bytes > LARGEST_HEADERS + len(data):
                self.send_400_response("The headers are too long.")
                return
        super().data_received(data)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_headers, self._arrived, self._header_bytes = True, False, 0
        self._expect()

    def on_headers_complete(self) -> None:
        self._in_headers = False
        self._relax()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._in_headers = self._arrived = True
        self._header_bytes = 0
        self._relax()
        super().on_message_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if not self._arrived:
            self._expect()

    def _expect(self) -> None:
        self._relax()
        self._patience = self.loop.call_later(LONGEST_HEADERS_SECONDS, self.transport.close)

    def _relax(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None
