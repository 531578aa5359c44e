"""Conditions over own fields of every type there is: what SQL finds is what ``matches`` says of each record."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import strategies as st

from tenants.conditions import parse_condition
from tenants.config.snapshot import TenantConfig
from tenants.field_types import REGISTRY as FIELD_TYPES
from tenants.field_types import FieldType
from tenants.field_types.operators import FLAG, LIST, PERIOD
from tenants.periods import PERIODS
from tenants.records import REGISTRY, Attribute, CustomColumn, Money, Relation, Structure
from tests.examples import create_orders, define_fields
from tests.harness import Client, Company, Row
from tests.test_conditions import OCCASION, found_by_sql, samples
from tests.test_files import uploaded

pytestmark = pytest.mark.anyio

ORDERS = 30
SETTINGS: Mapping[str, Row] = {
    "select": {"options": ["red", "blue"]},
    "multi_select": {"options": ["x", "y"]},
    "link": {"target": "customer"},
    "links": {"target": "product"},
    "auto_number": {"numbering": "K{seq}"},
    "formula": {"expression": "custom.a_decimal * 2 - custom.an_integer"},
    "rollup": {"rollup": {"over": "custom.a_links", "function": "sum", "field": "price"}},
}
VALUES: Mapping[str, Sequence[Any]] = {
    "text": ("a", "B", "ab"),
    "long_text": ("a b", "A\nb"),
    "email": ("a@example.com", "b@example.com"),
    "url": ("https://a.example", "https://b.example/a"),
    "phone": ("+4930123456", "+861012345678"),
    "integer": (-1, 0, 7),
    "decimal": ("-1.5", "0", "10.25"),
    "percent": ("0", "12.5", "100"),
    "money": ({"amount": "1.5", "currency": "EUR"}, {"amount": "2", "currency": "USD"}),
    "boolean": (True, False),
    "date": ("2026-01-01", "2026-01-31"),
    "date_time": ("2026-01-01T00:00:00Z", "2026-01-31T16:00:00Z"),
    "time": ("08:00", "14:30:00"),
    "duration": ("PT1H", "P1D", "PT0S"),
    "select": ("red", "blue"),
    "multi_select": (["x"], ["y", "x"]),
    "tags": (["a"], ["a", "b"]),
    "address": ({"city": "Suzhou"}, {"city": "Wuxi", "line1": "a"}),
    "json": ({"a": 1}, [1]),
}
# What is compared with, where it is not what records hold.
ARGUMENTS: Mapping[str, Sequence[Any]] = {
    "money": ("1.5", "2"),
    "auto_number": ("K1", "K10", "K2"),
    "formula": ("-3", "20.5"),
    "rollup": ("0", "5", "12"),
    "json": ("",),
}
TEXT = st.sampled_from([{"contains": "a"}, {"startsWith": "W"}, {"eq": "Suzhou"}, {"isNull": True}, {"ne": "a"}])


def key_of(kind: str) -> str:
    return f"an_{kind}" if kind[0] in "aeiou" else f"a_{kind}"


KINDS = [kind for kind, found in FIELD_TYPES.items() if found.configurable]


def compared(kind: FieldType, arguments: Sequence[Any]) -> st.SearchStrategy[Row]:
    """One operator of a type, or a relative one, with an argument."""
    found: dict[str, st.SearchStrategy[Any]] = {}
    for operator in kind.operators:
        if operator.argument == FLAG:
            found[operator.name] = st.booleans()
        elif operator.argument == LIST and not kind.many:
            found[operator.name] = st.lists(st.sampled_from(arguments), max_size=2)
        else:
            found[operator.name] = st.sampled_from(arguments)
    for relative in kind.relative:
        found[relative.name] = st.sampled_from(PERIODS if relative.argument == PERIOD else ("P1D", "P1M"))
    return st.sampled_from(sorted(found)).flatmap(lambda name: st.fixed_dictionaries({name: found[name]}))


def over(attribute: Attribute, kind: str) -> st.SearchStrategy[Row]:
    """Conditions over one field."""
    arguments = ARGUMENTS.get(kind) or VALUES.get(kind, ())
    named = TEXT.map(lambda test: {"name": test})
    match attribute:
        case CustomColumn():
            return compared(attribute.type, arguments)
        case Money():
            return compared(attribute.amount.type, arguments)
        case Structure():
            return st.sampled_from(["city", "line1"]).flatmap(lambda part: st.fixed_dictionaries({part: TEXT}))
        case Relation(many=True):
            counted = st.sampled_from([{"gte": 1}, {"eq": 0}, {"ne": 2}]).map(lambda test: {"count": test})
            return st.one_of(*(st.fixed_dictionaries({way: named}) for way in ("some", "none", "every")), counted)
    return named


def trees(config: TenantConfig, kind: str) -> st.SearchStrategy[Row]:
    """Conditions over the field of one type, alone, turned round, or beside one over any other."""
    key = key_of(kind)
    one = over(config.own["order"][key], kind).map(lambda test: {"custom": {key: test}})
    return st.one_of(one, one.map(lambda tree: {"not": tree}), st.tuples(one, one).map(lambda pair: {"or": list(pair)}))


async def a_book(company: Company) -> list[Row]:
    """Orders that hold values of all types, about a third of each absent, as rows with the rows that they lead to."""
    fields = {f"order.{key_of(kind)}": {"type": kind, **SETTINGS.get(kind, {})} for kind in KINDS}
    await define_fields(company, fields)
    made = await company.data(
        'mutation { a: createCustomer(input: {name: "Wang"}) { ...id } b: createCustomer(input: {name: "Bo"}) { ...id }'
        ' c: createProduct(input: {name: "Tea", sku: "t", price: "5"}) { ...other }'
        ' d: createProduct(input: {name: "Wax", sku: "w", price: "7"}) { ...other } }'
        " fragment id on CustomerPayload { customer { id } } fragment other on ProductPayload { product { id } }"
    )
    ids = {name: next(iter(payload.values()))["id"] for name, payload in made.items()}
    links: Mapping[str, Sequence[Any]] = {
        "member": (str(company.owner.id), str(company.member.id)),
        "link": (ids["a"], ids["b"]),
        "links": ([ids["c"]], [ids["c"], ids["d"]]),
    }
    inputs = []
    for place in range(ORDERS):
        custom: Row = {}
        for number, (kind, values) in enumerate({**VALUES, **links}.items()):
            if (place + number) % 3:
                custom[key_of(kind)] = values[(place + place // 3) % len(values)]
        if place % 10 == 1:
            custom["an_attachment"] = [str(await uploaded(company, name=f"{'ab'[place % 2]}{place}.png"))]
        inputs.append({"custom": custom})
    await create_orders(company, inputs)
    rows = await company.rows("SELECT * FROM orders WHERE tenant_id = %(tenant)s ORDER BY id")
    for relation, table in (
        ("a_member", "members"),
        ("a_link", "customers"),
        ("a_links", "products"),
        ("an_attachment", "stored_files"),
    ):
        others = {
            str(row["id"]): row for row in await company.rows(f"SELECT * FROM {table} WHERE tenant_id = %(tenant)s")
        }
        for row in rows:
            held = row["custom"].get(relation)
            # Conditions name a relation by its key, expressions by the way to it.
            row[relation] = row[f"custom.{relation}"] = (
                [others[entry] for entry in held] if isinstance(held, list) else held and others[held]
            )
    return rows


async def test_every_type_takes_part(company: Company, client: Client) -> None:
    """20 random conditions over the field of each of the 26 types; each type's find some and miss some."""
    rows = await a_book(company)
    config = (await company.caller()).config
    assert len(KINDS) == 26
    for kind in KINDS:
        decided = set()
        for tree in samples(trees(config, kind), 20):
            condition = parse_condition(REGISTRY["order"], config, tree)
            matching = {row["id"] for row in rows if condition.matches(row, OCCASION)}
            assert await found_by_sql(company.database, company.id, condition) == matching, tree
            decided.add(0 < len(matching) < len(rows))
        assert True in decided, kind
