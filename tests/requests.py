"""GraphQL requests over HTTP as no well-behaved client would send them."""

from typing import Any

import httpx2
import orjson

from tests.harness import Client

NEW = "application/graphql-response+json"
OLD = "application/json"
QUERY = b'{"query":"{__typename}"}'


async def post(client: Client, content: Any = QUERY, **headers: str) -> httpx2.Response:
    given = {"content-type": OLD, "accept": NEW} | {name.replace("_", "-"): value for name, value in headers.items()}
    return await client.http.post("/graphql", content=content, headers={k: v for k, v in given.items() if v})


def code(response: httpx2.Response) -> str:
    """The code of the first error of a response that has no data."""
    body = orjson.loads(response.content)
    assert "data" not in body
    assert body["errors"][0]["message"]
    found: str = body["errors"][0]["extensions"]["code"]
    return found


async def raw(client: Client, headers: list[tuple[str, str]], *, body: bytes = QUERY) -> Any:
    """The start of the answer to a request whose headers no HTTP client would send."""
    app = client.http._transport.app  # type: ignore[attr-defined]
    given = {"content-type": OLD, "host": "x"} | dict(headers)
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/graphql",
        "raw_path": b"/graphql",
        "root_path": "",
        "query_string": b"",
        "scheme": "http",
        "http_version": "1.1",
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in given.items() if value],
        "server": ("x", 80),
        "client": ("y", 1),
        "asgi": {"version": "3.0"},
    }
    await app(scope, receive, send)
    return sent[0]
