"""Fields that hold more than one plain value: money, addresses, members, and links to other records with their other side."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import orjson
import pytest

from tenants.conditions import parse_condition
from tenants.exports import export_records
from tenants.occasion import Occasion
from tenants.records import REGISTRY
from tests.conftest import NewCompany
from tests.documents import (
    CREATE_CUSTOMER,
    CREATE_ORDER,
    CREATE_PRODUCT,
    DEFINE_FIELD,
    UPDATE_ORDER,
    an_order,
    bad_values,
    done,
    mutation,
    refused,
    unchanged,
)
from tests.examples import define_fields
from tests.harness import Client, Company, Row, Statements
from tests.importing import counts, load, rejected

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("client")]

FIELDS: dict[str, Row] = {
    "order.fee": {"type": "money", "currency": "USD", "indexed": True},
    "order.site": {"type": "address"},
    "order.checker": {"type": "member"},
    "order.partner": {
        "type": "link",
        "target": "customer",
        "reverse": {"key": "partnered", "label": {"en": "Partnered"}},
    },
    "order.follows": {"type": "link", "target": "order"},
    "order.parts": {"type": "links", "target": "product", "reverse": {"key": "usedBy", "label": {"en": "Used by"}}},
}
CUSTOM = """custom {
  fee { amount currency } site { line1 postalCode country } checker { id name } partner { id name }
  follows { number custom { fee { amount } } } parts { sku }
}"""
CREATE = mutation("createOrder", "Order", f"order {{ id version {CUSTOM} }}")
UPDATE = mutation("updateOrder", "Order", f"order {{ id version {CUSTOM} }}")
LIST = "query($where: OrderFilter, $orderBy: [OrderOrderBy!]) { orders(where: $where, orderBy: $orderBy) { nodes { number } } }"
LINE = {"name": "Work", "unitPrice": "10.00"}


class Book:
    """A company with the fields, two customers, two products, and three orders."""

    def __init__(self, company: Company) -> None:
        self.company = company
        self.ids: dict[str, str] = {}

    async def fill(self) -> "Book":
        await define_fields(self.company, FIELDS)
        for name in ("Ann", "Bob"):
            self.ids[name] = (await done(self.company, CREATE_CUSTOMER, name=name))["id"]
        for sku in ("A-1", "B-2"):
            product = await done(
                self.company, CREATE_PRODUCT, sku=sku, name=f"Part {sku}", price="1.00", currency="EUR"
            )
            self.ids[sku] = product["id"]
        await self.order(
            "first", fee={"amount": "5"}, partner=self.ids["Bob"], parts=[self.ids["B-2"], self.ids["A-1"]]
        )
        await self.order(
            "second", fee={"amount": "2.50", "currency": "EUR"}, partner=self.ids["Ann"], follows=self.ids["first"]
        )
        await self.order(
            "third", checker=str((await self.company.caller()).member_id), site={"country": "de", "line1": "Main St 1"}
        )
        return self

    async def order(self, name: str, **custom: Any) -> Row:
        made = await done(self.company, CREATE, externalId=name, lines=[LINE], custom=custom)
        self.ids[name] = made["id"]
        return made

    async def listed(self, where: Row | None = None, order: list[Row] | None = None) -> list[str]:
        document = LIST.replace("number", "externalId")
        data = await self.company.data(document, {"where": where, "orderBy": order or [{"createdAt": "ASC"}]})
        return [node["externalId"] for node in data["orders"]["nodes"]]


@pytest.fixture
async def book(company: Company) -> Book:
    return await Book(company).fill()


async def test_values_are_read_as_they_were_given(book: Book) -> None:
    """Each shape in the types that built-in fields of its kind have; what was not given is null, of several records an empty list."""
    nothing = dict.fromkeys(("fee", "site", "checker", "partner", "follows")) | {"parts": []}
    read = mutation("updateOrder", "Order", f"order {{ {CUSTOM} }}")
    first, second, third = [
        (await done(book.company, read, id=book.ids[name], notes=name))["custom"]
        for name in ("first", "second", "third")
    ]
    assert first == nothing | {
        "fee": {"amount": "5.00", "currency": "USD"},
        "partner": {"id": book.ids["Bob"], "name": "Bob"},
        "parts": [{"sku": "B-2"}, {"sku": "A-1"}],
    } | {"parts": first["parts"]}
    assert sorted(part["sku"] for part in first["parts"]) == ["A-1", "B-2"]
    assert second["fee"] == {"amount": "2.50", "currency": "EUR"}
    assert second["follows"]["custom"] == {"fee": {"amount": "5.00"}}
    assert third["site"] == {"line1": "Main St 1", "postalCode": None, "country": "DE"}
    assert third["checker"]["id"] == str((await book.company.caller()).member_id)


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ({"fee": {"gte": "2.50"}}, ["first", "second"]),
        ({"fee": {"isNull": True}}, ["third"]),
        ({"site": {"country": {"eq": "DE"}}}, ["third"]),
        ({"site": {"line1": {"contains": "main"}}}, ["third"]),
        ({"checker": {"isMe": {"eq": True}}}, ["third"]),
        ({"partner": {"name": {"eq": "Ann"}}}, ["second"]),
        ({"follows": {"externalId": {"eq": "first"}}}, ["second"]),
        ({"follows": {"custom": {"partner": {"name": {"eq": "Bob"}}}}}, ["second"]),
        ({"parts": {"some": {"sku": {"eq": "A-1"}}}}, ["first"]),
        ({"parts": {"count": {"gte": 2}}}, ["first"]),
        ({"parts": {"none": {}}}, ["second", "third"]),
    ],
)
async def test_filters(book: Book, where: Row, found: list[str]) -> None:
    """By the amount, the parts of an address, and whatever can be asked of the other record."""
    assert await book.listed({"custom": where}) == found


async def test_orderings(book: Book) -> None:
    """By the amount, through its index, and by what the link leads to; absent values last."""
    assert await book.listed(order=[{"custom": {"fee": "ASC"}}]) == ["second", "first", "third"]
    assert await book.listed(order=[{"custom": {"fee": "DESC"}}]) == ["first", "second", "third"]
    assert await book.listed(order=[{"custom": {"partner": {"name": "ASC"}}}]) == ["second", "first", "third"]
    assert await book.listed(order=[{"custom": {"follows": {"custom": {"fee": "DESC"}}}}]) == [
        "second",
        "third",
        "first",
    ]


async def test_the_other_side_shows_who_is_linked(book: Book) -> None:
    """A page of records, which follows each change of the links, filters as any list, and is filtered by."""
    document = """query($id: ID!) { customer(id: $id) { custom { partnered(orderBy: {createdAt: ASC}) { totalCount nodes { externalId } } } } }"""

    async def partnered(name: str) -> tuple[int, list[str]]:
        page = (await book.company.data(document, {"id": book.ids[name]}))["customer"]["custom"]["partnered"]
        return page["totalCount"], [node["externalId"] for node in page["nodes"]]

    assert (await partnered("Ann"), await partnered("Bob")) == ((1, ["second"]), (1, ["first"]))
    await done(book.company, UPDATE, id=book.ids["first"], custom={"partner": book.ids["Ann"]})
    assert (await partnered("Ann"), await partnered("Bob")) == ((2, ["first", "second"]), (0, []))
    await done(book.company, UPDATE, id=book.ids["second"], custom={"partner": None})
    assert await partnered("Ann") == (1, ["first"])
    data = await book.company.data(
        '{ products(where: {custom: {usedBy: {some: {externalId: {eq: "first"}}}}}, orderBy: {sku: ASC}) { nodes { sku } } }'
    )
    assert [node["sku"] for node in data["products"]["nodes"]] == ["A-1", "B-2"]


async def test_a_link_added_later_shows_the_other_side_at_once(book: Book) -> None:
    """Values kept by an archived link come back with it, on both sides."""
    partner = {"target": "customer", "type": "link", "label": {"en": "Partner"}, "object": "order", "key": "partner"}
    remove = mutation("removeDefinition", "Configuration", "version")
    await done(book.company, remove, kind="field", key="order.partner")
    assert await book.company.rows("SELECT * FROM order_links WHERE field = 'partner'") == []
    reverse = {"key": "theirs", "label": {"en": "Theirs"}}
    await done(book.company, DEFINE_FIELD, **partner, reverse=reverse)
    data = await book.company.data(
        "{ customers(orderBy: {name: ASC}) { nodes { custom { theirs { nodes { externalId } } } } } }"
    )
    shown = [
        [node["externalId"] for node in customer["custom"]["theirs"]["nodes"]]
        for customer in data["customers"]["nodes"]
    ]
    assert shown == [["second"], ["first"]]


async def test_records_of_others_are_none(book: Book, new_company: NewCompany) -> None:
    """An id of another company is answered as one that never existed, in every kind of link, and nothing is written."""
    other = await new_company()
    foreign = (await done(other, CREATE_CUSTOMER, name="Eve"))["id"]
    foreign_order = (await an_order(other))["id"]
    member = str((await other.caller()).member_id)
    custom = {
        "partner": foreign,
        "follows": foreign_order,
        "checker": member,
        "parts": [book.ids["A-1"], str(uuid4()), foreign],
    }
    expected = {
        f"custom.{path}": "VALUE_UNKNOWN_RECORD" for path in ("partner", "follows", "checker", "parts.1", "parts.2")
    }
    async with unchanged(book.company):
        problem = await refused(book.company, UPDATE_ORDER, id=book.ids["first"], custom=custom)
        assert bad_values(problem) == expected
        assert bad_values(await refused(book.company, CREATE_ORDER, lines=[LINE], custom=custom)) == expected


async def test_all_that_is_wrong_is_told_at_once(book: Book) -> None:
    """Each value by its path, together with what is wrong with the rest of the input."""
    custom = {
        "fee": {"amount": "1.234"},
        "site": {"country": "XX"},
        "checker": "nobody",
        "parts": [str(uuid4())],
    }
    async with unchanged(book.company):
        problem = await refused(book.company, UPDATE_ORDER, id=book.ids["first"], custom=custom, currency="XYZ")
    assert bad_values(problem) == {
        "currency": "VALUE_NOT_CURRENCY",
        "custom.fee": "VALUE_MONEY_PLACES",
        "custom.site": "VALUE_NOT_COUNTRY",
        "custom.checker": "VALUE_UNKNOWN_RECORD",
        "custom.parts.0": "VALUE_UNKNOWN_RECORD",
    }


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({"key": "a", "type": "link"}, {"field.order.a.target": "FIELD_NO_TARGET"}),
        ({"key": "a", "type": "text", "target": "order"}, {"field.order.a.target": "FIELD_NO_SETTING"}),
        ({"key": "a", "type": "text", "currency": "EUR"}, {"field.order.a.currency": "FIELD_NO_SETTING"}),
        ({"key": "a", "type": "money", "currency": "XYZ"}, {"field.order.a.currency": "VALUE_NOT_CURRENCY"}),
        ({"key": "a", "type": "address", "indexed": True}, {"field.order.a.indexed": "FIELD_NOT_INDEXABLE"}),
        (
            {"key": "a", "type": "link", "target": "order", "unique": True},
            {"field.order.a.unique": "FIELD_NOT_UNIQUE"},
        ),
        (
            {"key": "follows", "type": "link", "target": "customer"},
            {"field.order.follows.target": "FIELD_TARGET_CHANGED"},
        ),
        (
            {"key": "z", "type": "link", "target": "customer", "reverse": {"key": "partnered", "label": {"en": "x"}}},
            {"field.order.z.reverse.key": "FIELD_REVERSE_TAKEN"},
        ),
        (
            {"key": "a", "type": "link", "target": "order", "reverse": {"key": "fee", "label": {"en": "x"}}},
            {"field.order.a.reverse.key": "FIELD_REVERSE_TAKEN"},
        ),
    ],
)
async def test_settings_that_make_no_sense(book: Book, body: Row, errors: dict[str, str]) -> None:
    async with unchanged(book.company):
        problem = await refused(book.company, DEFINE_FIELD, object="order", label={"en": "A"}, **body)
        assert bad_values(problem) == errors


@pytest.mark.parametrize(
    ("tree", "found"),
    [
        ({"fee": {"gte": "2.50"}}, {"first", "second"}),
        ({"fee": {"in": ["5", "7"]}}, {"first"}),
        ({"fee": {"isNull": True}}, {"third"}),
        ({"site": {"country": {"eq": "DE"}}}, {"third"}),
        ({"site": {"city": {"isNull": True}}}, {"first", "second", "third"}),
    ],
)
async def test_both_readings_agree(book: Book, tree: Row, found: set[str]) -> None:
    """What automations and rules judge by the row alone is what a list finds."""
    condition = parse_condition(REGISTRY["order"], (await book.company.caller()).config, {"custom": tree})
    rows = await book.company.rows("SELECT * FROM orders WHERE tenant_id = %(tenant)s")
    assert condition.is_local
    assert {row["external_id"] for row in rows if condition.matches(row, Occasion(datetime.now(UTC)))} == found
    assert set(await book.listed({"custom": tree})) == found


MAPPING = """
orderloom-import: 1
files:
- file: p.csv
  record: product
  external_id: id
  fields: {sku: id, name: id, custom: {maker: maker}}
- file: o.csv
  record: order
  external_id: id
  fields:
    custom:
      fee: fee
      site: {line1: street, country: land}
      checker: mail
      partner: partner
      parts: parts
  lines:
  - {name: id, unitPrice: price}
"""


@pytest.mark.parametrize("dry_run", [True, False])
async def test_tables_fill_them(company: Company, dry_run: bool) -> None:
    """Links by what the other record is known by in the file, also one that an earlier file brings; addresses part by part."""
    before = {"product.maker": {"type": "link", "target": "customer"}}
    await define_fields(company, {**FIELDS, **before})
    await done(company, CREATE_CUSTOMER, name="Ann", externalId="c1")
    mail = company.owner.email
    tables = {
        "p": "id,maker\np1,c1\np2,\n",
        "o": "id,price,fee,street,land,mail,partner,parts\n"
        f"o1,1,12.50 JPY,,,,c1,\no2,1,12.5,Main St 1,de,{mail.upper()},c1,p2; p1\no3,1,,,,,c1,\no4,1,,,,,,p1;p9\n",
    }
    summary = await load(company, MAPPING, tables, dry_run=dry_run)
    assert counts(summary)["order"] == (4, 2, 0, 0, 2, 0)
    assert rejected(summary) == [
        ("o.csv", 2, "fee: 12.50 has more decimal places than JPY has (0)."),
        ("o.csv", 5, "parts: There is no product known as p9."),
    ]
    found = await company.rows("SELECT external_id, custom FROM orders WHERE tenant_id = %(tenant)s ORDER BY 1")
    ids = {row["external_id"]: str(row["id"]) for row in await company.rows("SELECT external_id, id FROM products")}
    (ann,) = await company.rows("SELECT id FROM customers WHERE tenant_id = %(tenant)s")
    if dry_run:
        assert (found, ids) == ([], {})
        return
    o2 = {
        "fee": {"amount": "12.50", "currency": "USD"},
        "site": {"line1": "Main St 1", "country": "DE"},
        "checker": str(company.owner.id),
        "partner": str(ann["id"]),
        "parts": [ids["p2"], ids["p1"]],
    }
    assert {row["external_id"]: row["custom"] for row in found} == {
        "o2": o2,
        "o3": {"partner": str(ann["id"]), "parts": []},
    }


async def test_exports_name_what_is_linked(book: Book) -> None:
    """By id, and by what the other record is known by; the other side is not repeated."""
    caller = await book.company.caller()
    orders = [orjson.loads(line) async for line in export_records(book.company.database, caller, "order")]
    first, second, third = [order["custom"] for order in orders]
    assert first["fee"] == {"amount": "5.00", "currency": "USD"}
    assert first["partner"] == {"id": book.ids["Bob"], "externalId": None, "name": "Bob"}
    assert sorted(part["sku"] for part in first["parts"]) == ["A-1", "B-2"]
    assert second["follows"]["id"] == book.ids["first"]
    assert third["site"]["country"] == "DE"
    customers = [orjson.loads(line) async for line in export_records(book.company.database, caller, "customer")]
    assert [customer["custom"] for customer in customers] == [{}, {}]


@pytest.mark.parametrize(
    ("plain", "related", "dearer"),
    [
        ("orders(orderBy: {custom: {fee: ASC}})", "orders(orderBy: {custom: {partner: {name: ASC}}})", True),
        ("orders(orderBy: {customer: {name: ASC}})", "orders(orderBy: {custom: {partner: {name: ASC}}})", False),
        (
            'orders(where: {customer: {name: {eq: "x"}}})',
            'orders(where: {custom: {partner: {name: {eq: "x"}}}})',
            False,
        ),
    ],
)
async def test_links_cost_what_relations_cost(
    book: Book, client: Client, plain: str, related: str, dearer: bool
) -> None:
    """An order or a filter by a link is priced as one by a built-in relation, not as one by a field."""
    costs = []
    for field in (plain, related):
        document = f"{{ {field} {{ nodes {{ id }} }} }}"
        answer = (await client.post(document, {}, token=book.company.owner.token)).json()
        costs.append(answer["extensions"]["cost"]["requested"])
    assert (costs[1] > costs[0]) is dearer
    assert dearer or costs[0] == costs[1]


async def test_links_are_read_with_their_record(book: Book, statements: Statements) -> None:
    """However deep, one statement for the list; a change looks up what its links lead to, and nothing where it gives none."""
    await book.company.data(f"{{ orders {{ nodes {{ {CUSTOM} }} }} }}")
    before = len(statements.work)
    await book.company.data(f"{{ orders {{ nodes {{ {CUSTOM} id }} }} }}")
    assert len(statements.work) - before == 1
    looked_up = "SELECT id FROM customers WHERE tenant_id"
    statements.clear()
    await done(book.company, UPDATE, id=book.ids["first"], custom={"fee": {"amount": "7.00"}})
    assert not any(looked_up in text for text in statements.work)
    await done(book.company, UPDATE, id=book.ids["first"], custom={"partner": book.ids["Ann"]})
    assert sum(looked_up in text for text in statements.work) == 1


async def test_groups_by_a_link(book: Book) -> None:
    """Under the names of the records that are linked."""
    data = await book.company.data('{ orderGroups(groupBy: "custom.partner") { key label count } }')
    groups = {group["label"]: (group["key"], group["count"]) for group in data["orderGroups"]}
    assert groups == {"Ann": (book.ids["Ann"], 1), "Bob": (book.ids["Bob"], 1), None: (None, 1)}
