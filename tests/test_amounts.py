"""What orders amount to (ORD-1): exact decimals, rounded half up to the currency's places, line by line."""

from typing import Any

import pytest

from tests.conftest import NewCompany
from tests.documents import CREATE_ORDER, UPDATE_ORDER, amounts, an_order, bad_values, done, refused, unchanged
from tests.harness import Client, Company

LINE = ("unitPrice", "discountAmount", "netAmount", "taxAmount", "total")
ORDER = ("subtotal", "discountTotal", "taxTotal", "total")


def line(price: str, **values: Any) -> dict[str, Any]:
    return {"name": "Thing", "unitPrice": price, **values}


@pytest.mark.parametrize(
    ("currency", "given", "expected"),
    [
        # 3 x 19.99 = 59.97, less 10 % = 53.973, 19 % of 53.97 = 10.2543
        (
            "EUR",
            {"unitPrice": "19.99", "quantity": "3", "discountRate": "0.1", "taxRate": "0.19"},
            "19.99 6.00 53.97 10.25 64.22",
        ),
        # An amount off: 59.97 - 9.97 = 50.00
        (
            "EUR",
            {"unitPrice": "19.99", "quantity": "3", "discountAmount": "9.97", "taxRate": "0.19"},
            "19.99 9.97 50.00 9.50 59.50",
        ),
        # Half a cent goes up, where binary floats and banker's rounding go down: tax 0.025, net 1.005 and 2.675.
        ("EUR", {"unitPrice": "0.05", "taxRate": "0.5"}, "0.05 0.00 0.05 0.03 0.08"),
        ("EUR", {"unitPrice": "1.005"}, "1.005 0.00 1.01 0.00 1.01"),
        ("EUR", {"unitPrice": "2.675"}, "2.675 0.00 2.68 0.00 2.68"),
        # The yen has no places: 10.5 of tax is 11. The dinar has three: 0.0005 of tax is 0.001.
        ("JPY", {"unitPrice": "105", "taxRate": "0.1"}, "105 0 105 11 116"),
        ("JPY", {"unitPrice": "333", "discountRate": "0.5"}, "333 166 167 0 167"),
        ("KWD", {"unitPrice": "0.005", "taxRate": "0.1"}, "0.005 0.000 0.005 0.001 0.006"),
        ("KWD", {"unitPrice": "1.2345", "quantity": "2"}, "1.2345 0.000 2.469 0.000 2.469"),
        # Whole discounts, and no discount given as null.
        ("EUR", {"unitPrice": "7.77", "discountRate": "1"}, "7.77 7.77 0.00 0.00 0.00"),
        ("EUR", {"unitPrice": "7.77", "discountAmount": "7.77"}, "7.77 7.77 0.00 0.00 0.00"),
        ("EUR", {"unitPrice": "7.77", "discountAmount": None, "discountRate": None}, "7.77 0.00 7.77 0.00 7.77"),
        # Fractions of units; numbers as large as the product takes them lose no cent.
        ("EUR", {"unitPrice": "3.33", "quantity": "0.333"}, "3.33 0.00 1.11 0.00 1.11"),
        (
            "EUR",
            {"unitPrice": "99999999999999999.99", "quantity": "999", "taxRate": "0.01"},
            "99999999999999999.99 0.00 99899999999999999990.01 998999999999999999.90 100898999999999999989.91",
        ),
    ],
)
async def test_amounts_of_a_line(
    company: Company, client: Client, currency: str, given: dict[str, Any], expected: str
) -> None:
    order = await done(company, CREATE_ORDER, currency=currency, lines=[{"name": "Thing", **given}])
    found = order["lines"]["nodes"][0]
    assert amounts(found, *LINE) == expected.split()
    assert {found[name]["currency"] for name in LINE} | {order[name]["currency"] for name in ORDER} == {currency}
    _, discount, net, tax, total = expected.split()
    assert amounts(order, *ORDER) == [net, discount, tax, total]


async def test_totals_are_sums_of_rounded_lines(company: Company, client: Client) -> None:
    """Three lines of 0.335 print as 0.34 each, so the order says 1.02 and not 1.005 rounded."""
    order = await done(company, CREATE_ORDER, lines=[line("0.335", taxRate="0.1") for _ in range(3)])
    assert [each["netAmount"]["amount"] for each in order["lines"]["nodes"]] == ["0.34"] * 3
    assert amounts(order, *ORDER) == ["1.02", "0.00", "0.09", "1.11"]


async def test_numbers_that_are_too_large(company: Company, client: Client) -> None:
    """What no amount could hold is refused at its place instead of losing digits."""
    huge = "9" * 20
    async with unchanged(company):
        problem = await refused(
            company,
            CREATE_ORDER,
            lines=[
                line(huge, quantity=huge),
                line("1" + "0" * 20),
                line("1", quantity="1e999"),
                line("0.00000000001"),
                line("1", quantity="NaN"),
            ],
        )
    assert bad_values(problem) == {
        "lines.0.quantity": "VALUE_DECIMAL_RANGE",
        "lines.1.unitPrice": "VALUE_DECIMAL_RANGE",
        "lines.2.quantity": "VALUE_DECIMAL_RANGE",
        "lines.3.unitPrice": "VALUE_DECIMAL_PLACES",
        "lines.4.quantity": "VALUE_NOT_DECIMAL",
    }


@pytest.mark.parametrize(
    ("given", "path", "code"),
    [
        ({"quantity": "0"}, "quantity", "VALUE_NOT_POSITIVE"),
        ({"quantity": "-1"}, "quantity", "VALUE_NOT_POSITIVE"),
        ({"unitPrice": "-0.01"}, "unitPrice", "VALUE_NEGATIVE"),
        ({"unitPrice": "1,50"}, "unitPrice", "VALUE_NOT_DECIMAL"),
        ({"unitPrice": "１２"}, "unitPrice", "VALUE_NOT_DECIMAL"),
        ({"unitPrice": None}, "unitPrice", "ORDER_BARE_LINE"),
        ({"taxRate": "19"}, "taxRate", "VALUE_NOT_RATE"),
        ({"discountRate": "-0.1"}, "discountRate", "VALUE_NOT_RATE"),
        ({"discountRate": "1.0001"}, "discountRate", "VALUE_NOT_RATE"),
        ({"discountAmount": "-1"}, "discountAmount", "VALUE_NEGATIVE"),
        ({"discountAmount": "0.005"}, "discountAmount", "VALUE_MONEY_PLACES"),
        ({"discountAmount": "10.01"}, "discountAmount", "ORDER_DISCOUNT_TOO_LARGE"),
        ({"discountAmount": "1", "discountRate": "0.1"}, "discountAmount", "VALUE_EXCLUSIVE"),
    ],
)
async def test_a_bad_number_is_named(
    company: Company, client: Client, given: dict[str, Any], path: str, code: str
) -> None:
    async with unchanged(company):
        problem = await refused(company, CREATE_ORDER, lines=[{**line("10"), **given}])
    assert bad_values(problem) == {f"lines.0.{path}": code}


async def test_numbers_must_not_be_floats(company: Company, client: Client) -> None:
    """A JSON float has lost its digits on the way; an integer has not."""
    answer = await company.graphql(CREATE_ORDER, {"input": {"lines": [line("1", quantity=1.5)]}})
    assert 'Write decimals as strings, such as "12.50"' in answer["errors"][0]["message"]
    assert amounts(await an_order(company, lines=[line("1", quantity=3)]), "total") == ["3.00"]


async def test_an_update_calculates_anew(company: Company, client: Client) -> None:
    """The discount's kind stays what it was until the other kind, or none, is given (ORD-6)."""
    order = await an_order(company, lines=[line("10.00", discountRate="0.25", taxRate="0.2")])
    line_id = order["lines"]["nodes"][0]["id"]

    async def with_line(**values: Any) -> list[str]:
        changed = await done(company, UPDATE_ORDER, id=order["id"], lines=[{"id": line_id, **values}])
        return [changed["lines"]["nodes"][0]["discountRate"], *amounts(changed, *ORDER)]

    assert await with_line(quantity="2") == ["0.25", "15.00", "5.00", "3.00", "18.00"]
    assert await with_line(discountAmount="4.50") == ["0", "15.50", "4.50", "3.10", "18.60"]
    assert await with_line(quantity="3") == ["0", "25.50", "4.50", "5.10", "30.60"]
    assert await with_line(discountRate=None) == ["0", "25.50", "4.50", "5.10", "30.60"]
    assert await with_line(discountRate="0.1") == ["0.1", "27.00", "3.00", "5.40", "32.40"]
    assert await with_line(discountRate=None) == ["0", "30.00", "0.00", "6.00", "36.00"]
    assert await with_line(taxRate=None) == ["0", "30.00", "0.00", "0.00", "30.00"]
    async with unchanged(company):
        values = {"id": line_id, "quantity": "0.1", "discountAmount": "1.01"}
        problem = await refused(company, UPDATE_ORDER, id=order["id"], lines=[values])
    assert bad_values(problem) == {"lines.0.discountAmount": "ORDER_DISCOUNT_TOO_LARGE"}


async def test_another_currency_keeps_prices_and_rounds_anew(company: Company, client: Client) -> None:
    """A discount by rate follows into the yen; an amount with cents cannot, and says so."""
    order = await an_order(company, lines=[line("12.50", discountRate="0.1", taxRate="0.1")])
    assert amounts(order, *ORDER) == ["11.25", "1.25", "1.13", "12.38"]
    yen = await done(company, UPDATE_ORDER, id=order["id"], currency="jpy")
    assert yen["currency"] == "JPY"
    assert amounts(yen["lines"]["nodes"][0], *LINE) == ["12.50", "2", "11", "1", "12"]
    assert amounts(yen, *ORDER) == ["11", "2", "1", "12"]
    assert yen["lines"]["nodes"][0]["id"] == order["lines"]["nodes"][0]["id"]

    other = await an_order(company, lines=[line("12.50", discountAmount="1.25")])
    async with unchanged(company):
        problem = await refused(company, UPDATE_ORDER, id=other["id"], currency="JPY")
        assert bad_values(problem) == {"lines.0.discountAmount": "VALUE_MONEY_PLACES"}
        problem = await refused(company, UPDATE_ORDER, id=other["id"], currency="EURO")
        assert bad_values(problem) == {"currency": "VALUE_NOT_CURRENCY"}


async def test_the_company_has_a_usual_currency(new_company: NewCompany, client: Client) -> None:
    company = await new_company(currency="JPY")
    order = await an_order(company, lines=[line("100.5")], currency=None)
    assert (order["currency"], amounts(order, "total")) == ("JPY", ["101"])
