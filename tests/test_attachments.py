"""Own fields that hold files: given by id, hung on their record by the one save path, and let go when they are taken off."""

from collections.abc import Mapping
from uuid import uuid4

import pytest

from tests.conftest import NewCompany
from tests.documents import (
    CREATE_CUSTOMER,
    CREATE_ORDER,
    DEFINE_FIELD,
    UPDATE_ORDER,
    an_order,
    bad_values,
    done,
    refused,
    unchanged,
)
from tests.examples import define_fields
from tests.harness import Client, Company, Row, Statements
from tests.test_files import PNG, download, uploaded

pytestmark = pytest.mark.anyio

PAPERS = """query ($id: ID!) { order(id: $id) {
  custom { papers { id name url } photos { id } } files { nodes { id } }
  history { nodes { changes { field from to } } } } }"""
FIELDS: Mapping[str, Row] = {
    "order.papers": {"type": "attachment"},
    "order.photos": {"type": "attachment", "maximum": 2},
}


@pytest.fixture
async def defined(company: Company, client: Client) -> Company:
    await define_fields(company, FIELDS)
    return company


async def papers(company: Company, order: Row) -> Row:
    found: Row = (await company.data(PAPERS, {"id": order["id"]}))["order"]
    return found


async def test_files_are_attached_and_taken_off(defined: Company) -> None:
    """In the order they were given; what is taken off can be put back, and the history knows of both."""
    first, second = [str(await uploaded(defined, name=f"{name}.png")) for name in "ab"]
    order = await an_order(defined, custom={"papers": [second, first]})
    shown = await papers(defined, order)
    assert {file["id"]: file["name"] for file in shown["custom"]["papers"]} == {first: "a.png", second: "b.png"}
    assert shown["custom"]["photos"] == []
    assert {file["id"] for file in shown["files"]["nodes"]} == {first, second}
    assert (await download(defined, first, defined.read_only)).content == PNG
    await done(defined, UPDATE_ORDER, id=order["id"], custom={"papers": [first]})
    shown = await papers(defined, order)
    assert [file["id"] for file in shown["files"]["nodes"]] == [first]
    change = {"field": "custom.papers", "from": [second, first], "to": [first]}
    assert change in shown["history"]["nodes"][-1]["changes"]
    loose = "SELECT id::text FROM stored_files WHERE tenant_id = %(tenant)s AND loose_since IS NOT NULL"
    assert await defined.rows(loose) == [{"id": second}]
    await done(defined, UPDATE_ORDER, id=order["id"], custom={"papers": [first, second]})
    assert await defined.rows(loose) == []
    await done(defined, UPDATE_ORDER, id=order["id"], custom={"papers": None})
    assert (await papers(defined, order))["files"]["nodes"] == []


async def test_orders_are_found_by_their_files(defined: Company) -> None:
    file_id = str(await uploaded(defined, name="offer.png"))
    order = await an_order(defined, custom={"papers": [file_id]})
    await an_order(defined)
    asked = "query ($where: OrderFilter!) { orders(where: $where) { nodes { id } } }"
    for where, expected in (
        ({"some": {"name": {"startsWith": "off"}}}, [order["id"]]),
        ({"some": {"name": {"eq": "x.png"}}}, []),
        ({"count": {"gte": 1}}, [order["id"]]),
    ):
        found = await defined.data(asked, {"where": {"custom": {"papers": where}}})
        assert [node["id"] for node in found["orders"]["nodes"]] == expected, where


async def test_what_cannot_be_attached(defined: Company, new_company: NewCompany) -> None:
    """Unknown files, another company's, another member's, those of another record, and too many: nothing is changed."""
    other = await new_company()
    foreign, theirs = str(await uploaded(other)), str(await uploaded(defined, person=defined.member))
    hanging, own = str(await uploaded(defined)), str(await uploaded(defined))
    await an_order(defined, custom={"papers": [hanging]})
    order = await an_order(defined)
    unknown = {"custom.papers.0": "VALUE_UNKNOWN_RECORD"}
    async with unchanged(defined):
        for file_id in (foreign, theirs, str(uuid4())):
            problem = await refused(defined, UPDATE_ORDER, id=order["id"], custom={"papers": [file_id]})
            assert bad_values(problem) == unknown
        problem = await refused(defined, UPDATE_ORDER, id=order["id"], custom={"papers": [own, hanging]})
        assert bad_values(problem) == {"custom.papers.1": "FILE_HANGS"}
        problem = await refused(defined, UPDATE_ORDER, id=order["id"], custom={"papers": [own], "photos": [own]})
        assert list(bad_values(problem).values()) == ["FILE_HANGS"]
        problem = await refused(defined, CREATE_ORDER, lines=[], custom={"papers": [own]})
        assert list(bad_values(problem)) == ["lines"]
        many = [str(uuid4()) for _ in range(3)]
        problem = await refused(defined, UPDATE_ORDER, id=order["id"], custom={"photos": many})
        assert "FIELD_TOO_LONG" in bad_values(problem).values()
        problem = await refused(
            defined, DEFINE_FIELD, object="order", key="x", type="attachment", label={"en": "X"}, indexed=True
        )
        assert bad_values(problem) == {"field.order.x.indexed": "FIELD_NOT_INDEXABLE"}
    async with unchanged(other):
        await refused(defined, UPDATE_ORDER, id=order["id"], custom={"papers": [foreign]})


async def test_companies_without_attachments_pay_no_statement(
    company: Company, client: Client, statements: Statements
) -> None:
    await define_fields(company, {"customer.note": {"type": "text"}})
    await done(company, CREATE_CUSTOMER, name="Ada", custom={"note": "x"})
    statements.clear()
    await done(company, CREATE_CUSTOMER, name="Ann", custom={"note": "x"})
    plain = len(statements.work)
    await define_fields(company, {"customer.papers": {"type": "attachment"}})
    await done(company, CREATE_CUSTOMER, name="Bo", custom={"note": "x"})
    statements.clear()
    await done(company, CREATE_CUSTOMER, name="Cy", custom={"note": "x"})
    assert len(statements.work) == plain


async def test_a_file_that_is_given_for_two_records_hangs_on_one(defined: Company) -> None:
    """The customer that comes with an order names the same file, and does not show what hangs on the order."""
    await define_fields(defined, {"customer.papers": {"type": "attachment"}})
    file_id = str(await uploaded(defined))
    order = await an_order(
        defined, custom={"papers": [file_id]}, customer={"name": "Ann", "custom": {"papers": [file_id]}}
    )
    document = """query ($id: ID!) { order(id: $id) {
      custom { papers { id } } files { nodes { id } } customer { custom { papers { id } } files { nodes { id } } } } }"""
    shown = (await defined.data(document, {"id": order["id"]}))["order"]
    held = [{"id": file_id}]
    assert (shown["custom"]["papers"], shown["files"]["nodes"]) == (held, held)
    assert (shown["customer"]["custom"]["papers"], shown["customer"]["files"]["nodes"]) == ([], [])
