"""``totalCount(estimate: true)``: exact while a list is short, and near the truth beyond, at the price of a sample (SEA-3)."""

import pytest

from tenants.reading import ranges
from tests.documents import DEFINE_FIELD, done
from tests.examples import create_orders
from tests.harness import Client, Company, Statements

pytestmark = pytest.mark.anyio

COUNT = "query ($where: OrderFilter, $estimate: Boolean) { orders(where: $where) { totalCount(estimate: $estimate) } }"
MANY = """
INSERT INTO orders (tenant_id, id, number, status, currency, channel, ordered_at, subtotal, discount_total, tax_total, total,
                    created_at, updated_at)
SELECT %(tenant)s, gen_random_uuid(), 'N' || n, 'draft', 'EUR', (ARRAY['web', 'web', 'web', 'shop'])[1 + n %% 4], now(), n, 0, 0, n,
       now(), now()
FROM generate_series(1, 4000) n
RETURNING id
"""


def statements_of(statements: Statements, text: str) -> list[str]:
    """Those that hold a text, and not what the process measures for itself."""
    return [statement for statement in statements.work if text in statement and "json_build_object" in statement]


async def count(company: Company, where: object = None, estimate: bool | None = True) -> int:
    data = await company.data(COUNT, {"where": where, "estimate": estimate})
    found: int = data["orders"]["totalCount"]
    return found


async def test_short_lists_are_counted(
    company: Company, client: Client, statements: Statements, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exact up to the bound itself, filters and void orders considered; one statement, as without an estimate."""
    monkeypatch.setattr(ranges, "MOST_COUNTED", 6)
    await create_orders(company, [{"channel": channel} for channel in "aaabbb"])
    for where, expected in ((None, 6), ({"channel": {"eq": "a"}}, 3), ({"channel": {"eq": "c"}}, 0)):
        statements.clear()
        assert await count(company, where) == await count(company, where, False) == expected
        assert len(statements_of(statements, "count(*)")) == 2
    nested = await company.data("{ orders(first: 1) { nodes { lines { totalCount(estimate: true) } } } }")
    assert nested["orders"]["nodes"] == [{"lines": {"totalCount": 1}}]


@pytest.mark.parametrize("estimate", [False, None])
async def test_exact_unless_asked_otherwise(
    company: Company, client: Client, statements: Statements, estimate: bool | None
) -> None:
    await create_orders(company, [{}] * 2)
    statements.clear()
    assert await count(company, None, estimate) == 2
    assert await company.data("{ orders { totalCount } }") == {"orders": {"totalCount": 2}}
    assert len(statements_of(statements, "count(*)")) == 2
    assert statements_of(statements, "TABLESAMPLE") == []


async def test_long_lists_are_estimated(company: Company, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """From a few pages of the table: between half and double of the truth, never less than was counted, and the same each time."""
    # Companies whose configuration is the same share what was compiled, with other bounds.
    await done(company, DEFINE_FIELD, object="order", key="many", type="text", label={"en": "Counted by many"})
    monkeypatch.setattr(ranges, "MOST_COUNTED", 100)
    monkeypatch.setattr(ranges, "SAMPLED_PAGES", 40)
    await company.rows(MANY)
    for where, truth in ((None, 4_000), ({"channel": {"eq": "web"}}, 3_000), ({"total": {"gt": "2000"}}, 2_000)):
        assert await count(company, where, False) == truth
        estimates = {await count(company, where) for _ in range(2)}
        assert len(estimates) == 1
        assert truth / 2 < estimates.pop() < truth * 2
    assert await count(company, {"total": {"gt": "3990"}}) == 10


async def test_an_estimate_without_a_sampled_row(
    company: Company, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is at least what was seen while counting."""
    # Companies whose configuration is the same share what was compiled, with other bounds.
    await done(company, DEFINE_FIELD, object="order", key="few", type="text", label={"en": "Counted by few"})
    monkeypatch.setattr(ranges, "MOST_COUNTED", 3)
    monkeypatch.setattr(ranges, "SAMPLED_PAGES", 0.0001)
    await create_orders(company, [{}] * 5)
    assert await count(company) == 4
