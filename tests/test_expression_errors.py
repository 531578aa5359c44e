"""Expressions that are refused: each mistake is named by its place, and no text holds up the process."""

from time import process_time

import pytest

from tenants.expressions import parse_expression
from tenants.problems import InvalidInput
from tenants.records import REGISTRY
from tests.harness import Company

pytestmark = pytest.mark.anyio

ORDER = REGISTRY["order"]


@pytest.mark.parametrize(
    ("text", "english", "chinese"),
    [
        ("total +", "Line 1, column 8: the expression ends where a field, a value or a function is expected.", "第 1 行第 8 列"),
        ("total\n  + (1", "Line 2, column 7: the expression ends where ')' is expected.", "第 2 行第 7 列"),
        ("total total", "Line 1, column 7: an operator or the end of the expression is expected here, not 'total'.", None),
        ("1 ? 2", "Line 1, column 3: '?' has no meaning in an expression.", None),
        ('"a', 'Line 1, column 1: the text that begins with " here has no end.', None),
        ("nowhere", "Line 1, column 1: there is no field 'nowhere' that an expression can use.", None),
        ("id", "Line 1, column 1: there is no field 'id' that an expression can use.", None),
        ("round()", "Line 1, column 1: 'round' takes 1 to 2 arguments, not 0.", None),
        ("round(1, 11)", "Line 1, column 10: a whole number from 0 to 10 must be written out here, not '11'.", None),
        ("round(1, total)", "Line 1, column 10: a whole number from 0 to 10 must be written out here, not 'total'.", None),
        ('1 + "x"', "Line 1, column 5: a number is needed here, and '\"x\"' is none.", "需要数字"),
        ("lower(1)", "Line 1, column 7: a text is needed here, and '1' is none.", None),
        ("not 1", "Line 1, column 5: something that is true or false is needed here, and '1' is not.", None),
        ("year(1)", "Line 1, column 6: a date is needed here, and '1' is none.", None),
        ('date("2024-02-30")', "Line 1, column 6: a date is needed here, and '\"2024-02-30\"' is none.", None),
        ("hoursBetween(today(), now())", "Line 1, column 14: a date with a time is needed here, and 'today()' is none.", None),
        ("true < false", "Line 1, column 1: 'true' cannot be used here; it is no number, text or date.", None),
        ('total = "x"', "Line 1, column 1: 'total' and '\"x\"' are of different kinds.", None),
        ('if(true, 1, "x")', "Line 1, column 10: '1' and '\"x\"' are of different kinds.", None),
        ('priority = "huge"', "Line 1, column 12: '\"huge\"' is not one of the options of 'priority': low, normal, high, urgent.", None),
        ("1 in [total]", "Line 1, column 7: a value must be written out here, not 'total'.", None),
        ("lines.total", "Line 1, column 1: 'lines.total' is there for many records. Use it in count, sum, avg, min or max.", None),
        ("sum(total)", "Line 1, column 1: 'sum(total)' needs fields of related records, such as lines.total.", None),
        ("sum(lines.total * total)", "Line 1, column 1: within 'sum(lines.total * total)', all fields must be of the same related records.", None),
        ("sum(lines.total * customer.orders.total)", None, "必须属于同一组关联记录"),
        ("1" * 31, None, None),
        ('"\x00"', "The text holds a character that cannot be stored (NUL or half a character). Remove it.", None),
    ],
)  # fmt: skip
async def test_every_mistake_is_named_by_its_place(
    company: Company, text: str, english: str | None, chinese: str | None
) -> None:
    config = (await company.caller()).config
    with pytest.raises(InvalidInput) as caught:
        parse_expression(text, ORDER, config)
    assert english is None or caught.value.text("en") == english
    assert chinese is None or chinese in caught.value.text("zh")


BOMBS = (
    *("(" * length for length in (21, 1_000, 10_000, 1_000_000)),
    *("(" * length + "1" + ")" * length for length in (25, 900)),
    *(word * 400 for word in ("not ", "-", "1+", "1<", "if(", "[", "in ", "max(", '"', "\\", '"\\', "a.", "custom.", "9", "💣")),
    *(f"{word}1{')' * 60}" for word in ("round(" * 60, "floor(" * 60, "max(1," * 60, "if(true," * 60)),
    *("+".join(["1"] * count) for count in (110, 900)),
    *(" and ".join(["true"] * count) for count in (110, 250)),
    *("*".join(["total"] * count) for count in (110, 300)),
    *(f"concat({', '.join(['notes'] * count)})" for count in (51, 200)),
    *(f"total in [{', '.join(['1'] * count)}]" for count in (250, 600)),
    *("9**9**9", "9^9^9", '"x" * 1000000000', "1e999999999", "repeat(notes, 1000000000)", "lpad(notes, 999999999)"),
    *("(a+)+$", "matches(notes, \"(a+)+$\")", "left(notes, 999999999999)", "round(1, 999999999)", "round(1, 10 * 10)"),
    *("__import__", "total.__class__", "lambda x: x", "eval(1)", "sql(1)", "'; DROP TABLE orders; --", "total; total"),
    *("/* */ 1", "1 -- 1 --", "$1", "%(tenant)s", "{t}", "{x}", "total::text", "total || total", "a" * 2_001),
    *("customer.company.company.company.name", "customer." * 150 + "name", "lines.order.lines.total", "history.at"),
    *("sum(sum(lines.total))", "sum(lines.total * sum(lines.total))", "count(count(lines))", "max(lines.total, 1)"),
    *("generate_series(1, 1000000000)", "pg_sleep(10)", "now() - now()", "today", "now", "if(1)", "count()", "count(1, 2)"),
    *("=", "==", "1 == 1", "1 = = 1", "<>", "1 <> 1", "!", "&&", "true && true", "a ? b : c", ",", ")", "]", "()", "[1]"),
    *(f"{name}({', '.join(['total'] * 60)})" for name in ("min", "max", "coalesce", "concat", "round", "contains")),
    *(f"{name}(lines)" for name in ("sum", "avg", "min", "max", "length", "lower")),
)  # fmt: skip


async def test_bombs_are_refused_at_once(company: Company) -> None:
    """Over 100 texts that would cost much if they were read, run or repeated. What is not refused has no more parts than allowed."""
    config = (await company.caller()).config
    assert len(BOMBS) > 100
    for bomb in BOMBS:
        before = process_time()
        with pytest.raises(InvalidInput):
            parse_expression(bomb, ORDER, config)
        assert process_time() - before < 0.1, bomb[:40]
