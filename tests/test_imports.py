"""Imports of customers, products and orders: what comes in, what is refused and why, and that nothing comes in by half."""

import gzip
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tenants.actors import system
from tenants.callers import Callers
from tenants.config import change_sets
from tenants.database import Caller, Database, Outdated
from tenants.imports.run import MOST_BYTES, run_import, run_import_texts
from tenants.imports.summary import Summary
from tenants.imports.writing import Writer
from tenants.models import TENANT_TABLES
from tenants.problems import InvalidInput, LimitExceeded, NotAllowed
from tests.conftest import NewCompany
from tests.documents import CREATE_ORDER, done
from tests.harness import Client, Company, Drain, Person, Row

HEAD = "orderloom-import: 1\nfiles:\n"
CUSTOMERS = HEAD + """
- file: c.csv
  record: customer
  external_id: id
  fields:
    name: name
    kind: {column: kind, map: {P: person, C: company}, default: person}
    company: works_for
    owner: owner
    tags: tags
    phones: [{value: phone, label: {const: office}}, {value: mobile}]
    emails: [{value: mail}]
    addresses: [{city: city, country: {const: DE}}]
"""
PRODUCTS = HEAD + "- {file: p.csv, record: product, external_id: sku, fields: {sku: sku, name: name, price: price, currency: {const: EUR}}}\n"
ORDERS = PRODUCTS + """
- file: o.csv
  record: order
  external_id: id
  fields:
    notes: notes
    orderedAt: day
    status: {cases: [{when: {column: sent, equals: 1}, then: shipped}], else: confirmed}
  lines:
    file: l.csv
    order: order
    fields: {product: sku, quantity: {column: quantity, required: true}}
"""
P = "sku,name,price\nA,Apple,2.50\nB,Bread,3\n"
O = "id,notes,day,sent\n1,first,2026-01-01,0\n2,second,2026-01-02,1\n3,third,2026-01-03,\n"
L = "order,sku,quantity\n3,A,1\n1,A,2\n2,B,1\n1,B,1.5\n1,A,4\n"


async def load(
    company: Company, mapping: str, *, dry_run: bool = False, person: Person | None = None, **files: str | bytes
) -> Summary:
    """Import texts, given by file name without ``.csv``."""
    named = {f"{name}.csv": text.encode() if isinstance(text, str) else text for name, text in files.items()}
    return await run_import_texts(company.database, await company.caller(person), mapping, named, dry_run=dry_run)


def counts(summary: Summary) -> dict[str, tuple[int, ...]]:
    """Rows read, created, updated, unchanged, rejected and left out, by kind of record."""
    return {
        file.record: (file.read, file.created, file.updated, file.unchanged, file.rejected, file.left_out)
        for file in summary.files
    }


def rejected(summary: Summary) -> list[tuple[str, int, str]]:
    return [
        (rejection.file, rejection.line, " ".join(reason.text("en") for reason in rejection.reasons))
        for rejection in summary.in_order()
    ]


async def everything(company: Company) -> dict[str, int]:
    """How many rows the company has in each table."""
    found = {}
    for table in TENANT_TABLES:
        (row,) = await company.rows(f"SELECT count(*) AS found FROM {table.name} WHERE tenant_id = %(tenant)s")
        found[table.name] = row["found"]
    return found


async def orders(company: Company) -> list[Row]:
    return await company.rows(
        "SELECT o.*, (SELECT array_agg(l.external_id || ' ' || l.quantity ORDER BY l.position) FROM order_lines l"
        " WHERE l.tenant_id = o.tenant_id AND l.order_id = o.id) AS lines"
        " FROM orders o WHERE tenant_id = %(tenant)s ORDER BY external_id"
    )


async def configure(company: Company, *changes: tuple[str, str, Mapping[str, Any]]) -> None:
    async with company.begin() as tx:
        await change_sets.apply(tx, [change_sets.define(tx.config, *change) for change in changes])


async def test_customers(company: Company) -> None:
    """With phones, addresses and the company of another row of the file; empty cells leave no empty entries."""
    text = (
        "id,name,kind,works_for,owner,tags,phone,mobile,mail,city\n"
        f"1,Acme,C,,{company.member.email},a;b,030 123456,+49 170 1234567,info@acme.example,Berlin\n"
        "2,Ann,P,1,,,,,,\n"
        "3,Bob,,1,,,030 777777,030 777777,,\n"
    )
    first = await load(company, CUSTOMERS, c=text)
    assert counts(first) == {"customer": (3, 3, 0, 0, 0, 0)}, rejected(first)
    rows = await company.rows(
        "SELECT c.name, c.kind, c.tags, o.name AS owner, b.name AS company,"
        " (SELECT array_agg(p.kind || ' ' || p.label || ' ' || p.value ORDER BY p.kind, p.position) FROM contact_points p"
        "  WHERE p.tenant_id = c.tenant_id AND p.customer_id = c.id) AS contacts,"
        " (SELECT array_agg(a.city || ' ' || a.country) FROM addresses a"
        "  WHERE a.tenant_id = c.tenant_id AND a.customer_id = c.id) AS cities"
        " FROM customers c LEFT JOIN members o ON o.tenant_id = c.tenant_id AND o.id = c.owner_id"
        " LEFT JOIN customers b ON b.tenant_id = c.tenant_id AND b.id = c.company_id"
        " WHERE c.tenant_id = %(tenant)s ORDER BY c.external_id"
    )
    assert [tuple(row.values()) for row in rows] == [
        (
            *("Acme", "company", ["a", "b"], "Max Member", None),
            ["email  info@acme.example", "phone office 030 123456", "phone  +491701234567"],
            ["Berlin DE"],
        ),
        ("Ann", "person", [], None, "Acme", None, None),
        ("Bob", "person", [], None, "Acme", ["phone office 030 777777", "phone  030 777777"], None),
    ]
    before = await everything(company)
    assert counts(await load(company, CUSTOMERS, c=text)) == {"customer": (3, 0, 0, 3, 0, 0)}
    assert await everything(company) == before
    changed = text.replace("Berlin", "Bonn").replace("2,Ann,P,1", "2,Ann,P,")
    assert counts(await load(company, CUSTOMERS, c=changed)) == {"customer": (3, 0, 2, 1, 0, 0)}
    after = await company.rows("SELECT version, company_id FROM customers WHERE tenant_id = %(tenant)s ORDER BY external_id")
    assert [row["version"] for row in after] == [2, 2, 1]
    assert after[1]["company_id"] is None


async def test_orders_with_lines_of_another_file(company: Company) -> None:
    """In any order; a line is known by its product, and the second of the same product by its count."""
    summary = await load(company, ORDERS, p=P, o=O, l=L)
    assert counts(summary) == {"product": (2, 2, 0, 0, 0, 0), "order": (3, 3, 0, 0, 0, 0), "order_line": (5, 5, 0, 0, 0, 0)}
    found = await orders(company)
    assert [(row["external_id"], row["status"], row["notes"], row["lines"]) for row in found] == [
        ("1", "confirmed", "first", ["A 2", "B 1.5", "A#2 4"]),
        ("2", "shipped", "second", ["B 1"]),
        ("3", "confirmed", "third", ["A 1"]),
    ]
    assert [str(row["total"]) for row in found] == ["19.50", "3.00", "2.50"]
    assert [row["number"][-5:] for row in found] == ["00001", "00002", "00003"]


async def test_again_with_changes(company: Company) -> None:
    """What is the same is not written again, what changed is, and lines keep their identity."""
    await load(company, ORDERS, p=P, o=O, l=L)
    before = await everything(company)
    lines = await company.rows("SELECT id, external_id FROM order_lines WHERE tenant_id = %(tenant)s")
    assert counts(await load(company, ORDERS, p=P, o=O, l=L)) == {
        "product": (2, 0, 0, 2, 0, 0),
        "order": (3, 0, 0, 3, 0, 0),
        "order_line": (5, 0, 0, 5, 0, 0),
    }
    assert await everything(company) == before
    # The status is told once: the second order stays shipped.
    changed = O.replace("second,2026-01-02,1", "other,2026-01-02,0") + "4,fourth,2026-01-04,0\n"
    summary = await load(company, ORDERS, p=P, o=changed, l=L.replace("1,B,1.5", "1,B,2") + "4,B,1\n")
    assert counts(summary)["order"] == (4, 1, 2, 1, 0, 0)
    found = await orders(company)
    assert [(row["version"], row["status"], row["notes"]) for row in found] == [
        (2, "confirmed", "first"),
        (2, "shipped", "other"),
        (1, "confirmed", "third"),
        (1, "confirmed", "fourth"),
    ]
    assert found[0]["lines"] == ["A 2", "B 2", "A#2 4"]
    again = await company.rows("SELECT id, external_id FROM order_lines WHERE tenant_id = %(tenant)s")
    assert [row for row in lines if row not in again] == []


async def test_an_order_comes_whole_or_not_at_all(company: Company) -> None:
    """A bad line rejects its order, which names it; sound lines are left out with it, and lines without an order are named."""
    lines = (
        "order,sku,quantity\n"
        "1,A,2\n1,Z,1\n"  # no such product
        "2,A,many\n2,A,\n2,B,1\n"  # no numbers
        "3,A,1,1\n3,B,1\n"  # a row too wide
        "9,A,1\n"  # no such order
        ",A,1\n"
    )
    summary = await load(company, ORDERS, p=P, o=O, l=lines)
    assert counts(summary)["order"] == (3, 0, 0, 0, 3, 0)
    assert counts(summary)["order_line"] == (9, 0, 0, 0, 6, 3)
    assert rejected(summary) == [
        ("o.csv", 2, "1 of its lines were rejected: see l.csv, line 3. Left out with it: l.csv, line 2."),
        ("o.csv", 3, "2 of its lines were rejected: see l.csv, line 4-5. Left out with it: l.csv, line 6."),
        ("o.csv", 4, "1 of its lines were rejected: see l.csv, line 7. Left out with it: l.csv, line 8."),
        ("l.csv", 3, "sku: There is no product known as Z."),
        ("l.csv", 4, "quantity: many is not a decimal number. Write it like \"1234.50\", without thousands separators."),
        ("l.csv", 5, "quantity: A value is needed here."),
        ("l.csv", 7, "The row has 4 fields, the header has 3. A comma inside a value must be quoted."),
        ("l.csv", 9, "order: The line belongs to 9, which is not in the file."),
        ("l.csv", 10, "order: A value is needed here."),
    ]
    assert await orders(company) == []
