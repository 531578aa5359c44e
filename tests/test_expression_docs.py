"""The list of functions in the documents: complete, and true of an order."""

import re
from pathlib import Path
from typing import Any

import pytest

from tenants.expressions.functions import FUNCTIONS
from tenants.expressions.operations import FIGURES
from tests.documents import DEFINE_FIELD, bad_values, refused, unchanged
from tests.examples import create_orders, define_fields
from tests.harness import Client, Company

pytestmark = pytest.mark.anyio

TEXT = (Path(__file__).parent.parent / "docs" / "expressions.md").read_text()
ROWS = re.findall(r"^\| (`.+?) \| `([^|]+)` \| ([^|]+) \|$", TEXT, re.MULTILINE)
ORDER = {
    "channel": "web",
    "tags": ["urgent"],
    "promisedAt": "2026-01-15T12:00:00Z",
    "lines": [
        {"name": "Green tea", "unitPrice": "60.00", "quantity": "2"},
        {"name": "Tin", "unitPrice": "4.00"},
    ],
}


def written(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def test_every_function_is_listed() -> None:
    listed = {name for shown, _, _ in ROWS for name in re.findall(r"`(\w+)\(", shown)}
    assert listed == {*FUNCTIONS, *FIGURES}


async def test_every_example_is_true(company: Company, client: Client) -> None:
    """As formulas of an order, read through the API."""
    await define_fields(
        company,
        {f"order.f{place}": {"type": "formula", "expression": example} for place, (_, example, _) in enumerate(ROWS)},
    )
    await create_orders(company, [ORDER])
    keys = " ".join(f"f{place}" for place in range(len(ROWS)))
    (order,) = (await company.data(f"{{ orders {{ nodes {{ custom {{ {keys} }} }} }} }}"))["orders"]["nodes"]
    found = {example: written(order["custom"][f"f{place}"]) for place, (_, example, _) in enumerate(ROWS)}
    assert found == {example: result for _, example, result in ROWS}


async def test_common_formulas_of_a_trade(company: Company, client: Client) -> None:
    """Due date, margin, discount, age class and initials, one built on the other."""
    await define_fields(company, {"order.cost": {"type": "money"}, "order.effort": {"type": "duration"}})
    formulas = {
        "due": "addDays(orderedAt, 30)",
        "due_month_end": "endOfMonth(addDays(orderedAt, 30))",
        "margin": "round((subtotal - custom.cost) / subtotal * 100, 1)",
        "discounts": "sum(lines.discountAmount)",
        "age": 'daysBetween(orderedAt, date("2026-03-01"))',
        "age_class": 'case(custom.age < 8, "fresh", custom.age < 31, "open", "old")',
        "initial": "upper(left(trim(customer.name), 1))",
        "line": 'concat(customer.name, ": ", format(subtotal, 2), " ", currency, ", ", format(orderedAt, "DD.MM."))',
        "late": 'if(isEmpty(promisedAt), false, promisedAt < now() and status != "shipped")',
        "ready": "addMinutes(orderedAt, custom.effort / 60)",
    }
    await define_fields(
        company, {f"order.{key}": {"type": "formula", "expression": text} for key, text in formulas.items()}
    )
    await create_orders(
        company,
        [
            {
                "orderedAt": "2026-02-10T10:00:00Z",
                "promisedAt": "2026-02-20T10:00:00Z",
                "customer": {"name": " ann"},
                "lines": [
                    {"name": "A", "unitPrice": "100", "discountAmount": "10"},
                    {"name": "B", "unitPrice": "60", "quantity": "2", "discountRate": "0.1"},
                ],
                "custom": {"cost": {"amount": "99"}, "effort": "PT1H30M"},
            }
        ],
    )
    (order,) = (await company.data(f"{{ orders {{ nodes {{ custom {{ {' '.join(formulas)} }} }} }} }}"))["orders"][
        "nodes"
    ]
    assert order["custom"] == {
        "due": "2026-03-12T10:00:00+00:00",
        "due_month_end": "2026-03-31",
        "margin": "50",
        "discounts": "22",
        "age": "19",
        "age_class": "open",
        "initial": "A",
        "line": "ann: 198.00 EUR, 10.02.",
        "late": True,
        "ready": "2026-02-10T11:30:00+00:00",
    }


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ('format(today(), "DD MMM")', "Line 1, column 17: a form of dates such as"),
        ("format(today())", "Line 1, column 8: a form of dates such as"),
        ("format(total, total)", "Line 1, column 15: a whole number from 0 to 10 must be written out here"),
        ('case(true, 1, true, "x")', "Line 1, column 12: '1' and '\"x\"' are of different kinds."),
        ("case(1, 2)", "Line 1, column 6: something that is true or false is needed here"),
        ("addHours(today(), 1)", "Line 1, column 10: a date with a time is needed here"),
    ],
)
async def test_what_functions_refuse(company: Company, client: Client, expression: str, message: str) -> None:
    field = {"object": "order", "key": "f", "type": "formula", "label": {"en": "F"}, "expression": expression}
    async with unchanged(company):
        problem = await refused(company, DEFINE_FIELD, **field)
    assert list(bad_values(problem)) == ["field.order.f.expression"]
    assert problem["errors"][0]["message"].startswith(message)
