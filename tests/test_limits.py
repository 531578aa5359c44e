"""What a document may cost is known before it runs: what is too long, too deep or too wide is refused with a code, and at
once (RELIABILITY S1 to S3). Unexpected errors are masked.
"""

import time
from typing import Any

import pytest
from graphql import get_introspection_query

from schema import execution
from tenants.reading.plan import Plan
from tests.documents import an_order
from tests.harness import Client, Company, Row, Statements

pytestmark = pytest.mark.anyio

# Refusals take milliseconds; the rest is room for a busy machine.
AT_ONCE = 1.0


async def refused(company: Company, document: str, variables: Row | None = None) -> tuple[str, str]:
    """Code and message of a refusal that came before execution, at once."""
    assert company.client is not None
    started = time.perf_counter()
    response = await company.client.post(document, variables, token=company.owner.token)
    assert time.perf_counter() - started < AT_ONCE
    answer = response.json()
    assert response.status_code == 400, answer
    assert "data" not in answer
    error = answer["errors"][0]
    return error["extensions"]["code"], error["message"]


def nested(levels: int, inner: str = "number") -> str:
    """A legal selection that goes from an order to its customer and back, ``levels`` deep."""
    document = inner
    for _ in range(levels):
        document = f"customer {{ orders(first: 1) {{ nodes {{ {document} }} }} }}"
    return f"{{ orders(first: 1) {{ nodes {{ {document} }} }} }}"


def doubling(levels: int, last: str) -> str:
    """A chain of fragments on the root type, each spread twice in the one before."""
    links = [f"fragment F{place} on Query {{ ...F{place + 1} ...F{place + 1} }}" for place in range(levels)]
    return f"query {{ ...F0 }} {' '.join(links)} fragment F{levels} on Query {{ {last} }}"


TOO_LARGE: dict[str, tuple[str, str]] = {
    "length": (
        "#" + "x" * 200_000 + "\n{ __typename }",
        "The document has 200016 characters; at most 200000 are allowed.",
    ),
    "tokens": (
        "{ " + "__typename " * 10_000 + "}",
        "Syntax Error: Document contains more than 10000 tokens. Parsing aborted.",
    ),
    "tokens in a value": (
        "{ orders(where: {number: {in: [" + '"a" ' * 10_000 + "]}}) { totalCount } }",
        "Syntax Error: Document contains more than 10000 tokens. Parsing aborted.",
    ),
    "depth": (nested(8), "The document has too many levels: 27 of at most 24."),
    "depth beyond any parser": (
        "{ a" * 3_000 + " }" * 3_000,
        "Syntax Error: Document is nested too deeply. Parsing aborted.",
    ),
    "a value nested beyond any parser": (
        "{ orders(where: " + "{not: " * 2_000 + "{}" + "}" * 2_000 + ") { totalCount } }",
        "Syntax Error: Document is nested too deeply. Parsing aborted.",
    ),
    "a list nested beyond any parser": (
        "{ orders(where: " + "[" * 3_000 + "]" * 3_000 + ") { totalCount } }",
        "Syntax Error: Document is nested too deeply. Parsing aborted.",
    ),
    "inline fragments beyond any parser": (
        "{ ..." * 3_000 + "{ a }" + " }" * 3_000,
        "Syntax Error: Document is nested too deeply. Parsing aborted.",
    ),
    "fields": ("{ " + "__typename " * 3_001 + "}", "The document has too many fields: 3001 of at most 3000."),
    "aliases": (
        "{ orders { nodes { " + " ".join(f"a{place}: id" for place in range(201)) + " } } }",
        "The document has too many aliases: 201 of at most 200.",
    ),
    "aliases through fragments": (
        "{ orders { nodes { ...A ...A } } } fragment A on Order { ...B ...B ...B }"
        " fragment B on Order { " + " ".join(f"a{place}: id" for place in range(40)) + " }",
        "The document has too many aliases: 240 of at most 200.",
    ),
    "root fields": (
        "{ " + " ".join(f"a{place}: __typename" for place in range(21)) + " }",
        "The document has too many root fields: 21 of at most 20.",
    ),
    "root fields through fragments": (
        "{ ...A ...A ...A } fragment A on Query { " + " ".join(f"a{place}: __typename" for place in range(7)) + " }",
        "The document has too many root fields: 21 of at most 20.",
    ),
    "variables": (
        "query (" + " ".join(f"$v{place}: Int" for place in range(201)) + ") { __typename }",
        "The document has too many variables: 201 of at most 200.",
    ),
    "operations": (
        " ".join(f"query Q{place} {{ __typename }}" for place in range(21)),
        "The document has too many operations: 21 of at most 20.",
    ),
    "directives": (
        "{ __typename " + "@skip(if: false) " * 11 + "}",
        "The document has too many directives on one field: 11 of at most 10.",
    ),
    "fragments that double": (
        doubling(30, "__typename"),
        "The document has too many fields: 4096 of at most 3000.",
    ),
}


@pytest.mark.parametrize(("document", "message"), TOO_LARGE.values(), ids=TOO_LARGE.keys())
async def test_too_large_documents(
    company: Company, client: Client, statements: Statements, document: str, message: str
) -> None:
    """Each bound, just broken or broken by far, is named with the number found and the number allowed, before any SQL."""
    await company.data("{ viewer { rights } }")
    statements.clear()
    assert await refused(company, document) == ("LIMIT_EXCEEDED", message)
    assert statements.texts == []


async def test_documents_at_the_bounds_pass(company: Company, client: Client) -> None:
    """One less than too much is served."""
    await company.data(nested(7))
    await company.data("{ " + " ".join(f"a{place}: __typename" for place in range(20)) + " }")
    await company.data("{ orders { nodes { " + " ".join(f"a{place}: id" for place in range(200)) + " } } }")
    await company.data("{ orders { nodes { " + "id " * 200 + " } } }")
    await company.data(
        "query (" + " ".join(f"$v{place}: Int" for place in range(1)) + ") { orders(first: $v0) { __typename } }"
    )


CIRCLES: dict[str, str] = {
    "itself": "{ ...A } fragment A on Query { ...A }",
    "each other": "{ ...A } fragment A on Query { ...B __typename } fragment B on Query { ...A }",
    "doubled": doubling(30, "...F0"),
    "doubled into nothing": doubling(30, "...Nowhere"),
    "inside a record": "{ orders { nodes { ...A } } } fragment A on Order { customer { orders { nodes { ...A } } } }",
}


@pytest.mark.parametrize("document", CIRCLES.values(), ids=CIRCLES.keys())
@pytest.mark.parametrize("signed_in", [True, False])
async def test_fragments_that_lead_nowhere(company: Company, client: Client, document: str, signed_in: bool) -> None:
    """Circles and unknown fragments are refused at once by name, also when each is spread twice, signed in or not."""
    started = time.perf_counter()
    response = await client.post(document, token=company.owner.token if signed_in else None)
    assert time.perf_counter() - started < AT_ONCE
    answer = response.json()
    assert "data" not in answer
    codes = {error["extensions"]["code"] for error in answer["errors"]}
    assert codes == ({"GRAPHQL_VALIDATION_FAILED"} if signed_in or "orders" not in document else {"NOT_SIGNED_IN"})


async def test_many_fragments_are_compared_in_time(company: Company, client: Client) -> None:
    """Validation compares selections pairwise; the largest legal documents must not make that slow."""
    same = "{ a: orders { nodes { ...A } } b: orders { nodes { ...A } } } fragment A on Order { " + "id " * 1_400 + "}"
    many = " ".join(f"fragment F{place} on Order {{ id number }}" for place in range(150))
    spread = " ".join(f"...F{place}" for place in range(150))
    for document in (same, f"{{ orders {{ nodes {{ {spread} }} }} }} {many}"):
        started = time.perf_counter()
        answer = await company.graphql("query " + document)
        assert time.perf_counter() - started < AT_ONCE
        if "errors" in answer:
            assert [error["extensions"]["code"] for error in answer["errors"]] == ["LIMIT_EXCEEDED"]


async def test_what_a_query_costs_is_bounded(company: Company, client: Client, statements: Statements) -> None:
    """Pages multiply what is inside them: that is known before running, whatever variables the sizes come from."""
    document = """
        query ($o: Int, $l: Int) {
          orders(first: $o) {
            nodes { lines(first: $l) { nodes { id } } sold: lines(first: $l) { nodes { id } } history(last: $l) { nodes { id } } }
          }
        }
    """
    await company.data(document, {"o": 100, "l": 200})
    statements.clear()
    answer = await company.graphql(document, {"o": 200, "l": 200})
    message = (
        "The operation may cost 13524 points; at most 10000 are allowed. Ask for smaller pages, or for less at once."
    )
    (error,) = answer["errors"]
    assert (error["message"], error["extensions"]) == (
        message,
        {"code": "LIMIT_EXCEEDED", "reason": "LIMIT_COST", "requested": 13_524, "limit": 10_000},
    )
    assert "data" not in answer
    assert statements.texts == []
    await company.data(document, {"o": 200, "l": 100})
    deep = "{ orders(first: 200) { nodes { customer { orders(first: 200) { nodes { lines { nodes { id } } } } } } } }"
    assert (await company.graphql(deep))["errors"][0]["extensions"]["reason"] == "LIMIT_COST"


@pytest.mark.parametrize(
    ("levels", "code", "message"),
    [
        (600, "LIMIT_EXCEEDED", "The variables are nested too deeply."),
        (50, "LIMIT_EXCEEDED", "The variables are nested too deeply."),
        (40, "INVALID_INPUT", "The condition is nested more than 10 levels deep."),
    ],
)
async def test_deep_variables(company: Company, client: Client, levels: int, code: str, message: str) -> None:
    """Variables nest as they like in JSON; here they are bounded like documents."""
    tree = '{"not":' * levels + "{}" + "}" * levels
    body = '{"query": "query ($w: OrderFilter) { orders(where: $w) { totalCount } }", "variables": {"w": ' + tree + "}}"
    headers = {"Authorization": f"Bearer {company.owner.token}", "Content-Type": "application/json"}
    answer = (await client.http.post("/graphql", content=body, headers=headers)).json()
    (error,) = answer["errors"]
    assert (error["extensions"]["code"], error["message"]) == (code, message)


async def test_large_conditions(company: Company, client: Client) -> None:
    """Two hundred parts at most, wherever they stand."""
    document = "query ($w: OrderFilter) { orders(where: $w) { totalCount } }"
    parts: list[Any] = [{"number": {"eq": str(place)}} for place in range(199)]
    assert await company.data(document, {"w": {"or": parts}}) == {"orders": {"totalCount": 0}}
    for tree in ({"or": [*parts, {"number": {"eq": "x"}}]}, {"not": {"or": parts}}):
        answer = await company.graphql(document, {"w": tree})
        assert answer["errors"][0]["message"] == "The condition has more than 200 parts."


async def test_introspection(company: Company, client: Client, statements: Statements) -> None:
    """The standard query of all tools passes for those who are signed in; nobody else sees the schema."""
    document = get_introspection_query(
        specified_by_url=True, directive_is_repeatable=True, input_value_deprecation=True
    )
    started = time.perf_counter()
    data = await company.data(document)
    assert time.perf_counter() - started < 3 * AT_ONCE
    assert {"Order", "OrderFilter", "Decimal", "PageInfo"} <= {found["name"] for found in data["__schema"]["types"]}
    for asked in (
        document,
        '{ __type(name: "Order") { name } }',
        "{ __typename ...A } fragment A on Query { __schema { queryType { name } } }",
    ):
        response = await client.post(asked)
        assert response.json() == {
            "errors": [
                {
                    "message": "Sign in first: this needs a valid token.",
                    "extensions": {"code": "NOT_SIGNED_IN", "reason": "NOT_SIGNED_IN"},
                }
            ]
        }


async def test_strangers_are_told_nothing_by_validation(client: Client) -> None:
    """Without a token not even a suggestion for a misspelt field comes back."""
    for document in ("{ ordersx { id } }", "query A { orders { nodes { nmber } } }", "mutation { createOrder { id } }"):
        errors = (await client.graphql(document))["errors"]
        assert [error["extensions"]["code"] for error in errors] == ["NOT_SIGNED_IN"]


async def test_unexpected_errors_are_masked(
    company: Company, client: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Of a bug the client learns a request id to quote, and nothing else; the log has both."""
    await an_order(company)

    def broken(*_arguments: Any) -> None:
        raise RuntimeError("secret password in /etc/app.conf")

    monkeypatch.setattr(Plan, "bound", broken)
    response = await client.post("{ orders { nodes { id } } }", token=company.owner.token)
    answer = response.json()
    request_id = answer["errors"][0]["extensions"]["requestId"]
    assert answer["extensions"].keys() == {"cost"}
    assert answer | {"extensions": None} == {
        "data": None,
        "extensions": None,
        "errors": [
            {
                "message": f"Something went wrong on our side. Quote the request id {request_id} when you ask about it.",
                "extensions": {"code": "INTERNAL_ERROR", "requestId": request_id},
                "locations": [{"line": 1, "column": 3}],
                "path": ["orders"],
            }
        ],
    }
    assert "secret" not in response.text
    (record,) = [record for record in caplog.records if record.name == execution.log.name]
    assert record.__dict__["request_id"] == request_id
    assert record.exc_info is not None
    assert "secret password" in str(record.exc_info[1])
