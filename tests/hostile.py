"""Requests that mean harm, and how each is refused: status and code (RELIABILITY S1)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

JSON = {"content-type": "application/json", "accept": "application/graphql-response+json"}


@dataclass(frozen=True)
class Hostile:
    """One request; ``with_token`` tells whether somebody sends it who is signed in."""

    name: str
    body: bytes
    status: int
    code: str
    headers: Mapping[str, str] = field(default_factory=dict)
    with_token: bool = True


def document(text: str, variables: Any = None) -> bytes:
    return orjson.dumps({"query": text} if variables is None else {"query": text, "variables": variables})


def nested(levels: int, inner: str) -> str:
    text = inner
    for _ in range(levels):
        text = f"customer {{ orders(first: 1) {{ nodes {{ {text} }} }} }}"
    return f"{{ orders(first: 1) {{ nodes {{ {text} }} }} }}"


def doubling(levels: int, last: str) -> str:
    links = " ".join(f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }}" for n in range(levels))
    return f"{{ ...F0 }} {links} fragment F{levels} on Query {{ {last} }}"


def deep(levels: int) -> bytes:
    tree = b'{"not":' * levels + b"{}" + b"}" * levels
    return b'{"query":"query($w:OrderFilter){orders(where:$w){totalCount}}","variables":{"w":' + tree + b"}}"


ALIASES = " ".join(f"a{n}: id" for n in range(1_000))
FILTER = "query ($w: OrderFilter) { orders(where: $w) { totalCount } }"
LIMIT, BAD, INVALID = "LIMIT_EXCEEDED", "BAD_REQUEST", "GRAPHQL_VALIDATION_FAILED"

HOSTILE = [
    Hostile("JSON 100,000 deep", b'{"query":"{__typename}","variables":{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}}", 400, BAD),
    Hostile("a compressed body", b"\x1f\x8b" + b"x" * 100, 415, "UNSUPPORTED_ENCODING", {"content-encoding": "gzip"}),
    Hostile("an integer of 5,000 digits", b'{"query":"query($n:Int){orders(first:$n){totalCount}}","variables":{"n":' + b"9" * 5_000 + b"}}", 400, BAD),
    Hostile("an integer of 5,000 digits in the document", document("{ orders(first: " + "9" * 5_000 + ") { totalCount } }"), 400, LIMIT),
    Hostile("null", b"null", 400, BAD),
    Hostile("42", b"42", 400, BAD),
    Hostile("a string", b'"{ __typename }"', 400, BAD),
    Hostile("invalid UTF-8", b'{"query":"{__typename}\xff"}', 400, BAD),
    Hostile("half a surrogate pair", b'{"query":"{__typename}","variables":{"a":"\\ud800"}}', 400, BAD),
    Hostile("10 MB of body", b'{"query":"' + b" " * 10_000_000 + b'"}', 413, "TOO_LARGE"),
    Hostile("10 MB of literal", document('{ orders(search: "' + "x" * 10_000_000 + '") { totalCount } }'), 413, "TOO_LARGE"),
    Hostile("1 MB of literal", document('{ orders(search: "' + "x" * 1_000_000 + '") { totalCount } }'), 400, LIMIT),
    Hostile("1 MB of comments", document("#" + "x" * 1_000_000 + "\n{ __typename }"), 400, LIMIT),
    Hostile("100,000 tokens", document("{ " + "a " * 99_000 + "}"), 400, LIMIT),
    Hostile("100,000 tokens of punctuation", document("{" * 99_000), 400, LIMIT),
    Hostile("10,000 equal fields", document("{ " + "__typename " * 10_000 + "}"), 400, LIMIT),
    Hostile("3,000 equal fields with arguments", document("{ " + "orders(first: 1) { totalCount } " * 1_400 + "}"), 400, LIMIT),
    Hostile("5,000 variables", document("query (" + " ".join(f"$v{n}: Int" for n in range(5_000)) + ") { __typename }"), 400, LIMIT),
    Hostile("depth 50", document(nested(16, "number")), 400, LIMIT),
    Hostile("depth 3,000", document("{ a" * 3_000 + " }" * 3_000), 400, LIMIT),
    Hostile("a value 3,000 deep", document("{ orders(where: " + "{not: " * 3_000 + "{}" + "}" * 3_000 + ") { totalCount } }"), 400, LIMIT),
    Hostile("1,000 aliases", document("{ orders { nodes { " + ALIASES + " } } }"), 400, LIMIT),
    Hostile("1,000 aliases through fragments", document("{ orders { nodes { ...A ...A ...A ...A ...A } } } fragment A on Order { " + " ".join(f"a{n}: id" for n in range(200)) + " }"), 400, LIMIT),
    Hostile("1,000 root fields", document("{ " + " ".join(f"a{n}: __typename" for n in range(1_000)) + " }"), 400, LIMIT),
    Hostile("1,000 sign-ins", document("mutation { " + " ".join(f'a{n}: signIn(input: {{email: "a", password: "b"}}) {{ __typename }}' for n in range(1_000)) + " }"), 400, LIMIT, with_token=False),
    Hostile("1,000 operations", document(" ".join(f"query Q{n} {{ __typename }}" for n in range(1_000))), 400, LIMIT),
    Hostile("fragments that double", document(doubling(30, "__typename")), 400, LIMIT),
    Hostile("a circle of fragments", document("{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }"), 400, INVALID),
    Hostile("1,000 fragments in a circle", document("{ ...F0 } " + " ".join(f"fragment F{n} on Query {{ ...F{(n + 1) % 900} }}" for n in range(900))), 400, LIMIT),
    Hostile("a chain of 250 fragments", document("{ ...F0 } " + " ".join(f"fragment F{n} on Query {{ ...F{n + 1} }}" for n in range(249)) + "fragment F249 on Query { x }"), 400, LIMIT),
    Hostile("1,000 directives", document("{ __typename " + "@skip(if: false) " * 1_000 + "}"), 400, LIMIT),
    Hostile("1,000 unknown directives on the operation", document("query " + "@x " * 1_000 + "{ __typename }"), 400, LIMIT),
    Hostile("1,000 arguments", document("{ orders(" + " ".join(f"a{n}: 1" for n in range(1_000)) + ") { totalCount } }"), 400, INVALID),
    Hostile("introspection without token", document("{ __schema { types { name } } }"), 400, "NOT_SIGNED_IN", with_token=False),
    Hostile("a misspelt field without token", document("{ ordesr { id } }"), 400, "NOT_SIGNED_IN", with_token=False),
    Hostile("introspection that circles", document("{ __schema { types { " + "fields { type { " * 8 + "name" + " } }" * 8 + " } } }"), 400, INVALID),
    Hostile("a page of a billion", document("{ orders(first: 1000000000) { nodes { id lines(first: 200) { nodes { id } } sold: lines(first: 200) { nodes { id } } } again: nodes { history(first: 200) { nodes { id } } } } }"), 400, LIMIT),
    Hostile("pages of 200 in pages of 200", document("{ orders(first: 200) { nodes { customer { orders(first: 200) { nodes { lines(first: 200) { nodes { id } } } } } } } }"), 400, LIMIT),
    Hostile("pages whose sizes are variables", document("query ($n: Int) { orders(first: $n) { nodes { customer { orders(first: $n) { nodes { lines(first: $n) { nodes { id } } } } } } } }", {"n": 200}), 400, LIMIT),
    Hostile("20 counts with filters", document("{ " + " ".join(f'a{n}: orders(where: {{or: [{", ".join(chr(123) + "notes: {contains: " + chr(34) + str(m) + chr(34) + "}" + chr(125) for m in range(5))}]}}, search: "x") {{ totalCount }}' for n in range(20)) + " }"), 400, LIMIT),
    Hostile("20 viewers with their sessions", document("{ " + " ".join(f'a{n}: viewer {{ member {{ id }} }}' for n in range(20)) + " }"), 400, LIMIT),
    Hostile("an input object 600 deep", deep(600), 400, LIMIT),
    Hostile("an input object 50 deep", deep(50), 400, LIMIT),
    Hostile("a list of 100,000 items", document(FILTER, {"w": {"number": {"in": ["a"] * 100_000}}}), 400, LIMIT),
    Hostile("a list of 100,000 lists", document(FILTER, {"w": {"or": [{}] * 100_000}}), 400, LIMIT),
    Hostile("50,000 unknown variables", document("{ __typename }", {f"v{n}": n for n in range(50_000)}), 400, LIMIT),
    Hostile("an enum of garbage", document("{ orders(orderBy: [" + "{number: UP} " * 1_000 + "]) { totalCount } }"), 400, INVALID),
    Hostile("100 unknown headers", b"null", 400, BAD, {f"x-{n}": "y" * 100 for n in range(100)}),
    Hostile("a token of 8 kB", document("{ orders { totalCount } }"), 401, "NOT_SIGNED_IN", {"authorization": "Bearer " + "x" * 8_000}),
]  # fmt: skip
