"""Closed fields on the ways beside reads and writes of one record: news, imports, answers of mutations."""

import orjson
import pytest
from starlette.applications import Starlette

from tenants.config import change_sets
from tests.documents import DEFINE_ROLE, done, unchanged
from tests.examples import create_orders
from tests.harness import Client, Company, Row
from tests.test_import_mutation import IMPORT
from tests.test_websocket import listening, signed_in

pytestmark = pytest.mark.anyio

LABEL = {"en": "Clerk"}
ALL: list[Row] = [{"object": name, "actions": ["*"]} for name in ("order", "product", "customer")]
DENIED: Row = {"object": "order", "actions": ["read"], "fields": ["notes"], "effect": "deny"}


async def test_news_of_an_order_tell_no_closed_field(address: str, app: Starlette, company: Company) -> None:
    """The subscription goes on: what happened is told, what the order says in the field is not."""
    await define_clerk(company, DENIED)
    clerk = await company.add_person("clerk")
    async with signed_in(address, clerk) as socket:
        await socket.subscribe("subscription { orderChanged { kind order { number notes } } }")
        await listening(socket, app, company)
        await create_orders(company, [{"notes": "secret"}])
        payload = (await socket.receive())["payload"]
        assert payload["data"] == {"orderChanged": {"kind": "CREATED", "order": None}}
        (error,) = payload["errors"]
        assert (error["extensions"]["code"], error["extensions"]["right"]) == ("NOT_ALLOWED", "order.read.notes")


async def define_clerk(company: Company, *grants: Row) -> None:
    async with company.begin() as tx:
        body = {"label": LABEL, "grants": [*ALL, *grants]}
        await change_sets.apply(tx, [change_sets.define(tx.config, "role", "clerk", body)])


async def test_a_mutation_answers_with_what_may_be_read(company: Company, client: Client) -> None:
    """The change is done; a closed field in its answer is refused, as in any read."""
    await done(company, DEFINE_ROLE, key="clerk", label=LABEL, grants=[*ALL, DENIED])
    clerk = await company.add_person("clerk")
    document = """mutation($input: CreateOrderInput!) { createOrder(input: $input) {
      ... on OrderPayload { order { channel notes } } } }"""
    given = {"channel": "web", "lines": [{"name": "A", "unitPrice": "1"}]}
    answer = await company.graphql(document, {"input": given}, person=clerk)
    assert answer["errors"][0]["extensions"]["right"] == "order.read.notes"
    assert "notes" not in orjson.dumps(answer["data"]).decode()
    assert (await company.data("{ orders { nodes { channel } } }"))["orders"]["nodes"] == [{"channel": "web"}]


MAPPING = """
orderloom-import: 1
files: [{file: p.csv, record: product, external_id: sku, fields: {sku: sku, name: name, specification: about}}]
"""


async def test_an_import_fills_no_closed_field(company: Company, client: Client) -> None:
    """Its rows are refused like any input."""
    closed = {"object": "product", "actions": ["write"], "fields": ["specification"], "effect": "deny"}
    await define_clerk(company, closed)
    clerk = await company.add_person("clerk")
    given = {"mapping": MAPPING, "files": [{"name": "p.csv", "text": "sku,name,about\nA,Apple,red\n"}]}
    async with unchanged(company):
        (row,) = (await company.data(IMPORT, {"input": given}, person=clerk))["importRecords"]["rejected"]
        assert (row["line"], len(row["reasons"])) == (2, 1)
        assert "product.write.specification" in row["reasons"][0]
    without = {**given, "mapping": MAPPING.replace(", specification: about", "")}
    assert (await company.data(IMPORT, {"input": without}, person=clerk))["importRecords"]["rejected"] == []
    assert await company.data("{ products { nodes { name specification } } }") == {
        "products": {"nodes": [{"name": "Apple", "specification": ""}]}
    }
