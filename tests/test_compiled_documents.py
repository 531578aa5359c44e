"""The compiler against graphql-core's own execution: random documents, and both answers the same byte for byte.

One side is the product over HTTP. The other is graphql-core, field by field, over plain rows (``plain_execution``), under the
same schema of the same company. Only white space between JSON tokens and the cost are left
out of the comparison. The order book is small
and nasty: absent values, empty lists, quotes, control characters, large decimals, equal sort keys, void orders, own fields of
every type. ``PROVE=5000`` runs so many documents, drawn anew each time (``make prove``).
"""

import asyncio
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

import orjson
import pytest
from graphql import GraphQLSchema, build_schema, parse, print_schema, validate
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from schema.execution import OVERLAYS, SCHEMA
from schema.lens import looking_through
from tests.harness import Client, Company, Drain, Row
from tests.nasty_book import LONG, NASTY, order_book
from tests.plain_execution import LISTS, ROOTS, TABLES, Book, Record, mark
from tests.plain_fields import SPECIAL
from tests.random_documents import Choices, Name, Operation, literal, mutations, queries

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(0 if "PROVE" in os.environ else 120)]

EXAMPLES = int(os.environ.get("PROVE", "250"))
COST = re.compile(rb',"extensions":\{"cost":\{[^{}]*\}\}\}$')
SPACE = re.compile(rb'("(?:[^"\\]|\\.)*")|\s+')
ORDERINGS: Mapping[str, Sequence[Sequence[Any]]] = {
    "Order": [
        [],
        [{"number": "ASC"}],
        [{"channel": "DESC"}],
        [{"promisedAt": "ASC"}],
        [{"promisedAt": "DESC"}, {"channel": "ASC"}],
        [{"status": "DESC"}, {"priority": "ASC"}],
        [{"total": "DESC"}],
        [{"customer": {"name": "ASC"}}],
        [{"owner": {"email": "DESC"}}, {"isVoided": "ASC"}],
        [{"custom": {"a_decimal": "ASC"}}],
        [{"custom": {"a_decimal": "DESC"}}],
        [{"custom": {"a_text": "DESC"}}, {"id": "ASC"}],
        [{"custom": {"one": "DESC"}}, {"number": "ASC"}],
        [{"custom": {"fee": "DESC"}}],
        [{"custom": {"partner": {"name": "ASC"}}}],
        [{"custom": {"follows": {"custom": {"a_decimal": "ASC"}}}}],
        [{"orderedAt": "ASC"}],
    ],
    "OrderLine": [[], [{"total": "ASC"}], [{"product": {"name": "DESC"}}, {"name": "ASC"}], [{"externalId": "DESC"}]],
    "Customer": [[], [{"name": "ASC"}], [{"company": {"name": "DESC"}}], [{"externalId": "ASC"}], [{"kind": "DESC"}]],
    "Product": [[], [{"price": "DESC"}], [{"sku": "ASC"}]],
    "Member": [[], [{"email": "DESC"}]],
    "Team": [[], [{"archivedAt": "DESC"}], [{"parent": {"name": "ASC"}}]],
    "TeamMembership": [[], [{"member": {"name": "DESC"}}]],
    "RecordShare": [[], [{"endsAt": "ASC"}]],
    "Notification": [[], [{"readAt": "ASC"}]],
    "HistoryEntry": [[], [{"at": "DESC"}], [{"kind": "ASC"}, {"note": "DESC"}]],
    "AutomationRun": [[], [{"status": "ASC"}], [{"order": {"number": "DESC"}}]],
    "Delivery": [[], [{"recipient": "DESC"}]],
    "ChangeSet": [[], [{"version": "ASC"}]],
    "ConfigurationDraft": [[], [{"name": "DESC"}]],
    "AuditEntry": [[], [{"at": "ASC"}], [{"kind": "DESC"}]],
    "ApiKey": [[], [{"name": "ASC"}]],
    "File": [[], [{"name": "DESC"}]],
}
# Told in sentences of the messages, or not read by the compiler.
LEFT_OUT = {
    ("Voiding", "refusal"),
    ("AuditEntry", "sentence"),
    ("Company", "languages"),
    ("Viewer", "closedFields"),
    ("Viewer", "key"),
    ("Viewer", "permissions"),
    ("Configuration", "document"),
    ("Configuration", "definitions"),
    ("Viewer", "secondFactorDue"),
    ("Viewer", "companies"),
}
PLAIN = {
    "Query": (*LISTS, *ROOTS, "node", "viewer", "configuration"),
    "Viewer": ("member", "tenant", "rights"),
    "Company": ("id", "slug", "name", "language", "timeZone", "currency", "configVersion"),
    "Configuration": ("version",),
    "Money": ("amount", "currency"),
    "Status": ("key", "label", "colour", "category", "description"),
    "NextStep": (
        *("key", "label", "status", "statusLabel", "allowed", "refusal"),
        *("noteRequired", "attachmentRequired", "confirm", "requires", "reasons"),
    ),
    "OrderType": ("key", "label"),
    "OrderLifeCycle": ("key", "version"),
    "StepField": ("path", "label"),
    "StepReason": ("key", "label"),
    "Voiding": ("allowed",),
    "VoidReason": ("key", "label", "noteRequired"),
    "ShippingAddress": ("recipient", "phone", "line1", "line2", "district", "city", "region", "postalCode", "country"),
    "PostalAddress": ("recipient", "phone", "line1", "line2", "district", "city", "region", "postalCode", "country"),
    "OrderSummary": ("count", "lastOrderedAt", "totals"),
    "CurrencyTotal": ("total",),
    "HistoryActor": ("kind", "id", "name"),
    "FieldChange": ("field", "from", "to"),
    "TeamName": ("language", "text"),
    "AuditDetail": ("field", "from", "to"),
    "AutomationStep": ("action", "outcome"),
    "ChangeSetAuthor": ("kind", "id", "name"),
    "DefinitionChange": ("kind", "key", "sentence", "before", "after"),
    "NotFound": ("code", "message"),
    "Conflict": ("code", "message", "currentVersion", "current"),
    "PageInfo": ("hasNextPage", "hasPreviousPage", "startCursor", "endCursor"),
}
CONNECTION, EDGE = ("edges", "nodes", "pageInfo", "totalCount"), ("node", "cursor")
CHILDREN = {
    "TeamMembership": ("teams", "memberships"),
    "RecordShare": ("orders", "shares"),
    "OrderLine": ("orders", "lines"),
    "File": ("orders", "files"),
    "HistoryEntry": ("orders", "history"),
}


async def read_book(company: Company) -> Book:
    """The rows as they are now."""
    caller = await company.caller()
    records = {}
    for kind, table in TABLES.items():
        rows = await company.rows(f"SELECT * FROM {table} WHERE tenant_id = %(tenant)s")
        # The history of records is no part of the audit log.
        rows = [
            row for row in rows if kind != "AuditEntry" or row["record_type"] not in ("order", "customer", "product")
        ]
        records[kind] = [Record(kind, row) for row in rows]
    return Book(caller.tenant, company.owner.id, sorted(caller.access.rights), records)


async def learn_cursors(company: Company, book: Book) -> None:
    """Every cursor of every order that the documents use; the rows must come in the order that Python gives them."""
    for kind, orders in ORDERINGS.items():
        for order in orders:
            by = literal([{name: _names(inner) for name, inner in entry.items()} for entry in order])
            void = ", voided: INCLUDE" if kind == "Order" else ""
            if kind in CHILDREN:
                parents, children = CHILDREN[kind]
                all_of_them = "(voided: INCLUDE)" if parents == "orders" else ""
                text = f"{{ {parents}{all_of_them} {{ nodes {{ list: {children}(orderBy: {by}, first: 200) {{ edges {{ cursor node {{ id }} }} }} }} }} }}"
                lists = [node["list"] for node in (await company.data(text))[parents]["nodes"]]
            else:
                names = {target: name for name, target in LISTS.items()}
                text = (
                    f"{{ list: {names[kind]}(orderBy: {by}, first: 200{void}) {{ edges {{ cursor node {{ id }} }} }} }}"
                )
                lists = [(await company.data(text))["list"]]
                own = book.page(kind, book.records[kind], {"orderBy": order, "voided": "INCLUDE", "first": 200})
                if kind != "Notification":
                    assert [edge["node"]["id"] for edge in lists[0]["edges"]] == [str(one.id) for one in own.records], (
                        text
                    )
            terms = mark(kind, book.terms(kind, order))
            for edge in (edge for found in lists for edge in found["edges"]):
                book.cursors[terms, UUID(edge["node"]["id"])] = edge["cursor"]
    await _learn_history(company, book)


async def _learn_history(company: Company, book: Book) -> None:
    for order in ORDERINGS["HistoryEntry"]:
        by = literal([{name: _names(inner) for name, inner in entry.items()} for entry in order])
        for parents in ("customers", "products"):
            text = f"{{ {parents} {{ nodes {{ history(orderBy: {by}) {{ edges {{ cursor node {{ id }} }} }} }} }} }}"
            for node in (await company.data(text))[parents]["nodes"]:
                for edge in node["history"]["edges"]:
                    book.cursors[mark("HistoryEntry", book.terms("HistoryEntry", order)), UUID(edge["node"]["id"])] = (
                        edge["cursor"]
                    )


def _names(order: Any) -> Any:
    return Name(order) if isinstance(order, str) else {name: _names(inner) for name, inner in order.items()}


def lensed_schema(book: Book) -> GraphQLSchema:
    """The company's schema as it is printed, without anything of the product behind it."""
    with looking_through(OVERLAYS.lens(book.config)):
        return build_schema(print_schema(SCHEMA))


def is_known(book: Book, kind: str, name: str) -> bool:
    """Whether the plain side can read a field."""
    if kind in PLAIN:
        return name in PLAIN[kind]
    if kind.endswith(("Connection", "Edge")):
        return name in (*CONNECTION, *EDGE)
    if kind.endswith("Payload"):
        return True
    if kind.endswith("Custom"):
        return True
    if kind not in TABLES:
        return False
    if (kind, name) in SPECIAL or name == "custom":
        return True
    try:
        return bool(book.records[kind]) and book.value(book.records[kind][0], name) is not Ellipsis
    except KeyError:
        return False


def choices(book: Book) -> Choices:
    """What arguments are made of: ids, keys and values that are there, and some that are not."""
    nothing = "0198c1a0-0000-7000-8000-000000000000"
    ids = [str(record.id) for kind in ("Order", "Customer", "Member") for record in book.records[kind][:3]]
    texts = ["", "a", "web", "Li Wei", "l", "%", "b", "\\", "draft", "void", "out_of_stock", "+49301234567", "é张"]
    moments = ["2026-01-01T10:00:00.5Z", "2026-01-01T18:00:00.123456+08:00", "2026-03-01T00:00:00Z"]
    keys: dict[str, list[Mapping[str, str]]] = {"node": [{"id": nothing}, {"id": "zz"}]}
    for name, kind in ROOTS.items():
        found: list[Mapping[str, str]] = [{"id": str(record.id)} for record in book.records[kind]]
        keys["node"] += found[:3]
        keys[name] = [*found[:6], {"id": nothing}, {"id": "no id"}]
    for name, key in (("order", "number"), ("order", "externalId"), ("customer", "externalId"), ("product", "sku")):
        column = "external_id" if key == "externalId" else key
        values = [record.row[column] for record in book.records[ROOTS[name]]]
        keys[name] += [{key: value} for value in (*values, NASTY) if value]

    def cursors(kind: str, order: Any) -> list[str]:
        terms = mark(kind, book.terms(kind, order))
        return [cursor for (known, _), cursor in book.cursors.items() if known == terms]

    def named(order: Sequence[Any]) -> list[Any]:
        return [{name: _names(inner) for name, inner in entry.items()} for entry in order]

    return Choices(
        values={
            "String": texts,
            "String.status": list(book.config.all_statuses),
            "String.type": list(book.config.definitions["order_type"]),
            "String.voidReason": list(book.config.all_void_reasons),
            "ID": [*ids, nothing],
            "Int": [-7, 0, 1, 2, 3, 2147483647],
            "Decimal": ["0", "-1.5", "-1.50", "10", LONG, "0.19"],
            "Boolean": [True, False],
            "DateTime": moments,
            "Date": ["2026-02-28", "2025-01-01"],
        },
        keys=keys,
        orders={kind: [named(order) for order in orders] for kind, orders in ORDERINGS.items()},
        cursors=cursors,
        known=lambda kind, name: is_known(book, kind, name),
    )


def drawn(strategy: st.SearchStrategy[Operation], count: int) -> list[Operation]:
    """So many operations: the same in every run of the suite, new ones in a longer run."""
    found: list[Operation] = []

    @settings(
        max_examples=count,
        derandomize="PROVE" not in os.environ,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        deadline=None,
    )
    @given(strategy)
    def collect(operation: Operation) -> None:
        found.append(operation)

    collect()
    return found


def tokens(body: bytes) -> bytes:
    """JSON without the white space between its tokens, and without what the operation cost."""
    return COST.sub(b"}", SPACE.sub(rb"\1", body))


async def compiled(company: Company, operation: Operation) -> bytes:
    assert company.client is not None
    while True:
        response = await company.client.post(operation.text, operation.variables, token=company.owner.token)
        if response.status_code != 503:
            return tokens(response.content)
        # The plain side keeps this process so busy that it may not have heard of PostgreSQL in time.
        await asyncio.sleep(0.2)


def plain(book: Book, schema: GraphQLSchema, operation: Operation, root: Any = None) -> bytes:
    data = book.answer(schema, operation.text, operation.variables, root)
    return orjson.dumps({"data": data})


async def test_random_queries(company: Company, client: Client, work: Drain) -> None:
    """Both sides answer the same; the shortest document on which they differ is shown."""
    await order_book(company, work)
    book = await read_book(company)
    await learn_cursors(company, book)
    schema = lensed_schema(book)
    differing: list[tuple[Operation, bytes, bytes]] = []
    refused = 0
    for operation in await asyncio.to_thread(drawn, queries(schema, choices(book)), EXAMPLES):
        assert validate(schema, parse(operation.text)) == [], operation.text
        answer = await compiled(company, operation)
        if b'"LIMIT_EXCEEDED"' in answer:
            refused += 1
            continue
        expected = plain(book, schema, operation)
        if answer != expected:
            differing.append((operation, answer, expected))
    if differing:
        operation, answer, expected = min(differing, key=lambda found: len(found[0].text))
        shown = "\n".join(map(str, (operation.text, operation.variables, answer.decode(), expected.decode())))
        pytest.fail(f"{len(differing)} of {EXAMPLES} differ; the shortest:\n{shown}")
    assert refused < EXAMPLES / 20


async def test_every_field_is_compared(company: Company, client: Client, work: Drain) -> None:
    """The plain side reads every field of every record; what it leaves out is named here."""
    await order_book(company, work)
    book = await read_book(company)
    schema = lensed_schema(book)
    missing = {
        (kind, name)
        for kind in (*TABLES, *PLAIN, "OrderCustom", "OrderConnection", "OrderEdge")
        if kind != "Query"
        for name in schema.type_map[kind].fields  # type: ignore[attr-defined]
        if not is_known(book, kind, name)
    }
    assert missing == LEFT_OUT


ROOT = "updateOrder(input: {id: ID, notes: NOTE})"
PROBLEM = "{ __typename ... on Problem { code message } ... on Conflict { currentVersion } }"


@pytest.mark.parametrize("outcome", ["OrderPayload", "Conflict", "NotFound"])
async def test_random_selections_of_a_mutation(company: Company, client: Client, work: Drain, outcome: str) -> None:
    """Payloads and refusals, members of a union, with any selection of the order as it is after the change."""
    await order_book(company, work)
    book = await read_book(company)
    schema, made = lensed_schema(book), choices(book)
    order_id = book.records["Order"][0].id
    known = replace(made, known=lambda kind, name: "ursor" not in name and made.known(kind, name))
    changes = ", expectedVersion: 77" if outcome == "Conflict" else ""
    wanted = f'"{order_id}"' if outcome != "NotFound" else '"0198c1a0-0000-7000-8000-000000000000"'
    root = ROOT.replace("ID", wanted).replace("}", changes + "}")
    for place, drawn_one in enumerate(drawn(mutations(schema, known, root), EXAMPLES // 10)):
        note = literal(f"note {place}")
        operation = replace(drawn_one, text=drawn_one.text.replace("NOTE", note))
        assert validate(schema, parse(operation.text)) == [], operation.text
        answer = await compiled(company, operation)
        book = await read_book(company)
        order = book.by_id["Order", order_id]
        assert (order.row["notes"] == f"note {place}") == (outcome == "OrderPayload")
        result: Row = {"__typename": outcome, "order": order, "current": order}
        if outcome != "OrderPayload":
            refused = await company.data(f"mutation {{ r: {root.replace('NOTE', note)} {PROBLEM} }}")
            result |= refused["r"]
        assert answer == plain(book, schema, operation, {"updateOrder": result}), operation
