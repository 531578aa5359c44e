"""What stands in filters: ids, nulls, bad values, payloads, and what the asker may not read.

Values are only ever values: wildcards and SQL in them mean nothing.
"""

import pytest

from tests.documents import DEFINE_ROLE, an_order, done
from tests.examples import FIELDS, create_orders, define_fields
from tests.filters import QUERY, found, literal
from tests.harness import Client, Company, Row

pytestmark = pytest.mark.anyio


async def test_ids(company: Company, client: Client) -> None:
    first, second = await create_orders(company, [{"notes": "1"}, {"notes": "2"}])
    for where, expected in (
        ({"eq": first}, "1"),
        ({"eq": first.upper()}, "1"),
        ({"ne": first}, "2"),
        ({"in": [first, second]}, "12"),
        ({"notIn": [second]}, "1"),
        ({"isNull": True}, ""),
    ):
        assert await found(company, {"id": where}) == expected
    answer = await company.graphql(QUERY, {"where": {"id": {"eq": "zz"}}})
    assert answer["errors"][0]["message"] == "zz is not an id."


async def test_null_is_not_compared_with(company: Company, client: Client) -> None:
    """An explicit null is refused by its place, wherever an operator or a field stands; ``where: null`` is no filter."""
    await define_fields(company, FIELDS)
    await create_orders(company, [{"notes": "1"}, {"notes": "2"}])
    assert await found(company, None) == "12"
    sentence = "null cannot be compared. Use isNull."
    for where, path in (
        ({"externalId": {"eq": None}}, ["externalId", "eq"]),
        ({"externalId": {"in": None}}, ["externalId", "in"]),
        ({"externalId": {"isNull": None}}, ["externalId", "isNull"]),
        ({"tags": {"isEmpty": None}}, ["tags", "isEmpty"]),
        ({"externalId": None}, ["externalId"]),
        ({"customer": None}, ["customer"]),
        ({"lines": None}, ["lines"]),
        ({"lines": {"some": None}}, ["lines", "some"]),
        ({"custom": None}, ["custom"]),
        ({"custom": {"a_text": None}}, ["custom", "a_text"]),
        ({"custom": {"a_text": {"eq": None}}}, ["custom", "a_text", "eq"]),
        ({"shippingAddress": {"city": {"ne": None}}}, ["shippingAddress", "city", "ne"]),
        ({"not": None}, ["not"]),
        ({"or": [{"number": {"eq": None}}]}, ["or", "0", "number", "eq"]),
    ):
        for document, variables in (
            (QUERY, {"where": where}),
            (f"{{ orders(where: {literal(where).replace('None', 'null')}) {{ totalCount }} }}", {}),
        ):
            answer = await company.graphql(document, variables)
            assert answer["data"] is None
            assert answer["errors"][0]["extensions"]["errors"] == [{"path": path, "message": sentence}], where


NO_DECIMAL = 'is not a decimal number. Write it like "1234.50", without thousands separators.'


async def test_every_bad_value_is_named_at_once(company: Company, client: Client) -> None:
    """Every place of the filter that cannot be compared with, in one answer."""
    await define_fields(company, FIELDS)
    where = {
        "total": {"gt": "much"},
        "promisedAt": {"lt": "2026-01-01T00:00:00"},
        "custom": {"a_day": {"eq": "31.01.2026"}, "a_decimal": {"in": ["1", "x"]}},
        "or": [{"status": {"eq": "nowhere"}}],
    }
    answer = await company.graphql(QUERY, {"where": where})
    errors = answer["errors"][0]["extensions"]["errors"]
    assert sorted((error["path"], error["message"]) for error in errors) == [
        (["custom", "a_day", "eq"], "31.01.2026 is not a date. Write it like 2026-03-31."),
        (["custom", "a_decimal", "in"], f"x {NO_DECIMAL}"),
        (
            ["or", "0", "status", "eq"],
            "nowhere is not one of the options: draft, confirmed, shipped, completed, void.",
        ),
        (["promisedAt", "lt"], "2026-01-01T00:00:00 has no time zone. Add an offset such as +08:00 or Z."),
        (["total", "gt"], f"much {NO_DECIMAL}"),
    ]


PAYLOADS = (
    "' OR '1'='1",
    "'; DROP TABLE orders; --",
    "%(tenant)s",
    "%s %% {x} {p}",
    "\\",
    "\\' OR 1=1 --",
    "$1",
    "a' || pg_sleep(10) || '",
    '"; SELECT 1; --',
    "/*",
    "x' COLLATE \"C",
)


@pytest.mark.parametrize("payload", PAYLOADS)
async def test_payloads_are_only_texts(company: Company, client: Client, payload: str) -> None:
    """SQL, placeholders and wildcards in values find exactly the record that holds them (RELIABILITY A9)."""
    await define_fields(company, {"order.a_text": {"type": "text"}})
    made = await an_order(company, notes=payload, custom={"a_text": payload}, tags=[payload])
    await an_order(company, notes="innocent", custom={"a_text": "innocent"})
    wheres: list[Row] = [{"tags": {"containsAny": [payload]}}]
    for operator in ("eq", "contains", "startsWith", "endsWith"):
        wheres += [{"notes": {operator: payload}}, {"custom": {"a_text": {operator: payload}}}]
    wheres += [{"notes": {"in": [payload]}}, {"not": {"notes": {"ne": payload}}}]
    for where in wheres:
        assert await found(company, where) == payload.strip(), where
    data = await company.data(
        "query ($q: String) { searched: orders(search: $q) { nodes { id } } order(number: $q) { id } customer(externalId: $q) { id } }",
        {"q": payload},
    )
    assert data == {"searched": {"nodes": [{"id": made["id"]}]}, "order": None, "customer": None}
    assert made["notes"] == payload.strip()


async def test_what_may_not_be_read_may_not_be_asked_about(company: Company, client: Client) -> None:
    """Whoever reads orders but not customers can neither filter nor sort by them, at any depth: the answer would tell."""
    await done(
        company, DEFINE_ROLE, key="picker", label={"en": "Picker"}, grants=[{"object": "order", "actions": ["read"]}]
    )
    picker = await company.add_person("picker")
    await an_order(company, customer={"name": "Secret"})
    assert await company.data("{ orders { totalCount } }", person=picker) == {"orders": {"totalCount": 1}}
    for arguments in (
        'where: {customer: {name: {startsWith: "S"}}}',
        "where: {not: {or: [{customer: {}}]}}",
        "where: {lines: {some: {order: {customer: {kind: {eq: PERSON}}}}}}",
        "orderBy: [{customer: {name: ASC}}]",
    ):
        answer = await company.graphql(f"{{ orders({arguments}) {{ totalCount nodes {{ id }} }} }}", person=picker)
        assert answer["data"] is None
        assert [error["extensions"]["right"] for error in answer["errors"]] == ["customer.read"], arguments
