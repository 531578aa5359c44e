"""What a check, a formula and a filter say of records where a value is absent (X-07, X-09)."""

from tests.documents import CREATE_ORDER, bad_values, done, refused, unchanged
from tests.examples import create_orders, define_fields
from tests.harness import Client, Company, Row
from tests.test_rules import LINES, define

SIZES = {"order.wa": {"type": "decimal"}, "order.wb": {"type": "decimal"}}


async def test_a_check_of_several_parts_says_nothing_of_what_is_absent(company: Company, client: Client) -> None:
    """One part alone decides where it is false."""
    await define_fields(company, SIZES)
    await define(company, "saw", "CHECK", ["custom.wa"], check="custom.wa <= 200 and custom.wb <= 200")
    taken: tuple[Row, ...] = ({}, {"wa": "200"}, {"wb": "1"}, {"wa": "1", "wb": "2"})
    for custom in taken:
        await done(company, CREATE_ORDER, lines=LINES, custom=custom)
    async with unchanged(company):
        for custom in ({"wa": "201"}, {"wb": "201"}, {"wa": "201", "wb": "1"}):
            problem = await refused(company, CREATE_ORDER, lines=LINES, custom=custom)
            assert bad_values(problem) == {"custom.wa": "RULE_BROKEN"}


async def test_the_same_over_lines(company: Company, client: Client) -> None:
    """Asked of PostgreSQL, because it looks at other rows than the order's."""
    await define_fields(company, SIZES)
    await define(company, "saw", "CHECK", ["lines"], check="sum(lines.quantity) > 1 and custom.wa <= 200")
    await done(company, CREATE_ORDER, lines=[{**LINES[0], "quantity": "2"}])
    async with unchanged(company):
        problem = await refused(company, CREATE_ORDER, lines=LINES)
    assert bad_values(problem) == {"lines": "RULE_BROKEN"}


async def test_a_formula_of_an_absent_value_is_neither_true_nor_false(company: Company, client: Client) -> None:
    small = {"type": "formula", "expression": "custom.wa <= 200 and custom.wb <= 200"}
    large = {"type": "formula", "expression": "custom.wa > 200 or custom.wb > 200"}
    sized = {"type": "formula", "expression": 'if(custom.wa > 200 or custom.wb > 200, "large", "small")'}
    await define_fields(company, {**SIZES, "order.small": small, "order.large": large, "order.sized": sized})
    given: tuple[Row, ...] = ({}, {"wa": "1"}, {"wa": "201"}, {"wa": "1", "wb": "1"})
    await create_orders(company, [{"custom": custom} for custom in given])
    shown = "{ orders(orderBy: [{number: ASC}]) { nodes { custom { small large sized } } } }"
    found = (await company.data(shown))["orders"]["nodes"]
    assert [(order["custom"]["small"], order["custom"]["large"], order["custom"]["sized"]) for order in found] == [
        (None, None, "small"),
        (None, None, "small"),
        (False, True, "large"),
        (True, False, "small"),
    ]
    counted = "query ($where: OrderFilter) { orders(where: $where) { totalCount } }"
    counts = [
        (await company.data(counted, {"where": {"custom": {"small": {"eq": flag}}}}))["orders"]["totalCount"]
        for flag in (True, False)
    ]
    assert counts == [1, 1]
