"""What records are found by follows the labels of options (NCF-2), and is made anew when an admin asks for it (X-06)."""

from typing import Any

import pytest

from tenants import reindexing, spellings
from tests.documents import (
    CREATE_CUSTOMER,
    DEFINE_FIELD,
    REMOVE_DEFINITION,
    an_order,
    bad_values,
    done,
    mutation,
    refused,
    stored,
    unchanged,
)
from tests.harness import Client, Company, Drain, Row, Statements

pytestmark = pytest.mark.anyio

BACKFILLS = "{ backfills { kind key running total done } }"
REBUILD = mutation("rebuildSearch", "Backfill", "backfill { kind key running total done }")
OAK: Row = {"key": "oak", "label": {"en": "Quercus", "zh": "橡木"}}
ASH: Row = {"key": "ash", "label": {"en": "Fraxinus"}}
RENAMED: Row = {"key": "oak", "label": {"en": "Seasoned", "zh": "陈年"}}
WOOD: Row = {"object": "order", "key": "wood", "type": "select", "label": {"en": "Wood"}}
WOODS: Row = {"object": "order", "key": "woods", "type": "multi_select", "label": {"en": "Woods"}}


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reindexing, "BATCH", 2)


async def define(company: Company, field: Row, *options: Row, **more: Any) -> None:
    await done(company, DEFINE_FIELD, **field, options=list(options), **more)


async def found(company: Company, text: str) -> list[str]:
    document = "query($text: String) { orders(search: $text, orderBy: [{number: ASC}]) { nodes { number } } }"
    return [node["number"] for node in (await company.data(document, {"text": text}))["orders"]["nodes"]]


async def backfills(company: Company) -> list[tuple[Any, ...]]:
    return [tuple(each.values()) for each in (await company.data(BACKFILLS))["backfills"]]


async def oaks(company: Company, count: int = 5) -> list[str]:
    """The numbers of orders of oak, among others of ash and of nothing."""
    await define(company, WOOD, OAK, ASH)
    numbers = [(await an_order(company, custom={"wood": "oak"}))["number"] for _ in range(count)]
    await an_order(company, custom={"wood": "ash"})
    await an_order(company)
    return numbers


async def test_a_renamed_option_is_found_by_its_new_label(company: Company, client: Client, work: Drain) -> None:
    """Without an operator; by a job that only looks at records with a value. Lists stay as they are, and no record gets a version."""
    numbers = await oaks(company)
    assert await found(company, "quercus") == numbers
    versions = await company.rows("SELECT id, version, updated_at FROM orders WHERE tenant_id = %(tenant)s ORDER BY id")
    await define(company, WOOD, ASH, RENAMED)
    assert await backfills(company) == [("SEARCH_TEXT", "order.wood", True, 6, 0)]
    by_option = "{ orders(where: {custom: {wood: {eq: oak}}}, orderBy: [{number: ASC}]) { nodes { number } } }"
    assert [node["number"] for node in (await company.data(by_option))["orders"]["nodes"]] == numbers
    new = (await an_order(company, custom={"wood": "oak"}))["number"]
    assert await found(company, "seasoned") == [new]
    await work()
    assert await backfills(company) == [("SEARCH_TEXT", "order.wood", False, 6, 7)]
    for text in ("seasoned", "陈年", "seasonde"):
        assert await found(company, text) == [*numbers, new], text
    assert [await found(company, text) for text in ("quercus", "橡木")] == [[], []]
    rows = await company.rows("SELECT id, version, updated_at FROM orders WHERE tenant_id = %(tenant)s ORDER BY id")
    assert rows[:-1] == versions


async def test_of_fields_with_several_options_too(company: Company, client: Client, work: Drain) -> None:
    await define(company, WOODS, OAK, ASH)
    order = await an_order(company, custom={"woods": ["ash", "oak"]})
    await define(company, WOODS, RENAMED, ASH)
    await work()
    assert [await found(company, text) for text in ("seasoned fraxinus", "quercus")] == [[order["number"]], []]


async def test_a_document_that_renames_and_its_revert(company: Company, client: Client, work: Drain) -> None:
    numbers = await oaks(company, 1)
    document = (await company.data("{ configuration { document version } }"))["configuration"]
    apply = mutation("applyConfiguration", "Configuration", "version")
    answer = await company.data(apply, {"input": {"document": document["document"].replace("Quercus", "Robur")}})
    await work()
    assert [await found(company, text) for text in ("robur", "quercus")] == [numbers, []]
    revert = mutation("revertChangeSet", "Configuration", "version")
    answer = await company.data(revert, {"input": {"version": answer["result"]["version"]}})
    assert answer["result"]["__typename"] == "ConfigurationPayload"
    await work()
    assert [await found(company, text) for text in ("robur", "quercus")] == [[], numbers]


async def test_an_archived_field_finds_nothing_until_it_is_back(company: Company, client: Client, work: Drain) -> None:
    numbers = await oaks(company, 3)
    await done(company, REMOVE_DEFINITION, kind="field", key="order.wood")
    await work()
    assert await found(company, "quercus") == []
    await define(company, WOOD, OAK, ASH)
    await work()
    assert await found(company, "quercus") == numbers


async def test_what_finds_no_other_words_asks_for_no_work(
    company: Company, client: Client, work: Drain, statements: Statements
) -> None:
    """Another colour, one option more, another order; a label that no record has."""
    await define(company, WOODS, OAK)
    await oaks(company, 1)
    await work()
    statements.clear()
    await define(company, WOOD, ASH, {**OAK, "colour": "#663300"}, {"key": "elm", "label": {"en": "Elm"}})
    assert [text for text in statements.texts if "backfills" in text or "search_texts" in text] == []
    await define(company, WOODS, RENAMED)
    assert (await backfills(company), await work()) == ([], 0)


async def test_an_admin_has_all_texts_made_anew(company: Company, client: Client, work: Drain) -> None:
    """Of records that came in past the save path, of each type; nothing else of them changes, and again is the same."""
    numbers = await oaks(company, 3)
    await done(company, CREATE_CUSTOMER, name="Greta Lindqvist")
    await work()
    before = await stored(company)
    for table in ("search_texts", "search_spellings"):
        await company.rows(f"DELETE FROM {table} WHERE tenant_id = %(tenant)s RETURNING 1 AS gone")
    for table in ("orders", "customers"):
        await company.rows(f"UPDATE {table} SET search_text = '' WHERE tenant_id = %(tenant)s RETURNING 1 AS emptied")
    assert await found(company, "quercus") == []
    spellings._known.clear()
    begun = await done(company, REBUILD, object="order")
    assert begun == {"kind": "SEARCH_TEXT", "key": "order", "running": True, "total": 5, "done": 0}
    await done(company, REBUILD, object="customer")
    await work()
    assert await found(company, "quercus") == numbers
    assert await backfills(company) == [
        ("SEARCH_TEXT", "customer", False, 1, 1),
        ("SEARCH_TEXT", "order", False, 5, 5),
    ]
    after = await stored(company)
    assert {name: rows for name, rows in after.items() if rows != before[name]}.keys() == {"backfills"}


async def test_who_may_not_and_what_cannot_be_made_anew(company: Company, client: Client) -> None:
    async with unchanged(company):
        problem = await refused(company, REBUILD, company.member, object="order")
        assert (problem["code"], problem["right"]) == ("NOT_ALLOWED", "configuration.update")
        problem = await refused(company, REBUILD, object="member")
        assert bad_values(problem) == {"object": "CONFIG_UNKNOWN_OBJECT"}
