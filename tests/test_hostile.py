"""Each request that means harm is refused with its status and code, tells nothing of the program, and the server goes on (S1)."""

import re

import orjson
import pytest

from tests.harness import Client, Company, Statements
from tests.hostile import HOSTILE, JSON, Hostile

pytestmark = pytest.mark.anyio

# What an exception's text, a traceback or a path would look like.
INSIDE = re.compile(
    r"Traceback|File \"|\.py\b|Error\(|Exception|psycopg|orjson|graphql\.|/usr|/home|site-packages|0x[0-9a-f]{6}"
)


@pytest.mark.parametrize("hostile", HOSTILE, ids=lambda hostile: hostile.name)
async def test_refused(company: Company, client: Client, statements: Statements, hostile: Hostile) -> None:
    await company.data("{ viewer { rights } }")
    headers = dict(JSON)
    if hostile.with_token:
        headers["authorization"] = f"Bearer {company.owner.token}"
    statements.clear()
    response = await client.http.post("/graphql", content=hostile.body, headers=headers | dict(hostile.headers))
    answer = orjson.loads(response.content)
    assert (response.status_code, answer["errors"][0]["extensions"]["code"]) == (hostile.status, hostile.code)
    assert "data" not in answer
    assert not INSIDE.search(response.text)
    assert len(response.content) < 20_000
    assert not [text for text in statements.texts if "FROM orders" in text]
