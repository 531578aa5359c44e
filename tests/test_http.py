"""GraphQL over HTTP to the letter, and hostile requests (S1, S6).

https://graphql.github.io/graphql-over-http/draft/
"""

import asyncio
import gzip
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import orjson
import pytest

import server.graphql_http
import server.protocol
from server.graphql_http import LARGEST_BODY
from server.negotiation import language_of, negotiated
from tests.harness import Client, Company
from tests.requests import NEW, OLD, QUERY, code, post, raw


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("", OLD),
        ("*/*", OLD),
        ("application/*", OLD),
        (OLD, OLD),
        (NEW, NEW),
        (f"{NEW}, {OLD}", NEW),
        (f"{OLD}, {NEW}", NEW),
        (f"{OLD}, {NEW};q=0.9", OLD),
        (f"{NEW};q=0.9, */*;q=0.1", NEW),
        (f"{NEW}; charset=utf-8, {OLD}; charset=utf-8", NEW),
        (f"{NEW};charset=latin-1, {OLD}", OLD),
        (f"{OLD};q=0, */*", NEW),
        ("text/plain, */*;q=0.5", OLD),
        ("APPLICATION/JSON", OLD),
    ],
)
async def test_the_answer_has_the_type_that_was_asked_for(client: Client, accept: str, media_type: str) -> None:
    response = await client.http.post(
        "/graphql",
        content=QUERY,
        headers={"content-type": OLD, "accept": accept} if accept else {"content-type": OLD, "accept": ""},
    )
    assert response.status_code == 200
    assert response.headers["content-type"] == f"{media_type}; charset=utf-8"
    assert orjson.loads(response.content) == {"data": {"__typename": "Query"}}
    assert negotiated(accept) == media_type


@pytest.mark.parametrize("accept", ["text/plain", "image/*", f"{OLD};q=0", f"{NEW};charset=latin-1"])
async def test_no_type_of_ours_is_not_acceptable(client: Client, accept: str) -> None:
    response = await post(client, accept=accept)
    assert (response.status_code, code(response)) == (406, "NOT_ACCEPTABLE")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"query": "{"}, "GRAPHQL_PARSE_FAILED"),
        ({"query": ""}, "GRAPHQL_PARSE_FAILED"),
        ({"query": "{ nothing }"}, "GRAPHQL_VALIDATION_FAILED"),
        ({"query": "query A { __typename } query B { __typename }"}, "BAD_REQUEST"),
        ({"query": "query A { __typename }", "operationName": "B"}, "BAD_REQUEST"),
        ({"query": "query ($n: Int!) { orders(first: $n) { totalCount } }"}, "BAD_USER_INPUT"),
        ({"query": "query ($n: Int) { orders(first: $n) { totalCount } }", "variables": {"n": "x"}}, "BAD_USER_INPUT"),
    ],
)
async def test_what_is_refused_before_execution_has_no_data(
    client: Client, company: Company, body: Any, expected: str
) -> None:
    bearer = f"Bearer {company.owner.token}"
    refused = await post(client, orjson.dumps(body), authorization=bearer)
    assert (refused.status_code, code(refused)) == (400, expected)
    # The older type has one status for whatever was a GraphQL request.
    older = await post(client, orjson.dumps(body), authorization=bearer, accept=OLD)
    assert (older.status_code, code(older)) == (200, expected)


async def test_an_error_while_executing_is_a_200_with_data(client: Client, company: Company) -> None:
    response = await client.post("{ orders(first: 100000) { totalCount } }", token=company.owner.token)
    assert response.status_code == 200
    body = orjson.loads(response.content)
    assert "data" in body
    assert body["errors"][0]["path"] == ["orders"]


HOSTILE: list[tuple[str, bytes]] = [
    ("no body", b""),
    ("null", b"null"),
    ("a number", b"42"),
    ("a string", b'"x"'),
    ("true", b"true"),
    ("not JSON", b"{"),
    ("not UTF-8", b'{"query":"{__typename}\xff"}'),
    ("UTF-16", '{"query":"{__typename}"}'.encode("utf-16")),
    ("a byte order mark", b"\xef\xbb\xbf" + QUERY),
    ("half a surrogate pair", b'{"query":"\\ud800"}'),
    ("100,000 deep", b'{"query":"{__typename}","variables":{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}}"),
    ("100,000 deep objects", b'{"a":' * 100_000 + b"1" + b"}" * 100_000),
    ("NaN", b'{"query":"{__typename}","variables":{"a":NaN}}'),
    ("no query", b"{}"),
    ("query null", b'{"query":null}'),
    ("query a number", b'{"query":1}'),
    ("query a list", b'{"query":["{__typename}"]}'),
    ("operationName a number", b'{"query":"{__typename}","operationName":1}'),
    ("variables a list", b'{"query":"{__typename}","variables":[]}'),
    ("variables a string", b'{"query":"{__typename}","variables":"{}"}'),
    ("extensions a string", b'{"query":"{__typename}","extensions":"x"}'),
    ("persisted query", b'{"extensions":{"persistedQuery":{"version":1,"sha256Hash":"x"}}}'),
    ("a batch", b"[" + QUERY + b"," + QUERY + b"]"),
    ("an empty batch", b"[]"),
]


@pytest.mark.parametrize("accept", [NEW, OLD])
@pytest.mark.parametrize("body", [body for _, body in HOSTILE], ids=[name for name, _ in HOSTILE])
async def test_what_is_no_graphql_request_is_a_400(client: Client, body: bytes, accept: str) -> None:
    began = time.perf_counter()
    response = await post(client, body, accept=accept)
    assert time.perf_counter() - began < 0.5
    assert (response.status_code, code(response)) == (400, "BATCH_NOT_SUPPORTED" if body[:1] == b"[" else "BAD_REQUEST")


@pytest.mark.parametrize("number", [b"9" * 5_000, b"9" * 20, b"-" + b"9" * 400, b"1e400", b"0." + b"1" * 5_000])
async def test_huge_numbers_are_refused_or_understood(client: Client, company: Company, number: bytes) -> None:
    body = b'{"query":"query($n:Int){orders(first:$n){totalCount}}","variables":{"n":' + number + b"}}"
    response = await post(client, body, authorization=f"Bearer {company.owner.token}")
    assert response.status_code == 400
    assert code(response) in {"BAD_REQUEST", "BAD_USER_INPUT"}


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"content_type": ""}, 415),
        ({"content_type": "text/plain"}, 415),
        ({"content_type": "application/graphql"}, 415),
        ({"content_type": "multipart/form-data; boundary=x"}, 415),
        ({"content_type": "application/x-www-form-urlencoded"}, 415),
        ({"content_type": "application/json; charset=utf-16"}, 415),
        ({"content_type": "application/json; charset=latin-1"}, 415),
        ({"content_type": "application/json; charset=UTF-8"}, 200),
        ({"content_type": 'application/json; charset="utf-8"'}, 200),
        ({"content_encoding": "gzip"}, 415),
        ({"content_encoding": "br"}, 415),
        ({"content_encoding": "identity"}, 200),
        ({"content_length": "99999999999999999999999999"}, 413),
        ({"content_length": "9" * 5_000}, 413),
        ({"content_length": "abc"}, 400),
        ({"content_length": "-1"}, 400),
        ({"content_length": "²"}, 400),
    ],
)
async def test_headers_are_judged_before_the_body(client: Client, headers: dict[str, str], status: int) -> None:
    assert (await raw(client, [(name.replace("_", "-"), value) for name, value in headers.items()]))["status"] == status


async def test_a_compressed_body_is_not_unpacked(client: Client) -> None:
    response = await post(client, gzip.compress(b"0" * 10_000_000), content_encoding="gzip")
    assert (response.status_code, code(response)) == (415, "UNSUPPORTED_ENCODING")
    assert response.headers["accept-encoding"] == "identity"


async def test_too_much_is_refused_before_it_is_read(client: Client) -> None:
    began = time.perf_counter()
    response = await post(client, b'{"query":"' + b" " * 10_000_000 + b'"}')
    assert time.perf_counter() - began < 0.5
    assert (response.status_code, code(response)) == (413, "TOO_LARGE")


async def test_too_much_is_refused_while_it_is_read(client: Client) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while sent < 100 * LARGEST_BODY:
            sent += 65_536
            yield b" " * 65_536

    response = await post(client, endless())
    assert (response.status_code, code(response)) == (413, "TOO_LARGE")
    assert sent < 2 * LARGEST_BODY


async def test_a_body_that_never_ends_is_cut(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server.graphql_http, "LONGEST_REQUEST_SECONDS", 0.05)

    async def dripping() -> AsyncIterator[bytes]:
        while True:
            yield b" "
            await asyncio.sleep(0.01)

    response = await post(client, dripping())
    assert (response.status_code, code(response)) == (408, "TIMEOUT")


async def test_get_is_for_queries(client: Client, company: Company) -> None:
    async def get(**parameters: str) -> httpx2.Response:
        headers = {"authorization": f"Bearer {company.owner.token}", "accept": NEW}
        return await client.http.get("/graphql", params=parameters, headers=headers)

    document = "query N($n: Int) { orders(first: $n) { totalCount } } mutation M { signOut { __typename } }"
    response = await get(query=document, operationName="N", variables='{"n": 1}', extensions="{}")
    assert orjson.loads(response.content)["data"] == {"orders": {"totalCount": 0}}
    refused = await get(query=document, operationName="M")
    assert (refused.status_code, code(refused), refused.headers["allow"]) == (405, "MUTATION_OVER_GET", "POST")
    # Nobody was signed out by it.
    assert (await get(query="{ orders { totalCount } }")).status_code == 200
    for bad in ({}, {"query": "{__typename}", "variables": "{"}, {"query": "{__typename}", "variables": "[]"}):
        assert (await get(**bad)).status_code == 400
    for url in ("/graphql?query=%ff", "/graphql?query=a&query=b", "/graphql?" + "&".join(f"a{n}=" for n in range(200))):
        assert (await client.http.get(url, headers={"accept": NEW})).status_code == 400


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "BREW"])
async def test_other_methods_are_not_allowed(client: Client, method: str) -> None:
    response = await client.http.request(method, "/graphql", content=QUERY, headers={"content-type": OLD})
    assert (response.status_code, response.headers["allow"]) == (405, "GET, POST")


async def test_a_browser_gets_the_explorer(client: Client) -> None:
    response = await client.http.get("/graphql", headers={"accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/html")
    assert "frame-ancestors 'none'" in response.headers["content-security-policy"]


@pytest.mark.parametrize(
    "authorization", ["Basic dXNlcjpwdw==", "Bearer", "Bearer a b", "bearer\tx", "ol_token", "Bearer ä"]
)
async def test_credentials_that_are_no_token_are_a_401(client: Client, authorization: str) -> None:
    answer = await raw(client, [("authorization", authorization)])
    assert answer["status"] == 401
    assert dict(answer["headers"])[b"www-authenticate"].startswith(b"Bearer")


@pytest.mark.parametrize("accept", [NEW, OLD])
async def test_an_unknown_token_is_a_401_with_a_body(client: Client, accept: str) -> None:
    response = await post(client, authorization="Bearer ol_nobody", accept=accept)
    assert (response.status_code, code(response)) == (401, "NOT_SIGNED_IN")
    assert "www-authenticate" in response.headers


async def test_without_a_token_data_is_refused(client: Client) -> None:
    response = await client.post("{ orders { totalCount } }")
    assert (response.status_code, code(response)) == (400, "NOT_SIGNED_IN")
    chinese = await client.post("{ orders { totalCount } }", language="zh-CN,zh;q=0.9,en;q=0.8")
    assert chinese.json()["errors"][0]["message"] != response.json()["errors"][0]["message"]


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"),
        ("zh", "zh"),
        ("zh-Hant-TW", "zh"),
        ("de, zh;q=0.3, en;q=0.2", "zh"),
        ("en;q=0.2, zh;q=0.3", "zh"),
        ("fr", "en"),
        ("zh;q=x", "en"),
        ("*", "en"),
        ("en-GB,en;q=0.9,zh;q=0.8", "en"),
    ],
)
def test_the_language_is_the_first_that_we_speak(header: str, language: str) -> None:
    assert language_of(header) == language


async def test_each_answer_carries_a_request_id_and_the_version_of_the_configuration(
    client: Client, company: Company
) -> None:
    own = await post(client, authorization=f"Bearer {company.owner.token}", x_request_id="abc-DEF_123")
    assert own.headers["x-request-id"] == "abc-DEF_123"
    assert own.headers["x-config-version"] == "1"
    for bad in ("a" * 65, "a b", "a\u00e4", "<x>"):
        made = await raw(client, [("x-request-id", bad)])
        assert len(dict(made["headers"])[b"x-request-id"]) == 32
    assert (await client.http.get("/healthz")).headers["x-request-id"]
