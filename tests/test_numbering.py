"""Order numbers (ORD-4): the company's pattern, unique under concurrency, without holes where that is wanted."""

import asyncio
import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tenants.config import change_sets
from tenants.customers import create_customer
from tenants.imports.run import run_import_texts
from tenants.orders import create_order
from tenants.problems import InvalidInput
from tests.conftest import NewCompany
from tests.documents import (
    APPLY_CONFIGURATION,
    CREATE_CUSTOMER,
    CREATE_ORDER,
    CREATE_PRODUCT,
    SET_NUMBERING,
    UPDATE_CUSTOMER,
    an_order,
    bad_values,
    done,
    refused,
    unchanged,
)
from tests.examples import create_orders, define_fields
from tests.harness import Client, Company, Row
from tests.importing import rejected

AT_ONCE = 40


async def number_of(company: Company, **changes: Any) -> str:
    return str((await an_order(company, **changes))["number"])


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("SO-{year}-{seq:5}", r"SO-(?P<year>\d{4})-0000(?P<seq>\d)"),
        ("{year}{month}{day}/{seq:3}", r"(?P<year>\d{4})(?P<month>\d\d)(?P<day>\d\d)/00(?P<seq>\d)"),
        ("订单{seq}号", r"订单(?P<seq>\d)号"),
        ("{seq:9}", r"00000000(?P<seq>\d)"),
        ("%s\\-'{seq}", r"%s\\-'(?P<seq>\d)"),
    ],
)
async def test_numbers_follow_the_pattern(company: Company, client: Client, pattern: str, expected: str) -> None:
    await done(company, SET_NUMBERING, pattern=pattern)
    before = datetime.now(UTC)
    numbers = [await number_of(company) for _ in range(3)]
    found = [re.fullmatch(expected, number) for number in numbers]
    parts = [match.groupdict() for match in found if match]
    assert [part.pop("seq") for part in parts] == ["1", "2", "3"], numbers
    days = {(day.strftime("%Y"), day.strftime("%m"), day.strftime("%d")) for day in (before, datetime.now(UTC))}
    for part in parts:
        assert any(part.items() <= dict(zip(("year", "month", "day"), day, strict=True)).items() for day in days)


async def test_a_sequence_outgrows_its_width(company: Company, client: Client) -> None:
    await done(company, SET_NUMBERING, pattern="N-{seq:1}", gapless=True)
    assert [await number_of(company) for _ in range(11)][-2:] == ["N-10", "N-11"]


async def test_each_text_around_the_sequence_counts_for_itself(company: Company, client: Client) -> None:
    """The sequence begins anew with a new prefix, and goes on where it was when the old one comes back."""
    await done(company, SET_NUMBERING, pattern="A-{seq}")
    assert [await number_of(company) for _ in range(2)] == ["A-1", "A-2"]
    await done(company, SET_NUMBERING, pattern="B-{seq}")
    assert await number_of(company) == "B-1"
    await done(company, SET_NUMBERING, pattern="A-{seq:3}")
    assert await number_of(company) == "A-003"


@pytest.mark.parametrize(
    "pattern",
    ["SO-{year}", "{seq}-{seq}", "SO-{seq:0}", "SO-{seq:10}", "SO-{hour}-{seq}", "SO-{{seq}}", "SO-{seq", "{Seq}-1"],
)
async def test_what_is_no_pattern(company: Company, client: Client, pattern: str) -> None:
    async with unchanged(company):
        problem = await refused(company, SET_NUMBERING, pattern=pattern)
    assert bad_values(problem) == {"numbering.order.pattern": "CONFIG_BAD_PATTERN"}


@pytest.mark.parametrize("gapless", [False, True])
async def test_numbers_are_unique_under_concurrency(company: Company, client: Client, gapless: bool) -> None:
    """More orders at once than the server has connections: every one gets a number of its own, and none waits in vain."""
    await done(company, SET_NUMBERING, pattern="N-{seq}", gapless=gapless)
    numbers = await asyncio.gather(*(number_of(company) for _ in range(AT_ONCE)))
    assert set(numbers) == {f"N-{number}" for number in range(1, AT_ONCE + 1)}


async def test_gapless_numbers_have_no_holes(company: Company, client: Client) -> None:
    """Orders that are refused, at once with others that are taken, use up no number, however late they are refused."""
    await done(company, SET_NUMBERING, pattern="N-{seq}", gapless=True)
    await an_order(company, externalId="taken")

    async def try_one(place: int) -> str | None:
        if place % 3:
            return await number_of(company)
        # Both are refused, for the one reason and for the other.
        values: dict[str, Any] = {"lines": []} if place % 2 else {"lines": [{"name": "x", "unitPrice": "1"}]}
        await refused(company, CREATE_ORDER, **values, externalId="taken")
        return None

    numbers = [number for number in await asyncio.gather(*map(try_one, range(24))) if number]
    assert len(numbers) == 16
    assert {*numbers, "N-1"} == {f"N-{number}" for number in range(1, 18)}
    assert await company.rows("SELECT value FROM counters WHERE key = 'order:N-#'") == [{"value": 17}]


async def test_numbers_with_holes_are_never_given_twice(company: Company, client: Client) -> None:
    """Without gapless a call that fails after its number was drawn costs that number."""
    await done(company, SET_NUMBERING, pattern="N-{seq}")
    assert await number_of(company, externalId="taken") == "N-1"
    # What is known to be taken is told before a number is drawn.
    await refused(company, CREATE_ORDER, externalId="taken", lines=[{"name": "x", "unitPrice": "1"}])
    with suppress(ZeroDivisionError):
        async with company.begin() as tx:
            await create_order(tx, {"lines": [{"name": "x", "unitPrice": "1"}]})
            raise ZeroDivisionError
    assert await number_of(company) == "N-3"


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Etc/GMT+12"])
async def test_the_date_is_that_of_the_company(new_company: NewCompany, client: Client, zone: str) -> None:
    """Of two zones that are 26 hours apart, at least one has another day than UTC at any moment; each company has its own."""
    company = await new_company(time_zone=zone)
    await done(company, SET_NUMBERING, pattern="{year}-{month}-{day}-{seq}")
    before = datetime.now(ZoneInfo(zone))
    number = await number_of(company)
    assert number in {f"{day:%Y-%m-%d}-1" for day in (before, datetime.now(ZoneInfo(zone)))}


def test_the_two_zones_are_never_both_on_utc_s_day() -> None:
    """What the test above relies on."""
    for hour in range(24):
        moment = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=hour)
        days = {moment.astimezone(ZoneInfo(zone)).date() for zone in ("Pacific/Kiritimati", "Etc/GMT+12")}
        assert days != {moment.date()}


async def test_companies_count_apart(company: Company, client: Client, new_company: NewCompany) -> None:
    other = await new_company()
    assert (await number_of(company)).endswith("-00001")
    assert (await number_of(other)).endswith("-00001")
    assert (await number_of(company)).endswith("-00002")


PREVIEW = "query ($pattern: String, $values: JSON) { numberPreview(pattern: $pattern, values: $values) }"


async def preview(company: Company, **variables: Any) -> str:
    return str((await company.data(PREVIEW, variables))["numberPreview"])


async def test_each_branch_has_a_sequence_of_its_own(company: Company, client: Client) -> None:
    """Parts of a number are fields of the order, the company's own among them; nothing stands for an absent one."""
    branches = {"type": "select", "options": ["north", "south"]}
    await define_fields(company, {"order.branch": branches})
    await done(company, SET_NUMBERING, pattern="{channel}/{custom.branch}-{seq:3}")
    north, south = {"branch": "north"}, {"branch": "south"}
    assert [await number_of(company, channel="web", custom=north) for _ in range(2)] == [
        "web/north-001",
        "web/north-002",
    ]
    assert await number_of(company, channel="web", custom=south) == "web/south-001"
    assert await number_of(company, channel="fax", custom=north) == "fax/north-001"
    assert await number_of(company) == "/-001"
    # What was typed as a field is never read as a part of the pattern.
    assert await number_of(company, channel="{seq}{year}") == "seqyear/-001"
    assert await number_of(company, channel="x" * 60) == f"{'x' * 40}/-001"


@pytest.mark.parametrize("gapless", [False, True])
async def test_branches_are_numbered_under_concurrency(company: Company, client: Client, gapless: bool) -> None:
    await done(company, SET_NUMBERING, pattern="{channel}-{seq}", gapless=gapless)
    numbers = await asyncio.gather(*(number_of(company, channel="ab"[place % 2]) for place in range(AT_ONCE)))
    assert set(numbers) == {f"{branch}-{number}" for branch in "ab" for number in range(1, AT_ONCE // 2 + 1)}


@pytest.mark.parametrize(
    ("pattern", "code"),
    [
        ("{channel}{seq}", "CONFIG_BAD_PATTERN"),
        ("{channel}1{seq}", "CONFIG_BAD_PATTERN"),
        ("{channel}{year}{seq}", "CONFIG_BAD_PATTERN"),
        ("{channel}-{seq}-{priority}", "CONFIG_BAD_PATTERN"),
        ("{seq}{channel}", "CONFIG_BAD_PATTERN"),
        ("{custom.branch}-{seq}", "CONFIG_UNKNOWN_PART"),
        ("{custom.when}-{seq}", "CONFIG_UNKNOWN_PART"),
        ("{notes}-{seq}", "CONFIG_BAD_PATTERN"),
    ],
)
async def test_what_cannot_be_part_of_a_number(company: Company, client: Client, pattern: str, code: str) -> None:
    """Two orders of different fields could get the same number, or there is no such field."""
    await define_fields(company, {"order.when": {"type": "date"}})
    async with unchanged(company):
        problem = await refused(company, SET_NUMBERING, pattern=pattern)
    assert bad_values(problem) == {"numbering.order.pattern": code}


async def test_the_next_number_is_shown_before_it_is_given(company: Company, client: Client) -> None:
    """Of the pattern in force or of one that is tried; nothing is counted by looking."""
    await done(company, SET_NUMBERING, pattern="{channel}-{seq:3}")
    assert await number_of(company, channel="web") == "web-001"
    async with unchanged(company):
        assert await preview(company, values={"channel": "web"}) == "web-002"
        assert await preview(company, values={"channel": "fax"}) == "fax-001"
        assert await preview(company, pattern="N-{seq}") == "N-1"
        answer = await company.graphql(PREVIEW, {"pattern": "N"})
        assert "'N' is no numbering pattern" in answer["errors"][0]["message"]
    assert await number_of(company, channel="web") == "web-002"


async def test_a_field_numbers_its_records(company: Company, client: Client) -> None:
    """New records get a number, and older ones when they are next changed; nobody gives or takes it."""
    older = await done(company, CREATE_CUSTOMER, name="Old")
    await define_fields(
        company,
        {"customer.region": {"type": "text"}, "customer.card": {"type": "auto_number", "numbering": "K-{custom.region}-{seq:3}"}},
    )  # fmt: skip
    cards = "query ($id: ID!) { customer(id: $id) { custom { card } history { nodes { changes { field to } } } } }"

    async def card(customer: Row) -> str | None:
        found = (await company.data(cards, {"id": customer["id"]}))["customer"]["custom"]["card"]
        return None if found is None else str(found)

    first = await done(company, CREATE_CUSTOMER, name="Ann", custom={"region": "eu"})
    second = (await an_order(company, customer={"name": "Bo", "custom": {"region": "eu"}}))["customer"]
    assert [await card(customer) for customer in (first, second, older)] == ["K-eu-001", "K-eu-002", None]
    await done(company, UPDATE_CUSTOMER, id=older["id"], notes="x")
    await done(company, UPDATE_CUSTOMER, id=first["id"], custom={"region": "us"})
    assert [await card(customer) for customer in (first, older)] == ["K-eu-001", "K--001"]
    history = (await company.data(cards, {"id": older["id"]}))["customer"]["history"]["nodes"]
    assert {"field": "custom.card", "to": "K--001"} in history[-1]["changes"]
    inputs = await company.data('{ __type(name: "CustomerCustomInput") { inputFields { name } } }')
    assert inputs["__type"]["inputFields"] == [{"name": "region"}]
    with pytest.raises(InvalidInput) as refusal:
        async with company.begin() as tx:
            await create_customer(tx, {"name": "Cy", "custom": {"card": "K-1"}})
    assert [(error.path, error.code) for error in refusal.value.errors] == [(("custom", "card"), "field.given")]


async def test_gapless_fields_have_no_holes(company: Company, client: Client) -> None:
    """A record that is refused by a unique key after it was numbered uses up no number."""
    await define_fields(
        company, {"product.card": {"type": "auto_number", "numbering": "P-{seq}", "gapless": True, "indexed": True}}
    )
    await done(company, CREATE_PRODUCT, sku="A", name="A")
    await refused(company, CREATE_PRODUCT, sku="A", name="B")
    await done(company, CREATE_PRODUCT, sku="B", name="B")
    listed = await company.data("{ products(orderBy: [{custom: {card: ASC}}]) { nodes { custom { card } } } }")
    assert [node["custom"]["card"] for node in listed["products"]["nodes"]] == ["P-1", "P-2"]


@pytest.mark.parametrize("gapless", [False, True])
async def test_patterns_that_come_to_the_same_text(company: Company, client: Client, gapless: bool) -> None:
    """No order is refused for a number that another pattern gave: numbers that are held are left out, and shown so beforehand."""
    await done(company, SET_NUMBERING, pattern="A{seq}", gapless=gapless)
    await create_orders(company, [{}] * 12)
    await done(company, SET_NUMBERING, pattern="A1{seq}", gapless=gapless)
    assert await preview(company) == "A13"
    assert [await number_of(company) for _ in range(2)] == ["A13", "A14"]
    await done(company, SET_NUMBERING, pattern="A{seq}", gapless=gapless)
    numbers = await asyncio.gather(*(number_of(company) for _ in range(5)))
    found = {int(number.removeprefix("A")) for number in numbers}
    assert found == {15, 16, 17, 18, 19} if gapless else len(found) == 5 and min(found) >= 15
    rows = await company.rows("SELECT number FROM orders WHERE tenant_id = %(tenant)s")
    assert len({row["number"] for row in rows}) == 19


@pytest.mark.parametrize("gapless", [False, True])
async def test_own_numbers_that_come_to_the_same_text(company: Company, client: Client, gapless: bool) -> None:
    """The same of a field that numbers records by itself, where it is unique."""
    field = {"type": "auto_number", "unique": True, "gapless": gapless}
    await define_fields(company, {"order.no": {**field, "numbering": "A{seq}"}})
    await create_orders(company, [{}] * 12)
    await define_fields(company, {"order.no": {**field, "numbering": "A1{seq}"}})
    await an_order(company)
    rows = await company.rows("SELECT custom->>'no' AS no FROM orders WHERE tenant_id = %(tenant)s ORDER BY id")
    assert [row["no"] for row in rows] == [f"A{number}" for number in range(1, 14)]


@pytest.mark.parametrize("gapless", [False, True])
async def test_a_batch_that_comes_upon_held_numbers(company: Company, client: Client, gapless: bool) -> None:
    """An import takes many numbers at once; none of its orders is refused for one that is held."""
    await done(company, SET_NUMBERING, pattern="A{seq}", gapless=gapless)
    await create_orders(company, [{}] * 15)
    await done(company, SET_NUMBERING, pattern="A1{seq}", gapless=gapless)
    mapping = """
orderloom-import: 1
files:
  - file: orders.csv
    record: order
    external_id: id
    fields: {notes: id}
    lines: {file: lines.csv, order: order, external_id: id, fields: {name: item, unitPrice: price}}
"""
    ids = [f"O{number}" for number in range(6)]
    orders = "id\n" + "".join(f"{each}\n" for each in ids)
    lines = "id,order,item,price\n" + "".join(f"L{each},{each},Work,10\n" for each in ids)

    async def refresh() -> Any:
        return await company.caller()

    files = {"orders.csv": orders.encode(), "lines.csv": lines.encode()}
    summary = await run_import_texts(
        company.database, await company.caller(), mapping, files, dry_run=False, refresh=refresh
    )
    assert rejected(summary) == []
    rows = await company.rows("SELECT number FROM orders WHERE tenant_id = %(tenant)s AND external_id IS NOT NULL")
    # Those that were taken in vain are holes, where there may be any.
    first = 6 if gapless else 7
    assert {row["number"] for row in rows} == {f"A1{number}" for number in range(first, first + 6)}


async def test_sequences_begin_anew_with_the_month_of_the_company(new_company: NewCompany) -> None:
    """Also with the year: a text with them in it has a counter of its own, and it is the company's clock that turns them over."""
    company = await new_company(time_zone="Asia/Shanghai")
    async with company.begin() as tx:
        body = {"pattern": "{year}{month}-{seq:3}"}
        await change_sets.apply(tx, [change_sets.define(tx.config, "numbering", "order", body)])
    numbers = []
    for moment in ("2026-11-30T15:59:00", "2026-11-30T16:00:00", "2026-12-31T15:59:59", "2026-12-31T16:00:00"):
        async with company.begin() as tx:
            tx.now = datetime.fromisoformat(f"{moment}+00:00")
            made = await create_order(tx, {"lines": [{"name": "Work", "unitPrice": "1"}]})
        (row,) = await company.rows("SELECT number FROM orders WHERE tenant_id = %(tenant)s AND id = %(id)s", id=made)
        numbers.append(row["number"])
    assert numbers == ["202611-001", "202612-001", "202612-002", "202701-001"]


async def test_a_plan_tells_which_parts_may_be_empty(company: Company, client: Client) -> None:
    """ORD-4: with a number as it would be; what each record has is not told."""
    await define_fields(
        company,
        {
            "order.po": {"type": "text"},
            "order.branch": {"type": "text", "required": True},
            "order.site": {"type": "text", "default": "main"},
        },
    )
    document = """
orderloom: 1
numbering: {order: {pattern: "{channel}/{custom.po}/{custom.branch}/{custom.site}-{seq:3}"}}
fields:
  customer.card: {type: auto_number, label: {en: Card}, numbering: "{custom.town}-{seq:3}"}
  customer.town: {type: text, label: {en: Town, zh: 城镇}}
"""
    plan = "query($d: String!) { planConfiguration(document: $d, merge: true) { problems { code } changes { key remarks } } }"
    found = (await company.data(plan, {"d": document}))["planConfiguration"]
    assert found["problems"] == []
    assert {change["key"]: change["remarks"] for change in found["changes"]} == {
        "order": [
            (
                "Where these are empty, numbers are made without them, such as '//…/…-001': 'Channel' (channel),"
                " 'order.po' (custom.po). Make them required where each number must have them."
            )
        ],
        "customer.card": [
            (
                "Where these are empty, numbers are made without them, such as '-001': 'Town' (custom.town)."
                " Make them required where each number must have them."
            )
        ],
        "customer.town": [],
    }
    order = await an_order(company, custom={"branch": "north"})
    await done(company, APPLY_CONFIGURATION, document=document, merge=True)
    found = (await company.data(plan, {"d": document}))["planConfiguration"]
    assert found["changes"] == []
    assert order["number"].startswith("SO-")
