"""Taking and changing orders (ORD-1, ORD-2, ORD-3, ORD-6, CUS-2, CUS-4), through GraphQL."""

from typing import Any

import pytest

from tests.conftest import NewCompany
from tests.documents import (
    CREATE_CUSTOMER,
    CREATE_ORDER,
    CREATE_PRODUCT,
    DEFINE_FIELD,
    READ_ORDER,
    UPDATE_CUSTOMER,
    UPDATE_ORDER,
    UPDATE_PRODUCT,
    amounts,
    an_order,
    bad_values,
    done,
    read,
    refused,
    unchanged,
)
from tests.harness import Client, Company, Row

NOWHERE = "01900000-0000-7000-8000-000000000000"
FREE = [{"name": "Work", "unitPrice": "10.00"}]
SNAPSHOT = ("sku", "name", "specification", "unit")


async def a_product(company: Company, **changes: Any) -> Row:
    values = {"sku": "A-1", "name": "Apple", "specification": "red", "unit": "kg", "price": "2.50", "taxRate": "0.07"}
    return await done(company, CREATE_PRODUCT, **(values | changes))


async def a_customer(company: Company, **changes: Any) -> Row:
    book = [
        {"kind": "BILLING", "line1": "Bill St 1", "city": "Bonn"},
        {"kind": "DELIVERY", "recipient": "Store", "line1": "Dock 2", "city": "Köln", "country": "de"},
        {"kind": "DELIVERY", "line1": "Dock 3", "city": "Kiel", "postalCode": "24103"},
    ]
    return await done(company, CREATE_CUSTOMER, **({"name": "Ada", "addresses": book} | changes))


async def test_an_order_is_taken_whole(company: Company, client: Client) -> None:
    """One call, one answer with everything as it was stored (ORD-1, ORD-8)."""
    customer = await a_customer(company)
    order = await done(
        company,
        CREATE_ORDER,
        customerId=customer["id"],
        externalId=" shop-77 ",
        channel="phone",
        priority="URGENT",
        ownerId=str(company.member.id),
        tags=["gift", "gift", " vip "],
        notes="  ring twice ",
        orderedAt="2026-03-31T14:30:00+08:00",
        promisedAt="2026-04-02T00:00:00Z",
        lines=[
            {"name": "B", "sku": "s", "specification": "xl", "unit": "pc", "unitPrice": "1", "externalId": "l1"},
            {"name": "A", "unitPrice": "2", "quantity": "2.5"},
        ],
    )
    assert order["number"].endswith("-00001")
    assert order["status"] == {"key": "draft", "label": "Draft", "category": "OPEN"}
    assert order["version"] == 1
    assert order["customer"] == {"id": customer["id"], "name": "Ada"}
    assert order["owner"] == {"id": str(company.member.id)}
    expected = ("shop-77", "phone", "URGENT", ["gift", "vip"], "ring twice")
    assert tuple(order[name] for name in ("externalId", "channel", "priority", "tags", "notes")) == expected
    assert order["orderedAt"] == "2026-03-31T06:30:00+00:00"
    assert order["promisedAt"] == "2026-04-02T00:00:00+00:00"
    lines = order["lines"]["nodes"]
    shown = [(each["position"], each["name"], each["quantity"], *amounts(each, "total")) for each in lines]
    assert shown == [(1, "B", "1", "1.00"), (2, "A", "2.5", "5.00")]
    assert amounts(order, "total") == ["6.00"]
    assert {
        name: value for name, value in (await read(company, READ_ORDER, order["id"])).items() if name in order
    } == order


async def test_what_is_not_given_has_a_sensible_beginning(company: Company, client: Client) -> None:
    """Explicit null is the same as leaving it out: the owner is whoever took it, the priority is normal."""
    nothing = dict.fromkeys(
        (
            "customerId",
            "customer",
            "externalId",
            "channel",
            "priority",
            "tags",
            "notes",
            "shippingAddress",
            "promisedAt",
        )
    )
    bare = await an_order(company, company.member)
    empty = await an_order(company, company.member, **nothing, shippingAddressId=None, orderedAt=None)
    for order in (bare, empty):
        assert (order["priority"], order["channel"], order["tags"], order["notes"]) == ("NORMAL", "", [], "")
        assert (order["customer"], order["externalId"], order["shippingAddress"], order["promisedAt"]) == (None,) * 4
        assert order["owner"] == {"id": str(company.member.id)}
        assert order["orderedAt"] is not None
    assert (await an_order(company, company.member, ownerId=None))["owner"] is None


async def test_a_new_customer_comes_with_the_order(company: Company, client: Client) -> None:
    """CUS-4: one mutation creates and links both, and the order takes the customer's delivery address."""
    order = await an_order(
        company,
        customer={
            "name": "张三丰",
            "phones": [{"value": "+86 138 0013 8000"}],
            "addresses": [{"line1": "武当山", "city": "十堰", "country": "CN"}],
        },
    )
    assert order["customer"]["name"] == "张三丰"
    assert (order["shippingAddress"]["line1"], order["shippingAddress"]["country"]) == ("武当山", "CN")
    found = await company.rows("SELECT value FROM contact_points")
    assert found == [{"value": "+8613800138000"}]


async def test_order_and_new_customer_are_all_or_nothing(company: Company, client: Client) -> None:
    """CUS-4: a bad line keeps the customer out, a bad customer the order; all complaints come at once."""
    async with unchanged(company):
        problem = await refused(
            company, CREATE_ORDER, customer={"name": "Fine"}, lines=[{"name": "x", "unitPrice": "-1"}]
        )
        assert bad_values(problem) == {"lines.0.unitPrice": "VALUE_NEGATIVE"}
        problem = await refused(
            company,
            CREATE_ORDER,
            customer={"name": " ", "emails": [{"value": "nobody"}], "phones": [{"value": "+12"}]},
            lines=[{"unitPrice": "1"}],
        )
        assert bad_values(problem) == {
            "customer.name": "VALUE_REQUIRED",
            "customer.emails.0.value": "VALUE_NOT_EMAIL",
            "customer.phones.0.value": "VALUE_NOT_PHONE",
            "lines.0.name": "ORDER_LINE_ITEM",
        }
        problem = await refused(company, CREATE_ORDER, customer={"name": "A"}, customerId=NOWHERE, lines=FREE)
        assert bad_values(problem)["customer"] == "ORDER_CUSTOMER_TWICE"


async def test_a_line_is_a_snapshot_of_its_product(company: Company, client: Client) -> None:
    """ORD-2: name, specification, unit, price and tax are those of the moment; the link still leads to the product today."""
    product = await a_product(company)
    order = await an_order(company, lines=[{"productId": product["id"], "quantity": "4"}])
    (line,) = order["lines"]["nodes"]
    assert [line[name] for name in SNAPSHOT] == ["A-1", "Apple", "red", "kg"]
    assert (line["taxRate"], *amounts(line, "unitPrice", "netAmount", "taxAmount")) == ("0.07", "2.50", "10.00", "0.70")

    await done(
        company, UPDATE_PRODUCT, id=product["id"], name="Pear", price="9", taxRate="0.19", unit="pc", specification=""
    )
    # Neither the product's edit nor a later edit of the order's other values reaches what was sold.
    for changes in ({}, {"notes": "n"}, {"lines": [{"id": line["id"], "productId": product["id"], "quantity": "4"}]}):
        if changes:
            await done(company, UPDATE_ORDER, id=order["id"], **changes)
        (found,) = (await read(company, READ_ORDER, order["id"]))["lines"]["nodes"]
        assert found == {**line, "product": {"id": product["id"], "name": "Pear"}}
    # A line that is sold anew takes the product as it is now.
    (fresh,) = (await an_order(company, lines=[{"productId": product["id"]}]))["lines"]["nodes"]
    assert (fresh["name"], fresh["unit"], *amounts(fresh, "unitPrice", "taxAmount")) == ("Pear", "pc", "9.00", "1.71")


async def test_a_line_may_differ_from_its_product(company: Company, client: Client) -> None:
    product = await a_product(company)
    given = {"productId": product["id"], "name": "Apple, washed", "unitPrice": "3", "taxRate": "0"}
    (line,) = (await an_order(company, lines=[given]))["lines"]["nodes"]
    assert (line["sku"], line["name"], line["taxRate"], *amounts(line, "total")) == (
        "A-1",
        "Apple, washed",
        "0",
        "3.00",
    )


async def test_a_product_without_a_price_in_that_currency(company: Company, client: Client) -> None:
    product = await a_product(company)
    async with unchanged(company):
        problem = await refused(company, CREATE_ORDER, currency="USD", lines=[{"productId": product["id"]}])
    assert bad_values(problem) == {"lines.0.unitPrice": "ORDER_LINE_PRICE"}
    assert problem["message"] == "The product A-1 has no price in USD; give unitPrice."
    order = await an_order(company, currency="USD", lines=[{"productId": product["id"], "unitPrice": "3"}])
    assert amounts(order, "total") == ["3.21"]


async def test_the_address_is_a_snapshot(company: Company, client: Client) -> None:
    """CUS-2: by default the first delivery address; the customer's later moves do not rewrite the order."""
    customer = await a_customer(company)
    billing, _, third = customer["addresses"]
    order = await an_order(company, customerId=customer["id"])
    assert order["shippingAddress"] == {
        **dict.fromkeys(("phone", "line2", "district", "region", "postalCode"), ""),
        "recipient": "Store",
        "line1": "Dock 2",
        "city": "Köln",
        "country": "DE",
    }
    await done(company, UPDATE_CUSTOMER, id=customer["id"], addresses=[{"id": billing["id"], "city": "Trier"}])
    assert (await read(company, READ_ORDER, order["id"]))["shippingAddress"] == order["shippingAddress"]

    async with unchanged(company):
        problem = await refused(company, UPDATE_ORDER, id=order["id"], shippingAddressId=third["id"])
        assert bad_values(problem) == {"shippingAddressId": "ORDER_UNKNOWN_ADDRESS"}
    chosen = await done(company, UPDATE_ORDER, id=order["id"], shippingAddressId=billing["id"])
    assert chosen["shippingAddress"]["city"] == "Trier"
    given = await done(company, UPDATE_ORDER, id=order["id"], shippingAddress={"line1": "Here"})
    assert (given["shippingAddress"]["line1"], given["shippingAddress"]["city"]) == ("Here", "")
    assert (await done(company, UPDATE_ORDER, id=order["id"], shippingAddress=None))["shippingAddress"] is None


async def test_an_address_of_another_customer_is_unknown(company: Company, client: Client) -> None:
    mine, other = await a_customer(company), await a_customer(company, name="Bob")
    for wanted in (other["addresses"][0]["id"], NOWHERE, "x", ""):
        async with unchanged(company):
            problem = await refused(company, CREATE_ORDER, customerId=mine["id"], shippingAddressId=wanted, lines=FREE)
        assert bad_values(problem) == {"shippingAddressId": "ORDER_UNKNOWN_ADDRESS"}
    both = {"shippingAddress": {"city": "x"}, "shippingAddressId": mine["addresses"][0]["id"]}
    problem = await refused(company, CREATE_ORDER, customerId=mine["id"], lines=FREE, **both)
    assert bad_values(problem) == {"shippingAddress": "VALUE_EXCLUSIVE"}


async def test_lines_are_kept_changed_removed_and_added(company: Company, client: Client) -> None:
    """ORD-6: the given list is the order's list from now on; entries with an id keep their line, and the history tells all."""
    lines = [{"name": name, "unitPrice": "10", "externalId": f"x-{name}"} for name in "abc"]
    order = await an_order(company, lines=lines)
    a, b, c = order["lines"]["nodes"]
    changed = await done(
        company,
        UPDATE_ORDER,
        id=order["id"],
        expectedVersion=1,
        lines=[{"id": c["id"]}, {"name": "d", "unitPrice": "1"}, {"id": a["id"], "quantity": "3"}],
    )
    kept, added, first = changed["lines"]["nodes"]
    assert kept == {**c, "position": 1}
    assert (added["position"], added["name"], added["externalId"]) == (2, "d", None)
    assert added["id"] not in (a["id"], b["id"], c["id"])
    assert (first["id"], first["position"], first["externalId"], first["quantity"]) == (a["id"], 3, "x-a", "3")
    assert (changed["version"], *amounts(changed, "total")) == (2, "41.00")
    entry = (await read(company, READ_ORDER, order["id"]))["history"]["nodes"][1]
    told = {
        change["field"]: (change["from"], change["to"]) for change in entry["changes"] if change["field"] != "lines"
    }
    assert told["lines.1.quantity"] == ("1", "3")
    assert (told["lines.1.position"], told["lines.3.position"]) == ((1, 3), (3, 1))
    assert told["total"] == ("30.00", "41.00")
    whole = [change for change in entry["changes"] if change["field"] == "lines"]
    assert [(c["from"] or {}).get("name") for c in whole] == ["b", None]
    assert [(c["to"] or {}).get("name") for c in whole] == [None, "d"]


async def test_lines_that_cannot_be_kept(company: Company, client: Client) -> None:
    """Lines of another order, of nowhere, or named twice; an order without lines; too many of them."""
    order, other = await an_order(company), await an_order(company)
    mine, foreign = (each["lines"]["nodes"][0]["id"] for each in (order, other))
    async with unchanged(company):
        for wanted in (foreign, NOWHERE, "x"):
            lines: list[Row] = [{"id": mine}, {"id": wanted, "unitPrice": "1", "name": "n"}]
            problem = await refused(company, UPDATE_ORDER, id=order["id"], lines=lines)
            assert bad_values(problem) == {"lines.1.id": "ORDER_UNKNOWN_LINE"}
        twice = await refused(
            company, UPDATE_ORDER, id=order["id"], lines=[{"id": mine}, {"id": mine, "name": "n", "unitPrice": "1"}]
        )
        assert bad_values(twice) == {"lines.1.id": "ORDER_UNKNOWN_LINE"}
        nothing: tuple[list[Row] | None, ...] = ([], None)
        for lines_or_null in nothing:
            problem = await refused(company, UPDATE_ORDER, id=order["id"], lines=lines_or_null)
            assert bad_values(problem) == {"lines": "ORDER_NO_LINES"}
        problem = await refused(company, UPDATE_ORDER, id=order["id"], lines=FREE * 501)
        assert bad_values(problem) == {"lines": "VALUE_TOO_MANY"}


async def test_an_update_leaves_what_it_does_not_name(company: Company, client: Client) -> None:
    """Absent stays, null empties; the owner of an order can be nobody."""
    customer = await a_customer(company)
    order = await an_order(
        company, customerId=customer["id"], externalId="e", tags=["t"], notes="n", channel="web", priority="LOW"
    )
    same = await done(company, UPDATE_ORDER, id=order["id"], promisedAt="2026-05-01T10:00:00Z")
    assert same == {**order, "version": 2, "promisedAt": "2026-05-01T10:00:00+00:00"}
    nulls = ("externalId", "tags", "notes", "channel", "customerId", "ownerId", "promisedAt", "priority", "currency")
    empty = await done(company, UPDATE_ORDER, id=order["id"], **dict.fromkeys(nulls), orderedAt=None)
    assert (empty["externalId"], empty["customer"], empty["owner"], empty["promisedAt"]) == (None,) * 4
    assert (empty["tags"], empty["notes"], empty["channel"]) == ([], "", "")
    # What an order cannot be without stays as it was.
    assert [empty[name] for name in ("priority", "currency", "orderedAt")] == ["LOW", "EUR", order["orderedAt"]]


async def test_all_bad_values_are_named_at_once(company: Company, client: Client, new_company: NewCompany) -> None:
    """Thirteen mistakes, one answer (CUS-3 for orders); records of another company are as unknown as invented ones."""
    await done(company, DEFINE_FIELD, object="order", key="score", type="integer", label={"en": "Score"}, required=True)
    foreign = await new_company()
    product = await a_product(foreign)
    async with unchanged(company):
        problem = await refused(
            company,
            CREATE_ORDER,
            currency="XXQ",
            customerId=(await a_customer(foreign))["id"],
            ownerId=str(foreign.owner.id),
            channel="c" * 61,
            notes="n" * 10_001,
            tags=["t" * 61],
            orderedAt="yesterday",
            promisedAt="2026-03-31T10:00:00",
            shippingAddress={"country": "Germany"},
            custom={},
            lines=[{"name": "n" * 301, "unitPrice": "x"}, {"productId": product["id"]}, {"productId": "?"}],
        )
    assert bad_values(problem) == {
        "currency": "VALUE_NOT_CURRENCY",
        "customerId": "VALUE_UNKNOWN_RECORD",
        "ownerId": "VALUE_UNKNOWN_RECORD",
        "channel": "VALUE_TOO_LONG",
        "notes": "VALUE_TOO_LONG",
        "tags": "VALUE_TOO_LONG",
        "orderedAt": "VALUE_NOT_DATE_TIME",
        "promisedAt": "VALUE_NO_OFFSET",
        "shippingAddress.country": "VALUE_NOT_COUNTRY",
        "custom.score": "VALUE_REQUIRED",
        "lines.0.name": "VALUE_TOO_LONG",
        "lines.0.unitPrice": "VALUE_NOT_DECIMAL",
        "lines.1.productId": "VALUE_UNKNOWN_RECORD",
        "lines.2.productId": "VALUE_UNKNOWN_RECORD",
    }


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "2026-13-01T00:00:00Z", "2026-03-31", "24:00", ""])
async def test_moments_that_do_not_exist(company: Company, client: Client, moment: str) -> None:
    async with unchanged(company):
        problem = await refused(company, CREATE_ORDER, promisedAt=moment, lines=FREE)
    assert bad_values(problem) == {"promisedAt": "VALUE_NOT_DATE_TIME"}


async def test_odd_texts_are_kept_as_they_are(company: Company, client: Client) -> None:
    """Text of any script, quotes, SQL and templates are only text."""
    odd = "Ω 订单 🧵 '; DROP TABLE orders; -- {{ order.number }} %s \\u0000 \u202eabc"
    order = await an_order(company, notes=odd, tags=[odd[:30].strip()], lines=[{"name": odd, "unitPrice": "1"}])
    found = await read(company, READ_ORDER, order["id"])
    assert (found["notes"], found["lines"]["nodes"][0]["name"]) == (odd, odd)


async def test_nul_is_refused_wherever_it_is(company: Company, client: Client) -> None:
    """PostgreSQL cannot keep it, so the whole request is refused with a sentence."""
    lines = [{"name": "a\x00b", "unitPrice": "1"}]
    async with unchanged(company):
        for values in (
            {"lines": lines},
            {"lines": FREE, "idempotencyKey": "\x00"},
            {"lines": FREE, "custom": {"\x00": 1}},
        ):
            answer = await company.graphql(CREATE_ORDER, {"input": values})
            assert [error["extensions"]["code"] for error in answer["errors"]] == ["BAD_USER_INPUT"]
            assert answer["errors"][0]["message"].startswith("A text holds the character NUL")


async def test_a_taken_external_id(company: Company, client: Client, new_company: NewCompany) -> None:
    """The id of another system is unique in the company, and free in every other."""
    await an_order(company, externalId="e-1")
    second = await an_order(company)
    async with unchanged(company, without=["counters"]):
        problem = await refused(company, CREATE_ORDER, externalId="e-1", lines=FREE)
        assert bad_values(problem) == {"externalId": "VALUE_TAKEN"}
        assert problem["message"] == "e-1 is already in use. Choose another."
        problem = await refused(company, UPDATE_ORDER, id=second["id"], externalId="e-1")
        assert bad_values(problem) == {"externalId": "VALUE_TAKEN"}
    assert (await an_order(await new_company(), externalId="e-1"))["externalId"] == "e-1"


async def test_an_order_that_is_not_there(company: Company, client: Client, new_company: NewCompany) -> None:
    """An invented id, an ill-formed one and another company's are answered alike, and nothing is touched."""
    foreign = await new_company()
    theirs = (await an_order(foreign))["id"]
    async with unchanged(foreign):
        for wanted in (theirs, NOWHERE, "x", ""):
            problem = await refused(company, UPDATE_ORDER, id=wanted, notes="mine now")
            assert (problem["__typename"], problem["code"]) == ("NotFound", "NOT_FOUND")
