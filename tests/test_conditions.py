"""The two readings of a condition agree: what SQL finds is what ``matches`` says of each record.

A property test over random conditions and records holds them together; beside it, what the parser refuses, part by part.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from psycopg.rows import DictRow

from tenants.callers import Callers
from tenants.conditions import DEEPEST, MOST_PARTS, Condition, SqlContext, parse_condition
from tenants.config.snapshot import TenantConfig
from tenants.database import ENTER, Database
from tenants.field_types import FieldType
from tenants.field_types.operators import FLAG, LIST, PERIOD
from tenants.occasion import Occasion
from tenants.periods import PERIODS
from tenants.problems import InvalidInput
from tenants.reading.plan import Parameters
from tenants.records import REGISTRY, Column, CustomColumn, Lookup, Money
from tests.examples import FIELDS, create_orders, define_fields
from tests.harness import Company, Row

pytestmark = pytest.mark.anyio

ORDER = REGISTRY["order"]
# Near the times below, so that periods and spans around it hold some of them.
OCCASION = Occasion(datetime(2026, 1, 31, 16, tzinfo=UTC))
# Few and alike, so that random conditions hit as often as they miss; letters whose cases are not simple are among them.
TEXTS = ("", "a", "A", "b", "ab", "Ab%", "a_b", "\\", "é", "É", "ß", "ẞ", "İ", "ı", "Σ", "ς", "张三", "~", "a b", "Z")
VALUES: Mapping[str, tuple[Any, ...]] = {
    "text": TEXTS,
    "integer": (-1, 0, 1, 2, 2**31 - 1),
    "decimal": ("-1.5", "0", "0.0", "10", "10.00", "11", "99999999999.0000000001"),
    "boolean": (True, False),
    "date": ("2026-01-01", "2026-01-31", "2026-02-28"),
    "date_time": (
        "2026-01-01T00:00:00Z",
        "2026-01-01T08:00:00+08:00",
        "2026-01-01T00:00:00.000001Z",
        "2026-01-31T16:00:00Z",
        "2026-02-01T08:00:00Z",
        "2027-01-01T00:00:00Z",
    ),
    "tags": (["a"], ["a", "b"], ["b"], ["é"], []),
    "multi_select": (["x"], ["y", "x"], []),
}
SPANS = ("P0D", "P1D", "P30D", "P1M", "P4W", "P1Y2M3W4D")
CLOCK_SPANS = ("PT0S", "PT16H", "P30DT4H")
CHOICES: Mapping[str, tuple[str, ...]] = {
    "status": ("draft", "confirmed", "void"),
    "priority": ("LOW", "HIGH", "normal"),
    "voidReason": ("other", "out_of_stock"),
    "one": ("red", "blue"),
}


def absent_or(*values: Any) -> st.SearchStrategy[Any]:
    return st.one_of(st.none(), st.sampled_from(values))


def _without_none(values: Mapping[str, Any]) -> Row:
    return {name: value for name, value in values.items() if value is not None}


RECORDS = st.builds(
    _without_none,
    st.fixed_dictionaries(
        {
            "channel": absent_or(*TEXTS),
            "notes": absent_or(*TEXTS),
            "priority": absent_or("LOW", "HIGH", "NORMAL"),
            "tags": absent_or(*VALUES["tags"]),
            "promisedAt": absent_or(*VALUES["date_time"]),
            "custom": st.builds(
                _without_none,
                st.fixed_dictionaries(
                    {
                        key.partition(".")[2]: absent_or(
                            *(CHOICES["one"] if body["type"] == "select" else VALUES[body["type"]])
                        )
                        for key, body in FIELDS.items()
                    }
                ),
            ),
        }
    ),
)


def operator_trees(name: str, kind: FieldType) -> st.SearchStrategy[Row]:
    """Filters over one column: one or two operators with arguments that may or may not be found."""
    values = CHOICES.get(name) or VALUES[kind.key]
    found: dict[str, st.SearchStrategy[Any]] = {}
    for operator in kind.operators:
        if operator.argument == FLAG:
            found[operator.name] = st.booleans()
        elif operator.argument == LIST and not kind.many:
            found[operator.name] = st.lists(st.sampled_from(values), max_size=3)
        else:
            found[operator.name] = st.sampled_from(values)
    for relative in kind.relative:
        spans = SPANS if kind.key == "date" else (*SPANS, *CLOCK_SPANS)
        found[relative.name] = st.sampled_from(PERIODS if relative.argument == PERIOD else spans)
    return st.sampled_from(sorted(found)).flatmap(lambda first: st.fixed_dictionaries({first: found[first]}))


def leaves(config: TenantConfig) -> st.SearchStrategy[Row]:
    """Filters over any one column of an order whose value its row holds."""
    choices: list[st.SearchStrategy[Row]] = []
    for attribute in ORDER.attributes:
        column = attribute
        if isinstance(attribute, Money):
            column = attribute.amount
        elif isinstance(attribute, Lookup) and attribute.key is not None:
            column = attribute.key
        is_judged = isinstance(column, Column) and column.is_local and column.filterable and column.type.key != "id"
        # Nothing can be asked of what the company has none of, such as types of order.
        if isinstance(column, Column) and is_judged and (column.options is None or column.options(config)):
            tree = operator_trees(attribute.name, column.type)
            choices.append(st.fixed_dictionaries({attribute.name: tree}))
    for key, own in config.own["order"].items():
        assert isinstance(own, CustomColumn)
        choices.append(st.fixed_dictionaries({"custom": st.fixed_dictionaries({key: operator_trees(key, own.type)})}))
    return st.one_of(choices)


def trees(config: TenantConfig) -> st.SearchStrategy[Row]:
    return st.recursive(
        leaves(config),
        lambda inner: st.one_of(
            st.fixed_dictionaries({"and": st.lists(inner, max_size=3)}),
            st.fixed_dictionaries({"or": st.lists(inner, max_size=3)}),
            st.fixed_dictionaries({"not": inner}),
            st.tuples(inner, inner).map(lambda pair: {**pair[0], "not": pair[1]}),
        ),
        max_leaves=6,
    )


async def found_by_sql(
    database: Database, tenant: UUID, condition: Condition, occasion: Occasion = OCCASION
) -> set[UUID]:
    parameters = Parameters()
    predicate = condition.sql("t0", SqlContext(parameters))
    scope = {"tenant": tenant, **parameters.values(occasion)}
    async with database.connection() as connection, connection.pipeline():
        await connection.execute(ENTER, {"tenant": tenant})
        cursor = await connection.execute(
            f"SELECT t0.id FROM orders t0 WHERE t0.tenant_id = %(tenant)s AND ({predicate})", scope
        )
        return {row["id"] for row in await cursor.fetchall()}


def samples(strategy: st.SearchStrategy[Any], count: int) -> list[Any]:
    """``count`` values of a strategy, the same in every run."""
    drawn: list[Any] = []

    @settings(
        max_examples=count,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def collect(value: Any) -> None:
        drawn.append(value)

    collect()
    return drawn


@pytest.mark.parametrize("indexed", [False, True])
async def test_the_two_readings_agree(company: Company, indexed: bool) -> None:
    """200 random conditions over 40 random orders: built-in and own fields of all types, absent values, and, or, not.

    Own fields are read from the records, and from their index tables.
    """
    await define_fields(company, {key: {**body, "indexed": indexed} for key, body in FIELDS.items()})
    await create_orders(company, samples(RECORDS, 40))
    rows: list[DictRow] = await company.rows("SELECT * FROM orders WHERE tenant_id = %(tenant)s")
    assert len(rows) == 40
    config = (await company.caller()).config
    assert {bool(column.index) for column in config.own["order"].values() if isinstance(column, CustomColumn)} == {
        indexed
    }
    decided = set()
    for tree in samples(trees(config), 200):
        condition = parse_condition(ORDER, config, tree)
        assert condition.is_local
        matching = {row["id"] for row in rows if condition.matches(row, OCCASION)}
        assert await found_by_sql(company.database, company.id, condition) == matching, tree
        decided.add(0 < len(matching) < len(rows))
    assert decided == {True, False}


async def test_every_pair_of_texts_compares_alike(company: Company) -> None:
    """Case, order and wildcards of every text against every other, in both readings."""
    await define_fields(company, {"order.a_text": {"type": "text"}})
    await create_orders(company, [{"notes": text, "custom": {"a_text": text}} for text in TEXTS])
    rows = await company.rows("SELECT * FROM orders WHERE tenant_id = %(tenant)s")
    config = (await company.caller()).config
    for text in TEXTS:
        for operator in ("eq", "ne", "gt", "gte", "lt", "lte", "contains", "startsWith", "endsWith"):
            for tree in ({"notes": {operator: text}}, {"custom": {"a_text": {operator: text}}}):
                condition = parse_condition(ORDER, config, tree)
                matching = {row["id"] for row in rows if condition.matches(row, OCCASION)}
                assert await found_by_sql(company.database, company.id, condition) == matching, tree


async def test_the_parts_of_an_address_are_read_from_the_row(company: Company) -> None:
    addresses = [None, {"city": "Suzhou"}, {"city": "Wuxi", "line1": "Lake Road 1"}, {"line1": "Suzhou"}]
    await create_orders(company, [{"shippingAddress": address} for address in addresses])
    rows = await company.rows("SELECT * FROM orders WHERE tenant_id = %(tenant)s ORDER BY id")
    config = (await company.caller()).config
    for test, expected in (({"eq": "Suzhou"}, 1), ({"ne": "Suzhou"}, 3), ({"isNull": True}, 1), ({"contains": "U"}, 2)):
        condition = parse_condition(ORDER, config, {"shippingAddress": {"city": test}})
        matching = {row["id"] for row in rows if condition.matches(row, OCCASION)}
        assert await found_by_sql(company.database, company.id, condition) == matching
        assert (condition.is_local, len(matching)) == (True, expected), test


@pytest.mark.parametrize(
    "tree",
    [
        {"customer": {"name": {"eq": "Ann"}}},
        {"not": {"or": [{"lines": {"some": {}}}]}},
        {"lines": {"count": {"gt": 1}}},
        {"owner": {"isMe": {"eq": True}}},
    ],
)
async def test_what_the_row_alone_cannot_decide_says_so(company: Company, tree: Row) -> None:
    """Related records are for the SQL reading; whoever has but the row asks ``is_local`` before they match."""
    assert parse_condition(ORDER, (await company.caller()).config, tree).is_local is False


@pytest.mark.parametrize(
    ("tree", "errors"),
    [
        ({"colour": {"eq": "x"}}, {("colour",): "value.unknown_field"}),
        ({"number": {"like": "x"}}, {("number", "like"): "value.unknown_field"}),
        ({"number": "x"}, {("number",): "value.no_null"}),
        ({"number": {"eq": 7}}, {("number", "eq"): "value.not_text"}),
        ({"number": {"eq": None}}, {("number", "eq"): "value.no_null"}),
        ({"number": {"in": "x" * 10_001}}, {("number", "in"): "value.too_long"}),
        ({"number": {"in": ["x", None]}}, {("number", "in"): "value.no_null"}),
        ({"externalId": {"isNull": "yes"}}, {("externalId", "isNull"): "value.no_null"}),
        ({"tags": {"isEmpty": 1}}, {("tags", "isEmpty"): "value.no_null"}),
        ({"tags": {"containsAny": 7}}, {("tags", "containsAny"): "value.not_list"}),
        ({"priority": {"eq": "HUGE"}}, {("priority", "eq"): "value.not_option"}),
        ({"status": {"in": ["draft", "nowhere"]}}, {("status", "in"): "value.not_option"}),
        ({"total": {"gt": "x"}}, {("total", "gt"): "value.not_decimal"}),
        ({"total": {"amount": {"gt": "1"}}}, {("total", "amount"): "value.unknown_field"}),
        ({"nextSteps": {"eq": "x"}}, {("nextSteps",): "value.unknown_field"}),
        ({"shippingAddress": {"planet": {"eq": "x"}}}, {("shippingAddress", "planet"): "value.unknown_field"}),
        ({"shippingAddress": []}, {("shippingAddress",): "value.no_null"}),
        ({"custom": {"nothing": {"eq": 1}}}, {("custom", "nothing"): "value.unknown_field"}),
        ({"custom": {"one": {"eq": "pink"}}}, {("custom", "one", "eq"): "value.not_option"}),
        (
            {"custom": {"a_day": {"eq": "x"}, "a_whole": {"gt": "y"}}},
            {("custom", "a_day", "eq"): "value.not_date", ("custom", "a_whole", "gt"): "value.not_integer"},
        ),
        ({"customer": {"planet": {"eq": 1}}}, {("customer", "planet"): "value.unknown_field"}),
        ({"lines": {"name": {"eq": "x"}}}, {("lines", "name"): "value.unknown_field"}),
        (
            {"lines": {"some": {"name": {"eq": 1}}, "most": {}}},
            {("lines", "some", "name", "eq"): "value.not_text", ("lines", "most"): "value.unknown_field"},
        ),
        (
            {"history": {"some": {"changes": {"field": {"eq": "x"}}}}},
            {("history", "some", "changes"): "value.unknown_field"},
        ),
        ({"promisedAt": {"during": "this_hour"}}, {("promisedAt", "during"): "value.not_option"}),
        ({"promisedAt": {"during": 7}}, {("promisedAt", "during"): "value.not_option"}),
        ({"promisedAt": {"inLast": None}}, {("promisedAt", "inLast"): "value.not_duration"}),
        ({"promisedAt": {"inLast": "P"}}, {("promisedAt", "inLast"): "value.not_duration"}),
        ({"promisedAt": {"inLast": "P1DT"}}, {("promisedAt", "inLast"): "value.not_duration"}),
        ({"promisedAt": {"inNext": "-P1D"}}, {("promisedAt", "inNext"): "value.not_duration"}),
        ({"promisedAt": {"olderThan": "P101Y"}}, {("promisedAt", "olderThan"): "value.not_duration"}),
        ({"promisedAt": {"laterThan": "7 days"}}, {("promisedAt", "laterThan"): "value.not_duration"}),
        ({"custom": {"a_day": {"inLast": "PT2H"}}}, {("custom", "a_day", "inLast"): "value.duration_of_days"}),
        ({"total": {"during": "today"}}, {("total", "during"): "value.unknown_field"}),
        ({"lines": {"where": {"name": {"eq": "x"}}}}, {("lines",): "value.where_alone"}),
        ({"lines": {"where": None, "count": {"gt": 1}}}, {("lines", "where"): "value.no_null"}),
        ({"lines": {"count": 3}}, {("lines", "count"): "value.no_null"}),
        ({"lines": {"count": {"gt": "x"}}}, {("lines", "count", "gt"): "value.not_integer"}),
        ({"lines": {"sum": {"name": {"gt": "1"}}}}, {("lines", "sum", "name"): "value.unknown_field"}),
        ({"lines": {"sum": {"custom": {"x": {}}}}}, {("lines", "sum", "custom"): "value.unknown_field"}),
        ({"lines": {"avg": {"total": {"gt": "x"}}}}, {("lines", "avg", "total", "gt"): "value.not_decimal"}),
        ({"lines": {"max": None}}, {("lines", "max"): "value.no_null"}),
        (
            {"customer": {"orders": {"sum": {"custom": {"a_day": {"gt": "1"}}}, "min": {"custom": 7}}}},
            {
                ("customer", "orders", "sum", "custom", "a_day"): "value.unknown_field",
                ("customer", "orders", "min", "custom"): "value.no_null",
            },
        ),
        ({"and": {}}, {("and",): "value.not_list"}),
        ({"or": "x"}, {("or",): "value.not_list"}),
        ({"or": [7]}, {("or", 0): "value.no_null"}),
        ({"not": None}, {("not",): "value.no_null"}),
        (
            {"not": {"number": {"eq": 7}}, "or": [{}, {"colour": {}}]},
            {("not", "number", "eq"): "value.not_text", ("or", 1, "colour"): "value.unknown_field"},
        ),
    ],
)
async def test_every_bad_part_is_named(company: Company, tree: Row, errors: dict[tuple[str | int, ...], str]) -> None:
    """By its place in the condition, all of them at once."""
    config = await own_fields(company.callers, company)
    with pytest.raises(InvalidInput) as caught:
        parse_condition(ORDER, config, tree)
    assert {error.path: error.code for error in caught.value.errors} == errors


async def own_fields(callers: Callers, company: Company) -> TenantConfig:
    await define_fields(company, FIELDS)
    return (await company.caller()).config


async def test_conditions_have_bounds(company: Company) -> None:
    """Depth and size are bounded, and what is within the bounds parses."""
    config = (await company.caller()).config
    deep: Row = {}
    for _ in range(2 * DEEPEST):
        deep = {"not": deep}
    parse_condition(ORDER, config, deep)
    with pytest.raises(InvalidInput) as caught:
        parse_condition(ORDER, config, {"not": deep})
    assert [error.code for error in caught.value.errors] == ["value.too_deep"]
    wide = {"or": [{"number": {"eq": str(place)}} for place in range(MOST_PARTS - 1)]}
    parse_condition(ORDER, config, wide)
    with pytest.raises(InvalidInput) as caught:
        parse_condition(ORDER, config, {"and": [wide, {"number": {"eq": "x"}}]})
    assert {error.code for error in caught.value.errors} == {"value.too_large"}
