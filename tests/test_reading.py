"""Reading: any selection is one SQL statement, whatever its depth, and its answer is what the selection says.

Shown on orders with customers, lines, products and history: aliases, fragments, directives, merged fields and
``__typename``, and the number of statements for one row and for fifty (RELIABILITY S3).
"""

import pytest

from tests.documents import CREATE_CUSTOMER, CREATE_PRODUCT, an_order, done
from tests.examples import FIELDS, create_orders, define_fields
from tests.harness import Client, Company, Row, Statements

pytestmark = pytest.mark.anyio

DEEP = """
query Deep($orders: Int, $lines: Int) {
  __typename
  orders(first: $orders, orderBy: [{number: ASC}]) {
    __typename
    totalCount
    pageInfo { __typename hasNextPage hasPreviousPage startCursor endCursor }
    edges {
      __typename
      cursor
      node {
        __typename id number
        status { __typename key label }
        nextSteps { __typename key }
        voiding { __typename allowed }
        total { __typename amount currency }
        shippingAddress { __typename city }
        owner { __typename name }
        customer {
          __typename name
          phones { __typename value }
          addresses { __typename city }
          orderSummary { __typename count totals { __typename total { __typename amount } } }
          orders(first: 2) { __typename nodes { __typename number lines { nodes { name } } } }
          history { nodes { kind } }
        }
        lines(first: $lines) {
          __typename
          totalCount
          edges {
            __typename
            node {
              __typename name
              order { number }
              product {
                __typename sku
                orderLines(first: 3) { __typename nodes { __typename order { __typename number } } }
              }
            }
          }
        }
        history {
          __typename
          nodes { __typename kind version actor { __typename kind name } changes { __typename field } }
        }
      }
    }
  }
}
"""


async def example(company: Company, orders: int) -> None:
    """Orders of one customer with an address, each with a product's line and a free one."""
    product = await done(company, CREATE_PRODUCT, sku="A-1", name="Apple", price="2.50")
    customer = await done(
        company,
        CREATE_CUSTOMER,
        name="Li Wei",
        phones=[{"value": "+86 138 0013 8000"}],
        addresses=[{"city": "Suzhou"}],
    )
    lines = [{"productId": product["id"], "quantity": "2"}, {"name": "Bag", "unitPrice": "0.50"}]
    await create_orders(company, [{"customerId": customer["id"], "lines": lines}] * orders)


@pytest.mark.parametrize("count", [1, 50])
async def test_one_statement_whatever_the_depth_and_the_number_of_rows(
    company: Company, client: Client, statements: Statements, count: int
) -> None:
    """A query through six levels is one statement for one order and for fifty."""
    await example(company, count)
    statements.clear()
    data = await company.data(DEEP, {"orders": 50, "lines": 2})
    assert len(statements.work) == 1
    assert len(data["orders"]["edges"]) == data["orders"]["totalCount"] == count
    for edge in data["orders"]["edges"]:
        order = edge["node"]
        assert [line["node"]["name"] for line in order["lines"]["edges"]] == ["Apple", "Bag"]
        assert order["customer"]["orderSummary"]["count"] == count


async def test_the_deep_answer_is_what_was_asked(company: Company, client: Client) -> None:
    """Every value of the deep query, and every ``__typename`` in it."""
    await example(company, 1)
    data = await company.data(DEEP, {"orders": 5, "lines": 1})
    number = data["orders"]["edges"][0]["node"]["number"]
    cursor = data["orders"]["pageInfo"]["startCursor"]
    order = data["orders"]["edges"][0].pop("node")
    assert data == {
        "__typename": "Query",
        "orders": {
            "__typename": "OrderConnection",
            "totalCount": 1,
            "pageInfo": {
                "__typename": "PageInfo",
                "hasNextPage": False,
                "hasPreviousPage": False,
                "startCursor": cursor,
                "endCursor": cursor,
            },
            "edges": [{"__typename": "OrderEdge", "cursor": cursor}],
        },
    }
    history = order.pop("history")
    assert history["nodes"][0].pop("changes")[0] == {"__typename": "FieldChange", "field": "status"}
    assert history == {
        "__typename": "HistoryEntryConnection",
        "nodes": [
            {
                "__typename": "HistoryEntry",
                "kind": "CREATED",
                "version": 1,
                "actor": {"__typename": "HistoryActor", "kind": "MEMBER", "name": "Olga Owner"},
            }
        ],
    }
    assert order.pop("customer") == {
        "__typename": "Customer",
        "name": "Li Wei",
        "phones": [{"__typename": "ContactPoint", "value": "+8613800138000"}],
        "addresses": [{"__typename": "Address", "city": "Suzhou"}],
        "orderSummary": {
            "__typename": "OrderSummary",
            "count": 1,
            "totals": [{"__typename": "CurrencyTotal", "total": {"__typename": "Money", "amount": "5.50"}}],
        },
        "orders": {
            "__typename": "OrderConnection",
            "nodes": [
                {
                    "__typename": "Order",
                    "number": number,
                    "lines": {"nodes": [{"name": "Apple"}, {"name": "Bag"}]},
                }
            ],
        },
        "history": {"nodes": [{"kind": "CREATED"}]},
    }
    again = {"__typename": "OrderLine", "order": {"__typename": "Order", "number": number}}
    apple = {
        "__typename": "Product",
        "sku": "A-1",
        "orderLines": {"__typename": "OrderLineConnection", "nodes": [again]},
    }
    line = {"__typename": "OrderLine", "name": "Apple", "order": {"number": number}, "product": apple}
    assert order.pop("lines") == {
        "__typename": "OrderLineConnection",
        "totalCount": 2,
        "edges": [{"__typename": "OrderLineEdge", "node": line}],
    }
    del order["id"]
    assert order == {
        "__typename": "Order",
        "number": number,
        "status": {"__typename": "Status", "key": "draft", "label": "Draft"},
        "nextSteps": [{"__typename": "NextStep", "key": "confirm"}],
        "voiding": {"__typename": "Voiding", "allowed": True},
        "total": {"__typename": "Money", "amount": "5.50", "currency": "EUR"},
        "shippingAddress": {"__typename": "ShippingAddress", "city": "Suzhou"},
        "owner": {"__typename": "Member", "name": "Olga Owner"},
    }


async def test_aliases_fragments_and_merged_fields(company: Company, client: Client) -> None:
    """One field under several names, fragments inside fragments, and selections of one response key merged, in the order
    of first appearance."""
    await example(company, 1)
    data = await company.data(
        """
        query { first: orders(first: 1) { ...Page } orders { nodes { ...Head } } orders { totalCount nodes { currency } } }
        fragment Page on OrderConnection { nodes { ...Head kind: __typename ... on Node { ident: id } } }
        fragment Head on Order {
          name: number who: customer { ...Customer } customer { label: name }
          a: lines(first: 1) { nodes { name } } b: lines(last: 1) { nodes { name } }
          ... { customer { name } }
          ... on Order { total { amount } total { unit: currency } }
        }
        fragment Customer on Customer { name }
        """
    )
    head = {
        "name": data["first"]["nodes"][0]["name"],
        "who": {"name": "Li Wei"},
        "customer": {"label": "Li Wei", "name": "Li Wei"},
        "a": {"nodes": [{"name": "Apple"}]},
        "b": {"nodes": [{"name": "Bag"}]},
        "total": {"amount": "5.50", "unit": "EUR"},
    }
    ident = data["first"]["nodes"][0]["ident"]
    assert data == {
        "first": {"nodes": [{**head, "kind": "Order", "ident": ident}]},
        "orders": {"nodes": [{**head, "currency": "EUR"}], "totalCount": 1},
    }
    assert list(data["orders"]) == ["nodes", "totalCount"]


@pytest.mark.parametrize("skip", [True, False])
@pytest.mark.parametrize("include", [True, False])
async def test_skip_and_include(company: Company, client: Client, skip: bool, include: bool) -> None:
    """Directives with variables, with defaults and with literals, on fields, spreads and inline fragments; the same
    document answers each combination rightly, whatever it was planned for before."""
    await an_order(company)
    document = """
        query ($skip: Boolean!, $include: Boolean!, $default: Boolean = true) {
          orders {
            nodes {
              a: number @skip(if: $skip)
              b: number @include(if: $include)
              both: number @skip(if: $skip) @include(if: $include)
              ...Total @include(if: $include)
              ... @skip(if: $skip) { total { amount } }
              never: number @include(if: false)
              always: currency @skip(if: false)
              byDefault: currency @include(if: $default)
            }
          }
          members @skip(if: $skip) { totalCount }
        }
        fragment Total on Order { total { currency } }
    """
    # Planned for the opposite first.
    await company.data(document, {"skip": not skip, "include": not include})
    data = await company.data(document, {"skip": skip, "include": include})
    order = data["orders"]["nodes"][0]
    total = ({"currency"} if include else set()) | (set() if skip else {"amount"})
    assert set(order.get("total", ())) == total
    expected = {"always", "byDefault"} | ({"total"} if total else set())
    expected |= (set() if skip else {"a"}) | ({"b"} if include else set()) | ({"both"} if include > skip else set())
    assert set(order) == expected
    assert ("members" in data) is not skip
    null = await company.graphql(document, {"skip": skip, "include": include, "default": None})
    message = "Variable '$default' must be true or false, not null."
    assert [(error["message"], error["extensions"]["code"]) for error in null["errors"]] == [
        (message, "BAD_USER_INPUT")
    ]


async def test_one_record_by_each_of_its_keys(company: Company, client: Client, statements: Statements) -> None:
    """A finder is one statement, answers null for what is not there, and wants exactly one key."""
    made = await an_order(company, externalId="ext-1")
    document = "query ($id: ID, $number: String, $externalId: String) { order(id: $id, number: $number, externalId: $externalId) { id } }"
    for key, value in (("id", made["id"]), ("number", made["number"]), ("externalId", "ext-1")):
        statements.clear()
        assert await company.data(document, {key: value}) == {"order": {"id": made["id"]}}
        assert len(statements.work) == 1
        assert await company.data(document, {key: value + "x"}) == {"order": None}
        assert await company.data(document, {key: value, "id" if key == "number" else "number": None}) == {
            "order": {"id": made["id"]}
        }
    for variables in ({}, {"id": None}, {"id": made["id"], "number": made["number"]}):
        answer = await company.graphql(document, variables)
        assert answer["data"] == {"order": None}
        assert answer["errors"][0]["message"] == "Give exactly one of: id, number, externalId."
        assert answer["errors"][0]["extensions"]["reason"] == "INVALID_INPUT"


async def test_any_record_by_its_id(company: Company, client: Client) -> None:
    """``node`` finds every kind of record by its id alone, and answers null for an id of nothing."""
    order = await an_order(company, customer={"name": "Wang"})
    document = "query ($id: ID!) { node(id: $id) { __typename id ... on Order { number } ... on Customer { name } } }"
    found = await company.data(document, {"id": order["id"]})
    assert found == {"node": {"__typename": "Order", "id": order["id"], "number": order["number"]}}
    found = await company.data(document, {"id": order["customer"]["id"]})
    assert found == {"node": {"__typename": "Customer", "id": order["customer"]["id"], "name": "Wang"}}
    for nothing in ("0198c1a0-0000-7000-8000-000000000000", "zz", ""):
        assert await company.data(document, {"id": nothing}) == {"node": None}


async def test_twenty_records_by_their_ids(company: Company, client: Client, statements: Statements) -> None:
    """As many as a document may have root fields: one statement each, all in one round trip, beside other fields as well."""
    orders = [await an_order(company, customer={"name": f"C{place}"}) for place in range(10)]
    ids = [found["id"] for order in orders for found in (order, order["customer"])]
    fields = " ".join(
        f'n{place}: node(id: "{found}") {{ __typename id ... on Customer {{ name }} }}'
        for place, found in enumerate(ids)
    )
    statements.clear()
    data = await company.data(f"{{ {fields} }}")
    assert [data[f"n{place}"]["id"] for place in range(20)] == ids
    assert [data[f"n{place}"].get("name") for place in (1, 3, 19)] == ["C0", "C1", "C9"]
    assert len(statements.work) == 20
    beside = await company.data(
        f'{{ viewer {{ tenant {{ name }} }} node(id: "{ids[1]}") {{ ... on Customer {{ name }} }} }}'
    )
    assert beside == {"viewer": {"tenant": {"name": "Test Company"}}, "node": {"name": "C0"}}


async def test_a_record_that_may_not_be_read_is_no_node(company: Company, client: Client) -> None:
    order = await an_order(company, customer={"name": "Secret"})
    nobody = await company.add_person()
    answer = await company.graphql(
        "query ($id: ID!) { node(id: $id) { id } }", {"id": order["customer"]["id"]}, person=nobody
    )
    assert answer == {"data": {"node": None}}


async def test_more_fields_than_one_json_object_of_postgresql_takes(company: Company, client: Client) -> None:
    """PostgreSQL builds objects of at most fifty pairs at once; a selection may have more."""
    order = await an_order(company)
    fields = " ".join(f"n{place}: number" for place in range(130))
    data = await company.data(f"{{ orders {{ nodes {{ {fields} }} }} }}")
    assert data["orders"]["nodes"] == [{f"n{place}": order["number"] for place in range(130)}]


async def test_what_may_not_be_read_is_not_read(company: Company, client: Client, statements: Statements) -> None:
    """Without the right to read customers, a selection that reaches one is refused before any SQL, at any depth (ROL)."""
    await an_order(company, customer={"name": "Secret"})
    nobody = await company.add_person()
    statements.clear()
    answer = await company.graphql("{ orders { nodes { number } } }", person=nobody)
    assert answer["errors"][0]["extensions"] == {
        "code": "NOT_ALLOWED",
        "reason": "NOT_ALLOWED",
        "right": "order.read",
        "grantedTo": ["owner", "admin", "member", "read_only", "portal"],
        "canGrant": ["Olga Owner"],
    }
    assert [text for text in statements.work if "FROM orders" in text] == []


async def test_custom_fields_of_all_types_come_out_as_they_went_in(company: Company, client: Client) -> None:
    """Every configurable type, in the JSON form of the API; absent values are null."""
    await define_fields(company, FIELDS)
    custom: Row = {
        "a_text": "50 % \\ 'quoted' \"é张\"",
        "a_whole": -7,
        "a_decimal": "12.50",
        "a_flag": False,
        "a_day": "2026-02-28",
        "a_moment": "2026-02-28T12:00:00+00:00",
        "one": "red",
        "some": ["y", "x"],
        "labels": ["b", "a"],
    }
    document = "{ orders(orderBy: [{number: ASC}]) { nodes { custom { kind: __typename FIELDS } } } }"
    document = document.replace("FIELDS", " ".join(custom))
    await an_order(company, custom=custom)
    await an_order(company)
    data = await company.data(document)
    assert data["orders"]["nodes"] == [
        {"custom": {**custom, "kind": "OrderCustom"}},
        {"custom": {**dict.fromkeys(custom), "kind": "OrderCustom"}},
    ]
