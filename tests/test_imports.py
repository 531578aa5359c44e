"""Imports of customers, products and orders: what comes in, what is refused and why, and that nothing comes in by half."""

from collections.abc import Mapping
from typing import Any

from tenants.audit import verify
from tenants.config import change_sets
from tests.harness import Company
from tests.importing import HEAD, counts, everything, load, orders, rejected

CUSTOMERS = (
    HEAD
    + """
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
)
PRODUCTS = (
    HEAD
    + "- {file: p.csv, record: product, external_id: sku, fields: {sku: sku, name: name, price: price, currency: {const: EUR}}}\n"
)
ORDERS = (
    PRODUCTS
    + """
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
)
PRODUCT_ROWS = "sku,name,price\nA,Apple,2.50\nB,Bread,3\n"
ORDER_ROWS = "id,notes,day,sent\n1,first,2026-01-01,0\n2,second,2026-01-02,1\n3,third,2026-01-03,\n"
LINE_ROWS = "order,sku,quantity\n3,A,1\n1,A,2\n2,B,1\n1,B,1.5\n1,A,4\n"


async def configure(company: Company, *changes: tuple[str, str, Mapping[str, Any]]) -> None:
    async with company.begin() as tx:
        await change_sets.apply(tx, [change_sets.define(tx.config, *change) for change in changes])


async def test_customers(company: Company) -> None:
    """With phones, addresses and the company of another row of the file; empty cells leave no empty entries."""
    text = (
        "id,name,kind,works_for,owner,tags,phone,mobile,mail,city\n"
        f"1,Acme,C,,{company.member.email.upper()},a;b,030 123456,+49 170 1234567,info@acme.example,Berlin\n"
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
    after = await company.rows(
        "SELECT version, company_id FROM customers WHERE tenant_id = %(tenant)s ORDER BY external_id"
    )
    assert [row["version"] for row in after] == [2, 2, 1]
    assert after[1]["company_id"] is None


async def test_orders_with_lines_of_another_file(company: Company) -> None:
    """In any order; a line is known by its product, and the second of the same product by its count."""
    summary = await load(company, ORDERS, p=PRODUCT_ROWS, o=ORDER_ROWS, l=LINE_ROWS)
    assert counts(summary) == {
        "product": (2, 2, 0, 0, 0, 0),
        "order": (3, 3, 0, 0, 0, 0),
        "order_line": (5, 5, 0, 0, 0, 0),
    }
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
    await load(company, ORDERS, p=PRODUCT_ROWS, o=ORDER_ROWS, l=LINE_ROWS)
    before = await everything(company)
    lines = await company.rows("SELECT id, external_id FROM order_lines WHERE tenant_id = %(tenant)s")
    assert counts(await load(company, ORDERS, p=PRODUCT_ROWS, o=ORDER_ROWS, l=LINE_ROWS)) == {
        "product": (2, 0, 0, 2, 0, 0),
        "order": (3, 0, 0, 3, 0, 0),
        "order_line": (5, 0, 0, 5, 0, 0),
    }
    assert await everything(company) == before
    # The status is told once: the second order stays shipped.
    changed = ORDER_ROWS.replace("second,2026-01-02,1", "other,2026-01-02,0") + "4,fourth,2026-01-04,0\n"
    summary = await load(
        company, ORDERS, p=PRODUCT_ROWS, o=changed, l=LINE_ROWS.replace("1,B,1.5", "1,B,2") + "4,B,1\n"
    )
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
    report = await verify(company.database, company.id)
    # Two of them say that files were imported, which they are told of beside the records.
    assert (report.records, report.entries, report.breaks) == (6, 10, [])


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
    summary = await load(company, ORDERS, p=PRODUCT_ROWS, o=ORDER_ROWS, l=lines)
    assert counts(summary)["order"] == (3, 0, 0, 0, 3, 0)
    assert counts(summary)["order_line"] == (9, 0, 0, 0, 6, 3)
    assert rejected(summary) == [
        ("o.csv", 2, "1 of its lines were rejected: see l.csv, line 3. Left out with it: l.csv, line 2."),
        ("o.csv", 3, "2 of its lines were rejected: see l.csv, line 4-5. Left out with it: l.csv, line 6."),
        ("o.csv", 4, "1 of its lines were rejected: see l.csv, line 7. Left out with it: l.csv, line 8."),
        ("l.csv", 3, "sku: There is no product known as Z."),
        ("l.csv", 4, 'quantity: many is not a decimal number. Write it like "1234.50", without thousands separators.'),
        ("l.csv", 5, "quantity: A value is needed here."),
        ("l.csv", 7, "The row has 4 fields, the header has 3. A comma inside a value must be quoted."),
        ("l.csv", 9, "order: The line belongs to 9, which is not in the file."),
        ("l.csv", 10, "order: A value is needed here."),
    ]
    assert await orders(company) == []


async def test_rows_that_cannot_be_records(company: Company) -> None:
    """Each is named by its line and reason, and the sound ones come in."""
    text = (
        "id,name,kind,works_for,owner,tags,phone,mobile,mail,city\n"
        "1,Acme,C,,,,,,,\n"
        "1,Acme again,C,,,,,,,\n"
        ",Nobody,P,,,,,,,\n"
        "2,,X,7,nobody@example.com,,,,,\n"
        '3,"Two\nlines",P,,,,call me,,no mail,\n'
        "4,Short,P\n"
        "5,Person's person,P,3,,,,,,\n"
        "6,Fine,P,1,,,,,,\n"
    )
    summary = await load(company, CUSTOMERS, c=text)
    assert counts(summary) == {"customer": (8, 2, 0, 0, 6, 0)}
    not_a_phone = "call me is not a phone number. Write its digits, best with the country code, like +86 138 0013 8000."
    assert rejected(summary) == [
        ("c.csv", 3, "id: The external id 1 is already on line 2."),
        ("c.csv", 4, "id: A value is needed here."),
        ("c.csv", 5, "kind: X is not in the mapping's map, which has: P, C."),
        ("c.csv", 6, f"phone: {not_a_phone} mail: no mail is not an e-mail address."),
        ("c.csv", 8, "The row has 3 fields, the header has 10. A comma inside a value must be quoted."),
        ("c.csv", 9, "works_for: There is no customer known as 3."),
    ]
    lines = list(summary.lines("en"))
    assert lines[0] == "c.csv (utf-8): 8 rows read; 2 created, 0 updated, 0 unchanged, 6 rejected."
    assert lines[1] == "c.csv, line 3 (1): id: The external id 1 is already on line 2."
    assert lines[4].startswith("c.csv, line 6-7 (3): phone: call me is not")
    assert list(summary.lines("zh"))[:2] == [
        "c.csv（utf-8）：读取 8 行；新增 2，更新 0，未变 0，拒绝 6。",
        "c.csv 第 3 行（1）：id：外部编号 1 已出现在第 2 行。",
    ]


async def test_what_the_database_refuses(company: Company) -> None:
    """Only the row that is to blame is rejected, not those it was sent with."""
    mapping = HEAD + "- {file: p.csv, record: product, external_id: id, fields: {sku: sku, name: sku}}\n"
    text = "id,sku\n" + "".join(f"{n},S{n % 29}\n" for n in range(31))
    summary = await load(company, mapping, p=text)
    assert counts(summary) == {"product": (31, 29, 0, 0, 2, 0)}
    assert [(line, reason[:29]) for _, line, reason in rejected(summary)] == [
        (31, "sku: S0 is already in use. Ch"),
        (32, "sku: S1 is already in use. Ch"),
    ]


async def test_a_dry_run_keeps_nothing(company: Company) -> None:
    """Not even a number; and it says what the import will say, though its orders need products that it did not keep."""
    people = "- {file: c.csv, record: customer, external_id: id, fields: {name: name, company: firm, kind: {const: company}}}"
    mapping = ORDERS.replace("fields:\n    notes: notes", "fields:\n    customer: notes").replace(
        HEAD, f"{HEAD}{people}\n"
    )
    files = {
        "c": "id,name,firm\nfirst,F,\nsecond,S,first\nthird,T,second\n",
        "p": PRODUCT_ROWS,
        "o": ORDER_ROWS,
        "l": LINE_ROWS + "7,A,1\n",
    }
    before = await everything(company)
    dry = await load(company, mapping, files, dry_run=True)
    assert await everything(company) == before
    real = await load(company, mapping, files)
    assert counts(dry) == counts(real)
    assert counts(real) == {
        "customer": (3, 3, 0, 0, 0, 0),
        "product": (2, 2, 0, 0, 0, 0),
        "order": (3, 3, 0, 0, 0, 0),
        "order_line": (6, 5, 0, 0, 1, 0),
    }
    assert list(dry.lines("en")) == ["Dry run: nothing was written.", *real.lines("en")]
    assert [row["number"][-5:] for row in await orders(company)] == ["00001", "00002", "00003"]
    assert counts(await load(company, mapping, files, dry_run=True))["order"] == (3, 0, 0, 3, 0, 0)
    changed = {**files, "p": PRODUCT_ROWS.replace("2.50", "9.99"), "o": ORDER_ROWS.replace("first,", "third,")}
    assert counts(await load(company, mapping, changed, dry_run=True))["order"] == (3, 0, 1, 2, 0, 0)


async def test_lines_in_the_rows_of_their_order(company: Company) -> None:
    """In columns of its row, or as further rows that repeat it."""
    inline = HEAD + (
        "- {file: o.csv, record: order, external_id: id, fields: {currency: {const: EUR}}, lines: ["
        "{name: a, unitPrice: price_a}, {name: b, unitPrice: price_b},"
        " {name: {const: Freight}, unitPrice: {const: 4.90}}]}\n"
    )
    text = "id,a,price_a,b,price_b\n1,Tea,2,Cup,3\n2,,,Cup,3\n3,Tea,x,,\n"
    summary = await load(company, inline, o=text)
    assert counts(summary) == {"order": (3, 2, 0, 0, 1, 0)}
    assert rejected(summary)[0][2].startswith("price_a: x is not a decimal number.")
    assert [(row["lines"], str(row["total"])) for row in await orders(company)] == [
        (["#1 1", "#2 1", "#3 1"], "9.90"),
        (["#1 1", "#2 1"], "7.90"),
    ]
    shared = HEAD + (
        "- {file: o.csv, record: order, external_id: Name, fields: {notes: Note},"
        " lines: {file: o.csv, order: Name, external_id: Item, fields: {name: Item, unitPrice: Price, quantity: Qty}}}\n"
    )
    text = "Name,Note,Item,Price,Qty\n#9,hello,Tea,2,1\n#9,,Cup,3,2\n#8,x,Tea,2\n#8,y,Cup,1,1\n#7,z,Tea,1,1\n#7,,Tea,1,1\n#9,,Pot,1,1\n"
    summary = await load(company, shared, o=text)
    assert counts(summary) == {"order": (3, 1, 0, 0, 2, 0), "order_line": (7, 3, 0, 0, 2, 2)}
    assert [(line, reason[:48]) for _, line, reason in rejected(summary)] == [
        (4, "The row has 4 fields, the header has 5. A comma "),
        (5, "1 of its lines were rejected: see o.csv, line 4."),
        (6, "1 of its lines were rejected: see o.csv, line 7."),
        (7, "Item: The external id Tea is already on line 6."),
    ]
    nine = next(row for row in await orders(company) if row["external_id"] == "#9")
    assert (nine["notes"], nine["lines"], str(nine["total"])) == ("hello", ["Tea 1", "Cup 2", "Pot 1"], "9.00")
    assert counts(await load(company, shared, o=text))["order"] == (3, 0, 0, 1, 2, 0)


async def test_the_companys_own_fields(company: Company) -> None:
    """Of every type, as the file writes them."""
    label = {"label": {"en": "x"}}
    await configure(
        company,
        *(("field", f"product.{kind}", {"type": kind, **label}) for kind in ("decimal", "integer", "date", "boolean")),
        ("field", "product.at", {"type": "date_time", **label}),
        (
            "field",
            "product.kinds",
            {"type": "multi_select", **label, "options": [{"key": "a", **label}, {"key": "b", **label}]},
        ),
    )
    mapping = """
orderloom-import: 1
delimiter: ";"
decimal_comma: true
empty: ["-"]
date_formats: ["%d.%m.%Y", "%d.%m.%Y %H:%M"]
time_zone: Europe/Berlin
files:
- file: p.csv
  record: product
  external_id: id
  fields:
    sku: {template: "S-{id}"}
    name: {template: "{first} {second}"}
    custom: {decimal: number, integer: whole, date: day, at: day_time, boolean: {column: flag, map: {x: true}, default: false}, kinds: kinds}
"""
    text = (
        "id;first;second;number;whole;day;day_time;flag;kinds\n"
        "1;Big;Box;1.234,50;7;31.03.2026;01.07.2026 08:00;x;a;b\n"
        '2;Box;-;0,5;-;2026-03-31;2026-01-01T00:00:00Z;;"b;a"\n'
        "3;Box;;1.5;x;31.02.2026;noon;y;c\n"
    ).replace("x;a;b\n", "x;a\n")
    summary = await load(company, mapping, p=text)
    found = await company.rows("SELECT sku, name, custom FROM products WHERE tenant_id = %(tenant)s ORDER BY sku")
    assert [tuple(row.values()) for row in found] == [
        (
            *("S-1", "Big Box"),
            {
                "decimal": "1234.50",
                "integer": 7,
                "date": "2026-03-31",
                "at": "2026-07-01T06:00:00+00:00",
                "boolean": True,
                "kinds": ["a"],
            },
        ),
        (
            *("S-2", "Box"),
            {
                "decimal": "0.5",
                "date": "2026-03-31",
                "at": "2026-01-01T00:00:00+00:00",
                "boolean": False,
                "kinds": ["b", "a"],
            },
        ),
    ]
    ((_, line, reasons),) = rejected(summary)
    assert line == 4
    for column in ("number", "whole", "day", "day_time", "flag"):
        assert f"{column}: " in reasons
    again = await load(
        company, mapping, p="id;first;second;number;whole;day;day_time;flag;kinds\n1;Big;Box;-;-;-;-;-;-\n"
    )
    assert counts(again) == {"product": (1, 0, 1, 0, 0, 0)}
    (row,) = await company.rows("SELECT custom FROM products WHERE tenant_id = %(tenant)s AND sku = 'S-1'")
    assert row["custom"] == {"boolean": False}
