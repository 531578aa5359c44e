"""Imports of real data sets, with totals calculated from the CSV by hand. The data is not part of the repository.

Of the largest book every fifth order is imported, and all of it where ``PROVE`` is set (``make prove``).
"""

import asyncio
import csv
import gzip
import io
import json
import os
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tenants.actors import system
from tenants.config import change_sets
from tenants.config.documents import read_document
from tenants.imports.formats import FileFormat
from tenants.imports.reading import open_table
from tenants.imports.run import run_import
from tenants.imports.summary import Summary
from tenants.transaction import begin
from tests.conftest import NewCompany
from tests.harness import Client, Company
from tests.importing import counts, everything, rejected

ROOT = Path(__file__).parent.parent
DATA = ROOT.parent / "shared" / "data"
EXAMPLES = ROOT / "docs" / "examples"
NORTHWIND, TMALL, SPECTRUM = DATA / "northwind", DATA / "tmall-orders-zh", DATA / "messy-csv-spectrum"
REPORT = "tmall_order_report.csv.gz"

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the data sets are not here")


async def configured(new_company: NewCompany, example: str, **changes: str) -> Company:
    """A company set up by a committed configuration."""
    company = await new_company(**changes)
    document = read_document((EXAMPLES / example / "config.yaml").read_text(encoding="utf-8"))
    async with begin(company.database, await company.callers.acting(company.id, system("set up"))) as tx:
        await change_sets.apply(tx, change_sets.plan(tx.config, document))
    return company


async def run(company: Company, example: str, *folders: Path, dry_run: bool = False) -> Summary:
    mapping = EXAMPLES / example / "mapping.yaml"
    return await run_import(company.database, company.callers, company.id, mapping, folders=folders, dry_run=dry_run)


def table(path: Path) -> list[list[str]]:
    """All records of a file, read with nothing of ours."""
    content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return list(csv.reader(io.StringIO(content.decode(), newline="")))


def cents(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal("0.01"), ROUND_HALF_UP)


def northwind_totals() -> dict[str, Decimal]:
    """The total of each order: price times quantity less discount, rounded line by line."""
    totals: dict[str, Decimal] = defaultdict(Decimal)
    for order, _, price, quantity, discount in table(NORTHWIND / "order-details.csv")[1:]:
        totals[order] += cents(Decimal(price) * Decimal(quantity) * (1 - Decimal(discount)))
    return totals


def broken_lines(name: str) -> list[int]:
    """The lines of a file of Northwind whose rows have a comma too many; no value of it spans lines."""
    first, *rest = table(NORTHWIND / name)
    return [number for number, row in enumerate(rest, start=2) if len(row) != len(first)]


async def totals(company: Company) -> dict[str, Decimal]:
    rows = await company.rows("SELECT external_id, total FROM orders WHERE tenant_id = %(tenant)s")
    return {row["external_id"]: row["total"] for row in rows}


async def test_northwind(new_company: NewCompany, client: Client) -> None:
    """91 customers, 77 products, 830 orders with 2,155 lines; every total is the CSV's, and once more changes nothing."""
    company = await configured(new_company, "northwind", currency="USD")
    folders = (NORTHWIND / "repaired", NORTHWIND)
    dry = await run(company, "northwind", *folders, dry_run=True)
    # The audit log tells of the configuration alone.
    assert (await everything(company))["events"] == 1
    first = await run(company, "northwind", *folders)
    assert counts(first) == counts(dry)
    assert counts(first) == {
        "customer": (91, 91, 0, 0, 0, 0),
        "product": (77, 77, 0, 0, 0, 0),
        "order": (830, 830, 0, 0, 0, 0),
        "order_line": (2155, 2155, 0, 0, 0, 0),
    }
    by_hand = northwind_totals()
    assert await totals(company) == by_hand
    assert sum(by_hand.values()) == Decimal("1265793.29")
    before = await everything(company)
    assert counts(await run(company, "northwind", *folders))["order"] == (830, 0, 0, 830, 0, 0)
    assert await everything(company) == before
    await look_at_northwind(company)


async def look_at_northwind(company: Company) -> None:
    """A few records as the API shows them: quoted commas, nulls, countries, times, discounts."""
    data = await company.data(
        """{
          open: orders(where: {status: {eq: "open"}}) { totalCount }
          shipped: orders(where: {status: {eq: "shipped"}}) { totalCount }
          noPrice: orders(where: {total: {eq: "0"}}) { totalCount }
          order(externalId: "10250") {
            customer { externalId } orderedAt promisedAt status { key label }
            shippingAddress { line1 city region country }
            total { amount currency } discountTotal { amount }
            lines { nodes { externalId sku name quantity unitPrice { amount } discountRate total { amount } } }
          }
          customer(externalId: "BONAP") {
            name kind phones { label value } addresses { line1 city region postalCode country } orderSummary { count }
          }
        }"""
    )
    assert [data[name]["totalCount"] for name in ("open", "shipped", "noPrice")] == [21, 809, 0]
    order = data["order"]
    assert order["customer"] == {"externalId": "HANAR"}
    assert (order["orderedAt"], order["promisedAt"]) == ("1996-07-08T00:00:00+00:00", "1996-08-05T00:00:00+00:00")
    assert order["shippingAddress"] == {
        "line1": "Rua do Paço, 67",
        "city": "Rio de Janeiro",
        "region": "RJ",
        "country": "BR",
    }
    assert order["total"] == {"amount": "1552.60", "currency": "USD"}
    assert [
        (line["externalId"], line["sku"], line["quantity"], line["total"]["amount"]) for line in order["lines"]["nodes"]
    ] == [
        ("41", "NW-41", "10", "77.00"),
        ("51", "NW-51", "35", "1261.40"),
        ("65", "NW-65", "15", "214.20"),
    ]
    assert data["customer"] == {
        "name": "Bon app'",
        "kind": "COMPANY",
        "phones": [{"label": "Phone", "value": "91.24.45.40"}, {"label": "Fax", "value": "91.24.45.41"}],
        "addresses": [
            {"line1": "12, rue des Bouchers", "city": "Marseille", "region": "", "postalCode": "13008", "country": "FR"}
        ],
        "orderSummary": {"count": 17},
    }


async def test_northwind_as_it_was_found(new_company: NewCompany) -> None:
    """The raw files have a comma too many in some rows: exactly these are rejected, by number, and no column shifts."""
    company = await configured(new_company, "northwind", currency="USD")
    summary = await run(company, "northwind", NORTHWIND)
    found: dict[str, list[int]] = defaultdict(list)
    for file, line, reason in rejected(summary):
        found[file].append(line)
        assert "fields, the header has" in reason
    assert found == {name: broken_lines(name) for name in ("customers.csv", "orders.csv")}
    assert {name: len(lines) for name, lines in found.items()} == {"customers.csv": 24, "orders.csv": 176}
    assert counts(summary)["order"] == (830, 654, 0, 0, 176, 0)
    assert counts(summary)["order_line"][4:] == (0, 2155 - counts(summary)["order_line"][1])
    sound = {row[0] for row in table(NORTHWIND / "orders.csv")[1:] if len(row) == 14}
    assert await totals(company) == {order: total for order, total in northwind_totals().items() if order in sound}
    cities = await company.rows(
        "SELECT external_id, shipping_address->>'city' AS city FROM orders WHERE tenant_id = %(tenant)s"
    )
    repaired = {row[0]: row[10] for row in table(NORTHWIND / "repaired" / "orders.csv")[1:]}
    assert all(repaired[row["external_id"]] == row["city"] for row in cities)
    # The repaired files then bring what was missing, and touch nothing else.
    mended = counts(await run(company, "northwind", NORTHWIND / "repaired", NORTHWIND))
    assert mended["customer"] == (91, 24, 0, 67, 0, 0)
    assert mended["order"] == (830, 176, 0, 654, 0, 0)
    assert await totals(company) == northwind_totals()


def tmall(folder: Path) -> Iterator[dict[str, str]]:
    """The rows of the report by column, with the status and the moment that they stand for."""
    header, *rows = table(folder / REPORT)
    for row in rows:
        cells = dict(zip([name.strip() for name in header], row, strict=True))
        refund, paid = Decimal(cells["退款金额"]), Decimal(cells["买家实际支付金额"])
        status = "paid" if refund == 0 else "refunded" if paid == 0 else "partly_refunded"
        yield {**cells, "status": status if cells["订单付款时间"] else "unpaid"}


@pytest.fixture
def report(tmp_path: Path) -> Path:
    """The folder of the report: as it is, or with every fifth of its orders, byte for byte."""
    if "PROVE" in os.environ:
        return TMALL
    header, *lines = gzip.decompress((TMALL / REPORT).read_bytes()).splitlines(keepends=True)
    (tmp_path / REPORT).write_bytes(gzip.compress(b"".join([header, *lines[::5]])))
    return tmp_path


def test_the_totals_of_the_report() -> None:
    """What is compared with is what others know of these 28,010 orders."""
    rows = list(tmall(TMALL))
    assert Counter(cells["status"] for cells in rows) == {
        "paid": 18441,
        "refunded": 5132,
        "unpaid": 3923,
        "partly_refunded": 514,
    }
    assert sum(Decimal(cells["总金额"]) for cells in rows) == Decimal("2995760.61")


@pytest.mark.timeout(240)
async def test_tmall(new_company: NewCompany, client: Client, report: Path) -> None:
    """The orders of a Chinese shop straight from the .gz: headers that end in a space, a status that must be derived."""
    company = await configured(new_company, "tmall", language="zh", time_zone="Asia/Shanghai", currency="CNY")
    rows = {cells["订单编号"]: cells for cells in await asyncio.to_thread(lambda: list(tmall(report)))}
    summary = await run(company, "tmall", report)
    count = 28010 if report == TMALL else 5602
    assert counts(summary) == {"order": (count, count, 0, 0, 0, 0)}
    assert list(summary.lines("zh")) == [
        f"tmall_order_report.csv.gz（utf-8）：读取 {count} 行；新增 {count}，更新 0，未变 0，拒绝 0。"
    ]
    assert await totals(company) == {number: Decimal(cells["总金额"]) for number, cells in rows.items()}
    found = await company.rows(
        "SELECT external_id, status, custom, ordered_at, shipping_address->>'region' AS region FROM orders"
        " WHERE tenant_id = %(tenant)s"
    )
    assert len(found) == count
    for row in found:
        cells = rows[row["external_id"]]
        assert (row["status"], row["region"]) == (cells["status"], cells["收货地址"])
        assert Decimal(row["custom"]["refundAmount"]) == Decimal(cells["退款金额"])
        moment = datetime.fromisoformat(cells["订单创建时间"]).replace(tzinfo=ZoneInfo("Asia/Shanghai"))
        assert row["ordered_at"] == moment
    assert sum(Decimal(row["custom"]["paidAmount"]) for row in found) == sum(
        Decimal(cells["买家实际支付金额"]) for cells in rows.values()
    )
    answer = await company.graphql('{ order(externalId: "1") { status { label } } }', language="zh")
    assert answer["data"]["order"]["status"]["label"] == "待付款"
    fields = (await company.caller()).config.fields["order"]
    assert [field.label["zh"] for field in fields.values()] == ["买家实际支付金额", "退款金额", "订单付款时间"]


@pytest.mark.timeout(240)
async def test_tmall_again(new_company: NewCompany, tmp_path: Path) -> None:
    """A second run writes nothing. In the encoding that such files often have: GBK."""
    company = await configured(new_company, "tmall", language="zh", time_zone="Asia/Shanghai", currency="CNY")
    lines = gzip.decompress((TMALL / REPORT).read_bytes()).decode().splitlines(keepends=True)
    (tmp_path / REPORT).write_bytes("".join(lines[:3001]).encode("gbk"))
    summary = await run(company, "tmall", tmp_path)
    assert [(file.encoding, file.created) for file in summary.files] == [("gb18030", 3000)]
    before = await everything(company)
    assert counts(await run(company, "tmall", tmp_path)) == {"order": (3000, 0, 0, 3000, 0, 0)}
    assert await everything(company) == before


@pytest.mark.parametrize(
    "name",
    [
        *("comma_in_quotes", "empty", "empty_crlf", "escaped_quotes", "json", "newlines", "newlines_crlf"),
        *("quotes_and_newlines", "simple", "simple_crlf", "utf8"),
    ],
)
def test_the_spectrum_of_messy_files(name: str) -> None:
    """The acid-test files of csv-spectrum, each with the result that its authors expect."""
    text = (SPECTRUM / "csvs" / f"{name}.csv").read_bytes()
    # The stored files lost the CRLF that their names promise.
    content = text.replace(b"\n", b"\r\n") if name.endswith("_crlf") else text
    found = open_table(lambda _: io.BytesIO(content), f"{name}.csv", FileFormat())
    rows = list(found.rows())
    assert not any(row.problem for row in rows)
    expected = json.loads((SPECTRUM / "json" / f"{name}.json").read_text(encoding="utf-8"))
    assert [dict(zip(found.header, row.cells, strict=True)) for row in rows] == expected
