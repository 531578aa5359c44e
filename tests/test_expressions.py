"""The two readings of an expression agree: what SQL computes is what ``value`` computes of each record.

A property test over random expressions and records holds them together; beside it, exact results of every function.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import cycle, islice
from typing import Any
from unicodedata import category
from zoneinfo import ZoneInfo

import pytest
from hypothesis import strategies as st

from tenants.config.snapshot import TenantConfig
from tenants.database import ENTER
from tenants.expressions import Expression, Kind, parse_expression
from tenants.expressions.operations import capitals
from tenants.field_types.operators import fold
from tenants.occasion import Occasion
from tenants.records import REGISTRY
from tests.conftest import NewCompany
from tests.examples import FIELDS, create_orders, define_fields
from tests.harness import Company, Row
from tests.test_conditions import RECORDS, TEXTS, samples

pytestmark = pytest.mark.anyio

ORDER = REGISTRY["order"]
LINES = st.lists(
    st.fixed_dictionaries(
        {
            "name": st.sampled_from(("Tea", "Bag")),
            "unitPrice": st.sampled_from(("0", "1", "2.5", "33.33")),
            "quantity": st.sampled_from(("1", "2", "3.3333333333")),
        }
    ),
    min_size=1,
    max_size=3,
)
CUSTOMERS = (None, {"name": "Ann"}, {"name": "É Li", "kind": "COMPANY", "custom": {"credit": "12.5"}})


async def book(company: Company) -> tuple[TenantConfig, list[Row]]:
    """40 random orders as rows, each with its customer and lines under the names of the relations."""
    await define_fields(company, {**FIELDS, "customer.credit": {"type": "decimal"}})
    drawn = zip(samples(RECORDS, 40), samples(LINES, 40), islice(cycle(CUSTOMERS), 40), strict=True)
    await create_orders(
        company,
        [
            {**values, "lines": lines, **({"customer": customer} if customer else {})}
            for values, lines, customer in drawn
        ],
    )
    rows = await company.rows("SELECT * FROM orders WHERE tenant_id = %(tenant)s ORDER BY id")
    lines = await company.rows("SELECT * FROM order_lines WHERE tenant_id = %(tenant)s")
    customers = await company.rows("SELECT * FROM customers WHERE tenant_id = %(tenant)s")
    by_id = {customer["id"]: {**customer, "orders": []} for customer in customers}
    for row in rows:
        row["lines"] = [line for line in lines if line["order_id"] == row["id"]]
        row["customer"] = by_id.get(row["customer_id"])
        if row["customer"]:
            row["customer"]["orders"].append(row)
    return (await company.caller()).config, rows


async def both(
    company: Company, rows: Sequence[Row], expressions: Sequence[Expression], table: str = "orders"
) -> list[tuple[list[Any], list[Any]]]:
    """What each expression is for each row, by SQL and by Python, at the same moment."""
    found = []
    async with company.database.connection() as connection, connection.transaction():
        await connection.execute(ENTER, {"tenant": company.id})
        moment = await (await connection.execute("SELECT now() AS at")).fetchone()
        assert moment is not None
        occasion = Occasion(moment["at"])
        for expression in expressions:
            cursor = await connection.execute(
                f"SELECT {expression.sql('t0')} AS found FROM {table} t0 WHERE t0.tenant_id = %(tenant)s ORDER BY t0.id",
                {"tenant": company.id},
            )
            by_sql = [row["found"] for row in await cursor.fetchall()]
            found.append((by_sql, [expression.value(row, occasion) for row in rows]))
    return found


def call(name: str, *parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.tuples(*parts).map(lambda given: f"{name}({', '.join(given)})")


def joined(one: st.SearchStrategy[str], signs: Sequence[str], other: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.tuples(one, st.sampled_from(signs), other).map(lambda given: f"({given[0]} {given[1]} {given[2]})")


def one_of(*texts: str) -> st.SearchStrategy[str]:
    return st.sampled_from(texts)


def quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


NUMBER_LEAVES = one_of(
    "0", "1", "2.5", "7", "0.0000000001", "99999999999999999999", "total", "custom.a_whole", "custom.a_decimal",
    "customer.custom.credit", "count(lines)", "sum(lines.quantity * lines.unitPrice)", "avg(lines.quantity)",
    "max(lines.total)", "min(lines.quantity / lines.unitPrice)", "sum(customer.orders.total)",
)  # fmt: skip
TEXT_LEAVES = st.one_of(
    one_of("channel", "notes", "priority", "custom.a_text", "custom.one", "customer.name", "customer.kind", "status"),
    st.sampled_from(TEXTS).map(quoted),
)
DAY_LEAVES = one_of("custom.a_day", "promisedAt", "today()", 'date("2024-02-29")', 'date("9999-12-31")', "orderedAt")
MOMENT_LEAVES = one_of("promisedAt", "custom.a_moment", "now()", "max(customer.orders.promisedAt)")
FLAG_LEAVES = one_of(
    "true", "false", "custom.a_flag", "isEmpty(custom.a_text)", "isEmpty(tags)", "isVoided", 'contains(tags, "a")',
    '(priority = "HIGH")', '(custom.one in ["red"])', "(custom.a_whole in [1, 2])", '(notes != "")', 'contains(custom.some, "x")',
)  # fmt: skip


def expressions(depth: int) -> tuple[st.SearchStrategy[str], ...]:
    """Of numbers, texts, flags, days and moments, nested so deep."""
    if depth == 0:
        return NUMBER_LEAVES, TEXT_LEAVES, FLAG_LEAVES, DAY_LEAVES, MOMENT_LEAVES
    number, text, flag, day, moment = expressions(depth - 1)

    def either(kind: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        return st.one_of(
            call("if", flag, kind, kind),
            call("if", flag, kind),
            call("coalesce", kind, kind),
            call("case", flag, kind, flag, kind),
            call("case", flag, kind, flag, kind, kind),
        )

    numbers = st.one_of(
        NUMBER_LEAVES,
        joined(number, "+-*/", number),
        joined(number, "+-*/", number),
        call("round", number, one_of("0", "2", "10")),
        *(call(name, number) for name in ("floor", "ceil", "abs", "round", "-")),
        *(call(name, number, number) for name in ("min", "max", "mod")),
        call("length", text),
        call("daysBetween", day, day),
        call("hoursBetween", moment, moment),
        call("yearsBetween", day, day),
        *(call(name, day) for name in ("year", "quarter", "month", "week", "day", "weekday")),
        call("hour", moment),
        either(number),
    )
    texts = st.one_of(
        TEXT_LEAVES,
        call("concat", text, text),
        call("concat", number, day, moment),
        call("format", number, one_of("0", "2", "10")),
        call("format", day, one_of('"DD.MM.YYYY"', '"YYYY年M月D日"', '"YY/MM"')),
        *(call(name, text) for name in ("lower", "upper", "trim")),
        call("mid", text, one_of("1", "2"), one_of("0", "1", "10000")),
        *(call(name, text, one_of("0", "1", "10000")) for name in ("left", "right")),
        either(text),
    )
    flags = st.one_of(
        FLAG_LEAVES,
        joined(flag, ("and", "or", "=", "!="), flag),
        flag.map(lambda given: f"(not {given})"),
        *(
            joined(kind, ("=", "!=", "<", "<=", ">", ">="), kind)
            for kind in (
                number,
                st.one_of(one_of("notes", "custom.a_text", "customer.name"), call("trim", text)),
                day,
                moment,
            )
        ),
        *(call(name, text, text) for name in ("contains", "startsWith", "endsWith")),
        *(call("isEmpty", kind) for kind in (number, text, flag, day, moment)),
    )
    days = st.one_of(
        DAY_LEAVES,
        call("addDays", one_of("custom.a_day", "today()", 'date("0001-01-01")'), number),
        call("addMonths", one_of("custom.a_day", 'date("2024-02-29")', 'date("9999-12-31")'), number),
        call("date", moment),
        call("max", day, day),
        *(call(name, day) for name in ("startOfMonth", "endOfMonth")),
        either(one_of("custom.a_day", "today()")),
    )
    moments = st.one_of(
        MOMENT_LEAVES,
        call("addDays", moment, number),
        *(call(name, moment, number) for name in ("addMonths", "addHours", "addMinutes")),
        call("min", moment, moment),
        either(moment),
    )
    return numbers, texts, flags, days, moments


async def test_the_two_readings_agree(company: Company) -> None:
    """400 random expressions over 40 random orders: all kinds and functions, absent values, related records."""
    config, rows = await book(company)
    texts = [text for kind in expressions(3) for text in samples(kind, 80)]
    parsed = [parse_expression(text, ORDER, config) for text in texts]
    assert {expression.kind for expression in parsed} == set(Kind) - {Kind.KEYS, Kind.TIME}
    for text, (by_sql, by_python) in zip(texts, await both(company, rows, parsed), strict=True):
        assert by_sql == by_python, text


ROLLUPS = (
    ("count", None, 'channel != "a"', None),
    ("count", "promisedAt", None, None),
    ("sum", "total * 2", "custom.a_flag", None),
    ("avg", "custom.a_decimal", "total > 5", None),
    ("min", "custom.a_day", None, None),
    ("max", "promisedAt", "isEmpty(tags) or total > 1", None),
    ("last", "channel", None, None),
    ("last", "total", "custom.a_flag", "promisedAt"),
    ("last", "sum(lines.quantity)", None, "custom.a_text"),
)


async def test_the_two_readings_of_rollups_agree(company: Company) -> None:
    """Every function, with filters and orders, over the orders of customers."""
    _, rows = await book(company)
    fields = {
        f"customer.r{place}": {
            "type": "rollup",
            "rollup": {"over": "orders", "function": function, "field": field, "where": where, "by": by},
        }
        for place, (function, field, where, by) in enumerate(ROLLUPS)
    }
    await define_fields(company, fields)
    config = (await company.caller()).config
    by_id = {row["customer"]["id"]: row["customer"] for row in rows if row["customer"]}
    columns = [column for _, column in config.computed.columns()]
    formulas = [column.formula for column in columns]
    assert len(formulas) == len(ROLLUPS)
    for by_sql, by_python in await both(company, [by_id[key] for key in sorted(by_id)], formulas, "customers"):
        assert by_sql == by_python
        assert len(set(by_sql)) > 1


async def plain(company: Company, text: str) -> Any:
    """What an expression that needs no record is; by both readings."""
    config = (await company.caller()).config
    [(by_sql, by_python)] = await both(company, [{}], [parse_expression(text, ORDER, config)])
    assert by_sql[:1] == by_python, text
    return by_python[0]


RESULTS: tuple[tuple[str, Any], ...] = (
    ("1 + 2 * 3 - 4 / 8", Decimal("6.5")),
    ("-(2 - 5) * 2", Decimal(6)),
    ("10 / 3", Decimal("3.3333333333")),
    ("2 / 3", Decimal("0.6666666667")),
    ("1 / 0", None),
    ("99999999999999999999 + 1", None),
    ("99999999999999999999 * 10 / 100", None),
    ("0.0000000001 * 0.0000000001", Decimal("0.00000000000000000001")),
    ("0.1 + 0.2 = 0.3", True),
    ("round(2.5)", Decimal(3)),
    ("round(-2.5)", Decimal(-3)),
    ("round(2.345, 2)", Decimal("2.35")),
    ("floor(-0.5)", Decimal(-1)),
    ("ceil(0.2)", Decimal(1)),
    ("min(3, 1, 2)", Decimal(1)),
    ("max(1 / 0, 2)", Decimal(2)),
    ("if(1 / 0 > 1, 1, 2)", Decimal(2)),
    ("if(false, 1)", None),
    ("true or 1 / 0 > 1", True),
    ("1 / 0 > 1 or true", True),
    ("1 / 0 > 1 or false", None),
    ("1 / 0 > 1 or 1 / 0 > 2", None),
    ("false and 1 / 0 > 1", False),
    ("1 / 0 > 1 and false", False),
    ("1 / 0 > 1 and true", None),
    ("not (1 / 0 > 1 and true)", None),
    ("if(1 / 0 > 1 and true, 1, 2)", Decimal(2)),
    ("not (1 / 0 > 1)", None),
    ("not false and true", True),
    ('concat("a", 1.50, date("2024-02-29"))', "a1.52024-02-29"),
    ('concat("", trim("  "))', None),
    ('lower("ÉA")', "éa"),
    ('left("héllo", 2)', "hé"),
    ('right("héllo", 2)', "lo"),
    ('length("héllo")', Decimal(5)),
    ('contains("Straße", "ASS")', False),
    ('contains("Maße", "MA")', True),
    ('startsWith("100%", "100%")', True),
    ('endsWith("a\\\\b\\"", "B\\"")', True),
    ('"a" < "B"', False),
    ('"x" in ["x", "y"]', True),
    ('isEmpty("")', True),
    ('addDays(date("2024-02-28"), 2)', date(2024, 3, 1)),
    ('addDays(date("2024-02-28"), 0 - 1000001)', None),
    ('addMonths(date("2024-01-31"), 1)', date(2024, 2, 29)),
    ('addMonths(date("9999-12-31"), 1)', None),
    ('daysBetween(date("2024-02-28"), date("2024-03-01"))', Decimal(2)),
    ('weekday(date("2024-02-29"))', Decimal(4)),
    ('year(date("2024-02-29")) * 100 + month(date("2024-02-29"))', Decimal(202402)),
    ("case(false, 1, 2 > 1, 2, 3)", Decimal(2)),
    ('case(false, "a", 1 / 0 > 1, "b")', None),
    ("mod(7.5, 2)", Decimal("1.5")),
    ("mod(-7, 3)", Decimal(-1)),
    ("mod(7, 0)", None),
    ('upper("straße")', "STRAßE"),
    ('mid("héllo", 2, 3)', "éll"),
    ("format(1234.5)", "1234.50"),
    ("format(0 - 0.001, 2)", "0.00"),
    ("format(2.5, 0)", "3"),
    ('format(date("2024-02-09"), "D.M.YY")', "9.2.24"),
    ('format(date("2024-02-09"), "YYYY年MM月DD日")', "2024年02月09日"),
    ('startOfMonth(date("2024-02-09"))', date(2024, 2, 1)),
    ('endOfMonth(date("2024-02-09"))', date(2024, 2, 29)),
    ('endOfMonth(date("9999-12-01"))', date(9999, 12, 31)),
    ('yearsBetween(date("2000-02-29"), date("2024-02-28"))', Decimal(23)),
    ('yearsBetween(date("2024-02-29"), date("2000-03-01"))', Decimal(-23)),
    ('quarter(date("2024-06-30"))', Decimal(2)),
    ('week(date("2027-01-01"))', Decimal(53)),
    ("hoursBetween(now(), addHours(now(), 1.5))", Decimal("1.5")),
    ("hoursBetween(now(), addMinutes(now(), -90))", Decimal("-1.5")),
    ("addHours(now(), 99999999999)", None),
    ("hoursBetween(now(), addDays(now(), 1)) in [23, 24, 25]", True),
    ("daysBetween(today(), now())", Decimal(0)),
)


async def test_every_function_is_exact(company: Company) -> None:
    """Values that were worked out by hand."""
    await create_orders(company, [{}])
    found = {text: await plain(company, text) for text, _ in RESULTS}
    assert found == dict(RESULTS)


async def test_days_go_by_the_calendar_of_the_company(new_company: NewCompany) -> None:
    """Across the changes of the clock: the same time of day, later where it is skipped, the later one where it comes twice."""
    company = await new_company(time_zone="Europe/Berlin")
    moments = ("2026-03-28T01:30:00Z", "2026-10-24T00:30:00Z", "2026-03-27T23:30:00Z")
    await create_orders(company, [{"promisedAt": moment} for moment in moments])
    rows = await company.rows("SELECT * FROM orders WHERE tenant_id = %(tenant)s ORDER BY id")
    config = (await company.caller()).config
    texts = ("addDays(promisedAt, 1)", "date(promisedAt)", "addMonths(promisedAt, 1)")
    later, day, month = await both(company, rows, [parse_expression(text, ORDER, config) for text in texts])
    by_moment = dict(zip((row["promised_at"].isoformat() for row in rows), zip(*later, strict=True), strict=True))
    assert by_moment == {
        "2026-03-28T01:30:00+00:00": (datetime(2026, 3, 29, 1, 30, tzinfo=UTC),) * 2,
        "2026-10-24T00:30:00+00:00": (datetime(2026, 10, 25, 1, 30, tzinfo=UTC),) * 2,
        "2026-03-27T23:30:00+00:00": (datetime(2026, 3, 28, 23, 30, tzinfo=UTC),) * 2,
    }
    assert day[0] == day[1] == [moment.astimezone(ZoneInfo("Europe/Berlin")).date() for moment in moments_of(rows)]
    assert month[0] == month[1]


def moments_of(rows: Sequence[Row]) -> list[datetime]:
    return [row["promised_at"] for row in rows]


async def test_lower_case_is_that_of_the_database(company: Company) -> None:
    """Letter by letter, over all of the Unicode that Python knows; PostgreSQL's is newer by some letters. Upper case as well."""
    rows = await company.rows(
        "SELECT n, lower(chr(n)) AS small, upper(chr(n)) AS large FROM generate_series(1, 1114111) n"
        " WHERE n NOT BETWEEN 55296 AND 57343"
    )
    known = [row for row in rows if category(chr(row["n"])) != "Cn"]
    assert [chr(row["n"]) for row in known if fold(chr(row["n"])) != row["small"]] == []
    both_known = [row for row in known if category(row["large"]) != "Cn"]
    assert [chr(row["n"]) for row in both_known if capitals(chr(row["n"])) != row["large"]] == []


async def test_the_dearest_expression_is_cheap(company: Company) -> None:
    """What fills all bounds is still worked out, in both readings, and its SQL grows with its length alone."""
    await create_orders(company, [{}])
    config = (await company.caller()).config
    inner = "total"
    for _ in range(6):
        inner = f"round(abs({inner} * 9.99), 2)"
    wide = parse_expression("+".join([inner, *["total * total"] * 40]), ORDER, config)
    assert len(wide.sql("t0")) < 20_000
    rows = await company.rows("SELECT * FROM orders WHERE tenant_id = %(tenant)s")
    [(by_sql, by_python)] = await both(company, rows, [wide])
    assert by_sql == by_python
    assert by_sql[0] is not None
