"""Conditions on figures over related records, and on whether a member is the one who asks: both readings, and GraphQL.

The rows that :meth:`matches` reads are those of the database, with the related ones under the names of their relations.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import strategies as st

from tenants.conditions import SqlContext, parse_condition
from tenants.config.snapshot import TenantConfig
from tenants.occasion import Occasion
from tenants.reading.plan import Parameters
from tests.examples import create_orders, define_fields, define_roles
from tests.harness import Client, Company, Row, Statements
from tests.test_conditions import OCCASION, ORDER, found_by_sql, samples

pytestmark = pytest.mark.anyio

NUMBERS = ("0", "1", "2", "2.5", "3.3333333333", "7", "20")
COUNTS = (0, 1, 2, 3)
TIMES = ("2026-01-01T00:00:00Z", "2026-01-31T16:00:00Z", "2027-01-01T00:00:00Z")
FIELDS: Mapping[str, Row] = {
    "order.score": {"type": "decimal"},
    "order.weight": {"type": "integer"},
    "order.day": {"type": "date"},
}
LINES = st.lists(
    st.fixed_dictionaries(
        {
            "name": st.sampled_from(("Tea", "Bag")),
            "unitPrice": st.sampled_from(NUMBERS[:5]),
            "quantity": st.sampled_from(("1", "2", "3")),
        }
    ),
    min_size=1,
    max_size=4,
)
RECORDS = st.fixed_dictionaries(
    {"lines": LINES, "channel": st.sampled_from(("web", "phone"))},
    optional={
        "promisedAt": st.sampled_from(TIMES),
        "custom": st.fixed_dictionaries(
            {},
            optional={
                "score": st.sampled_from(NUMBERS),
                "weight": st.sampled_from((-7, 0, 2**31 - 1)),
                "day": st.sampled_from(("2026-01-01", "2026-01-31")),
            },
        ),
    },
)


def compared(*values: Any) -> st.SearchStrategy[Row]:
    ways = st.sampled_from(("eq", "ne", "gt", "gte", "lt", "lte"))
    return st.one_of(
        st.tuples(ways, st.sampled_from(values)).map(lambda pair: {pair[0]: pair[1]}),
        st.lists(st.sampled_from(values), max_size=2).map(lambda some: {"notIn": some}),
        st.booleans().map(lambda flag: {"isNull": flag}),
    )


NUMBER = compared(*NUMBERS)
DAY = st.one_of(compared("2026-01-01", "2026-01-31"), st.just({"during": "this_month"}), st.just({"inLast": "P1D"}))
MOMENT = st.one_of(compared(*TIMES), st.just({"during": "THIS_YEAR"}), st.just({"olderThan": "PT1H"}))
OF_LINES: st.SearchStrategy[Row] = st.fixed_dictionaries(
    {},
    optional={
        "where": st.one_of(
            st.just({"name": {"eq": "Tea"}}), st.fixed_dictionaries({"quantity": NUMBER}), st.just({"not": {}})
        ),
        "count": compared(*COUNTS),
        "sum": st.fixed_dictionaries({"total": NUMBER}, optional={"position": NUMBER}),
        "avg": st.fixed_dictionaries({"unitPrice": NUMBER}),
        "min": st.fixed_dictionaries({"quantity": NUMBER}),
        "max": st.fixed_dictionaries({"position": compared(*COUNTS)}),
        "every": st.fixed_dictionaries({"quantity": NUMBER}),
        "some": st.just({"name": {"eq": "Bag"}}),
        "none": st.fixed_dictionaries({"unitPrice": NUMBER}),
    },
).filter(lambda tree: set(tree) != {"where"})
OF_ORDERS: st.SearchStrategy[Row] = st.fixed_dictionaries(
    {},
    optional={
        "where": st.one_of(st.just({"channel": {"eq": "web"}}), st.fixed_dictionaries({"promisedAt": MOMENT})),
        "count": compared(*COUNTS),
        "sum": st.fixed_dictionaries({"custom": st.fixed_dictionaries({"score": NUMBER, "weight": NUMBER})}),
        "avg": st.fixed_dictionaries({"custom": st.fixed_dictionaries({"weight": NUMBER})}),
        "min": st.fixed_dictionaries({"promisedAt": MOMENT}),
        "max": st.fixed_dictionaries({"custom": st.fixed_dictionaries({"day": DAY})}),
        "some": st.fixed_dictionaries({"lines": OF_LINES}),
    },
).filter(lambda tree: set(tree) != {"where"})
ME = st.booleans().map(lambda flag: {"owner": {"isMe": {"eq": flag}}})
LEAVES = st.one_of(
    st.fixed_dictionaries({"lines": OF_LINES}),
    st.fixed_dictionaries({"customer": st.fixed_dictionaries({"orders": OF_ORDERS})}),
    ME,
)
TREES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.fixed_dictionaries({"or": st.lists(inner, max_size=3)}), st.fixed_dictionaries({"not": inner})
    ),
    max_leaves=3,
)


async def a_book(company: Company) -> list[Row]:
    """Orders of three customers and two owners, some without, as rows that hold their related rows."""
    await define_fields(company, FIELDS)
    owners = [str(company.owner.id), str(company.member.id), None]
    customers = await company.data(
        'mutation { a: createCustomer(input: {name: "Ann"}) { ...id } b: createCustomer(input: {name: "Bo"}) { ...id } }'
        " fragment id on CustomerPayload { customer { id } }"
    )
    ids = [payload["customer"]["id"] for payload in customers.values()]
    inputs = [
        {**record, "ownerId": owners[place % 3], **({"customerId": ids[place % 4 % 2]} if place % 4 < 3 else {})}
        for place, record in enumerate(samples(RECORDS, 24))
    ]
    await create_orders(company, inputs)
    return await rows_of(company)


async def rows_of(company: Company) -> list[Row]:
    tables = {
        name: await company.rows(f"SELECT * FROM {name} WHERE tenant_id = %(tenant)s")
        for name in ("orders", "order_lines", "customers", "members")
    }
    for order in tables["orders"]:
        order["lines"] = [line for line in tables["order_lines"] if line["order_id"] == order["id"]]
        order["owner"] = next((one for one in tables["members"] if one["id"] == order["owner_id"]), None)
        order["customer"] = next((one for one in tables["customers"] if one["id"] == order["customer_id"]), None)
    for customer in tables["customers"]:
        customer["orders"] = [order for order in tables["orders"] if order["customer_id"] == customer["id"]]
    return tables["orders"]


async def config_of(company: Company) -> TenantConfig:
    return (await company.caller()).config


async def test_both_readings_of_figures_and_me(company: Company, client: Client) -> None:
    """250 random conditions over the lines of orders and the orders of their customers, asked by a member and by nobody."""
    rows = await a_book(company)
    assert len(rows) == 24
    config = await config_of(company)
    decided = set()
    for place, tree in enumerate(samples(TREES, 250)):
        occasion = Occasion(OCCASION.now, company.member.id if place % 4 else None)
        condition = parse_condition(ORDER, config, tree)
        matching = {row["id"] for row in rows if condition.matches(row, occasion)}
        assert await found_by_sql(company.database, company.id, condition, occasion) == matching, tree
        decided.add(0 < len(matching) < len(rows))
    assert decided == {True, False}


QUERY = "query ($where: OrderFilter) { orders(where: $where, orderBy: [{notes: ASC}]) { nodes { notes } } }"
THREE: list[Row] = [
    {
        "notes": "A",
        "customer": {"name": "Ann"},
        "lines": [
            {"name": "Tea", "unitPrice": "2", "quantity": "3"},
            {"name": "Bag", "unitPrice": "1"},
            {"name": "Tea", "unitPrice": "50"},
        ],
        "custom": {"score": "10"},
    },
    {"notes": "B", "lines": [{"name": "Tea", "unitPrice": "101"}], "custom": {"score": "1"}},
    {"notes": "C", "lines": [{"name": "Bag", "unitPrice": "1"}, {"name": "Bag", "unitPrice": "2", "quantity": "2"}]},
]
FOUND: list[tuple[Row, str]] = [
    ({"lines": {"count": {"gte": 3}}}, "A"),
    ({"lines": {"count": {"in": [1, 2]}}}, "BC"),
    ({"lines": {"sum": {"total": {"gt": "100"}}}}, "B"),
    ({"lines": {"where": {"name": {"eq": "Tea"}}, "count": {"gte": 1}}}, "AB"),
    ({"lines": {"where": {"name": {"eq": "Tea"}}, "sum": {"total": {"lt": "60"}}}}, "AC"),
    ({"lines": {"where": {"name": {"eq": "Tea"}}, "max": {"unitPrice": {"isNull": True}}}}, "C"),
    ({"lines": {"where": {"name": {"eq": "Bag"}}, "every": {"quantity": {"eq": "1"}}}}, "AB"),
    ({"lines": {"avg": {"quantity": {"eq": "1.6666666667"}}}}, "A"),
    ({"lines": {"min": {"unitPrice": {"eq": "1"}}, "count": {"eq": 2}}}, "C"),
    ({"customer": {"orders": {"count": {"eq": 1}, "sum": {"custom": {"score": {"eq": "10"}}}}}}, "A"),
    ({"customer": {"orders": {"where": {"orderedAt": {"during": "THIS_YEAR"}}, "count": {"gt": 5}}}}, ""),
    ({"customer": {"orders": {"max": {"orderedAt": {"inLast": "P1D"}}}}}, "A"),
    ({"orderedAt": {"during": "TODAY"}}, "ABC"),
    ({"orderedAt": {"during": "TOMORROW"}}, ""),
    ({"orderedAt": {"inLast": "PT1H"}}, "ABC"),
    ({"orderedAt": {"olderThan": "PT1H"}}, ""),
    ({"not": {"orderedAt": {"laterThan": "PT0S"}}}, "ABC"),
    ({"owner": {"isMe": {"eq": True}}}, "ABC"),
    ({"owner": {"isMe": {"eq": False}}}, ""),
]


async def notes(company: Company, where: Row, *, as_member: bool = False) -> str:
    person = company.member if as_member else company.owner
    data = await company.data(QUERY, {"where": where}, person=person)
    return "".join(node["notes"] for node in data["orders"]["nodes"])


async def test_figures_and_times_over_graphql(company: Company, client: Client, statements: Statements) -> None:
    """Typed, in one statement each; "me" is whoever asks."""
    await define_fields(company, FIELDS)
    await create_orders(company, THREE)
    for where, expected in FOUND:
        assert await notes(company, where) == expected, where
    assert await notes(company, {"owner": {"isMe": {"eq": True}}}, as_member=True) == ""
    statements.clear()
    assert await notes(company, FOUND[0][0]) == "A"
    assert len([text for text in statements.texts if "order_lines" in text]) <= 1


async def test_the_moment_is_a_parameter(company: Company) -> None:
    """So that the text of a statement, and with it its plan, is the same at any time."""
    config = await config_of(company)
    tree = {
        "or": [{"orderedAt": {"during": "this_week"}}, {"lines": {"where": {"name": {"eq": "x"}}, "count": {"gt": 1}}}]
    }
    condition = parse_condition(ORDER, config, tree)
    parameters = Parameters()
    text = condition.sql("t0", SqlContext(parameters))
    early, late = (parameters.values(Occasion(datetime(2026, month, 4, tzinfo=UTC))) for month in (3, 4))
    assert (early["p0"], early["p1"]) == (datetime(2026, 3, 2, tzinfo=UTC), datetime(2026, 3, 9, tzinfo=UTC))
    assert (late["p0"], late["p1"]) == (datetime(2026, 3, 30, tzinfo=UTC), datetime(2026, 4, 6, tzinfo=UTC))
    assert "2026" not in text
    # All figures of a relation are one subquery.
    assert text.count("SELECT") == 1


async def test_related_records_need_their_right(company: Company, client: Client) -> None:
    """What may not be read cannot be counted or summed either."""
    await define_roles(company, {"desk": ["order.read"]})
    desk = await company.add_person("desk")
    await define_fields(company, FIELDS)
    await create_orders(company, THREE[1:])
    for where in ({"customer": {"orders": {"count": {"gt": 0}}}}, {"owner": {"isMe": {"eq": True}}}):
        answer = await company.graphql(QUERY, {"where": where}, person=desk)
        assert [error["extensions"]["code"] for error in answer["errors"]] == ["NOT_ALLOWED"], where
    assert (await company.graphql(QUERY, {"where": {"lines": {"count": {"gt": 1}}}}, person=desk)) == {
        "data": {"orders": {"nodes": [{"notes": "C"}]}}
    }


AUTOMATION = """
mutation ($key: String!, $condition: OrderFilter) { defineAutomation(input: {
  key: $key, label: {en: $key}, events: [UPDATED], condition: $condition, actions: [{setField: {field: "channel", value: "seen"}}]
}) { __typename } }
"""


async def test_automations_take_the_same_conditions(company: Company, client: Client) -> None:
    """Figures, times and "me" are judged for the member who made the change, at the moment of it."""
    await define_fields(company, FIELDS)
    for key, condition in {
        "many": {"lines": {"count": {"gte": 2}}},
        "new": {"orderedAt": {"inLast": "PT1H"}, "number": {"eq": "none"}},
        "mine": {"owner": {"isMe": {"eq": True}}, "orderedAt": {"during": "TODAY"}},
    }.items():
        await company.data(AUTOMATION, {"key": key, "condition": condition})
    ids = await create_orders(company, THREE[1:])
    change = 'mutation ($id: ID!) { updateOrder(input: {id: $id, notes: "now"}) { __typename } }'
    await company.data(change, {"id": ids[0]}, person=company.member)
    await company.data(change, {"id": ids[1]})
    runs = await company.rows("SELECT automation, record_id FROM automation_runs WHERE tenant_id = %(tenant)s")
    assert sorted((run["automation"], str(run["record_id"])) for run in runs) == sorted(
        [("many", ids[1]), ("mine", ids[1])]
    )
