"""Exports as files (IMP-2, X-06): asked for by GraphQL, written by a job, given out by the address of files to who asked."""

import csv
import hashlib
from io import StringIO
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenants import export_files, exports, jobs
from tenants.export_formats import CSV, written
from tenants.exports import export_records
from tenants.files import storing
from tests.documents import (
    CREATE_CUSTOMER,
    DEFINE_FIELD,
    DEFINE_ROLE,
    UPDATE_MEMBER,
    VOID_ORDER,
    an_order,
    bad_values,
    done,
    mutation,
    refused,
    unchanged,
)
from tests.harness import Client, Company, Drain, Person, Row

pytestmark = pytest.mark.anyio

SHOWN = "id object format state total done size url problem"
EXPORT = mutation("exportRecords", "Export", f"export {{ {SHOWN} }}")
EXPORTS = f"{{ exports {{ {SHOWN} }} }}"


@pytest.fixture(autouse=True)
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page has two records, a batch one page, and a part of a file few bytes."""
    monkeypatch.setattr(exports, "PAGE", 2)
    monkeypatch.setattr(export_files, "PAGES", 1)
    for module in (export_files, storing):
        monkeypatch.setattr(module, "CHUNK", 700)


async def shown(company: Company, person: Person | None = None) -> list[Row]:
    return list((await company.data(EXPORTS, person=person))["exports"])


async def fetched(company: Company, url: str, person: Person | None = None) -> Any:
    assert company.client is not None
    return await company.client.http.get(url, headers={"Authorization": f"Bearer {(person or company.owner).token}"})


async def content(
    company: Company, work: Drain, format: str, person: Person | None = None, object: str = "order"
) -> str:
    """What is in the file of a new export."""
    begun = await done(company, EXPORT, person, object=object, format=format)
    assert (begun["state"], begun["url"]) == ("RUNNING", None)
    await work()
    ended = (await shown(company, person))[0]
    assert (ended["id"], ended["state"], ended["problem"]) == (begun["id"], "DONE", None)
    response = await fetched(company, ended["url"], person)
    assert (response.status_code, len(response.content)) == (200, ended["size"])
    return str(response.content.decode())


async def stock(company: Company, count: int = 5) -> list[Row]:
    await done(company, DEFINE_FIELD, object="order", key="colour", type="text", label={"en": "Colour"})
    customer = await done(company, CREATE_CUSTOMER, name='Ann, "the" Baker')
    return [
        await an_order(company, customerId=customer["id"], notes=f"note\n{number}", custom={"colour": f"c{number}"})
        for number in range(count)
    ]


async def told(company: Company) -> list[str]:
    rows = await company.rows("SELECT text FROM notifications WHERE tenant_id = %(tenant)s ORDER BY created_at")
    return [row["text"] for row in rows]


async def test_json_is_what_the_command_line_exports(company: Company, client: Client, work: Drain) -> None:
    """Record by record, void ones included; the file has the digest of its content, and whoever asked is told."""
    orders = await stock(company)
    await done(company, VOID_ORDER, id=orders[0]["id"], reason="out_of_stock")
    lines = [line.decode() async for line in export_records(company.database, await company.caller(), "order")]
    assert (await content(company, work, "JSON")).splitlines() == lines
    assert [orjson.loads(line)["number"] for line in lines] == [order["number"] for order in orders]
    (ended,) = await shown(company)
    assert (ended["total"], ended["done"]) == (5, 5)
    (file,) = await company.rows("SELECT name, content_type, sha256 FROM stored_files WHERE tenant_id = %(tenant)s")
    whole = "".join(f"{line}\n" for line in lines).encode()
    assert (file["content_type"], file["sha256"]) == ("application/x-ndjson", hashlib.sha256(whole).digest())
    assert file["name"].startswith("orders-")
    assert file["name"].endswith(".jsonl")
    assert await told(company) == ["Your export is ready (order). It can be downloaded for a day."]


async def test_csv_says_the_same_in_columns(company: Company, client: Client, work: Drain) -> None:
    orders = await stock(company)
    text = await content(company, work, "CSV")
    assert text.startswith("\ufeff")
    rows = list(csv.DictReader(StringIO(text[1:], newline="")))
    lines = [orjson.loads(line) async for line in export_records(company.database, await company.caller(), "order")]
    assert len(rows) == len(orders) == 5
    for row, line in zip(rows, lines, strict=True):
        assert row["number"] == line["number"]
        assert row["customer.name"] == 'Ann, "the" Baker'
        assert (row["total.amount"], row["total.currency"]) == (line["total"]["amount"], line["total"]["currency"])
        assert (row["status.key"], row["notes"]) == (line["status"]["key"], line["notes"])
        assert row["custom.colour"] == line["custom"]["colour"]
        assert (row["isVoided"], row["voidNote"]) == ("false", "")
        assert orjson.loads(row["lines"]) == line["lines"]
        # Nothing of the record is left out.
        assert {name.partition(".")[0] for name in row} == line.keys()


async def test_of_nothing_there_is_a_file_too(company: Company, client: Client, work: Drain) -> None:
    assert await content(company, work, "JSON", object="product") == ""
    assert (await content(company, work, "CSV", object="product")).startswith("\ufeffid,")


async def test_what_is_closed_is_not_exported(company: Company, client: Client, work: Drain) -> None:
    await stock(company, 1)
    grants = [
        {"object": "order", "actions": ["read", "export"]},
        {"object": "order", "actions": ["read"], "fields": ["number", "total", "lines"]},
    ]
    await done(company, DEFINE_ROLE, key="auditor", label={"en": "Auditor"}, grants=grants, closedFields=["order"])
    auditor = await company.add_person("auditor")
    (row,) = csv.DictReader(StringIO((await content(company, work, "CSV", auditor))[1:], newline=""))
    assert {name.partition(".")[0] for name in row} == {"id", "version", "number", "total", "lines"}


async def test_a_file_is_only_there_for_who_asked(company: Company, client: Client, work: Drain) -> None:
    """And not before it is whole."""
    await stock(company, 1)
    begun = await done(company, EXPORT, object="order", format="CSV")
    assert (await fetched(company, f"/files/{begun['id']}")).status_code == 404
    await work()
    other = await company.add_person("owner")
    assert [
        (await fetched(company, f"/files/{begun['id']}", person)).status_code for person in (other, company.owner)
    ] == [
        404,
        200,
    ]
    assert await shown(company, other) == []


async def test_rights_that_end_meanwhile_end_it(company: Company, client: Client, work: Drain) -> None:
    """Nothing is kept of what was written, and what follows is told."""
    await stock(company, 1)
    person = await company.add_person("admin")
    await done(company, EXPORT, person, object="order", format="CSV")
    await done(company, UPDATE_MEMBER, id=str(person.id), roles=["read_only"])
    await work()
    why = "The export was stopped: you do not have the right 'order.export' any more. Ask an admin for it, and export again."
    (row,) = await company.rows("SELECT state FROM exports WHERE tenant_id = %(tenant)s")
    assert (row["state"], await told(company)) == ("stopped", [why])
    assert await company.rows("SELECT 1 FROM file_chunks WHERE tenant_id = %(tenant)s") == []


async def test_columns_that_change_meanwhile_begin_it_anew(
    company: Company, client: Client, work: Drain, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All rows have the columns of the configuration in force; no record is there twice."""
    orders = await stock(company)
    begun = await done(company, EXPORT, object="order", format="CSV")
    async with company.begin() as tx:
        assert await export_files.next_batch(tx, begun["id"])
    assert (await shown(company))[0]["done"] == 2
    await done(company, DEFINE_FIELD, object="order", key="weight", type="integer", label={"en": "Weight"})
    await work()
    text = (await fetched(company, f"/files/{begun['id']}")).content.decode()
    rows = list(csv.DictReader(StringIO(text[1:], newline="")))
    assert [(row["number"], row["custom.weight"]) for row in rows] == [(order["number"], "") for order in orders]


async def test_what_is_too_large_is_not_kept(
    company: Company, client: Client, work: Drain, monkeypatch: pytest.MonkeyPatch
) -> None:
    await stock(company)
    monkeypatch.setattr(export_files, "LARGEST", 2**12)
    await done(company, EXPORT, object="order", format="JSON")
    await work()
    (ended,) = await shown(company)
    assert (ended["state"], ended["url"]) == ("STOPPED", None)
    assert ended["problem"].startswith("The export was stopped: its file would have more than 0 MiB.")
    assert await company.rows("SELECT 1 FROM file_chunks WHERE tenant_id = %(tenant)s") == []


async def test_an_export_that_never_ends_is_given_up(
    company: Company, client: Client, work: Drain, monkeypatch: pytest.MonkeyPatch
) -> None:
    await stock(company, 1)
    await done(company, EXPORT, object="order", format="CSV")
    with monkeypatch.context() as patch:
        patch.setattr(export_files, "written", None)
        for _ in range(jobs.MOST_ATTEMPTS):
            with pytest.raises(TypeError):
                await work(overdue=True)
    assert await work(overdue=True) == 1
    (ended,) = await shown(company)
    assert (ended["state"], ended["problem"]) == (
        "STOPPED",
        "The export was not completed in 8 attempts. Ask for it anew.",
    )


async def test_who_may_not_and_what_cannot_be_exported(company: Company, client: Client) -> None:
    await stock(company, 1)
    async with unchanged(company):
        problem = await refused(company, EXPORT, company.read_only, object="order", format="CSV")
        assert (problem["code"], problem["right"]) == ("NOT_ALLOWED", "order.export")
        problem = await refused(company, EXPORT, object="member", format="CSV")
        assert bad_values(problem) == {"object": "CONFIG_UNKNOWN_OBJECT"}
    for _ in range(export_files.MOST_RUNNING):
        await done(company, EXPORT, object="order", format="CSV")
    async with unchanged(company):
        problem = await refused(company, EXPORT, object="order", format="CSV")
        assert problem["message"] == "3 of your exports are under way already. Wait until one of them is ready."


TEXTS = st.text(st.characters(exclude_categories=("Cs", "Cc")) | st.sampled_from("\r\n\t=+-@\"',;"))


@given(st.lists(TEXTS, min_size=1, max_size=4))
def test_texts_come_back_from_csv(texts: list[str]) -> None:
    """Whatever is in them; what a spreadsheet would take for a formula begins with an apostrophe."""
    paths = [(f"c{number}",) for number in range(len(texts))]
    row = {name: text for (name,), text in zip(paths, texts, strict=True)}
    out = written(CSV, paths, [row], is_first=False).decode()
    (found,) = csv.reader(StringIO(out, newline=""))
    for text, cell in zip(texts, found, strict=True):
        assert cell in (text, f"'{text}")
        assert not cell.startswith(("=", "@", "\t", "\r"))


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"),
        ("-2+3", "'-2+3"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("+49 (30) 9018-20", "+49 (30) 9018-20"),
        ("-12.50", "-12.50"),
        ("a=b", "a=b"),
    ],
)
def test_formulas_are_texts(text: str, cell: str) -> None:
    (found,) = csv.reader(StringIO(written(CSV, [("t",)], [{"t": text}], is_first=False).decode(), newline=""))
    assert found == [cell]
