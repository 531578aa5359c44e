"""Filters: every operator of every field type, on built-in columns and on a company's own fields, nested and related.

Each case is a filter over the same five orders and the ones it must find. Values are only ever values: wildcards and SQL in
them mean nothing.
"""

from collections.abc import Sequence

import pytest

from tenants.field_types import REGISTRY as FIELD_TYPES
from tests.examples import FIELDS, create_orders, define_fields
from tests.filters import found, literal
from tests.harness import Client, Company, Row

pytestmark = pytest.mark.anyio

ORDERS: Sequence[Row] = (
    {
        "notes": "A",
        "channel": "Web",
        "externalId": "x_1",
        "priority": "HIGH",
        "tags": ["gift", "rush"],
        "promisedAt": "2026-03-01T08:00:00+08:00",
        "customer": {"name": "Ann", "kind": "PERSON", "tags": ["vip"], "phones": [{"value": "+4930123456"}]},
        "shippingAddress": {"city": "Suzhou", "country": "CN"},
        "lines": [{"name": "Tea", "unitPrice": "2", "quantity": "3"}, {"name": "Bag", "unitPrice": "1"}],
        "custom": {
            "a_text": "Ünï_code% 张",
            "a_whole": 7,
            "a_decimal": "1.50",
            "a_flag": True,
            "a_day": "2026-01-31",
            "a_moment": "2026-01-31T12:00:00Z",
            "one": "red",
            "some": ["x", "y"],
            "labels": ["l1", "l2"],
        },
    },
    {
        "notes": "B",
        "channel": "web shop",
        "externalId": "x%2",
        "priority": "LOW",
        "tags": ["gift"],
        "promisedAt": "2026-02-01T00:00:00Z",
        "customer": {"name": "Bob & Co", "kind": "COMPANY"},
        "lines": [{"name": "Tea", "unitPrice": "4"}],
        "custom": {
            "a_text": "plain",
            "a_whole": -7,
            "a_decimal": "-0.25",
            "a_flag": False,
            "one": "blue",
            "some": ["x"],
        },
    },
    {
        "notes": "C",
        "channel": "",
        "lines": [{"name": "Coffee", "unitPrice": "5", "quantity": "2"}],
        "custom": {"a_day": "2026-02-28", "a_moment": "2026-01-31T12:00:00.5Z", "labels": ["l2"]},
    },
    {"notes": "D", "channel": "phone", "externalId": "x12", "customer": {"name": "ann"}},
)
# Filter, and the notes of the orders it finds. Operators of one type are all here: a test counts them.
BUILT_IN: Sequence[tuple[Row, str]] = (
    ({"channel": {"eq": "Web"}}, "A"),
    ({"channel": {"eq": ""}}, "C"),
    ({"channel": {"eq": " Web "}}, "A"),
    ({"channel": {"ne": "Web"}}, "BCD"),
    ({"channel": {"in": ["phone", "Web", "no"]}}, "AD"),
    ({"channel": {"in": []}}, ""),
    ({"channel": {"notIn": ["phone", "Web"]}}, "BC"),
    ({"channel": {"notIn": []}}, "ABCD"),
    ({"channel": {"gt": "phone"}}, "B"),
    ({"channel": {"gte": "phone"}}, "BD"),
    ({"channel": {"lt": "phone"}}, "AC"),
    ({"channel": {"lte": "phone"}}, "ACD"),
    ({"channel": {"contains": "WEB"}}, "AB"),
    ({"channel": {"startsWith": "w"}}, "AB"),
    ({"channel": {"endsWith": "SHOP"}}, "B"),
    ({"channel": {"isNull": True}}, ""),
    ({"channel": {"isNull": False}}, "ABCD"),
    ({"externalId": {"isNull": True}}, "C"),
    ({"externalId": {"ne": "x12"}}, "ABC"),
    ({"externalId": {"notIn": ["x12"]}}, "ABC"),
    ({"externalId": {"contains": "_"}}, "A"),
    ({"externalId": {"contains": "%"}}, "B"),
    ({"externalId": {"startsWith": "x_"}}, "A"),
    ({"externalId": {"endsWith": "%2"}}, "B"),
    ({"externalId": {"contains": "\\"}}, ""),
    ({"priority": {"eq": "HIGH"}}, "A"),
    ({"priority": {"ne": "HIGH"}}, "BCD"),
    ({"priority": {"in": ["HIGH", "LOW"]}}, "AB"),
    ({"priority": {"notIn": ["HIGH", "LOW"]}}, "CD"),
    ({"priority": {"isNull": False}}, "ABCD"),
    ({"status": {"eq": "draft"}}, "ABCD"),
    ({"status": {"notIn": ["draft"]}}, ""),
    ({"voidReason": {"isNull": True}}, "ABCD"),
    ({"tags": {"containsAny": ["rush", "none"]}}, "A"),
    ({"tags": {"containsAll": ["gift"]}}, "AB"),
    ({"tags": {"containsAll": ["gift", "rush"]}}, "A"),
    ({"tags": {"containsAll": []}}, "ABCD"),
    ({"tags": {"containsAny": []}}, ""),
    ({"tags": {"isEmpty": True}}, "CD"),
    ({"tags": {"isEmpty": False}}, "AB"),
    ({"total": {"eq": "7"}}, "A"),
    ({"total": {"eq": "7.000"}}, "A"),
    ({"total": {"ne": "10.00"}}, "AB"),
    ({"total": {"gt": "7"}}, "CD"),
    ({"total": {"gte": "7", "lt": "10"}}, "A"),
    ({"total": {"lte": "7"}}, "AB"),
    ({"total": {"in": ["4", "7.0"]}}, "AB"),
    ({"total": {"notIn": ["4", "7.0"]}}, "CD"),
    ({"total": {"isNull": True}}, ""),
    ({"promisedAt": {"eq": "2026-03-01T00:00:00Z"}}, "A"),
    ({"promisedAt": {"eq": "2026-03-01T08:00:00+08:00"}}, "A"),
    ({"promisedAt": {"ne": "2026-03-01T00:00:00Z"}}, "BCD"),
    ({"promisedAt": {"gt": "2026-02-01T00:00:00Z"}}, "A"),
    ({"promisedAt": {"gte": "2026-02-01T00:00:00Z"}}, "AB"),
    ({"promisedAt": {"lt": "2026-03-01T00:00:00Z"}}, "B"),
    ({"promisedAt": {"lte": "2026-03-01T00:00:00Z"}}, "AB"),
    ({"promisedAt": {"in": ["2026-02-01T00:00:00Z"]}}, "B"),
    ({"promisedAt": {"notIn": ["2026-02-01T00:00:00Z"]}}, "ACD"),
    ({"promisedAt": {"isNull": False}}, "AB"),
    ({"version": {"eq": 1}}, "ABCD"),
    ({"version": {"ne": 1}}, ""),
    ({"version": {"in": [1, 2]}}, "ABCD"),
    ({"version": {"notIn": [1, 2]}}, ""),
    ({"version": {"gt": 1}}, ""),
    ({"version": {"gte": 1, "lte": 1, "lt": 2}}, "ABCD"),
    ({"isVoided": {"eq": False}}, "ABCD"),
    ({"isVoided": {"ne": False}}, ""),
    ({"shippingAddress": {"city": {"eq": "Suzhou"}}}, "A"),
    ({"shippingAddress": {"city": {"ne": "Suzhou"}}}, "BCD"),
    ({"shippingAddress": {"country": {"isNull": True}}}, "BCD"),
    ({}, "ABCD"),
)
OWN: Sequence[tuple[Row, str]] = (
    ({"a_text": {"eq": "plain"}}, "B"),
    ({"a_text": {"ne": "plain"}}, "ACD"),
    ({"a_text": {"in": ["plain", "x"]}}, "B"),
    ({"a_text": {"notIn": ["plain"]}}, "ACD"),
    ({"a_text": {"gt": "plain"}}, "A"),
    ({"a_text": {"gte": "plain"}}, "AB"),
    ({"a_text": {"lt": "q"}}, "B"),
    ({"a_text": {"lte": "plain"}}, "B"),
    ({"a_text": {"contains": "ÜNÏ_"}}, "A"),
    ({"a_text": {"contains": "张"}}, "A"),
    ({"a_text": {"startsWith": "PL"}}, "B"),
    ({"a_text": {"endsWith": "% 张"}}, "A"),
    ({"a_text": {"isNull": True}}, "CD"),
    ({"a_whole": {"eq": 7}}, "A"),
    ({"a_whole": {"ne": 7}}, "BCD"),
    ({"a_whole": {"in": [7, -7]}}, "AB"),
    ({"a_whole": {"notIn": [7]}}, "BCD"),
    ({"a_whole": {"gt": -7}}, "A"),
    ({"a_whole": {"gte": -7}}, "AB"),
    ({"a_whole": {"lt": 7}}, "B"),
    ({"a_whole": {"lte": 7}}, "AB"),
    ({"a_whole": {"isNull": False}}, "AB"),
    ({"a_decimal": {"eq": "1.5"}}, "A"),
    ({"a_decimal": {"ne": "1.5"}}, "BCD"),
    ({"a_decimal": {"in": ["1.500"]}}, "A"),
    ({"a_decimal": {"notIn": ["1.500"]}}, "BCD"),
    ({"a_decimal": {"gt": "-0.25"}}, "A"),
    ({"a_decimal": {"gte": "-0.25"}}, "AB"),
    ({"a_decimal": {"lt": "1.5"}}, "B"),
    ({"a_decimal": {"lte": "1.5"}}, "AB"),
    ({"a_decimal": {"isNull": True}}, "CD"),
    ({"a_flag": {"eq": True}}, "A"),
    ({"a_flag": {"ne": True}}, "BCD"),
    ({"a_flag": {"isNull": True}}, "CD"),
    ({"a_day": {"eq": "2026-01-31"}}, "A"),
    ({"a_day": {"ne": "2026-01-31"}}, "BCD"),
    ({"a_day": {"in": ["2026-01-31", "2026-02-28"]}}, "AC"),
    ({"a_day": {"notIn": ["2026-01-31"]}}, "BCD"),
    ({"a_day": {"gt": "2026-01-31"}}, "C"),
    ({"a_day": {"gte": "2026-01-31"}}, "AC"),
    ({"a_day": {"lt": "2026-02-28"}}, "A"),
    ({"a_day": {"lte": "2026-02-28"}}, "AC"),
    ({"a_day": {"isNull": False}}, "AC"),
    ({"a_moment": {"eq": "2026-01-31T20:00:00+08:00"}}, "A"),
    ({"a_moment": {"ne": "2026-01-31T12:00:00Z"}}, "BCD"),
    ({"a_moment": {"in": ["2026-01-31T12:00:00Z"]}}, "A"),
    ({"a_moment": {"notIn": ["2026-01-31T12:00:00Z"]}}, "BCD"),
    ({"a_moment": {"gt": "2026-01-31T12:00:00Z"}}, "C"),
    ({"a_moment": {"gte": "2026-01-31T12:00:00Z"}}, "AC"),
    ({"a_moment": {"lt": "2026-01-31T12:00:00.5Z"}}, "A"),
    ({"a_moment": {"lte": "2026-01-31T12:00:00.5Z"}}, "AC"),
    ({"a_moment": {"isNull": True}}, "BD"),
    ({"one": {"eq": "red"}}, "A"),
    ({"one": {"ne": "red"}}, "BCD"),
    ({"one": {"in": ["red", "blue"]}}, "AB"),
    ({"one": {"notIn": ["red"]}}, "BCD"),
    ({"one": {"isNull": True}}, "CD"),
    ({"some": {"containsAny": ["y"]}}, "A"),
    ({"some": {"containsAll": ["x"]}}, "AB"),
    ({"some": {"containsAll": ["y", "x"]}}, "A"),
    ({"some": {"isEmpty": True}}, "CD"),
    ({"labels": {"containsAny": ["l1", "l2"]}}, "AC"),
    ({"labels": {"containsAll": ["l1", "l2"]}}, "A"),
    ({"labels": {"isEmpty": False}}, "AC"),
)
NESTED: Sequence[tuple[Row, str]] = (
    ({"customer": {}}, "ABD"),
    ({"not": {"customer": {}}}, "C"),
    ({"customer": {"name": {"eq": "Ann"}}}, "A"),
    ({"customer": {"name": {"contains": "ANN"}}}, "AD"),
    ({"not": {"customer": {"name": {"contains": "ANN"}}}}, "BC"),
    ({"customer": {"kind": {"eq": "COMPANY"}}}, "B"),
    ({"customer": {"tags": {"isEmpty": False}}}, "A"),
    ({"customer": {"phones": {"some": {"value": {"startsWith": "+49"}}}}}, "A"),
    ({"customer": {"phones": {"none": {}}}}, "BD"),
    ({"customer": {"orders": {"some": {"channel": {"eq": "phone"}}}}}, "D"),
    ({"owner": {"name": {"eq": "Olga Owner"}}}, "ABCD"),
    ({"lines": {"some": {"name": {"eq": "Tea"}}}}, "AB"),
    ({"lines": {"none": {"name": {"eq": "Tea"}}}}, "CD"),
    ({"lines": {"every": {"name": {"eq": "Tea"}}}}, "B"),
    ({"lines": {"every": {"product": {"sku": {"eq": "x"}}}}}, ""),
    ({"lines": {"some": {"name": {"eq": "Tea"}}, "none": {"name": {"eq": "Bag"}}}}, "B"),
    ({"lines": {"some": {"quantity": {"gt": "1"}, "unitPrice": {"gte": "5"}}}}, "C"),
    ({"lines": {"some": {"order": {"notes": {"eq": "A"}}}}}, "A"),
    ({"history": {"some": {"kind": {"eq": "CREATED"}, "actor": {"kind": {"eq": "MEMBER"}}}}}, "ABCD"),
    ({"history": {"some": {"kind": {"eq": "VOIDED"}}}}, ""),
    ({"and": []}, "ABCD"),
    ({"or": []}, ""),
    ({"not": {}}, ""),
    ({"and": [{"total": {"gte": "7"}}, {"priority": {"eq": "HIGH"}}]}, "A"),
    ({"or": [{"notes": {"eq": "D"}}, {"priority": {"eq": "HIGH"}}]}, "AD"),
    ({"or": [{"notes": {"in": ["A", "D"]}}, {}], "channel": {"eq": "phone"}}, "D"),
    ({"not": {"or": [{"notes": {"eq": "A"}}, {"not": {"tags": {"isEmpty": True}}}]}}, "CD"),
    ({"not": {"not": {"externalId": {"eq": "x12"}}}}, "D"),
    ({"not": {"externalId": {"eq": "x12"}}}, "ABC"),
    ({"not": {"externalId": {"ne": "x12"}}}, "D"),
    ({"custom": {"a_whole": {"gt": 0}, "one": {"eq": "red"}}}, "A"),
    ({"or": [{"custom": {"a_whole": {"gt": 0}}}, {"custom": {"a_day": {"gt": "2026-02-01"}}}]}, "AC"),
    ({"not": {"custom": {"a_decimal": {"gt": "0"}}}}, "BCD"),
)


@pytest.fixture
async def five(company: Company, client: Client) -> Company:
    """A company with the four orders, and a fifth that is void and so never found."""
    await define_fields(company, FIELDS)
    ids = await create_orders(company, [*ORDERS, {**ORDERS[0], "notes": "E", "externalId": None}])
    async with company.begin() as tx:
        await tx.execute("UPDATE orders SET voided_at = now() WHERE tenant_id = %(tenant)s AND id = %(id)s", id=ids[-1])
    return company


async def test_operators_of_built_in_columns(five: Company) -> None:
    for where, expected in BUILT_IN:
        assert await found(five, where) == expected, where


async def test_operators_of_own_fields(five: Company) -> None:
    for where, expected in OWN:
        assert await found(five, {"custom": where}) == expected, where


async def test_nested_and_related(five: Company) -> None:
    """and, or, not; one related record; some, none and every of many; nothing is true of all of nothing."""
    for where, expected in NESTED:
        assert await found(five, where) == expected, where


async def test_filters_in_the_document_itself(five: Company) -> None:
    """A filter written out finds what the same filter in variables finds."""
    for where, expected in (*((case, notes) for case, notes in BUILT_IN), *NESTED[:20]):
        if '"x"' not in literal(where) and "product" not in where.get("lines", {}).get("every", {}):
            data = await five.data(
                f"{{ orders(where: {literal(where)}, orderBy: [{{notes: ASC}}]) {{ nodes {{ notes }} }} }}"
            )
            assert "".join(node["notes"] for node in data["orders"]["nodes"]) == expected, where


def test_every_operator_is_shown() -> None:
    """Each operator of the types of these fields stands in the list; those of the others are shown where their types are."""
    shown = {
        (FIELDS[f"order.{key}"]["type"], operator) for where, _ in OWN for key, by in where.items() for operator in by
    }
    kinds = [FIELD_TYPES[key] for key in {body["type"] for body in FIELDS.values()}]
    assert shown == {(kind.key, operator.name) for kind in kinds for operator in kind.operators}
