"""Products: what order lines take their data from (ORD-2), through GraphQL."""

from typing import Any

import pytest

from tests.conftest import NewCompany
from tests.documents import (
    CREATE_ORDER,
    CREATE_PRODUCT,
    DEFINE_FIELD,
    READ_PRODUCT,
    UPDATE_PRODUCT,
    amounts,
    an_order,
    bad_values,
    done,
    read,
    refused,
    unchanged,
)
from tests.harness import Client, Company

NOWHERE = "01900000-0000-7000-8000-000000000000"


async def test_a_product_is_kept_whole(company: Company, client: Client) -> None:
    product = await done(
        company,
        CREATE_PRODUCT,
        sku=" A-1 ",
        name="苹果",
        specification="red, 70 mm",
        unit="kg",
        price="2.5",
        currency="usd",
        taxRate="0.07",
        externalId="p-1",
    )
    assert {name: value for name, value in product.items() if name != "id"} == {
        "version": 1,
        "sku": "A-1",
        "name": "苹果",
        "externalId": "p-1",
        "specification": "red, 70 mm",
        "unit": "kg",
        "price": {"amount": "2.50", "currency": "USD"},
        "taxRate": "0.07",
        "active": True,
    }
    found = await read(company, READ_PRODUCT, product["id"], company.read_only)
    assert {name: found[name] for name in product} == product
    by_sku = await company.data('{ product(sku: "A-1") { id } }')
    assert by_sku["product"] == {"id": product["id"]}


async def test_a_product_may_be_bare(company: Company, client: Client) -> None:
    """No price is not a price of zero; explicit null is as if not given."""
    nothing = dict.fromkeys(("specification", "unit", "price", "currency", "taxRate", "active", "externalId"))
    for sku, values in (("A", {}), ("B", nothing)):
        product = await done(company, CREATE_PRODUCT, sku=sku, name="Thing", **values)
        assert (product["price"], product["taxRate"], product["active"], product["unit"]) == (None, "0", True, "")
    free = await done(company, CREATE_PRODUCT, sku="C", name="Gift", price="0")
    assert free["price"] == {"amount": "0.00", "currency": "EUR"}
    order = await an_order(company, lines=[{"productId": free["id"]}])
    assert amounts(order, "total") == ["0.00"]


@pytest.mark.parametrize(
    ("currency", "price", "shown"),
    [
        ("EUR", "1.5", "1.50"),
        ("JPY", "150", "150"),
        ("JPY", "150.00", "150"),
        ("KWD", "1.5", "1.500"),
        ("KWD", "1.234", "1.234"),
    ],
)
async def test_a_price_has_the_places_of_its_currency(
    company: Company, client: Client, currency: str, price: str, shown: str
) -> None:
    product = await done(company, CREATE_PRODUCT, sku="A", name="Apple", price=price, currency=currency)
    assert product["price"] == {"amount": shown, "currency": currency}


@pytest.mark.parametrize(
    ("currency", "price", "code"),
    [
        ("EUR", "1.005", "VALUE_MONEY_PLACES"),
        ("JPY", "0.5", "VALUE_MONEY_PLACES"),
        ("KWD", "1.0001", "VALUE_MONEY_PLACES"),
        ("EUR", "-0.01", "VALUE_NEGATIVE"),
        ("EUR", "1e30", "VALUE_DECIMAL_RANGE"),
        ("EUR", "12,50", "VALUE_NOT_DECIMAL"),
        ("EUR", "", "VALUE_NOT_DECIMAL"),
        ("EUR", "Infinity", "VALUE_NOT_DECIMAL"),
    ],
)
async def test_a_bad_price(company: Company, client: Client, currency: str, price: str, code: str) -> None:
    async with unchanged(company):
        problem = await refused(company, CREATE_PRODUCT, sku="A", name="Apple", price=price, currency=currency)
    assert bad_values(problem) == {"price": code}


async def test_all_bad_values_are_named_at_once(company: Company, client: Client) -> None:
    await done(company, DEFINE_FIELD, object="product", key="size", type="integer", label={"en": "S"}, required=True)
    async with unchanged(company):
        problem = await refused(
            company,
            CREATE_PRODUCT,
            sku=" ",
            name="n" * 301,
            specification="s" * 1_001,
            unit="u" * 41,
            price="x",
            currency="EURO",
            taxRate="7",
            externalId="e" * 201,
            custom={},
        )
    assert bad_values(problem) == {
        "sku": "VALUE_REQUIRED",
        "name": "VALUE_TOO_LONG",
        "specification": "VALUE_TOO_LONG",
        "unit": "VALUE_TOO_LONG",
        "price": "VALUE_NOT_DECIMAL",
        "currency": "VALUE_NOT_CURRENCY",
        "taxRate": "VALUE_NOT_RATE",
        "externalId": "VALUE_TOO_LONG",
        "custom.size": "VALUE_REQUIRED",
    }


async def test_what_is_absent_stays_and_null_empties(company: Company, client: Client) -> None:
    values: dict[str, Any] = {"specification": "s", "unit": "kg", "price": "2.50", "taxRate": "0.07", "externalId": "e"}
    product = await done(company, CREATE_PRODUCT, sku="A", name="Apple", **values, active=False)
    wanted = {**product, "version": 2, "name": "Pear"}
    assert await done(company, UPDATE_PRODUCT, id=product["id"], name="Pear") == wanted
    empty = await done(company, UPDATE_PRODUCT, id=product["id"], **dict.fromkeys(values))
    assert (empty["price"], empty["externalId"], empty["taxRate"]) == (None, None, "0")
    assert (empty["specification"], empty["unit"], empty["active"]) == ("", "", False)
    async with unchanged(company):
        problem = await refused(company, UPDATE_PRODUCT, id=product["id"], sku=None, name="")
    assert bad_values(problem) == {"sku": "VALUE_REQUIRED", "name": "VALUE_REQUIRED"}


async def test_another_currency_needs_a_price_that_fits(company: Company, client: Client) -> None:
    """The price would silently become another; one with cents is no price in yen."""
    product = await done(company, CREATE_PRODUCT, sku="A", name="Apple", price="2.50")
    async with unchanged(company):
        problem = await refused(company, UPDATE_PRODUCT, id=product["id"], currency="JPY")
    assert bad_values(problem) == {"price": "VALUE_MONEY_PLACES"}
    yen = await done(company, UPDATE_PRODUCT, id=product["id"], currency="JPY", price="400")
    assert yen["price"] == {"amount": "400", "currency": "JPY"}


async def test_article_numbers_are_unique_in_the_company(
    company: Company, client: Client, new_company: NewCompany
) -> None:
    await done(company, CREATE_PRODUCT, sku="A", name="Apple", externalId="e")
    other = await done(company, CREATE_PRODUCT, sku="B", name="Bean")
    async with unchanged(company):
        for problem, path, value in (
            (await refused(company, CREATE_PRODUCT, sku="A", name="Ape"), "sku", "A"),
            (await refused(company, CREATE_PRODUCT, sku="C", name="Ape", externalId="e"), "externalId", "e"),
            (await refused(company, UPDATE_PRODUCT, id=other["id"], sku="A"), "sku", "A"),
        ):
            assert bad_values(problem) == {path: "VALUE_TAKEN"}
            assert problem["message"] == f"{value} is already in use. Choose another."
    assert (await done(await new_company(), CREATE_PRODUCT, sku="A", name="Apple"))["version"] == 1


async def test_another_companys_product_is_not_there(company: Company, client: Client, new_company: NewCompany) -> None:
    """Neither to change, nor to read, nor to order."""
    foreign = await new_company()
    theirs = await done(foreign, CREATE_PRODUCT, sku="A", name="Theirs", price="1")
    async with unchanged(foreign), unchanged(company):
        for wanted in (theirs["id"], NOWHERE, "x"):
            assert (await refused(company, UPDATE_PRODUCT, id=wanted, name="Mine"))["code"] == "NOT_FOUND"
            assert await read(company, READ_PRODUCT, wanted) is None
            problem = await refused(company, CREATE_ORDER, lines=[{"productId": wanted}])
            assert bad_values(problem)["lines.0.productId"] == "VALUE_UNKNOWN_RECORD"


async def test_the_orders_of_a_product(company: Company, client: Client) -> None:
    """What was sold of it is a relation of the product, through the lines' snapshots."""
    product = await done(company, CREATE_PRODUCT, sku="A", name="Apple", price="1")
    orders = [await an_order(company, lines=[{"productId": product["id"], "quantity": n}]) for n in ("1", "2")]
    document = """query($id: ID!) { result: product(id: $id) { orderLines(orderBy: [{quantity: ASC}]) {
      totalCount nodes { quantity order { number } } } } }"""
    found = (await read(company, document, product["id"]))["orderLines"]
    sold = [{"quantity": n, "order": {"number": order["number"]}} for n, order in zip(("1", "2"), orders, strict=True)]
    assert found == {"totalCount": 2, "nodes": sold}
