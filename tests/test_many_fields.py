"""Five hundred fields of a company's own on one type of record, fifty of them indexed (FEATURES X-74, D-13)."""

import orjson
import pytest

from tests.conftest import NewCompany
from tests.documents import CREATE_ORDER, DEFINE_FIELD, an_order, done, refused
from tests.examples import create_orders, define_fields
from tests.harness import Client, Company, Row, Statements

pytestmark = pytest.mark.anyio

TYPES = ("text", "integer", "decimal", "date", "select")
COUNT, INDEXED = 500, 50
INTROSPECTION = """
{ __schema { types { name kind fields { name type { name kind ofType { name kind ofType { name kind ofType { name } } } } }
  inputFields { name type { name kind ofType { name } } } enumValues { name } } } }
"""


def fields() -> dict[str, Row]:
    return {
        f"order.f{number}": {
            "type": TYPES[number % len(TYPES)],
            "indexed": number < INDEXED,
            "position": number,
            "options": ["red", "blue"] if TYPES[number % len(TYPES)] == "select" else [],
        }
        for number in range(COUNT)
    }


def values(number: int) -> Row:
    """A value of each of the indexed fields and of ten others."""
    made = {"text": f"t{number}", "integer": number, "decimal": f"{number}.5", "date": f"2026-01-{number + 1:02}"}
    return {
        f"f{place}": made.get(TYPES[place % len(TYPES)], "red" if number % 2 else "blue")
        for place in (*range(INDEXED), *range(COUNT - 10, COUNT))
    }


async def test_five_hundred_fields(company: Company, client: Client, statements: Statements) -> None:
    """Defined at once; created, read, filtered and sorted in a bounded number of statements that name what they need; typed."""
    await define_fields(company, fields())
    ids = await create_orders(company, [{"custom": values(number)} for number in range(6)])
    await company.data("{ viewer { rights } }")

    statements.clear()
    order = await done(
        company, CREATE_ORDER, lines=[{"name": "Work", "unitPrice": "1"}], custom={**values(6), "f2": "-1.25"}
    )
    assert len(statements.work) <= 4
    for table, count in (("texts", 20), ("numbers", 20), ("dates", 10)):
        rows = await company.rows(
            f"SELECT field FROM order_{table} WHERE tenant_id = %(tenant)s AND record_id = %(id)s", id=order["id"]
        )
        assert len(rows) == count

    statements.clear()
    data = await company.data("query ($id: ID!) { order(id: $id) { custom { f1 f2 f499 f250 } } }", {"id": order["id"]})
    assert data["order"] == {"custom": {"f1": 6, "f2": "-1.25", "f499": "blue", "f250": None}}
    (text,) = statements.work
    assert text.count("custom->>") == 4

    statements.clear()
    data = await company.data(
        '{ orders(where: {custom: {f1: {gte: 2, lt: 6}, f4: {eq: red}, f495: {startsWith: "T"}}}, orderBy: [{custom: {f3: DESC}}])'
        " { totalCount nodes { id custom { f1 f3 f494 } } } }"
    )
    (text,) = statements.work
    assert "f250" not in text
    assert data["orders"]["totalCount"] == 2
    assert [node["id"] for node in data["orders"]["nodes"]] == [ids[5], ids[3]]
    assert data["orders"]["nodes"][0]["custom"] == {"f1": 5, "f3": "2026-01-06", "f494": "red"}

    # A word that is no option is refused by the schema, a 501st field is no trouble, and one that is unknown is.
    answer = await company.graphql("{ orders(where: {custom: {f4: {eq: green}}}) { totalCount } }")
    assert answer["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    await done(company, DEFINE_FIELD, object="order", key="f500", type="text", label={"en": "One more"})
    await an_order(company, custom={"f500": "x"})
    problem = await refused(company, CREATE_ORDER, lines=[{"name": "Work", "unitPrice": "1"}], custom={"f0": "x" * 501})
    assert [error["path"] for error in problem["errors"]] == [["custom", "f0"]]


async def test_the_schema_of_five_hundred_fields(company: Company, client: Client) -> None:
    """Introspection shows every field where it is read, written, filtered and sorted by."""
    await define_fields(company, fields())
    answer = orjson.loads((await client.post(INTROSPECTION, token=company.owner.token)).content)
    types = {kind["name"]: kind for kind in answer["data"]["__schema"]["types"]}
    for name, members in (
        ("OrderCustom", "fields"),
        ("OrderCustomInput", "inputFields"),
        ("OrderCustomFilter", "inputFields"),
        ("OrderCustomOrderBy", "inputFields"),
    ):
        assert [member["name"] for member in types[name][members]] == [f"f{number}" for number in range(COUNT)], name


async def test_three_of_five_hundred_cost_what_three_cost(
    new_company: NewCompany, client: Client, statements: Statements
) -> None:
    """D-13: the very same SQL is sent for three fields, read, filtered, sorted by and written, whether there are 497 more or none."""
    three = {key: body for key, body in fields().items() if key in ("order.f1", "order.f3", "order.f499")}
    custom = {"f1": 7, "f3": "2026-01-08", "f499": "red"}
    sent = []
    for defined in (three, fields()):
        company = await new_company()
        await define_fields(company, defined)
        await company.data("{ viewer { rights } }")
        statements.clear()
        answer = await company.data(
            "{ orders(where: {custom: {f1: {gte: 2}, f499: {eq: red}}}, orderBy: [{custom: {f3: DESC}}])"
            " { totalCount nodes { id custom { f1 f3 f499 } } } }"
        )
        assert answer == {"orders": {"totalCount": 0, "nodes": []}}
        read = list(statements.texts)
        order = await done(company, CREATE_ORDER, lines=[{"name": "Work", "unitPrice": "1"}], custom=custom)
        statements.clear()
        answer = await company.data(
            "query ($id: ID!) { order(id: $id) { custom { f1 f3 f499 } } }", {"id": order["id"]}
        )
        assert answer == {"order": {"custom": custom}}
        sent.append((read, list(statements.texts)))
    assert sent[0] == sent[1]
    assert [len(texts) for texts in sent[0]] == [2, 2]
